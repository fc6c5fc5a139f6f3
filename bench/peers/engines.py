"""One layer in ONNX Runtime and in OpenVINO: how long runs take, what comes out, and which part of
a run is the layer's own.

Environment variables that would slow these packages must be gone before this is imported. """

import json
import math
import os
import tempfile
import time

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

KEYS = ("size", "inputs", "outputs", "window", "stride", "groups", "pooling")


def made_up(shape, step):
    count = int(np.prod(shape))
    return ((np.arange(count, dtype=np.int64) * step % 1001).astype(np.float32) / np.float32(500) - np.float32(1)).reshape(shape)


def timed(body):
    def seconds(count):
        start = time.perf_counter()
        for _ in range(count):
            body()
        return time.perf_counter() - start

    return seconds


def model(layer, batch):
    size, inputs, outputs, window, stride, groups, pooling = (layer[key] for key in KEYS)
    kernel = made_up((window, window, inputs // groups, outputs), 7919).transpose(3, 2, 0, 1).copy()
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[window] * 2, pads=[window // 2] * 4, strides=[stride] * 2,
                         group=groups),
        helper.make_node("Relu", ["c"], ["r" if pooling else "y"]),
    ]
    if pooling:
        nodes.append(helper.make_node("MaxPool", ["r"], ["y"], kernel_shape=[2, 2], strides=[2, 2]))
    graph = helper.make_graph(
        nodes, "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, inputs, size, size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [numpy_helper.from_array(kernel, "w")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 8
    return made.SerializeToString()


class Profile:
    """Of profiled runs: the part of a run that nodes other than reorders take, and the reorders'
    part of all nodes. Of the runs only the faster half counts: in the others something else had
    the core."""

    def __init__(self, runs):
        """Seconds by the wall clock, of reorders, and of other nodes, run by run."""
        faster = sorted(runs)[: max(1, len(runs) // 2)]
        wall, reorders, others = (sum(column) for column in zip(*faster))
        # What is neither, a call's own cost, is not the layer's either.
        self.layer_share = min(1.0, others / max(wall, 1e-12))
        self.reorder_share = reorders / max(reorders + others, 1e-12)


def profiled_runs(seconds, sample):
    """How many runs fill a sample."""
    seconds(1)
    return max(3, min(2000, math.ceil(sample / max(1e-7, seconds(1)))))


def onnxruntime_profile(serialized, threads, bind, sample):
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_profiling = True
        options.profile_file_prefix = os.path.join(folder, "profile")
        session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
        binding = bind(session)
        run = timed(lambda: session.run_with_iobinding(binding))
        count = profiled_runs(run, sample)
        walls = [run(1) for _ in range(count)]
        with open(session.end_profiling()) as file:
            events = json.load(file)
    nodes = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            nodes.setdefault((event["name"], event["args"]["op_name"]), []).append(event["dur"] * 1e-6)
    reorders, others = [0.0] * count, [0.0] * count
    for (_, kind), times in nodes.items():
        sums = reorders if kind.startswith("Reorder") else others
        # The runs that count are the last ones.
        for index, taken in enumerate(times[-count:]):
            sums[index] += taken
    return Profile(list(zip(walls, reorders, others)))


def openvino_profile(core, serialized, settings, images, output, sample):
    compiled = core.compile_model(core.read_model(serialized), "CPU", {**settings, "PERF_COUNT": True})
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(images, shared_memory=True))
    request.set_output_tensor(openvino.Tensor(output, shared_memory=True))
    run = timed(request.infer)
    count = profiled_runs(run, sample)
    runs = []
    for _ in range(count):
        wall = run(1)
        sums = [0.0, 0.0]
        for node in request.profiling_info:
            if node.status == openvino.ProfilingInfo.Status.EXECUTED:
                sums[node.node_type != "Reorder"] += node.real_time.total_seconds()
        runs.append((wall, *sums))
    return Profile(runs)


def rivals(layer, batch, threads, images, sample):
    """Name -> (seconds of n runs, the output, its profile when called)."""
    serialized = model(layer, batch)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
    output = session.run(None, {"x": images})[0]

    def bind(session):
        binding = session.io_binding()
        binding.bind_cpu_input("x", images)
        binding.bind_output("y", "cpu", 0, np.float32, output.shape, output.ctypes.data)
        return binding

    binding = bind(session)
    yield ("ONNX Runtime", timed(lambda: session.run_with_iobinding(binding)), output,
           lambda: onnxruntime_profile(serialized, threads, bind, sample))

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(serialized), "CPU", settings)
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(images, shared_memory=True))
    second = np.empty_like(output)
    request.set_output_tensor(openvino.Tensor(second, shared_memory=True))
    request.infer()
    yield ("OpenVINO", timed(request.infer), second,
           lambda: openvino_profile(core, serialized, settings, images, second, sample))
