"""Sweeps: the command's results through any executor, workers killed, stores read."""

import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import tombola

SPECIFICATION = """
dimension = [1, 2]
count = [8, 12]
candidates = ["nsn", "uniform"]
epsilon = [0.1, 0.01]
trials = 120
seed = 5
"""


@pytest.fixture(scope="module")
def expected(command, tmp_path_factory):
    """The store that the command makes, as rows."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "grid.toml").write_text(SPECIFICATION)
    command("sweep", folder / "grid.toml", "--store", folder / "store.sqlite")
    done = subprocess.run([command.executable, "table", folder / "store.sqlite", "--csv"], capture_output=True, text=True)
    return folder / "store.sqlite", done.stdout


def same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert np.array_equal(first[name], second[name]), name


def test_here(command, expected, tmp_path):
    outcome = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite")
    assert outcome["complete"] and outcome["trials"] == outcome["stored"] == outcome["added"] == 8 * 120
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))
    with pytest.raises(tombola.TombolaError, match="expected no file of that name"):
        tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite")
    again = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", resume=True)
    assert again["complete"] and again["added"] == 0


def test_stores_are_the_commands_tables(expected):
    columns = tombola.read_store(expected[0])
    lines = expected[1].splitlines()
    assert lines[0].split(",") == list(columns)
    assert len(lines) == 1 + len(columns["cell"])
    for number in (0, 137, 959):
        fields = lines[1 + number].split(",")
        for name, field in zip(columns, fields):
            value = columns[name][number]
            if name == "subset_size":
                assert (field, value) == ("", -1)
            elif name == "optimal":
                assert bool(int(field)) == value
            elif isinstance(value, (np.floating, np.integer)):
                assert float(field) == value
            else:
                assert field == value


@pytest.mark.parametrize("units", [1, 7, 500])
def test_on_threads(expected, tmp_path, units):
    seen = []
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        outcome = tombola.sweep(
            SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=units, progress=lambda p: seen.append(p) and None
        )
    assert outcome["complete"] and seen[-1].completed == seen[-1].total >= 1
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


def processes():
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def test_a_killed_workers_units_are_run_again(expected, tmp_path):
    pools = []

    def pool():
        pools.append(processes())
        return pools[-1]

    def kill(progress):
        if progress.completed == 3:
            os.kill(next(iter(pools[-1]._processes)), signal.SIGKILL)

    outcome = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=pool, units=100, progress=kill)
    assert outcome["complete"] and len(pools) == 2
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


def test_what_a_broken_executor_did_is_stored(expected, tmp_path):
    with processes() as executor:

        def kill(progress):
            if progress.completed == 3:
                os.kill(next(iter(executor._processes)), signal.SIGKILL)

        with pytest.raises(concurrent.futures.BrokenExecutor, match="resume=True"):
            tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=100, progress=kill)
    there = len(tombola.read_store(tmp_path / "s.sqlite")["cell"])
    assert 0 < there < 960
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        outcome = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=9, resume=True)
    assert outcome["complete"] and outcome["added"] == 960 - there
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


def test_stopped_by_progress_and_gone_on(expected, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        part = tombola.sweep(
            SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=50, progress=lambda p: p.completed >= 5
        )
        assert part["stop"] == "cancelled" and not part["complete"] and part["stored"] > 0
        whole = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=50, resume=True)
    assert whole["complete"] and whole["added"] == 960 - part["stored"]
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


def test_dask_with_a_worker_killed(expected, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path / "dask")
    ) as cluster, distributed.Client(cluster) as client:
        killed = []

        def kill(progress):
            if progress.completed >= 3 and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        outcome = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=client, units=100, progress=kill)
    assert outcome["complete"] and killed
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


class Killing:
    """submitit's local executor, whose third worker is killed as soon as it is there."""

    def __init__(self, executor):
        self.executor, self.count, self.killed = executor, 0, []

    def submit(self, *arguments):
        job = self.executor.submit(*arguments)
        self.count += 1
        if self.count == 3:
            children = Path(f"/proc/{job._process.pid}/task/{job._process.pid}/children")
            while not (pids := children.read_text().split()):
                time.sleep(0.002)
            self.killed = [int(pid) for pid in pids]
            for pid in self.killed:
                os.kill(pid, signal.SIGKILL)
        return job


def test_submitit_with_a_worker_killed(expected, tmp_path):
    submitit = pytest.importorskip("submitit")
    killing = Killing(submitit.LocalExecutor(folder=tmp_path / "jobs"))
    outcome = tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=killing, units=6)
    assert outcome["complete"] and killing.killed and killing.count == 7
    same(tombola.read_store(tmp_path / "s.sqlite"), tombola.read_store(expected[0]))


def test_what_is_wrong_is_said(tmp_path):
    for text, where in [("dimension = 1\ncount = 8\ntrials = 5", "seed"), ("trials = ?", ""), ("surprise = 1", "surprise")]:
        with pytest.raises(tombola.TombolaError) as caught:
            tombola.sweep(text, tmp_path / "s.sqlite")
        assert where in str(caught.value) and caught.value.expected
    with pytest.raises(tombola.TombolaError, match="none.toml"):
        tombola.sweep(tmp_path / "none.toml", tmp_path / "s.sqlite")
    (tmp_path / "no.sqlite").write_text("no store")
    with pytest.raises(tombola.TombolaError):
        tombola.read_store(tmp_path / "no.sqlite")
    with concurrent.futures.ThreadPoolExecutor(1) as executor, pytest.raises(tombola.TombolaError, match="shard"):
        tombola.sweep(SPECIFICATION, tmp_path / "s.sqlite", executor=executor, units=0)
