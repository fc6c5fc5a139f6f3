#!/usr/bin/env python3
"""Prints what a coded ticket holds as JSON: text, digests, biases, kept filters, in some 80 lines.
The format is in ticket-format.md; claims and witness, which zlib inflates, are passed over."""
import json, struct, sys
import numpy as np

example = open(__file__.replace("read_coded_ticket.py", "coded-ticket-example.txt"), "rb").read()
head = iter(open(sys.argv[1], "rb").read())
start = bytes(next(head) for _ in range(5))
assert start in (b"TMBL\x01", b"TMBL\x02"), "no coded ticket of version 1 or 2"
small = start[4] == 2
def size():
    byte = next(head)
    return byte if byte < 128 else byte - 128 + 128 * size()
code_size, claims_size = size(), size()
digest, code = bytes(next(head) for _ in range(8 if small else 32)), iter(bytes(head)[claims_size:])
span, offset = 1 << 56, int.from_bytes(bytes(next(code, 0) for _ in range(7)), "big")
def bit(ones=1, total=2):
    global span, offset
    if ones in (0, total): return int(ones > 0)
    cut = span // total * ones
    found = int(offset < cut)
    span, offset = (cut, offset) if found else (span - cut, offset - cut)
    while span < 1 << 48: span, offset = span << 8, offset << 8 | next(code, 0)
    return found
def number(bits): return sum(bit() << place for place in reversed(range(bits)))
def octets(count): return bytes(number(8) for _ in range(count))

contexts, cells, text = {}, {}, bytes(4)
for known in [*example] + [None] * (1 << 18):
    bits = 1
    for place in reversed(range(8)):
        keys = [(order, text[len(text) - order:], bits) for order in (4, 3, 2, 1, 0)]
        seen = next(((key[0], *contexts[key]) for key in keys if key in contexts), (-1, 0, 0))
        cell = cells.setdefault(seen, [2 * seen[1] + 1, 2 * seen[2] + 1])
        b = bit(cell[1], sum(cell)) if known is None else known >> place & 1
        cell[b] += 2
        if sum(cell) > 255: cell[:] = (cell[0] + 1) // 2, (cell[1] + 1) // 2
        for counts in [contexts.setdefault(key, [0, 0]) for key in keys]:
            counts[b], counts[1 - b] = min(counts[b] + 1, 3), min(counts[1 - b], 2)
        bits = 2 * bits + b
    text += bytes([bits & 255])
    if known is None and text.endswith(b"\f"): break
lines = text[4 + len(example):-1].decode().split("\n")
seed, width, mode, _, names_file = lines[1].split(" ")
digests = [octets(8 if small else 32).hex() for _ in range(1 + (mode == "calibrated"))]
if names_file == "true": digests.append(octets(32).hex())
cuts = lines.pop(5).split(" ") if small else []
layers, signed = [], []
for place, line in enumerate(lines[6:-1]):
    what, back = (line + "\t" + "1" * (place > 0)).split("\t")[1:3]
    reads = [signed[place - int(number_back)] for number_back in back.split()]
    kind, *words = what.split(" ")
    if kind == "conv": layers.append((reads[0], int(words[1]), int(words[2])))
    signed.append({"input": json.loads(lines[2])[0] < 0, "conv": True, "relu": False}.get(kind, any(reads)))
def bias(outputs):
    wide = number(5) if small else 0
    if wide == 0: return struct.unpack(f"<{outputs}f", octets(4 * outputs))
    step = 2.0 ** (number(8) - 149)
    return [step * (q - (q >> wide - 1 << wide)) for q in (number(wide) for _ in range(outputs))]
biases = [bias(outputs) if bit() else None for _, _, outputs in layers]
counts, last, kept = [[1, 1] for _ in range(34)], (4, 1), {}
def difference_of_lengths():
    length, more = 0, 1
    while length < 33 and more:
        more = bit(counts[length][1], sum(counts[length]))
        counts[length][more] += 1
        length += more
    folded = (1 << length | number(length)) - 1
    return folded // 2 if folded % 2 == 0 else -(folded // 2) - 1
def chosen(filters, keep):
    found = []
    for place, q in enumerate(filters):
        if bit(keep - len(found), len(filters) - place): found.append(q)
    return found

def band(words, cut):
    fraction = np.where(words >> 63 == 1, words, ~words) << 1
    _, exponent = np.frexp((fraction >> 11).astype(float))  # 53 bits, so exact
    zeros = np.where(fraction >> 11 > 0, 53 - exponent, 64).astype(np.uint64)
    behind = (fraction << np.minimum(zeros, 16) << 1) >> 32
    return np.where(zeros >= 16, 16 * cut - 1, (zeros.astype(int) + 1) * cut - 1 - (behind * cut >> 32).astype(int))
cells, above = [[1, 1] for _ in range(48)], (0, [])
def chosen_by_bands(filters, places, layer, cut):
    global above
    before = above[1] if above[0] == layer else [0] * 16 * cut
    found, numbers, begun, previous = [], [], 0, 0
    for place in range(16 * cut):
        members, keep, more = filters[places == place].tolist(), 0, 1
        situation = 3 * (1 + min(previous, 2) if begun else 0) + min(before[place], 2)
        while keep < len(members) and more:
            cell = cells[4 * situation + min(keep, 3)]
            more = bit(cell[1], sum(cell))
            cell[more] += 2
            keep += more
        if keep == 1:
            low, high = 0, len(members)
            while high - low > 1:
                middle = low + (high - low) // 2
                low, high = (middle, high) if bit(high - middle, high - low) else (low, middle)
            found.append(members[low])
        elif keep: found += chosen(members, keep)
        begun, previous = begun or keep > 0, keep
        numbers.append(keep)
    above = layer, numbers
    return sorted(found)

blocks = [(i, t, half) for i, layer in enumerate(layers, 1) for t in range(layer[1]) for half in (1, 0)[:1 + layer[0]]]
for layer, channel, half in blocks:
    philox = np.random.Philox(counter=[0, 0, channel, 2 * layer - 1], key=np.array([int(seed), 0x546F6D626F6C6131], np.uint64))
    words = philox.random_raw(2 * int(width))
    filters = np.flatnonzero(words >> 63 == half)
    name = f"layer{layer}.channel{channel}.{('negative', 'positive')[half]}"
    if small:
        cut = int(cuts[layer - 1])
        kept[name] = chosen_by_bands(filters, band(words[filters], cut), layer, cut)
        continue
    expected = (2 * last[1] * len(filters) + last[0]) // max(1, 2 * last[0])
    keep = min(max(0, expected + difference_of_lengths()), len(filters))
    last, kept[name] = (len(filters), keep), chosen(filters.tolist(), keep)
print(json.dumps({"digest": digest.hex(), "text": lines, "digests": digests, "biases": biases, "kept": kept}))
