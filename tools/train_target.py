#!/usr/bin/env python3
"""Train Tombola's target network on Fashion-MNIST and write it as ONNX.

The network has no biases, so the theory of pruned random networks applies to every layer:

    input (N,1,28,28) -> conv1 3x3 1->8 -> ReLU -> max-pool 2x2
                      -> conv2 3x3 8->16 -> ReLU -> max-pool 2x2
                      -> conv3 3x3 16->10 -> global average pool -> logits (N,10)

All convolutions have stride 1 and padding 1. Pixels are mapped to [-1,1] by x/127.5 - 1 outside the
network.

Hyperparameters were chosen with --validate, which trains on the first 55 000 training images and
scores the last 5 000; the test images are used once, after training, to report the accuracy of the
finished network.

    pip install -r tools/requirements-train.txt
    python tools/train_target.py -o Targets/fashion-cnn.onnx

Versions used: jax 0.10.2, jaxlib 0.10.2, numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0 (Python
3.11). """

import math
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from onnx import TensorProto, helper

from target_training import adamw, checked_model, fraction_right, parser, run, train_epochs

NAMES = ("conv1.weight", "conv2.weight", "conv3.weight")
SHAPES = ((8, 1, 3, 3), (16, 8, 3, 3), (10, 16, 3, 3))  # OIHW


# --- Network
# --------------------------------------------------------------------------------------------------
# Inside training the batch is the last axis, (C,H,W,N): every shift, pool and ReLU then runs over
# contiguous memory, and a convolution is one matrix product, which XLA's CPU back end does at least
# twice as fast as its NHWC gradients.

def patches(x):
    """(C,H,W,N) -> (C,9,H,W,N): the nine zero-padded shifts of x, in kernel order (row, column)."""
    _, height, width, _ = x.shape
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.stack([padded[:, i:i + height, j:j + width] for i in range(3) for j in range(3)], 1)


def convolve(x, kernel):
    """3x3 convolution, padding 1: x (C,H,W,N), kernel (O,C,3,3) -> (O,H,W,N)."""
    channels, height, width, count = x.shape
    columns = patches(x).reshape(channels * 9, height * width * count)
    return (kernel.reshape(-1, channels * 9) @ columns).reshape(-1, height, width, count)


def max_pool(x):
    """2x2 maximum, stride 2, of even heights and widths."""
    channels, height, width, count = x.shape
    return x.reshape(channels, height // 2, 2, width // 2, 2, count).max((2, 4))


def logits(kernels, images):
    """images (N,28,28) uint8 -> logits (N,10).

    The last convolution feeds an average directly, and both are linear, so the patches are averaged
    first: the same sum in another order, 49 times less work. """
    x = (images.astype(jnp.float32) / 127.5 - 1).transpose(1, 2, 0)[None]
    x = max_pool(jax.nn.relu(convolve(x, kernels[0])))
    x = max_pool(jax.nn.relu(convolve(x, kernels[1])))
    averaged = patches(x).mean((2, 3))                                   # (16,9,N)
    return jnp.einsum("ock,ckb->bo", kernels[2].reshape(10, 16, 9), averaged)


def loss(kernels, images, labels):
    """Mean cross-entropy."""
    scores = jax.nn.log_softmax(logits(kernels, images))
    return -jnp.take_along_axis(scores, labels[:, None], 1).mean()


# --- Training
# --------------------------------------------------------------------------------------------------

@partial(jax.jit, donate_argnums=(1,))
def train_step(decay, state, step, rate, images, labels, rows):
    """One AdamW step on the images `rows`; returns (state, loss). state = (kernels, first, second
    moments), each by name."""
    def value_of(kernels):
        return loss([kernels[name] for name in NAMES], images[rows], labels[rows])
    value, gradient = jax.value_and_grad(value_of)(state[0])
    return adamw(*state, gradient, step, rate, decay, square=lambda g: 0.001 * g * g), value


def accuracy(kernels, images, labels):
    """Fraction of images whose largest logit is the label's; kernels by name."""
    predict = jax.jit(lambda k, x: logits([k[name] for name in NAMES], x).argmax(1))
    return fraction_right(lambda x: predict(kernels, x), images, labels)


def train(images, labels, options, held_out):
    """Train from He-normal kernels; return them as NumPy arrays, by name."""
    generator = np.random.default_rng(options.seed)
    kernels = {name: jnp.asarray(generator.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape), jnp.float32)
               for name, shape in zip(NAMES, SHAPES)}
    zeros = [{name: jnp.zeros_like(k) for name, k in kernels.items()} for _ in range(2)]
    state = train_epochs((kernels, *zeros), partial(train_step, jnp.float32(options.decay)), lambda state, x, y: accuracy(state[0], x, y), generator,
                         images, labels, options, held_out)
    return {name: np.asarray(k, np.float32) for name, k in state[0].items()}


# --- ONNX
# --------------------------------------------------------------------------------------------------

def build_model(kernels):
    """The trained network as a checked ONNX model (opset 13, IR version 8, dynamic batch)."""
    window = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1], group=1)
    halve = dict(kernel_shape=[2, 2], strides=[2, 2])
    chain = [("conv1", "Conv", window), ("relu1", "Relu", {}), ("pool1", "MaxPool", halve),
             ("conv2", "Conv", window), ("relu2", "Relu", {}), ("pool2", "MaxPool", halve),
             ("conv3", "Conv", window), ("average", "GlobalAveragePool", {}), ("flatten", "Flatten", {"axis": 1})]
    nodes, value = [], "input"
    for name, kind, attributes in chain:
        inputs = [value, f"{name}.weight"] if kind == "Conv" else [value]
        value = "logits" if name == "flatten" else f"{name}.output"
        nodes.append(helper.make_node(kind, inputs, [value], name, **attributes))
    weights = [helper.make_tensor(name, TensorProto.FLOAT, kernels[name].shape, kernels[name].astype("<f4").tobytes(),
                                  raw=True) for name in NAMES]
    graph = helper.make_graph(
        nodes, "fashion-cnn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], weights,
        doc_string="Fashion-MNIST classifier; pixels mapped to [-1,1] by x/127.5 - 1")
    return checked_model(graph, "tombola train_target.py")


def summarize(kernels):
    """Print the sizes of the kernels."""
    for name, kernel in kernels.items():
        size = np.abs(kernel.astype(np.float64))
        print(f"{name:13s} {str(kernel.shape):15s} max|K| {size.max():.4f}  sum|K| {size.sum():8.3f}  "
              f"max row sum|K| {size.sum((1, 2, 3)).max():.4f}")


def main():
    """Parse the options, train, report, write; return the exit code."""
    made = parser("Train the Fashion-MNIST target network and write it as ONNX.", epochs=30)
    made.add_argument("-o", "--output", default="Targets/fashion-cnn.onnx", help="ONNX file to write")
    options = made.parse_args()
    return run(made, options, options.output, train, accuracy, build_model, difference=0, summary=summarize)


if __name__ == "__main__":
    sys.exit(main())
