"""Subset sums: choose candidates whose sum comes close to a target."""

from __future__ import annotations

import ctypes
import json
import math
from typing import Any, NamedTuple, Optional

import numpy as np

from ._errors import Interrupted, TombolaError
from ._library import (
    BATCH,
    DONE,
    INTERRUPTED,
    NO_ARRAY,
    POINTER,
    PROBLEM_END,
    SOLUTION,
    STOPS,
    described,
    library,
    prepared,
    taken_text,
)
from ._runs import ProgressArgument, Run

_NORMS = {name: ctypes.c_char_p(name.encode()) for name in ("max", "l2", "metric", "row-sums", "row-sums-larger")}
_ADDRESSES = {name: POINTER.pack(ctypes.cast(text, ctypes.c_void_p).value) for name, text in _NORMS.items()}


class Solution(NamedTuple):
    """A subset, and what it reaches.

    Attributes:
        error: the norm of target less the subset's sum.
        subset: indices of the chosen candidates, ascending, int64 of shape (size,).
        optimal: whether no subset is closer, proved.
        lower_bound: no subset's error is below it; 0 where nothing is proved.
        limit: the scale of the best reachable error, or None.
        empty_set_error: the error of choosing nothing.
        max_error: the largest magnitude of a coordinate of the difference.
        l2_error: the difference's Euclidean length.
        stop: None, "work limit", "time limit" or "cancelled".
        solver: the name of the solver that found it.
        evaluations: subsets looked at.
        work: candidate coordinates scored.
        seconds: those of the solver alone.
    """

    error: float
    subset: np.ndarray
    optimal: bool
    lower_bound: float
    limit: Optional[float]
    empty_set_error: float
    max_error: float
    l2_error: float
    stop: Optional[str]
    solver: str
    evaluations: int
    work: int
    seconds: float

    @property
    def size(self) -> int:
        """The number of chosen candidates."""
        return len(self.subset)


class Batch(NamedTuple):
    """Optima of many problems.

    Attributes:
        errors: float64 (t), NaN where a limit came first.
        subsets: uint64 (t); bit i stands for candidate i.
        sizes: int64 (t).
        solved: problems whose result is there: the first so many.
        proved: of these, those whose optimum is proved.
        stop: None, "work limit", "time limit" or "cancelled".
        work: steps over half sums.
        seconds: those of the search alone.
    """

    errors: np.ndarray
    subsets: np.ndarray
    sizes: np.ndarray
    solved: int
    proved: int
    stop: Optional[str]
    work: int
    seconds: float


def _problem(
    candidates: np.ndarray, target: np.ndarray, norm: str, size: Optional[int], parts: dict[str, Any]
) -> tuple[bytes, list[np.ndarray]]:
    """A struct tombola_problem, and arrays to keep alive beside it."""
    address = _ADDRESSES.get(norm)
    if address is None:
        raise TombolaError.of("norm", ", ".join(_NORMS), repr(norm))
    kept: list[np.ndarray] = []
    others = {"scales": NO_ARRAY, "factor": NO_ARRAY, "blocks": NO_ARRAY, "weights": NO_ARRAY}
    for name, value in parts.items():
        if value is not None:
            array = prepared(value, name, "i" if name == "blocks" else "f")
            if name == "scales":
                array = array.astype(np.float32, copy=False)
            kept.append(array)
            others[name] = described(array)
    if size is None:
        end = PROBLEM_END.pack(0, 0)
    else:
        try:
            end = PROBLEM_END.pack(int(size), 1)
        except Exception:
            raise TombolaError.of("size", "a number of candidates", repr(size)) from None
    return (
        described(candidates)
        + others["scales"]
        + described(target)
        + address
        + others["factor"]
        + others["blocks"]
        + others["weights"]
        + end,
        kept,
    )


def _seen(buffer: Any, subset: np.ndarray) -> Optional[Solution]:
    """The solution that C wrote; None where it wrote none."""
    (
        error,
        max_error,
        l2_error,
        lower_bound,
        limit,
        empty,
        seconds,
        work,
        evaluations,
        size,
        optimal,
        stop,
        solver,
    ) = SOLUTION.unpack_from(buffer)
    if size < 0:
        return None
    return Solution(
        error,
        subset[:size],
        optimal != 0,
        lower_bound,
        None if math.isnan(limit) else limit,
        empty,
        max_error,
        l2_error,
        STOPS[stop],
        solver[: solver.index(0)].decode(),
        evaluations,
        work,
        seconds,
    )


_UNWRITTEN = SOLUTION.pack(*[0.0] * 7, 0, 0, -1, 0, 0, b"")


def solve(
    candidates: Any,
    target: Any,
    *,
    norm: str = "max",
    size: Optional[int] = None,
    solver: Optional[str] = None,
    scales: Any = None,
    factor: Any = None,
    blocks: Any = None,
    weights: Any = None,
    threads: Optional[int] = None,
    work_limit: Optional[int] = None,
    time_limit: Optional[float] = None,
    memory_limit: Optional[int] = None,
    progress: ProgressArgument = None,
) -> Solution:
    """Chooses candidates whose sum comes close to a target.

    The same problem, solver and work limit give the same subset and error bits as the command's
    `tombola solve` and as Swift, on any number of threads.

    Args:
        candidates: (n, m), or (n,) for m = 1; float32 or float64, others become float64.
        target: (m,), or a number for m = 1.
        norm: "max", "l2", "metric", "row-sums" or "row-sums-larger".
        size: the number of candidates that a subset must have; None for any.
        solver: a name that `tombola solve --help` lists; "portfolio" by default.
        scales: (n,), with float32 candidates: candidate i is row i times scale i, exactly.
        factor: (m, m), the Cholesky factor of norm "metric".
        blocks: (m,) integers, the block of each coordinate in norm "row-sums".
        weights: (m,), the weight of each coordinate there; 1 by default.
        threads: cores; all by default. They change no result.
        work_limit: candidate coordinates scored; each solver documents its own default.
        time_limit: seconds; alone it takes the place of the default work limit.
        memory_limit: bytes of working memory.
        progress: see ProgressArgument.

    Raises:
        TombolaError: for arrays, names and limits that are not as above.
        Interrupted: on Ctrl-C, with the best so far as its result.
    """
    candidates = prepared(candidates, "candidates", rank=2)
    target = prepared(target, "target", rank=1)
    if target.ndim == 0:
        target = target.reshape(1)
    parts = (
        {}
        if scales is None and factor is None and blocks is None and weights is None
        else {"scales": scales, "factor": factor, "blocks": blocks, "weights": weights}
    )
    problem, _kept = _problem(candidates, target, norm, size, parts)
    run = Run(threads, work_limit, time_limit, memory_limit, progress)
    subset = np.empty(candidates.shape[0] if candidates.ndim else 0, np.int64)
    buffer = bytearray(_UNWRITTEN)
    name = None if solver is None else str(solver).encode()
    place = (ctypes.c_char * SOLUTION.size).from_buffer(buffer)
    try:
        library.tombola_solve(
            problem, name, run.bytes, subset.__array_interface__["data"][0], ctypes.addressof(place)
        )
    except KeyboardInterrupt:
        run.close(raising=False)
        raise Interrupted(_seen(buffer, subset)) from None
    run.close()
    solution = _seen(buffer, subset)
    if solution is None:
        raise TombolaError.last()
    return solution


def solve_report(
    candidates: Any,
    target: Any,
    *,
    norm: str = "max",
    size: Optional[int] = None,
    solver: Optional[str] = None,
    epsilon: Optional[float] = None,
    decide: bool = False,
    all: bool = False,
    max_subsets: Optional[int] = None,
    by_size: bool = False,
    scales: Any = None,
    factor: Any = None,
    blocks: Any = None,
    weights: Any = None,
    threads: Optional[int] = None,
    work_limit: Optional[int] = None,
    time_limit: Optional[float] = None,
    memory_limit: Optional[int] = None,
    progress: ProgressArgument = None,
) -> dict[str, Any]:
    """What `tombola solve --json` prints, as a dict, with what else that command can do.

    Args as solve(), and:
        epsilon: the error that counts as reached.
        decide: whether a subset within epsilon exists: the closest, or a proof that there is none.
        all: list all subsets within epsilon, at most max_subsets.
        by_size: the best subset of each size too, with solver "beam".

    Returns:
        The command's keys, and `status`: 0 done, 1 above epsilon, 3 stopped by a limit or a list
        that is not complete, 4 proved that no subset lies within epsilon, 130 cancelled.
    """
    candidates = prepared(candidates, "candidates", rank=2)
    target = prepared(target, "target", rank=1)
    if target.ndim == 0:
        target = target.reshape(1)
    parts = {"scales": scales, "factor": factor, "blocks": blocks, "weights": weights}
    problem, _kept = _problem(candidates, target, norm, size, parts)
    options = {
        "solver": solver,
        "epsilon": epsilon,
        "decide": bool(decide),
        "all": bool(all),
        "max_subsets": max_subsets,
        "by_size": bool(by_size),
    }
    run = Run(threads, work_limit, time_limit, memory_limit, progress)
    return report_of(
        run, lambda place: library.tombola_solve_report(problem, options_text(options), run.bytes, place)
    )


def options_text(options: dict[str, Any]) -> bytes:
    """Options as the library takes them: JSON, without those that are None."""
    try:
        return json.dumps({name: plain(value) for name, value in options.items() if value is not None}).encode()
    except (TypeError, ValueError) as error:
        raise TombolaError.of("options", "numbers, texts and lists of them", str(error)) from None


def plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def report_of(run: Run, call: Any) -> dict[str, Any]:
    """What a call that gives a text says, with its status; the call gets the text's place."""
    place = ctypes.c_void_p()
    try:
        status = call(ctypes.addressof(place))
    except KeyboardInterrupt:
        text = taken_text(place)
        run.close(raising=False)
        raise Interrupted(None if text is None else {**json.loads(text), "status": INTERRUPTED}) from None
    text = taken_text(place)
    run.close()
    if text is None:
        raise TombolaError.last()
    return {**json.loads(text), "status": status}


def solve_batch(
    candidates: Any,
    targets: Any,
    *,
    norm: str = "max",
    scales: Any = None,
    factor: Any = None,
    blocks: Any = None,
    weights: Any = None,
    threads: Optional[int] = None,
    work_limit: Optional[int] = None,
    time_limit: Optional[float] = None,
    memory_limit: Optional[int] = None,
    progress: ProgressArgument = None,
) -> Batch:
    """Exact optima of many small problems, each proved unless a limit comes first.

    Args:
        candidates: in one dimension (n,), which all problems share, or (t, n), each problem's own,
            n up to 40; in more (n, m), shared, n up to 56 as memory allows.
        targets: (t,) in one dimension, (t, m) in more.
        norm, scales, factor, blocks, weights: as in solve(); in one dimension only norm "max".
        threads, work_limit, time_limit, memory_limit, progress: as in solve().

    Raises:
        TombolaError: for arrays, names and limits that are not as above.
        Interrupted: on Ctrl-C, with the results so far as its result.
    """
    candidates = prepared(candidates, "candidates", rank=2)
    targets = prepared(targets, "targets", rank=2)
    parts = {"scales": scales, "factor": factor, "blocks": blocks, "weights": weights}
    problem, _kept = _problem(candidates, targets, norm, None, parts)
    run = Run(threads, work_limit, time_limit, memory_limit, progress)
    count = targets.shape[0] if targets.ndim else 0
    errors = np.full(count, np.nan)
    subsets = np.zeros(count, np.uint64)
    buffer = bytearray(BATCH.pack(-1, 0, 0.0, 0, 0))
    place = (ctypes.c_char * BATCH.size).from_buffer(buffer)

    def seen() -> Optional[Batch]:
        solved, proved, seconds, work, stop = BATCH.unpack_from(buffer)
        if solved < 0:
            return None
        return Batch(errors, subsets, np.bitwise_count(subsets).astype(np.int64), solved, proved, STOPS[stop], work, seconds)

    try:
        library.tombola_solve_batch(
            problem, run.bytes, errors.ctypes.data or 8, subsets.ctypes.data or 8, ctypes.addressof(place)
        )
    except KeyboardInterrupt:
        run.close(raising=False)
        raise Interrupted(seen()) from None
    run.close()
    batch = seen()
    if batch is None:
        raise TombolaError.last()
    return batch


def make_instance(dimension: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The random problem that `tombola solve --dimension M --count N --seed S` solves.

    Returns:
        candidates: float32 (n, m), rows of normal numbers.
        scales: float32 (n,), the normal number that multiplies each.
        target: float64 (m,), uniform in (-1/2, 1/2).
    """
    if not (0 <= int(dimension) < 1 << 31 and 0 <= int(count) < 1 << 31 and int(dimension) * int(count) < 1 << 34):
        raise TombolaError.of("dimension, count", "sizes ≥ 0 whose product is below 2^34", f"{dimension}, {count}")
    if not 0 <= int(seed) < 1 << 64:
        raise TombolaError.of("seed", "a whole number from 0 to 2^64 - 1", repr(seed))
    candidates = np.empty((int(count), int(dimension)), np.float32)
    scales, target = np.empty(int(count), np.float32), np.empty(int(dimension))
    status = library.tombola_make_instance(
        dimension, count, seed, scales.ctypes.data or 4, candidates.ctypes.data or 4, target.ctypes.data or 8
    )
    if status != DONE:
        raise TombolaError.last()
    return candidates, scales, target


class Limits(NamedTuple):
    """What theory says of random problems of a size.

    Attributes:
        error: the scale of the best reachable error, or None where there is none.
        log_expected: the natural logarithm of the number of subsets expected within epsilon; None
            without epsilon.
    """

    error: Optional[float]
    log_expected: Optional[float]


def limits(
    dimension: int, count: int, *, size: Optional[int] = None, norm: str = "max", epsilon: Optional[float] = None
) -> Limits:
    """Theory's figures for n candidates of m coordinates of variance 1, uncorrelated.

    Args:
        dimension: m, at least 1.
        count: n, at least 1.
        size: candidates that a subset has; None for any number.
        norm: "max" or "l2" for the scale.
        epsilon: an error, above 0, in the max norm.
    """
    place = ctypes.c_double()
    code = -1 if size is None else int(size)
    address = ctypes.addressof(place)
    if library.tombola_reachable_error(int(count), int(dimension), code, str(norm).encode(), address) != DONE:
        raise TombolaError.last()
    error = None if math.isnan(place.value) else place.value
    if epsilon is None:
        return Limits(error, None)
    if library.tombola_expected_subsets(int(count), int(dimension), code, float(epsilon), address) != DONE:
        raise TombolaError.last()
    return Limits(error, place.value)


def bounds(
    *,
    kernel: int,
    channels_in: int,
    channels_out: int,
    layers: int,
    epsilon: float,
    delta: Optional[float] = None,
    count: Optional[int] = None,
) -> dict[str, Any]:
    """Sufficient and necessary widths, published and derived: what `tombola bounds --json` prints.

    Args:
        kernel: the kernel's side.
        channels_in, channels_out: of the layer.
        layers: of the target.
        epsilon: the wanted accuracy, between 0 and 1.
        delta: probability of failure; epsilon by default.
        count: add what this width can reach.
    """
    options = {
        "kernel": kernel,
        "channels_in": channels_in,
        "channels_out": channels_out,
        "layers": layers,
        "epsilon": epsilon,
        "delta": delta,
        "count": count,
    }
    place = ctypes.c_void_p()
    if library.tombola_bounds(options_text(options), ctypes.addressof(place)) != DONE:
        raise TombolaError.last()
    return json.loads(taken_text(place) or "{}")
