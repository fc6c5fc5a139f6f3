"""What all makers of the exporter matrix share: where files go, and what goes beside a model."""

import pathlib
import sys
import traceback
import warnings

import numpy

warnings.filterwarnings("ignore")


class Maker:
    """Writes models of one exporter into a folder, with an input beside each.

    A network that the exporter itself refuses is counted and left out: what is tested here is what
    is read of what was written.
    """

    def __init__(self, exporter):
        self.folder = pathlib.Path(sys.argv[1]) / exporter
        self.folder.mkdir(parents=True, exist_ok=True)
        self.failed = 0
        self.made = 0

    def make(self, name, shape, write):
        """Calls `write(path)`; `shape` is that of an input of two images, as the model takes it."""
        path = self.folder / (name + ".onnx")
        try:
            write(str(path))
            x = numpy.random.default_rng(7).uniform(0, 1, shape).astype(numpy.float32)
            numpy.savez(path.with_suffix(".npz"), x=x)
            self.made += 1
        except Exception as error:  # noqa: BLE001 (any fault of an exporter is only counted)
            path.unlink(missing_ok=True)
            self.failed += 1
            text = traceback.format_exception_only(error)[-1].strip().split("\n")[0][:160]
            print(f"  {self.folder.name} {name}: not exported: {text}", file=sys.stderr)

    def close(self):
        """Says how many were written."""
        print(f"{self.folder.name}: {self.made} written, {self.failed} that the exporter refused")
