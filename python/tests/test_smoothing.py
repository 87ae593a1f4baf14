"""Rows mixed with those of the items that they occur with."""

from fractions import Fraction

import numpy as np
import pytest

import semid
from test_command_line import run

PAIRS = [(0, 1), (1, 0), (2, 5), (5, 5), (7, 2), (299, 0)]


def mixed_by_hand(X, pairs, weight):
    """The contract, with sums by fractions."""
    partners = {}
    for a, b in pairs:
        if a != b:
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
    mixed = X.copy()
    for row, others in partners.items():
        for d in range(X.shape[1]):
            total = float(sum(Fraction(float(X[other, d])) for other in others))
            mixed[row, d] = np.float32((1 - weight) * float(X[row, d]) + weight * (total / len(others)))
    return mixed


def test_rows_are_mixed_by_the_contract(X):
    rows = X[:300]
    for weight in (0.0, 0.3, 1.0):
        mixed = semid.smooth(rows, PAIRS, weight=weight)
        assert mixed.dtype == np.float32
        np.testing.assert_array_equal(mixed, mixed_by_hand(rows, PAIRS, weight))
    keys = [f"item {row}" for row in range(300)]
    named = [(keys[a], keys[b]) for a, b in PAIRS]
    np.testing.assert_array_equal(semid.smooth(rows, named, items=keys), semid.smooth(rows, np.array(PAIRS)))
    with pytest.warns(UserWarning, match="1 of 7 pairs .* 'gone'"):
        semid.smooth(rows, [*named, ("gone", keys[0])], items=keys)
    np.testing.assert_array_equal(semid.smooth(rows, []), rows)


def test_the_tool_mixes_alike(X, tool, tmp_path):
    np.save(tmp_path / "x.npy", X[:300])
    (tmp_path / "keys.txt").write_text("".join(f"k{row}\n" for row in range(300)))
    (tmp_path / "pairs.csv").write_text("a,b\n" + "".join(f"k{a},k{b}\n" for a, b in PAIRS))
    files = [f"--{name}={tmp_path / file}" for name, file in [("input", "x.npy"), ("items", "keys.txt")]]
    flags = [f"--pairs={tmp_path / 'pairs.csv'}", "--pair-weight=0.3", "--levels=2", "--clusters=8", "--json"]
    told = run(tool, "fit", *files, *flags, f"--output={tmp_path / 'm.safetensors'}")
    mixed = semid.smooth(X[:300], PAIRS, weight=0.3)
    assert semid.RQKMeans(2, 8).fit(mixed).fingerprint == told["fingerprint"]


@pytest.mark.parametrize(
    "pairs, options, words",
    [
        ([(0, 1, 2)], {}, r"\(M, 2\)"),
        ([(0.5, 1)], {}, "numbers of rows"),
        ([(-1, 1)], {}, "numbers of rows"),
        ([(0, 600)], {}, "rows below 600"),
        ([(0, 1)], {"weight": 1.5}, "from 0 to 1"),
        ([(0, 1)], {"weight": float("nan")}, "from 0 to 1"),
        ([("a", "b")], {"items": ["a", "b"]}, "600 different keys"),
        ([(0, 1)], {"items": [*range(599), 0]}, "600 different keys"),
        ([(0, 1)], {"items": [*range(600), 0]}, "600 different keys"),
    ],
)
def test_what_is_refused(X, pairs, options, words):
    with pytest.raises(semid.InputError, match=words):
        semid.smooth(X, pairs, **options)
