"""The shared library and its C declarations: sizes and layouts as in tombola.h."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any, Optional

import numpy as np

ABI_VERSION = 1

DONE, NOT_REACHED, BAD_INPUT, STOPPED, INFEASIBLE, INTERRUPTED = 0, 1, 2, 3, 4, 130
STOPS = (None, "work limit", "time limit", "cancelled")


class Progress(ctypes.Structure):
    """struct tombola_progress."""

    _fields_ = [
        ("phase", ctypes.c_char_p),
        ("best_label", ctypes.c_char_p),
        ("completed", ctypes.c_int64),
        ("total", ctypes.c_int64),
        ("best", ctypes.c_double),
    ]


ProgressCallback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(Progress), ctypes.c_void_p)

# struct tombola_array, tombola_run, tombola_solution and tombola_batch.
ARRAY = struct.Struct("@Nii4q4q")
RUN = struct.Struct("@QdqiiNN")
SOLUTION = struct.Struct("@7dQQqii32s")
BATCH = struct.Struct("@qqdQi4x")
NO_ARRAY = bytes(ARRAY.size)
# The end of struct tombola_problem: its size, and whether it fixes one.
PROBLEM_END = struct.Struct("@qi4x")
POINTER = struct.Struct("@N")

_TYPES = {np.dtype(name).char: number for number, name in enumerate(("float32", "float64", "int64", "int32", "uint8"), 1)}
_PADDING = ((0, 0, 0, 0), (0, 0, 0), (0, 0), (0,), ())


def described(array: np.ndarray) -> bytes:
    """A struct tombola_array of an array, which the caller keeps alive; types as in prepared()."""
    padding = _PADDING[array.ndim]
    return ARRAY.pack(
        array.__array_interface__["data"][0], _TYPES[array.dtype.char], array.ndim, *array.shape, *padding, *array.strides, *padding
    )


def prepared(value: Any, name: str, kinds: str = "f", rank: int = 4) -> np.ndarray:
    """An array that C can take: floats ("f": half precision becomes single, integers double), or
    integers ("i")."""
    array = value if type(value) is np.ndarray else np.asarray(value)
    dtype = array.dtype
    if dtype.char not in ("fd" if kinds == "f" else "lB") or not dtype.isnative:
        from ._errors import TombolaError

        kind = array.dtype.kind
        if kinds == "f" and kind == "f":
            array = array.astype(np.float32 if array.dtype.itemsize <= 4 else np.float64)
        elif kinds == "f" and kind in "iub":
            array = array.astype(np.float64)
        elif kinds == "i" and kind in "iub":
            array = array.astype(np.int64)
        else:
            expected = "real numbers" if kinds == "f" else "integers"
            raise TombolaError.of(name, f"an array of {expected}", f"one of type {array.dtype}")
    if array.ndim > rank:
        from ._errors import TombolaError

        raise TombolaError.of(name, f"at most {rank} dimensions", f"shape {array.shape}")
    return array


def _path() -> str:
    # Without pathlib, which takes a fifth of this package's own time to import.
    named = os.environ.get("TOMBOLA_LIBRARY")
    return named or os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", "libTombolaC.so")


def _load() -> ctypes.CDLL:
    path = _path()
    if not os.path.exists(path):
        raise ImportError(
            f"{path}: expected Tombola's shared library, found no such file; install the wheel that make wheel "
            "builds, or name a library in TOMBOLA_LIBRARY"
        )
    library = ctypes.CDLL(path)
    pointer, text, integer, status = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "version": (text, []),
        "abi_version": (status, []),
        "error_message": (text, []),
        "error_kind": (text, []),
        "error_where": (text, []),
        "error_expected": (text, []),
        "error_found": (text, []),
        "free": (None, [pointer]),
        "solve": (status, [pointer, text, pointer, pointer, pointer]),
        "solve_report": (status, [pointer, text, pointer, pointer]),
        "solve_batch": (status, [pointer, pointer, pointer, pointer, pointer]),
        "make_instance": (status, [integer, integer, ctypes.c_uint64, pointer, pointer, pointer]),
        "reachable_error": (status, [integer, integer, integer, text, pointer]),
        "expected_subsets": (status, [integer, integer, integer, ctypes.c_double, pointer]),
        "network_read": (status, [text, text, pointer]),
        "network_parse": (status, [pointer, integer, text, text, pointer]),
        "network_report": (status, [pointer, pointer]),
        "network_shapes": (status, [pointer, pointer, pointer]),
        "network_forward": (status, [pointer, pointer, text, pointer, pointer]),
        "network_free": (None, [pointer]),
        "ticket_read": (status, [text, pointer]),
        "ticket_parse": (status, [pointer, integer, text, pointer]),
        "ticket_write": (status, [pointer, text, status]),
        "ticket_bytes": (status, [pointer, status, status, pointer, pointer]),
        "ticket_report": (status, [pointer, pointer]),
        "ticket_kept": (status, [pointer, integer, pointer]),
        "ticket_network": (status, [pointer, status, pointer]),
        "ticket_export": (status, [pointer, status, text, status]),
        "ticket_free": (None, [pointer]),
        "prune": (status, [pointer, text, pointer, pointer, pointer, pointer, pointer]),
        "compare": (status, [pointer, pointer, text, pointer, pointer, pointer]),
        "bounds": (status, [text, pointer]),
        "encode_vectors": (status, [pointer, text, pointer, pointer, pointer, pointer]),
        "decode_vectors": (status, [pointer, integer, pointer, pointer]),
        "make_vectors": (status, [integer, integer, ctypes.c_uint64, text, pointer]),
        "rate_distortion": (status, [pointer, integer, text, pointer, pointer]),
        "sweep_parse": (status, [text, text, pointer]),
        "sweep_size": (status, [pointer, pointer, pointer]),
        "sweep_free": (None, [pointer]),
        "sweep_run": (status, [pointer, text, status, pointer, pointer]),
        "sweep_units": (status, [pointer, integer, pointer]),
        "sweep_unit": (status, [pointer, integer, integer, pointer, pointer, pointer]),
        "collector_open": (status, [pointer, integer, text, status, status, pointer]),
        "collector_has": (status, [pointer, integer, pointer]),
        "collector_add": (status, [pointer, pointer, integer]),
        "collector_close": (status, [pointer, pointer]),
        "store_read": (status, [text, pointer]),
        "store_report": (status, [pointer, pointer]),
        "store_trials": (status, [pointer, pointer, pointer]),
        "store_free": (None, [pointer]),
        "verify": (status, [pointer, pointer, text, pointer, pointer, pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, "tombola_" + name)
        function.restype, function.argtypes = result, arguments
    found = library.tombola_abi_version()
    if found != ABI_VERSION:
        raise ImportError(f"{path}: expected version {ABI_VERSION} of the C interface, found {found}")
    library.tombola_fit_blas.restype, library.tombola_fit_blas.argtypes = None, []
    library.tombola_fit_blas()
    return library


library = _load()


def taken_text(place: ctypes.c_void_p) -> Optional[str]:
    """A text that the library gave, freed there; None for none."""
    if not place.value:
        return None
    try:
        return ctypes.string_at(place.value).decode()
    finally:
        library.tombola_free(place)
        place.value = None
