#!/usr/bin/env python3
"""Checks what a stranger reads: README, the pages under docs, ARCHITECTURE and the rooms' pages.

Transcripts: a block of README or docs that starts with `$ ` shows commands with what they print.
All are run, README's first, and compared. A command that ends with a backslash goes on in the next
line. Times, rates and memory differ from run to run and are compared as `#`, and so is the error
that gradient ascent meets, which depends on the CPU; everything else must be the same, accuracies
and errors to the last digit.

Form, with --form nothing else: README has at most 130 lines; lines have at most 100 columns, but
for rows of tables and what a command prints, which cannot be wrapped; links within the repository
lead to files that exist.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_COLUMNS = 100
MOST_README_LINES = 130

VARIABLE = [
    (re.compile(r"^(  error met +)[0-9.e+-]+( +on a logit)"), r"\1#\2"),
    (re.compile(r"^(  seconds +)[0-9.]+( +peak memory )[0-9 ]+ MiB$"), r"\1#\2# MiB"),
    (re.compile(r"^(  seconds +)[0-9.]+( +[0-9]+ units of work)$"), r"\1#\2"),
    (re.compile(r"  [0-9.]+ ms(?=  )"), "  # ms"),
    (re.compile(r"^(  seconds +)[0-9.]+( +)[0-9.e+]+( trials a second)$"), r"\1#\2#\3"),
]


def pages_with_transcripts():
    """README first, since other pages use the files that its commands make."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def all_pages():
    others = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
    return pages_with_transcripts() + others + sorted(ROOT.glob("Sources/*/README.md"))


def faults_of_form(page):
    """What is wrong with a page's lines and links, as texts that name the place."""
    name, faults, block, shows_output = page.relative_to(ROOT), [], None, False
    lines = page.read_text().splitlines()
    if page == ROOT / "README.md" and len(lines) > MOST_README_LINES:
        faults.append(f"{name}: expected at most {MOST_README_LINES} lines, found {len(lines)}")
    for number, line in enumerate(lines, 1):
        is_fence = line.lstrip().startswith("```")
        if is_fence:
            block, shows_output = (None if block is not None else number), False
        if block is not None and not is_fence:
            # Output starts behind the first command, and a command may go on over lines.
            is_command = line.startswith("$ ") or goes_on
            if line.startswith("$ "):
                shows_output = True
            goes_on = is_command and line.endswith("\\")
            is_output = shows_output and not is_command
        else:
            goes_on = is_output = False
        is_row = block is None and line.lstrip().startswith("|")
        if len(line) > MOST_COLUMNS and not is_output and not is_row:
            faults.append(f"{name}:{number}: expected at most {MOST_COLUMNS} columns, found {len(line)}")
    text = re.sub(r"^```.*?^```$", "", "\n".join(lines), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, heading = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            faults.append(f"{name}: expected a file behind the link {link}, found none")
        elif heading and heading not in headings(target):
            faults.append(f"{name}: expected a heading for the link {link}, found none")
    return faults


def headings(page):
    """The names by which links reach a page's headings: lower case, hyphens, no punctuation."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def masked(text):
    """Lines of a transcript without what may vary; spaces that fill columns count as two."""
    lines = []
    for line in text.rstrip("\n").split("\n"):
        for pattern, replacement in VARIABLE:
            line = pattern.sub(replacement, line)
        lines.append(re.sub(r" {2,}", "  ", line.rstrip()))
    return lines


def transcripts(page):
    """Each command of a page with the output that it shows."""
    for block in re.findall(r"^```\n(\$ .*?)^```$", page.read_text(), re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, output = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.S).groups()
            yield command, output


def check_transcript(name, command, expected, environment):
    run = subprocess.run(command, shell=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"{name}: $ {command}: exit code {run.returncode}")
    shown, printed = masked(expected), masked(run.stdout)
    # What building prints before the first shown line is not part of the transcript.
    if shown and shown[0] in printed:
        printed = printed[printed.index(shown[0]):]
    for number, (left, right) in enumerate(zip(shown, printed), 1):
        if left != right:
            sys.exit(f"{name}: $ {command}: line {number} of the transcript: it shows\n  {left}\n"
                     f"but the command prints\n  {right}")
    if len(shown) != len(printed):
        sys.exit(f"{name}: $ {command}: it shows {len(shown)} lines, the command prints {len(printed)}")
    print(f"{name}: $ {command}: as shown", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", action="store_true", help="check lines and links alone, run nothing")
    given = parser.parse_args()
    faults = [fault for page in all_pages() for fault in faults_of_form(page)]
    if faults:
        sys.exit("\n".join(faults))
    print(f"lines and links of {len(all_pages())} pages: as they should be", flush=True)
    if given.form:
        return
    # A make inside a make would name its folder.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for page in pages_with_transcripts():
        found = list(transcripts(page))
        if not found and page == ROOT / "README.md":
            sys.exit("README.md: expected a transcript that starts with '$ ', found none")
        for command, expected in found:
            check_transcript(page.relative_to(ROOT), command, expected, environment)


if __name__ == "__main__":
    main()
