#!/usr/bin/env python3
"""Train three more Fashion-MNIST targets and write them as ONNX: kinds of layers that
fashion-cnn.onnx has not.

fashion-lenet    5x5 convolutions with biases, max pooling, two fully connected layers:
                 (N,1,28,28) -> conv 5x5 1->6 -> pool 2x2 -> conv 5x5 6->8 -> pool 2x2
                 -> pool 3x3 step 2 -> 72 -> 16 -> 10
fashion-resnet   batch normalisation (left unfolded in the file), residual additions, strides:
                 conv 3x3 1->8 -> pool 2x2 -> block 8 -> block 8 to 16, stride 2, 1x1 projection
                 -> block 16 -> global average -> fully connected 10; a block is conv, norm, ReLU,
                 conv, norm, add, ReLU
fashion-resnet-wide  the same of a useful size, 95 504 weights: conv 3x3 1->16 -> pool 2x2
                 -> block 16 -> block 16 to 32, stride 2 -> block 32 -> block 32 to 64, stride 2
                 -> global average -> fully connected 10

A network is a table of ONNX nodes, from which both the training pass and the file are made. Data,
pixels in [-1,1], layout, optimiser and the --validate protocol are those of train_target.py
(`target_training.py` has what they share).

    pip install -r tools/requirements-train.txt
    python tools/train_more_targets.py fashion-lenet -o Targets/fashion-lenet.onnx
    python tools/train_more_targets.py fashion-resnet --epochs 8 -o Targets/fashion-resnet.onnx
    python tools/train_more_targets.py fashion-resnet-wide --epochs 6

Each takes a few minutes of one core. Hyperparameters are guesses, looked at with --validate for a
few epochs; the test images are used once, after training. The committed files reach 88.75 %,
90.78 % and 92.64 % on them. """

import math
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from onnx import TensorProto, helper

from target_training import adamw, checked_model, fraction_right, parser, run, train_epochs

EPSILON = 1e-5  # ONNX's default in BatchNormalization
MOMENTUM = 0.98  # of the running mean and variance


# --- Networks: (name, ONNX operator, inputs, parameters); "input" is the image
# -----------------------------------

def conv(name, source, channels, size, stride=1, bias=False):
    return name, "Conv", [source], dict(channels=channels, size=size, stride=stride, bias=bias)


def pool(name, source, size, stride):
    return name, "MaxPool", [source], dict(size=size, stride=stride)


def block(name, source, channels, stride=1):
    """A residual block; a stride or other channels ask for a 1x1 projection on the short way."""
    nodes = [conv(f"{name}.conv1", source, channels, 3, stride), (f"{name}.norm1", "BatchNormalization",
                                                                  [f"{name}.conv1"], {}),
             (f"{name}.relu1", "Relu", [f"{name}.norm1"], {}),
             conv(f"{name}.conv2", f"{name}.relu1", channels, 3),
             (f"{name}.norm2", "BatchNormalization", [f"{name}.conv2"], {})]
    short = source
    if stride != 1:
        short = f"{name}.norm3"
        nodes += [conv(f"{name}.conv3", source, channels, 1, stride),
                  (short, "BatchNormalization", [f"{name}.conv3"], {})]
    return nodes + [(f"{name}.add", "Add", [f"{name}.norm2", short], {}),
                    (f"{name}.relu2", "Relu", [f"{name}.add"], {})]


NETWORKS = {
    "fashion-lenet": [
        conv("conv1", "input", 6, 5, bias=True), ("relu1", "Relu", ["conv1"], {}), pool("pool1", "relu1", 2, 2),
        conv("conv2", "pool1", 8, 5, bias=True), ("relu2", "Relu", ["conv2"], {}), pool("pool2", "relu2", 2, 2),
        pool("pool3", "pool2", 3, 2), ("flatten", "Flatten", ["pool3"], {}),
        ("fc1", "Gemm", ["flatten"], dict(outputs=16)), ("relu3", "Relu", ["fc1"], {}),
        ("fc2", "Gemm", ["relu3"], dict(outputs=10))],
    "fashion-resnet": [
        conv("stem", "input", 8, 3), ("norm", "BatchNormalization", ["stem"], {}), ("relu", "Relu", ["norm"], {}),
        pool("pool", "relu", 2, 2), *block("block1", "pool", 8), *block("block2", "block1.relu2", 16, 2),
        *block("block3", "block2.relu2", 16), ("average", "GlobalAveragePool", ["block3.relu2"], {}),
        ("flatten", "Flatten", ["average"], {}), ("fc", "Gemm", ["flatten"], dict(outputs=10))],
    "fashion-resnet-wide": [
        conv("stem", "input", 16, 3), ("norm", "BatchNormalization", ["stem"], {}), ("relu", "Relu", ["norm"], {}),
        pool("pool", "relu", 2, 2), *block("block1", "pool", 16), *block("block2", "block1.relu2", 32, 2),
        *block("block3", "block2.relu2", 32), *block("block4", "block3.relu2", 64, 2),
        ("average", "GlobalAveragePool", ["block4.relu2"], {}),
        ("flatten", "Flatten", ["average"], {}), ("fc", "Gemm", ["flatten"], dict(outputs=10))],
}


# --- The training pass: values (C,H,W,N), the batch last as in train_target.py
# -------------------------------------

def windows(x, size, stride, pad, fill):
    """(C,H,W,N) -> (C,size*size,H',W',N): what each tap of a window sees."""
    padded = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=fill)
    rows, columns = ((n + 2 * pad - size) // stride + 1 for n in x.shape[1:3])
    return jnp.stack([padded[:, i:i + (rows - 1) * stride + 1:stride, j:j + (columns - 1) * stride + 1:stride]
                      for i in range(size) for j in range(size)], 1)


def max_pool(x, size, stride):
    """Square maximum without padding, rounding down."""
    if size == stride and x.shape[1] % size == 0:
        channels, height, width, count = x.shape
        return x.reshape(channels, height // size, size, width // size, size, count).max((2, 4))
    return windows(x, size, stride, 0, -jnp.inf).max(1)


def convolve(x, kernel, stride):
    """kernel (O,C,k,k), zero padding k//2."""
    columns = windows(x, kernel.shape[2], stride, kernel.shape[2] // 2, 0)
    product = kernel.reshape(len(kernel), -1) @ columns.reshape(columns.shape[0] * columns.shape[1], -1)
    return product.reshape(-1, *columns.shape[2:])


def forward(network, weights, images, training):
    """images (N,28,28) uint8 -> (logits (N,10), new running statistics by name)."""
    values = {"input": (images.astype(jnp.float32) / 127.5 - 1).transpose(1, 2, 0)[None]}
    statistics = {}
    for name, kind, inputs, given in network:
        x = values[inputs[0]]
        if kind == "Conv":
            y = convolve(x, weights[f"{name}.weight"], given["stride"])
            if given["bias"]:
                y += weights[f"{name}.bias"][:, None, None, None]
        elif kind == "Gemm":
            y = weights[f"{name}.weight"] @ x + weights[f"{name}.bias"][:, None]
        elif kind == "BatchNormalization":
            mean, variance = weights[f"{name}.mean"], weights[f"{name}.var"]
            if training:
                mean, variance = x.mean((1, 2, 3)), x.var((1, 2, 3))
                statistics |= {f"{name}.mean": mean, f"{name}.var": variance}
            scale = weights[f"{name}.weight"] / jnp.sqrt(variance + EPSILON)
            y = x * scale[:, None, None, None] + (weights[f"{name}.bias"] - mean * scale)[:, None, None, None]
        else:
            y = {"Relu": jax.nn.relu, "MaxPool": lambda x: max_pool(x, given["size"], given["stride"]),
                 "Add": lambda x: x + values[inputs[1]], "GlobalAveragePool": lambda x: x.mean((1, 2)),
                 "Flatten": lambda x: x.reshape(-1, x.shape[-1])}[kind](x)
        values[name] = y
    return y.T, statistics


def initial_weights(network, generator):
    """He-normal kernels, zero biases, unit norms; shapes follow the values of one image."""
    shapes, weights = {"input": (1, 28, 28)}, {}
    for name, kind, inputs, given in network:
        shape = shapes[inputs[0]]
        if kind in ("Conv", "Gemm"):
            kernel = ((given["channels"], shape[0], given["size"], given["size"]) if kind == "Conv"
                      else (given["outputs"], math.prod(shape)))
            weights[f"{name}.weight"] = generator.normal(0, math.sqrt(2 / math.prod(kernel[1:])), kernel)
            if kind == "Gemm" or given["bias"]:
                weights[f"{name}.bias"] = np.zeros(kernel[0])
        if kind == "BatchNormalization":
            for part, value in (("weight", 1), ("bias", 0), ("mean", 0), ("var", 1)):
                weights[f"{name}.{part}"] = np.full(shape[0], value)
        if kind == "Conv":
            shape = (kernel[0], *(-(-n // given["stride"]) for n in shape[1:]))
        elif kind == "MaxPool":
            shape = (shape[0], *((n - given["size"]) // given["stride"] + 1 for n in shape[1:]))
        elif kind in ("GlobalAveragePool", "Flatten", "Gemm"):
            shape = {"GlobalAveragePool": shape[:1], "Flatten": (math.prod(shape),), "Gemm": (given.get("outputs"),)}[kind]
        shapes[name] = shape
    return {name: jnp.asarray(value, jnp.float32) for name, value in weights.items()}


def is_running(name):
    return name.endswith((".mean", ".var"))


def train(network, images, labels, options, held_out):
    """AdamW on cross-entropy; returns the weights as NumPy arrays."""
    generator = np.random.default_rng(options.seed)
    weights = initial_weights(network, generator)
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items() if not is_running(name)}

    def loss(trained, running, x, y):
        logits, statistics = forward(network, trained | running, x, True)
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), statistics

    @partial(jax.jit, donate_argnums=(0,))
    def step_once(state, step, rate, all_images, all_labels, rows):
        weights, first, second = state
        running = {name: value for name, value in weights.items() if is_running(name)}
        trained = {name: value for name, value in weights.items() if not is_running(name)}
        (value, statistics), gradient = jax.value_and_grad(loss, has_aux=True)(
            trained, running, all_images[rows], all_labels[rows])
        running = {name: MOMENTUM * running[name] + (1 - MOMENTUM) * statistics[name] for name in running}
        trained, first, second = adamw(trained, first, second, gradient, step, rate, options.decay)
        return (trained | running, first, second), value

    state = (weights, zeros, {name: jnp.zeros_like(value) for name, value in zeros.items()})
    state = train_epochs(state, step_once, lambda state, x, y: accuracy(network, state[0], x, y), generator,
                         images, labels, options, held_out)
    return {name: np.asarray(value, np.float32) for name, value in state[0].items()}


def accuracy(network, weights, images, labels):
    """Fraction of images whose largest logit is the label's, with the running statistics."""
    predict = jax.jit(lambda w, x: forward(network, w, x, False)[0].argmax(1))
    return fraction_right(lambda x: predict(weights, x), images, labels)


# --- ONNX
# --------------------------------------------------------------------------------------------------

def build_model(title, network, weights):
    """The trained network as a checked ONNX model (opset 13, IR version 8, dynamic batch)."""
    nodes = []
    for name, kind, inputs, given in network:
        inputs = list(inputs)
        attributes = {}
        if kind == "Conv":
            size, stride = given["size"], given["stride"]
            attributes = dict(kernel_shape=[size] * 2, pads=[size // 2] * 4, strides=[stride] * 2)
        elif kind == "MaxPool":
            attributes = dict(kernel_shape=[given["size"]] * 2, strides=[given["stride"]] * 2)
        elif kind == "Gemm":
            attributes = dict(transB=1)
        elif kind == "BatchNormalization":
            attributes = dict(epsilon=EPSILON)
        elif kind == "Flatten":
            attributes = dict(axis=1)
        inputs += [f"{name}.{part}" for part in ("weight", "bias", "mean", "var") if f"{name}.{part}" in weights]
        nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
    tensors = [helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.astype("<f4").tobytes(), raw=True)
               for name, value in weights.items()]
    nodes[-1].output[0] = "logits"
    graph = helper.make_graph(
        nodes, title, [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], tensors,
        doc_string="Fashion-MNIST classifier; pixels mapped to [-1,1] by x/127.5 - 1")
    return checked_model(graph, "tombola train_more_targets.py")


def main():
    """Parse the options, train, report, write; return the exit code."""
    made = parser("Train a further Fashion-MNIST target and write it as ONNX.", epochs=12)
    made.add_argument("network", choices=sorted(NETWORKS), help="which network")
    made.add_argument("-o", "--output", help="ONNX file to write; by default Targets/NETWORK.onnx")
    options = made.parse_args()
    network = NETWORKS[options.network]
    return run(made, options, options.output or f"Targets/{options.network}.onnx", partial(train, network),
               partial(accuracy, network), partial(build_model, options.network, network), difference=0.001)


if __name__ == "__main__":
    sys.exit(main())
