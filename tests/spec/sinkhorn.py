"""Codes by Sinkhorn's algorithm as LC-Rec's program does it, in numpy, for the tests of soft balance.

    python3 tests/spec/sinkhorn.py        # needs numpy and scipy; writes tests/spec/sinkhorn.json

Distances are made by the formula of balanced.py. Rows whose two largest shares are closer than 1e-9 of themselves would
make
a code a matter of rounding: there are none, or the script says so.
"""

import json
import pathlib

import numpy

from balanced import costs, mix


def plan(distances, epsilon, iterations):
    """The plan (N, K), every step but one as it is written in the papers' programs."""
    high, low = distances.max(), distances.min()
    middle = (high + low) / 2
    amplitude = high - middle if high > middle else 1e-5  # the programs add 1e-5 always, and so depend on the unit
    q = numpy.exp(-((distances - middle) / amplitude) / epsilon)
    rows, clusters = q.shape
    q /= q.sum()
    for _ in range(iterations):
        q /= q.sum(axis=1, keepdims=True)
        q /= rows
        q /= q.sum(axis=0, keepdims=True)
        q /= clusters
    return q * rows


def main():
    problems = []
    for seed in range(24):
        clusters = 2 + mix(seed + 7) % 40
        rows = clusters + mix(seed + 99) % 700
        epsilon = [0.003, 0.01, 0.05, 0.5][seed % 4]
        iterations = [1, 50, 100][seed % 3]
        cost = costs(seed, rows, clusters, [1000, 1 << 20][seed % 2])
        # Some clusters attract many more rows than others.
        cost = cost.astype(numpy.float64) * (1 + numpy.arange(clusters) / 8)
        shares = plan(cost, epsilon, iterations)
        best = numpy.sort(shares, axis=1)[:, -2:]
        assert (best[:, 1] > best[:, 0] * (1 + 1e-9)).all(), f"seed {seed} has a near tie"
        problems.append(dict(seed=seed, rows=rows, clusters=clusters, most=[1000, 1 << 20][seed % 2], epsilon=epsilon,
                             iterations=iterations, codes=shares.argmax(axis=1).tolist()))
    path = pathlib.Path(__file__).with_name("sinkhorn.json")
    path.write_text("[\n" + ",\n".join(json.dumps(problem, separators=(",", ":")) for problem in problems) + "\n]\n")


if __name__ == "__main__":
    main()
