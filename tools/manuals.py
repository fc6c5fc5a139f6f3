#!/usr/bin/env python3
"""Writes the manual pages and completions under share/ from what the command says of itself.

Pages are made by swift-argument-parser's generate-manual, one a command (`man tombola.prune`),
dated by CITATION.cff; completions by the command's --generate-completion-script. share/ has them at
the places where systems look below a prefix. tools/manuals.sha256 keeps the digest of the command's
description, from which the pages were made, and those of all files: a test of the suite compares
them, so that a changed option without new pages fails.

usage: manuals.py --executable TOMBOLA --generator GENERATE_MANUAL
"""

import argparse
import hashlib
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARE = ROOT / "share"
COMPLETIONS = {
    "bash": "bash-completion/completions/tombola",
    "zsh": "zsh/site-functions/_tombola",
    "fish": "fish/vendor_completions.d/tombola.fish",
}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executable", required=True)
    parser.add_argument("--generator", required=True)
    options = parser.parse_args()
    date = re.search(r"^date-released: *\"?([0-9-]+)", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1]
    pages = SHARE / "man/man1"
    pages.mkdir(parents=True, exist_ok=True)
    for old in pages.glob("tombola*.1"):
        old.unlink()
    description = output(options.executable, "--experimental-dump-help")
    with tempfile.TemporaryDirectory() as folder:
        # generate-manual drops what is not ASCII: it gets words in its place, which become troff's
        # names of the characters.
        shown = pathlib.Path(folder) / "shown"
        shown.write_text(re.sub(r"[^\x00-\x7f]", lambda c: f"zqU{ord(c[0]):04X}qz", description.decode()))
        tool = pathlib.Path(folder) / "tombola"
        tool.write_text(f"#!/bin/sh\nexec cat '{shown}'\n")
        tool.chmod(0o755)
        output(options.generator, str(tool), "--multi-page", "--date", date, "--output-directory", folder)
        made = sorted(pathlib.Path(folder).glob("*.1"))
        for page in made:
            text = re.sub(r"zqU([0-9A-F]{4,5})qz", r"\\[u\1]", page.read_text(encoding="ascii"))
            (pages / page.name).write_text(text)
    for shell, place in COMPLETIONS.items():
        path = SHARE / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(output(options.executable, "--generate-completion-script", shell))
    lines = [f"{hashlib.sha256(description).hexdigest()}  tombola --experimental-dump-help"]
    for path in sorted(path for path in SHARE.rglob("*") if path.is_file()):
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}")
    (ROOT / "tools/manuals.sha256").write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} files under share/, {len(made)} of them manual pages")


if __name__ == "__main__":
    main()
