#!/usr/bin/env python3
"""What searches ask BLAS for, and how fast they are: `solve` at four sizes, `prune` in both modes.

Each search runs on one thread, once with a library before OpenBLAS that counts its calls
(blas_calls.c, compiled on the spot; a call costs some 0.1 µs more). Written down are, for each
search, its seconds, what it scored, the share of its time inside BLAS, and the routines and shapes
that took most of that. The kernels are the fastest that `doctor` finds. `prune` measures its
ticket's figures too: what a run of width 1 whose search may do no work does is subtracted, shape by
shape, and its seconds. On a machine that others use too, rates are over the seconds that the
process had a core. """

import argparse
import collections
import datetime
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = [(9, 1000), (25, 1000), (72, 1900), (72, 16000)]
# Shapes that a routine is listed with, those of most seconds first.
SHAPES = 6


def compiled(folder):
    """The counting library, built in a folder."""
    path = os.path.join(folder, "blas_calls.so")
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("clang")
    if not compiler:
        sys.exit("expected a C compiler as cc or clang, found none")
    flags = subprocess.run(["pkg-config", "--cflags", "openblas", "lapacke"], capture_output=True, text=True)
    made = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", *flags.stdout.split(), "-o", path, os.path.join(HERE, "blas_calls.c"), "-ldl"],
        check=False)
    if made.returncode:
        sys.exit("the counting library was not compiled")
    return path


def searches(options, folder):
    """Name and arguments of each search, and those of a run that does all of it but search."""
    for m, n in SIZES:
        yield f"solve ({m}, {n})", [
            "solve", "--dimension", str(m), "--count", str(n), "--seed", str(options.seed), "--time-limit",
            f"{options.seconds:g}", "--work-limit", str(2**62)], None
    ticket = ["--width", str(options.width), "--seed", str(options.seed), "--force", "-o", os.path.join(folder, "ticket.safetensors")]
    prune = ["prune", options.target, *ticket]
    idle = [*prune, "--work-limit", "1"]
    idle[idle.index("--width") + 1] = "1"
    yield "prune, weights", prune, idle
    yield "prune, calibrated", [*prune, "--mode", "calibrated", "--calibration", options.calibration], idle


def command(arguments, folder):
    """The arguments as somebody would type them."""
    return " ".join(["tombola", *("ticket.safetensors" if word.startswith(folder) else word for word in arguments)])


def counted(options, arguments, library, folder, environment):
    """A run's JSON, its calls (routine and shape to calls, seconds, operations), and the part of
    its time that it had a core."""
    counts = os.path.join(folder, "calls.tsv")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(
        [options.executable, *arguments, "--threads", "1", "--json"], capture_output=True, text=True,
        env={**environment, "LD_PRELOAD": library, "TOMBOLA_BLAS_CALLS": counts})
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 3):
        sys.exit(f"{command(arguments, folder)}: exit code {run.returncode}: {run.stderr.strip()}")
    if not os.path.exists(counts):
        sys.exit(f"{options.executable}: expected a program that loads OpenBLAS, found one whose calls cannot be counted")
    calls = {}
    with open(counts) as file:
        for line in file:
            routine, first, second, *numbers = line.rstrip("\n").split("\t")
            routine = routine.removeprefix("cblas_").removeprefix("LAPACKE_").removesuffix("_work")
            m, n, k, count = map(int, numbers[:4])
            calls[routine, (first + second).replace("-", ""), m, n, k] = [count, float(numbers[4]), float(numbers[5])]
    os.remove(counts)
    had = min(1.0, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / wall)
    return json.loads(run.stdout), calls, had


def less(calls, others):
    """The calls that others did not make, each with its part of the seconds."""
    made = {}
    for key, (count, seconds, operations) in calls.items():
        left = count - others.get(key, [0])[0]
        if left > 0:
            made[key] = [left, seconds * left / count, operations * left / count]
    return made


def flips_in_products(calls):
    """Flips that products score, and their operations: candidates by what is left of one state's
    target (sgemv), or by those of many states (sgemm, its second operand transposed)."""
    scoring = [(key, made) for key, made in calls.items() if key[:2] in (("sgemv", "N"), ("sgemm", "NT"))]
    return (sum(made[0] * key[2] * (key[3] if key[0] == "sgemm" else 1) for key, made in scoring),
            sum(made[2] for _, made in scoring))


def routines_of(calls):
    """Routines with calls, seconds, operations and shapes, those of most seconds first."""
    shapes = collections.defaultdict(list)
    for (routine, transposes, m, n, k), (count, seconds, operations) in calls.items():
        shapes[routine].append({
            "transposes": transposes, "m": m, "n": n, "k": k, "calls": count, "seconds": round(seconds, 6),
            "operations": operations})
    made = []
    for routine, rows in shapes.items():
        rows.sort(key=lambda row: (-row["seconds"], row["m"], row["n"], row["k"]))
        made.append({
            "routine": routine, "calls": sum(row["calls"] for row in rows),
            "seconds": round(sum(row["seconds"] for row in rows), 6), "operations": sum(row["operations"] for row in rows),
            "distinct_shapes": len(rows), "shapes": rows[:SHAPES]})
    return sorted(made, key=lambda row: -row["seconds"])


def measured(options, name, arguments, idle, library, folder, environment):
    figures, calls, had = counted(options, arguments, library, folder, environment)
    seconds = figures["seconds"]
    if idle:
        beside, others, _ = counted(options, idle, library, folder, environment)
        seconds, calls = max(1e-3, seconds - beside["seconds"]), less(calls, others)
    routines = routines_of(calls)
    inside, operations = (sum(row[key] for row in routines) for key in ("seconds", "operations"))
    gemm = sum(row["seconds"] for row in routines if row["routine"].endswith("gemm"))
    made = {
        "name": name, "command": command(arguments, folder), "seconds": round(seconds, 3), "core_had": round(had, 3),
        "error": figures.get("error", figures.get("max_weight_error")),
        "blas_share": round(inside / seconds, 4), "gemm_share": round(gemm / seconds, 4),
        "blas_gflops": round(operations / (seconds * had) / 1e9, 3),
        # While inside: how well the shapes suit the routines.
        "gflops_inside": round(operations / (inside * had) / 1e9, 2) if inside else None}
    # One flip scored is a candidate's coordinates compared with what is left of the target.
    if (work := figures.get("work")) is not None and (dimension := figures.get("dimension")):
        flips, made["counted_by"] = work / dimension, "solver"
        scored = 2 * work
    else:
        flips, scored = flips_in_products(calls)
        made["counted_by"] = "products"
    made["flips_per_second"] = round(flips / (seconds * had))
    made["scored_gflops"] = round(scored / (seconds * had) / 1e9, 3)
    made["solver"] = figures.get("solver")
    return {**made, "routines": routines}


def text(run, peak):
    inside = run["gflops_inside"]
    scored = f"{run['scored_gflops']:9.2f}{100 * run['scored_gflops'] / peak:8.1f} %"
    return (f"{run['name']:20}{run['seconds']:8.2f} s{run['flips_per_second']:13,}{scored}{100 * run['blas_share']:9.1f} %{100 * run['gemm_share']:8.1f} %"
            f"{run['blas_gflops']:10.2f}{'–' if inside is None else f'{inside:.1f}':>9}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--seconds", type=float, default=10, help="of each solve")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=4000, help="of the tickets")
    parser.add_argument("--target", default="Targets/fashion-cnn.onnx")
    parser.add_argument("--calibration", default="fashion-mnist")
    parser.add_argument("--only", default="", help="searches whose name contains this")
    parser.add_argument("-o", "--output", default="bench/shapes/recorded.json")
    options = parser.parse_args()
    options.executable = os.path.abspath(options.executable)
    # What was set for somebody else's sake must slow nobody.
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("OPENBLAS_", "OMP_", "GOTO_", "TOMBOLA_"))}
    doctor = subprocess.run([options.executable, "doctor", "--json"], capture_output=True, text=True, env=environment)
    if doctor.returncode:
        sys.exit(f"doctor: {doctor.stderr.strip()}")
    machine = json.loads(doctor.stdout)
    core = machine["best_core"] or machine["blas_core"]
    # Pinned, so that no command measures or tests kernels while its calls are counted.
    environment["OPENBLAS_CORETYPE"] = core
    peak = machine["peak_float"]["one_core"]
    report = {
        "about": "make bench-shapes: one thread; share: part of the search's seconds inside BLAS and LAPACK; gflops: operations "
                 "there over the search's seconds (inside: over the seconds there); shapes: those of most seconds",
        "machine": {"cpu": machine["cpu"], "blas_core": core, "peak_float": peak, "date": datetime.date.today().isoformat()},
        "commit": subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=HERE).stdout.strip(),
        "runs": []}
    print(f"one core, peak {peak:.0f} GFLOP/s Float32, kernels {core}")
    print(f"{'search':20}{'time':>10}{'flips a s':>13}{'scored':>9}{'of peak':>10}{'in BLAS':>11}{'in GEMM':>10}{'GFLOP/s':>10}{'inside':>9}")
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(folder)
        for name, arguments, idle in searches(options, folder):
            if options.only in name:
                run = measured(options, name, arguments, idle, library, folder, environment)
                print(text(run, peak), flush=True)
                report["runs"].append(run)
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    with open(options.output + ".partial", "w") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    os.replace(options.output + ".partial", options.output)
    print("scored: 10⁹ operations a second, two a candidate coordinate: as the solver counts, of prune those in BLAS")
    print("in BLAS, in GEMM: part of the time; GFLOP/s: operations there over all the time; inside: over the time there")
    print(f"written to {options.output}")


main()
