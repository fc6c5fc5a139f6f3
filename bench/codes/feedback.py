"""Quantising with feedback: GPTQ (Frantar, Ashkboos, Hoefler and Alistarh 2022, arXiv 2210.17323),
written from the paper.

A layer's output is X W for features X (places, rows). Its squared error is tr(E' H E), H = X'X, E
the error of the weights. Rows are quantised one after the other; what a row's rounding has spoilt,
the rows to come make good by least squares.
"""

import numpy as np


def damped(hessian, damping):
    """H with a part of its mean diagonal added to it. Features that are always 0 count as those of
    mean size: their weights say nothing, and rounding to the nearest costs nothing."""
    mean = np.trace(hessian) / len(hessian)
    diagonal = np.where(np.diag(hessian) == 0, mean or 1, damping * mean)
    return hessian + np.diag(diagonal)


def order_of(hessian):
    """Rows by their share in the squared error, the greatest first."""
    return np.argsort(-np.diag(hessian), kind="stable")


def greedy(weights, hessian, quantise, order):
    """The paper's method as it is derived, after each row H⁻¹ with that row eliminated.

    `quantise` takes a row (1, outputs) to the values it gets. Returns all values, float64.
    """
    weights, values = weights.astype(np.float64).copy(), np.zeros(weights.shape)
    inverse = np.linalg.inv(hessian)
    for row in order:
        values[row] = quantise(weights[row:row + 1])[0]
        error = (weights[row] - values[row]) / inverse[row, row]
        weights -= np.outer(inverse[:, row], error)
        column = inverse[:, row].copy()
        inverse -= np.outer(column, column) / column[row]
        # Rows that are done stay what they are: rounding errors must not reach them.
        inverse[row, :] = inverse[:, row] = 0
        inverse[row, row] = 1
    return values


def cholesky(weights, hessian, quantise, order):
    """The same in the paper's form: all that the eliminations need stands in the Cholesky factor of
    H⁻¹ = L L', taken in the order of the rows.

    `quantise` takes a row (1, outputs) to (codes, values). Returns the codes of all rows.
    """
    rest = weights.astype(np.float64)[order]
    factor = np.linalg.cholesky(np.linalg.inv(hessian[np.ix_(order, order)]))
    codes = [None] * len(order)
    for place, row in enumerate(order):
        codes[row], value = quantise(rest[place:place + 1])
        error = (rest[place] - value[0]) / factor[place, place]
        rest[place + 1:] -= np.outer(factor[place + 1:, place], error)
    return np.concatenate(codes)


def refitted(weights, seen, gram, wanted, damping):
    """The weights whose outputs on the features `seen`, with Gram matrix `gram`, are nearest to
    `wanted` (places, outputs): least squares, damped towards `weights`."""
    damped_gram = gram + (damping * np.trace(gram) / len(gram) or 1.0) * np.eye(len(gram))
    return weights + np.linalg.solve(damped_gram, seen.T @ wanted - gram @ weights)
