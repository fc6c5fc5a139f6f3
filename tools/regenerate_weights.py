#!/usr/bin/env python3
"""Regenerates weights of Tombola's random network with NumPy alone, bit for bit.

    regenerate_weights.py scalars --seed 7 --block 1 --channel 0 --count 10 [-o u.npy]
    regenerate_weights.py slice --seed 7 --block 1 --channel 0 --filter 3 --shape 3 3 8 [-o v.npy]

Streams: Philox4x64-10, key (seed, "Tombola1"), counter (1 + block of 4 words, path). Paths are
(filter, channel, layer): (0, t, 2i - 1) for the scalars u_q of block i (from 1), input channel t
(from 0), entry q; (q, t, 2i) for the slice V_q in HWIO order. One word makes one normal, by
Wichura's PPND16 (AS 241, 1988) with + - * / sqrt in a fixed order. """
import argparse
import sys

import numpy as np

DOMAIN = int.from_bytes(b"Tombola1", "big")
CENTRAL = ([3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
            45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727],
           [1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
            21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610])
MIDDLE = ([1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
           1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4],
          [1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
           0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9])
FAR = ([6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
        0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7],
       [1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15])


def polynomial(coefficients, x):
    """Sum of coefficients[i] x^i, by Horner's rule."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def negative_logarithm(p):
    """-log(p) from p = m 2^-k, m in [sqrt(1/2), sqrt(2)), log(m) = 2 artanh((m - 1) / (m + 1))."""
    bits = p.view(np.uint64)
    biased = (bits - np.uint64(0x3FE6A09E667F3BCD) + np.uint64(0x3FF0000000000000)) >> np.uint64(52)
    m = (bits - (biased << np.uint64(52)) + np.uint64(0x3FF0000000000000)).view(np.float64)
    k = 1023.0 - biased.astype(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = np.full_like(p, 1.0 / 19.0)
    for denominator in (17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        series = series * z + 1.0 / denominator
    twice = s + s
    upper, lower = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
    return k * upper + (k * lower - (twice + twice * (z * series)))


def normals_of_words(words):
    """One standard normal (float64) for each 64-bit word."""
    q = (2 * (words >> np.uint64(11)).astype(np.int64) + (1 - 2**53)).astype(np.float64) * 2.0**-54
    r = 0.180625 - q * q
    x = q * polynomial(CENTRAL[0], r) / polynomial(CENTRAL[1], r)
    tail = np.abs(q) > 0.425
    depth = np.sqrt(negative_logarithm(0.5 - np.abs(q[tail])))
    middle, far = (polynomial(n, depth - at) / polynomial(d, depth - at) for (n, d), at in ((MIDDLE, 1.6), (FAR, 5.0)))
    x[tail] = np.copysign(np.where(depth <= 5.0, middle, far), q[tail])
    return x


def normals(seed, path, count):
    """The first `count` weights (float32) of the stream at path = (filter, channel, layer)."""
    generator = np.random.Philox(counter=np.array([0, *path], np.uint64), key=np.array([seed, DOMAIN], np.uint64))
    return normals_of_words(generator.random_raw(count)).astype(np.float32)


def scalars(seed, block, channel, count):
    """u_0 ... u_(count - 1) of input channel `channel` (from 0) of block `block` (from 1)."""
    return normals(seed, (0, channel, 2 * block - 1), count)


def slice_(seed, block, channel, filter, d1, d2, c_out):
    """V_filter of input channel `channel` of block `block`, of shape (d1, d2, c_out)."""
    return normals(seed, (filter, channel, 2 * block), d1 * d2 * c_out).reshape(d1, d2, c_out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("scalars", "slice"):
        command = commands.add_parser(name)
        for option in ("--seed", "--block", "--channel", "--count" if name == "scalars" else "--filter"):
            command.add_argument(option, type=int, required=True)
        if name == "slice":
            command.add_argument("--shape", type=int, nargs=3, required=True, metavar=("D1", "D2", "C_OUT"))
        command.add_argument("-o", "--output", metavar="FILE.npy", help="write here; without it, one weight a line")
    given = parser.parse_args()
    limits = {"seed": 0, "block": 1, "channel": 0, "count": 0, "filter": 0}
    for name, least in limits.items():
        if getattr(given, name, least) < least or getattr(given, name, least) >= 2**64:
            parser.error(f"--{name} is at least {least} and below 2^64, found {getattr(given, name)}")
    if given.command == "scalars":
        weights = scalars(given.seed, given.block, given.channel, given.count)
    else:
        if min(given.shape) < 0:
            parser.error(f"--shape holds sizes of at least 0, found {given.shape}")
        weights = slice_(given.seed, given.block, given.channel, given.filter, *given.shape)
    if given.output:
        np.save(given.output, weights)
    else:
        sys.stdout.writelines(f"{weight:.9g}\n" for weight in weights.ravel())


if __name__ == "__main__":
    main()
