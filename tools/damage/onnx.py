"""ONNX files as trees of protocol buffers' fields, written and read without any library."""

import struct

import numpy as np

from . import extremes

# The fields that hold messages: number → the kind of the message.
MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, VALUE, TYPE, TENSOR_TYPE, SHAPE, PLAIN = range(10)
PARTS = {
    MODEL: {7: GRAPH, 8: PLAIN, 14: PLAIN},
    GRAPH: {1: NODE, 5: TENSOR, 11: VALUE, 12: VALUE, 13: VALUE},
    NODE: {5: ATTRIBUTE},
    ATTRIBUTE: {5: TENSOR, 6: GRAPH},
    TENSOR: {13: PLAIN},
    VALUE: {2: TYPE},
    TYPE: {1: TENSOR_TYPE},
    TENSOR_TYPE: {2: SHAPE},
    SHAPE: {1: PLAIN},
    PLAIN: {},
}


def varint(value):
    value &= 2**64 - 1
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data + bytes([value]))


def encoded(fields):
    """Bytes of a list of (number, value): integers, floats, bytes, or lists for messages."""
    data = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            data += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            data += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            inner = encoded(value) if isinstance(value, list) else value
            data += varint(number << 3 | 2) + varint(len(inner)) + inner
    return bytes(data)


def text(value):
    return value.encode("utf-8", "surrogatepass")


def tensor(name, array):
    kind = {"f": 1, "i": 7}[array.dtype.kind]
    return [(1, size) for size in array.shape] + [(2, kind), (8, text(name)), (9, array.tobytes())]


def ints(name, values):
    return [(1, text(name))] + [(8, value) for value in values] + [(20, 7)]


def node(kind, inputs, output, attributes=()):
    return (
        [(1, text(name)) for name in inputs]
        + [(2, text(output)), (3, text("n_" + output)), (4, text(kind))]
        + [(5, attribute) for attribute in attributes]
    )


def value(name, sizes):
    shape = [(1, [(1, size)]) for size in sizes]
    return [(1, text(name)), (2, [(1, [(1, 1), (2, shape)])])]


def model(nodes, tensors, input_sizes, output_sizes):
    graph = [(1, item) for item in nodes] + [(2, b"graph")] + [(5, item) for item in tensors]
    graph += [(11, value("x", input_sizes)), (12, value("y", output_sizes))]
    return [(1, 8), (2, b"damaged_inputs"), (7, graph), (8, [(1, b""), (2, 17)])]


def network(generator, channels=2):
    """Two convolutions, pooling, and a dense layer, over images of 6 × 6 pixels."""

    def weights(name, *shape):
        return tensor(name, generator.uniform(-0.5, 0.5, shape).astype("<f4"))

    window = [
        ints("kernel_shape", [3, 3]),
        ints("pads", [1, 1, 1, 1]),
        ints("strides", [1, 1]),
        ints("dilations", [1, 1]),
    ]
    group = [(1, b"group"), (3, 1), (20, 2)]
    nodes = [
        node("Conv", ["x", "k1", "b1"], "c1", window + [group]),
        node("Relu", ["c1"], "r1"),
        node(
            "MaxPool",
            ["r1"],
            "p1",
            [ints("kernel_shape", [2, 2]), ints("strides", [2, 2]), ints("pads", [0, 0, 0, 0])],
        ),
        node("Conv", ["p1", "k2"], "c2", window),
        node("Relu", ["c2"], "r2"),
        node("Flatten", ["r2"], "f"),
        node("Gemm", ["f", "w", "b"], "y", [[(1, b"transB"), (3, 1), (20, 2)]]),
    ]
    tensors = [
        weights("k1", 3, channels, 3, 3),
        weights("b1", 3),
        weights("k2", 2, 3, 3, 3),
        weights("w", 2, 18),
        weights("b", 2),
    ]
    return model(nodes, tensors, [1, channels, 6, 6], [1, 2])


def residual_network(generator):
    """A convolution, batch normalisation, an addition, a global average, and a product with a bias
    behind it."""

    def weights(name, *shape):
        return tensor(name, generator.uniform(0.1, 0.5, shape).astype("<f4"))

    pads = [ints("pads", [1, 1, 1, 1])]
    nodes = [
        node("Conv", ["x", "k1"], "c1", pads),
        node(
            "BatchNormalization",
            ["c1", "s", "t", "m", "v"],
            "n1",
            [[(1, b"epsilon"), (2, 1e-5), (20, 1)]],
        ),
        node("Relu", ["n1"], "r1"),
        node("Conv", ["r1", "k2"], "c2", pads),
        node("Add", ["c2", "r1"], "a"),
        node(
            "AveragePool",
            ["a"],
            "p",
            [ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1]), ints("strides", [2, 2])],
        ),
        node("GlobalAveragePool", ["p"], "g"),
        node("Reshape", ["g", "shape"], "q"),
        node("MatMul", ["q", "w"], "z"),
        node("Add", ["z", "b"], "y"),
    ]
    tensors = [
        weights("k1", 2, 2, 3, 3),
        weights("k2", 2, 2, 3, 3),
        weights("w", 2, 2),
        weights("b", 2),
    ]
    tensors += [weights(name, 2) for name in "stmv"] + [tensor("shape", np.array([0, -1], "<i8"))]
    return model(nodes, tensors, [1, 2, 6, 6], [1, 2])


def lists(fields, kind=MODEL, depth=0):
    """Every message of a tree: its list of fields and its kind."""
    yield fields, kind
    for number, inner in fields:
        if isinstance(inner, list):
            yield from lists(inner, PARTS[kind].get(number, PLAIN), depth + 1)


def copied(fields):
    return [
        (number, copied(inner) if isinstance(inner, list) else inner) for number, inner in fields
    ]


def damaged(rng, tree):
    """Another tree: numbers, texts, messages and their order changed, or the bytes it is written
    as."""
    if rng.random() < 0.25:
        return extremes.bytes_damaged(rng, encoded(tree))
    tree = copied(tree)
    for _ in range(rng.choice([1, 1, 1, 2])):
        fields, kind = rng.choice([item for item in lists(tree) if item[0]])
        place = rng.randrange(len(fields))
        number, old = fields[place]
        change = rng.randrange(10)
        if isinstance(old, int) and change < 7:
            fields[place] = (number, extremes.integer(rng, old))
        elif isinstance(old, float) and change < 7:
            fields[place] = (
                number,
                rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e38, 1e-45]),
            )
        elif isinstance(old, bytes) and change < 4:
            fields[place] = (
                number,
                rng.choice(
                    [
                        b"",
                        b"x",
                        b"y",
                        b"c1",
                        b"k1",
                        b"\xff\xfe",
                        b"a" * 100_000,
                        old[:-1],
                        old + b"\0",
                        bytes(len(old)),
                        b"\xff" * len(old),
                        b"\0\0\xc0\x7f" * (len(old) // 4),
                        b"Add",
                        b"Gather",
                        b"If",
                    ]
                ),
            )
        elif change == 4:
            fields[place] = (number, rng.choice([0, 1, 2**63, b"", [], [(1, 1)], 1.0]))
        elif change == 5:
            fields.extend([fields[place]] * rng.choice([1, 2, 100, 20_000]))
        elif change == 6:
            del fields[place]
        elif change == 7:
            rng.shuffle(fields)
        elif change == 8:
            other, _ = rng.choice([item for item in lists(tree) if item[0]])
            fields.append(rng.choice(copied(other)))
        else:
            # Data in another file, a graph inside an attribute, or a field without end inside
            # itself.
            deep = encoded([(6, b"")])
            for _ in range(rng.choice([10, 200, 5000])):
                deep = encoded([(rng.choice([1, 5, 6, 7]), deep)])
            fields.append(
                rng.choice(
                    [
                        (13, [(1, b"location"), (2, b"../../etc/passwd")]),
                        (14, 1),
                        (6, deep),
                        (7, deep),
                        (5, deep),
                        (1, deep),
                        (15, [(1, b"")]),
                        (20, rng.choice([0, 5, 13, 99])),
                    ]
                )
            )
    return encoded(tree)
