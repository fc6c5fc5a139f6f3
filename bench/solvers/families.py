#!/usr/bin/env python3
"""The portfolio beside the solvers that it is made of, on families of subset-sum instances.

Every solver gets the same instance, one core and the same seconds, one after another. For each
family the report has the median error of the portfolio, the solver with the least median, and the
median over the seeds of the portfolio's error over that of the best solver on the same seed; it
aims at 1.05. An error of 0 on both sides counts as 1. Errors are in the max norm and computed again
here from the subset.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile

import numpy

SOLVERS = ["population", "exchange", "k-list", "beam", "iterated-greedy", "rounding"]
# An error below this part of the target's size is rounding.
ROUNDING = 1e-13


def half_target(random, candidates):
    """A uniform target in (-1/2, 1/2), as generated instances have."""
    return random.uniform(-0.5, 0.5, candidates.shape[1])


def normals(random, n, m):
    return random.standard_normal((n, m))


def products(random, n, m):
    return random.standard_normal((n, 1)) * random.standard_normal((n, m))


def correlated(random, n, m):
    """One direction times normals, and a hundredth of noise."""
    direction = random.standard_normal((n, 1)) * random.standard_normal(m)
    return direction * (1 + 0.01 * random.standard_normal((n, m)))


def scaled(random, n, m):
    return random.standard_normal((n, m)) * 10.0 ** random.uniform(-3, 3, m)


def integers(most):
    return lambda random, n, m: random.integers(-most, most + 1, (n, m)).astype(float)


def integer_target(most):
    return lambda random, candidates: random.integers(-most, most + 1, candidates.shape[1]).astype(float)


def of_half(random, candidates):
    """Half the sum of all candidates, and a little beside it."""
    return candidates.sum(0) / 2 + random.uniform(-0.5, 0.5, candidates.shape[1])


def of_half_whole(random, candidates):
    return numpy.floor(candidates.sum(0) / 2)


def planted(random, candidates):
    return candidates[random.random(len(candidates)) < 0.5].sum(0)


def of_size(size):
    return lambda random, candidates: half_target(random, candidates) * 2 * size


def repeated(random, n, m):
    return numpy.repeat(products(random, (n + 3) // 4, m), 4, 0)[:n]


# Name: candidates, target, m, n.
FAMILIES = {
    "products u*V": (products, half_target, 9, 250),
    "products u*V, wide": (products, half_target, 25, 1000),
    "products u*V, many": (products, half_target, 72, 1900),
    "normal": (normals, half_target, 9, 250),
    "normal, wide": (normals, half_target, 25, 1000),
    "uniform": (lambda r, n, m: r.uniform(-1, 1, (n, m)), half_target, 12, 300),
    "signs": (lambda r, n, m: r.choice([-1.0, 1.0], (n, m)), half_target, 16, 200),
    "zeros and ones": (lambda r, n, m: r.integers(0, 2, (n, m)).astype(float), of_half_whole, 16, 200),
    "integers to 10": (integers(10), integer_target(10), 6, 100),
    "integers to 1000": (integers(1000), integer_target(1000), 2, 100),
    "integers to 1000, wide": (integers(1000), integer_target(1000), 8, 100),
    "positive": (lambda r, n, m: numpy.abs(products(r, n, m)), of_half, 9, 250),
    "mixed scales": (scaled, half_target, 9, 250),
    "correlated": (correlated, half_target, 25, 1000),
    "Cauchy": (lambda r, n, m: r.standard_cauchy((n, m)), half_target, 9, 250),
    "four of each": (repeated, half_target, 9, 250),
    "planted": (products, planted, 12, 60),
    "target 0": (products, of_size(0), 9, 250),
    "target 10": (products, of_size(10), 9, 250),
    "target 100, out of reach": (products, of_size(100), 9, 100),
    "more dimensions than candidates": (products, half_target, 60, 40),
    "300 dimensions": (products, half_target, 300, 1500),
}


def run(options, solver, file):
    command = [options.executable, "solve", file, "--solver", solver, "--time-limit", str(options.seconds),
               "--threads", "1", "--blas-core", options.blas_core, "--json"]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}: {answer.stderr.strip()}")
    return json.loads(answer.stdout)["subset"]


def ratio(ours, best, floor):
    if ours <= floor:
        return 1.0
    return math.inf if best <= floor else ours / best


def wins(errors, solver):
    """The seeds on which a solver has less error than every other member."""
    rivals = [errors[other] for other in SOLVERS if other != solver]
    return sum(own < min(others) for own, *others in zip(errors[solver], *rivals))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--blas-core", default="best")
    parser.add_argument("--members", action="store_true", help="print each solver's median and wins, too")
    options = parser.parse_args()
    print(f"{'family':32} {'m, n':>9} {'portfolio':>10}  {'best solver':>26}  portfolio / best: median, most",
          flush=True)
    for family in options.families:
        if family not in FAMILIES:
            parser.error(f"--families: expected one of {', '.join(FAMILIES)}, found {family}")
        make, aim, m, n = FAMILIES[family]
        errors = {solver: [] for solver in ["portfolio", *SOLVERS]}
        ratios = []
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            random = numpy.random.default_rng([seed, m, n])
            candidates = make(random, n, m)
            target = aim(random, candidates)
            floor = ROUNDING * (numpy.abs(target).max() + numpy.abs(candidates).sum(0).max())
            with tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "instance.npz")
                numpy.savez(file, candidates=candidates, target=target)
                for solver in errors:
                    subset = run(options, solver, file)
                    errors[solver].append(float(numpy.abs(candidates[subset].sum(0) - target).max()))
            ratios.append(ratio(errors["portfolio"][-1], min(errors[s][-1] for s in SOLVERS), floor))
        medians = {solver: statistics.median(values) for solver, values in errors.items()}
        best = min(SOLVERS, key=lambda solver: medians[solver])
        print(f"{family:32} {f'{m}, {n}':>9} {medians['portfolio']:10.4g}  {best:>15} {medians[best]:10.4g}"
              f"  {statistics.median(ratios):10.3f} {max(ratios):8.3f}", flush=True)
        if options.members:
            print(f"    {'':12}" + "".join(f"  {solver} {medians[solver]:.4g} ({wins(errors, solver)})"
                                         for solver in SOLVERS), flush=True)


if __name__ == "__main__":
    main()
