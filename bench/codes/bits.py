"""Bits into bytes and back: the range coder of coded tickets (docs/ticket-format.md) in Python, and
what it is told of the next bit.

Whoever models what is coded says each bit's chances once, for both directions: an encoder writes
the bit that it is given, a decoder ignores it, and both return the bit that the bytes hold.
"""

import functools

FIRST, LEAST = 1 << 56, 1 << 48


class Encoder:
    """Bits into bytes; `finish` gives them."""

    def __init__(self):
        self.low, self.span, self.bytes = 0, FIRST, bytearray()

    def code(self, bit, ones=1, total=2):
        """Code a bit that is 1 with chance ones / total, and return it."""
        if ones in (0, total):
            return int(ones > 0)
        cut = self.span // total * ones
        if bit:
            self.span = cut
        else:
            self.low += cut
            self.span -= cut
            self.carry()
        while self.span < LEAST:
            self.bytes.append(self.low >> 48)
            self.low = self.low << 8 & (FIRST - 1)
            self.span <<= 8
        return int(bit)

    def carry(self):
        if self.low < FIRST:
            return
        self.low -= FIRST
        last = len(self.bytes) - 1
        while self.bytes[last] == 255:
            self.bytes[last] = 0
            last -= 1
        self.bytes[last] += 1

    def finish(self):
        """All bytes, the last of them as few as tell the interval: a decoder reads zeros behind."""
        count, rounded = 1, self.low
        while count < 7:
            below = (1 << 8 * (7 - count)) - 1
            rounded = self.low + below & ~below
            if rounded - self.low < self.span:
                break
            rounded = self.low
            count += 1
        self.low = rounded
        self.carry()
        return bytes(self.bytes) + self.low.to_bytes(7, "big")[:count]


class Decoder:
    """Bytes into bits. Behind the end it reads zeros, and raises ValueError where it has read more
    of them than any encoder leaves out."""

    def __init__(self, data):
        self.data, self.position, self.span, self.offset = data, 0, FIRST, 0
        for _ in range(7):
            self.offset = self.offset << 8 | self.next()

    def next(self):
        self.position += 1
        if self.position > len(self.data) + 7:
            raise ValueError(f"expected more than {len(self.data)} bytes of code, found their end")
        return self.data[self.position - 1] if self.position <= len(self.data) else 0

    def code(self, bit=0, ones=1, total=2):
        """Return the next bit, which is 1 with chance ones / total."""
        if ones in (0, total):
            return int(ones > 0)
        cut = self.span // total * ones
        if self.offset < cut:
            found, self.span = 1, cut
        else:
            found, self.offset, self.span = 0, self.offset - cut, self.span - cut
        while self.span < LEAST:
            self.offset = self.offset << 8 | self.next()
            self.span <<= 8
        return found


def plain(coder, value, bits):
    """Code a number of which nothing is known, 0 to 2^bits - 1, its highest bit first."""
    found = 0
    for place in reversed(range(bits)):
        found = found << 1 | coder.code(value >> place & 1)
    return found


class Cell:
    """The chance of a bit from how often it was 0 and 1 before (Krichevsky and Trofimov's
    estimate: half of one of each before the first)."""

    def __init__(self):
        self.counts = [1, 1]

    def code(self, coder, bit):
        bit = coder.code(bit, self.counts[1], self.counts[0] + self.counts[1])
        self.counts[bit] += 2
        return bit


class Integers:
    """Whole numbers that are mostly small: the magnitude as ones and a zero, each in a cell, and
    unless it is 0 the sign, plain. Of magnitudes from UNARY on the rest follows, one added, as a
    length in ones and a zero, in cells, and plain bits."""

    UNARY, LENGTHS = 15, 31

    def __init__(self):
        self.cells = [Cell() for _ in range(self.UNARY)]
        self.lengths = [Cell() for _ in range(self.LENGTHS)]

    def size(self, coder, size=0):
        """Code a magnitude alone."""
        found = 0
        while found < self.UNARY and self.cells[found].code(coder, int(size > found)):
            found += 1
        if found == self.UNARY:
            rest, length = size - self.UNARY + 1, 0
            while length < self.LENGTHS and self.lengths[length].code(coder, int(rest >> length > 1)):
                length += 1
            found += (1 << length | plain(coder, rest & ((1 << length) - 1), length)) - 1
        return found

    def code(self, coder, value=0):
        found = self.size(coder, abs(value))
        return -found if found and coder.code(int(value < 0)) else found


class Symbols:
    """Numbers 0 to count - 1, by their binary digits, highest first, each in a cell of the digits
    before it."""

    def __init__(self, count):
        self.bits = max(count - 1, 0).bit_length()
        self.cells = [Cell() for _ in range(1 << self.bits)]

    def code(self, coder, value=0):
        node = 1
        for place in reversed(range(self.bits)):
            node = node << 1 | self.cells[node].code(coder, value >> place & 1)
        return node - (1 << self.bits)


class Text:
    """The bytes of a text, by the contexts of coded tickets: docs/ticket-format.md."""

    def __init__(self):
        self.contexts, self.cells, self.text = {}, {}, bytes(4)

    @staticmethod
    @functools.cache
    def after(example):
        """The model that has read an example: to be copied."""
        model = Text()
        for byte in example:
            model.byte(None, byte)
        return model

    @staticmethod
    def primed(example):
        known, model = Text.after(example), Text()
        model.contexts, model.cells, model.text = dict(known.contexts), dict(known.cells), known.text
        return model

    def byte(self, coder, value=0):
        bits = 1
        for place in reversed(range(8)):
            keys = [(order, self.text[4 - order:], bits) for order in (4, 3, 2, 1, 0)]
            seen = next(((key[0], *self.contexts[key]) for key in keys if key in self.contexts), (-1, 0, 0))
            counts = list(self.cells.get(seen, (2 * seen[1] + 1, 2 * seen[2] + 1)))
            bit = value >> place & 1
            if coder:
                bit = coder.code(bit, counts[1], sum(counts))
            counts[bit] += 2
            if sum(counts) > 255:
                counts = [(count + 1) // 2 for count in counts]
            self.cells[seen] = tuple(counts)
            for key in keys:
                counts = list(self.contexts.get(key, (0, 0)))
                counts[bit], counts[1 - bit] = min(counts[bit] + 1, 3), min(counts[1 - bit], 2)
                self.contexts[key] = tuple(counts)
            bits = 2 * bits + bit
        self.text = self.text[1:] + bytes([bits & 255])
        return bits & 255

    def code(self, coder, text=None):
        """Code a text and the form feed behind it."""
        found, left = bytearray(), iter((text or b"") + b"\f")
        while (byte := self.byte(coder, next(left, 0))) != 12:
            found.append(byte)
        return bytes(found)
