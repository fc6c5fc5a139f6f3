#!/usr/bin/env python3
"""Rebuilds the pruned network's weights from a ticket with NumPy alone: `tombola export`, bit for
bit.

    rebuild_ticket.py ticket.safetensors -o pruned.npz

Per layer NAME, with its kept filters in order of (channel, q): NAME.scalars.weight (hidden, 1, 1,
1), u_q; NAME.scalars.sources (hidden), the input channel each reads; NAME.weight (O, I, H, W), the
slices V_q times the scale; NAME.bias (O) where the layer takes one from the target. """
import argparse
import json
import struct

import numpy as np

from regenerate_weights import scalars, slice_


def read_safetensors(path):
    """Metadata and the U32 and F32 tensors of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__")
    types = {"U32": "<u4", "F32": "<f4"}
    return metadata, {name: np.frombuffer(data[slice(*entry["data_offsets"])], types[entry["dtype"]])
                      for name, entry in header.items()}


def rebuild(path):
    """The arrays of the pruned network, by name."""
    metadata, kept = read_safetensors(path)
    seed, width, arrays = int(metadata["seed"]), int(metadata["width"]), {}
    layers, scales = json.loads(metadata["layer_graph"])["layers"], json.loads(metadata["scales"])
    for number, (layer, scale) in enumerate(zip(layers, scales), 1):
        window, outputs = layer["window"], layer["output_channels"]
        sources, us, slices = [], [], []
        for channel in range(layer["input_channels"]):
            halves = [kept.get(f"layer{number}.channel{channel}.{half}", []) for half in ("positive", "negative")]
            filters = np.sort(np.concatenate(halves)).astype(np.int64)
            us.append(scalars(seed, number, channel, 2 * width)[filters])
            sources += [channel] * len(filters)
            slices += [slice_(seed, number, channel, q, window["height"], window["width"], outputs) for q in filters]
        arrays[f"{layer['name']}.scalars.weight"] = np.concatenate(us).reshape(-1, 1, 1, 1)
        arrays[f"{layer['name']}.scalars.sources"] = np.array(sources, np.int64)
        kernel = np.array(slices, np.float32).reshape(-1, window["height"], window["width"], outputs)
        arrays[f"{layer['name']}.weight"] = kernel.transpose(3, 0, 1, 2) * np.float32(scale)
        if f"layer{number}.bias" in kept:
            arrays[f"{layer['name']}.bias"] = kept[f"layer{number}.bias"]
    return arrays


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ticket")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.npz")
    given = parser.parse_args()
    np.savez(given.output, **rebuild(given.ticket))
