"""Tombola beside ONNX Runtime, OpenVINO and NumPy on one machine, in one run, taking turns.

Convolutions with ReLU (the demo's with 2x2 max pooling too) in float32. Every side has its weights
packed beforehand and its output memory at hand; images come and go as NHWC here, as NCHW there.
Both rivals compute many layers in blocked layouts of their own and reorder images and results
within the timed run. A profile of runs after the rounds says which part of a run the nodes other
than reorders take, and a rival's second figure counts that part alone: what the layer would cost it
inside a network that stays in its layout. A ratio is a rival's seconds over ours in the same round:
above 1, Tombola is the faster one. """

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

for name in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "GOTO_"))]:
    del os.environ[name]

import numpy as np
import onnxruntime
import openvino
import threadpoolctl
from engines import KEYS, made_up, rivals, timed

PRODUCTS = [(n, n, n) for n in (64, 128, 256, 512, 1024, 2048)] + [(4096, 8, 512), (8, 4096, 512), (16384, 64, 144)]
PROBES = 101
# Seconds for threads of the side before to fall asleep: NumPy's OpenBLAS lets them spin for more
# than 0.1 s.
PAUSES = {"convolution": 0.05, "product": 0.2}


class Ours:
    """The bench executable, serving."""

    def __init__(self, executable):
        self.process = subprocess.Popen(
            [executable, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the bench executable stopped")
        return json.loads(line)

    def seconds(self, count):
        return self.ask({"run": count})["seconds"]


def layers(ours):
    """The bench executable's own table; the small layers of the demo's target with 2x2 max pooling
    too."""
    for layer in ours.ask({"table": True}):
        yield {**layer, "pooling": False}
        if layer["name"] == "demo target":
            yield {**layer, "pooling": True}


def interval(values):
    if len(values) < 2:
        return values[0], values[0]
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return quartiles[0], quartiles[2]


def compare(ours, operations, others, rounds, sample, pause):
    """Seconds a run of everybody, round by round."""
    sides = {"Tombola": ours.seconds, **others}
    repeats = {}
    for name, seconds in sides.items():
        seconds(1)
        repeats[name] = max(1, math.ceil(sample / max(1e-7, seconds(1))))
    slow = max(operations / 1e11, 0) > 0.5
    taken = {name: [] for name in sides}
    order = list(sides)
    for turn in range(min(rounds, 3) if slow else rounds):
        # Nobody is always first: what runs before leaves its traces in the caches.
        for name in order[turn % len(order):] + order[:turn % len(order)]:
            # Threads of the side before spin on cores that this one needs; the first run, which
            # wakes this side's own, does not count.
            time.sleep(pause)
            sides[name](1)
            taken[name].append(sides[name](repeats[name]) / repeats[name])
    return taken


def report(kind, shape, group, batch, threads, operations, seconds, errors, scratch, profiles=None):
    row = {
        "kind": kind, "group": group, "shape": shape, "batch": batch, "threads": threads,
        "scratch_bytes": scratch, "largest_relative_error": errors,
        "gflops": {name: operations / statistics.median(values) / 1e9 for name, values in seconds.items()}, "ratios": {},
        "layer_alone": {},
    }
    for name, values in seconds.items():
        if name != "Tombola":
            ratios = [theirs / ours for theirs, ours in zip(values, seconds["Tombola"])]
            row["ratios"][name] = [statistics.median(ratios), *interval(ratios)]
            if profile := (profiles or {}).get(name):
                alone = [ratio * profile.layer_share for ratio in ratios]
                row["layer_alone"][name] = {
                    "gflops": row["gflops"][name] / max(profile.layer_share, 1e-9), "reorder_share": profile.reorder_share,
                    "ratio": [statistics.median(alone), *interval(alone)]}
    rates = "  ".join(f"{name} {rate:7.1f}" for name, rate in row["gflops"].items())
    ratios = "  ".join(f"{name} {m:.2f} ({low:.2f}–{high:.2f})" for name, (m, low, high) in row["ratios"].items())
    alone = "  ".join(
        f"{name} {made['ratio'][0]:.2f}, reorders {100 * made['reorder_share']:.0f} %" for name, made in row["layer_alone"].items())
    agrees = all(error < 1e-3 for error in errors.values())
    print(f"{group:10} {shape:34} b{batch:<3} t{threads}  GFLOP/s {rates}  ratio {ratios}  {f'alone {alone}  ' if alone else ''}{'ok' if agrees else 'DISAGREES'}", flush=True)
    row["agrees"] = agrees
    return row


def convolution(ours, layer, batch, threads, options):
    size, inputs, outputs, window, stride, groups, pooling = (layer[key] for key in KEYS)
    prepared = ours.ask({"prepare": {**{key: layer[key] for key in KEYS}, "batch": batch, "threads": threads}})
    images = made_up((batch, size, size, inputs), 104_729).transpose(0, 3, 1, 2).copy()
    others, errors, profiles = {}, {}, {}
    for name, seconds, output, profile in rivals(layer, batch, threads, images, options.sample):
        others[name], profiles[name] = seconds, profile
        flat = output.transpose(0, 2, 3, 1).reshape(-1)
        assert flat.size == prepared["count"], (flat.size, prepared["count"])
        probes = flat[[i * (flat.size - 1) // (PROBES - 1) for i in range(PROBES)]]
        found = np.array(prepared["probes"], np.float32)
        errors[name] = float(np.abs(probes - found).max() / max(1e-6, np.abs(probes).max()))
    seconds = compare(ours, prepared["operations"], others, options.rounds, options.sample, PAUSES["convolution"])
    time.sleep(PAUSES["convolution"])
    profiles = {name: profile() for name, profile in profiles.items()}
    shape = f"{size}² × {inputs} → {outputs}, {window}×{window}" + (f" /{stride}" if stride > 1 else "")
    shape += (f", {groups} groups" if groups > 1 else "") + (", pooled" if pooling else "")
    return report("convolution", shape, layer["name"], batch, threads, prepared["operations"], seconds, errors,
                  prepared["scratch_bytes"], profiles)


def product(ours, size, threads, options):
    m, n, k = size
    prepared = ours.ask({"prepare": {"gemm": list(size), "threads": threads}})
    a, b = made_up((m, k), 7919), made_up((k, n), 104_729)
    c = a @ b
    probes = c.reshape(-1)[[i * (c.size - 1) // (PROBES - 1) for i in range(PROBES)]]
    error = float(np.abs(probes - np.array(prepared["probes"])).max() / max(1e-6, np.abs(probes).max()))
    with threadpoolctl.threadpool_limits(threads, "blas"):
        others = {"NumPy": timed(lambda: np.matmul(a, b, out=c))}
        seconds = compare(ours, prepared["operations"], others, options.rounds, options.sample, PAUSES["product"])
    return report("product", f"{m} × {n} × {k}", "gemm", 1, threads, prepared["operations"], seconds, {"NumPy": error}, 0)


def geometric(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def summary(rows):
    layers = [row for row in rows if row["kind"] == "convolution"]
    groups = {
        "resnet-50 and vgg-16, batch 64": [r for r in layers if r["group"] in ("resnet-50", "vgg-16") and r["batch"] == 64],
        "1×1 layers": [r for r in layers if "1×1" in r["shape"]],
        "the demo target's layers": [r for r in layers if r["group"] == "demo target"],
        "the demo target's layers, pooled": [r for r in layers if "pooled" in r["shape"]],
        "the demo's kept layers": [r for r in layers if r["group"] == "demo kept"],
        "all layers": layers,
        "products": [r for r in rows if r["kind"] == "product"],
    }
    made = []
    for name, members in groups.items():
        for rival in sorted({rival for row in members for rival in row["ratios"]}):
            for threads in sorted({row["threads"] for row in members}):
                ratios = [r["ratios"][rival][0] for r in members if r["threads"] == threads]
                alone = [r["layer_alone"][rival]["ratio"][0] for r in members if r["threads"] == threads and r["layer_alone"]]
                made.append({"group": name, "rival": rival, "threads": threads, "rows": len(ratios),
                             "geometric_mean": geometric(ratios), "least": min(ratios),
                             "layer_alone": geometric(alone), "least_alone": min(alone, default=None)})
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default="bench/.build/release/Bench")
    parser.add_argument("--only", help="groups whose name contains this: resnet-50, vgg-16, lenet-5, demo, depthwise, gemm")
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 64])
    parser.add_argument("--threads", type=int, nargs="*", default=sorted({1, len(os.sched_getaffinity(0))}))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sample", type=float, default=0.03, help="least seconds of a sample")
    parser.add_argument("-o", "--output", default="out/peers.json")
    options = parser.parse_args()
    rows = []

    def save():
        os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
        with open(options.output + ".partial", "w") as file:
            json.dump({
                "versions": {"onnxruntime": onnxruntime.__version__, "openvino": openvino.__version__, "numpy": np.__version__},
                "note": "ratio: a rival's seconds over Tombola's, paired by round: median, quartiles. Weights packed and outputs "
                        "allocated beforehand on all sides; images and results are NHWC here and NCHW there. Within the timed run "
                        "both rivals reorder them to and from blocked layouts where they compute in those; alone: the part of a "
                        "rival's run that its nodes other than reorders take in a profile, what the layer costs inside a network "
                        "that stays in its layout.",
                "rows": rows, "summary": summary(rows)}, file, indent=1, ensure_ascii=False)
        os.replace(options.output + ".partial", options.output)

    ours = Ours(options.executable)
    table = list(layers(ours))
    for threads in options.threads:
        for batch in options.batch:
            for layer in table:
                if not options.only or options.only in layer["name"]:
                    rows.append(convolution(ours, layer, batch, threads, options))
                    save()
        for size in PRODUCTS:
            if not options.only or options.only in "gemm":
                rows.append(product(ours, size, threads, options))
                save()
    print()
    for line in summary(rows):
        print(f"{line['group']:32} beside {line['rival']:13} threads {line['threads']}: geometric mean {line['geometric_mean']:.2f} × "
              f"of {line['rows']}, least {line['least']:.2f}"
              + (f"; layer alone {line['layer_alone']:.2f}, least {line['least_alone']:.2f}" if line["layer_alone"] else ""))
    print(f"written to {options.output}")
    if not all(row["agrees"] for row in rows):
        sys.exit(1)


main()
