#!/usr/bin/env python3
"""Prints what a coded ticket holds as JSON: text, digests, biases, kept filters, in some 130 lines.
The format is in ticket-format.md; claims and witness, which zlib inflates, are passed over."""
import json, re, struct, sys
import numpy as np

example = open(__file__.replace("read_coded_ticket.py", "coded-ticket-example.txt"), "rb").read()
head = iter(open(sys.argv[1], "rb").read())
start = bytes(next(head) for _ in range(5))
assert start in (b"TMBL\x01", b"TMBL\x03"), "no coded ticket of version 1 or 3"
small = start[4] == 3
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
layers, signed = [], []
for place, line in enumerate(lines[6:-1]):
    what, back = (line + "\t" + "1" * (place > 0)).split("\t")[1:3]
    reads = [signed[place - int(number_back)] for number_back in back.split()]
    kind, *words = what.split(" ")
    if kind == "conv":
        taps = np.prod([int(size) for size in re.match(r"(\d+)x(\d+)", words[0]).groups()])
        layers.append((reads[0], int(words[1]), int(words[2]), int(taps)))
    signed.append({"input": json.loads(lines[2])[0] < 0, "conv": True, "relu": False}.get(kind, any(reads)))
def bias(outputs):
    wide = number(5) if small else 0
    if wide == 0: return struct.unpack(f"<{outputs}f", octets(4 * outputs))
    step = 2.0 ** (number(8) - 149)
    return [step * (q - (q >> wide - 1 << wide)) for q in (number(wide) for _ in range(outputs))]
biases = [bias(outputs) if bit() else None for _, _, outputs, _ in layers]
firsts = [number(10) for _ in layers] if small else []
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

def edges(first, entries):
    edges, part = [1 << 32], first << 22
    while edges[-1] > 1 << 16 and len(edges) < 1024:
        less = ((1 << 32) - part) * (edges[-1] // 4) >> 32
        edges.append(edges[-1] - (edges[-1] * (part - (part * less >> 32)) >> 32))
        part = max((first << 22) // 4, part - part // entries)
    return edges[:-1] + [0]
def band(words, edges):
    fraction = (np.where(words >> 63 == 1, words, ~words) << 1) >> 32
    return len(edges) - 1 - np.searchsorted(edges[::-1], fraction.astype(np.int64), side="right")
cells, seen_blocks = [[1, 1] for _ in range(27)], {}
def chance(place):
    found = bit(cells[place][1], sum(cells[place]))
    cells[place][found] += 2
    return found
def chosen_by_bands(filters, places, layer, count):
    before = seen_blocks.setdefault(layer, [])
    ends = [block for block in before if block]
    mean = [(2 * sum(end[k] for end in ends) + len(ends)) // (2 * len(ends)) if ends else None for k in (0, 1)]
    beside = lambda place, mean: 0 if mean is None else 3 + max(-2, min(2, place - mean))
    found, first, last, previous = [], None, None, 1
    more = chance(1 + (len(before[-1]) > 0) if before else 0)
    for place in range(count):
        members = filters[places == place].tolist()
        if not more: break
        if not members or first is None and not chance(3 + beside(place, mean[0])): continue
        keep, first = int(first is None), place if first is None else first
        while keep < len(members) and chance(15 + 4 * min(previous, 2) + min(keep, 3)): keep += 1
        if keep: found.append((members, keep))
        previous = keep
        if keep:
            last = place
            more = not chance(9 + beside(place, mean[1]))
    before.append((first, last) if found else ())
    kept = []
    for members, keep in found:
        low, high = 0, len(members)
        while keep == 1 and high - low > 1:
            middle = low + (high - low) // 2
            low, high = (middle, high) if bit(high - middle, high - low) else (low, middle)
        kept += [members[low]] if keep == 1 else chosen(members, keep)
    return sorted(kept)

blocks = [(i, t, half) for i, layer in enumerate(layers, 1) for t in range(layer[1]) for half in (1, 0)[:1 + layer[0]]]
for layer, channel, half in blocks:
    philox = np.random.Philox(counter=[0, 0, channel, 2 * layer - 1], key=np.array([int(seed), 0x546F6D626F6C6131], np.uint64))
    words = philox.random_raw(2 * int(width))
    filters = np.flatnonzero(words >> 63 == half)
    name = f"layer{layer}.channel{channel}.{('negative', 'positive')[half]}"
    if small:
        cut = edges(firsts[layer - 1], layers[layer - 1][2] * layers[layer - 1][3])
        kept[name] = chosen_by_bands(filters, band(words[filters], cut), layer, len(cut) - 1)
        continue
    expected = (2 * last[1] * len(filters) + last[0]) // max(1, 2 * last[0])
    keep = min(max(0, expected + difference_of_lengths()), len(filters))
    last, kept[name] = (len(filters), keep), chosen(filters.tolist(), keep)
print(json.dumps({"digest": digest.hex(), "text": lines, "digests": digests, "biases": biases, "kept": kept}))
