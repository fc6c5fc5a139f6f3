#!/usr/bin/env python3
"""Draws error against seconds through gnuplot: a panel a size, a line a solver, medians over
seeds."""
import json
import statistics
import subprocess
import sys

COLOURS = ["#4477aa", "#cc6677", "#117733", "#ddaa33", "#aa4499", "#88ccee", "#882255", "#999933", "#44aa99"]
FIRST, COLUMNS = 0.01, 4


def at(curve, seconds):
    return [error for time, error in curve if time <= seconds][-1]


def steps(curves, last):
    """Where the median of all curves' errors changes, from the first second drawn to the last."""
    times = sorted({FIRST, last, *(time for curve in curves for time, _ in curve if FIRST < time < last)})
    if len(times) > 600:
        times = [FIRST * (last / FIRST) ** (i / 599) for i in range(600)]
    points = []
    for time in times:
        error = max(statistics.median(at(curve, time) for curve in curves), 1e-18)
        if not points or error != points[-1][1] or time == last:
            points.append((time, error))
    return points


def quoted(text):
    return "'" + text.replace("'", "") + "'"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: chart.py SOLVERS.json CHART.svg")
    with open(sys.argv[1]) as file:
        report = json.load(file)
    rows = [row for row in report["rows"] if row["curves"]]
    if not rows:
        sys.exit(f"{sys.argv[1]}: expected rows with curves, found none")
    names = list(dict.fromkeys(name for row in rows for name in row["curves"]))
    blocks, commands = [], []
    for number, row in enumerate(rows):
        last = 1.1 * row["seconds"]
        plots = []
        for name, curves in row["curves"].items():
            colour, block = COLOURS[names.index(name) % len(COLOURS)], f"$d{number}_{names.index(name)}"
            blocks.append(f"{block} << EOD\n" + "\n".join(f"{x:.6g} {y:.6g}" for x, y in steps(curves, last)) + "\nEOD")
            plots.append(f"{block} using 1:2 with steps lw {2 if name.startswith('Tombola') else 1.2} lc rgb '{colour}' notitle")
        seeds = max(row["seeds"].values())
        commands += [
            f"set title 'm = {row['m']}, n = {row['n']} ({seeds} seed{'s' if seeds > 1 else ''})'",
            f"set xrange [{FIRST}:{last:g}]", "plot " + ", \\\n  ".join(plots)]
    # One more panel holds the key.
    key = ", \\\n  ".join(
        f"NaN with lines lw {2.5 if name.startswith('Tombola') else 1.5} lc rgb '{COLOURS[i % len(COLOURS)]}' title {quoted(name)}"
        for i, name in enumerate(names))
    commands += ["unset title", "unset tics", "unset border", "unset xlabel", "unset ylabel", "unset grid", "unset logscale",
                 "set key inside center center", "set xrange [0:1]", "set yrange [0:1]", "plot " + key]
    columns = min(COLUMNS, len(rows) + 1)
    lines = -(-(len(rows) + 1) // columns)
    machine = report["machine"]
    header = f"Median error (max norm) against seconds on one core; {machine['cpu']}, {report['commit']}, {machine['date']}"
    script = "\n".join(blocks) + f"""
set terminal svg size {300 * columns},{60 + 260 * lines} font 'sans,9'
set output {quoted(sys.argv[2])}
set multiplot layout {lines},{columns} title {quoted(header)}
set logscale xy
set format y '10^{{%T}}'
set format x '%g'
set xlabel 'seconds'
set grid
set key off
""" + "\n".join(commands) + "\nunset multiplot\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    print(f"drawn in {sys.argv[2]}")


main()
