"""Tickets drawn by `tombola prune` and classified by ONNX Runtime, with a cache.

Each ticket is drawn without images to measure on and exported collapsed (the kernels that the kept
filters sum to, the same function as the pruned network); ONNX Runtime classifies Fashion-MNIST's
test images with it, or the last 10 000 training images, of which a search reads none. Results go
line by line into a cache, so a run can be stopped and gone on with; a changed program measures
anew.
"""

import concurrent.futures
import gzip
import hashlib
import json
import math
import os
import statistics
import subprocess
import tempfile
import threading
import time

import numpy as np
import onnxruntime

FOLDER = "/usr/share/datasets/fashion-mnist/"
# Name: files, and the first of the 10 000 images.
SETS = {"test": ("t10k", 0), "held-out": ("train", 50_000)}


def idx(name, offset):
    path = FOLDER + name
    if os.path.exists(path):
        with open(path, "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)
    with gzip.open(path + ".gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


class Images:
    """10 000 images in [-1, 1] with their labels."""

    def __init__(self, part):
        name, first = SETS[part]
        pixels = idx(f"{name}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[first:first + 10_000]
        self.x = (pixels.astype(np.float64) * (1 / 127.5) - 1).astype(np.float32)
        self.y = idx(f"{name}-labels-idx1-ubyte", 8)[first:first + 10_000]

    def accuracy(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        logits = [session.run(None, {name: self.x[k:k + 250]})[0].reshape(-1, 10)
                  for k in range(0, len(self.x), 250)]
        return float((np.concatenate(logits).argmax(1) == self.y).mean())


def add_arguments(parser):
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--targets", nargs="*",
                        default=["fashion-cnn", "fashion-lenet", "fashion-resnet"])
    parser.add_argument("--seeds", nargs="*", help="numbers, and ranges as 1001-1020")
    parser.add_argument("--images", choices=list(SETS),
                        help="held-out: the last 10 000 training images")
    parser.add_argument("--threads", type=int, help="of each search")
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time")
    parser.add_argument("--cache", default="out/widths.jsonl")


def seeds(words):
    """[1, 5, 6, 7] for ["1", "5-7"]."""
    ends = [word.partition("-")[::2] for word in words]
    return [seed for first, last in ends for seed in range(int(first), int(last or first) + 1)]


def median_interval(values):
    """Two values that enclose the median of their distribution with 95 % confidence or more, by
    ranks (the sign test); None where there are fewer than six, which is too few."""
    ordered, n = sorted(values), len(values)
    if n < 6:
        return None
    rank = 0
    while sum(math.comb(n, k) for k in range(rank + 2)) <= 0.025 * 2 ** n:
        rank += 1
    return ordered[rank], ordered[n - 1 - rank]


def spread(values, digits=2):
    """Median (least to most)."""
    return (f"{statistics.median(values):.{digits}f}"
            f" ({min(values):.{digits}f} to {max(values):.{digits}f})")


class Tickets:
    """What tickets keep, with all figures that prune prints; drawn where the cache has none."""

    def __init__(self, options):
        self.options, self.images = options, Images(options.images)
        with open(options.executable, "rb") as file:
            self.build = hashlib.sha256(file.read()).hexdigest()[:16]
        self.known, self.lock, self.whole = {}, threading.Lock(), {}
        os.makedirs(os.path.dirname(options.cache) or ".", exist_ok=True)
        if os.path.exists(options.cache):
            with open(options.cache) as file:
                for line in file:
                    if line.endswith("}\n"):
                        row = json.loads(line)
                        self.known[tuple(row["key"])] = row

    def path(self, target):
        return target if os.path.exists(target) else f"Targets/{target}.onnx"

    def rows(self, target, mode, width, seeds, extra):
        """A row a seed: `lost` (points of 100), `kept`, `bits`, `error`, `seconds`, `figures`."""
        if target not in self.whole:
            self.whole[target] = self.images.accuracy(self.path(target))
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            made = list(pool.map(lambda seed: self.row(target, mode, width, seed, extra), seeds))
        lost = lambda row: round(100 * (self.whole[target] - row["accuracy"]), 6)
        return [{**row, "lost": lost(row)} for row in made]

    def row(self, target, mode, width, seed, extra):
        key = (self.build, target, mode, width, seed, " ".join(extra), self.options.images)
        if key not in self.known:
            row = {"key": key, **self.draw(target, mode, width, seed, extra)}
            with self.lock, open(self.options.cache, "a") as file:
                file.write(json.dumps(row) + "\n")
            self.known[key] = row
        return self.known[key]

    def draw(self, target, mode, width, seed, extra):
        executable = self.options.executable
        with tempfile.TemporaryDirectory() as folder:
            ticket, network = (os.path.join(folder, name) for name in ["t.safetensors", "n.onnx"])
            command = [executable, "prune", self.path(target), "--width", str(width),
                       "--seed", str(seed), "--mode", mode, "-o", ticket, "--json",
                       "--blas-core", "best"]
            command += [word for option in extra for word in ("--" + option).split("=", 1)]
            if mode == "calibrated":
                command += ["--calibration", "fashion-mnist"]
            if self.options.threads:
                command += ["--threads", str(self.options.threads)]
            start = time.perf_counter()
            run = subprocess.run(command, capture_output=True, text=True)
            # 3: a solver came to the end of its work, and its ticket is written all the same.
            if run.returncode not in (0, 3):
                raise SystemExit(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
            seconds = time.perf_counter() - start
            subprocess.run([executable, "export", ticket, "--collapsed", "-o", network],
                           check=True, capture_output=True)
            figures = json.loads(run.stdout)
            return {"accuracy": self.images.accuracy(network), "kept": figures["kept_filters"],
                    "bits": figures["bits_per_weight"], "error": figures["max_weight_error"],
                    "seconds": seconds, "figures": figures}
