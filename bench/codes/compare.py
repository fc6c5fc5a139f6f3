#!/usr/bin/env python3
"""Tickets beside ways to store the trained network itself, each in a file of the same size: points
of accuracy lost on Fashion-MNIST's 10 000 test images.

The rivals are in `rivals.py`. Each file is written, read again, decoded and compared with what was
encoded, bit for bit, and what was decoded is classified by ONNX Runtime. Calibrated rivals see the
same images as tickets, the first 400 training images (set 0); further sets are the next 400 each,
for the spread. A ticket is drawn by `tombola prune` as wide as the size of its packed file without
claims allows, or by `prune --bits`, and read again from that file. All files count everything that
they hold.

Results go line by line into a cache, so a run can be stopped and gone on with; changed programs
measure anew. Prints a row a code, medians (least to most) in points, and with -o writes all as
JSON.
"""

import argparse
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tickets"))

import drawing  # noqa: E402
import files  # noqa: E402
import rivals  # noqa: E402
from networks import Network  # noqa: E402

SET = 400
# Of a ticket's file: what may be missing to the size asked for, and about what no filter adds to.
TOLERANCE, HEAD = 0.03, 130
SOURCES = ["bits", "feedback", "files", "networks", "quantisers", "rivals"]
TICKETS = ["mode=calibrated metric=logits solver=greedy", "bits width=131072 mode=calibrated"]
TARGETS = ["fashion-cnn", "fashion-lenet", "fashion-resnet", "fashion-resnet-wide"]


def calibration_images(number):
    pixels = drawing.idx("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    pixels = pixels[SET * number:SET * (number + 1)]
    return (pixels.astype(np.float64) * (1 / 127.5) - 1).astype(np.float32)


def digest(*paths):
    made = hashlib.sha256()
    for path in paths:
        made.update(pathlib.Path(path).read_bytes())
    return made.hexdigest()[:16]


class Bench:
    """Rows of figures, measured where the cache has none."""

    def __init__(self, options):
        self.options, self.images = options, drawing.Images("test")
        self.sources = digest(*(HERE / f"{name}.py" for name in SOURCES))
        self.known, self.networks, self.calibrations, self.whole = {}, {}, {}, {}
        self.folder = pathlib.Path(options.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cache = self.folder / "results.jsonl"
        if self.cache.exists():
            for line in self.cache.read_text().splitlines(keepends=True):
                if line.endswith("}\n"):
                    row = json.loads(line)
                    self.known[tuple(row["key"])] = row

    def row(self, key, make):
        if key not in self.known:
            row = {"key": key, **make()}
            with open(self.cache, "a") as file:
                file.write(json.dumps(row) + "\n")
            self.known[key] = row
        return self.known[key]

    def network(self, target):
        if target not in self.networks:
            self.networks[target] = Network.load(f"Targets/{target}.onnx")
            self.whole[target] = self.networks[target].accuracy(self.images.x, self.images.y)
        return self.networks[target]

    def calibration(self, target, number):
        if self.calibrations.get("of") != (target, number):
            made = rivals.Calibration(self.network(target), calibration_images(number))
            self.calibrations = {"of": (target, number), "made": made}
        return self.calibrations["made"]

    def allowed(self, target, bits):
        return int(bits * self.network(target).count / 8)

    def figures(self, target, size, accuracy):
        self.network(target)
        return {"bytes": size, "bits": 8 * size / self.network(target).count, "accuracy": accuracy,
                "lost": round(100 * (self.whole[target] - accuracy), 6)}

    # --- Rivals

    def rival(self, target, rival, bits, number):
        """A row of a rival; `number` is the set of images, or k-means' seed less 1."""
        key = (self.sources, digest(f"Targets/{target}.onnx"), rival.name, bits, number)
        return self.row(key, lambda: self.coded(target, rival, bits, number))

    def coded(self, target, rival, bits, number):
        network = self.network(target)
        calibration = self.calibration(target, number) if rival.calibrated else None
        made = rival.file(network, self.allowed(target, bits), calibration, number + 1)
        if made is None:
            return {"bytes": None, "lost": None}
        path = self.folder / f"{target}-{rival.name.replace(' ', '')}-{bits:g}-{number}.coded"
        path.write_bytes(made[0])
        again = files.decode(path.read_bytes())
        if not files.same_bits(again, made[1]) or path.stat().st_size > self.allowed(target, bits):
            raise SystemExit(f"{path}: what was decoded is not what was encoded")
        return self.figures(target, path.stat().st_size, again.accuracy(self.images.x, self.images.y))

    # --- Tickets

    def ticket(self, target, options, bits, seed, guess):
        key = (digest(self.options.executable), digest(f"Targets/{target}.onnx"), options, bits, seed)
        return self.row(key, lambda: self.drawn(target, options.split(), bits, seed, guess))

    def drawn(self, target, words, bits, seed, guess):
        """A ticket whose file fits and is at most TOLERANCE smaller, or the largest of five that
        fits: sizes grow with the width, but each width has filters of its own."""
        allowed, best, tried = self.allowed(target, bits), None, {}
        if "bits" in words:
            width = next(int(word.split("=")[1]) for word in words if word.startswith("width="))
            words = [f"bits={bits:g}" if word == "bits" else word for word in words if word != f"width={width}"]
            size, accuracy = self.draw(target, words, width, seed)
            if size > allowed:
                raise SystemExit(f"{target}, {words}: expected at most {allowed} bytes, found {size}")
            return {"width": width, **self.figures(target, size, accuracy)}
        width = guess or max(1, round(140 * bits))
        for _ in range(5):
            size, accuracy = tried[width] = self.draw(target, words, width, seed)
            if size <= allowed and (best is None or size > best["bytes"]):
                best = {"width": width, **self.figures(target, size, accuracy)}
            if best and best["bytes"] >= (1 - TOLERANCE) * allowed:
                break
            aim = (1 - TOLERANCE / 2) * allowed
            width = max(1, round(width * (aim - HEAD) / (size - HEAD)))
            while width in tried:
                width += 1 if size <= allowed else -1
        return best or {"bytes": None, "lost": None, "width": None}

    def draw(self, target, words, width, seed):
        """Size of the packed file without claims, and the accuracy of what it unpacks to."""
        executable = self.options.executable
        with tempfile.TemporaryDirectory() as folder:
            path = lambda name: os.path.join(folder, name)
            coded = any(word.startswith("bits=") for word in words)
            command = [executable, "prune", f"Targets/{target}.onnx", "--width", str(width), "--seed", str(seed),
                       "-o", path("t.tombola" if coded else "t.safetensors"), "--blas-core", "best"]
            command += [part for word in words for part in ("--" + word).split("=", 1)]
            if "mode=calibrated" in words:
                command += ["--calibration", "fashion-mnist"]
            run = subprocess.run(command, capture_output=True, text=True)
            # 3: a solver came to the end of its work, and its ticket is written all the same.
            if run.returncode not in (0, 3):
                raise SystemExit(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
            steps = [["export", path("t.tombola"), "--collapsed", "-o", path("n.onnx")]]
            if not coded:
                steps.insert(0, ["pack", path("t.safetensors"), "--without-claims", "-o", path("t.tombola")])
            for command in steps:
                subprocess.run([executable, *command], check=True, capture_output=True)
            return os.path.getsize(path("t.tombola")), self.images.accuracy(path("n.onnx"))


def spread(rows, digits=2):
    values = [row["lost"] for row in rows if row["lost"] is not None]
    if len(values) < len(rows):
        return "none fits"
    text = f"{statistics.median(values):.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):.{digits}f} to {max(values):.{digits}f})"
    return text


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--targets", nargs="*", default=TARGETS)
    parser.add_argument("--bits", nargs="*", type=float, default=[2, 3, 4], help="bits a weight of whole files")
    parser.add_argument("--rivals", nargs="*", default=[rival.name for rival in rivals.RIVALS])
    parser.add_argument("--sets", type=int, default=3, help="sets of 400 images, or seeds of k-means")
    parser.add_argument("--tickets", nargs="*", default=TICKETS,
                        help="options of tombola prune, as one=value, a word a row of tickets; with \"bits\" "
                        "among them and a width the search is for a file of the size")
    parser.add_argument("--ticket-targets", nargs="*", default=TARGETS[:3])
    parser.add_argument("--seeds", type=int, nargs="*", default=[2001, 2002, 2003], help="of tickets")
    parser.add_argument("--folder", default="out/codes", help="where files and the cache go")
    parser.add_argument("-o", "--output", help="JSON file for all rows")
    options = parser.parse_args()
    unknown = set(options.rivals) - {rival.name for rival in rivals.RIVALS}
    if unknown:
        parser.error(f"--rivals: expected some of {[rival.name for rival in rivals.RIVALS]}, found {sorted(unknown)}")
    bench, figures = Bench(options), []
    for target in options.targets:
        bench.network(target)
        print(f"\n{target}: {bench.network(target).count} weights, {100 * bench.whole[target]:.2f} %", flush=True)
        print("| code | " + " | ".join(f"{bits:g} bits" for bits in options.bits) + " |")
        print("|---|" + "---|" * len(options.bits))

        def show(name, rows_by_bits):
            cells = []
            for bits, rows in rows_by_bits:
                figures.extend({"target": target, "code": name, "bits_allowed": bits, **row} for row in rows)
                cells.append(spread(rows))
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)

        for rival in rivals.RIVALS:
            if rival.name in options.rivals:
                numbers = range(options.sets) if rival.calibrated or rival.method == "codebook" else [0]
                rows = {bits: [] for bits in options.bits}
                for number in numbers:  # a set's features are kept for all sizes
                    for bits in options.bits:
                        rows[bits].append(bench.rival(target, rival, bits, number))
                show(rival.name, rows.items())
        for words in options.tickets if target in options.ticket_targets else []:
            rows = []
            for bits in options.bits:
                drawn, guess = [], None
                for seed in options.seeds:
                    drawn.append(bench.ticket(target, words, bits, seed, guess))
                    guess = drawn[-1]["width"]
                rows.append((bits, drawn))
            show(f"ticket, {words}", rows)
    if options.output:
        with open(options.output, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
