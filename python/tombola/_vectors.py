"""Vectors coded in so many bits: the filters of a random layer that are kept."""

from __future__ import annotations

import ctypes
import json
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from ._errors import Interrupted, TombolaError
from ._library import DONE, INTERRUPTED, STOPPED, described, library, prepared, taken_text
from ._models import _network
from ._runs import ProgressArgument, Run
from ._solve import options_text


class CodedVectors(NamedTuple):
    """A file of coded vectors, with what it is worth.

    Attributes:
        data: the file's bytes, from which decode_vectors() makes the vectors again.
        relative_error: squared errors of the vectors that the bytes give, as a part of the squares
            of those that were coded.
        file_bits_per_entry: bits of the file for each entry.
        kept_filters: of all vectors together.
        figures: the keys of `tombola solve --bits --json`, these among them.
    """

    data: bytes
    relative_error: float
    file_bits_per_entry: float
    kept_filters: int
    figures: dict[str, Any]


def encode_vectors(
    vectors: Any,
    *,
    bits: float,
    seed: int,
    count: Optional[int] = None,
    beam: Optional[int] = None,
    threads: Optional[int] = None,
    time_limit: Optional[float] = None,
    progress: ProgressArgument = None,
) -> CodedVectors:
    """Codes vectors: of all files that keep filters of a random layer, one close to them.

    What `tombola solve PROBLEM.npz --bits B --seed S` does to its targets: the seed draws the
    candidates, so there are none to give. The same bytes as that command writes with --code.

    Args:
        vectors: (t, m), or (m,) for one; the largest entry is 0 or 2^-500 to 2^500.
        bits: what the file may take, for each entry of all vectors, at most 64.
        seed: the random layer's, 0 to 2^64 - 1.
        count: filters for each vector; 65 536 by default.
        beam: partial subsets kept; 256 by default.
        threads, time_limit, progress: as in solve(). A limit that comes before the end leaves the
            best code so far, with empty lists of vectors that it did not come to.

    Raises:
        TombolaError: for input that is not as above, and for bits that no file meets.
        Interrupted: on Ctrl-C, with no result.
    """
    array = prepared(vectors, "vectors", rank=2)
    if array.ndim == 1:
        array = array.reshape(1, -1)
    options = options_text({"bits": bits, "seed": str(seed), "count": count, "beam": beam})
    run = Run(threads, None, time_limit, None, progress)
    place, size, text = ctypes.c_void_p(), ctypes.c_int64(), ctypes.c_void_p()
    try:
        status = library.tombola_encode_vectors(
            described(array),
            options,
            run.bytes,
            ctypes.addressof(place),
            ctypes.addressof(size),
            ctypes.addressof(text),
        )
    except KeyboardInterrupt:
        library.tombola_free(place)
        library.tombola_free(text)
        run.close(raising=False)
        raise Interrupted(None) from None
    report = taken_text(text)
    data = b""
    if place.value:
        data = ctypes.string_at(place.value, size.value)
        library.tombola_free(place)
    run.close()
    if status not in (DONE, STOPPED) or report is None:
        raise TombolaError.last()
    figures = json.loads(report)
    return CodedVectors(
        data, figures["relative_error"], figures["file_bits_per_entry"], figures["kept_filters"], figures
    )


def decode_vectors(data: Any) -> np.ndarray:
    """The vectors that coded bytes give: float64 (t, m).

    Args:
        data: bytes of encode_vectors(), or of a file that `tombola solve --bits --code` wrote.

    Raises:
        TombolaError: for bytes that are no such code.
    """
    data = bytes(data)
    place, shape = ctypes.c_void_p(), (ctypes.c_int64 * 2)()
    if library.tombola_decode_vectors(data, len(data), ctypes.addressof(place), ctypes.addressof(shape)) != DONE:
        raise TombolaError.last()
    try:
        values = ctypes.string_at(place.value or 0, 8 * shape[0] * shape[1])
    finally:
        library.tombola_free(place)
    return np.frombuffer(values, np.float64).reshape(shape[0], shape[1]).copy()


def make_vectors(dimension: int, count: int, seed: int, *, law: str = "gaussian") -> np.ndarray:
    """The vectors that `tombola solve --bits B --dimension M --vectors T --seed S` codes.

    Args:
        dimension: m, 1 to 2^20.
        count: t, 1 to 65 536.
        seed: 0 to 2^64 - 1.
        law: "gaussian" or "laplacian", of variance 1.

    Returns:
        float64 (t, m).
    """
    if not (1 <= int(dimension) <= 1 << 20 and 1 <= int(count) <= 1 << 16):
        raise TombolaError.of("dimension, count", "1 to 2^20 and 1 to 65536", f"{dimension}, {count}")
    if not 0 <= int(seed) < 1 << 64:
        raise TombolaError.of("seed", "a whole number from 0 to 2^64 - 1", repr(seed))
    vectors = np.empty((int(count), int(dimension)))
    status = library.tombola_make_vectors(dimension, count, seed, str(law).encode(), vectors.ctypes.data)
    if status != DONE:
        raise TombolaError.last()
    return vectors


def rate_distortion(
    targets: Sequence[Any] = (),
    *,
    dimensions: Optional[Sequence[int]] = None,
    rates: Optional[Sequence[float]] = None,
    seeds: Optional[Sequence[int]] = None,
    count: Optional[int] = None,
    entries: Optional[int] = None,
    beam: Optional[int] = None,
    threads: Optional[int] = None,
    time_limit: Optional[float] = None,
    progress: ProgressArgument = None,
) -> list[dict[str, Any]]:
    """Squared errors of vectors that are coded as encode_vectors() does it, against bits.

    Args:
        targets: trained networks, each a Network or what Network.from_onnx takes, whose kernels
            are coded, a vector an input channel.
        dimensions: entries of random vectors; 8, 16, 36, 72, 144 and 256 by default.
        rates: bits an entry; 2, 3 and 4 by default.
        seeds: 1 to 5 by default.
        count: filters for each vector; 65 536 by default.
        entries: those that a file of random vectors codes, about; 4608 by default.
        beam: partial subsets kept; 256 by default.
        threads, time_limit, progress: as in solve().

    Returns:
        What `tombola rate-distortion --json` prints: for each kind of vectors and rate a dict with
        source, dimension, bits, file_bits_per_entry, relative_error (medians over seeds) and more.
        A limit of time leaves those that were finished.

    Raises:
        TombolaError: for input that is not as above.
        Interrupted: on Ctrl-C, with the list so far as its result.
    """
    networks = [_network(target) for target in targets]
    addresses = (ctypes.c_void_p * max(1, len(networks)))(*(network._address for network in networks))
    options = options_text(
        {
            "dimensions": None if dimensions is None else [int(size) for size in dimensions],
            "rates": None if rates is None else [float(rate) for rate in rates],
            "seeds": None if seeds is None else [str(seed) for seed in seeds],
            "count": count,
            "entries": entries,
            "beam": beam,
        }
    )
    run = Run(threads, None, time_limit, None, progress)
    place = ctypes.c_void_p()
    interrupted = False
    try:
        status = library.tombola_rate_distortion(
            ctypes.addressof(addresses), len(networks), options, run.bytes, ctypes.addressof(place)
        )
    except KeyboardInterrupt:
        interrupted, status = True, INTERRUPTED
    text = taken_text(place)
    rows = None if text is None else json.loads(text)
    run.close(raising=not interrupted)
    if interrupted:
        raise Interrupted(rows) from None
    if rows is None:
        raise TombolaError.last()
    return rows
