"""Tombola: structured strong lottery tickets, and the subset sums that they are made of.

>>> import numpy as np, tombola
>>> found = tombola.solve(np.array([[1.0, 2.0], [3.0, -1.0], [-2.0, 4.0]]), [4.0, 1.0])
>>> found.subset.tolist(), found.error, found.optimal
([0, 1], 0.0, True)

Everything is computed by one shared library, the same that the command `tombola` runs on: the same
seed and limits of work give the same bits. Long calls release the interpreter's lock, take
progress=, and stop on Ctrl-C with the best result so far (Interrupted).
"""

from ._errors import Interrupted, StoppedError, TombolaError, VerificationError
from ._library import library as _library
from ._models import Network, Ticket, compare, pack, prune, unpack, verify
from ._runs import Progress
from ._solve import Batch, Limits, Solution, bounds, limits, make_instance, solve, solve_batch, solve_report
from ._sweeps import read_store, sweep
from ._vectors import CodedVectors, decode_vectors, encode_vectors, make_vectors, rate_distortion

__version__: str = _library.tombola_version().decode()

__all__ = [
    "Batch",
    "CodedVectors",
    "Interrupted",
    "Limits",
    "Network",
    "Progress",
    "Solution",
    "StoppedError",
    "Ticket",
    "TombolaError",
    "VerificationError",
    "bounds",
    "compare",
    "decode_vectors",
    "encode_vectors",
    "limits",
    "make_instance",
    "make_vectors",
    "pack",
    "prune",
    "rate_distortion",
    "read_store",
    "solve",
    "solve_batch",
    "solve_report",
    "sweep",
    "unpack",
    "verify",
]
