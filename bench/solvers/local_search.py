"""Local searches for the comparison: a population of tabu searches in NumPy, and D-Wave's samplers.

Both lower the squared Euclidean norm of what is left of the target, a quadratic function of the
binaries; every subset that they pass which has a new least max norm is reported. """

import time

import numpy as np


# Candidates beyond which a dense QUBO and its copies do not fit in a rival's memory.
LARGEST_QUBO = 8000


class NotAllowed(Exception):
    """What no instance of this size will change."""


class Best:
    """Reports subsets of a new least max norm, measured in float64."""

    def __init__(self, candidates, target, found):
        self.candidates, self.target, self.found = candidates.astype(np.float64), target.astype(np.float64), found
        self.error = float(np.abs(target).max())

    def offer(self, chosen):
        error = float(np.abs(self.candidates[chosen].sum(0) - self.target).max())
        if error < self.error:
            self.error = error
            self.found(chosen.copy())
        return error


def fractional_starts(candidates, target, states, random):
    """Subsets whose sums lie near the target: random ones, then candidates from the longest to
    the shortest, each left as it is or flipped, whichever brings the sum closer."""
    n = len(candidates)
    order = np.argsort(-np.square(candidates).sum(1))
    chosen = random.random((states, n)) < random.uniform(0.05, 0.5, (states, 1))
    left = chosen.astype(np.float32) @ candidates - target
    squares = np.square(candidates).sum(1)
    for i in order:
        sign = np.where(chosen[:, i], -1, 1).astype(np.float32)
        closer = 2 * sign * (left @ candidates[i]) + squares[i] < 0
        chosen[closer, i] ^= True
        left[closer] += sign[closer, None] * candidates[i]
    return chosen


def pair_descent(candidates, squares, chosen, left, shortlist, tries, end):
    """Flips of two candidates at once until none of those tried helps, first in the Euclidean norm,
    then in the max norm: all pairs of the flips that alone change least are scored by one product,
    and the best `tries` of them in the max norm."""
    def flip(moved, sum_):
        for place in moved:
            chosen[place] ^= True
        left[:] = sum_

    euclidean = True
    while time.perf_counter() < end:
        sign = np.where(chosen, -1, 1).astype(np.float32)
        alone = 2 * sign * (candidates @ left) + squares
        near = np.argpartition(alone, min(shortlist, len(alone)) - 1)[:shortlist]
        moves = sign[near, None] * candidates[near]
        scores = moves @ moves.T
        scores *= 2
        scores += alone[near][:, None]
        scores += alone[near][None, :]
        # A flip with itself is the flip alone.
        np.fill_diagonal(scores, alone[near])
        if euclidean:
            first, second = divmod(int(scores.argmin()), len(near))
            if scores[first, second] < -1e-5 * float(left @ left):
                flip({int(near[first]), int(near[second])}, left + moves[first] + (moves[second] if first != second else 0))
                continue
            euclidean = False
        flat = np.argpartition(scores, min(2 * tries, scores.size) - 1, axis=None)[: 2 * tries]
        first, second = np.divmod(flat, len(near))
        sums = left + moves[first] + np.where((first == second)[:, None], 0, moves[second])
        errors = np.abs(sums).max(1)
        best = int(errors.argmin())
        if errors[best] >= np.abs(left).max() * (1 - 1e-6):
            return
        flip({int(near[first[best]]), int(near[second[best]])}, sums[best])


def population(
    candidates, target, seconds, found, states=64, tenure=(5, 25), patience=300, pairs=512, tries=512, kept=0.5,
    power=0):
    """Tabu searches side by side: one product scores every flip of every state. A state that finds
    nothing better for `patience` steps is set aside, its best subset is improved by flips of pairs,
    and it starts again from a cross of two of the best subsets so far, or afresh. With a power the
    norm has a weight a state and coordinate, what is left there to that power: large ones count
    more."""
    random = np.random.default_rng(1)
    x, z = candidates.astype(np.float32), target.astype(np.float32)
    n = len(x)
    best = Best(candidates, target, found)
    entries = np.square(x)
    squares = entries.sum(1)
    found.start()
    end = time.perf_counter() + seconds
    chosen = fractional_starts(x, z, states, random)
    left = chosen.astype(np.float32) @ x - z
    sign = np.where(chosen, -1, 1).astype(np.float32)
    tabu = np.zeros((states, n), np.int32)
    rows = np.arange(states)
    least, least_max = np.square(left).sum(1), np.abs(left).max(1)
    own = chosen.copy()
    stalled = np.zeros(states, int)
    elite = []
    step = 0
    while time.perf_counter() < end:
        step += 1
        if power:
            weights = np.abs(left)
            weights = (weights / weights.max(1, keepdims=True)) ** power + np.float32(0.02)
            scores = (weights * left) @ x.T
            scores *= 2
            scores *= sign
            scores += weights @ entries.T
        else:
            scores = left @ x.T
            scores *= 2
            scores *= sign
            scores += squares
        scores[tabu > step] = np.inf
        move = scores.argmin(1)
        direction = sign[rows, move]
        left += direction[:, None] * x[move]
        chosen[rows, move] ^= True
        sign[rows, move] = -direction
        tabu[rows, move] = step + random.integers(*tenure, states)
        norms, errors = np.square(left).sum(1), np.abs(left).max(1)
        better = (norms < least * (1 - 1e-6)) | (errors < least_max * (1 - 1e-6))
        own[better] = chosen[better]
        least, least_max = np.minimum(least, norms), np.minimum(least_max, errors)
        stalled = np.where(better, 0, stalled + 1)
        if errors.min() < best.error:
            best.offer(chosen[errors.argmin()])
        if step % 1000 == 0:
            # Sums of many roundings are made anew.
            left = chosen.astype(np.float32) @ x - z
        for state in np.flatnonzero(stalled >= patience):
            if time.perf_counter() >= end:
                break
            subset = own[state].copy()
            if pairs:
                residual = subset.astype(np.float32) @ x - z
                pair_descent(x, squares, subset, residual, min(pairs, n), tries, end)
            elite.append((best.offer(subset), subset))
            elite = sorted(elite, key=lambda pair: pair[0])[:states]
            if len(elite) > 1 and random.random() < kept:
                one, other = (elite[i][1] for i in random.choice(len(elite), 2, replace=False))
                made = np.where(random.random(n) < 0.5, one, other)
            else:
                made = fractional_starts(x, z, 1, random)[0]
            chosen[state], own[state] = made, made
            sign[state] = np.where(made, -1, 1)
            left[state] = made.astype(np.float32) @ x - z
            least[state], least_max[state] = np.square(left[state]).sum(), np.abs(left[state]).max()
            tabu[state], stalled[state] = 0, 0
    return False


def dwave(candidates, target, seconds, found, sampler="tabu", part=0.5, start="near"):
    """D-Wave's tabu search or simulated annealing over the squared norm as a QUBO, a part of a
    second at a time, so that what it has found is known on the way; tabu search from states of its
    own (random), from subsets near the target, or from the best so far (best)."""
    import dimod
    from dwave.samplers import SimulatedAnnealingSampler, TabuSampler

    x, z = candidates.astype(np.float64), target.astype(np.float64)
    n = len(x)
    if n > LARGEST_QUBO:
        raise NotAllowed(f"a dense QUBO of {n} variables does not fit in its memory")
    # 1 is about the candidates' mean square: the samplers' temperatures and thresholds suit it.
    scale = 1 / np.square(x).sum(1).mean()
    products = (x @ x.T) * scale
    model = dimod.BinaryQuadraticModel(
        np.diag(products) - 2 * scale * (x @ z), np.triu(2 * products, 1), dimod.BINARY)
    best = Best(candidates, target, found)
    random = np.random.default_rng(1)
    found.start()
    end = time.perf_counter() + seconds
    state, sweeps, number = None, 20, 0
    while (remaining := end - time.perf_counter()) > 0.02:
        number += 1
        began = time.perf_counter()
        if sampler == "tabu":
            if start == "near" or (start == "best" and state is None):
                state = fractional_starts(x.astype(np.float32), z.astype(np.float32), 1, random).astype(np.int8)
            begin = {"initial_states": (state, list(range(n)))} if start != "random" else {}
            made = TabuSampler().sample(
                model, timeout=max(1, int(1000 * min(part, remaining))), num_reads=1, seed=number, **begin)
        else:
            made = SimulatedAnnealingSampler().sample(
                model, num_reads=1, num_sweeps=sweeps, seed=number, interrupt_function=lambda: time.perf_counter() > end)
            # Sweeps that take the part of a second.
            sweeps = max(1, int(sweeps * min(8, part / max(1e-3, time.perf_counter() - began))))
        sample = made.record.sample[int(made.record.energy.argmin())]
        chosen = np.zeros(n, bool)
        chosen[np.asarray(made.variables, int)] = sample > 0
        error = best.error
        if best.offer(chosen) < error and start == "best":
            state = sample[None, np.argsort(np.asarray(made.variables, int))].astype(np.int8)
    return False
