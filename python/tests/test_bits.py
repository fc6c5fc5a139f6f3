"""Sizes that are asked for: the command's bytes and figures from prune(bits=), encode_vectors() and
rate_distortion()."""

import numpy as np
import pytest
import tombola

from test_tickets import same_figures

RANDOM = np.random.default_rng(17)
X = RANDOM.uniform(-1, 1, (30, 1, 28, 28)).astype(np.float32)


@pytest.mark.parametrize("mode", ["weights", "calibrated"])
def test_tickets_of_a_size_are_the_commands(command, model_path, model, tmp_path, mode):
    np.savez(tmp_path / "d.npz", x=X)
    words, given = [], {}
    if mode == "calibrated":
        words = ["--mode", mode, "--calibration", tmp_path / "d.npz", "--input-range", "-1,1"]
        given = {"calibration": X, "input_range": (-1, 1)}
    ours = tombola.prune(model, seed=3, width=400, bits=3, beam=8, **given)
    status, said = command(
        "prune", model_path, "--seed", 3, "--width", 400, "--bits", 3, "--beam", 8, *words, "-o", tmp_path / "t.tombola"
    )
    assert status == 0 and ours.complete
    coded = tombola.pack(ours, tmp_path / "u.tombola")
    assert (tmp_path / "t.tombola").read_bytes() == coded == (tmp_path / "u.tombola").read_bytes()
    assert 8 * len(coded) <= 3 * model.report()["weights"]
    same_figures(dict(ours.figures), said)
    again = tombola.verify(ours, model)
    assert again["max_weight_error"] == ours.figures["max_weight_error"] and not again["disagreements"]


def test_what_does_not_go_with_bits_is_refused(model):
    for given, where in [
        ({"width": 50, "bits": 3, "solver": "greedy"}, "solver"),
        ({"width": 50, "bits": 3, "work_limit": 10}, "work_limit"),
        ({"epsilon": 50.0, "bits": 3}, "epsilon"),
        ({"width": 50, "bits": 0}, "bits"),
        ({"width": 50, "beam": 8}, "beam"),
        ({"width": 50, "bits": 0.01}, "bits"),
    ]:
        with pytest.raises(tombola.TombolaError) as caught:
            tombola.prune(model, seed=1, **given)
        assert caught.value.where == where and caught.value.expected, given


@pytest.mark.parametrize("law", ["gaussian", "laplacian"])
def test_coded_vectors_are_the_commands(command, tmp_path, law):
    vectors = tombola.make_vectors(16, 20, 4, law=law)
    ours = tombola.encode_vectors(vectors, bits=3, seed=4, count=2000, beam=16)
    options = ["--bits", 3, "--seed", 4, "--count", 2000, "--beam", 16, "--code", tmp_path / "c"]
    status, said = command("solve", *options, "--dimension", 16, "--vectors", 20, "--law", law)
    assert status == 0 and (tmp_path / "c").read_bytes() == ours.data
    assert {**said, "seconds": 0} == {**ours.figures, "seconds": 0}
    # Given as the targets of a file they are the same problem.
    np.savez(tmp_path / "p.npz", candidates=np.zeros((1, 16)), target=vectors)
    command("solve", tmp_path / "p.npz", *options, "--force")
    assert (tmp_path / "c").read_bytes() == ours.data


def test_decoded_vectors_miss_what_was_said():
    vectors = tombola.make_vectors(12, 9, 1)
    coded = tombola.encode_vectors(vectors, bits=4, seed=2, count=1000, threads=2)
    assert coded.data == tombola.encode_vectors(np.asfortranarray(vectors), bits=4, seed=2, count=1000, threads=1).data
    again = tombola.decode_vectors(coded.data)
    assert again.shape == vectors.shape and 8 * len(coded.data) <= 4 * vectors.size
    missed = ((vectors - again) ** 2).sum() / (vectors**2).sum()
    assert coded.relative_error == pytest.approx(missed, rel=1e-12) and 0 < missed < 0.2
    assert coded.file_bits_per_entry == 8 * len(coded.data) / vectors.size


def test_vectors_that_cannot_be_coded():
    for vectors, given, where in [
        ([[1.0, float("nan")]], {"bits": 8}, "vectors"),
        (np.zeros((0, 3)), {"bits": 8}, "vectors"),
        ([[1.0, 2.0]], {"bits": -1}, "bits"),
        ([[1.0, 2.0]], {"bits": 8, "count": 0}, "count"),
        ([["a"]], {"bits": 8}, "vectors"),
    ]:
        with pytest.raises(tombola.TombolaError) as caught:
            tombola.encode_vectors(vectors, seed=1, **given)
        assert caught.value.where == where, (vectors, given)
    data = tombola.encode_vectors(np.arange(1.0, 40.0), bits=8, seed=1, count=500).data
    for damaged in (b"", data[:-3], b"\xff" + data[1:]):
        with pytest.raises(tombola.TombolaError):
            tombola.decode_vectors(damaged)
    with pytest.raises(tombola.TombolaError, match="law"):
        tombola.make_vectors(3, 3, 1, law="cauchy")


def test_vectors_that_are_stopped_are_the_best_so_far():
    vectors = RANDOM.normal(size=(64, 64))
    coded = tombola.encode_vectors(vectors, bits=4, seed=1, count=1 << 18, time_limit=0.05)
    assert len(coded.data) <= 4 * 64 * 64 / 8 and 0 < coded.relative_error <= 1
    assert tombola.decode_vectors(coded.data).shape == vectors.shape


def test_rates_and_distortions_are_the_commands(command, model_path, model):
    ours = tombola.rate_distortion(
        [model], dimensions=[8], rates=[2, 3], seeds=[1, 2], count=800, entries=64, beam=8
    )
    status, said = command(
        "rate-distortion", model_path, "--dimensions", 8, "--rates", "2,3", "--seeds", "1,2", "--count", 800,
        "--entries", 64, "--beam", 8,
    )  # fmt: skip
    assert status == 0 and ours == said and len(ours) == 2 * (2 + 2)
    assert {row["source"] for row in ours} >= {"gaussian", "laplacian"}
    with pytest.raises(tombola.TombolaError, match="rates"):
        tombola.rate_distortion(dimensions=[8], rates=[99])
    stopped = tombola.rate_distortion(
        dimensions=[8, 16], rates=[2], seeds=[1], count=800, entries=64, beam=8, progress=lambda report: True
    )
    assert 0 < len(stopped) < 4
