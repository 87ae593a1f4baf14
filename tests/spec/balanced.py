"""Optima of transport problems by scipy, for the tests of balanced assignment.

    python3 tests/spec/balanced.py        # needs numpy and scipy; writes tests/spec/balanced.json

Every cluster becomes `max` columns of a square assignment problem; dummy rows fill the places that stay empty, and are
not allowed in the first `min` columns of a cluster. Costs are made by a formula that the tests repeat.
"""

import json
import pathlib

import numpy
from scipy.optimize import linear_sum_assignment

MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def costs(seed, rows, clusters, most):
    """Costs with ties where `most` is small; every seventh row is a copy of one before it."""

    def cost(row, k):
        row = row // 14 if row % 7 == 0 else row
        return mix((seed * 1_000_003 + row * clusters + k) & MASK) % (most + 1)

    return numpy.array([[cost(row, k) for k in range(clusters)] for row in range(rows)], dtype=numpy.int64)


def optimum(cost, low, high):
    rows, clusters = cost.shape
    forbidden = float(cost.max() + 1) * (rows + 1)
    square = numpy.zeros((clusters * high, clusters * high))
    square[:rows] = numpy.repeat(cost, high, axis=1)
    square[rows:] = numpy.tile(numpy.arange(high) < low, clusters) * forbidden
    chosen_rows, chosen = linear_sum_assignment(square)
    codes = chosen[chosen_rows < rows] // high
    sizes = numpy.bincount(codes, minlength=clusters)
    assert sizes.min() >= low and sizes.max() <= high
    return int(cost[numpy.arange(rows), codes].sum())


def main():
    problems = []
    for seed in range(40):
        clusters = 2 + seed % 19
        rows = clusters + mix(seed + 99) % (500 - clusters if seed % 4 == 0 else 200)
        low, high = rows // clusters, -(-rows // clusters)
        if seed % 3 == 1:
            low, high = low // 2, high + 3
        if seed % 3 == 2:
            low, high = 0, high + 1
        most = [2, 40, 1 << 20, 1 << 40][seed % 4]
        best = optimum(costs(seed, rows, clusters, most), low, high)
        problems.append(dict(seed=seed, rows=rows, clusters=clusters, most=most, min=low, max=high, optimum=best))
    path = pathlib.Path(__file__).with_name("balanced.json")
    path.write_text("[\n" + ",\n".join("  " + json.dumps(problem) for problem in problems) + "\n]\n")


main()
