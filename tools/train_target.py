#!/usr/bin/env python3
"""Train Tombola's target network on Fashion-MNIST and write it as ONNX.

The network has no biases, so the theory of pruned random networks applies to every layer:

    input (N,1,28,28) -> conv1 3x3 1->8 -> ReLU -> max-pool 2x2 -> conv2 3x3 8->16 -> ReLU -> max-pool 2x2
                      -> conv3 3x3 16->10 -> global average pool -> logits (N,10)

All convolutions have stride 1 and padding 1. Pixels are mapped to [-1,1] by x/127.5 - 1 outside the network.

Data: the IDX files of Debian's package dataset-fashion-mnist (or any folder that holds the same four files).

Hyperparameters were chosen with --validate, which trains on the first 55 000 training images and scores the last
5 000; the test images are used once, after training, to report the accuracy of the finished network.

    pip install -r tools/requirements-train.txt
    python tools/train_target.py -o Targets/fashion-cnn.onnx

Versions used: jax 0.10.2, jaxlib 0.10.2, numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0 (Python 3.11).
"""

import argparse
import gzip
import math
import os
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

SEED = 20240501
HELD_OUT = 5000
NAMES = ("conv1.weight", "conv2.weight", "conv3.weight")
SHAPES = ((8, 1, 3, 3), (16, 8, 3, 3), (10, 16, 3, 3))  # OIHW


# --- Data ---------------------------------------------------------------------------------------------------------

def read_idx(path):
    """Return the uint8 array in a gzipped IDX file; raise ValueError where the file is not one."""
    with gzip.open(path, "rb") as file:
        data = file.read()
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise ValueError(f"{path}: expected an IDX file of unsigned bytes, found one that starts {data[:4].hex()}")
    shape = tuple(np.frombuffer(data, ">u4", data[3], 4).tolist())
    body = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if body.size != math.prod(shape):
        raise ValueError(f"{path}: expected {math.prod(shape)} values for shape {shape}, found {body.size}")
    return body.reshape(shape)


def load(folder, part):
    """Return (images (N,28,28) uint8, labels (N,) int32) of `part`, "train" or "t10k"."""
    images = read_idx(os.path.join(folder, f"{part}-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte.gz")).astype(np.int32)
    if images.shape != (labels.size, 28, 28) or labels.max() > 9:
        raise ValueError(f"{folder}, {part}: expected 28x28 images and for each a label 0...9, "
                         f"found images {images.shape}, labels {labels.shape} up to {labels.max()}")
    return images, labels


# --- Network ------------------------------------------------------------------------------------------------------
# Inside training the batch is the last axis, (C,H,W,N): every shift, pool and ReLU then runs over contiguous memory,
# and a convolution is one matrix product, which XLA's CPU back end does at least twice as fast as its NHWC gradients.

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

    The last convolution feeds an average directly, and both are linear, so the patches are averaged first: the same
    sum in another order, 49 times less work.
    """
    x = (images.astype(jnp.float32) / 127.5 - 1).transpose(1, 2, 0)[None]
    x = max_pool(jax.nn.relu(convolve(x, kernels[0])))
    x = max_pool(jax.nn.relu(convolve(x, kernels[1])))
    averaged = patches(x).mean((2, 3))                                   # (16,9,N)
    return jnp.einsum("ock,ckb->bo", kernels[2].reshape(10, 16, 9), averaged)


def loss(kernels, images, labels):
    """Mean cross-entropy."""
    scores = jax.nn.log_softmax(logits(kernels, images))
    return -jnp.take_along_axis(scores, labels[:, None], 1).mean()


# --- Training -----------------------------------------------------------------------------------------------------

@partial(jax.jit, donate_argnums=(0,))
def train_step(state, step, rate, decay, images, labels, rows):
    """One AdamW step on the images `rows`; returns (state, loss). state = (kernels, first, second moments)."""
    kernels, first, second = state
    value, gradient = jax.value_and_grad(loss)(kernels, images[rows], labels[rows])
    first = [0.9 * m + 0.1 * g for m, g in zip(first, gradient)]
    second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradient)]
    m_scale, v_scale = 1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step)
    kernels = [k - rate * (m * m_scale / (jnp.sqrt(v * v_scale) + 1e-8) + decay * k)
               for k, m, v in zip(kernels, first, second)]
    return (kernels, first, second), value


def learning_rate(step, steps, peak):
    """Linear warm-up over the first 2 % of the steps, then a half cosine down to zero."""
    warm = max(1, steps // 50)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def accuracy(kernels, images, labels, size=1000):
    """Fraction of images whose largest logit is the label's."""
    predict = jax.jit(lambda k, x: logits(k, x).argmax(1))
    right = sum(int((np.asarray(predict(kernels, images[i:i + size])) == labels[i:i + size]).sum())
                for i in range(0, len(labels), size))
    return right / len(labels)


def train(images, labels, options, held_out=None):
    """Train from He-normal kernels; return them as NumPy arrays. Prints one line an epoch."""
    generator = np.random.default_rng(options.seed)
    kernels = [jnp.asarray(generator.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape), jnp.float32)
               for shape in SHAPES]
    state = (kernels, [jnp.zeros_like(k) for k in kernels], [jnp.zeros_like(k) for k in kernels])
    device_images, device_labels = jnp.asarray(images), jnp.asarray(labels)
    per_epoch = len(labels) // options.batch
    steps, start = per_epoch * options.epochs, time.perf_counter()
    for epoch in range(options.epochs):
        order = generator.permutation(len(labels)).astype(np.int32)
        losses = []
        for i in range(per_epoch):
            step = epoch * per_epoch + i
            rate = learning_rate(step, steps, options.rate)
            state, value = train_step(state, jnp.float32(step + 1), jnp.float32(rate), jnp.float32(options.decay),
                                      device_images, device_labels, order[i * options.batch:(i + 1) * options.batch])
            losses.append(value)
        line = f"epoch {epoch + 1:3d}/{options.epochs}  rate {rate:.2e}  loss {float(jnp.stack(losses).mean()):.4f}"
        if held_out:
            line += f"  held-out accuracy {100 * accuracy(state[0], *held_out):.2f} %"
        print(f"{line}  {time.perf_counter() - start:6.1f} s", flush=True)
    return [np.asarray(k, np.float32) for k in state[0]]


# --- ONNX ---------------------------------------------------------------------------------------------------------

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
    weights = [helper.make_tensor(name, TensorProto.FLOAT, kernel.shape, kernel.astype("<f4").tobytes(), raw=True)
               for name, kernel in zip(NAMES, kernels)]
    graph = helper.make_graph(
        nodes, "fashion-cnn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], weights,
        doc_string="Fashion-MNIST classifier; pixels mapped to [-1,1] by x/127.5 - 1")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
                              producer_name="tombola train_target.py")
    onnx.checker.check_model(model, full_check=True)
    return model


def onnx_accuracy(path, images, labels):
    """Accuracy of the written file under ONNX Runtime, which shares no code with the training above."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = (images.astype(np.float32) / np.float32(127.5) - np.float32(1))[:, None]
    scores = np.concatenate([session.run(["logits"], {"input": inputs[i:i + 1000]})[0]
                             for i in range(0, len(inputs), 1000)])
    return float((scores.argmax(1) == labels).mean())


def main():
    """Parse the options, train, report, write; return the exit code."""
    parser = argparse.ArgumentParser(description="Train the Fashion-MNIST target network and write it as ONNX.",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data-folder", default="/usr/share/datasets/fashion-mnist", help="folder of IDX .gz files")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of initial kernels and shuffles")
    parser.add_argument("--epochs", type=int, default=30, help="passes over the training images")
    parser.add_argument("--batch", type=int, default=64, help="images a step")
    parser.add_argument("--rate", type=float, default=0.01, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.01, help="decoupled weight decay")
    parser.add_argument("--validate", action="store_true",
                        help=f"hold out the last {HELD_OUT} training images, score them each epoch, write nothing")
    parser.add_argument("-o", "--output", default="Targets/fashion-cnn.onnx", help="ONNX file to write")
    options = parser.parse_args()
    if options.epochs < 1 or not 1 <= options.batch <= 50_000:
        parser.error("--epochs must be at least 1, --batch in 1...50000")
    try:
        images, labels = load(options.data_folder, "train")
        test_images, test_labels = load(options.data_folder, "t10k")
    except (OSError, EOFError, ValueError) as error:
        parser.error(str(error))

    if options.validate:
        kernels = train(images[:-HELD_OUT], labels[:-HELD_OUT], options, (images[-HELD_OUT:], labels[-HELD_OUT:]))
    else:
        kernels = train(images, labels, options)
    for name, kernel in zip(NAMES, kernels):
        size = np.abs(kernel.astype(np.float64))
        print(f"{name:13s} {str(kernel.shape):15s} max|K| {size.max():.4f}  sum|K| {size.sum():8.3f}  "
              f"max row sum|K| {size.sum((1, 2, 3)).max():.4f}")
    if options.validate:
        return 0

    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output + ".part", "wb") as file:  # beside, then renamed: no reader meets half a file
        file.write(build_model(kernels).SerializeToString(deterministic=True))
    os.replace(options.output + ".part", options.output)
    trained = accuracy(kernels, test_images, test_labels)
    exported = onnx_accuracy(options.output, test_images, test_labels)
    print(f"test accuracy {100 * trained:.2f} % (JAX), {100 * exported:.2f} % (ONNX Runtime)")
    print(f"wrote {options.output}, {os.path.getsize(options.output)} bytes")
    if trained != exported:
        print("error: the two accuracies differ", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
