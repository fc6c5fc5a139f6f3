#!/usr/bin/env python3
"""Measures what a job of a cluster costs, and computes what 4, 64 and 1024 workers would take.

Measured, each in some rounds: seconds of a trial on one core, of a command that does next to
nothing, of merging a store and a trial; bytes of a trial and of a store; seconds of each block of a
ticket. Seconds are the processor's, user and system together, so that other work on the machine
counts little; what a command waits for disks is not in them. Computed from the medians: the wall
time of a job for so many workers of one core each, which start together, and the merging behind it
by one process:

    sweep:   start + trials / workers, rounded up, then start + stores * store + trials * row
    ticket:  start + the largest sum of blocks that a part has, then merging

Nothing is computed of queues, networks or file systems.

usage: measure_scaling.py --executable TOMBOLA [--rounds N]
"""

import argparse
import json
import math
import pathlib
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKERS = [4, 64, 1024]
DAY = 86400.0
# Cheap trials, whose rows and merging are measured too, and costly ones.
CHEAP = ("optimum, m = 2, n = 20", "dimension = 2\ncount = 20\nsolver = \"exact\"\n", 20000)
COSTLY = ("beam, m = 4, n = 100", "dimension = 4\ncount = 100\nsolver = \"beam\"\n", 4)
PARTS = 64
TARGET, WIDTH = "Targets/fashion-cnn.onnx", 2000


class Tool:
    def __init__(self, executable, folder):
        self.executable, self.folder = executable, folder

    def seconds(self, *arguments):
        """Processor seconds of a run, and what it printed."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([self.executable, *arguments], cwd=self.folder, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(f"tombola {' '.join(arguments)}: code {done.returncode}: {done.stderr.strip()}")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def spread(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def specification(tool, text, trials):
    name = f"grid-{trials}.toml"
    (tool.folder / name).write_text(f"seed = 1\ntrials = {trials}\n{text}epsilon = 0.1\n")
    return name


def trials_of(tool, kind, rounds):
    """Seconds of a trial, one round each, beside a run of one trial."""
    _, text, trials = kind
    grid, single = specification(tool, text, trials), specification(tool, text, 1)
    unit, start = [], []
    for _ in range(rounds):
        start.append(tool.seconds("sweep", single, "--store", "single", "--threads", "1")[0])
        used, _ = tool.seconds("sweep", grid, "--store", "whole", "--threads", "1")
        unit.append((used - start[-1]) / (trials - 1))
        sizes = [(tool.folder / store).stat().st_size for store in ("single", "whole")]
        for store in ("single", "whole"):
            (tool.folder / store).rename(tool.folder / f"{store}-{trials}")
    return unit, start, sizes


def merging_of(tool, kind, rounds):
    """Seconds of merging one trial, all of them in one store, and all in many stores."""
    _, text, trials = kind
    grid = specification(tool, text, trials)
    parts = [f"part-{index}" for index in range(1, PARTS + 1)]
    for index, part in enumerate(parts, 1):
        tool.seconds("sweep", grid, "--store", part, "--shard", f"{index}/{PARTS}", "--threads", "1")
    cases = [[f"single-{trials}"], [f"whole-{trials}"], parts]
    return [[tool.seconds("merge", "merged", *stores, "--force")[0] for _ in range(rounds)] for stores in cases]


def sweeps(tool, rounds):
    unit, start, sizes = trials_of(tool, CHEAP, rounds)
    one, whole, many = merging_of(tool, CHEAP, rounds)
    trials = CHEAP[2]
    begin, base = statistics.median(start), statistics.median(one)
    per_store = max(0.0, (statistics.median(many) - statistics.median(whole)) / (PARTS - 1))
    per_trial = max(0.0, (statistics.median(whole) - base) / (trials - 1))
    per_trial_bytes = (sizes[1] - sizes[0]) / (trials - 1)
    print(f"seconds of a sweep of one trial {spread(start)}")
    print(f"merging: one trial {spread(one)}, {trials} trials {spread(whole)}, in {PARTS} stores {spread(many)}")
    print(f"merging: {per_store:.3g} s a store, {per_trial:.3g} s a trial")
    print(f"bytes: {sizes[0]} a store of one trial, {per_trial_bytes:.1f} each trial more")
    costly = trials_of(tool, COSTLY, 1)[0]
    for name, seconds in ((CHEAP[0], unit), (COSTLY[0], costly)):
        trial = statistics.median(seconds)
        count = DAY / trial
        print(f"\n{name}: seconds a trial {spread(seconds)}")
        print(f"a day of one core: {count:.3g} trials, {count * per_trial_bytes / 1e6:.3g} MB")
        print("  workers  seconds of a job  merging  together  of workers * together, work is")
        for workers in WORKERS:
            job = begin + math.ceil(count / workers) * trial
            merging = base + workers * per_store + count * per_trial
            together = job + merging
            print(f"  {workers:7d}  {job:16.5g}  {merging:7.3g}  {together:8.5g}  {DAY / (workers * together):.1%}")


def ticket(tool, rounds):
    target = str(ROOT / TARGET)
    common = ["prune", target, "--width", str(WIDTH), "--seed", "1", "--solver", "greedy", "--threads", "1"]
    _, output = tool.seconds(*common, "-o", "whole", "--force", "--json")
    count = len(json.loads(output)["blocks"])
    blocks, sizes = [], []
    for index in range(1, count + 1):
        part = f"part-{index}"
        rows = [
            tool.seconds(*common, "--shard", f"{index}/{count}", "-o", part, "--force")[0] for _ in range(rounds)]
        blocks.append(statistics.median(rows))
        sizes.append((tool.folder / part).stat().st_size)
    empty = []
    merging = []
    parts = [f"part-{index}" for index in range(1, count + 1)]
    for _ in range(rounds):
        empty.append(tool.seconds(*common, "--shard", f"{count + 1}/{count + 1}", "-o", "none", "--force")[0])
        merging.append(tool.seconds("merge", "merged", *parts, "--target", target, "--threads", "1", "--force")[0])
    if (tool.folder / "merged").read_bytes() != (tool.folder / "whole").read_bytes():
        raise SystemExit("merge: expected the ticket of one run, found another")
    start = statistics.median(empty)
    work = [max(0.0, each - start) for each in blocks]
    print(f"\nticket for {TARGET}, width {WIDTH}: {count} blocks")
    print(f"  seconds of a block's search   {spread(work)}, {sum(work):.3g} together")
    print(f"  seconds of an empty part      {spread(empty)}")
    print(f"  seconds of merging, figures measured {spread(merging)}")
    print(f"  bytes of a part               {spread(sizes)}")
    whole = start + sum(work) + statistics.median(merging)
    print("  workers  largest part  together  times as fast as one worker")
    for workers in [1] + WORKERS:
        loads = [0.0] * min(workers, count)
        for each in sorted(work, reverse=True):
            loads[loads.index(min(loads))] += each
        wall = start + max(loads) + statistics.median(merging)
        print(f"  {workers:7d}  {max(loads):12.3g}  {wall:8.3g}  {whole / wall:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executable", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(str(pathlib.Path(options.executable).resolve()), pathlib.Path(folder))
        print(f"rounds: {options.rounds}; load {open('/proc/loadavg').read().split()[0]}")
        sweeps(tool, options.rounds)
        ticket(tool, options.rounds)


if __name__ == "__main__":
    main()
