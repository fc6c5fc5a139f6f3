"""What the scripts that train targets share: data, learning rate, AdamW, the epochs, options,
writing and checking the file.

Data: the IDX files of Debian's package dataset-fashion-mnist (or any folder that holds the same
four files). Pixels are mapped to [-1,1] by x/127.5 - 1 outside the networks. A script gives `run`
its network: how it is trained, what it classifies rightly, and its ONNX model. """

import argparse
import gzip
import math
import os
import sys
import time

import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import helper

SEED = 20240501
HELD_OUT = 5000


# --- Data
# --------------------------------------------------------------------------------------------------

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


# --- Training
# --------------------------------------------------------------------------------------------------

def learning_rate(step, steps, peak):
    """Linear warm-up over the first 2 % of the steps, then a half cosine down to zero."""
    warm = max(1, steps // 50)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def adamw(weights, first, second, gradient, step, rate, decay, square=lambda g: 0.001 * g ** 2):
    """One step, all by name; vectors do not decay. Returns (weights, first, second moments).

    `square` is a thousandth of a gradient's square, in the order of products that a committed
    target was trained with. """
    first = {n: 0.9 * first[n] + 0.1 * gradient[n] for n in weights}
    second = {n: 0.999 * second[n] + square(gradient[n]) for n in weights}
    m_scale, v_scale = 1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step)
    weights = {n: w - rate * (first[n] * m_scale / (jnp.sqrt(second[n] * v_scale) + 1e-8)
                              + (decay * w if w.ndim > 1 else 0)) for n, w in weights.items()}
    return weights, first, second


def train_epochs(state, step_once, accuracy, generator, images, labels, options, held_out=None):
    """Return the last of the states that `step_once(state, step, rate, images, labels, rows)`,
    which gives (state, loss), makes.

    Shuffles come from `generator`. Prints one line an epoch, with accuracy(state, images, labels)
    on `held_out`. """
    device_images, device_labels = jnp.asarray(images), jnp.asarray(labels)
    per_epoch = len(labels) // options.batch
    steps, start = per_epoch * options.epochs, time.perf_counter()
    for epoch in range(options.epochs):
        order = generator.permutation(len(labels)).astype(np.int32)
        losses = []
        for i in range(per_epoch):
            step = epoch * per_epoch + i
            rate = learning_rate(step, steps, options.rate)
            state, value = step_once(state, jnp.float32(step + 1), jnp.float32(rate), device_images, device_labels,
                                     order[i * options.batch:(i + 1) * options.batch])
            losses.append(value)
        line = f"epoch {epoch + 1:3d}/{options.epochs}  rate {rate:.2e}  loss {float(jnp.stack(losses).mean()):.4f}"
        if held_out:
            line += f"  held-out accuracy {100 * accuracy(state, *held_out):.2f} %"
        print(f"{line}  {time.perf_counter() - start:6.1f} s", flush=True)
    return state


def fraction_right(predict, images, labels, size=1000):
    """Fraction of images that `predict` (images to classes) puts into their labels' classes."""
    right = sum(int((np.asarray(predict(images[i:i + size])) == labels[i:i + size]).sum())
                for i in range(0, len(labels), size))
    return right / len(labels)


# --- ONNX
# --------------------------------------------------------------------------------------------------

def checked_model(graph, producer):
    """An ONNX model of a graph (opset 13, IR version 8)."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name=producer)
    onnx.checker.check_model(model, full_check=True)
    return model


def onnx_accuracy(path, images, labels):
    """Accuracy of the written file under ONNX Runtime, which shares no code with the training."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = (images.astype(np.float32) / np.float32(127.5) - np.float32(1))[:, None]
    return fraction_right(lambda x: session.run(["logits"], {"input": x})[0].argmax(1), inputs, labels)


# --- The scripts' command line
# ------------------------------------------------------------------------------------

def parser(description, epochs):
    """The options that all targets have, but for the output."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--data-folder", default="/usr/share/datasets/fashion-mnist", help="folder of IDX .gz files")
    made.add_argument("--seed", type=int, default=SEED, help="seed of initial weights and shuffles")
    made.add_argument("--epochs", type=int, default=epochs, help="passes over the training images")
    made.add_argument("--batch", type=int, default=64, help="images a step")
    made.add_argument("--rate", type=float, default=0.01, help="peak learning rate")
    made.add_argument("--decay", type=float, default=0.01, help="decoupled weight decay of kernels and matrices")
    made.add_argument("--validate", action="store_true",
                      help=f"hold out the last {HELD_OUT} training images, score them each epoch, write nothing")
    return made


def run(parser, options, output, train, accuracy, build_model, difference, summary=None):
    """Train, report, write; return the exit code.

    train(images, labels, options, held_out) gives weights, accuracy(weights, images, labels) a
    fraction, build_model(weights) the ONNX model; summary(weights) prints. Accuracies with and
    without ONNX Runtime that differ by more than `difference` are an error. """
    if options.epochs < 1 or not 1 <= options.batch <= 50_000:
        parser.error("--epochs must be at least 1, --batch in 1...50000")
    try:
        images, labels = load(options.data_folder, "train")
        test_images, test_labels = load(options.data_folder, "t10k")
    except (OSError, EOFError, ValueError) as error:
        parser.error(str(error))
    if options.validate:
        weights = train(images[:-HELD_OUT], labels[:-HELD_OUT], options, (images[-HELD_OUT:], labels[-HELD_OUT:]))
    else:
        weights = train(images, labels, options, None)
    if summary:
        summary(weights)
    if options.validate:
        return 0
    os.makedirs(os.path.dirname(os.path.abspath(output)), exist_ok=True)
    with open(output + ".part", "wb") as file:  # beside, then renamed: no reader meets half a file
        file.write(build_model(weights).SerializeToString(deterministic=True))
    os.replace(output + ".part", output)
    trained = accuracy(weights, test_images, test_labels)
    exported = onnx_accuracy(output, test_images, test_labels)
    print(f"test accuracy {100 * trained:.2f} % (JAX), {100 * exported:.2f} % (ONNX Runtime)")
    print(f"wrote {output}, {os.path.getsize(output)} bytes")
    if abs(trained - exported) > difference:
        print(f"error: the two accuracies differ by more than {100 * difference} %", file=sys.stderr)
        return 1
    return 0
