"""Networks and tickets: the command's bytes and figures, files, and what is refused."""

import pickle

import numpy as np
import pytest
import tombola

RANDOM = np.random.default_rng(11)
X = RANDOM.uniform(-1, 1, (40, 1, 28, 28)).astype(np.float32)


@pytest.fixture(scope="module")
def labels(model):
    return model(X).argmax(axis=1)


@pytest.fixture(scope="module")
def ticket(model, labels):
    return tombola.prune(model, seed=7, width=150, data=(X, labels))


def same_figures(ours, theirs):
    for keys in (ours, theirs):
        for name in ("seconds", "peak_memory_bytes", "output", "target", "status"):
            keys.pop(name, None)
    assert ours == theirs


def test_the_same_ticket_as_the_command(command, model_path, ticket, labels, tmp_path):
    np.savez(tmp_path / "d.npz", x=X, y=labels)
    status, said = command(
        "prune", model_path, "--seed", 7, "--width", 150, "--data", tmp_path / "d.npz", "-o", tmp_path / "t.safetensors"
    )
    assert status == 0
    assert (tmp_path / "t.safetensors").read_bytes() == ticket.to_bytes()
    same_figures(dict(ticket.figures), said)
    assert ticket.complete and ticket.reached and (ticket.seed, ticket.width) == (7, 150)


def test_calibrated_tickets_are_the_commands_too(command, model_path, model, tmp_path):
    np.savez(tmp_path / "d.npz", x=X)
    ours = tombola.prune(model, seed=3, width=60, calibration=X, solver="greedy", damping=0.3, input_range=(-1, 1))
    status, _ = command(
        "prune", model_path, "--seed", 3, "--width", 60, "--mode", "calibrated", "--calibration", tmp_path / "d.npz",
        "--solver", "greedy", "--damping", 0.3, "--input-range", "-1,1", "-o", tmp_path / "t.safetensors",
    )  # fmt: skip
    assert status == 0 and (tmp_path / "t.safetensors").read_bytes() == ours.to_bytes()
    again = tombola.verify(ours, model, replay=True, calibration=X)
    assert again["replay"] is True and again["agrees"] is not False


def test_verified_as_the_command_verifies(command, model_path, model, ticket, labels, tmp_path):
    np.savez(tmp_path / "d.npz", x=X, y=labels)
    ticket.write(tmp_path / "t.safetensors")
    _, said = command("verify", tmp_path / "t.safetensors", "--target", model_path, "--data", tmp_path / "d.npz")
    found = tombola.verify(tmp_path / "t.safetensors", model, data=(X, labels))
    assert found["agrees"] is True
    same_figures(found, said)
    in_memory = tombola.verify(ticket, model, data=(X, labels))
    assert in_memory["agrees"] is True and in_memory["ticket_accuracy"] == ticket.figures["ticket_accuracy"]


def test_epsilon_instead_of_a_width(model):
    reached = tombola.prune(model, seed=1, epsilon=3000.0, solver="greedy")
    assert reached.reached and reached.figures["certified_error"] <= 3000
    missed = tombola.prune(model, seed=1, epsilon=1e-3, largest_width=100, solver="greedy")
    assert not missed.reached and len(missed.figures["widths_tried"]) >= 1


def test_packed_and_unpacked(command, ticket, tmp_path):
    coded = tombola.pack(ticket, tmp_path / "t.tombola")
    assert (tmp_path / "t.tombola").read_bytes() == coded and len(coded) < len(ticket.to_bytes()) / 3
    assert tombola.unpack(coded).to_bytes() == ticket.to_bytes()
    assert tombola.unpack(tmp_path / "t.tombola").to_bytes() == ticket.to_bytes()
    assert len(tombola.pack(ticket, claims=False)) < len(coded)
    assert tombola.unpack(tombola.pack(ticket, claims=False)).claims is None
    ticket.write(tmp_path / "t.safetensors")
    command("pack", tmp_path / "t.safetensors", "-o", tmp_path / "u.tombola")
    assert (tmp_path / "u.tombola").read_bytes() == coded
    with pytest.raises(tombola.TombolaError, match="expected"):
        tombola.pack(ticket, tmp_path / "t.tombola")


def test_pickled(ticket):
    again = pickle.loads(pickle.dumps(ticket))
    assert again.to_bytes() == ticket.to_bytes() and again.figures == ticket.figures
    error = pickle.loads(pickle.dumps(tombola.TombolaError.of("a", "b", "c")))
    assert (error.where, error.expected, error.found) == ("a", "b", "c")


def test_kept_filters_are_the_files(ticket, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    tensors = safetensors.load(ticket.to_bytes())
    kept = ticket.kept()
    assert len(kept) == len(ticket.report()["blocks"]) == 26
    assert sum(len(filters) for filters in kept.values()) == ticket.figures["kept_filters"]
    for (layer, channel, half), filters in kept.items():
        assert np.array_equal(tensors[f"layer{layer}.channel{channel}.{half}"], filters)


def test_networks_run_as_onnx_runtime_runs_them(model, model_path, ticket, tmp_path):
    runtime = pytest.importorskip("onnxruntime")

    def outputs(path):
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: X})[0]

    expected = outputs(model_path)
    assert np.abs(model(X) - expected).max() <= 1e-5 * np.abs(expected).max()
    for convolution in ("kernels", "im2col"):
        assert np.abs(model(X, convolution=convolution) - expected).max() <= 1e-5 * np.abs(expected).max()
    ticket.export(tmp_path / "pruned.onnx")
    ticket.export(tmp_path / "collapsed.onnx", collapsed=True)
    pruned = outputs(tmp_path / "pruned.onnx")
    scale = np.abs(pruned).max()
    assert np.abs(ticket.network()(X) - pruned).max() <= 1e-4 * scale
    assert np.abs(ticket.network(collapsed=True)(X) - outputs(tmp_path / "collapsed.onnx")).max() <= 1e-4 * scale


def test_models_from_bytes_and_objects(model, model_path):
    data = model_path.read_bytes()
    assert np.array_equal(tombola.Network.from_onnx(data)(X), model(X))
    onnx = pytest.importorskip("onnx")
    assert np.array_equal(tombola.Network.from_onnx(onnx.load_from_string(data))(X), model(X))
    assert model.input_shape == (1, 28, 28) and model.output_shape == (10, 1, 1)
    assert model.report()["weights"] > 0


def test_an_edited_ticket_is_told(model, ticket):
    data = ticket.to_bytes().replace(b'"seed":"7"', b'"seed":"8"')
    with pytest.raises(tombola.VerificationError) as caught:
        tombola.verify(data, model)
    assert "edited" in str(caught.value)


BAD = [
    (dict(), "width", "neither"),
    (dict(width=10, epsilon=1.0), "width", "both"),
    (dict(width=1.5), "width", "1.5"),
    (dict(width=100, mode="guessed"), "mode", "'guessed'"),
    (dict(width=100, mode="calibrated"), "mode calibrated", "none"),
    (dict(width=100, size=3, size_penalty=0.1), "size_penalty", "--size 3"),
    (dict(width=100, solver="portfolio"), "solver", "'portfolio'"),
    (dict(width=100, seed=-1), "seed", "'-1'"),
    (dict(width=100, seed=1 << 64), "seed", "'18446744073709551616'"),
    (dict(width=100, convolution="direct"), "convolution", "'direct'"),
    (dict(width=100, input_range=(1.0, 2.0, 3.0)), "input_range", "3"),
    (dict(width=100, data=np.zeros((2, 1, 28), np.float32)), "data, images", None),
    (dict(width=100, data=(X, np.zeros(3, int))), "data", "3"),
    (dict(width=100, data=np.full((2, 1, 28, 28), np.nan, np.float32)), "data, image 0", None),
    (dict(width=100, data=2 * X, input_range=(-1.0, 1.0)), "input_range", None),
]


@pytest.mark.parametrize("change,where,found", BAD)
def test_what_is_wrong_is_said_with_its_parts(model, change, where, found):
    with pytest.raises(tombola.TombolaError) as caught:
        tombola.prune(model, **{"seed": 1, **change})
    error = caught.value
    assert error.where.startswith(where) and error.expected, (error.where, str(error))
    assert found is None or found in error.found


def test_files_that_are_not_there_or_are_there(ticket, tmp_path):
    with pytest.raises(tombola.TombolaError) as caught:
        tombola.Ticket.read(tmp_path / "none.safetensors")
    assert caught.value.where == str(tmp_path / "none.safetensors") and caught.value.kind == "FileError"
    with pytest.raises(tombola.TombolaError):
        tombola.Network.from_onnx(b"not a model")
    ticket.write(tmp_path / "t.safetensors")
    with pytest.raises(tombola.TombolaError):
        ticket.write(tmp_path / "t.safetensors")
    ticket.write(tmp_path / "t.safetensors", force=True)
    with pytest.raises(tombola.TombolaError, match="expected a network read from a model"):
        tombola.prune(ticket.network(), seed=1, width=10)


def test_few_bytes_that_repeat_beyond_memory_are_refused(model):
    image = np.ones((1, 1, 28, 28), np.float32)
    with pytest.raises(tombola.TombolaError, match="fits memory"):
        model.forward(np.broadcast_to(image, (10**8, 1, 28, 28)))
