#!/usr/bin/env python3
"""Kills searches with SIGKILL at random moments, resumes them, and compares the tickets with those
of searches left alone.

Each search is started again from its checkpoint until it ends, killed on the way as often as chance
has it; the number of threads changes from start to start. Ends with exit code 1 at the first ticket
that differs by a byte. """
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

from killing import run_to_the_end


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--target", default="Targets/fashion-cnn.onnx")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    searches = [["--width", "48000"], ["--width", "24000", "--mode", "calibrated", "--calibration", "fashion-mnist"]]
    kills = tickets = 0
    with tempfile.TemporaryDirectory() as folder:
        while kills < options.kills:
            search = searches[tickets % 2]
            seed = str(tickets // 2 + 1)
            command = [options.executable, "prune", options.target, "--seed", seed, "--force", *search]
            ticket, checkpoint = os.path.join(folder, "ticket"), os.path.join(folder, "checkpoint")
            start = time.monotonic()
            subprocess.run([*command, "-o", ticket], check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - start
            with open(ticket, "rb") as file:
                alone = file.read()
            os.remove(ticket)
            resumed = [*command, "-o", ticket, "--checkpoint", checkpoint, "--resume", "--threads"]
            # Later and later, so that searches whose checkpoints come late end too.
            here = run_to_the_end(
                lambda: [*resumed, chance.choice("124")],
                lambda kills: chance.uniform(0.05, 0.6) * seconds * (1 + kills / 8))
            with open(ticket, "rb") as file:
                if file.read() != alone:
                    sys.exit(f"{' '.join(command)}: after {here} kills another ticket than without")
            os.remove(ticket)
            if os.path.exists(checkpoint):
                os.remove(checkpoint)
            kills += here
            tickets += 1
            print(f"{' '.join(search)} --seed {seed}: {here} kills, the same ticket", flush=True)
    print(f"{kills} kills, {tickets} tickets, all byte for byte the same")


if __name__ == "__main__":
    main()
