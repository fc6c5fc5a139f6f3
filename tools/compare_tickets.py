#!/usr/bin/env python3
"""Draws the same tickets with two executables and compares the files byte by byte.

Searches cover every mode, solver and option, so that a change of the code that is meant to change
no ticket can be shown to change none. Both executables run on this machine and choose BLAS kernels
alike, as bits are promised on one machine only. The tickets of the first executable stay in the
folder, and are not drawn again when it holds them. Ends with exit code 1 where a file differs.
"""

import argparse
import pathlib
import subprocess
import sys

CALIBRATED = ["--mode", "calibrated", "--calibration", "fashion-mnist"]
# Names of targets, and options beside --seed and the output.
SEARCHES = {
    "weights": ("cnn", ["--width", "2000"]),
    "weights-data": ("cnn", ["--width", "500", "--data", "fashion-mnist"]),
    "weights-one-thread": ("lenet", ["--width", "700", "--threads", "1"]),
    "weights-range": ("lenet", ["--width", "500", "--input-range", "0,1"]),
    "weights-norm": ("cnn", ["--width", "1000", "--norm-per-width", "0.05"]),
    "weights-work": ("resnet", ["--width", "400", "--work-limit", "100000000"]),
    "weights-resnet": ("resnet", ["--width", "300"]),
    "iterated": ("cnn", ["--width", "300", "--solver", "iterated-greedy", "--work-limit", "300000000"]),
    "exchange": ("cnn", ["--width", "300", "--solver", "exchange", "--work-limit", "300000000"]),
    "rounding": ("cnn", ["--width", "300", "--solver", "rounding"]),
    "rounding-size": ("cnn", ["--width", "300", "--solver", "rounding", "--size", "40"]),
    "beam": ("cnn", ["--width", "300", "--solver", "beam", "--work-limit", "3000000000"]),
    "beam-size": ("cnn", ["--width", "300", "--size", "60", "--work-limit", "3000000000"]),
    "penalty": ("cnn", ["--width", "2000", "--size-penalty", "1e-6"]),
    "penalty-iterated": (
        "cnn",
        ["--width", "300", "--size-penalty", "1e-5", "--solver", "iterated-greedy"]
        + ["--work-limit", "300000000"],
    ),
    "penalty-beam": (
        "cnn",
        ["--width", "300", "--size-penalty", "1e-5", "--solver", "beam"]
        + ["--work-limit", "3000000000"],
    ),
    "certified": ("cnn", ["--width", "1000", "--objective", "certified"]),
    "random-filters": ("cnn", ["--width", "300", "--method", "random-filters", "--size", "20"]),
    "magnitude": ("cnn", ["--width", "300", "--method", "magnitude", "--size", "20"]),
    "forward-greedy": ("cnn", ["--width", "300", "--method", "greedy"]),
    "epsilon": ("cnn", ["--epsilon", "30"]),
    "calibrated": ("cnn", ["--width", "500", *CALIBRATED]),
    "calibrated-data": ("lenet", ["--width", "500", *CALIBRATED, "--data", "fashion-mnist"]),
    "calibrated-resnet": ("resnet", ["--width", "300", *CALIBRATED]),
    "calibrated-sweeps": ("cnn", ["--width", "300", *CALIBRATED, "--sweeps", "3", "--damping", "1"]),
    "calibrated-none": ("cnn", ["--width", "300", *CALIBRATED, "--sweeps", "0"]),
    "calibrated-logits": ("cnn", ["--width", "300", *CALIBRATED, "--metric", "logits"]),
    "calibrated-penalty": ("cnn", ["--width", "500", *CALIBRATED, "--size-penalty", "1e-5"]),
    "calibrated-work": ("cnn", ["--width", "500", *CALIBRATED, "--work-limit", "50000000"]),
    "calibrated-beam": (
        "cnn",
        ["--width", "200", *CALIBRATED, "--solver", "beam", "--size-penalty", "1e-5"]
        + ["--work-limit", "4000000000"],
    ),
    "calibrated-beam-size": (
        "cnn",
        ["--width", "200", *CALIBRATED, "--size", "30", "--work-limit", "4000000000"],
    ),
    "calibrated-random": (
        "cnn",
        ["--width", "200", *CALIBRATED, "--method", "random-filters", "--size", "20"],
    ),
}


def draw(executable, name, folder):
    """The ticket's bytes, and the exit code."""
    target, options = SEARCHES[name]
    ticket = folder / f"{name}.safetensors"
    run = subprocess.run(
        [executable, "prune", f"Targets/fashion-{target}.onnx", "--seed", "11", *options]
        + ["--force", "-o", str(ticket)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if run.returncode not in (0, 1, 3):
        sys.exit(f"{executable}, {name}: exit code {run.returncode}: {run.stderr.strip()}")
    return ticket.read_bytes()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", help="the executable whose tickets are right")
    parser.add_argument("after", nargs="?", help="the executable to compare; without it, only draw")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("out/tickets"))
    parser.add_argument("--only", help="searches whose name contains this text")
    options = parser.parse_args()
    folders = {side: options.folder / side for side in ("before", "after")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in SEARCHES if not options.only or options.only in name]
    different = []
    for name in names:
        known = folders["before"] / f"{name}.safetensors"
        expected = known.read_bytes() if known.exists() else draw(options.before, name, folders["before"])
        if options.after is None:
            continue
        if draw(options.after, name, folders["after"]) != expected:
            different.append(name)
            print(f"{name}: different")
    if options.after is not None:
        print(f"{len(names) - len(different)} of {len(names)} tickets are equal")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
