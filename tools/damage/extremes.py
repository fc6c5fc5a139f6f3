"""Values that break what believes them, and damages that know nothing of a format."""

import copy
import json

INTEGERS = [
    0,
    1,
    -1,
    2,
    3,
    7,
    255,
    256,
    65535,
    65536,
    2**20,
    2**30,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**40,
    2**53 + 1,
    2**61,
    2**62,
    2**63 - 1,
    -(2**31),
    -(2**63),
]
WIDE_INTEGERS = INTEGERS + [2**63, 2**64 - 1, 2**64, 10**30, 10**400]
FLOATS = [0.0, -0.0, 1e-320, 1e-30, 1e30, 1e300, -1e300, 1e-45, 3.5e38]
TEXTS = [
    "",
    " ",
    "\n",
    "\u0000",
    "\u202e",
    "é" * 50,
    "a" * 100_000,
    "'; DROP TABLE",
    "../../../etc/passwd",
    "%n%s",
    "]]>",
    "<script>",
    "NaN",
    "-1",
    "1e400",
    "{}",
    "[[",
    "null",
    "\\",
    '"',
    "-",
    "tombola-ticket",
]


def integer(rng, old=None):
    """An extreme integer, or a neighbour, multiple or negative of an old one."""
    if old is None or rng.random() < 0.6:
        return rng.choice(INTEGERS)
    return rng.choice([old + 1, old - 1, -old, 2 * old, old * 1000, old << 20])


def bytes_damaged(rng, data):
    """One to three damages to bytes: cuts, flips, runs, copies of other places, and bytes behind
    the end."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        if not data:
            break
        place = rng.randrange(len(data))
        length = min(len(data) - place, rng.choice([1, 2, 4, 8, 16, 64, 256]))
        kind = rng.randrange(8)
        if kind == 0:
            del data[place:]
        elif kind in (1, 2):
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 3:
            data[place : place + length] = bytes([rng.choice([0, 1, 0x7F, 0x80, 0xFF])]) * length
        elif kind == 4:
            data[place : place + length] = rng.randbytes(length)
        elif kind == 5:
            source = rng.randrange(len(data))
            data[place : place + length] = data[source : source + length]
        elif kind == 6:
            data[place:place] = data[rng.randrange(len(data)) :][:length]
        else:
            data += rng.randbytes(length)
    return bytes(data)


def places(value, path=()):
    """The path of every value inside a JSON value, itself included."""
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield from places(inner, path + (key,))


class Raw(str):
    """Text that stands in JSON as it is."""


def other_value(rng, old):
    """A value in the place of another: extreme, of another type, or deep."""
    kind = rng.randrange(12)
    if isinstance(old, bool) or kind == 0:
        return rng.choice([True, False, None, 0, 1, "true"])
    if isinstance(old, int) and kind < 9:
        return integer(rng, old) if rng.random() < 0.8 else rng.choice(WIDE_INTEGERS + FLOATS)
    if isinstance(old, float) and kind < 9:
        return (
            rng.choice(FLOATS + INTEGERS[:8])
            if rng.random() < 0.8
            else Raw(rng.choice(["1e400", "-1e999", "NaN", "1."]))
        )
    if isinstance(old, str) and kind < 9:
        return rng.choice(TEXTS)
    if isinstance(old, list) and old and kind < 9:
        choice = rng.randrange(4)
        if choice == 0:
            return old[: rng.randrange(len(old))]
        if choice == 1:
            return old + old
        if choice == 2:
            return old[:1] * rng.choice([1000, 100_000])
        return rng.sample(old, len(old))
    if kind == 9:
        depth = rng.choice([10, 100, 600, 5000, 100_000])
        opening, closing = rng.choice([("[", "]"), ('{"a":', "}")])
        return Raw(opening * depth + "0" + closing * depth)
    return rng.choice([None, 0, -1, "text", [], {}, [[]], {"a": 1}, 1.5])


def json_damaged(rng, value):
    """The text of a JSON value with one or two of its parts replaced, removed, renamed or
    doubled."""
    value = copy.deepcopy(value)
    raws = []
    for _ in range(rng.randint(1, 2)):
        path = rng.choice(list(places(value)))
        if not path:
            continue
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        key = path[-1]
        kind = rng.randrange(8)
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, dict):
            parent[rng.choice(TEXTS[:6]) + str(key)] = parent.pop(key)
        elif kind == 2 and isinstance(parent, dict):
            # The same key again, which only text can hold.
            raws.append((key, parent[key]))
        else:
            parent[key] = other_value(rng, parent[key])
            if isinstance(parent[key], Raw):
                parent[key] = "\ue000" + parent[key]
    text = json.dumps(value, ensure_ascii=False)
    # Marked texts lose their quotation marks, and what was escaped in them.
    while '"\ue000' in text:
        start = text.index('"\ue000')
        end = start + 1
        while text[end] != '"' or text[end - 1] == "\\":
            end += 1
        text = text[:start] + text[start + 2 : end].replace('\\"', '"') + text[end + 1 :]
    for key, inner in raws:
        text = text.replace("{", "{" + json.dumps(key) + ": " + json.dumps(inner) + ", ", 1)
    return text
