#!/usr/bin/env python3
"""Accuracy of tickets by width and mode: medians over seeds, measured by ONNX Runtime on exported networks.

Each ticket is drawn by `tombola prune` without images to measure on, and exported collapsed (the kernels that the kept filters sum
to, the same function as the pruned network); ONNX Runtime classifies Fashion-MNIST's test images with it. Results go line by line
into a cache, so a run can be stopped and gone on with; a changed program measures anew.
"""

import argparse
import gzip
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime

FOLDER = "/usr/share/datasets/fashion-mnist/"


def idx(name, offset):
    path = FOLDER + name
    if os.path.exists(path):
        with open(path, "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)
    with gzip.open(path + ".gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


class Images:
    def __init__(self):
        pixels = idx("t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
        self.x = (pixels.astype(np.float64) * (1 / 127.5) - 1).astype(np.float32)
        self.y = idx("t10k-labels-idx1-ubyte", 8)

    def accuracy(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        logits = [session.run(None, {name: self.x[k:k + 250]})[0].reshape(-1, 10) for k in range(0, len(self.x), 250)]
        return float((np.concatenate(logits).argmax(1) == self.y).mean())


def draw(options, images, target, width, seed, mode, extra):
    with tempfile.TemporaryDirectory() as folder:
        ticket, network = os.path.join(folder, "t.safetensors"), os.path.join(folder, "n.onnx")
        command = [options.executable, "prune", target, "--width", str(width), "--seed", str(seed), "--mode", mode,
                   "-o", ticket, "--json", "--blas-core", "best", *extra]
        if mode == "calibrated":
            command += ["--calibration", "fashion-mnist"]
        if options.threads:
            command += ["--threads", str(options.threads)]
        start = time.perf_counter()
        run = subprocess.run(command, capture_output=True, text=True)
        # 3: a solver came to the end of its work, and its ticket is written all the same.
        if run.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
        made = json.loads(run.stdout)
        seconds = time.perf_counter() - start
        subprocess.run([options.executable, "export", ticket, "--collapsed", "-o", network], check=True, capture_output=True)
        return {"accuracy": images.accuracy(network), "kept": made["kept_filters"], "bits": made["bits_per_weight"],
                "error": made["max_weight_error"], "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--targets", nargs="*", default=["fashion-cnn", "fashion-lenet", "fashion-resnet"])
    parser.add_argument("--widths", nargs="*", type=int, default=[1000, 2000, 8000, 32000])
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--modes", nargs="*", default=["calibrated", "weights"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--options", nargs="*", default=[], help="more options of prune, as one=value")
    parser.add_argument("--cache", default="out/widths.jsonl")
    options = parser.parse_args()
    with open(options.executable, "rb") as file:
        build = hashlib.sha256(file.read()).hexdigest()[:16]
    extra = [part for option in options.options for part in ("--" + option).split("=", 1)]
    images, known = Images(), {}
    os.makedirs(os.path.dirname(options.cache) or ".", exist_ok=True)
    if os.path.exists(options.cache):
        with open(options.cache) as file:
            for line in file:
                if line.endswith("}\n"):
                    row = json.loads(line)
                    known[tuple(row["key"])] = row
    print(f"{'target':15} {'mode':10} {'width':>6} {'lost, points: median (least to most)':>37} {'kept':>7} {'bits/weight':>11} {'seconds':>8}")
    for target in options.targets:
        path = target if os.path.exists(target) else f"Targets/{target}.onnx"
        whole = images.accuracy(path)
        for mode in options.modes:
            for width in options.widths:
                rows = []
                for seed in options.seeds:
                    key = (build, target, mode, width, seed, " ".join(extra))
                    if key not in known:
                        known[key] = {"key": key, **draw(options, images, path, width, seed, mode, extra)}
                        with open(options.cache, "a") as file:
                            file.write(json.dumps(known[key]) + "\n")
                    rows.append(known[key])
                lost = sorted(100 * (whole - row["accuracy"]) for row in rows)
                middle = lambda name: statistics.median(row[name] for row in rows)
                print(f"{target:15} {mode:10} {width:6} {statistics.median(lost):21.2f} ({lost[0]:.2f} to {lost[-1]:.2f})"
                      f" {middle('kept'):7.0f} {middle('bits'):11.1f} {middle('seconds'):8.1f}", flush=True)


if __name__ == "__main__":
    main()
