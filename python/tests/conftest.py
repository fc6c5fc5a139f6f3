"""What tests share: the command beside the library, and the shipped model."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True, scope="session")
def interrupts_are_heard():
    """Who starts the tests in the background of a shell may have set SIGINT to be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def command():
    """Runs `tombola` (TOMBOLA_EXECUTABLE, or the one on PATH) with --json; gives status and keys."""
    executable = os.environ.get("TOMBOLA_EXECUTABLE") or shutil.which("tombola")
    assert executable, "expected TOMBOLA_EXECUTABLE, or tombola on PATH; found neither"

    def run(*arguments, cwd=None):
        words = [executable, *map(str, arguments), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, stdin=subprocess.DEVNULL)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    run.executable = executable
    return run


@pytest.fixture(scope="session")
def model_path():
    return ROOT / "Targets" / "fashion-cnn.onnx"


@pytest.fixture(scope="session")
def model(model_path):
    import tombola

    return tombola.Network.from_onnx(model_path)
