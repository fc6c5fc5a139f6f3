#!/usr/bin/env python3
"""Subset-sum solvers on the same instances, one core and the same seconds each: the error reached, medians over seeds.

A problem is min t subject to |z_j - sum_i x_ij b_i| <= t with binary b. Integer programming solvers get exactly that (CP-SAT with
coordinates rounded to multiples of a power of two); Tombola gets the same file. Every subset is scored again here, from its
indices, in float64. Results are kept line by line in a cache, so that a run can be stopped and gone on with.
"""

import argparse
import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time

for name in [name for name in os.environ if name.startswith(("OPENBLAS_", "OMP_", "GOTO_", "MKL_"))]:
    del os.environ[name]

import numpy as np

SIZES = [(1, 30), (1, 100), (2, 60), (4, 100), (9, 250), (9, 1000), (25, 1000), (72, 1900), (72, 16000), (144, 64000)]
# What a model of these solvers is given at most: beyond it they do not even load within the time.
LARGEST_MODEL = 5_000_000


def instance(executable, m, n, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "problem.npz")
        subprocess.run(
            [executable, "solve", "--dimension", str(m), "--count", str(n), "--seed", str(seed), "--save", path,
             "--solver", "greedy", "--work-limit", "1"], stdout=subprocess.DEVNULL, check=False)
        with np.load(path) as arrays:
            return arrays["candidates"], arrays["target"]


def scored(candidates, target, subset):
    """The max norm of what is left, summed exactly."""
    return max((abs(math.fsum([z, *(-candidates[subset, j])])) for j, z in enumerate(target)), default=0.0)


def tombola(executable, seconds, m, n, seed, solver):
    run = subprocess.run(
        [executable, "solve", "--dimension", str(m), "--count", str(n), "--seed", str(seed), "--time-limit", str(seconds),
         "--work-limit", str(2**62), "--threads", "1", "--solver", solver, "--json", "--blas-core", "best"],
        capture_output=True, text=True)
    if run.returncode not in (0, 3):
        raise RuntimeError(run.stderr.strip())
    made = json.loads(run.stdout)
    return made["subset"], made["optimal"]


def cp_sat(candidates, target, seconds):
    from ortools.sat.python import cp_model

    # Sums must stay below 2^62; rounding costs at most n/2 units.
    bits = 60 - math.ceil(math.log2(np.abs(candidates).sum(0).max() + 1))
    scale = 2.0 ** min(bits, 50)
    rows, goal = np.rint(candidates * scale).astype(np.int64), np.rint(target * scale).astype(np.int64)
    model = cp_model.CpModel()
    chosen = [model.NewBoolVar(f"b{i}") for i in range(len(rows))]
    error = model.NewIntVar(0, int(np.abs(goal).max()), "t")
    for j in range(len(goal)):
        left = sum(int(v) * b for v, b in zip(rows[:, j], chosen)) - int(goal[j])
        model.Add(left <= error)
        model.Add(left >= -error)
    model.Minimize(error)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = solver.Solve(model)
    subset = [i for i, b in enumerate(chosen) if solver.Value(b)] if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else []
    return subset, status == cp_model.OPTIMAL


def highs(candidates, target, seconds):
    import highspy

    n, m = candidates.shape
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", float(seconds))
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.0)
    solver.addVars(n + 1, np.zeros(n + 1), np.append(np.ones(n), np.abs(target).max()))
    for i in range(n):
        solver.changeColIntegrality(i, highspy.HighsVarType.kInteger)
    solver.changeColCost(n, 1.0)
    indices = np.arange(n + 1, dtype=np.int32)
    for j in range(m):
        solver.addRow(-highspy.kHighsInf, target[j], n + 1, indices, np.append(candidates[:, j], -1.0))
        solver.addRow(target[j], highspy.kHighsInf, n + 1, indices, np.append(candidates[:, j], 1.0))
    solver.run()
    values = np.array(solver.getSolution().col_value)
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return ([int(i) for i in np.flatnonzero(values[:n] > 0.5)] if len(values) else []), optimal


def scip(candidates, target, seconds):
    import pyscipopt

    n, m = candidates.shape
    model = pyscipopt.Model()
    model.hideOutput()
    model.setParam("limits/time", seconds)
    chosen = [model.addVar(vtype="B") for _ in range(n)]
    error = model.addVar(lb=0, ub=float(np.abs(target).max()))
    for j in range(m):
        left = pyscipopt.quicksum(float(v) * b for v, b in zip(candidates[:, j], chosen)) - float(target[j])
        model.addCons(left <= error)
        model.addCons(left >= -error)
    model.setObjective(error, "minimize")
    model.optimize()
    if model.getNSols() == 0:
        return [], False
    best = model.getBestSol()
    return [i for i, b in enumerate(chosen) if best[b] > 0.5], model.getStatus() == "optimal"


def gurobi(candidates, target, seconds):
    import gurobipy

    n, m = candidates.shape
    if n + 1 > 2000 or 2 * m > 2000:
        raise ValueError("the licence that comes with the package allows 2000 variables and rows")
    with gurobipy.Env(params={"OutputFlag": 0}) as environment, gurobipy.Model(env=environment) as model:
        model.Params.TimeLimit, model.Params.Threads = seconds, 1
        model.Params.MIPGap, model.Params.MIPGapAbs = 0, 0
        model.Params.FeasibilityTol, model.Params.IntFeasTol, model.Params.OptimalityTol = 1e-9, 1e-9, 1e-9
        chosen = model.addMVar(n, vtype="B")
        error = model.addVar(ub=float(np.abs(target).max()))
        left = candidates.T @ chosen - target
        model.addConstr(left <= error)
        model.addConstr(left >= -error)
        model.setObjective(error)
        model.optimize()
        if model.SolCount == 0:
            return [], False
        return [int(i) for i in np.flatnonzero(chosen.X > 0.5)], model.Status == gurobipy.GRB.OPTIMAL


RIVALS = {"CP-SAT": cp_sat, "HiGHS": highs, "SCIP": scip, "Gurobi": gurobi}


def child(queue, name, arguments):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    try:
        start = time.perf_counter()
        subset, optimal = RIVALS[name](*arguments)
        queue.put({"subset": subset, "optimal": optimal, "seconds": time.perf_counter() - start})
    except Exception as error:
        queue.put({"failure": f"{type(error).__name__}: {error}"})


def rival(name, candidates, target, seconds):
    """A rival in a process of its own, ended if it overstays by far."""
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=child, args=(queue, name, (candidates, target, seconds)))
    process.start()
    try:
        made = queue.get(timeout=3 * seconds + 60)
    except Exception:
        made = {"failure": f"no answer after {3 * seconds + 60} s"}
    process.terminate()
    process.join()
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executable", default=".build/release/tombola")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sizes", nargs="*", help="m,n pairs; default: all", default=[f"{m},{n}" for m, n in SIZES])
    parser.add_argument("--solvers", nargs="*", default=["portfolio"], help="Tombola's")
    parser.add_argument("--rivals", nargs="*", default=list(RIVALS))
    parser.add_argument("--cache", default="out/solvers.jsonl")
    parser.add_argument("-o", "--output", default="out/solvers.json")
    options = parser.parse_args()
    os.makedirs(os.path.dirname(options.cache) or ".", exist_ok=True)
    version = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    known = {}
    if os.path.exists(options.cache):
        with open(options.cache) as file:
            for line in file:
                row = json.loads(line)
                known[tuple(row["key"])] = row

    def measured(key, run):
        if key not in known:
            known[key] = {"key": list(key), **run()}
            with open(options.cache, "a") as file:
                file.write(json.dumps(known[key]) + "\n")
        return known[key]

    table = []
    for size in options.sizes:
        m, n = map(int, size.split(","))
        errors = {name: [] for name in [f"Tombola {s}" for s in options.solvers] + options.rivals}
        times = {name: [] for name in errors}
        notes = {}
        empty = []
        for seed in range(1, options.seeds + 1):
            candidates, target = instance(options.executable, m, n, seed)
            empty.append(float(np.abs(target).max()))

            def keep(name, made):
                if "failure" in made:
                    notes[name] = made["failure"]
                else:
                    errors[name].append(made["error"])
                    times[name].append(made["seconds"])

            for solver in options.solvers:
                def ours():
                    start = time.perf_counter()
                    subset, optimal = tombola(options.executable, options.seconds, m, n, seed, solver)
                    return {"error": scored(candidates, target, subset), "optimal": optimal,
                            "seconds": time.perf_counter() - start}
                keep(f"Tombola {solver}", measured(("Tombola " + solver, version, m, n, seed, options.seconds), ours))
            for name in options.rivals:
                def theirs():
                    if n * m > LARGEST_MODEL:
                        return {"failure": f"a model of {n * m} entries is not built"}
                    made = rival(name, candidates, target, options.seconds)
                    if "subset" in made:
                        made["error"] = scored(candidates, target, made.pop("subset"))
                    return made
                keep(name, measured((name, "", m, n, seed, options.seconds), theirs))
        row = {"m": m, "n": n, "seeds": options.seeds, "seconds": options.seconds, "empty_set": statistics.median(empty),
               "medians": {name: statistics.median(values) for name, values in errors.items() if values},
               "median_seconds": {name: statistics.median(values) for name, values in times.items() if values},
               "notes": notes}
        others = [row["medians"][name] for name in options.rivals if name in row["medians"]]
        ours = [row["medians"][f"Tombola {solver}"] for solver in options.solvers]
        row["ratio"] = min(others) / max(min(ours), 1e-300) if others else None
        table.append(row)
        print(f"m {m:3} n {n:6}  empty set {row['empty_set']:.2g}  " + "  ".join(
            f"{name} {row['medians'][name]:.3g} ({row['median_seconds'][name]:.1f} s)" for name in row["medians"])
            + (f"  ratio {row['ratio']:.3g}" if row["ratio"] else "") + "".join(f"  {k}: {v}" for k, v in notes.items()), flush=True)
        with open(options.output + ".partial", "w") as file:
            json.dump({"version": version, "rows": table}, file, indent=1)
        os.replace(options.output + ".partial", options.output)


if __name__ == "__main__":
    main()
