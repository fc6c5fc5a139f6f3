"""The small valid files that damages start from: made with NumPy, or by the executable itself."""

import os
import subprocess

import numpy as np

from . import arrays, onnx, stores


class Seeds:
    """A folder of valid files, and their contents where damages need them in parts."""

    def __init__(self, folder, executable, environment):
        self.folder = folder
        self.executable = executable
        self.environment = environment
        generator = np.random.default_rng(11)
        self.networks = [onnx.network(generator), onnx.residual_network(generator)]
        self.write("target.onnx", onnx.encoded(self.networks[0]))
        self.write("other.onnx", onnx.encoded(self.networks[1]))
        images = generator.uniform(-1, 1, (12, 2, 6, 6)).astype(np.float32)
        self.images = {"x": arrays.npy(images), "y": arrays.npy(np.arange(12) % 2)}
        self.write("images.npz", arrays.npz(self.images))
        self.problem = {
            "candidates": arrays.npy(generator.normal(size=(14, 2))),
            "target": arrays.npy(generator.uniform(-0.5, 0.5, (2, 2))),
        }
        rows = generator.normal(size=(12, 3)).astype(np.float32)
        self.scaled_problem = {
            "candidates": arrays.npy(rows),
            "scales": arrays.npy(np.abs(rows[:, 0])),
            "target": arrays.npy(np.full(3, 0.25)),
            "factor": arrays.npy(np.eye(3)),
            "blocks": arrays.npy(np.array([0, 0, 1])),
            "weights": arrays.npy(np.ones(3)),
        }
        self.array = arrays.npy(generator.normal(size=(3, 4, 2)))
        self.pixels = arrays.idx(generator.integers(0, 256, (12, 6, 6), dtype=np.uint8))
        self.labels = arrays.idx((np.arange(12) % 2).astype(np.uint8))
        gray = onnx.network(generator, channels=1)
        self.write("gray.onnx", onnx.encoded(gray))
        common = ["--width", "20", "--seed", "1"]
        self.figures = self.run(
            [
                "prune",
                "target.onnx",
                *common,
                "--data",
                "images.npz",
                "--checkpoint",
                "checkpoint",
                "-o",
                "ticket.safetensors",
                "--json",
            ]
        )
        self.run(["prune", "gray.onnx", *common, "-o", "gray.safetensors"])
        self.run(["export", "ticket.safetensors", "-o", "weights.safetensors"])
        self.write("figures.json", self.figures.encode())
        self.write("sweep.toml", stores.SPECIFICATION.encode())
        self.run(["sweep", "sweep.toml", "--store", "results.sqlite"])
        self.run(["pack", "ticket.safetensors", "-o", "ticket.tombola"])
        self.ticket = self.read("ticket.safetensors")
        self.coded = self.read("ticket.tombola")
        self.checkpoint = self.read("checkpoint")
        self.weights = self.read("weights.safetensors")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run(self, arguments):
        run = subprocess.run(
            [self.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            raise SystemExit(
                f"a valid file could not be made: tombola {' '.join(arguments)}: exit {run.returncode}: {run.stderr}"
            )
        return run.stdout
