#!/usr/bin/env python3
"""Runs parts of sweeps and tickets as jobs of a real Slurm, one node on loopback.

The script starts munged, slurmctld and slurmd of its own, with configuration, keys, ports, logs and
state in a temporary folder, and ends them when it is done: no service of the machine is touched. As
root Slurm's jobs run as root, else as the user who called.

What it shows:
- a job array whose tasks take their part by --shard array; one task is sent SIGUSR1 by Slurm, ends
  with 3 and is queued again; another one is killed (SIGKILL) and queued again; the merged store has
  the same table as one run, byte for byte;
- an array that takes its commands from the lines of --print-tasks, and the same lines by GNU
  parallel;
- the parts of a ticket, one of them queued again by scontrol while it runs (SIGTERM), merged to the
  bytes of one run.

usage: test_clusters.py --executable TOMBOLA [--keep]
"""

import argparse
import filecmp
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

# Some 15 seconds of a core.
GRID = """seed = 4
trials = 12000
dimension = [1, 2]
count = [20, 24, 26]
epsilon = [0.1, 0.001]
"""
SMALL_GRID = """seed = 5
trials = 300
dimension = [1, 2]
count = [12, 16]
epsilon = 0.1
"""
# A job that is queued again where it was stopped or killed. It starts again once its credential has
# expired (cred_expire).
SWEEP_JOB = """#!/bin/sh
cd "{folder}"
srun sh -c 'echo $$ > "pid-$SLURM_ARRAY_TASK_ID"; exec "$0" "$@"' "{tombola}" sweep grid.toml \\
  --store "part-$SLURM_ARRAY_TASK_ID.sqlite" --shard array --resume --threads 1
code=$?
echo $code >> "codes-$SLURM_ARRAY_TASK_ID"
case $code in
3|137) scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID" ;;
esac
exit $code
"""
LINES_JOB = """#!/bin/sh
cd "{folder}"
sh -c "$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" tasks.txt)"
"""
PRUNE_JOB = """#!/bin/sh
cd "{folder}"
echo "${{SLURM_RESTART_COUNT:-0}}" >> "starts-$SLURM_ARRAY_TASK_ID"
exec "{tombola}" prune "{target}" --width {width} --seed 1 --solver greedy --threads 1 \\
  --shard array --resume -o "part-$SLURM_ARRAY_TASK_ID.safetensors"
"""
WIDTH = 30000
CONFIGURATION = """ClusterName=tombola
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0
ReturnToService=2
JobRequeue=1
KillWait=20
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Failure(Exception):
    """What was expected, and what was found."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Cluster:
    """A Slurm of one node, for as long as the block lasts."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        self.environment = dict(os.environ, SLURM_CONF=str(folder / "slurm.conf"))

    def start(self, name, *arguments):
        log = open(self.folder / f"{name}.out", "wb")
        program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        expect(program, f"expected {name} (Debian: slurm-wlm, munge), found none")
        process = subprocess.Popen(
            [program, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment,
            start_new_session=True)
        self.daemons.append((name, process))
        return process

    def __enter__(self):
        folder = self.folder
        for name in ["state", "spool"]:
            (folder / name).mkdir()
        (folder / "munge.key").touch(mode=0o600)
        (folder / "munge.key").write_bytes(os.urandom(128))
        sockets = [socket.socket() for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        host = socket.gethostname().split(".")[0]
        (folder / "slurm.conf").write_text(
            CONFIGURATION.format(folder=folder, host=host, user=getpass.getuser(), ports=ports))
        try:
            self.start(
                "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
                f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed")
            self.until(lambda: (folder / "munge.socket").exists(), 20, "munged's socket")
            self.start("slurmctld", "-D", "-i", "-f", f"{folder}/slurm.conf")
            self.start("slurmd", "-D", "-f", f"{folder}/slurm.conf")
            self.until(lambda: "idle" in self.output("sinfo", "-h", "-o", "%T", check=False), 60, "an idle node")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, error, trace):
        for name, process in reversed(self.daemons):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if kind is not None:
            for log in sorted(self.folder.glob("*.out")) + sorted(self.folder.glob("*.log")):
                print(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]),
                      file=sys.stderr)

    def output(self, *command, check=True):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Failure(f"{' '.join(command)}: code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            for name, process in self.daemons:
                expect(process.poll() is None, f"expected {name} running, found code {process.returncode}")
            expect(time.monotonic() < end, f"expected {what} within {seconds} s")
            time.sleep(0.1)

    def submit(self, folder, name, text, array):
        script = folder / f"{name}.sh"
        script.write_text(text)
        job = self.output(
            "sbatch", "--parsable", f"--array={array}", "--requeue", "--open-mode=append", "--chdir", str(folder),
            "--output", str(folder / f"{name}-%a.log"), str(script))
        return job.strip().split(";")[0]

    def wait(self, job, seconds):
        """Waits until no task of a job is queued or runs."""
        self.until(lambda: not self.output("squeue", "-h", "-j", job, "-o", "%i", check=False).strip(), seconds,
                   f"the end of job {job}")


class Test:
    def __init__(self, tombola, target, cluster, folder):
        self.tombola, self.target, self.cluster, self.folder = tombola, target, cluster, folder

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([self.tombola, *arguments], cwd=self.folder, capture_output=True, text=True)
        expect(done.returncode in codes,
               f"tombola {' '.join(arguments)}: code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def table(self, store):
        return self.run("table", store, "--csv")

    def words(self, name):
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def sweep(self):
        """One task warned by Slurm, one killed, both queued again."""
        (self.folder / "grid.toml").write_text(GRID)
        begin = time.monotonic()
        self.run("sweep", "grid.toml", "--store", "one.sqlite")
        print(f"one run: {time.monotonic() - begin:.1f} s")
        begin = time.monotonic()
        job = self.cluster.submit(
            self.folder, "sweep", SWEEP_JOB.format(folder=self.folder, tombola=self.tombola), "1-4")
        self.disturb(job, 2, "USR1")
        self.disturb(job, 3, "KILL")
        self.cluster.wait(job, 600)
        print(f"four tasks, two of them twice: {time.monotonic() - begin:.1f} s")
        found = {task: self.words(f"codes-{task}") for task in range(1, 5)}
        expected = {1: ["0"], 2: ["3", "0"], 3: ["137", "0"], 4: ["0"]}
        expect(found == expected, f"expected exit codes {expected}, found {found}")
        parts = [f"part-{task}.sqlite" for task in range(1, 5)]
        print(self.run("merge", "all.sqlite", *parts).strip())
        expect(self.table("all.sqlite") == self.table("one.sqlite"), "expected the table of one run, found another")
        before = (self.folder / "all.sqlite").read_bytes()
        self.run("merge", "all.sqlite", *parts, "--force")
        expect((self.folder / "all.sqlite").read_bytes() == before, "expected merging again to change nothing")

    def disturb(self, job, task, name):
        """Sends a task's program a signal once it has stored something."""
        def stored():
            store = f"part-{task}.sqlite"
            return (self.folder / store).exists() and self.run(
                "table", store, "--csv", codes=(0, 2)).count("\n") > 1
        self.cluster.until(stored, 300, f"stored trials of task {task}")
        expect(not self.words(f"codes-{task}"), f"expected task {task} running, found it done: a larger grid is needed")
        if name == "USR1":
            # Slurm sends the signal, then says that a job which ends by it cannot be altered now,
            # and scancel would try again: once the task has ended, it is done.
            scancel = self.cluster.start("scancel", "--signal=USR1", f"{job}_{task}")
            self.cluster.daemons.remove(("scancel", scancel))
            self.cluster.until(lambda: self.words(f"codes-{task}"), 60, f"the end of task {task}")
            scancel.kill()
            scancel.wait()
        else:
            os.kill(int(self.words(f"pid-{task}")[0]), signal.SIGKILL)

    def lines(self):
        """Commands by line number, and by GNU parallel."""
        (self.folder / "small.toml").write_text(SMALL_GRID)
        self.run("sweep", "small.toml", "--store", "small.sqlite")
        for kind in ["array", "parallel"]:
            printed = self.run(
                "sweep", "small.toml", "--store", f"{kind}.sqlite", "--print-tasks", "5", "--threads", "1")
            (self.folder / "tasks.txt").write_text(printed)
            expect(len(printed.splitlines()) == 5, f"expected 5 lines, found {printed!r}")
            if kind == "array":
                job = self.cluster.submit(self.folder, "lines", LINES_JOB.format(folder=self.folder), "1-5")
                self.cluster.wait(job, 300)
            else:
                if not shutil.which("parallel"):
                    print("no GNU parallel here (Debian: parallel): left out")
                    continue
                with open(self.folder / "tasks.txt") as tasks:
                    done = subprocess.run(
                        ["parallel", "-j", "2"], stdin=tasks, cwd=self.folder, capture_output=True, text=True)
                expect(done.returncode == 0, f"parallel: code {done.returncode}: {done.stderr}")
            parts = sorted(path.name for path in self.folder.glob(f"{kind}.*-of-5.sqlite"))
            print(self.run("merge", f"{kind}.sqlite", *parts).strip())
            expect(self.table(f"{kind}.sqlite") == self.table("small.sqlite"),
                   f"expected the table of one run, found another ({kind})")

    def ticket(self):
        """Parts of a ticket, one queued again while it runs."""
        begin = time.monotonic()
        self.run("prune", self.target, "--width", str(WIDTH), "--seed", "1", "--solver", "greedy", "-o",
                 "one.safetensors")
        print(f"one prune: {time.monotonic() - begin:.1f} s")
        job = self.cluster.submit(
            self.folder, "prune",
            PRUNE_JOB.format(folder=self.folder, tombola=self.tombola, target=self.target, width=WIDTH), "1-3")
        part = self.folder / "part-2.safetensors"
        self.cluster.until(part.exists, 300, "a block of task 2")
        self.cluster.output("scontrol", "requeue", f"{job}_2")
        self.cluster.wait(job, 600)
        starts = self.words("starts-2")
        expect(starts == ["0", "1"], f"expected task 2 to start twice, found restarts {starts}")
        parts = [f"part-{task}.safetensors" for task in range(1, 4)]
        print(self.run("merge", "all.safetensors", *parts, "--target", self.target).splitlines()[0])
        expect(filecmp.cmp(self.folder / "all.safetensors", self.folder / "one.safetensors", shallow=False),
               "expected the bytes of one run, found others")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executable", required=True)
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    options = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    # Sockets have short names.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tombola-slurm-"))
    try:
        (folder / "work").mkdir()
        with Cluster(folder) as cluster:
            print(cluster.output("sinfo", "--version").strip(), "as", getpass.getuser())
            test = Test(
                str(pathlib.Path(options.executable).resolve()), str(root / "Targets/fashion-cnn.onnx"), cluster,
                folder / "work")
            test.sweep()
            test.lines()
            test.ticket()
        print("all parts gave what one run gives")
    except Failure as failure:
        print(f"test_clusters: {failure}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
