"""Exceptions: what was expected, what was found, and where."""

from __future__ import annotations

from typing import Any


class TombolaError(ValueError):
    """Bad input: nothing was computed.

    Attributes:
        expected: what would have been right.
        found: what was there.
        where: the argument, file or place in it.
        kind: the name of the sort of error.
    """

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.expected, self.found, self.where, self.kind = expected, found, where, kind

    @classmethod
    def of(cls, where: str, expected: str, found: str) -> "TombolaError":
        """An error of its parts."""
        return cls(
            f"{where}: expected {expected}, found {found}", expected=expected, found=found, where=where, kind="ArgumentError"
        )

    @classmethod
    def last(cls) -> "TombolaError":
        """The library's last error on this thread."""
        from ._library import library

        def text(name: str) -> str:
            return getattr(library, "tombola_error_" + name)().decode()

        kind = text("kind")
        sort = {"VerificationFailure": VerificationError, "InterruptedError": StoppedError}.get(kind, TombolaError)
        return sort(text("message"), expected=text("expected"), found=text("found"), where=text("where"), kind=kind)

    def __reduce__(self) -> Any:
        return _restored, (type(self), str(self), self.expected, self.found, self.where, self.kind)


def _restored(sort: type, message: str, expected: str, found: str, where: str, kind: str) -> TombolaError:
    return sort(message, expected=expected, found=found, where=where, kind=kind)


class VerificationError(TombolaError):
    """A ticket was edited, or contradicts its random network or its target."""


class StoppedError(TombolaError):
    """A limit came before there was any result."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C stopped a call.

    Attributes:
        result: the best so far, of the call's own type; None where there is none.
    """

    def __init__(self, result: Any) -> None:
        super().__init__("stopped by Ctrl-C; the best so far is this exception's result")
        self.result = result
