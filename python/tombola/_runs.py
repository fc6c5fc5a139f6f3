"""Limits, progress and Ctrl-C of a call."""

from __future__ import annotations

import ctypes
import math
import threading
from typing import Any, Callable, NamedTuple, Optional, Union

from ._errors import TombolaError
from ._library import RUN, ProgressCallback

_main = threading.main_thread().ident


class Progress(NamedTuple):
    """How far a call has come.

    Attributes:
        phase: what is being done.
        completed: units finished, of total.
        total: units in all; 0 where nobody knows.
        best: the figure being improved, or None.
        best_label: what best measures.
    """

    phase: str
    completed: int
    total: int
    best: Optional[float]
    best_label: str


#: What progress= takes: True (a bar of tqdm.auto), tqdm's class or a bar of it, or a function of a
#: Progress, whose true result asks the call to stop with its best so far.
ProgressArgument = Union[None, bool, Callable[[Progress], Any], Any]


class Run:
    """A struct tombola_run, and what becomes of its reports."""

    __slots__ = ("bytes", "failure", "_callback", "_show", "_bar", "_phase", "_last")

    def __init__(
        self,
        threads: Optional[int] = None,
        work_limit: Optional[int] = None,
        time_limit: Optional[float] = None,
        memory_limit: Optional[int] = None,
        progress: ProgressArgument = None,
    ) -> None:
        self.failure: Optional[BaseException] = None
        self._bar: Any = None
        self._phase: Optional[str] = None
        self._last = 0
        self._callback: Any = None
        self._show: Optional[Callable[[Progress], Any]] = None
        address = 0
        if progress is not None and progress is not False:
            self._callback = ProgressCallback(self._reporter(progress))
            address = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        try:
            self.bytes = RUN.pack(
                _positive(work_limit, "work_limit", int),
                _positive(time_limit, "time_limit", float),
                _positive(memory_limit, "memory_limit", int),
                _positive(threads, "threads", int),
                threading.get_ident() == _main,
                address,
                0,
            )
        except Exception as error:
            if isinstance(error, TombolaError):
                raise
            raise TombolaError.of("limits", "numbers that fit C's types", str(error)) from None

    def _reporter(self, progress: Any) -> Callable[[Any, Any], int]:
        if progress is True:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]

            progress = tqdm
        if hasattr(progress, "update"):
            if not isinstance(progress, type):
                self._bar = progress
            show: Callable[[Progress], Any] = lambda report: self._draw(progress, report)
        elif callable(progress):
            show = progress
        else:
            raise TombolaError.of("progress", "a function, True, or tqdm's class or bar", repr(progress))
        self._show = show

        def report(pointer: Any, _context: Any) -> int:
            step = pointer.contents
            best = None if math.isnan(step.best) else step.best
            return self.says(Progress(step.phase.decode(), step.completed, step.total, best, step.best_label.decode()))

        return report

    def says(self, progress: Progress) -> bool:
        """Hands a report on; whether the call is to stop."""
        if self._show is None:
            return False
        if self.failure is not None:
            return True
        try:
            return bool(self._show(progress))
        except BaseException as failure:  # Goes on in the calling thread, see close().
            self.failure = failure
            return True

    def _draw(self, tqdm: Any, report: Progress) -> None:
        if self._phase != report.phase:
            if isinstance(tqdm, type):
                if self._bar is not None:
                    self._bar.close()
                self._bar = tqdm(total=report.total or None, desc=report.phase)
            else:
                self._bar.total = report.total or None
                if hasattr(self._bar, "set_description"):
                    self._bar.set_description(report.phase)
            self._phase, self._last = report.phase, 0
        if report.completed > self._last:
            self._bar.update(report.completed - self._last)
            self._last = report.completed
        if report.best is not None and hasattr(self._bar, "set_postfix_str"):
            self._bar.set_postfix_str(f"{report.best_label} {report.best:.3g}", refresh=False)

    def close(self, raising: bool = True) -> None:
        """Closes a bar, and raises what a function raised."""
        if self._callback is None:
            return
        if self._bar is not None and self._phase is not None:
            self._bar.close()
        if raising and self.failure is not None:
            raise self.failure


def _positive(value: Any, name: str, sort: type) -> Any:
    if value is None:
        return 0
    try:
        number = sort(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not number > 0 or number != value:
        raise TombolaError.of(name, f"{'a whole' if sort is int else 'a'} number above 0", repr(value))
    return number
