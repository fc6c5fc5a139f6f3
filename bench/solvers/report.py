#!/usr/bin/env python3
"""Writes one run of `make bench-solvers` as a page of text beside its chart."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import pages
from pages import table


def number(value):
    return pages.number(value, ".2g")


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: report.py SOLVERS.json SOLVERS.svg FOLDER")
    made = pages.read(sys.argv[1])
    machine, rows = made["machine"], made["rows"]
    name = pages.name(machine, "-solvers")
    ours = [f"Tombola {solver}" for solver in made["solvers"]]
    names = ours + list(made["versions"])
    seconds = rows[0]["seconds"]
    lines = [
        f"# Subset sums: {machine['cpu']}, {machine['date'][:10]}", "",
        f"`make bench-solvers`, commit {made['commit']}: min over subsets of the max norm of Σ − z; NSN candidates, z uniform in "
        f"(−½, ½)^m, instances by (m, n, seed). One core and {seconds:g} s each; medians over seeds (10, or as many as stand in "
        "brackets). Every subset is scored from its indices in float64; nobody counts as worse than the empty set. Rivals' "
        "seconds are those of solving, without building the model; Tombola's are those of its process. Each rival has the form and "
        "settings that did best for it and the size among those of `bench/solvers/rivals.py`, on other seeds.", "",
        "Versions: " + ", ".join(made["versions"].values()) + ".", "",
        f"![Median error against seconds]({name}.svg)", "",
        "Ratio: the best rival's median error over Tombola's; paired: of the best rival on each seed, median and quartiles.", ""]

    def cell(row, solver):
        if solver not in row["medians"]:
            return "–"
        seeds = row["seeds"][solver]
        return number(row["medians"][solver]) + (f" ({seeds})" if seeds != 10 else "")

    lines += table(
        ["m, n", "empty set", *names, "ratio", "paired"],
        [[f"{row['m']}, {row['n']}", number(row["empty_set"]), *[cell(row, solver) for solver in names], number(row.get("ratio")),
          "{:.2g} ({:.2g} to {:.2g})".format(*row["paired_ratio"]) if row.get("paired_ratio") else "–"] for row in rows])
    for row in rows:
        if "proof" in row:
            lines += ["", f"## Proofs, m = {row['m']}, n = {row['n']}", "",
                      "Rivals may go on for longer here. A claim is wrong where another solver's subset is better.", ""]
            lines += table(
                ["solver", "claims of an optimum", "wrong ones", "median seconds to the claim"],
                [[solver, f"{proof['claims']} of {proof['of']}", str(proof["wrong_claims"]), number(proof["median_seconds"])]
                 for solver, proof in row["proof"].items()])
    lines += ["", "## Settings", ""]
    for rival in made["versions"]:
        forms = {}
        for row in rows:
            text = ", ".join(f"{key} {value}" for key, value in row["forms"][rival].items()) or "its own"
            forms.setdefault(text, []).append(f"{row['m']}, {row['n']}")
        lines += [f"- {rival}: " + "; ".join(f"{text} (m, n = {' / '.join(sizes)})" for text, sizes in forms.items())]
    notes = [f"- {row['m']}, {row['n']}, {solver}: {note}" for row in rows for solver, note in row["notes"].items()]
    if notes:
        lines += ["", "## Notes", "", *notes]
    pages.write(sys.argv[3], name, lines, sys.argv[2])


main()
