"""Progress, limits, and Ctrl-C with the best so far."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tombola

HARD = (20, 300, 1)


def test_a_time_limit_ends_a_call():
    c, s, t = tombola.make_instance(*HARD)
    began = time.monotonic()
    found = tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=0.3)
    assert found.stop == "time limit" and time.monotonic() - began < 10
    assert found.error < found.empty_set_error


def test_a_function_of_progress_may_stop_a_call():
    c, s, t = tombola.make_instance(*HARD)
    seen = []

    def stop(progress):
        seen.append(progress)
        return True

    found = tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=60, progress=stop)
    assert found.stop == "cancelled" and found.error < found.empty_set_error
    assert len(seen) == 1 and isinstance(seen[0], tombola.Progress) and seen[0].phase


def test_what_a_function_of_progress_raises_comes_out():
    c, s, t = tombola.make_instance(*HARD)

    def fail(progress):
        raise LookupError("from progress")

    with pytest.raises(LookupError, match="from progress"):
        tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=60, progress=fail)


class Bar:
    """What tqdm has that is used of it."""

    bars: list = []

    def __init__(self, total=None, desc=None):
        self.total, self.desc, self.n, self.is_open = total, desc, 0, True
        Bar.bars.append(self)

    def update(self, steps):
        self.n += steps

    def close(self):
        self.is_open = False


def test_tqdm_and_what_looks_like_it(model):
    Bar.bars.clear()
    tombola.prune(model, seed=1, width=150, solver="greedy", progress=Bar)
    assert Bar.bars and all(not bar.is_open for bar in Bar.bars)
    assert any(bar.n == bar.total for bar in Bar.bars)
    tqdm = pytest.importorskip("tqdm")
    with open(os.devnull, "w") as nowhere:
        bar = tqdm.tqdm(file=nowhere)
        tombola.prune(model, seed=1, width=150, solver="greedy", progress=bar)
        assert bar.n > 0


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals go to the main thread")
def test_an_interrupt_gives_the_best_so_far(model):
    c, s, t = tombola.make_instance(*HARD)
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(tombola.Interrupted) as caught:
        tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=100)
        time.sleep(100)
    found = caught.value.result
    assert isinstance(caught.value, KeyboardInterrupt) and time.monotonic() - began < 30
    assert found.stop == "cancelled" and found.error < found.empty_set_error
    assert signal.getsignal(signal.SIGINT) is before
    # The next call runs to its end.
    assert tombola.solve(c[:20], t, scales=s[:20]).stop is None


def test_an_interrupted_search_gives_its_ticket(model, model_path):
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(tombola.Interrupted) as caught:
        tombola.prune(model, seed=1, width=60_000, solver="beam")
        time.sleep(100)
    ticket = caught.value.result
    assert isinstance(ticket, tombola.Ticket) and not ticket.complete


PROGRAM = """
import sys, tombola
c, s, t = tombola.make_instance(20, 300, 1)
print("ready", flush=True)
try:
    tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=100)
except KeyboardInterrupt as stopped:
    print(stopped.result.stop)
    sys.exit(7)
"""


def test_a_program_is_stopped_by_its_signal():
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "cancelled\n" and process.returncode == 7


def test_the_interpreter_runs_meanwhile():
    c, s, t = tombola.make_instance(*HARD)
    counts = [0]
    done = threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    tombola.solve(c, t, scales=s, solver="iterated-greedy", time_limit=0.5, threads=1)
    done.set()
    thread.join()
    assert counts[0] > 20
