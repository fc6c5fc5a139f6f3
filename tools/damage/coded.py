"""Coded tickets: lengths, claims and texts that say what they like, written by an encoder of its
own."""

import functools
import os
import re
import struct
import zlib

from . import extremes

MARK = b"TMBL\x01"
END = 12
EXAMPLE = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "coded-ticket-example.txt"
)


class Encoder:
    """The range coder, over one large integer, which carries by itself."""

    def __init__(self):
        self.low, self.span, self.count = 0, 1 << 56, 0

    def bit(self, bit, ones, total):
        cut = self.span // total * ones
        if bit:
            self.span = cut
        else:
            self.low += cut
            self.span -= cut
        while self.span < 1 << 48:
            self.span <<= 8
            self.low <<= 8
            self.count += 1
        return bit

    def finish(self):
        return (self.low + self.span - 1).to_bytes(self.count + 7, "big")


class Decoder:
    def __init__(self, code):
        self.code, self.span = iter(code), 1 << 56
        self.offset = int.from_bytes(bytes(next(self.code, 0) for _ in range(7)), "big")

    def bit(self, _, ones, total):
        cut = self.span // total * ones
        found = int(self.offset < cut)
        self.span = cut if found else self.span - cut
        self.offset -= 0 if found else cut
        while self.span < 1 << 48:
            self.span <<= 8
            self.offset = self.offset << 8 | next(self.code, 0)
        return found


class Model:
    """What is known of a text's next bit: see docs/ticket-format.md."""

    @classmethod
    def ready(cls):
        """A model that has read the example text; cases run on several threads at once."""
        primed, model = cls.primed(), Model()
        model.contexts, model.cells = dict(primed.contexts), dict(primed.cells)
        model.text = primed.text
        return model

    @staticmethod
    @functools.cache
    def primed():
        model = Model()
        with open(EXAMPLE, "rb") as file:
            for byte in file.read():
                model.byte(byte, None)
        return model

    def __init__(self):
        self.contexts, self.cells, self.text = {}, {}, bytes(4)

    def byte(self, byte, coder):
        """Codes a byte, or with no coder only learns it."""
        bits = 1
        for place in reversed(range(8)):
            keys = [(order, self.text[4 - order :], bits) for order in (4, 3, 2, 1, 0)]
            seen = next(
                ((key[0], *self.contexts[key]) for key in keys if key in self.contexts), (-1, 0, 0)
            )
            zeros, ones = self.cells.get(seen, (2 * seen[1] + 1, 2 * seen[2] + 1))
            bit = byte >> place & 1
            if coder:
                bit = coder.bit(bit, ones, zeros + ones)
            zeros, ones = zeros + 2 * (1 - bit), ones + 2 * bit
            if zeros + ones > 255:
                zeros, ones = (zeros + 1) // 2, (ones + 1) // 2
            self.cells[seen] = zeros, ones
            for key in keys:
                zeros, ones = self.contexts.get(key, (0, 0))
                self.contexts[key] = (
                    (min(zeros, 2), min(ones + 1, 3)) if bit else (min(zeros + 1, 3), min(ones, 2))
                )
            bits = 2 * bits + bit
        self.text = (self.text + bytes([bits & 255]))[-4:]
        return bits & 255


def sizes(data):
    """The lengths of code and claims, and where they end."""
    values, place = [], len(MARK)
    while len(values) < 2:
        value = shift = 0
        while True:
            value |= (data[place] & 127) << shift
            shift += 7
            place += 1
            if data[place - 1] < 128:
                break
        values.append(value)
    return values, place


def size(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + size(value >> 7)


def file(code, claims, digest, lengths=None):
    code_length, claims_length = lengths or (len(code), len(claims))
    return MARK + size(code_length) + size(claims_length) + digest + claims + code


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@functools.cache
def text_of(code):
    """The text at the start of a code."""
    coder, model, text = Decoder(code), Model.ready(), b""
    while not text.endswith(bytes([END])):
        text += bytes([model.byte(0, coder)])
    return text[:-1].decode()


def code_of(rng, text):
    """A code that begins with a text; what follows it is anything."""
    coder, model = Encoder(), Model.ready()
    for byte in text.encode("utf-8", "surrogatepass") + bytes([END]):
        model.byte(byte, coder)
    for _ in range(rng.choice([0, 100, 5000])):
        coder.bit(rng.randrange(2), 1, 2)
    return coder.finish()


def text_damaged(rng, text):
    lines = text.split("\n")
    for _ in range(rng.choice([1, 1, 2])):
        place = rng.randrange(len(lines))
        kind = rng.randrange(6)
        if kind < 3:
            numbers = list(re.finditer(r"-?\d+", lines[place]))
            if numbers:
                found = rng.choice(numbers)
                value = str(extremes.integer(rng, int(found.group())))
                lines[place] = lines[place][: found.start()] + value + lines[place][found.end() :]
        elif kind == 3:
            lines[place] = rng.choice([one for one in extremes.TEXTS if len(one) < 100])
        elif kind == 4:
            lines[place : place + rng.choice([0, 1, 3])] = [rng.choice(lines)] * rng.choice([0, 1, 40])
        else:
            fields = lines[place].split("\t")
            other = rng.choice(["", '"', '"a\\u0000"', "{", '{"type":"relu"}', "conv", "1 1", "9"])
            fields[rng.randrange(len(fields))] = other
            lines[place] = "\t".join(fields)
        if not lines:
            break
    return "\n".join(lines)


def damaged(rng, data):
    """A coded ticket with damaged bytes, lengths, claims or text."""
    kind = rng.randrange(10)
    if kind < 3:
        return extremes.bytes_damaged(rng, data)
    (code_length, claims_length), start = sizes(data)
    digest, claims = data[start : start + 32], data[start + 32 : len(data) - code_length]
    code = data[len(data) - code_length :]
    if kind == 3:
        lengths = [rng.choice([0, 1, length + 1, 2**31, 2**55, 2**62]) for length in (code_length, claims_length)]
        return file(code, claims, digest, lengths)
    if kind == 4:
        inner = zlib.decompress(claims, -15)
        choice = rng.randrange(4)
        if choice == 0:
            inner = extremes.bytes_damaged(rng, inner)
        elif choice == 1:
            inner = struct.pack("<II", 2**32 - 1, rng.choice([0, 2**31])) + inner[8:]
        elif choice == 2:
            inner = struct.pack("<II", 1 << 26, 0) + bytes(1 << 26)
        else:
            inner = struct.pack("<II", 2, 4) + rng.choice([b"{}", b"[]", b"\xff\xff"]) + bytes(4)
        return file(code, deflated(inner), digest)
    return file(code_of(rng, text_damaged(rng, text_of(code))), claims, digest)
