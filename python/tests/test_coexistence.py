"""Other libraries' BLAS, OpenMP and threads in the same process: nobody disturbs anybody."""

import os
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


def clusters():
    """scikit-learn's k-means, which is compiled with OpenMP."""
    learn = pytest.importorskip("sklearn.cluster")
    points = RANDOM.normal(size=(2000, 8))
    return lambda: learn.KMeans(8, n_init=1, random_state=0, algorithm="lloyd").fit(points).cluster_centers_


def equal(first, second):
    if isinstance(first, np.ndarray):
        return np.allclose(first, second, rtol=1e-6, atol=1e-6)
    return first == second


@pytest.mark.parametrize("other", ["numpy", "onnxruntime", "sklearn"])
def test_all_at_a_time_as_each_alone(model, model_path, other):
    others = {"numpy": lambda: product, "onnxruntime": lambda: runtimes(model_path), "sklearn": clusters}[other]()
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
