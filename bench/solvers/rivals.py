"""Other people's solvers on min t subject to |z_j - sum_i x_ij b_i| <= t with binary b, one process
and one core a run.

Each gets the best form that was found for it and the size: `TRIED` holds the forms that were
compared, on seeds that the comparison itself does not use, and `RIVALS` what won. Building a model
is not timed. Whatever a solver reports while it runs is sent on at once with the time since its
start, so that even one that must be ended leaves a curve behind. What a subset is worth is decided
elsewhere, from its indices. """

import importlib.metadata
import math
import multiprocessing
import os
import resource
import tempfile
import time

import local_search
import numpy as np
import threadpoolctl
from local_search import NotAllowed

PACKAGES = {"CP-SAT": "ortools", "HiGHS": "highspy", "SCIP": "pyscipopt", "Gurobi": "gurobipy", "flsss": "flsss",
            "NumPy tabu": "numpy", "D-Wave": "dwave-samplers"}
# Seconds for building a model, and bytes of address space of a rival's process.
BUILDING, MEMORY = 600, 12 << 30


def rows_of(candidates, target, form):
    """A linear model's rows (columns, values, lower, upper) and its columns' upper bounds; lower
    bounds are 0.

    Columns: n binaries, then t. The form 'pairs' bounds each coordinate's error e from both sides
    by a dense row each: e - t <= 0 <= e + t. The form 'shared' adds m columns w = e + t in [0, 2t]:
    as strong, with half the dense rows. """
    n, m = candidates.shape
    top = np.abs(target).max()
    upper = np.append(np.ones(n), top)
    rows = []
    if form == "pairs":
        columns = np.arange(n + 1)
        for j in range(m):
            rows.append((columns, np.append(candidates[:, j], -1), -math.inf, target[j]))
            rows.append((columns, np.append(candidates[:, j], 1), target[j], math.inf))
    else:
        for j in range(m):
            rows.append((np.append(np.arange(n + 1), n + 1 + j), np.append(candidates[:, j], [1, -1]), target[j], target[j]))
        for j in range(m):
            rows.append((np.array([n, n + 1 + j]), np.array([-2, 1]), -math.inf, 0))
        upper = np.append(upper, np.full(m, 2 * top))
    return rows, upper


def cp_sat(candidates, target, seconds, found, form="pairs", bits=50, empty=True, **parameters):
    from ortools.sat.python import cp_model

    # Coordinates become multiples of a power of two. Rounding costs at most n/2 units; presolve
    # adds rows up, so sums stay far below 2^63.
    bits = min(bits, 56 - math.ceil(math.log2(np.abs(candidates).sum(0).max() + 1)))
    n = len(candidates)
    rows, upper = rows_of(np.rint(candidates * 2.0**bits).astype(np.int64), np.rint(target * 2.0**bits).astype(np.int64), form)
    model = cp_model.CpModel()
    columns = [model.new_bool_var("") if i < n else model.new_int_var(0, int(top), "") for i, top in enumerate(upper)]
    for indices, values, low, high in rows:
        left = cp_model.LinearExpr.weighted_sum([columns[i] for i in indices], [int(v) for v in values])
        model.add_linear_constraint(
            left, cp_model.INT_MIN if low == -math.inf else int(low), cp_model.INT_MAX if high == math.inf else int(high))
    model.minimize(columns[n])
    if empty:
        for column in columns[:n]:
            model.add_hint(column, 0)

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self):
            found(np.fromiter(self.response_proto.solution, np.int64)[:n] > 0)

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    for name, value in parameters.items():
        setattr(solver.parameters, name, value)
    found.start()
    status = solver.solve(model, Watch())
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"CP-SAT refuses the model: {model.validate()[:200]}")
    return status == cp_model.OPTIMAL


def highs(candidates, target, seconds, found, form="pairs", scale=1, empty=True, tolerance=1e-9, **options):
    import highspy

    n = len(candidates)
    rows, upper = rows_of(candidates * scale, target * scale, form)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(upper), len(rows)
    model.col_cost_ = np.eye(1, len(upper), n)[0]
    model.col_lower_, model.col_upper_ = np.zeros(len(upper)), upper
    model.row_lower_ = np.array([max(low, -highspy.kHighsInf) for _, _, low, _ in rows])
    model.row_upper_ = np.array([min(high, highspy.kHighsInf) for _, _, _, high in rows])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0] + [len(indices) for indices, _, _, _ in rows]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate([indices for indices, _, _, _ in rows]).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([values for _, values, _, _ in rows]).astype(np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * (len(upper) - n)
    solver = highspy.Highs()
    settings = {
        "output_flag": False, "threads": 1, "time_limit": float(seconds), "mip_rel_gap": 0.0, "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": tolerance, "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance, **options}
    for name, value in settings.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refuses {name} = {value}")
    if solver.passModel(model) == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refuses the model")
    solver.cbMipImprovingSolution.subscribe(lambda event: found(np.asarray(event.data_out.mip_solution)[:n] > 0.5))
    if empty:
        start = highspy.HighsSolution()
        start.col_value = list(point_of_the_empty_set(upper, target * scale, n))
        solver.setSolution(start)
    found.start()
    solver.run()
    values = np.array(solver.getSolution().col_value)
    if len(values):
        found(values[:n] > 0.5)
    return solver.getModelStatus() == highspy.HighsModelStatus.kOptimal


def point_of_the_empty_set(upper, target, n):
    """Columns of `rows_of` for b = 0."""
    top = np.abs(target).max()
    return np.concatenate([np.zeros(n), [top], (top - target)[: len(upper) - n - 1]])


def scip(candidates, target, seconds, found, form="pairs", scale=1, empty=True, emphasis=None, heuristics=None, **parameters):
    import pyscipopt

    n = len(candidates)
    rows, upper = rows_of(candidates * scale, target * scale, form)
    model = pyscipopt.Model()
    model.hideOutput()
    if emphasis:
        model.setEmphasis(getattr(pyscipopt.SCIP_PARAMEMPHASIS, emphasis))
    if heuristics:
        model.setHeuristics(getattr(pyscipopt.SCIP_PARAMSETTING, heuristics))
    settings = {"limits/time": seconds, "numerics/feastol": 1e-9, "parallel/maxnthreads": 1, "lp/threads": 1, **parameters}
    for name, value in settings.items():
        model.setParam(name, value)
    columns = [model.addVar(vtype="B" if i < n else "C", lb=0, ub=float(top)) for i, top in enumerate(upper)]
    for indices, values, low, high in rows:
        left = pyscipopt.quicksum(float(v) * columns[i] for i, v in zip(indices, values))
        model.addCons(left == float(low) if low == high else left >= float(low) if high == math.inf else left <= float(high))
    model.setObjective(columns[n], "minimize")

    def seen():
        best = model.getBestSol()
        found(np.array([best[column] for column in columns[:n]]) > 0.5)

    class Watch(pyscipopt.Eventhdlr):
        def eventinit(self):
            self.model.catchEvent(pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, self)

        def eventexit(self):
            self.model.dropEvent(pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, self)

        def eventexec(self, event):
            seen()

    model.includeEventhdlr(Watch(), "watch", "sends incumbents on")
    if empty:
        start = model.createSol()
        for column, value in zip(columns, point_of_the_empty_set(upper, target * scale, n)):
            model.setSolVal(start, column, value)
        model.addSol(start)
    found.start()
    model.optimize()
    if model.getNSols() > 0:
        seen()
    return model.getStatus() == "optimal"


def gurobi(candidates, target, seconds, found, form="pairs", scale=1, empty=True, **parameters):
    import gurobipy

    n, m = candidates.shape
    if n + 1 + m > 2000 or 2 * m > 2000:
        raise NotAllowed("the licence that comes with the package allows 2000 variables and 2000 rows")
    rows, upper = rows_of(candidates * scale, target * scale, form)
    with gurobipy.Env(params={"OutputFlag": 0}) as environment, gurobipy.Model(env=environment) as model:
        settings = {
            "TimeLimit": seconds, "Threads": 1, "MIPGap": 0, "MIPGapAbs": 0, "FeasibilityTol": 1e-9, "IntFeasTol": 1e-9,
            "OptimalityTol": 1e-9, **parameters}
        for name, value in settings.items():
            model.setParam(name, value)
        columns = [model.addVar(vtype="B" if i < n else "C", ub=float(top)) for i, top in enumerate(upper)]
        for indices, values, low, high in rows:
            left = gurobipy.LinExpr(values.tolist(), [columns[i] for i in indices])
            sense, right = ("=", low) if low == high else (">", low) if high == math.inf else ("<", high)
            model.addLConstr(left, sense, float(right))
        model.setObjective(columns[n])
        if empty:
            model.setAttr("Start", columns, point_of_the_empty_set(upper, target * scale, n).tolist())

        def watch(model, where):
            if where == gurobipy.GRB.Callback.MIPSOL:
                found(np.array(model.cbGetSolution(columns[:n])) > 0.5)

        found.start()
        model.optimize(watch)
        if model.SolCount > 0:
            found(np.array(model.getAttr("X", columns[:n])) > 0.5)
        return model.Status == gurobipy.GRB.OPTIMAL


def flsss(candidates, target, seconds, found, sizes="any"):
    """flsss finds subsets within a band around the target: the band shrinks, each time to half the
    volume, until the time is over."""
    import flsss

    n, m = candidates.shape
    # Integers of 32 bits are the faster ones; one and two dimensions need more.
    kind, bits = (np.int32, 30) if m > 2 else (np.int64, 61)
    scale = 2.0 ** (bits - math.ceil(math.log2(np.abs(candidates).sum(0).max() + np.abs(target).max() + 1)))
    rows, goal = np.rint(candidates * scale).astype(kind), np.rint(target * scale).astype(kind)
    size = {"any": 0, "half": n // 2, "few": min(2 * m, n // 2)}[sizes]
    found.start()
    end = time.perf_counter() + seconds
    error, none_within = int(np.abs(goal).max()), -1
    band = error - 1
    while band > none_within:
        left = end - time.perf_counter()
        if left <= 0:
            return False
        subsets = flsss.gen(rows, goal - band, goal + band, len=size, time_limit=left, n_threads=1)
        if subsets:
            chosen = np.zeros(n, bool)
            chosen[subsets[0]] = True
            found(chosen)
            error = int(np.abs(rows[chosen].sum(0, dtype=np.int64) - goal).max())
            band = min(error - 1, max(none_within + 1, int(error * 0.5 ** (1 / m))))
        elif time.perf_counter() < end:
            # Searched to the end: the optimum lies between.
            none_within = band
            band = (none_within + error) // 2
        else:
            return False
    return size == 0


# What was compared, over 5 s on seeds above 100; the forms of RIVALS are those with the least
# errors there.
TRIED = {
    "CP-SAT": {
        "fine": (cp_sat, {"empty": False}),
        "fine empty": (cp_sat, {}),
        "coarse": (cp_sat, {"empty": False, "bits": 24}),
        "coarser": (cp_sat, {"empty": False, "bits": 16}),
        "empty": (cp_sat, {"bits": 24}),
        "shared": (cp_sat, {"bits": 24, "form": "shared"}),
        "interleaved": (cp_sat, {"bits": 24, "interleave_search": True}),
        "interleaved fine": (cp_sat, {"bits": 40, "interleave_search": True}),
        "interleaved finest": (cp_sat, {"bits": 50, "interleave_search": True}),
        "lean": (cp_sat, {"bits": 24, "cp_model_probing_level": 0, "presolve_inclusion_work_limit": 0, "find_big_linear_overlap": False}),
        "linear": (cp_sat, {"bits": 24, "linearization_level": 2}),
        "clauses": (cp_sat, {"bits": 24, "linearization_level": 0}),
    },
    "HiGHS": {
        "stock": (highs, {"empty": False, "tolerance": 1e-6}),
        "tight": (highs, {"empty": False}),
        "empty": (highs, {}),
        "shared": (highs, {"form": "shared"}),
        "scaled": (highs, {"scale": 1024}),
        "heuristics": (highs, {"mip_heuristic_effort": 0.5}),
    },
    "SCIP": {
        "stock": (scip, {"empty": False, "numerics/feastol": 1e-6}),
        "tight": (scip, {"empty": False}),
        "empty": (scip, {}),
        "shared": (scip, {"form": "shared"}),
        "scaled": (scip, {"scale": 1024}),
        "heuristics": (scip, {"heuristics": "AGGRESSIVE"}),
        "feasibility": (scip, {"emphasis": "FEASIBILITY"}),
        "feasibility shared": (scip, {"emphasis": "FEASIBILITY", "form": "shared"}),
    },
    "Gurobi": {
        "stock": (gurobi, {"empty": False, "FeasibilityTol": 1e-6, "IntFeasTol": 1e-5, "OptimalityTol": 1e-6}),
        "tight": (gurobi, {"empty": False}),
        "empty": (gurobi, {}),
        "shared": (gurobi, {"form": "shared"}),
        "scaled": (gurobi, {"scale": 1024}),
        "focus": (gurobi, {"MIPFocus": 1}),
        "heuristics": (gurobi, {"Heuristics": 0.5}),
        "focus scaled": (gurobi, {"scale": 1024, "MIPFocus": 1}),
    },
    "flsss": {
        "any": (flsss, {"sizes": "any"}),
        "half": (flsss, {"sizes": "half"}),
        "few": (flsss, {"sizes": "few"}),
    },
    "NumPy tabu": {
        "plain": (local_search.population, {"pairs": 0, "kept": 0}),
        "pairs": (local_search.population, {}),
        "weighted": (local_search.population, {"power": 1}),
        "less weighted": (local_search.population, {"power": 0.5}),
        "least weighted": (local_search.population, {"power": 0.3}),
        "more weighted": (local_search.population, {"power": 2}),
        "few states": (local_search.population, {"power": 0.5, "states": 16}),
        "impatient": (local_search.population, {"power": 0.5, "patience": 80}),
        "patient": (local_search.population, {"power": 0.5, "patience": 1000}),
        "more pairs": (local_search.population, {"power": 0.5, "pairs": 1200}),
        "patient, few states": (local_search.population, {"power": 0.5, "states": 16, "patience": 1000}),
    },
    "D-Wave": {
        "tabu": (local_search.dwave, {"start": "random"}),
        "tabu near": (local_search.dwave, {}),
        "short tabu near": (local_search.dwave, {"part": 0.15}),
        "long tabu near": (local_search.dwave, {"part": 2}),
        "tabu from the best": (local_search.dwave, {"start": "best"}),
        "annealing": (local_search.dwave, {"sampler": "annealing"}),
        "long annealing": (local_search.dwave, {"sampler": "annealing", "part": 4}),
    },
}
RIVALS = {
    "CP-SAT": lambda m, n: "interleaved finest" if m <= 4 else "coarser",
    "HiGHS": lambda m, n: "tight",
    "SCIP": lambda m, n: "feasibility shared" if m <= 4 else "feasibility",
    "Gurobi": lambda m, n: "tight" if m <= 4 else "focus",
    # Half of the candidates have the most subsets; one coordinate of few candidates can be searched
    # to the end.
    "flsss": lambda m, n: "half" if m == 1 and n > 40 else "any",
    "NumPy tabu": lambda m, n: "few states" if m > 25 else "patient",
    "D-Wave": lambda m, n: "tabu" if m <= 9 else "short tabu near",
}


def form(name, m, n):
    """Function and settings of 'HiGHS' or, for one of those tried, 'HiGHS:scaled'."""
    rival, _, tried = name.partition(":")
    return TRIED[rival][tried or RIVALS[rival](m, n)]


def package(name):
    """'highspy 1.16.0' of 'HiGHS'."""
    name = PACKAGES[name.partition(":")[0]]
    return f"{name} {importlib.metadata.version(name)}"


def version(name, m, n):
    """What a cached result depends on beside the instance: the package and the settings."""
    settings = ", ".join(f"{key} {value}" for key, value in form(name, m, n)[1].items())
    return package(name) + (f" ({settings})" if settings else "")


class Found:
    """The child's end: incumbents go through the pipe as they come."""

    def __init__(self, pipe):
        self.pipe = pipe

    def start(self):
        self.pipe.send(("began",))
        self.began = time.perf_counter()

    def __call__(self, chosen):
        self.pipe.send(("found", time.perf_counter() - self.began, np.packbits(chosen).tobytes()))


def child(pipe, name, candidates, target, seconds, core):
    os.sched_setaffinity(0, {core})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # No settings file that lies about is read.
    os.chdir(tempfile.gettempdir())
    # Banners go nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    found = Found(pipe)
    try:
        solve, settings = form(name, *reversed(candidates.shape))
        # One core is one thread: what BLAS spawned on more would share it.
        with threadpoolctl.threadpool_limits(1, "blas"):
            optimal = solve(candidates, target, seconds, found, **settings)
        pipe.send(("ended", time.perf_counter() - found.began, bool(optimal)))
    except NotAllowed as error:
        pipe.send(("failed", str(error), True))
    except BaseException as error:
        pipe.send(("failed", f"{type(error).__name__}: {error}", False))


def run(name, candidates, target, seconds, core):
    """Incumbents (seconds, indices) in order, how it ended, and the seconds of building and
    solving."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    began = time.perf_counter()
    process = multiprocessing.Process(target=child, args=(sender, name, candidates, target, seconds, core))
    process.start()
    sender.close()
    made = {"incumbents": [], "optimal": False, "seconds": None, "built_in": None}
    deadline = began + BUILDING
    try:
        while True:
            if not receiver.poll(max(0.0, deadline - time.perf_counter())):
                waited = "the model was not built" if made["built_in"] is None else "no end"
                made["note"] = f"{waited} after {deadline - began:.0f} s"
                made["seconds"] = None if made["built_in"] is None else deadline - began - made["built_in"]
                break
            kind, *what = receiver.recv()
            if kind == "began":
                made["built_in"] = time.perf_counter() - began
                deadline = time.perf_counter() + 1.5 * seconds + 5
            elif kind == "found":
                chosen = np.unpackbits(np.frombuffer(what[1], np.uint8), count=len(candidates))
                made["incumbents"].append((what[0], np.flatnonzero(chosen)))
            elif kind == "ended":
                made["seconds"], made["optimal"] = what
                break
            else:
                made["failure"], made["whatever_the_seed"] = what
                break
    except EOFError:
        process.join()
        made["failure"] = f"ended with code {process.exitcode}"
    process.kill()
    process.join()
    return made
