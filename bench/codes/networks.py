"""Trained networks as what is coded of them: an architecture in lines of text, and for each layer a
matrix of weights (rows by output channels) with a bias or none.

Read from ONNX with batch normalisation folded into the layer before it, and written as ONNX with
other weights. Fully connected layers are convolutions whose window is the whole image, as in
tickets, and values keep their channels, rows and columns to the end.
"""

import dataclasses

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, shape_inference


@dataclasses.dataclass(frozen=True)
class Layer:
    """Weights (rows, outputs), a row for each (row of the window, column, input channel), and the
    bias (outputs) or None, both float32."""
    weights: np.ndarray
    bias: np.ndarray | None


@dataclasses.dataclass(frozen=True)
class Window:
    """Height and width, strides, and padding on top, left, bottom and right."""
    size: tuple
    strides: tuple = (1, 1)
    pads: tuple = (0, 0, 0, 0)

    def __str__(self):
        text = "x".join(map(str, self.size))
        if self.strides != (1, 1):
            text += "/" + "x".join(map(str, self.strides))
        return text + ("+" + ",".join(map(str, self.pads)) if any(self.pads) else "")

    @staticmethod
    def read(text):
        text, _, pads = text.partition("+")
        size, _, strides = text.partition("/")
        numbers = lambda word, mark: tuple(map(int, word.split(mark)))
        return Window(numbers(size, "x"), numbers(strides, "x") if strides else (1, 1),
                      numbers(pads, ",") if pads else (0, 0, 0, 0))


@dataclasses.dataclass(frozen=True)
class Node:
    """`what` is input, conv, relu, pool (maximum), average (global) or add; `inputs` are numbers of
    earlier nodes; a convolution has its layer's number and channels in and out."""
    what: str
    inputs: tuple = ()
    window: Window | None = None
    layer: int = -1
    channels: tuple = ()


class Network:
    """Nodes, the last of which is the output, layers, and the input's (channels, rows, columns)."""

    def __init__(self, shape, nodes, layers):
        self.shape, self.nodes, self.layers = tuple(shape), tuple(nodes), tuple(layers)

    @property
    def count(self):
        """Weights of all layers; biases are not counted."""
        return sum(layer.weights.size for layer in self.layers)

    def replacing(self, layers):
        return Network(self.shape, self.nodes, layers)

    # --- Text

    def text(self):
        lines = ["x".join(map(str, self.shape))]
        for place, node in enumerate(self.nodes[1:], 1):
            words = [node.what] + [str(word) for word in [node.window, *node.channels] if word is not None]
            back = [place - i for i in node.inputs]
            lines.append(" ".join(words) + ("" if back == [1] else "\t" + " ".join(map(str, back))))
        return "\n".join(lines).encode()

    @staticmethod
    def read(text):
        """The architecture in a text: its layers hold no weights yet."""
        first, *lines = text.decode().split("\n")
        nodes, layers = [Node("input")], 0
        for place, line in enumerate(lines, 1):
            words, _, back = line.partition("\t")
            what, *words = words.split(" ")
            inputs = tuple(place - int(i) for i in (back or "1").split(" "))
            window = Window.read(words[0]) if words else None
            if what == "conv":
                nodes.append(Node(what, inputs, window, layers, tuple(map(int, words[1:]))))
                layers += 1
            else:
                nodes.append(Node(what, inputs, window))
        return Network(map(int, first.split("x")), nodes, ())

    def shapes(self):
        """(rows, outputs) of each layer, from the nodes alone."""
        return [(node.window.size[0] * node.window.size[1] * node.channels[0], node.channels[1])
                for node in self.nodes if node.what == "conv"]

    # --- ONNX

    @staticmethod
    def load(path):
        """The network in an ONNX file; ValueError where it has what no shipped target has."""
        model = shape_inference.infer_shapes(onnx.load(path))
        graph, tensors = model.graph, {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim][1:]
                  for v in [*graph.value_info, *graph.input, *graph.output]}
        nodes, layers, known = [Node("input")], [], {graph.input[0].name: 0}

        def layer(inputs, kernel, bias, window):
            outputs, channels = kernel.shape[:2]
            matrix = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, outputs), np.float32)
            nodes.append(Node("conv", inputs, window, len(layers), (channels, outputs)))
            layers.append(Layer(matrix, bias))

        for node in graph.node:
            given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            values = [tensors[name] for name in node.input if name in tensors]
            inputs = tuple(known[name] for name in node.input if name not in tensors)
            window = Window(tuple(given.get("kernel_shape", ())), tuple(given.get("strides", (1, 1))),
                            tuple(given.get("pads", (0, 0, 0, 0))))
            usual = given.get("group", 1) == 1 and set(given.get("dilations", [1])) == {1} \
                and not given.get("ceil_mode", 0) and given.get("auto_pad", b"NOTSET") == b"NOTSET"
            if node.op_type == "Conv" and usual:
                layer(inputs, values[0], values[1] if len(values) > 1 else None, window)
            elif node.op_type == "Gemm" and given.get("transB", 0) == 1 and given.get("alpha", 1) == 1:
                # What was flattened tells rows and columns.
                flat = next((n for n in graph.node if n.op_type == "Flatten" and n.output[0] == node.input[0]), None)
                image = shapes[flat.input[0]] if flat else [*shapes[node.input[0]], 1, 1]
                kernel = values[0].reshape(len(values[0]), *image)
                layer(inputs, kernel, values[1] if len(values) > 1 else None, Window(tuple(image[1:])))
            elif node.op_type == "BatchNormalization" and nodes[inputs[0]].what == "conv" \
                    and sum(node.input[0] in n.input for n in graph.node) == 1:
                gain, shift, mean, variance = (value.astype(np.float64) for value in values)
                scale = gain / np.sqrt(variance + given.get("epsilon", 1e-5))
                old = layers[nodes[inputs[0]].layer]
                bias = (0 if old.bias is None else old.bias.astype(np.float64)) * scale + shift - mean * scale
                layers[nodes[inputs[0]].layer] = Layer((old.weights * scale).astype(np.float32),
                                                       bias.astype(np.float32))
                known[node.output[0]] = inputs[0]
                continue
            elif node.op_type == "Flatten":
                known[node.output[0]] = inputs[0]
                continue
            elif node.op_type == "MaxPool" and usual:
                nodes.append(Node("pool", inputs, window))
            elif node.op_type in ("Relu", "GlobalAveragePool", "Add"):
                nodes.append(Node({"Relu": "relu", "GlobalAveragePool": "average", "Add": "add"}[node.op_type], inputs))
            else:
                raise ValueError(f"{path}, node {node.name}: expected a layer of the shipped targets, "
                                 f"found {node.op_type} {given}")
            known[node.output[0]] = len(nodes) - 1
        if known[graph.output[0].name] != len(nodes) - 1:
            raise ValueError(f"{path}: expected the last node to be the output")
        return Network(shapes[graph.input[0].name], nodes, layers)

    def model(self, shown=None):
        """An ONNX model of the network; its outputs are the nodes of `shown`, or the last."""
        shown = [len(self.nodes) - 1] if shown is None else shown
        made, tensors = [], []
        for place, node in enumerate(self.nodes[1:max(shown) + 1], 1):
            inputs, attributes = [str(i) for i in node.inputs], {}
            if node.window:
                attributes = dict(kernel_shape=node.window.size, strides=node.window.strides, pads=node.window.pads)
            if node.what == "conv":
                layer = self.layers[node.layer]
                kernel = layer.weights.reshape(*node.window.size, *node.channels).transpose(3, 2, 0, 1)
                named = [("weight", kernel)] + ([] if layer.bias is None else [("bias", layer.bias)])
                for name, value in named:
                    tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{place}.{name}"))
                    inputs.append(f"{place}.{name}")
            kind = {"conv": "Conv", "relu": "Relu", "pool": "MaxPool", "average": "GlobalAveragePool",
                    "add": "Add"}[node.what]
            made.append(helper.make_node(kind, inputs, [str(place)], **attributes))
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(made, "network", [value("0", ["batch", *self.shape])],
                                  [value(str(place), None) for place in shown], tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    def run(self, images, place, size=500):
        """Values of a node for images: (images, channels, rows, columns)."""
        if place == 0:
            return images
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(self.model([place]).SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
        return np.concatenate([session.run(None, {"0": images[k:k + size]})[0]
                               for k in range(0, len(images), size)])

    def logits(self, images):
        return self.run(images, len(self.nodes) - 1).reshape(len(images), -1)

    def accuracy(self, images, labels):
        """The fraction of images whose largest logit is the label's."""
        return float((self.logits(images).argmax(1) == labels).mean())


def features(values, window):
    """What each place of a window sees: (images, channels, rows, columns) to (places, rows of the
    layer's matrix), float64."""
    top, left, bottom, right = window.pads
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, window.size, (2, 3))
    seen = seen[:, :, ::window.strides[0], ::window.strides[1]].transpose(0, 2, 3, 4, 5, 1)
    return seen.reshape(-1, window.size[0] * window.size[1] * values.shape[1]).astype(np.float64)
