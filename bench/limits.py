#!/usr/bin/env python3
"""How far `tombola solve` goes beyond its time limit, by solver, problem and limit.

A run is to end within 5 % + 0.1 s of --time-limit, with a subset where one helps. A run's seconds
are those of its whole process, from its start to its end, so that starting it and making the
instance count too. Runs follow each other on one machine: what else runs there shows in the
figures, and --nice (root's) keeps it away. Cancellation by SIGTERM is measured with --cancel: from
the signal to the end of the process. What a solver that finished by itself found is its own affair.

The table on standard output has a line for each run; the last lines say which were the worst, and
which ended without a subset where the empty set is beaten by a single candidate. Exit code 1 if a
run took longer than allowed, or was empty-handed. """

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

# A pinned choice of kernels would be measured in place of the tool.
for name in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "GOTO_"))]:
    del os.environ[name]

import numpy as np

ANY = [(1, 30), (2, 100), (9, 1000), (25, 1000), (72, 16000), (500, 2000), (10, 100000), (100, 100000), (500, 100000)]
SIZED = [(2, 100, 10), (9, 1000, 12), (25, 1000, 27), (72, 16000, 40), (100, 100000, 20)]
# (m, n) for any size of subset, (m, n, k) for subsets of k candidates.
PROBLEMS = {
    "portfolio": ANY + [(4, 48), (8, 48), (20, 36), (30, 30)] + SIZED,
    "exhaustive": [(1, 30), (20, 30), (500, 30), (20, 30, 15)],
    "meet-in-the-middle": [(1, 30), (1, 50), (2, 44), (4, 48), (20, 40), (500, 24), (1, 50, 25), (4, 44, 22)],
    "four-lists": [(1, 40), (1, 52), (1, 60), (1, 60, 30)],
    "cell-sweep": [(2, 60), (3, 64), (4, 64), (8, 52), (20, 64), (100, 64), (500, 64), (8, 52, 20)],
    "pairwise": [(2, 40), (8, 40), (40, 38), (100, 34), (500, 26)],
    "k-list": [(1, 1000)] + ANY,
    "beam": ANY + SIZED,
    "greedy": ANY,
    "iterated-greedy": ANY,
    "rounding": ANY + SIZED,
    "exchange": ANY + SIZED,
    "forward-greedy": ANY + SIZED,
}


def arguments_of(solver, problem):
    m, n, *size = problem
    made = ["solve", "--dimension", str(m), "--count", str(n), "--seed", "1", "--solver", solver, "--json"]
    return made + (["--size", str(size[0])] if size else [])


def best_single(executable, problem, folder):
    """The least max norm that one candidate, or none, leaves."""
    path = os.path.join(folder, "problem.npz")
    m, n = problem[:2]
    subprocess.run(
        [executable, "solve", "--dimension", str(m), "--count", str(n), "--seed", "1", "--save", path, "--force",
         "--solver", "greedy", "--work-limit", "1"], capture_output=True, check=False)
    with np.load(path) as arrays:
        rows, target = arrays["candidates"], arrays["target"].reshape(m)
        least = np.abs(target).max()
        for start in range(0, n, 4096):
            least = min(least, np.abs(target - rows[start:start + 4096]).max(axis=1).min())
    os.remove(path)
    return float(least)


def run(command, limit, cancels):
    """(seconds after which it ended, its answer or None, its errors)."""
    if not cancels:
        command = command + ["--time-limit", str(limit)]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if cancels:
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            began = time.monotonic() - limit
            process.send_signal(signal.SIGTERM)
    try:
        output, errors = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return 120.0, None, "killed"
    seconds = time.monotonic() - began
    return seconds, json.loads(output) if output.strip() else None, errors.decode().strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--limits", nargs="+", type=float, default=[0.5, 2])
    parser.add_argument("--solvers", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--cancel", action="store_true", help="send SIGTERM after the limit instead of naming it")
    parser.add_argument("--nice", type=int, default=0, help="niceness of the runs; below 0 for root alone")
    options = parser.parse_args()
    prefix = ["nice", "-n", str(options.nice)] if options.nice else []
    worst, late, empty, failed = [], [], [], []
    singles = {}
    print("| solver | m, n, k | limit, s | took, s | over, s | stop | chosen | error | one candidate |\n|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for solver in options.solvers:
            for problem in PROBLEMS[solver]:
                single = None
                if len(problem) == 2:
                    if problem not in singles:
                        singles[problem] = best_single(options.executable, problem, folder)
                    single = singles[problem]
                for limit in options.limits:
                    command = prefix + [options.executable] + arguments_of(solver, problem)
                    seconds, answer, errors = run(command, limit, options.cancel)
                    over = seconds - limit
                    name = f"{solver} {', '.join(map(str, problem))} in {limit:g} s"
                    if answer is None:
                        failed.append(f"{name}: {errors}")
                        print(f"| {solver} | {', '.join(map(str, problem))} | {limit:g} | {seconds:.2f} | – | {errors} | – | – | – |", flush=True)
                        continue
                    worst.append((over, name))
                    if over > 0.1 + 0.05 * limit:
                        late.append(name)
                    if single is not None and answer["stop"] and answer["error"] > single * (1 + 1e-12):
                        empty.append(name)
                    one = "–" if single is None else f"{single:.4g}"
                    print(
                        f"| {solver} | {', '.join(map(str, problem))} | {limit:g} | {seconds:.2f} | {over:+.2f} | {answer['stop'] or 'finished'} "
                        f"| {answer['size']} | {answer['error']:.4g} | {one} |", flush=True)
    print("\nfurthest beyond the limit:")
    for over, name in sorted(worst, reverse=True)[:5]:
        print(f"  {over:+.3f} s  {name}")
    print(f"beyond 5 % + 0.1 s: {len(late)} of {len(worst)}" + "".join(f"\n  {name}" for name in late))
    print(f"worse than one candidate: {len(empty)}" + "".join(f"\n  {name}" for name in empty))
    print(f"without an answer: {len(failed)}" + "".join(f"\n  {name}" for name in failed))
    return 1 if late or empty or failed else 0


if __name__ == "__main__":
    sys.exit(main())
