#!/usr/bin/env python3
"""Kills a sweep with SIGKILL at random moments and resumes it; its rows must be those of the same
sweep left alone.

Every round is two shards killed on the way as often as chance has it, resumed with another number
of threads each time, and merged. The sorted CSV of the merged store must be that of one
uninterrupted run, byte for byte. Ends with exit code 1 at the first difference. """
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

from killing import run_to_the_end

SPECIFICATION = """
seed = {seed}
trials = 3000
dimension = [1, 2]
count = [20, 24]
epsilon = [0.1, 0.001]
solver = ["exact", "greedy"]
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    executable = os.path.abspath(options.executable)
    chance = random.Random(options.seed)
    kills = rounds = 0
    while kills < options.kills:
        rounds += 1
        with tempfile.TemporaryDirectory() as folder:
            def tombola(*arguments):
                return subprocess.run([executable, *arguments], cwd=folder, check=True, capture_output=True).stdout

            with open(os.path.join(folder, "grid.toml"), "w") as file:
                file.write(SPECIFICATION.format(seed=rounds))
            start = time.monotonic()
            tombola("sweep", "grid.toml", "--store", "alone")
            seconds = time.monotonic() - start
            expected = tombola("table", "alone", "--csv")
            here = 0
            for shard in ("1/2", "2/2"):
                resumed = [executable, "sweep", "grid.toml", "--store", "shard" + shard[0], "--shard", shard, "--resume", "--threads"]
                here += run_to_the_end(
                    lambda: [*resumed, chance.choice("124")], lambda _: chance.uniform(0.01, 0.3) * seconds, folder)
            tombola("merge", "merged", "shard1", "shard2")
            if tombola("table", "merged", "--csv") != expected:
                sys.exit(f"round {rounds}: after {here} kills other rows than without")
            kills += here
            lines = expected.count(b"\n") - 1
            print(f"seed {rounds}: {here} kills, the same {lines} rows", flush=True)
    print(f"{kills} kills in {rounds} sweeps of two shards, merged: all byte for byte the same")


if __name__ == "__main__":
    main()
