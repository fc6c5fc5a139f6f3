"""Ways to say a layer's weights in whole numbers. A quantiser of one layer has

    codes(rows)          rows (n, outputs) of weights, float64, to whole numbers (n, any)
    values(codes)        the weights that these stand for, float32, from what the file holds alone
    write(coder), parse  its own numbers (steps, codebooks), and `code` its codes, into a file

Each row is quantised by itself, so that feedback (`feedback.py`) can come between rows.
"""

import numpy as np

import bits


def short(value):
    """A float32 rounded up to one of 16 bits: the upper half of its own (bfloat16)."""
    words = np.asarray(value, np.float32).view(np.uint32)
    return ((words + np.uint32(0xFFFF)) & np.uint32(0xFFFF0000)).view(np.float32)


def write_shorts(coder, values):
    for word in np.asarray(values, np.float32).view(np.uint32).reshape(-1) >> 16:
        bits.plain(coder, int(word), 16)


def read_shorts(coder, count):
    words = np.array([bits.plain(coder, 0, 16) for _ in range(count)], np.uint32) << 16
    return words.view(np.float32)


def whole(values):
    """Nearest whole numbers, ties to even."""
    return np.rint(values).astype(np.int64)


def divided(weights, step):
    """weights / step, and 0 for a step of 0."""
    step = np.asarray(step, np.float64)
    return np.divide(weights, step, out=np.zeros(np.broadcast_shapes(weights.shape, step.shape)), where=step > 0)


class Uniform:
    """Multiples of a step: one for the layer, or one for each output channel."""

    def __init__(self, step):
        self.step = np.atleast_1d(np.asarray(step, np.float32))

    def codes(self, rows):
        return whole(divided(rows, self.step))

    def values(self, codes):
        return codes.astype(np.float32) * self.step

    def write(self, coder):
        write_shorts(coder, self.step)

    @classmethod
    def parse(cls, coder, shape, per_channel=False):
        return cls(read_shorts(coder, shape[1] if per_channel else 1))

    def code(self, coder, shape, codes=None):
        return code_integers(coder, shape, codes)


def code_integers(coder, shape, codes=None):
    """Whole numbers of a layer, row by row. Neighbours and means of their rows and columns say too
    little of a number in layers this small: contexts cost more than they save."""
    model = bits.Integers()
    given = np.zeros(shape, np.int64) if codes is None else codes
    return np.array([model.code(coder, value) for value in given.reshape(-1).tolist()], np.int64).reshape(shape)


class Lattice:
    """Points of the lattice E8, scaled: all whole numbers with an even sum, or all halves with one.
    Eight outputs of a row are a point; what is left of a row is uniform with the same step, at
    which both have a point in the same volume. Codes are twice the coordinates."""

    def __init__(self, step):
        self.step = np.float32(np.asarray(step).reshape(()))

    def codes(self, rows):
        scaled = divided(rows, self.step)
        count = rows.shape[1] // 8 * 8
        points = nearest_in_e8(scaled[:, :count].reshape(-1, 8)).reshape(len(rows), count)
        return np.concatenate([whole(2 * points), 2 * whole(scaled[:, count:])], 1)

    def values(self, codes):
        return codes.astype(np.float32) * (self.step * np.float32(0.5))

    def write(self, coder):
        write_shorts(coder, self.step)

    @classmethod
    def parse(cls, coder, shape):
        return cls(read_shorts(coder, 1)[0])

    def code(self, coder, shape, codes=None):
        """A bit says of which kind a point is; seven coordinates follow. Of the eighth only what an
        even sum leaves open: of whole ones half the magnitude, of halves no sign."""
        rows, columns = shape
        points = columns // 8 * 8
        kind, rest = bits.Cell(), bits.Integers()
        first, last = [bits.Integers() for _ in range(2)], [bits.Integers() for _ in range(3)]
        given = np.zeros(shape, np.int64) if codes is None else codes
        found = np.zeros(shape, np.int64)
        for row in range(rows):
            half = total = 0
            for column, value in enumerate(given[row].tolist()):
                size, sign = abs(value) // 2, int(value < 0)
                if column >= points:
                    value = 2 * rest.code(coder, value // 2)
                    found[row, column] = value
                    continue
                if column % 8 == 0:
                    half, total = kind.code(coder, value & 1), 0
                if column % 8 < 7:
                    size = first[half].size(coder, size)
                    sign = coder.code(sign) if half or size else 0
                elif half:
                    size = last[2].size(coder, size)
                    sign = int((total + 2 * size + 1) % 4 != 0)
                else:
                    odd = total // 2 % 2
                    size = 2 * last[odd].size(coder, size // 2) + odd
                    sign = coder.code(sign) if size else 0
                value = (2 * size + half) * (-1 if sign else 1)
                total += value
                found[row, column] = value
        return found


def nearest_in_e8(points):
    """The nearest point of E8 to each row of eight (Conway and Sloane, 1982): the nearer of those
    in D8 and in D8 moved by halves."""
    def in_d8(x):
        near = np.rint(x)
        off = x - near
        worst = np.abs(off).argmax(1)
        here = np.arange(len(x))
        step = np.where(off[here, worst] < 0, -1.0, 1.0)
        near[here, worst] += np.where(near.sum(1) % 2 != 0, step, 0)
        return near
    whole_ones, halves = in_d8(points), in_d8(points - 0.5) + 0.5
    nearer = ((points - whole_ones) ** 2).sum(1) <= ((points - halves) ** 2).sum(1)
    return np.where(nearer[:, None], whole_ones, halves)


class Codebook:
    """Vectors of a codebook that all layers share, times a layer's scale: `size` outputs of a row
    are a vector, of which the last of a row may be cut."""

    def __init__(self, scale, book):
        self.scale, self.book = np.float32(np.asarray(scale).reshape(())), book

    def codes(self, rows):
        size = self.book.shape[1]
        scaled = divided(rows, self.scale)
        short_of = -scaled.shape[1] % size
        vectors = np.pad(scaled, ((0, 0), (0, short_of))).reshape(-1, size)
        return nearest_words(vectors, self.book).reshape(len(rows), -1)

    def values(self, codes):
        return self.book[codes].reshape(len(codes), -1) * self.scale

    def write(self, coder):
        write_shorts(coder, self.scale)

    def code(self, coder, shape, codes=None):
        size = self.book.shape[1]
        shape = (shape[0], -(-shape[1] // size))
        model = bits.Symbols(len(self.book))
        given = np.zeros(shape, np.int64) if codes is None else codes
        return np.array([[model.code(coder, word) for word in row] for row in given.tolist()],
                        np.int64).reshape(shape)


def nearest_words(vectors, book):
    """Numbers of the nearest words of a codebook, in float64."""
    book = book.astype(np.float64)
    distances = (book ** 2).sum(1) - 2 * vectors @ book.T
    return distances.argmin(1)


def k_means(vectors, count, seed, rounds=40):
    """A codebook of `count` words by Lloyd's algorithm from k-means++, rounded to 16 bits."""
    generator = np.random.default_rng(seed)
    book = vectors[[generator.integers(len(vectors))]]
    nearest = ((vectors - book[0]) ** 2).sum(1)
    while len(book) < count:
        total = nearest.sum()
        if total == 0:
            break
        new = vectors[np.searchsorted(np.cumsum(nearest), generator.random() * total).clip(max=len(vectors) - 1)]
        book = np.concatenate([book, [new]])
        nearest = np.minimum(nearest, ((vectors - new) ** 2).sum(1))
    for _ in range(rounds):
        words = nearest_words(vectors, book)
        counts = np.bincount(words, minlength=len(book))
        sums = np.stack([np.bincount(words, column, len(book)) for column in vectors.T], 1)
        book = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], book)
    return short(book)
