"""Comparisons and bounds are the command's."""

import numpy as np
import pytest
import tombola


def test_compared_as_the_command_compares(command, model_path, model, tmp_path):
    ticket = tombola.prune(model, seed=2, width=100, solver="greedy")
    ticket.write(tmp_path / "t.safetensors")
    x = np.random.default_rng(1).uniform(-1, 1, (20, 1, 28, 28)).astype(np.float32)
    y = model(x).argmax(axis=1)
    np.savez(tmp_path / "d.npz", x=x, y=y)
    _, said = command("compare", tmp_path / "t.safetensors", "--target", model_path, "--data", tmp_path / "d.npz")
    found = tombola.compare(tmp_path / "t.safetensors", model, data=(x, y))
    for keys in (found, said):
        for name in ("seconds", "peak_memory_bytes"):
            keys.pop(name)
        for row in keys["networks"]:
            row.pop("latency_milliseconds")
            row.pop("latency_passes")
    assert found == said
    assert [row["network"] for row in found["networks"]][0] == "target"


def test_bounds_are_the_commands(command):
    sizes = dict(kernel=3, channels_in=8, channels_out=16, layers=3, epsilon=0.01, count=1000)
    words = [word for name, value in sizes.items() for word in ("--" + name.replace("_", "-"), value)]
    _, said = command("bounds", *words)
    assert tombola.bounds(**sizes) == said
    with pytest.raises(tombola.TombolaError):
        tombola.bounds(**{**sizes, "epsilon": 2.0})
