"""The notebook runs from top to bottom, and its figures are what its text says."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "first-ticket.ipynb"


def test_the_notebook_runs(capsys):
    for name in ("jax", "matplotlib", "onnx", "onnxruntime", "sklearn"):
        pytest.importorskip(name)
    import matplotlib

    matplotlib.use("Agg")
    space: dict = {}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), space)
    assert space["accuracy"] > 0.9
    assert space["accuracies"][-1] > 100 * space["accuracy"] - 3
    assert space["errors"][-1] < space["errors"][0] / 3
    assert space["verdict"]["disagreements"] == []
    difference = abs(space["outputs"] - space["own"]).max() / abs(space["own"]).max()
    assert difference < 1e-4 and "nothing disagrees" in capsys.readouterr().out
