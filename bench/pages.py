"""Pages of text with a chart beside them, as bench/results holds them: what the reports share."""
import json
import os
import re
import shutil


def read(path):
    with open(path) as file:
        return json.load(file)


def name(machine, suffix=""):
    """A page's name: the date and the CPU of a run, its letters and digits alone."""
    plain = re.sub(r"\((r|tm|c)\)", " ", machine["cpu"].lower())
    return f"{machine['date'][:10]}-{'-'.join(re.findall('[a-z0-9]+', plain))}{suffix}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value, form):
    return "–" if value is None else format(value, form)


def write(folder, name, lines, chart):
    """Writes the lines as a page of that name, with a copy of the chart beside it."""
    os.makedirs(folder, exist_ok=True)
    page = os.path.join(folder, name)
    shutil.copyfile(chart, page + ".svg")
    with open(page + ".md", "w") as file:
        file.write("\n".join(lines) + "\n")
    print(f"written to {page}.md and {page}.svg")
