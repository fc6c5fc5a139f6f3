#!/usr/bin/env python3
"""What Python costs above the library: a call, a batch, an import.

Each figure is the median of several rounds, which take turns with what it is set against, and its
quartiles. Usage: measure.py [--executable tombola], with the package installed or on PYTHONPATH.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tombola


def spread(values, unit, digits=1):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f} to {high:.{digits}f})"


def calls(rounds=9, count=2000):
    """Microseconds of a call above the solver's own, a round at a time."""
    candidates, target = np.random.default_rng(1).normal(size=(6, 2)), np.array([0.3, -0.2])
    above = []
    for _ in range(rounds):
        each = []
        for _ in range(count):
            began = time.perf_counter()
            found = tombola.solve(candidates, target, solver="exhaustive")
            each.append(1e6 * (time.perf_counter() - began - found.seconds))
        above.append(statistics.median(each))
    return above


def batches(executable, rounds=7, count=100_000):
    """Python's seconds for a batch of one-dimensional instances, over those that the command takes
    for the same, and over the library's own, which is as warm as Python's call."""
    random = np.random.default_rng(2)
    candidates, targets = random.uniform(-1, 1, 15), random.uniform(-0.5, 0.5, count)
    ratios, above, rates = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.npz"
        np.savez(path, candidates=candidates[:, None], target=targets[:, None])
        for _ in range(rounds):
            began = time.perf_counter()
            found = tombola.solve_batch(candidates, targets, threads=1)
            seconds = time.perf_counter() - began
            above.append(seconds / found.seconds)
            words = [executable, "solve-batch", str(path), "--threads", "1", "--json"]
            own = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["seconds"]
            ratios.append(seconds / own)
            rates.append(count / seconds / 1e3)
    return ratios, above, rates


def imports(rounds=21):
    """CPU milliseconds of importing NumPy, and of Tombola after it, and elapsed ones of both."""
    program = (
        "import time; t = time.perf_counter(); a = time.process_time(); import numpy; b = time.process_time(); "
        "import tombola; print(b - a, time.process_time() - b, time.perf_counter() - t)"
    )
    pairs = [
        [1e3 * float(word) for word in subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.split()]
        for _ in range(rounds)
    ]
    return [list(column) for column in zip(*pairs)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default="tombola")
    executable = parser.parse_args().executable
    print(f"a call           {spread(calls(), 'µs')} above the solver's own time")
    ratios, above, rates = batches(executable)
    print(f"10^5 instances   {spread(ratios, 'times', 3)} the command's own time, {spread(rates, 'thousand a second')}")
    print(f"                 {spread(above, 'times', 3)} the library's own")
    numpy, own, elapsed = imports()
    print(f"import           {spread(own, 'ms')} of CPU time, behind NumPy's {spread(numpy, 'ms')}")
    print(f"                 {spread(elapsed, 'ms')} elapsed for both")


if __name__ == "__main__":
    main()
