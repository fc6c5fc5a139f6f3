#!/usr/bin/env python3
"""Points of accuracy that tickets lose, by target, mode and width: medians over seeds with the
least and the most, measured by ONNX Runtime on exported networks (`drawing.py`).

No default was chosen on seeds 1001 to 1020. With --figures each ticket's figures go into a file, as
`prune --json` prints them, with the accuracies of the target and of the ticket: for `tombola plot`.
"""

import argparse
import json
import os
import statistics

import drawing


def write(folder, tickets, target, row):
    mode, width, seed = row["key"][2:5]
    figures = {**row["figures"], "images": len(tickets.images.y),
               "ticket_accuracy": row["accuracy"], "target_accuracy": tickets.whole[target]}
    with open(os.path.join(folder, f"{mode}-{width}-{seed}.json"), "w") as file:
        json.dump(figures, file, indent=1, sort_keys=True)


def interval(values):
    ends = drawing.median_interval(values)
    if ends is None:
        return "too few seeds for an interval"
    return f"median within {ends[0]:.2f} to {ends[1]:.2f} (95 %)"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    drawing.add_arguments(parser)
    parser.set_defaults(seeds=["1001-1020"], images="test")
    parser.add_argument("--widths", nargs="*", type=int, default=[500, 1000, 2000, 8000])
    parser.add_argument("--modes", nargs="*", default=["calibrated", "weights"])
    parser.add_argument("--options", nargs="*", default=[],
                        help="more options of prune, as one=value")
    parser.add_argument("--against", nargs="*",
                        help="other options: adds the points lost beyond theirs, seed by seed")
    parser.add_argument("--figures", help="a folder for each ticket's figures")
    options = parser.parse_args()
    seeds, tickets = drawing.seeds(options.seeds), drawing.Tickets(options)
    if options.figures:
        os.makedirs(options.figures, exist_ok=True)
    print(f"{'target':15} {'mode':10} {'width':>6} {'seeds':>5}"
          f" {'points lost: median (least to most)':>37} {'bits a weight':>21} {'kept':>7}"
          f" {'seconds':>8}")
    for target in options.targets:
        for mode in options.modes:
            for width in options.widths:
                rows = tickets.rows(target, mode, width, seeds, options.options)
                lost = [row["lost"] for row in rows]
                middle = lambda name: statistics.median(row[name] for row in rows)
                bits = drawing.spread([row["bits"] for row in rows], 1)
                print(f"{target:15} {mode:10} {width:6} {len(rows):5} {drawing.spread(lost):>37}"
                      f" {bits:>21} {middle('kept'):7.0f} {middle('seconds'):8.1f}", flush=True)
                if options.against is not None:
                    others = tickets.rows(target, mode, width, seeds, options.against)
                    beyond = [a - b["lost"] for a, b in zip(lost, others)]
                    print(f"{'':15} beyond {' '.join(options.against) or 'the defaults'}:"
                          f" {drawing.spread(beyond)}, {interval(beyond)}", flush=True)
                if options.figures:
                    for row in rows:
                        write(options.figures, tickets, target, row)


if __name__ == "__main__":
    main()
