"""Coded networks as files, from which everything is made again bit for bit: architecture, biases,
and weights in the codes of one method (`METHODS`).

| bytes | holds |
|---|---|
| 4, 1, 1 | `TMBR`, the version, 1, and the method's number |
| 32 | SHA-256 of the architecture and of the decoded kernels and biases |
| 2 | the length of the next, the lower byte first |
| as said | the architecture's text, as a stream of the range coder of its own |
| rest | another, of the layers |

The last stream has what all layers share (a codebook), and layer by layer the quantiser's own
numbers, a plain bit for a bias with its floats, and the codes. As in a coded ticket biases are
floats, and the architecture is text in the same model of texts.
"""

import functools
import hashlib
import pathlib

import numpy as np

import bits
import quantisers
from networks import Layer, Network

MARK = b"TMBR\x01"
HEAD = len(MARK) + 1 + 32
METHODS = ["uniform", "channels", "lattice", "codebook"]
EXAMPLE = (pathlib.Path(__file__).resolve().parents[2] / "docs/coded-ticket-example.txt").read_bytes()


def digest(network):
    made = hashlib.sha256(network.text())
    for layer in network.layers:
        made.update(layer.weights.astype("<f4").tobytes())
        made.update(b"" if layer.bias is None else layer.bias.astype("<f4").tobytes())
    return made.digest()


def bias(coder, shape, value=None):
    """A layer's bias or None."""
    if not coder.code(int(value is not None)):
        return None
    words = np.zeros(shape[1], np.uint32) if value is None else value.astype(np.float32).view(np.uint32)
    return np.array([bits.plain(coder, int(word), 32) for word in words], np.uint32).view(np.float32)


def decoded(network, quantised):
    """The network over the weights that codes stand for."""
    layers = [Layer(q.values(codes)[:, :layer.weights.shape[1]], layer.bias)
              for layer, (q, codes) in zip(network.layers, quantised)]
    return network.replacing(layers)


def body(network, quantised, book=None):
    """Weights and biases as one stream: all but the head and the architecture."""
    coder = bits.Encoder()
    if book is not None:
        bits.plain(coder, len(book), 16)
        bits.plain(coder, book.shape[1], 8)
        quantisers.write_shorts(coder, book)
    for layer, (quantiser, codes) in zip(network.layers, quantised):
        quantiser.write(coder)
        bias(coder, layer.weights.shape, layer.bias)
        quantiser.code(coder, layer.weights.shape, codes)
    return coder.finish()


@functools.cache
def coded_text(text):
    coder = bits.Encoder()
    bits.Text.primed(EXAMPLE).code(coder, text)
    return coder.finish()


def encode(network, method, quantised):
    """The bytes of a file, of a network whose layers are (quantiser, codes)."""
    text = coded_text(network.text())
    head = MARK + bytes([METHODS.index(method)]) + digest(decoded(network, quantised))
    return head + len(text).to_bytes(2, "little") + text \
        + body(network, quantised, quantised[0][0].book if method == "codebook" else None)


def decode(data):
    """The network in a file's bytes; ValueError where they are no such file, whole and
    unchanged."""
    if data[:len(MARK)] != MARK or len(data) < HEAD + 2:
        raise ValueError(f"expected a coded network, which starts {MARK.hex()}, found {data[:5].hex()}")
    if data[len(MARK)] >= len(METHODS):
        raise ValueError(f"expected a method 0 to {len(METHODS) - 1}, found {data[len(MARK)]}")
    method = METHODS[data[len(MARK)]]
    split = HEAD + 2 + int.from_bytes(data[HEAD:HEAD + 2], "little")
    network = Network.read(bits.Text.primed(EXAMPLE).code(bits.Decoder(data[HEAD + 2:split])))
    coder, book = bits.Decoder(data[split:]), None
    if method == "codebook":
        count, size = bits.plain(coder, 0, 16), bits.plain(coder, 0, 8)
        book = quantisers.read_shorts(coder, count * size).reshape(count, size)
    layers = []
    for shape in network.shapes():
        if method == "lattice":
            quantiser = quantisers.Lattice(quantisers.read_shorts(coder, 1)[0])
        elif method == "codebook":
            quantiser = quantisers.Codebook(quantisers.read_shorts(coder, 1)[0], book)
        else:
            quantiser = quantisers.Uniform(quantisers.read_shorts(coder, shape[1] if method == "channels" else 1))
        given = bias(coder, shape)
        codes = quantiser.code(coder, shape)
        layers.append(Layer(quantiser.values(codes)[:, :shape[1]], given))
    network = network.replacing(layers)
    if digest(network) != data[len(MARK) + 1:HEAD]:
        raise ValueError("expected architecture, kernels and biases of the file's digest, found others")
    return network


def same_bits(left, right):
    """Whether two networks are the same to the last bit of each float."""
    return left.text() == right.text() and digest(left) == digest(right)
