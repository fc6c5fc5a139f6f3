"""Other libraries' BLAS, OpenMP and threads in the same process: nobody disturbs anybody."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import tombola

RANDOM = np.random.default_rng(3)
A = RANDOM.normal(size=(300, 300))
X = RANDOM.uniform(-1, 1, (64, 1, 28, 28)).astype(np.float32)


def product():
    return np.linalg.qr(A @ A.T)[0] @ A


def tombolas(model):
    def work():
        ticket = tombola.prune(model, seed=1, width=80, solver="greedy")
        c, s, t = tombola.make_instance(9, 200, 2)
        found = tombola.solve(c, t, scales=s, solver="beam", work_limit=100_000)
        return ticket.to_bytes(), found.error, found.subset.tolist()

    return work


def runtimes(model_path):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(model_path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: X})[0]


def clusters(model_path):
    """scikit-learn's k-means, which is compiled with OpenMP."""
    learn = pytest.importorskip("sklearn.cluster")
    points = RANDOM.normal(size=(2000, 8))
    return lambda: learn.KMeans(8, n_init=1, random_state=0, algorithm="lloyd").fit(points).cluster_centers_


def torches(model_path):
    """A network of PyTorch's on its own threads, and a product: its BLAS and its OpenMP."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(2)
    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(16 * 28 * 28, 10)
    )
    x, a = torch.from_numpy(X), torch.from_numpy(A)

    def work():
        with torch.no_grad():
            return np.concatenate([layers(x).numpy().ravel(), (a @ a.T @ a).numpy().ravel()])

    return work


def equal(first, second):
    if isinstance(first, np.ndarray):
        return np.allclose(first, second, rtol=1e-6, atol=1e-6)
    return first == second


@pytest.mark.parametrize("other", ["numpy", "onnxruntime", "sklearn", "torch"])
def test_all_at_a_time_as_each_alone(model, model_path, other):
    makers = {"numpy": lambda _: product, "onnxruntime": runtimes, "sklearn": clusters, "torch": torches}
    others = makers[other](model_path)
    works = [tombolas(model), others, product, tombolas(model)]
    alone = [work() for work in works]
    failures = []

    def repeat(work, expected):
        for _ in range(3):
            if not equal(work(), expected):
                failures.append(work)

    threads = [threading.Thread(target=repeat, args=pair) for pair in zip(works, alone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    # A ticket's bits do not depend on what else runs; nor does NumPy's product on what ran before.
    assert tombolas(model)() == alone[0]
    assert np.array_equal(product(), alone[2])


@pytest.mark.parametrize("first", ["tombola", "torch"])
def test_whichever_is_imported_first(first):
    """Each order in a process of its own gives the same bits."""
    pytest.importorskip("torch")
    program = (
        "import {0}, numpy, {1}, torch, tombola; a = torch.arange(40000.0).double().reshape(200, 200) % 7; "
        "before = (a @ a).sum().item(); c, s, t = tombola.make_instance(9, 200, 2); "
        "found = tombola.solve(c, t, scales=s, solver='beam', work_limit=100_000); "
        "print(before, (a @ a).sum().item(), found.error, found.subset.tolist())"
    )
    second = "torch" if first == "tombola" else "tombola"
    words = [sys.executable, "-c", program.format(first, second)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    c, s, t = tombola.make_instance(9, 200, 2)
    found = tombola.solve(c, t, scales=s, solver="beam", work_limit=100_000)
    a = np.arange(40000.0).reshape(200, 200) % 7
    total = float((a @ a).sum())
    assert said.strip() == f"{total} {total} {found.error} {found.subset.tolist()}"


def test_no_setting_of_the_process_changes(model):
    import signal

    before = (dict(os.environ), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), os.getcwd())
    tombolas(model)()
    assert before == (dict(os.environ), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), os.getcwd())


def test_forked_children_solve_too(model):
    """After a fork no thread of the parent's is there; short searches need none."""
    c, s, t = tombola.make_instance(4, 60, 2)
    expected = tombola.solve(c, t, scales=s, solver="greedy", threads=1)
    child = os.fork()
    if child == 0:
        found = tombola.solve(c, t, scales=s, solver="greedy", threads=1)
        os._exit(0 if found.error == expected.error else 1)
    assert os.waitpid(child, 0)[1] == 0
