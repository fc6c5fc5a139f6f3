#!/usr/bin/env python3
"""Runs the commands that README.md shows with their output, and compares the two.

A block that starts with `$ ` is a transcript: each `$ command` with what it prints. Times, rates and memory differ from run to
run and are compared as `#`, and so is the error that gradient ascent meets, which depends on the CPU; everything else must be the same,
accuracies and errors to the last digit.
"""
import os
import pathlib
import re
import subprocess
import sys

VARIABLE = [
    (re.compile(r"^(  error met +)[0-9.e+-]+( +on a logit)"), r"\1#\2"),
    (re.compile(r"^(  seconds +)[0-9.]+( +peak memory )[0-9 ]+ MiB$"), r"\1#\2# MiB"),
    (re.compile(r"^(  seconds +)[0-9.]+( +[0-9]+ units of work)$"), r"\1#\2"),
    (re.compile(r"  [0-9.]+ ms(?=  )"), "  # ms"),
    (re.compile(r"^(  seconds +)[0-9.]+( +)[0-9.e+]+( trials a second)$"), r"\1#\2#\3"),
]


def masked(text):
    """Lines of a transcript with what may vary replaced; spaces that fill columns up to the next are one."""
    lines = []
    for line in text.rstrip("\n").split("\n"):
        for pattern, replacement in VARIABLE:
            line = pattern.sub(replacement, line)
        lines.append(re.sub(r" {2,}", "  ", line.rstrip()))
    return lines


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    blocks = re.findall(r"^```\n(\$ .*?)^```$", (root / "README.md").read_text(), re.M | re.S)
    if not blocks:
        sys.exit("README.md: expected a transcript that starts with '$ ', found none")
    # A make inside a make would name its folder.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for block in blocks:
        for command, _, expected in (part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.M)[1:]):
            run = subprocess.run(command, shell=True, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
            if run.returncode != 0:
                sys.exit(f"{command}: exit code {run.returncode}")
            shown, printed = masked(expected), masked(run.stdout)
            # What building prints before the first shown line is not part of the transcript.
            if shown and shown[0] in printed:
                printed = printed[printed.index(shown[0]):]
            for number, (left, right) in enumerate(zip(shown, printed), 1):
                if left != right:
                    sys.exit(f"{command}: line {number} of the transcript: README shows\n  {left}\nbut it prints\n  {right}")
            if len(shown) != len(printed):
                sys.exit(f"{command}: README shows {len(shown)} lines, it prints {len(printed)}")
            print(f"README.md: $ {command}: as shown")


if __name__ == "__main__":
    main()
