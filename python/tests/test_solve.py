"""Subset sums: the command's bits, brute force, and what is refused."""

import itertools
import threading

import numpy as np
import pytest
import tombola


@pytest.mark.parametrize("solver", ["portfolio", "beam", "greedy", "k-list", "exchange", "population"])
@pytest.mark.parametrize("dimension,count,seed", [(1, 25, 3), (4, 100, 5), (9, 250, 1)])
def test_the_same_bits_as_the_command(command, solver, dimension, count, seed):
    candidates, scales, target = tombola.make_instance(dimension, count, seed)
    found = tombola.solve(candidates, target, scales=scales, solver=solver, work_limit=400_000)
    _, said = command(
        "solve", "--dimension", dimension, "--count", count, "--seed", seed, "--solver", solver, "--work-limit", 400_000
    )
    assert found.error.hex() == float(said["error"]).hex()
    assert found.subset.tolist() == said["subset"]
    assert (found.solver, found.work, found.stop, found.optimal) == (
        said["solver"],
        said["work"],
        said["stop"],
        said["optimal"],
    )
    assert (found.limit, found.max_error, found.l2_error) == (said["limit"], said["max_error"], said["l2_error"])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("norm", ["max", "l2", "row-sums", "metric"])
def test_files_and_arrays_are_the_same_problem(command, tmp_path, norm, threads):
    random = np.random.default_rng(7)
    arrays = {"candidates": random.normal(size=(60, 6)), "target": random.uniform(-0.5, 0.5, 6)}
    parts = {}
    if norm == "row-sums":
        parts = {"blocks": np.array([0, 0, 1, 1, 1, 2]), "weights": random.uniform(1, 2, 6)}
    if norm == "metric":
        half = random.normal(size=(6, 6))
        parts = {"factor": np.linalg.cholesky(half @ half.T + np.eye(6))}
    np.savez(tmp_path / "p.npz", **arrays, **parts)
    found = tombola.solve(**arrays, **parts, norm=norm, solver="beam", threads=threads, work_limit=300_000)
    _, said = command("solve", tmp_path / "p.npz", "--norm", norm, "--solver", "beam", "--work-limit", 300_000)
    assert (found.error, found.subset.tolist()) == (said["error"], said["subset"])


def brute_force(candidates, target):
    n = len(candidates)
    sums = {bits: candidates[list(bits)].sum(axis=0) for k in range(n + 1) for bits in itertools.combinations(range(n), k)}
    return min(np.abs(target - total).max() for total in sums.values())


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_problems_are_solved_to_the_optimum(seed, dtype):
    random = np.random.default_rng(seed)
    m, n = int(random.integers(1, 4)), int(random.integers(1, 11))
    candidates, target = random.normal(size=(n, m)).astype(dtype), random.uniform(-1, 1, m)
    found = tombola.solve(candidates, target)
    assert found.optimal and found.size == len(found.subset)
    assert found.error == pytest.approx(brute_force(candidates.astype(float), target), rel=1e-12)
    residual = target - candidates[found.subset].astype(float).sum(axis=0)
    assert found.error == pytest.approx(np.abs(residual).max(), rel=1e-12)


def test_orders_and_types_of_memory_make_no_difference():
    random = np.random.default_rng(2)
    rows, target = random.integers(-99, 99, (30, 4)), random.integers(-9, 9, 4)
    plain = tombola.solve(rows.astype(float), target.astype(float), solver="greedy")
    others = [
        (rows, target),
        (np.asfortranarray(rows.astype(float)), target),
        (rows.astype(np.float32), target.astype(np.float32)),
        (np.repeat(rows.astype(float), 2, axis=0)[::2], target),
        (rows.astype(float)[::-1][::-1], list(target)),
        (rows.astype(">f8"), target.astype(np.float16)),
        (rows.tolist(), target),
    ]
    for candidates, wanted in others:
        found = tombola.solve(candidates, wanted, solver="greedy")
        assert (found.error, found.subset.tolist()) == (plain.error, plain.subset.tolist())


def test_sizes_deciding_listing(command, tmp_path):
    random = np.random.default_rng(4)
    candidates, target = random.normal(size=(24, 2)), random.uniform(-0.5, 0.5, 2)
    np.savez(tmp_path / "p.npz", candidates=candidates, target=target)
    assert tombola.solve(candidates, target, size=5).size == 5
    for options, words in [
        ({"decide": True, "epsilon": 1e-3}, ["--decide", "--epsilon", "1e-3"]),
        ({"decide": True, "epsilon": 1e-9}, ["--decide", "--epsilon", "1e-9"]),
        ({"all": True, "epsilon": 0.01, "max_subsets": 5}, ["--all", "--epsilon", "0.01", "--max-subsets", "5"]),
        ({"by_size": True, "solver": "beam", "work_limit": 9999}, ["--by-size", "--solver", "beam", "--work-limit", "9999"]),
        ({"epsilon": 1e-12}, ["--epsilon", "1e-12"]),
    ]:
        report = tombola.solve_report(candidates, target, **options)
        status, said = command("solve", tmp_path / "p.npz", *words)
        assert report.pop("status") == status
        for keys in (report, said):
            keys.pop("seconds")
        assert report == said


def test_batches_are_single_optima():
    random = np.random.default_rng(5)
    own, line = random.uniform(-1, 1, (40, 12)), random.uniform(-1, 1, 40)
    batch = tombola.solve_batch(own, line)
    assert (batch.solved, batch.proved, batch.stop) == (40, 40, None)
    for row, target, error, bits, size in zip(own, line, batch.errors, batch.subsets, batch.sizes):
        assert error == pytest.approx(tombola.solve(row, target).error, rel=1e-9, abs=1e-15)
        chosen = [i for i in range(12) if int(bits) >> i & 1]
        assert len(chosen) == size and abs(target - row[chosen].sum()) == pytest.approx(error, abs=1e-14)
    shared, targets = random.normal(size=(16, 3)), random.uniform(-1, 1, (20, 3))
    batch = tombola.solve_batch(shared, targets, norm="l2")
    for target, error in zip(targets, batch.errors):
        assert error == pytest.approx(tombola.solve(shared, target, norm="l2", solver="exhaustive").error, rel=1e-9)
    assert np.array_equal(tombola.solve_batch(own[0], line).errors, tombola.solve_batch(np.tile(own[0], (40, 1)), line).errors)


def test_no_candidates_and_no_problems():
    assert tombola.solve(np.empty((0, 2)), [1.0, 2.0]).error == 2.0
    assert tombola.solve_batch(np.empty((0, 5)), []).solved == 0


def test_limits_are_the_papers():
    assert tombola.limits(9, 119).error == pytest.approx(1e-3, rel=0.05)
    assert tombola.limits(9, 119, epsilon=tombola.limits(9, 119).error).log_expected == pytest.approx(0, abs=1e-9)
    assert tombola.limits(9, 1000, size=5).error is None
    with pytest.raises(tombola.TombolaError, match="size: expected 10 to 1000"):
        tombola.limits(9, 1000, size=5, epsilon=0.1)


BAD = [
    (dict(solver="guess"), "solver", "'guess'"),
    (dict(norm="l3"), "norm", "'l3'"),
    (dict(norm="metric"), "factor", "none"),
    (dict(size=9), "size of the subset", "9"),
    (dict(size="many"), "size", "'many'"),
    (dict(threads=0), "threads", "0"),
    (dict(threads=5000), "threads", "5000"),
    (dict(work_limit=-3), "work_limit", "-3"),
    (dict(work_limit=1.5), "work_limit", "1.5"),
    (dict(time_limit=float("nan")), "time_limit", "nan"),
    (dict(memory_limit="much"), "memory_limit", "'much'"),
    (dict(progress=3), "progress", "3"),
    (dict(scales=[1.0, 2.0]), "scales", "(2)"),
    (dict(target=[1.0, 2.0, 3.0]), "target", "(3)"),
    (dict(target=[1.0, float("inf")]), "target entry 1", "inf"),
    (dict(target=["a", "b"]), "target", "one of type <U1"),
    (dict(candidates=np.zeros((2, 2, 2))), "candidates", "shape (2, 2, 2)"),
    (dict(candidates=[[1.0, float("nan")]] * 4), "candidate 0, coordinate 1", "nan"),
    (dict(candidates=np.ones((4, 2), complex)), "candidates", "one of type complex128"),
]


@pytest.mark.parametrize("change,where,found", BAD)
def test_what_is_wrong_is_said_with_its_parts(change, where, found):
    arguments = dict(candidates=np.ones((4, 2)), target=[1.0, 2.0])
    if "scales" in change:
        arguments["candidates"] = np.ones((4, 2), np.float32)
    with pytest.raises(tombola.TombolaError) as caught:
        tombola.solve(**{**arguments, **change})
    error = caught.value
    assert (error.where, error.found) == (where, found)
    assert error.expected and str(error) == f"{where}: expected {error.expected}, found {found}"


def test_threads_solve_at_a_time_what_one_solves_alone():
    problems = [tombola.make_instance(3, 60, seed) for seed in range(12)]
    alone = [tombola.solve(c, t, scales=s, solver="beam", work_limit=500_000) for c, s, t in problems]
    found = [None] * 12

    def work(number):
        for i in range(number, 12, 4):
            c, s, t = problems[i]
            found[i] = tombola.solve(c, t, scales=s, solver="beam", work_limit=500_000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(f.error, f.subset.tolist()) for f in found] == [(f.error, f.subset.tolist()) for f in alone]
