#!/usr/bin/env python3
"""Write the small ONNX networks that the tests of ModelFiles read, with inputs and expected
outputs.

Each case is NAME.onnx beside NAME.npz, which holds `x` (N,C,H,W) float32 and `expected`, the output
that ONNX Runtime gives for it. The reference evaluator of the onnx package, an independent
implementation, must give the same.

Inputs and weights are multiples of 1/16 in [-1,1]. Sums of their products are then exact in float32
in any order, so cases without an average or a mean must be met bit for bit; the others
(`exact=False` below) to rounding.

    pip install -r tools/requirements-train.txt
    python tools/make_test_networks.py -o Tests/Fixtures/onnx

The networks are the same on every run and machine; only the last bits of inexact outputs may depend
on the runtime. """

import argparse
import os
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

TOLERANCE = 1e-5   # between the two implementations, where averages round
FILE_LIMIT = 20_000
CASES = {}         # name -> (builder, exact)


def case(name, exact=True):
    """Register the decorated function under `name`; it is called with a fresh Builder and returns
    (output, shape), the output's name and its (C,...) shape after the batch. `exact` says that
    float32 rounds nowhere."""
    def register(function):
        CASES[name] = (function, exact)
        return function
    return register


class Builder:
    """Collects nodes and weights of one network. Values come from a generator seeded by the case's
    name."""

    def __init__(self, name):
        self.name, self.nodes, self.weights, self.extra_inputs = name, [], [], []
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.shape, self.opset, self.ir, self.batch = (2, 3, 9, 7), 13, 8, "batch"

    def values(self, *shape):
        """Random multiples of 1/16 in [-1,1]."""
        return (self.random.integers(-16, 17, shape) / 16).astype(np.float32)

    def tensor(self, name, array, raw=True):
        """TensorProto of a float32 or int64 array, in raw_data or in the typed field."""
        array = np.asarray(array)
        kind = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL}[array.dtype.kind]
        if raw:
            data = array.astype(array.dtype.newbyteorder("<")).tobytes()
            return helper.make_tensor(name, kind, array.shape, data, raw=True)
        return helper.make_tensor(name, kind, array.shape, array.flatten().tolist())

    def weight(self, name, *shape, raw=True):
        """A random initialiser; returns its name."""
        self.weights.append(self.tensor(name, self.values(*shape), raw))
        return name

    def constant(self, name, array):
        """An initialiser of given values; returns its name."""
        self.weights.append(self.tensor(name, array))
        return name

    def constant_node(self, name, array=None, **attributes):
        """A Constant node: its `value` is `array`, or give value_ints=, value_floats=...; returns
        its output."""
        if array is not None:
            attributes["value"] = self.tensor(name + ".value", array)
        self.nodes.append(helper.make_node("Constant", [], [name], name + ".node", **attributes))
        return name

    def add(self, kind, *inputs, **attributes):
        """A node with one output; returns its name."""
        output = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], output + ".node", **attributes))
        return output

    def model(self, output, shape):
        """The checked model; the output tensor is renamed "y" and has the given (C,...) shape after
        the batch."""
        for node in self.nodes:
            node.output[:] = ["y" if o == output else o for o in node.output]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [self.batch, *self.shape[1:]])]
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [self.batch, *shape])
        graph = helper.make_graph(self.nodes, self.name, inputs + self.extra_inputs, [result], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=self.ir,
                                  producer_name="tombola make_test_networks.py")
        onnx.checker.check_model(model, full_check=True)
        return model


# --- Convolution and pooling
# ----------------------------------------------------------------------------------------

def everything_conv(b, include):
    """Bias, stride 2, four different pads, dilation 2 and two groups at once, then ReLU and an
    average pool whose pads are counted or not."""
    b.shape = (2, 4, 9, 7)
    x = b.add("Conv", "x", b.weight("w", 6, 2, 3, 5), b.weight("bias", 6), kernel_shape=[3, 5], strides=[2, 2],
              pads=[0, 4, 3, 5], dilations=[2, 2], group=2)                    # 9x7 -> 4x4
    x = b.add("AveragePool", b.add("Relu", x), kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 0, 1],
              count_include_pad=include)                                       # 4x4 -> 4x2
    return x, (6, 4, 2)


@case("conv-everything-average-without-pads", exact=False)
def _(b):
    return everything_conv(b, 0)


@case("conv-everything-average-with-pads", exact=False)
def _(b):
    return everything_conv(b, 1)


@case("conv-bare-attributes")
def _(b):
    """No attributes at all: kernel shape from the weight, stride 1, no padding, one group; a 3x5
    kernel, no bias."""
    return b.add("Conv", "x", b.weight("w", 4, 3, 3, 5)), (4, 7, 3)


@case("conv-stride-and-dilation-differ-by-axis")
def _(b):
    """Every two-element attribute has different elements, so a swap of height and width shows."""
    return b.add("Conv", "x", b.weight("w", 4, 3, 3, 2), b.weight("bias", 4), kernel_shape=[3, 2], strides=[1, 3],
                 pads=[2, 0, 1, 3], dilations=[2, 4], group=1), (4, 8, 2)


@case("conv-depthwise")
def _(b):
    """One group a channel with two filters each, then a 1x1 convolution."""
    x = b.add("Conv", "x", b.weight("w1", 6, 1, 3, 3), b.weight("bias1", 6), group=3, pads=[1, 1, 1, 1])
    return b.add("Conv", b.add("Relu", x), b.weight("w2", 4, 6, 1, 1)), (4, 9, 7)


@case("maxpool-pads-ceil")
def _(b):
    """Inputs may be negative, so padding with zeros in place of -infinity shows; ceil_mode adds a
    row and a column."""
    # 9x7 -> 5x3 -> 3x2
    x = b.add("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 0, 1], ceil_mode=1)
    x = b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return x, (3, 3, 2)


@case("maxpool-floor")
def _(b):
    """The default rounding leaves the last odd row and column out."""
    return b.add("MaxPool", "x", kernel_shape=[2, 2], strides=[2, 2]), (3, 4, 3)


@case("maxpool-default-stride")
def _(b):
    """Without strides a pool moves by one."""
    return b.add("MaxPool", "x", kernel_shape=[3, 2]), (3, 7, 6)


def auto_pad(b, mode, shape):
    """Even and odd kernels with stride 2 under automatic padding, in a convolution and in both
    pools."""
    x = b.add("Conv", "x", b.weight("w", 4, 3, 2, 5), b.weight("bias", 4), strides=[1, 2], auto_pad=mode)
    x = b.add("MaxPool", x, kernel_shape=[4, 2], strides=[2, 1], auto_pad=mode)
    return b.add("AveragePool", x, kernel_shape=[2, 3], strides=[1, 1], auto_pad=mode), shape


@case("auto-pad-same-upper", exact=False)
def _(b):
    return auto_pad(b, "SAME_UPPER", (4, 5, 4))


@case("auto-pad-same-lower", exact=False)
def _(b):
    return auto_pad(b, "SAME_LOWER", (4, 5, 4))


@case("auto-pad-valid", exact=False)
def _(b):
    b.shape = (2, 3, 9, 11)
    return auto_pad(b, "VALID", (4, 2, 1))


@case("auto-pad-notset")
def _(b):
    """NOTSET is the default by name: the explicit pads count."""
    return b.add("Conv", "x", b.weight("w", 2, 3, 3, 3), pads=[1, 0, 1, 2], auto_pad="NOTSET"), (2, 9, 7)


# --- Dense layers: the order of flattened entries (C,H,W) matters in each
# -------------------------------------------

def features(b):
    """Conv + ReLU + pool: (N,3,9,7) -> (N,4,4,3), rounded by nothing."""
    x = b.add("Conv", "x", b.weight("conv.weight", 4, 3, 3, 3), b.weight("conv.bias", 4), pads=[1, 1, 1, 1])
    return b.add("MaxPool", b.add("Relu", x), kernel_shape=[2, 2], strides=[2, 2])


@case("flatten-gemm-transposed")
def _(b):
    """PyTorch's Linear, with factors other than one."""
    x = b.add("Flatten", features(b))
    return b.add("Gemm", x, b.weight("w", 5, 48), b.weight("bias", 5), alpha=0.5, beta=2.0, transB=1), (5,)


@case("flatten-gemm-plain")
def _(b):
    """transB left out, bias as a row; then a second Gemm without a bias."""
    x = b.add("Gemm", b.add("Flatten", features(b), axis=1), b.weight("w1", 48, 6), b.weight("bias1", 1, 6))
    return b.add("Gemm", b.add("Relu", x), b.weight("w2", 5, 6), transB=1), (5,)


@case("reshape-zero-minus-one-matmul-add")
def _(b):
    """Reshape to [0,-1] given by a Constant node: the batch is copied, the rest inferred."""
    x = b.add("Reshape", features(b), b.constant_node("to", np.array([0, -1], np.int64)))
    return b.add("Add", b.add("MatMul", x, b.weight("w", 48, 5)), b.weight("bias", 5)), (5,)


@case("reshape-minus-one-length-matmul-add")
def _(b):
    """Reshape to [-1,48] given by value_ints; the bias is the first operand of Add."""
    x = b.add("Reshape", features(b), b.constant_node("to", value_ints=[-1, 48]))
    return b.add("Add", b.weight("bias", 5), b.add("MatMul", x, b.weight("w", 48, 5))), (5,)


@case("reshape-initialiser-fixed-batch")
def _(b):
    """The shape is an initialiser and the batch a number, as exporters write without dynamic
    axes."""
    b.batch = 2
    x = b.add("Reshape", features(b), b.constant("to", np.array([2, 48], np.int64)))
    return b.add("Gemm", x, b.weight("w", 5, 48), b.weight("bias", 5), transB=1), (5,)


# --- Means
# --------------------------------------------------------------------------------------------------

def mean(b, keep, axes, as_input):
    """Convolution, then the mean over height and width; with kept dimensions a Flatten follows."""
    x = b.add("Conv", "x", b.weight("w", 5, 3, 3, 3), b.weight("bias", 5), pads=[1, 1, 1, 1])
    if as_input:
        b.opset = 18
        x = b.add("ReduceMean", x, b.constant("axes", np.array(axes, np.int64)), keepdims=keep)
    else:
        x = b.add("ReduceMean", x, axes=axes, keepdims=keep)
    return (b.add("Flatten", x) if keep else x), (5,)


@case("reducemean-attribute-drop", exact=False)
def _(b):
    return mean(b, 0, [2, 3], False)


@case("reducemean-attribute-keep", exact=False)
def _(b):
    return mean(b, 1, [-1, -2], False)


@case("reducemean-input-drop", exact=False)
def _(b):
    return mean(b, 0, [-2, -1], True)


@case("reducemean-input-keep", exact=False)
def _(b):
    return mean(b, 1, [2, 3], True)


@case("global-average", exact=False)
def _(b):
    """GlobalAveragePool keeps its dimensions; the output stays (N,C,1,1)."""
    return b.add("GlobalAveragePool", b.add("Conv", "x", b.weight("w", 5, 3, 3, 3))), (5, 1, 1)


# --- Residual additions and batch normalisation
# ---------------------------------------------------------------------

@case("residual-addition")
def _(b):
    """The image added to a convolution of itself, a value added to itself, and one read twice
    more."""
    x = b.add("Add", b.add("Conv", "x", b.weight("w1", 3, 3, 3, 3), pads=[1, 1, 1, 1]), "x")
    x = b.add("Relu", b.add("Add", x, x))
    y = b.add("Relu", b.add("Conv", x, b.weight("w2", 3, 3, 1, 1), b.weight("bias2", 3)))
    return b.add("Add", x, b.add("Add", y, x)), (3, 9, 7)


@case("residual-addition-of-rows")
def _(b):
    """Two dense layers over one flat row, added."""
    x = b.add("Flatten", features(b))
    left = b.add("Gemm", x, b.weight("w1", 5, 48), b.weight("bias1", 5), transB=1)
    return b.add("Add", left, b.add("Gemm", x, b.weight("w2", 48, 5))), (5,)


def norm(b, x, name, channels, **attributes):
    """Inference form; variances are above 0. (Of opset 13 the reference evaluator computes
    something else.)"""
    b.opset = 15
    parts = [b.weight(f"{name}.{part}", channels) for part in ("scale", "shift", "mean")]
    variance = b.constant(f"{name}.variance", np.abs(b.values(channels)) + np.float32(0.25))
    return b.add("BatchNormalization", x, *parts, variance, **attributes)


@case("batchnorm-behind-layers", exact=False)
def _(b):
    """Behind a convolution with and without bias, one with groups, and a dense layer."""
    x = norm(b, b.add("Conv", "x", b.weight("w1", 4, 3, 3, 3), b.weight("bias1", 4)), "n1", 4)
    x = norm(b, b.add("Conv", b.add("Relu", x), b.weight("w2", 4, 2, 3, 2), group=2), "n2", 4, epsilon=0.125)
    x = b.add("Gemm", b.add("Flatten", x), b.weight("w3", 6, 80), transB=1)
    return norm(b, x, "n3", 6), (6,)


@case("batchnorm-alone", exact=False)
def _(b):
    """On the image, behind a pool, and behind a convolution that something else reads too."""
    x = b.add("MaxPool", norm(b, "x", "n1", 3), kernel_shape=[2, 2])
    x = b.add("Conv", norm(b, x, "n2", 3), b.weight("w", 4, 3, 3, 3))
    return b.add("Add", norm(b, x, "n3", 4), x), (4, 6, 4)


# --- How weights are stored, nodes without effect
# -------------------------------------------------------------------

@case("identity-and-constants")
def _(b):
    """Identity on data and on a shared weight; other weights are Constant nodes (value and
    value_floats)."""
    w = b.constant_node("w1", b.values(4, 3, 3, 3))
    bias = b.constant_node("bias1", value_floats=b.values(4).tolist())
    x = b.add("Relu", b.add("Conv", b.add("Identity", "x"), w, bias, pads=[1, 1, 1, 1]))
    shared = b.weight("w2", 4, 4, 1, 3)
    x = b.add("Conv", x, shared, pads=[0, 1, 0, 1])
    return b.add("Identity", b.add("Conv", b.add("Relu", x), b.add("Identity", shared), pads=[0, 1, 0, 1])), (4, 9, 7)


def stored(b, raw):
    """One network whose weights lie in raw_data or in float_data."""
    b.random = np.random.default_rng(1)  # the same values in both files
    x = b.add("Conv", "x", b.weight("conv.weight", 4, 3, 3, 5, raw=raw), b.weight("conv.bias", 4, raw=raw))
    x = b.add("Flatten", b.add("Relu", x))
    weight, bias = b.weight("dense.weight", 5, 84, raw=raw), b.weight("dense.bias", 5, raw=raw)
    return b.add("Gemm", x, weight, bias, transB=1), (5,)


@case("weights-raw-data")
def _(b):
    return stored(b, True)


@case("weights-float-data")
def _(b):
    return stored(b, False)


@case("weights-listed-as-inputs")
def _(b):
    """Old files (IR version 3, opset 9) list every initialiser among the graph's inputs too."""
    b.ir, b.opset = 3, 9
    b.extra_inputs = [helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3, 3, 3]),
                      helper.make_tensor_value_info("bias", TensorProto.FLOAT, [4])]
    return b.add("Relu", b.add("Conv", "x", b.weight("w", 4, 3, 3, 3), b.weight("bias", 4))), (4, 7, 5)


@case("dropout-inference")
def _(b):
    """Dropout does nothing in inference: bare, with a ratio, and with an empty ratio and
    training_mode false."""
    x = b.add("Dropout", features(b))
    x = b.add("Dropout", x, b.constant("ratio", np.array(0.25, np.float32)))
    x = b.add("Dropout", b.add("Flatten", x), "", b.constant("training", np.array(False)))
    return b.add("Gemm", x, b.weight("w", 5, 48), b.weight("bias", 5), transB=1), (5,)


# --- Writing
# --------------------------------------------------------------------------------------------------

def with_explicit_pads(model):
    """A copy of the model where pads stand in place of auto_pad SAME_UPPER and SAME_LOWER, by the
    standard's formula.

    The reference evaluator's average pool gives the wrong shape for SAME_LOWER, so it is asked with
    explicit pads. An axis of n entries becomes ceil(n / stride) ones; an odd padding puts the extra
    entry last (UPPER) or first. """
    copy = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    graph = copy.graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in [*graph.input, *graph.value_info]}
    shapes.update({w.name: list(w.dims) for w in graph.initializer})
    for node in graph.node:
        given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        mode = given.pop("auto_pad", b"NOTSET").decode()
        if not mode.startswith("SAME"):
            continue
        kernel = given.get("kernel_shape") or shapes[node.input[1]][2:]
        steps, holes = given.get("strides", [1, 1]), given.get("dilations", [1, 1])
        sizes = shapes[node.input[0]][2:]
        total = [max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n) for n, k, s, d in zip(sizes, kernel, steps, holes)]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        given["pads"] = less + more if mode == "SAME_UPPER" else more + less
        node.CopyFrom(helper.make_node(node.op_type, list(node.input), list(node.output), node.name, **given))
    onnx.checker.check_model(copy, full_check=True)
    return copy


def expected_output(name, model, x, exact):
    """ONNX Runtime's output, after comparing it with the reference evaluator's; raise ValueError
    where they differ."""
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3  # no warnings about initialisers listed as inputs
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    result = session.run(["y"], {"x": x})[0]
    other = ReferenceEvaluator(with_explicit_pads(model)).run(["y"], {"x": x})[0]
    if result.shape != other.shape:
        raise ValueError(f"{name}: shapes {result.shape} and {other.shape} differ")
    difference = float(np.abs(result - other).max())
    if difference > (0 if exact else TOLERANCE):
        raise ValueError(f"{name}: the two implementations differ by {difference:.3g}")
    return result


def main():
    """Write every case; return the exit code."""
    parser = argparse.ArgumentParser(description="Write small ONNX networks with inputs and expected outputs.",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("-o", "--output", default="Tests/Fixtures/onnx", help="folder to write to")
    options = parser.parse_args()
    os.makedirs(options.output, exist_ok=True)
    total = failures = 0
    for name, (build, exact) in CASES.items():
        builder = Builder(name)
        output, shape = build(builder)
        model = builder.model(output, shape)
        x = builder.values(*builder.shape)
        try:
            expected = expected_output(name, model, x, exact)
            if expected.shape[1:] != shape:
                raise ValueError(f"{name}: expected shape {shape} after the batch, found {expected.shape[1:]}")
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            failures += 1
            continue
        path = os.path.join(options.output, name)
        with open(path + ".onnx", "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        np.savez(path + ".npz", x=x, expected=expected)
        sizes = [os.path.getsize(path + end) for end in (".onnx", ".npz")]
        total += sum(sizes)
        failures += max(sizes) > FILE_LIMIT
        print(f"{name:42s} {str(expected.shape):14s} {sizes[0]:6d} + {sizes[1]:5d} bytes{'  exact' if exact else ''}")
    print(f"{len(CASES)} cases, {total} bytes, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
