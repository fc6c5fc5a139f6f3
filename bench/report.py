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


# What the columns of the table say.
COLUMNS = [
    "- median, best: over the rounds, in the unit given; a multiply-add counts as two operations.",
    "- % peak: of multiply-adds in registers on as many cores, in the same rounds (on several threads: as measured at the start).",
    "- % of bare: paired by round with one bare call of cblas_sgemm, cblas_dgemm, cblas_sgemv or cblas_dgemv of the shape, for a "
    "convolution with the products of its shape over patches that lie ready, or with memcpy of as many bytes; median (quartiles). "
    "Above 100 is faster than that.",
    "- ns: a call of `multiply` less a bare call.",
    "- residual: the largest error over what rounding explains; up to 1 is ok.",
    "- scratch bytes: memory beside operands and result.",
    "- Rows: `gemm` and `recorded` are `multiply`, the latter on shapes that searches ask for (`make bench-shapes`), with the "
    "searches that ask, how often, and the part of their seconds inside BLAS; `conv` is a layer by this package's kernels with "
    "weights packed beforehand, `conv im2col` the same layer in the same rounds by copied patches and OpenBLAS, images NHWC; "
    "`scoring flips` is the greedy search's own loop, `lapack` factorisations.",
]


def percent(part):
    return f"{100 * part:.1f} %"


def search_lines(bench):
    """The searches that were recorded in the same run."""
    if not bench.get("searches"):
        return []
    runs = bench["searches"]["runs"]
    lines = ["", "## Searches", "",
             "One thread, counted by a library before OpenBLAS (`bench/shapes`). Flips: candidates scored, once a state. Scored: two "
             "operations a coordinate of those, as the solver counts its work; of `prune` what products score. In BLAS, in GEMM: parts of the search's seconds ("
             "`prune`'s figures left out). BLAS: operations there over all seconds; inside: over the seconds there. On a "
             "machine that others use too, rates are over the seconds that the process had a core.", ""]
    return lines + table(
        ["search", "seconds", "flips a second", "scored GFLOP/s", "in BLAS", "in GEMM", "BLAS GFLOP/s", "inside", "most seconds in"],
        [[run["name"], number(run["seconds"], 1), pages.number(run.get("flips_per_second"), ".3g"), number(run.get("scored_gflops"), 2),
          percent(run["blas_share"]), percent(run["gemm_share"]), number(run["blas_gflops"], 2), number(run.get("gflops_inside"), 1),
          "; ".join(f"{made['routine']} {shape['m']} × {shape['n']} × {shape['k']}, {shape['calls']} calls"
                    for made in run["routines"][:2] for shape in made["shapes"][:1])] for run in runs])


def measured(row):
    beside = interval(row.get("percent_of_bare_gemm")) or (
        interval(row.get("percent_of_copy")) and "memcpy " + interval(row["percent_of_copy"]))
    return [
        row["operation"], row["shape"] + (f" ({row['origin']})" if row.get("origin") else ""), row["type"],
        str(row["threads"]), f"{row['median']:.2f} {row['unit']}",
        f"{row['best']:.2f}", number(row.get("percent_of_peak")), beside or "–",
        interval(row.get("nanoseconds_over_bare")) or "–",
        "–" if row.get("residual") is None else f"{row['residual']:.1e}" + (" ok" if row["passes"] else " FAILED"),
        str(row["scratch_bytes"])]


def beside(row, rival):
    """A rival's speed and ratio, and the ratio of its layer without reorders."""
    if rival not in row["ratios"]:
        return "–"
    middle, low, high = row["ratios"][rival]
    text = f"{row['gflops'][rival]:.1f}, {middle:.2f} ({low:.2f} to {high:.2f})"
    alone = row["layer_alone"].get(rival)
    return text + (f"; {alone['ratio'][0]:.2f}, reorders {100 * alone['reorder_share']:.0f} %" if alone else "")


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: report.py BENCH.json BENCH.svg FOLDER [PEERS.json]")
    bench = pages.read(sys.argv[1])
    machine = bench["machine"]
    name = pages.name(machine)
    peak = " and ".join(
        f"{number(machine['peak_' + kind][0])} (one core), {number(machine['peak_' + kind][1])} (all) GFLOP/s {kind}"
        for kind in ("float", "double"))
    summary = bench.get("summary", [])
    lines = [
        f"# {machine['cpu']}, {machine['date'][:10]}", "",
        f"{machine['cores']} cores, {machine['vectors']}; {machine['open_blas']}, {machine['threading']}, core {machine['blas_core']}; "
        f"commit {machine['commit']}. Measured peak: {peak}.", "",
        "## In short", "",
        "Medians of the rows below, and searches on one core: two operations a candidate coordinate scored, as the solver counts "
        "them, of `prune` those inside BLAS.", ""]
    lines += table(
        ["what", "rows", "GFLOP/s", "% of peak", "% of bare GEMM", ""],
        [[line["what"], str(line.get("rows", "")), number(line["gflops"], 1), number(line.get("percent_of_peak"), 1),
          number(line.get("percent_of_bare_gemm")), line.get("note", "")] for line in summary])
    lines += search_lines(bench)
    lines += [
        "", "## All rows", "",
        f"![GFLOP/s of each row, the measured peak at the right edge]({name}.svg)", "",
        "`make bench`, each body in turn in every round; where bodies work on threads of two kinds there is a pause between them, "
        "so that threads that still look for work disturb nobody.", "",
        *COLUMNS, ""]
    lines += table(
        ["operation", "shape", "type", "threads", "median", "best", "% peak", "% of bare", "ns", "residual", "scratch bytes"],
        [measured(row) for row in bench["rows"]])
    if len(sys.argv) == 5:
        peers = pages.read(sys.argv[4])
        versions = ", ".join(f"{name} {version}" for name, version in peers["versions"].items())
        lines += ["", f"## Beside others ({versions})", "", "`make bench-peers`: " + peers["note"], ""]
        lines += table(
            ["layers", "rival", "threads", "rows", "geometric mean of ratios", "least", "alone: mean", "least"],
            [[row["group"], row["rival"], str(row["threads"]), str(row["rows"]), number(row["geometric_mean"], 2),
              number(row["least"], 2), number(row["layer_alone"], 2), number(row["least_alone"], 2)]
             for row in peers["summary"]])
        rivals = sorted({rival for row in peers["rows"] for rival in row["ratios"]})
        lines += [""] + table(
            ["layer", "shape", "batch", "threads", "Tombola GFLOP/s"] + [f"{rival}: GFLOP/s, ratio; alone" for rival in rivals]
            + ["agrees"],
            [[row["group"], row["shape"], str(row["batch"]), str(row["threads"]), number(row["gflops"]["Tombola"], 1)]
             + [beside(row, rival) for rival in rivals] + ["yes" if row["agrees"] else "NO"]
             for row in peers["rows"]])
    pages.write(sys.argv[3], name, lines, sys.argv[2])


main()
