"""Runs ONNX's own node tests of the operators that tombola reads.

Of the `onnx` package's backend tests every one is taken whose operators are all in the table of
`ONNXOperators.swift`. Inputs behind the first become constants, as they are in trained networks.
Each must give the outputs of the test, or be refused with its operator named, or the input or
tensor whose type or shape is not read.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-5
# Tests whose outputs stand in their source with four digits.
ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 1e-3}


def claimed():
    """Names of the operators in the table."""
    text = (ROOT / "Sources/ModelFiles/Networks/ONNXOperators.swift").read_text()
    return set(re.findall(r'^    "(\w+)": \{', text, re.MULTILINE))


def closed(model, values):
    """The model with all inputs but the first as constants."""
    given = list(model.graph.input)
    for value, array in list(zip(given, values))[1:]:
        model.graph.initializer.append(numpy_helper.from_array(array, value.name))
        model.graph.input.remove(value)
    for output in list(model.graph.output)[1:]:
        model.graph.output.remove(output)
    return model


def verdict(executable, case, scratch):
    """passed, refused, or wrong and what is wrong."""
    model = case.model
    inputs, outputs = case.data_sets[0]
    if not inputs or not all(isinstance(array, numpy.ndarray) for array in [*inputs, *outputs]):
        return "refused", "no arrays"
    path = scratch / "model.onnx"
    path.write_bytes(closed(model, inputs).SerializeToString())
    x = inputs[0] if inputs[0].dtype in (numpy.float32, numpy.float64, numpy.uint8) else None
    if x is None or x.ndim not in (2, 3, 4) or 0 in x.shape:
        done = subprocess.run([executable, "info", str(path)], capture_output=True, text=True, check=False)
    else:
        numpy.savez(scratch / "x.npz", x=x)
        command = [executable, "run", path, "--data", scratch / "x.npz", "-o", scratch / "y.npz", "--force", "--json"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found = numpy.load(scratch / "y.npz")["y"]
            notes = " ".join(json.loads(done.stdout)["notes"])
            wanted = outputs[0]
            if "at the end is left out" in notes:
                return "passed", "as a head"
            if "the output has channels last" in notes and found.ndim == 4:
                found = found.transpose(0, 2, 3, 1)
            if found.size != wanted.size:
                return "wrong", f"{found.shape} for {wanted.shape}"
            with numpy.errstate(invalid="ignore"):
                difference = abs(found.reshape(-1) - wanted.astype(numpy.float64).reshape(-1))
            largest = max(1e-30, float(abs(wanted[numpy.isfinite(wanted)]).max(initial=0)))
            error = float(difference.max(initial=0)) / largest
            return ("passed", "") if error <= ROUNDED.get(case.name, TOLERANCE) else ("wrong", f"{error:.3g} of the largest output")
    if done.returncode not in (1, 2):
        return "wrong", f"exit code {done.returncode}: {done.stderr.strip()[:200]}"
    text = done.stderr + done.stdout
    isNamed = any(node.op_type in text for node in model.graph.node) or any(word in text for word in ("graph", "network input", "tensor '"))
    if done.returncode == 1 and x is None:
        return "refused", "no images"
    return ("refused", done.stderr.strip()[:200]) if isNamed else ("wrong", f"no name in: {text.strip()[:200]}")


def main():
    """All tests of claimed operators."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executable", default=str(ROOT / ".build/release/tombola"))
    parser.add_argument("--verbose", action="store_true", help="say of each test what became of it")
    options = parser.parse_args()
    operators = claimed()
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cases = collect_testcases(None)
        for test in sorted(cases, key=lambda case: case.name):
            nodes = test.model.graph.node if test.model is not None else []
            if not nodes or any(node.op_type not in operators for node in nodes) or not test.data_sets:
                continue
            kind, reason = verdict(options.executable, test, pathlib.Path(scratch))
            counts[kind] += 1
            if kind == "wrong" or options.verbose:
                print(f"{test.name}: {kind} {reason}")
    print(
        f"{sum(counts.values())} node tests of {len(operators)} operators: {counts['passed']} passed, "
        f"{counts['refused']} refused, {counts['wrong']} wrong")
    sys.exit(1 if counts["wrong"] else 0)


main()
