#!/usr/bin/env python3
"""Writes one run of `make bench` (and of `make bench-peers`, where given) as a page of text beside
its chart."""
import sys

import pages
from pages import table


def number(value, digits=0):
    return pages.number(value, f".{digits}f")


def interval(value, digits=0):
    return "" if not value else f"{value['median']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def measured(row):
    beside = interval(row.get("percent_of_bare_gemm")) or (
        interval(row.get("percent_of_copy")) and "memcpy " + interval(row["percent_of_copy"]))
    return [
        row["operation"], row["shape"], row["type"], str(row["threads"]), f"{row['median']:.2f} {row['unit']}",
        f"{row['best']:.2f}", number(row.get("percent_of_peak")), beside or "–",
        interval(row.get("nanoseconds_over_bare")) or "–",
        "–" if row.get("residual") is None else f"{row['residual']:.1e}" + (" ok" if row["passes"] else " FAILED"),
        str(row["scratch_bytes"])]


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: report.py BENCH.json BENCH.svg FOLDER [PEERS.json]")
    bench = pages.read(sys.argv[1])
    machine = bench["machine"]
    name = pages.name(machine)
    peak = " and ".join(
        f"{number(machine['peak_' + kind][0])} (one core), {number(machine['peak_' + kind][1])} (all) GFLOP/s {kind}"
        for kind in ("float", "double"))
    lines = [
        f"# {machine['cpu']}, {machine['date'][:10]}", "",
        f"{machine['cores']} cores, {machine['vectors']}; {machine['open_blas']}, {machine['threading']}, core {machine['blas_core']}; "
        f"commit {machine['commit']}. Measured peak: {peak}.", "",
        f"![GFLOP/s of each row, the measured peak at the right edge]({name}.svg)", "",
        "`make bench`: medians over rounds. \"% of\" is paired with a bare call of cblas_sgemm or cblas_dgemm of the shape in the same "
        "rounds (for a convolution: its GEMM over patches that lie ready), or with memcpy; quartiles in brackets. \"ns\" is a call of "
        "`multiply` less a bare call. Convolution weights are packed beforehand; images are NHWC.", ""]
    lines += table(
        ["operation", "shape", "type", "threads", "median", "best", "% peak", "% of bare", "ns", "residual", "scratch bytes"],
        [measured(row) for row in bench["rows"]])
    if len(sys.argv) == 5:
        peers = pages.read(sys.argv[4])
        versions = ", ".join(f"{name} {version}" for name, version in peers["versions"].items())
        lines += ["", f"## Beside others ({versions})", "", "`make bench-peers`: " + peers["note"], ""]
        lines += table(
            ["layers", "rival", "threads", "rows", "geometric mean of ratios", "least"],
            [[row["group"], row["rival"], str(row["threads"]), str(row["rows"]), number(row["geometric_mean"], 2), number(row["least"], 2)]
             for row in peers["summary"]])
        rivals = sorted({rival for row in peers["rows"] for rival in row["ratios"]})
        lines += [""] + table(
            ["layer", "shape", "batch", "threads", "Tombola GFLOP/s"] + [f"{rival}: GFLOP/s, ratio" for rival in rivals] + ["agrees"],
            [[row["group"], row["shape"], str(row["batch"]), str(row["threads"]), number(row["gflops"]["Tombola"], 1)]
             + [f"{row['gflops'][rival]:.1f}, {row['ratios'][rival][0]:.2f} ({row['ratios'][rival][1]:.2f} to {row['ratios'][rival][2]:.2f})"
                if rival in row["ratios"] else "–" for rival in rivals] + ["yes" if row["agrees"] else "NO"]
             for row in peers["rows"]])
    pages.write(sys.argv[3], name, lines, sys.argv[2])


main()
