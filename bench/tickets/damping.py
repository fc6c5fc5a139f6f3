#!/usr/bin/env python3
"""Chooses the default of --damping without test images: points of accuracy lost on the last 10 000
training images (the searches read the first 400), three targets.

The rule, written before the measurement. One number has to serve all targets at the widths given,
and a point lost counts the same everywhere. A damping's score for a seed is the mean over targets
and widths of the points lost. Another damping replaces the default only where its scores, less the
default's seed by seed, have a median whose interval by ranks (95 % or more) lies below 0; of
several, that of least median score. Otherwise the default stays. `docs/experiments/damping.md` has
the result.
"""

import argparse
import statistics

import drawing

CANDIDATES = ["0.1", "0.3", "1", "3"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    drawing.add_arguments(parser)
    parser.set_defaults(seeds=["1201-1220"], images="held-out")
    parser.add_argument("--widths", nargs="*", type=int, default=[500])
    parser.add_argument("--candidates", nargs="*", default=CANDIDATES)
    parser.add_argument("--default", choices=CANDIDATES, default="0.3")
    options = parser.parse_args()
    seeds, tickets = drawing.seeds(options.seeds), drawing.Tickets(options)
    if len(seeds) < 6:
        raise SystemExit(f"--seeds: expected at least 6, for intervals, found {len(seeds)}")
    if options.default not in options.candidates:
        raise SystemExit(f"--candidates: expected {options.default} among them, found none")
    print(f"{'target':15} {'width':>6}  "
          + " ".join(f"{candidate:>26}" for candidate in options.candidates)
          + "  points lost: median (least to most)")
    scores = {candidate: [0.0] * len(seeds) for candidate in options.candidates}
    cells = [(target, width) for width in options.widths for target in options.targets]
    for target, width in cells:
        entries = []
        for candidate in options.candidates:
            rows = tickets.rows(target, "calibrated", width, seeds, ["damping=" + candidate])
            lost = [row["lost"] for row in rows]
            entries.append(f"{drawing.spread(lost):>26}")
            scores[candidate] = [score + one / len(cells)
                                 for score, one in zip(scores[candidate], lost)]
        print(f"{target:15} {width:6}  " + " ".join(entries), flush=True)
    chosen = options.default
    for candidate in options.candidates:
        beyond = [a - b for a, b in zip(scores[candidate], scores[options.default])]
        low, high = drawing.median_interval(beyond)
        print(f"damping {candidate}: score {drawing.spread(scores[candidate])};"
              f" beyond {options.default}: {statistics.median(beyond):.2f},"
              f" median within {low:.2f} to {high:.2f}")
        least = statistics.median(scores[candidate]) < statistics.median(scores[chosen])
        if high < 0 and (chosen == options.default or least):
            chosen = candidate
    print(f"by the rule: {chosen}")


if __name__ == "__main__":
    main()
