#!/usr/bin/env python3
"""Measures what a job of a cluster costs, and computes what 4, 64 and 1024 workers would take.

Measured, each in some rounds: seconds of a trial on one core, of a command that does next to
nothing, of merging a store and a trial; bytes of a trial and of a store; seconds of each block of a
ticket. Seconds are the processor's, user and system together, so that other work on the machine
counts little; what a command waits for disks is not in them. Computed from the medians: the wall
time of a job for so many workers of one core each, which start together, and the merging behind it
by one process:

    sweep:   start + work / workers + one trial, then start + stores * store + trials * trial merged
    ticket:  start + the largest sum of blocks that a part has, then merging

Nothing is computed of queues, networks or file systems.

usage: measure_scaling.py --executable TOMBOLA [--rounds N]
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKERS = [4, 64, 1024]
DAY = 86400.0
SWEEPS = {
    "optimum, m = 2, n = 20": ("dimension = 2\ncount = 20\nsolver = \"exact\"\n", 20000),
    "beam, m = 9, n = 250": ("dimension = 9\ncount = 250\nsolver = \"beam\"\n", 16),
}
PARTS = 64
TARGET, WIDTH = "Targets/fashion-resnet.onnx", 2000


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


def sweep(tool, name, text, trials, rounds):
    specification = f"seed = 1\ntrials = {trials}\n{text}epsilon = 0.1\n"
    (tool.folder / "grid.toml").write_text(specification)
    (tool.folder / "one.toml").write_text(specification.replace(f"trials = {trials}", "trials = 1"))
    unit, start, one, all_trials, all_stores = [], [], [], [], []
    for _ in range(rounds):
        start.append(tool.seconds("sweep", "one.toml", "--store", "single", "--threads", "1")[0])
        used, _ = tool.seconds("sweep", "grid.toml", "--store", "whole", "--threads", "1")
        unit.append((used - start[-1]) / trials)
        one.append(tool.seconds("merge", "merged", "single", "--force")[0])
        all_trials.append(tool.seconds("merge", "merged", "whole", "--force")[0])
        sizes = [(tool.folder / store).stat().st_size for store in ("single", "whole")]
        for store in ("single", "whole"):
            (tool.folder / store).unlink()
    parts = [f"part-{index}" for index in range(1, PARTS + 1)]
    for index, part in enumerate(parts, 1):
        tool.seconds("sweep", "grid.toml", "--store", part, "--shard", f"{index}/{PARTS}", "--threads", "1")
    for _ in range(rounds):
        all_stores.append(tool.seconds("merge", "merged", *parts, "--force")[0])
    for part in parts:
        (tool.folder / part).unlink()
    begin, trial = statistics.median(start), statistics.median(unit)
    per_store = max(0.0, (statistics.median(all_stores) - statistics.median(all_trials)) / (PARTS - 1))
    per_trial = max(0.0, (statistics.median(all_trials) - statistics.median(one)) / (trials - 1))
    per_trial_bytes = (sizes[1] - sizes[0]) / (trials - 1)
    print(f"\n{name}: {trials} trials")
    print(f"  seconds a trial          {spread(unit)}")
    print(f"  seconds of one alone     {spread(start)}")
    print(f"  merging, {PARTS} stores      {spread(all_stores)}")
    print(f"  merging, one store       {spread(all_trials)}; of one trial {spread(one)}")
    print(f"  merging, seconds         {per_store:.3g} a store, {per_trial:.3g} a trial")
    print(f"  bytes                    {sizes[0]} a store of one trial, {per_trial_bytes:.1f} a trial more")
    count = DAY / trial
    print(f"  a day of one core        {count:.3g} trials, {count * per_trial_bytes / 1e6:.3g} MB")
    print("  workers  seconds of a job  merging  together  of workers * together, work is")
    for workers in WORKERS:
        job = begin + DAY / workers + trial
        merging = statistics.median(one) + workers * per_store + count * per_trial
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
        for name, (text, trials) in SWEEPS.items():
            sweep(tool, name, text, trials, options.rounds)
        ticket(tool, options.rounds)


if __name__ == "__main__":
    main()
