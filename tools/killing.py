"""Runs that are killed with SIGKILL at random moments and started again until one ends."""
import subprocess
import sys


def run_to_the_end(command, delay, folder=None):
    """Starts `command()` anew after each kill, `delay(kills)` seconds after its start, until it
    ends by itself; returns the number of kills.

    Ends the program where the command fails.
    """
    kills = 0
    while True:
        arguments = command()
        run = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, errors = run.communicate(timeout=delay(kills))
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            kills += 1
            continue
        if run.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: exit code {run.returncode}: {errors.decode()}")
        return kills
