"""Sweeps: grids of random problems, here or on any executor, and the stores that they fill."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import time
import weakref
from typing import Any, Optional, Union

import numpy as np

from ._errors import Interrupted, StoppedError, TombolaError
from ._library import DONE, STOPS, library, taken_text
from ._models import PathLike, _path
from ._runs import Progress, ProgressArgument, Run

# struct tombola_sweep_outcome and tombola_trial.
_OUTCOME = struct.Struct("@qqqddi4x")
_TRIAL = np.dtype(
    [
        ("cell", np.int64),
        ("trial", np.int64),
        ("size", np.int64),
        ("work", np.uint64),
        ("error", np.float64),
        ("lower_bound", np.float64),
        ("seconds", np.float64),
    ]
)


class _Sweep:
    """A specification that the library has read."""

    def __init__(self, text: str, name: str) -> None:
        place = ctypes.c_void_p()
        if library.tombola_sweep_parse(text.encode(), name.encode(), ctypes.addressof(place)) != DONE:
            raise TombolaError.last()
        self.address = place.value
        weakref.finalize(self, library.tombola_sweep_free, place.value)
        cells, trials = ctypes.c_int64(), ctypes.c_int64()
        if library.tombola_sweep_size(self.address, ctypes.addressof(cells), ctypes.addressof(trials)) != DONE:
            raise TombolaError.last()
        self.cells, self.trials = cells.value, trials.value

    def units(self, most: int) -> int:
        """The number of units, at most so many."""
        count = ctypes.c_int64()
        if library.tombola_sweep_units(self.address, most, ctypes.addressof(count)) != DONE:
            raise TombolaError.last()
        return count.value


def _taken_trials(status: int, place: ctypes.c_void_p, count: ctypes.c_int64) -> np.ndarray:
    if not place.value:
        raise TombolaError.last()
    try:
        data = ctypes.string_at(place.value, count.value * _TRIAL.itemsize)
    finally:
        library.tombola_free(place)
    return np.frombuffer(data, _TRIAL)


def run_unit(specification: str, most: int, unit: int) -> bytes:
    """Decides one unit of a sweep, on one core: what executors run, in whatever process.

    Args:
        specification: the text of the sweep's specification.
        most: the number of units that sweep() asked for.
        unit: this one's number, from 0.

    Returns:
        The results, for sweep() alone.
    """
    sweep = _Sweep(specification, "specification")
    place, count = ctypes.c_void_p(), ctypes.c_int64()
    run = Run(threads=1)
    status = library.tombola_sweep_unit(
        sweep.address, most, unit, run.bytes, ctypes.addressof(place), ctypes.addressof(count)
    )
    return _taken_trials(status, place, count).tobytes()


class _Collector:
    """The one writer of a store whose units are decided elsewhere."""

    def __init__(self, sweep: _Sweep, most: int, store: PathLike, resume: bool, workers: int) -> None:
        place = ctypes.c_void_p()
        status = library.tombola_collector_open(
            sweep.address, most, _path(store), bool(resume), workers, ctypes.addressof(place)
        )
        if status != DONE:
            raise TombolaError.last()
        self._address = place.value
        self.cells, self.trials = sweep.cells, sweep.trials

    def has(self, unit: int) -> bool:
        """Whether a unit was in the store when it was opened."""
        found = ctypes.c_int32()
        if library.tombola_collector_has(self._address, unit, ctypes.addressof(found)) != DONE:
            raise TombolaError.last()
        return found.value != 0

    def add(self, data: bytes) -> None:
        """Takes a unit's results."""
        if len(data) % _TRIAL.itemsize:
            raise TombolaError.of("unit", f"a multiple of {_TRIAL.itemsize} bytes", str(len(data)))
        if library.tombola_collector_add(self._address, data, len(data) // _TRIAL.itemsize) != DONE:
            raise TombolaError.last()

    def close(self) -> dict[str, Any]:
        """Stores what is pending; the figures of the run."""
        buffer = bytearray(_OUTCOME.pack(-1, 0, 0, 0, 0, 0))
        address, self._address = self._address, None
        place = (ctypes.c_char * _OUTCOME.size).from_buffer(buffer)
        if library.tombola_collector_close(address, ctypes.addressof(place)) != DONE:
            raise TombolaError.last()
        return _outcome(buffer, self.cells, self.trials)


def _outcome(buffer: Any, cells: int, trials_per_cell: int) -> dict[str, Any]:
    trials, stored, added, seconds, storing, stop = _OUTCOME.unpack_from(buffer)
    return {
        "cells": cells,
        "trials_per_cell": trials_per_cell,
        "trials": trials,
        "stored": stored,
        "added": added,
        "complete": stored == trials,
        "stop": STOPS[stop],
        "seconds": seconds,
        "storing_seconds": storing,
    }


def _text(specification: Union[str, PathLike]) -> tuple[str, str]:
    """A specification's text and what to call it: a path, or the text itself where it has lines."""
    if isinstance(specification, str) and ("\n" in specification or "=" in specification):
        return specification, "specification"
    name = os.fspath(specification)
    try:
        with open(name, encoding="utf-8") as file:
            return file.read(), str(name)
    except (OSError, UnicodeDecodeError) as error:
        raise TombolaError.of(str(name), "a specification, a text in UTF-8", str(error)) from None


def sweep(
    specification: Union[str, PathLike],
    store: PathLike,
    *,
    executor: Any = None,
    units: int = 256,
    retries: int = 3,
    resume: bool = False,
    threads: Optional[int] = None,
    time_limit: Optional[float] = None,
    progress: ProgressArgument = None,
) -> dict[str, Any]:
    """Runs the trials of a grid of random subset sums into a result store.

    A trial is a function of the specification and its address: executors, units, threads, order
    and interruptions change no result.

    Args:
        specification: the path of a TOML file as docs/sweeps.md has it, or its text.
        store: the SQLite file of the results, which this process alone writes.
        executor: None, for the cores of this machine; or anything with submit() that gives futures
            with done(), result() and cancel(): of concurrent.futures, dask.distributed's Client,
            submitit; or a function that makes one. Results are stored as they come. Workers need
            tombola, and nothing else from here.
        units: parts that the trials are cut into for the executor, each of all cells. More of them
            lose less with a worker and cost a call each.
        retries: how often a unit whose worker was lost is run again. An executor that breaks with
            its worker, as ProcessPoolExecutor does, is made anew where `executor` is a function.
        resume: continue a store that is there; make it if it is not.
        threads: cores, without an executor.
        time_limit: seconds, after which no more results are waited for.
        progress: see ProgressArgument.

    Returns:
        Keys of `tombola sweep --json`: cells, trials_per_cell, trials, stored, added, complete,
        stop, seconds, storing_seconds.

    Raises:
        TombolaError: for a specification that is not as it should be, or a store that cannot be
            used.
        Interrupted: on Ctrl-C; what was done is stored, and `result` says how much.
    """
    text, name = _text(specification)
    parsed = _Sweep(text, name)
    if executor is not None:
        return _spread(parsed, text, store, executor, units, retries, resume, time_limit, progress)
    run = Run(threads, None, time_limit, None, progress)
    buffer = bytearray(_OUTCOME.pack(-1, 0, 0, 0, 0, 0))
    place = (ctypes.c_char * _OUTCOME.size).from_buffer(buffer)

    def seen() -> Optional[dict[str, Any]]:
        return None if _OUTCOME.unpack_from(buffer)[0] < 0 else _outcome(buffer, parsed.cells, parsed.trials)

    try:
        library.tombola_sweep_run(parsed.address, _path(store), bool(resume), run.bytes, ctypes.addressof(place))
    except KeyboardInterrupt:
        run.close(raising=False)
        raise Interrupted(seen()) from None
    run.close()
    outcome = seen()
    if outcome is None:
        raise TombolaError.last()
    return outcome


def _spread(
    parsed: _Sweep,
    text: str,
    store: PathLike,
    given: Any,
    most: int,
    retries: int,
    resume: bool,
    time_limit: Optional[float],
    progress: ProgressArgument,
) -> dict[str, Any]:
    """The sweep on an executor: submits units, stores results as they come, runs lost ones again."""
    import concurrent.futures  # Here, as it takes longer to import than this package's other modules.

    makes = not hasattr(given, "submit")
    executor = given() if makes else given
    count = parsed.units(most)
    collector = _Collector(parsed, most, store, resume, count)
    reports = Run(progress=progress)
    deadline = None if time_limit is None else time.monotonic() + time_limit
    waiting: dict[Any, int] = {}
    stop = None
    outcome = None
    try:
        units = [unit for unit in range(count) if not collector.has(unit)]
        lost = dict.fromkeys(units, 0)
        done = 0
        queue = list(reversed(units))
        while queue or waiting:
            # A few more than run at a time are submitted, so that a stop leaves little behind.
            while queue and len(waiting) < 64:
                unit = queue.pop()
                waiting[_submitted(executor, text, most, unit)] = unit
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                stop = "time limit"
                break
            broken = False
            for future in _finished(list(waiting), left):
                unit = waiting.pop(future)
                try:
                    data = future.result()
                except Exception as error:
                    if isinstance(error, TombolaError) and not isinstance(error, StoppedError):
                        raise
                    lost[unit] += 1
                    if lost[unit] > retries:
                        raise
                    queue.append(unit)
                    broken = broken or isinstance(error, concurrent.futures.BrokenExecutor)
                    continue
                collector.add(data)
                done += 1
                if reports.says(Progress("units", done, len(units), None, "")):
                    stop = "cancelled"
                    break
            if stop:
                break
            if broken:
                if not makes:
                    raise concurrent.futures.BrokenExecutor(
                        "expected an executor that outlives its workers, or a function that makes one; what was "
                        "done is stored, go on with resume=True"
                    )
                queue += [unit for unit in waiting.values() if unit not in queue]
                waiting.clear()
                executor.shutdown(wait=False)
                executor = given()
    except KeyboardInterrupt:
        stop = "cancelled"
        outcome = collector.close()
        outcome["stop"] = stop
        raise Interrupted(outcome) from None
    finally:
        for future in waiting:
            future.cancel()
        if makes:
            executor.shutdown(wait=False)
        if outcome is None:
            outcome = collector.close()
        reports.close(raising=False)
    outcome["stop"] = None if outcome["complete"] else stop
    if reports.failure is not None:
        raise reports.failure
    return outcome


def _submitted(executor: Any, text: str, most: int, unit: int) -> Any:
    """A future of a unit. Dask would take two calls with the same arguments for one."""
    import concurrent.futures

    try:
        return executor.submit(run_unit, text, most, unit, pure=False) if _is_dask(executor) else executor.submit(
            run_unit, text, most, unit
        )
    except concurrent.futures.BrokenExecutor as error:
        future: concurrent.futures.Future = concurrent.futures.Future()
        future.set_exception(error)
        return future


def _is_dask(executor: Any) -> bool:
    return type(executor).__module__.partition(".")[0] == "distributed"


def _finished(futures: list[Any], timeout: Optional[float]) -> list[Any]:
    """Futures that are done, when one is, or none at the timeout. Any sort with done() will do."""
    import concurrent.futures

    if all(isinstance(future, concurrent.futures.Future) for future in futures):
        return list(
            concurrent.futures.wait(futures, timeout, return_when=concurrent.futures.FIRST_COMPLETED).done
        )
    end = None if timeout is None else time.monotonic() + timeout
    pause = 0.001
    while True:
        done = [future for future in futures if future.done()]
        if done or end is not None and time.monotonic() >= end:
            return done
        time.sleep(pause)
        pause = min(0.1, 1.5 * pause)


def read_store(path: PathLike) -> dict[str, Any]:
    """All trials of a result store, as columns: pandas.DataFrame(tombola.read_store(path)).

    Args:
        path: a store that sweep() or `tombola sweep` wrote.

    Returns:
        Arrays of one length, sorted by (cell, trial): cell, trial, dimension, count, candidates,
        target, norm, subset_size (-1 for any), solver, error, size, optimal, lower_bound, work.

    Raises:
        TombolaError: for a file that is no store, or is damaged.
    """
    place = ctypes.c_void_p()
    if library.tombola_store_read(_path(path), ctypes.addressof(place)) != DONE:
        raise TombolaError.last()
    store = place.value
    try:
        text = ctypes.c_void_p()
        if library.tombola_store_report(store, ctypes.addressof(text)) != DONE:
            raise TombolaError.last()
        cells = json.loads(taken_text(text) or "{}")["cells"]
        records, count = ctypes.c_void_p(), ctypes.c_int64()
        status = library.tombola_store_trials(store, ctypes.addressof(records), ctypes.addressof(count))
        if status != DONE:
            raise TombolaError.last()
        trials = _taken_trials(status, records, count)
    finally:
        library.tombola_store_free(store)
    at = trials["cell"]

    def column(name: str, missing: Any = None) -> np.ndarray:
        return np.array([missing if cell[name] is None else cell[name] for cell in cells])[at]

    columns = {"cell": at.copy(), "trial": trials["trial"].copy()}
    for name in ("dimension", "count", "candidates", "target", "norm"):
        columns[name] = column(name)
    columns["subset_size"], columns["solver"] = column("subset_size", -1), column("solver")
    columns["error"], columns["size"] = trials["error"].copy(), trials["size"].copy()
    columns["optimal"] = trials["lower_bound"] >= trials["error"]
    columns["lower_bound"], columns["work"] = trials["lower_bound"].copy(), trials["work"].copy()
    return columns
