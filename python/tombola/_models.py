"""Networks and tickets: what is pruned into, and what comes of it."""

from __future__ import annotations

import ctypes
import json
import os
import weakref
from typing import Any, Optional, Union

import numpy as np

from ._errors import Interrupted, TombolaError
from ._library import DONE, NO_ARRAY, NOT_REACHED, described, library, prepared, taken_text
from ._runs import ProgressArgument, Run
from ._solve import options_text, report_of

#: Images x (N, C, H, W), (N, C, W) or (N, K), or a pair of them and labels y (N,).
Images = Union[Any, tuple[Any, Any]]
PathLike = Union[str, "os.PathLike[str]"]


def _images(value: Optional[Images], name: str) -> tuple[Optional[bytes], list[np.ndarray]]:
    """A struct tombola_images, and arrays to keep alive beside it."""
    if value is None:
        return None, []
    x, y = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    array = x if isinstance(x, np.ndarray) and x.dtype == np.uint8 else prepared(x, name)
    kept = [array]
    labels = NO_ARRAY
    if y is not None:
        kept.append(prepared(y, f"{name}, labels", "i"))
        labels = described(kept[1])
    return described(array) + labels, kept


def _path(path: PathLike) -> bytes:
    return os.fsencode(os.fspath(path))


class _Handle:
    """Something that the library holds for Python."""

    _free: Any

    def __init__(self, address: int) -> None:
        self._address = address
        weakref.finalize(self, self._free, address)

    @classmethod
    def _made(cls, status: int, place: ctypes.c_void_p) -> int:
        if status != DONE or not place.value:
            raise TombolaError.last()
        return place.value


class Network(_Handle):
    """A network that can be run and, where it was read from a model, be pruned into.

    Attributes:
        input_shape: (C, H, W).
        output_shape: (C, H, W); (K, 1, 1) for a classifier.
    """

    _free = library.tombola_network_free

    def __init__(self, address: int) -> None:
        super().__init__(address)
        shapes = (ctypes.c_int64 * 6)()
        start = ctypes.addressof(shapes)
        if library.tombola_network_shapes(address, start, start + 24) != DONE:
            raise TombolaError.last()
        self.input_shape = tuple(shapes[:3])
        self.output_shape = tuple(shapes[3:])

    @classmethod
    def from_onnx(
        cls, model: Any, *, input_shape: Optional[tuple[int, ...]] = None, output_name: Optional[str] = None
    ) -> "Network":
        """Reads an ONNX model.

        Args:
            model: a path, the file's bytes, or an onnx.ModelProto.
            input_shape: sizes behind the batch, where the model leaves them open.
            output_name: the output or node to take, where there are several.

        Raises:
            TombolaError: for a model that is not read, with the node.
        """
        shape = None if input_shape is None else [int(size) for size in input_shape]
        options = options_text({"input_shape": shape, "output_name": output_name})
        place = ctypes.c_void_p()
        if hasattr(model, "SerializeToString"):
            model = model.SerializeToString()
        if isinstance(model, (bytes, bytearray, memoryview)):
            data = bytes(model)
            status = library.tombola_network_parse(data, len(data), b"model", options, ctypes.addressof(place))
        else:
            status = library.tombola_network_read(_path(model), options, ctypes.addressof(place))
        return cls(cls._made(status, place))

    def report(self) -> dict[str, Any]:
        """Name, shapes, numbers of weights and biases, and notes on how the model was read."""
        place = ctypes.c_void_p()
        if library.tombola_network_report(self._address, ctypes.addressof(place)) != DONE:
            raise TombolaError.last()
        return json.loads(taken_text(place) or "{}")

    def forward(
        self,
        x: Any,
        *,
        convolution: Optional[str] = None,
        threads: Optional[int] = None,
        progress: ProgressArgument = None,
    ) -> np.ndarray:
        """The network's outputs for images.

        Args:
            x: (N, C, H, W), (N, C, W) or (N, K), in the model's own order.
            convolution: "auto", "kernels" or "im2col".
            threads: cores; all by default.
            progress: see ProgressArgument.

        Returns:
            float32 (N, K), or (N, C, H, W) where the network makes images.
        """
        array = x if isinstance(x, np.ndarray) and x.dtype == np.uint8 else prepared(x, "images")
        run = Run(threads, progress=progress)
        count = array.shape[0] if array.ndim else 0
        classes = self.output_shape[1:] == (1, 1)
        shape = (count, self.output_shape[0]) if classes else (count, *self.output_shape)
        outputs = np.empty(shape, np.float32)
        try:
            status = library.tombola_network_forward(
                self._address,
                described(array),
                options_text({"convolution": convolution}),
                run.bytes,
                outputs.ctypes.data or 4,
            )
        except KeyboardInterrupt:
            run.close(raising=False)
            raise Interrupted(None) from None
        run.close()
        if status != DONE:
            raise TombolaError.last()
        return outputs

    __call__ = forward


class Ticket(_Handle):
    """A ticket: seed and kept filters, with what was claimed of them.

    Attributes:
        figures: what prune() measured, with the keys of `tombola prune --json`; None for a ticket
            that was read.
        complete: whether its search ended by itself.
        reached: whether prune() reached what it was asked for.
    """

    _free = library.tombola_ticket_free

    def __init__(self, address: int, figures: Optional[dict[str, Any]] = None, reached: bool = True) -> None:
        super().__init__(address)
        self.figures = figures
        self.reached = reached
        self._report: Optional[dict[str, Any]] = None

    @classmethod
    def read(cls, path: PathLike) -> "Ticket":
        """Reads a ticket's file, in either form."""
        place = ctypes.c_void_p()
        return cls(cls._made(library.tombola_ticket_read(_path(path), ctypes.addressof(place)), place))

    @classmethod
    def from_bytes(cls, data: Any) -> "Ticket":
        """Reads a ticket from the bytes of its file, in either form."""
        data = bytes(data)
        place = ctypes.c_void_p()
        status = library.tombola_ticket_parse(data, len(data), b"bytes", ctypes.addressof(place))
        return cls(cls._made(status, place))

    def write(self, path: PathLike, *, force: bool = False) -> None:
        """Writes the file, coded where the name ends in .tombola; force replaces one that is there."""
        if library.tombola_ticket_write(self._address, _path(path), bool(force)) != DONE:
            raise TombolaError.last()

    def to_bytes(self, *, coded: bool = False, claims: bool = True) -> bytes:
        """The file's bytes: safetensors, or coded; without claims and witness where asked."""
        place, count = ctypes.c_void_p(), ctypes.c_int64()
        status = library.tombola_ticket_bytes(
            self._address, bool(coded), bool(claims), ctypes.addressof(place), ctypes.addressof(count)
        )
        if status != DONE:
            raise TombolaError.last()
        try:
            return ctypes.string_at(place.value or 0, count.value)
        finally:
            library.tombola_free(place)

    def report(self) -> dict[str, Any]:
        """What the file says: seed, width, mode, layers, scales, blocks, claims."""
        if self._report is None:
            place = ctypes.c_void_p()
            if library.tombola_ticket_report(self._address, ctypes.addressof(place)) != DONE:
                raise TombolaError.last()
            self._report = json.loads(taken_text(place) or "{}")
        return self._report

    @property
    def seed(self) -> int:
        """The random network's seed."""
        return int(self.report()["seed"])

    @property
    def width(self) -> int:
        """N: every input channel has 2N hidden filters."""
        return self.report()["width"]

    @property
    def complete(self) -> bool:
        """Whether its search ended by itself."""
        return self.report()["complete"]

    @property
    def claims(self) -> Optional[dict[str, Any]]:
        """What was claimed when it was drawn, by the file's own keys; None for none."""
        return self.report()["claims"]

    def kept(self) -> dict[tuple[int, int, str], np.ndarray]:
        """Kept filters, uint32 and ascending, by (layer from 1, channel from 0, half)."""
        blocks = {}
        for index, block in enumerate(self.report()["blocks"]):
            filters = np.empty(block["kept"], np.uint32)
            if library.tombola_ticket_kept(self._address, index, filters.ctypes.data or 4) != DONE:
                raise TombolaError.last()
            blocks[block["layer"], block["channel"], block["half"]] = filters
        return blocks

    def network(self, *, collapsed: bool = False) -> Network:
        """The pruned network; collapsed: its kernels summed, in the target's shape."""
        place = ctypes.c_void_p()
        status = library.tombola_ticket_network(self._address, bool(collapsed), ctypes.addressof(place))
        return Network(Network._made(status, place))

    def export(self, path: PathLike, *, collapsed: bool = False, force: bool = False) -> None:
        """Writes that network as .onnx, .safetensors or .npz, by the name's ending."""
        if library.tombola_ticket_export(self._address, bool(collapsed), _path(path), bool(force)) != DONE:
            raise TombolaError.last()

    def __reduce__(self) -> Any:
        return _unpickled, (self.to_bytes(), self.figures, self.reached)


def _unpickled(data: bytes, figures: Optional[dict[str, Any]], reached: bool) -> Ticket:
    ticket = Ticket.from_bytes(data)
    ticket.figures, ticket.reached = figures, reached
    return ticket


def _network(target: Any) -> Network:
    return target if isinstance(target, Network) else Network.from_onnx(target)


def _ticket(ticket: Any) -> Ticket:
    if isinstance(ticket, Ticket):
        return ticket
    return Ticket.from_bytes(ticket) if isinstance(ticket, (bytes, bytearray, memoryview)) else Ticket.read(ticket)


def prune(
    target: Any,
    *,
    seed: int,
    width: Optional[int] = None,
    epsilon: Optional[float] = None,
    largest_width: Optional[int] = None,
    bits: Optional[float] = None,
    beam: Optional[int] = None,
    data: Optional[Images] = None,
    calibration: Optional[Images] = None,
    mode: Optional[str] = None,
    solver: Optional[str] = None,
    method: Optional[str] = None,
    size: Optional[int] = None,
    size_penalty: Optional[float] = None,
    objective: Optional[str] = None,
    sweeps: Optional[int] = None,
    damping: Optional[float] = None,
    metric: Optional[str] = None,
    mix: Optional[float] = None,
    norm_per_width: Optional[float] = None,
    input_range: Optional[tuple[float, float]] = None,
    convolution: Optional[str] = None,
    threads: Optional[int] = None,
    work_limit: Optional[int] = None,
    time_limit: Optional[float] = None,
    memory_limit: Optional[int] = None,
    progress: ProgressArgument = None,
) -> Ticket:
    """Draws a ticket: prunes a random network, filter by filter, into a trained one.

    The same target, options and images give the same ticket, byte for byte, as the command's
    `tombola prune` on this machine, on any number of threads.

    Args:
        target: a Network, or what Network.from_onnx takes.
        seed: the random network's, 0 to 2^64 - 1.
        width: N, with 2N random filters for each input channel.
        epsilon: instead of a width: the smallest whose certified error is at most this is looked for.
        largest_width: with epsilon: no wider network is tried.
        bits: with a width: the ticket of least error whose whole coded file, pack(ticket), takes at
            most so many bits for each weight of the target. It has no claims. Solver, size and the
            like cannot be chosen beside it.
        beam: with bits: partial subsets kept; 256 by default.
        data: images to measure on, with labels for accuracies.
        calibration: images for mode "calibrated".
        mode, solver, method, size, size_penalty, objective, sweeps, damping, metric, mix,
            norm_per_width, input_range, convolution: as `tombola prune --help` says.
        threads, time_limit, memory_limit, progress: as in solve().
        work_limit: candidate entries scored, for all blocks together.

    Returns:
        The ticket. Its `figures` are what the command prints with --json; its `reached` is False
        where epsilon was not reached, its `complete` where a limit came first.

    Raises:
        TombolaError: for input that is not as above.
        Interrupted: on Ctrl-C, with the ticket so far as its result.
    """
    network = _network(target)
    images, _kept = _images(data, "data")
    calibrating, _also_kept = _images(calibration, "calibration")
    options = options_text(
        {
            "seed": str(seed),
            "width": width,
            "epsilon": epsilon,
            "largest_width": largest_width,
            "bits": bits,
            "beam": beam,
            "mode": "calibrated" if mode is None and calibration is not None else mode,
            "solver": solver,
            "method": method,
            "size": size,
            "size_penalty": size_penalty,
            "objective": objective,
            "sweeps": sweeps,
            "damping": damping,
            "metric": metric,
            "mix": mix,
            "norm_per_width": norm_per_width,
            "input_range": None if input_range is None else list(input_range),
            "convolution": convolution,
        }
    )
    run = Run(threads, work_limit, time_limit, memory_limit, progress)
    place = ctypes.c_void_p()

    def drawn(report: Optional[dict[str, Any]]) -> Optional[Ticket]:
        if not place.value:
            return None
        status = None if report is None else report.pop("status")
        return Ticket(place.value, report, status != NOT_REACHED)

    try:
        report = report_of(
            run,
            lambda text: library.tombola_prune(
                network._address, options, images, calibrating, run.bytes, ctypes.addressof(place), text
            ),
        )
    except Interrupted as interrupted:
        raise Interrupted(drawn(interrupted.result)) from None
    except BaseException:
        library.tombola_ticket_free(place)
        raise
    ticket = drawn(report)
    if ticket is None:
        raise TombolaError.last()
    return ticket


def verify(
    ticket: Any,
    target: Any,
    *,
    data: Optional[Images] = None,
    replay: bool = False,
    calibration: Optional[Images] = None,
    convolution: Optional[str] = None,
    threads: Optional[int] = None,
    progress: ProgressArgument = None,
) -> dict[str, Any]:
    """Measures a ticket's claims again, from the ticket and its target alone.

    Args:
        ticket: a Ticket, its file's bytes, or a path.
        target: a Network, or what Network.from_onnx takes.
        data: images, with labels for accuracies.
        replay: search again as the ticket says it was, and compare every block.
        calibration: with replay of a calibrated ticket, the images it was calibrated on.
        convolution, threads, progress: as in Network.forward().

    Returns:
        The keys of `tombola verify --json`: the figures measured afresh, and `agrees`: True; False,
        with `disagreements`; None where something could not be checked, with `unchecked`.

    Raises:
        VerificationError: for a ticket that was edited or contradicts its target.
        TombolaError: for other input that is not as above.
    """
    images, _kept = _images(data, "data")
    calibrating, _also_kept = _images(calibration, "calibration")
    options = options_text({"replay": bool(replay), "convolution": convolution})
    run = Run(threads, progress=progress)
    given, network = _ticket(ticket), _network(target)
    report = report_of(
        run,
        lambda text: library.tombola_verify(
            given._address, network._address, options, images, calibrating, run.bytes, text
        ),
    )
    del report["status"]
    return report


def compare(
    ticket: Any,
    target: Any,
    *,
    data: Optional[Images] = None,
    convolution: Optional[str] = None,
    threads: Optional[int] = None,
    memory_limit: Optional[int] = None,
    progress: ProgressArgument = None,
) -> dict[str, Any]:
    """Sets a ticket beside its target, plainly quantised too: size, cost, accuracy.

    Args:
        ticket: a Ticket, its file's bytes, or a path.
        target: a Network, or what Network.from_onnx takes.
        data: images, with labels for accuracies.
        memory_limit: bytes up to which the unpruned random network is made and timed; 2 GiB by
            default.
        convolution, threads, progress: as in Network.forward().

    Returns:
        The keys of `tombola compare --json`; `networks` is a list with an entry for each.
    """
    images, _kept = _images(data, "data")
    options = options_text({"convolution": convolution})
    run = Run(threads, memory_limit=memory_limit, progress=progress)
    given, network = _ticket(ticket), _network(target)
    report = report_of(
        run,
        lambda text: library.tombola_compare(given._address, network._address, options, images, run.bytes, text),
    )
    del report["status"]
    return report


def pack(ticket: Any, path: Optional[PathLike] = None, *, claims: bool = True, force: bool = False) -> bytes:
    """A ticket's coded form: about as many bytes as its choice of filters takes.

    Args:
        ticket: a Ticket, its file's bytes, or a path.
        path: where to write it too, a name ending in .tombola.
        claims: False leaves out claims and witness, which verify() measures again.
        force: replace a file that is there.
    """
    data = _ticket(ticket).to_bytes(coded=True, claims=claims)
    if path is not None:
        if not os.fspath(path).endswith(".tombola"):
            raise TombolaError.of("path", "a name ending in .tombola", repr(os.fspath(path)))
        Ticket.from_bytes(data).write(path, force=force)
    return data


def unpack(data: Any) -> Ticket:
    """The ticket in a coded file, given its bytes or its path."""
    return _ticket(data)
