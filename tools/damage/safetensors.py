"""safetensors files, tickets and checkpoints: JSON headers that parse whatever they say, and
digests that fit."""

import hashlib
import json
import struct

from . import extremes


def parts(data):
    """The header as JSON, and the bytes behind it."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def file(header, elements):
    text = header if isinstance(header, bytes) else header.encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + elements


def signed(header, elements):
    """The header with the digest that a ticket of its content has: metadata by key, then tensors by
    name."""
    metadata = header.get("__metadata__", {})
    digest = hashlib.sha256()

    def update(text):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(str(len(encoded)).encode() + b":" + encoded + b"\n")

    for key in sorted(metadata):
        if key != "digest":
            update(key)
            update(metadata[key])
    for name in sorted(header):
        if name != "__metadata__":
            entry = header[name]
            update(name)
            update(entry["dtype"] + " [" + ", ".join(str(size) for size in entry["shape"]) + "]")
            digest.update(elements[entry["data_offsets"][0] : entry["data_offsets"][1]])
    return {**header, "__metadata__": {**metadata, "digest": digest.hexdigest()}}


def damaged(rng, data):
    """A file with a damaged header, length or body."""
    kind = rng.randrange(10)
    if kind < 3:
        return extremes.bytes_damaged(rng, data)
    header, elements = parts(data)
    if kind == 3:
        return struct.pack("<Q", extremes.integer(rng) & 2**64 - 1) + data[8:]
    if kind == 4:
        return file(extremes.bytes_damaged(rng, json.dumps(header).encode()), elements)
    if kind == 5:
        count = rng.choice([1000, 50_000])
        header.update(
            {
                f"e{i}": {
                    "dtype": "F32",
                    "shape": [0, rng.choice([1, 2**40])],
                    "data_offsets": [0, 0],
                }
                for i in range(count)
            }
        )
        return file(json.dumps(header), elements)
    return file(extremes.json_damaged(rng, header), elements)


def ticket_damaged(rng, data):
    """A ticket or checkpoint whose metadata, as text or as JSON in it, or kept filters changed;
    with its digest made anew."""
    header, elements = parts(data)
    kind = rng.randrange(10)
    if kind < 3:
        return damaged(rng, data)
    metadata = dict(header["__metadata__"])
    if kind < 8:
        for _ in range(rng.choice([1, 1, 2])):
            key = rng.choice([key for key in metadata if key != "digest"])
            try:
                inner = json.loads(metadata[key])
            # A second change may meet text that the first made, nested too deeply to be read.
            except (ValueError, RecursionError):
                inner = metadata[key]
            if isinstance(inner, (dict, list)) and inner:
                metadata[key] = extremes.json_damaged(rng, inner)
            elif isinstance(inner, (int, float)):
                metadata[key] = str(
                    rng.choice(extremes.WIDE_INTEGERS + extremes.FLOATS + ["x", "", "true"])
                )
            elif rng.random() < 0.2:
                del metadata[key]
            else:
                metadata[key] = rng.choice(extremes.TEXTS)
    elif kind == 8:
        body = bytearray(elements)
        place = 4 * rng.randrange(max(1, len(body) // 4))
        body[place : place + 4] = struct.pack("<I", extremes.integer(rng) & 2**32 - 1)
        elements = bytes(body[: len(elements)])
    else:
        # Tensors that change their names, or are none.
        names = [name for name in header if name != "__metadata__"]
        first, second = rng.choice(names), rng.choice(names)
        if rng.random() < 0.5:
            header[first], header[second] = header[second], header[first]
        else:
            header = {
                (
                    name
                    if name != first
                    else rng.choice(["layer0.channel0.positive", "layer1.bias", "witness", "x"])
                ): entry
                for name, entry in header.items()
            }
    header = {**header, "__metadata__": metadata}
    try:
        header = signed(header, elements)
    except (TypeError, KeyError, AttributeError):
        pass
    return file(json.dumps(header), elements)
