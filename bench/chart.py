#!/usr/bin/env python3
"""Draws the report of `make bench` through gnuplot: a mark a row, bare GEMM beside it, the measured
peak on top."""
import json
import subprocess
import sys

FAMILIES = [("gemm", "#4477aa"), ("recorded", "#88ccee"), ("conv", "#cc6677"), ("conv im2col", "#ddaa33"),
            ("lapack", "#117733"), ("scoring", "#aa4499")]


def family_of(row):
    """The longest family that a row's operation begins with."""
    return max((name for name, _ in FAMILIES if row["operation"].startswith(name)), key=len, default=None)


def label(row):
    batch = row["shape"].partition(", batch ")[2]
    return f"{row['operation'].removeprefix('conv ').removeprefix('gemm ')}  {row['shape'].partition(', batch')[0]}" + (
        f"  × {batch}" if batch else "")


def panel(rows, peak, title, position):
    """Data blocks and commands of one panel."""
    top = len(rows)
    blocks, plots = [], []
    for family, colour in FAMILIES:
        points = [(row["median"], top - i) for i, row in enumerate(rows) if family_of(row) == family]
        if points:
            name = f"${family.replace(' ', '_')}{position}"
            blocks.append(f"{name} << EOD\n" + "\n".join(f"{x} {y}" for x, y in points) + "\nEOD")
            plots.append(f"{name} using 1:2 with points pt 7 ps 0.6 lc rgb '{colour}' title '{family}'")
    bare = [
        (100 * row["median"] / row["percent_of_bare_gemm"]["median"], top - i)
        for i, row in enumerate(rows) if row.get("percent_of_bare_gemm")]
    if bare:
        blocks.append(f"$bare{position} << EOD\n" + "\n".join(f"{x} {y}" for x, y in bare) + "\nEOD")
        plots.append(f"$bare{position} using 1:2 with points pt 2 ps 0.5 lc rgb '#888888' title 'bare GEMM of the shape'")
    tics = ", ".join(f'"{label(row)}" {top - i}' for i, row in enumerate(rows))
    commands = [
        f"set title '{title}'", f"set ytics ({tics})", f"set yrange [0:{top + 1}]", f"set xrange [0:{peak:.1f}]",
        "plot " + ", \\\n  ".join(plots)]
    return blocks, commands, top


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: chart.py BENCH.json CHART.svg")
    with open(sys.argv[1]) as file:
        report = json.load(file)
    machine = report["machine"]
    panels = []
    for position, threads in enumerate(sorted({row["threads"] for row in report["rows"]})):
        rows = [row for row in report["rows"]
                if row["threads"] == threads and row["type"] == "Float" and row["unit"] == "GFLOP/s"]
        if rows:
            peak = machine["peak_float"][0 if threads == 1 else 1]
            peak = max([peak] + [row["median"] for row in rows])
            panels.append(panel(rows, peak, f"Float32, {threads} thread{'s' if threads > 1 else ''}: right edge = measured peak", position))
    if not panels:
        sys.exit(f"{sys.argv[1]}: expected rows in GFLOP/s, found none")
    height = 120 + 13 * max(top for _, _, top in panels)
    script = "\n".join(line for blocks, _, _ in panels for line in blocks)
    header = f"{machine['cpu']}, core {machine['blas_core']}, {machine['commit']}, {machine['date'][:10]}".replace("'", "")
    script += f"""
set terminal svg size {760 * len(panels)},{height} font 'sans,9'
set output '{sys.argv[2]}'
set multiplot layout 1,{len(panels)} title '{header}'
set xlabel 'GFLOP/s'
set grid x
set key below
"""
    for _, commands, _ in panels:
        script += "\n".join(commands) + "\n"
    subprocess.run(["gnuplot"], input=script + "unset multiplot\n", text=True, check=True)
    print(f"drawn in {sys.argv[2]}")


main()
