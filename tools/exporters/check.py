"""Reads every model of a folder with tombola and compares outputs with ONNX Runtime's.

Prints, per exporter, how many were read, refused or read wrongly, and the reasons of refusals.
Exits with 1 where a number is wrong or an exporter's share is below its target.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

# Of the largest output.
TOLERANCE = 1e-5
# Shares of each exporter's models that must be read.
TARGETS = {"pytorch": 0.9, "pytorch-dynamo": 0.9, "keras": 0.9, "tf2onnx": 0.9, "jax2onnx": 0.8}


def expected(path, x):
    """ONNX Runtime's first output, or the one that holds scores."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: x})
    names = [output.name for output in session.get_outputs()]
    for name, value in zip(names, outputs):
        if "prob" in name and isinstance(value, numpy.ndarray):
            return value, name
        if "prob" in name:
            return numpy.array([[row[key] for key in sorted(row)] for row in value]), name
    return outputs[0], names[0]


def headed(scores, notes):
    """Our scores behind the head that a note says was left out."""
    text = " ".join(notes)
    axis = 1 if scores.ndim > 1 else 0
    if "ArgMax at the end" in text:
        return scores.argmax(axis)
    if "LogSoftmax at the end" in text:
        shifted = scores - scores.max(axis, keepdims=True)
        return shifted - numpy.log(numpy.exp(shifted).sum(axis, keepdims=True))
    if "Softmax at the end" in text:
        powers = numpy.exp(scores - scores.max(axis, keepdims=True))
        return powers / powers.sum(axis, keepdims=True)
    if "Sigmoid at the end" in text:
        return 1 / (1 + numpy.exp(-scores))
    return scores


def verdict(executable, path):
    """One of read, refused, wrong, and why."""
    archive = path.with_suffix(".npz")
    try:
        wanted, name = expected(path, numpy.load(archive)["x"])
    except Exception as error:  # noqa: BLE001 (a model that ONNX Runtime does not run is no oracle)
        return "skipped", str(error).split("\n")[0][:150]
    with tempfile.TemporaryDirectory() as folder:
        output = folder + "/y.npz"
        command = [executable, "run", str(path), "--data", str(archive), "-o", output, "--json", "--threads", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 2:
            return "refused", done.stderr.strip().split(".onnx: ")[-1][:300]
        if done.returncode != 0:
            return "wrong", f"exit code {done.returncode}: {done.stderr.strip()[:200]}"
        found = headed(numpy.load(output)["y"], json.loads(done.stdout)["notes"])
    if found.size != wanted.size:
        return "wrong", f"{found.shape} for {wanted.shape}"
    if found.shape != wanted.shape and found.ndim == 4 and wanted.ndim == 4:
        found = found.transpose(0, 2, 3, 1)
    error = abs(found.reshape(-1) - wanted.reshape(-1)).max() / max(1e-30, abs(wanted).max())
    return ("read", "") if error <= TOLERANCE else ("wrong", f"{error:.2g} of the largest output")


def main():
    """All folders in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--reasons", type=int, default=6, help="reasons of refusals to print for each exporter")
    options = parser.parse_args()
    isFine = True
    for exporter in sorted(path for path in options.folder.iterdir() if path.is_dir()):
        paths = sorted(exporter.glob("*.onnx"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            verdicts = list(pool.map(lambda path: verdict(options.executable, path), paths))
        counts = collections.Counter(kind for kind, _ in verdicts)
        total = sum(counts.values()) - counts["skipped"]
        if total == 0:
            continue
        share = counts["read"] / total
        target = TARGETS.get(exporter.name, 0)
        isFine = isFine and counts["wrong"] == 0 and share >= target
        print(
            f"{exporter.name:20} {counts['read']:4} read {counts['refused']:4} refused {counts['wrong']:4} wrong "
            f"of {total:4} ({100 * share:.1f} %"
            + (f", target {100 * target:.0f} %" if target else "") + ")"
            + (f"; {counts['skipped']} that ONNX Runtime does not run" if counts["skipped"] else ""))
        reasons = collections.defaultdict(list)
        for path, (kind, reason) in zip(paths, verdicts):
            if kind in ("refused", "wrong"):
                reasons[kind, reason].append(path.stem)
        for (kind, reason), names in sorted(reasons.items(), key=lambda item: -len(item[1]))[:options.reasons]:
            print(f"    {kind} {len(names)}: {', '.join(names[:4])}: {reason}")
    sys.exit(0 if isFine else 1)


main()
