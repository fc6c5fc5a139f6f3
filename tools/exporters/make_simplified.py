"""Models of the other makers, made simpler by onnxsim, onnxslim and ONNX Runtime."""

import pathlib
import shutil
import sys

import onnx
import onnxruntime

from common import Maker


def optimised(path, target):
    """What ONNX Runtime's basic optimiser makes of a model."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = target
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def simplified(path, target):
    """What onnxsim makes of a model."""
    import onnxsim

    model, _ = onnxsim.simplify(path)
    onnx.save_model(model, target)


def slimmed(path, target):
    """What onnxslim makes of a model."""
    import onnxslim

    onnx.save_model(onnxslim.slim(onnx.load(path)), target)


def main():
    """Every fourth model of those that lie there."""
    folder = pathlib.Path(sys.argv[1])
    sources = [
        path for name in ("pytorch", "pytorch-dynamo", "keras", "tf2onnx", "jax2onnx")
        for path in sorted((folder / name).glob("*.onnx"))][::4]
    for name, change in [("onnxruntime-basic", optimised), ("onnxsim", simplified), ("onnxslim", slimmed)]:
        maker = Maker(name)
        for source in sources:
            target = f"{source.parent.name}-{source.stem}"
            maker.make(target, (1,), lambda path, source=source, change=change: change(str(source), path))
            if (maker.folder / (target + ".onnx")).exists():
                shutil.copy(source.with_suffix(".npz"), maker.folder / (target + ".npz"))
        maker.close()


main()
