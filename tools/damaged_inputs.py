#!/usr/bin/env python3
"""A bank of damaged inputs: every file that tombola reads, damaged in thousands of ways.

Small valid files are made with NumPy and by the executable itself, then damaged: cut, flipped,
spliced, and written anew with extreme numbers, other types, deep nesting and huge counts where the
format has numbers, types and counts. A run that reads one must end with exit code 2, one line on
standard error and nothing on standard output, or, where the damage is harmless or says something
else that is valid, with the code and output of an ordinary run: JSON that parses and holds no NaN.
It must take less than 2 seconds of processor time and 500 MB, and never end by a signal. Where a
damaged file is a valid order for long work, the run must end within a second of SIGTERM.

The same seed gives the same cases. Failing files are kept, each with the command that repeats it.
Ends with exit code 1 if a case fails. """

import argparse
import concurrent.futures
import json
import os
import random
import resource
import select
import shlex
import shutil
import signal
import sys
import tempfile
import time

from damage.cases import FORMATS
from damage.seeds import Seeds

PROCESSOR_SECONDS = 2.0
SECONDS_AFTER_SIGTERM = 1.0
WALL_SECONDS = 60.0
PEAK_BYTES = 500 * 10**6
ADDRESS_SPACE = 8 << 30


class Run:
    """How a process ended, and what it wrote and took."""

    def __init__(self, arguments, folder, environment):
        streams = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
        actions += [
            (os.POSIX_SPAWN_OPEN, number + 1, path, flags, 0o600)
            for number, path in enumerate(streams)
        ]
        # The shell's `cd` is what posix_spawn lacks; `exec` leaves no process of it behind.
        script = f"cd {shlex.quote(folder)} && exec {shlex.join(arguments)}"
        process = os.posix_spawn(
            "/bin/sh", ["sh", "-c", script], environment, file_actions=actions, setpgroup=0
        )
        resource.prlimit(process, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))
        self.is_stopped = False
        self.is_killed = False
        status, usage = self.wait(process)
        self.code = os.waitstatus_to_exitcode(status)
        self.seconds = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        self.output, self.errors = (open(path, "rb").read() for path in streams)

    def wait(self, process):
        handle = os.pidfd_open(process)
        start = time.monotonic()
        allowed = PROCESSOR_SECONDS
        try:
            while not select.select([handle], [], [], 0.25)[0]:
                used = processor_seconds(process)
                if used > allowed and not self.is_stopped:
                    self.is_stopped = True
                    allowed = used + SECONDS_AFTER_SIGTERM
                    os.kill(process, signal.SIGTERM)
                elif used > allowed or time.monotonic() - start > WALL_SECONDS:
                    self.is_killed = True
                    os.killpg(process, signal.SIGKILL)
                    break
        finally:
            os.close(handle)
        return os.wait4(process, 0)[1:]


def processor_seconds(process):
    """Seconds of processor time that a running process has taken."""
    try:
        with open(f"/proc/{process}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def refuse_constant(text):
    raise ValueError(f"{text} in JSON")


def verdict(case, run):
    """What is wrong with a run; None if nothing is."""
    if run.is_killed:
        return "did not end"
    if run.seconds > PROCESSOR_SECONDS and not case.is_long:
        return f"took {run.seconds:.1f} seconds"
    # Commands without anything to save leave SIGTERM to the system.
    ended_by_request = run.is_stopped and run.code in (143, -signal.SIGTERM)
    if not ended_by_request and (run.code < 0 or run.code >= 128):
        return f"ended by a signal or with code {run.code}"
    if run.peak > PEAK_BYTES:
        return f"took {run.peak / 1e6:.0f} MB"
    lines = run.errors.count(b"\n")
    if run.code == 2:
        # What info knows of a network that is not read it prints all the same.
        if run.output and "info" not in case.arguments:
            return "exit code 2 with text on standard output"
        if lines != 1 or not run.errors.endswith(b"\n"):
            return f"exit code 2 with {lines} lines on standard error"
        return "an error that is not UTF-8" if not is_text(run.errors) else None
    if ended_by_request:
        return None
    if run.code not in (0, 1, 3, 4):
        return f"exit code {run.code}"
    if lines > 1:
        return f"exit code {run.code} with {lines} lines on standard error"
    try:
        if "--jsonl" in case.arguments:
            for line in run.output.splitlines():
                json.loads(line, parse_constant=refuse_constant)
        elif "--json" in case.arguments and run.output:
            json.loads(run.output, parse_constant=refuse_constant)
        elif run.code == 0 and "--json" in case.arguments:
            return "exit code 0 without JSON"
    except ValueError as error:
        return f"output that is no JSON: {error}"
    return None


def is_text(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


class Bank:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": folder,
            "XDG_CACHE_HOME": os.path.join(folder, "cache"),
            "TMPDIR": folder,
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "TOMBOLA_BLAS_CORE": "best",
            "SWIFT_BACKTRACE": "enable=no",
        }
        valid = os.path.join(folder, "valid")
        os.mkdir(valid)
        self.seeds = Seeds(valid, options.executable, self.environment)

    def attempt(self, kind, number):
        """Runs a case; returns its exit code, whether it was stopped, and what is wrong."""
        rng = random.Random(f"{self.options.seed}/{kind}/{number}")
        folder = os.path.join(self.folder, f"{kind}-{number}")
        os.mkdir(folder)
        case = FORMATS[kind](rng, self.seeds, folder)
        run = Run([self.options.executable, *case.arguments], folder, self.environment)
        wrong = verdict(case, run)
        if wrong:
            kept = os.path.join(self.options.keep, f"{kind}-{number}")
            shutil.rmtree(kept, ignore_errors=True)
            os.makedirs(self.options.keep, exist_ok=True)
            shutil.copytree(folder, kept)
            shutil.copytree(
                self.seeds.folder, os.path.join(self.options.keep, "valid"), dirs_exist_ok=True
            )
            arguments = shlex.join(case.arguments).replace(self.seeds.folder, "../valid")
            wrong += (
                f"\n    cd {kept} && {self.options.executable} {arguments}"
                f"\n    {sys.argv[0]} --executable {self.options.executable} --seed {self.options.seed} --formats {kind} --case {number}"
                f"\n    {run.errors[:300].decode(errors='replace').strip()}"
            )
        shutil.rmtree(folder, ignore_errors=True)
        return run.code, run.is_stopped, wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--cases", type=int, default=200, help="damaged files of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(FORMATS), help="of " + ", ".join(FORMATS))
    parser.add_argument("--case", type=int, help="this number alone")
    parser.add_argument(
        "--keep", default="out/damaged", metavar="FOLDER", help="where failing files are kept"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    options.executable = os.path.abspath(options.executable)
    options.keep = os.path.abspath(options.keep)
    kinds = options.formats.split(",")
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        parser.error(
            f"--formats: expected some of {', '.join(FORMATS)}, found {', '.join(unknown)}"
        )
    numbers = [options.case] if options.case is not None else range(options.cases)
    passed = failed = 0
    with tempfile.TemporaryDirectory(
        prefix="damaged-inputs-"
    ) as folder, concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
        bank = Bank(options, folder)
        for kind in kinds:
            start = time.monotonic()
            refused = stopped = wrongs = 0
            results = pool.map(bank.attempt, [kind] * len(numbers), numbers)
            for number, (code, is_stopped, wrong) in zip(numbers, results):
                refused += code == 2
                stopped += is_stopped
                if wrong:
                    wrongs += 1
                    print(f"  {kind} {number}: {wrong}", flush=True)
            passed += len(numbers) - wrongs
            failed += wrongs
            print(
                f"{kind}: {len(numbers)} cases, {refused} refused, {stopped} stopped at work, {wrongs} failed, "
                f"{time.monotonic() - start:.0f} s",
                flush=True,
            )
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
