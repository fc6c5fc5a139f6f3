"""npy, npz and IDX files, with headers that can say anything."""

import io
import math
import re
import struct
import zipfile
import zlib

import numpy as np

from . import extremes


def npy(array):
    """The bytes of an npy file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()


def npy_damaged(rng, data):
    """An npy file whose header is written anew with another shape, type, order, version or
    length."""
    kind = rng.randrange(10)
    if kind < 3:
        return extremes.bytes_damaged(rng, data)
    length = struct.unpack("<H", data[8:10])[0]
    header, elements = data[10 : 10 + length].decode().rstrip(), data[10 + length :]
    if kind < 7:
        shape = [int(size) for size in re.findall(r"\d+", header.split("'shape'")[1])]
        change = rng.randrange(5)
        if change == 0:
            shape.append(extremes.integer(rng))
        elif change == 1 and shape:
            shape.pop(rng.randrange(len(shape)))
        elif change == 2:
            # No elements at all, and sizes without bounds.
            shape = [rng.choice([0, 10**12, 2**62, 2**32]) for _ in range(rng.randint(1, 5))]
            elements = b""
        elif shape:
            place = rng.randrange(len(shape))
            shape[place] = extremes.integer(rng, shape[place])
        header = re.sub(r"\([^)]*\)", "(" + "".join(f"{size}," for size in shape) + ")", header)
    elif kind == 7:
        old = re.search(r"'[<>|][a-z]\d+'", header).group()
        header = header.replace(
            old,
            rng.choice(
                [
                    "'<f4'",
                    "'<f8'",
                    "'>f4'",
                    "'<i8'",
                    "'|b1'",
                    "'|O'",
                    "'<U5'",
                    "'<f2'",
                    "'<c8'",
                    "'|V8'",
                    "'f4'",
                    "''",
                    "[('a','<f4')]",
                ]
            ),
        )
    elif kind == 8:
        header = header.replace("False", rng.choice(["True", "0", "None", "(" * 5000]))
    else:
        header = extremes.bytes_damaged(rng, header.encode()).decode("latin-1")
    text = header.encode("latin-1") + b"\n"
    if kind == 9 and rng.random() < 0.5:
        return (
            data[:6]
            + bytes([2, 0])
            + struct.pack("<I", rng.choice([0, 2**31, 2**32 - 1, len(text)]))
            + text
            + elements
        )
    return data[:6] + bytes([1, 0]) + struct.pack("<H", len(text) & 0xFFFF) + text + elements


class Zeros:
    """An npy file of float32 zeros that is never in memory as a whole."""

    def __init__(self, *shape):
        self.header = npy(np.zeros((), np.float32))[:-4].replace(b"(), ", f"{shape}, ".encode())
        # The header keeps its length: padding gives way to the shape.
        excess = len(self.header) - 128
        self.header = self.header[: -1 - excess] + b"\n"
        self.size = 4 * math.prod(shape)


def npz(arrays, deflated=False):
    """The bytes of an npz file with the npy files of a dictionary, and checksums that are right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    ) as archive:
        for name, data in arrays.items():
            entry = zipfile.ZipInfo(name + ".npy")
            if not isinstance(data, Zeros):
                archive.writestr(entry, data, archive.compression)
                continue
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                file.write(data.header)
                for start in range(0, data.size, 1 << 20):
                    file.write(bytes(min(1 << 20, data.size - start)))
    return stream.getvalue()


def npz_damaged(rng, arrays):
    """An npz file with a damaged array, another set of arrays, or a damaged archive around them."""
    arrays = dict(arrays)
    kind = rng.randrange(10)
    if kind < 5:
        name = rng.choice(list(arrays))
        arrays[name] = npy_damaged(rng, arrays[name])
    elif kind == 5:
        name = rng.choice(list(arrays))
        old = np.load(io.BytesIO(arrays[name]))
        change = rng.randrange(5)
        if change == 0:
            del arrays[name]
        elif change == 1:
            arrays[name] = Zeros(*rng.choice([(50_000_000,), (25_000_000, 2), (60_000, 1, 28, 28)]))
        elif change == 2 and old.dtype.kind == "f":
            with np.errstate(over="ignore", under="ignore"):
                old.flat[rng.randrange(old.size)] = rng.choice(
                    [np.nan, np.inf, -np.inf, 1e300, 1e-300, 1e-320]
                )
            arrays[name] = npy(old)
        elif change == 3:
            arrays[name] = npy(old.astype(rng.choice(["<f4", "<f8", "<i4", "<u1", ">f4", "<u8"])))
        else:
            arrays[rng.choice(["z", "", "a/b", "x.npy", "é"])] = arrays[name]
    data = npz(arrays, deflated=rng.random() < 0.5)
    if kind == 6 or kind == 7:
        # A size, offset or method of the directory.
        entry = data.rindex(b"PK\x01\x02") if rng.random() < 0.5 else data.index(b"PK\x01\x02")
        place, width = rng.choice(
            [(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)]
        )
        value = extremes.integer(rng) & ((1 << 8 * width) - 1)
        data = bytearray(data)
        data[entry + place : entry + place + width] = value.to_bytes(width, "little")
    elif kind == 8:
        end = data.rindex(b"PK\x05\x06")
        place, width = rng.choice([(4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)])
        data = bytearray(data)
        data[end + place : end + place + width] = (
            extremes.integer(rng) & ((1 << 8 * width) - 1)
        ).to_bytes(width, "little")
    elif kind == 9:
        data = extremes.bytes_damaged(rng, data)
    return bytes(data)


def idx(array):
    """The bytes of an IDX file of unsigned bytes."""
    return (
        bytes([0, 0, 8, array.ndim])
        + b"".join(struct.pack(">I", size) for size in array.shape)
        + array.tobytes()
    )


def idx_damaged(rng, data):
    """An IDX file with another type, rank or size, or damaged bytes, gzipped at times; the gzip
    stream too."""
    data = bytearray(data)
    kind = rng.randrange(6)
    if kind == 0:
        data[rng.choice([0, 1, 2, 2, 3, 3])] = rng.choice([0, 1, 8, 9, 11, 13, 14, 255])
    elif kind < 4:
        place = 4 + 4 * rng.randrange(data[3])
        old = struct.unpack(">I", data[place : place + 4])[0]
        data[place : place + 4] = struct.pack(">I", extremes.integer(rng, old) & 0xFFFFFFFF)
    elif kind == 4:
        data = bytearray(
            struct.pack(">BBBB", 0, 0, 8, 3)
            + struct.pack(
                ">III",
                rng.choice([0, 2**32 - 1, 60000]),
                *[rng.choice([0, 1, 2**32 - 1, 1000]) for _ in range(2)],
            )
        )
    else:
        data = bytearray(extremes.bytes_damaged(rng, data))
    if rng.random() < 0.5:
        return bytes(data), False
    packing = zlib.compressobj(wbits=31)
    packed = packing.compress(bytes(data))
    if rng.random() < 0.02:
        packed += b"".join(packing.compress(bytes(1 << 20)) for _ in range(256))
    packed += packing.flush()
    return (extremes.bytes_damaged(rng, packed) if rng.random() < 0.3 else packed), True
