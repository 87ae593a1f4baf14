"""Rows mixed with those of the items that they occur with."""

from fractions import Fraction

import numpy as np
import pytest
import pyarrow
from pyarrow import parquet

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


def several(X):
    parts = {"text": X[:300, :6].copy(), "image": X[:300, 6:] * np.float32(100)}
    parts["image"][::9] = np.nan
    return parts


@pytest.mark.parametrize("weighted", [False, True])
def test_the_tool_mixes_several_embeddings_alike(X, tool, tmp_path, weighted):
    parts, weights = several(X), [1 + row % 3 for row in range(300)]
    table = {"key": [f"k{row}" for row in range(300)], "wanted": weights}
    for name, part in parts.items():
        table[name] = [None if np.isnan(row).all() else row.tolist() for row in part]
    types = {name: pyarrow.list_(pyarrow.float32()) for name in parts}
    arrays = {name: pyarrow.array(values, types.get(name)) for name, values in table.items()}
    parquet.write_table(pyarrow.table(arrays), tmp_path / "x.parquet")
    (tmp_path / "pairs.csv").write_text("a,b\n" + "".join(f"k{a},k{b}\n" for a, b in PAIRS))
    model, output = tmp_path / "m.safetensors", tmp_path / "codes.npy"
    rows = ["--input", tmp_path / "x.parquet", "--id-column", "key", "--pairs", tmp_path / "pairs.csv"]
    flags = ["--column", "text", "--column", "image", "--column-weight", "1,0.25", "--levels", 2, "--clusters", 8]
    flags += ["--weight-column", "wanted"] if weighted else []
    told = run(tool, "fit", *rows, "--pair-weight", 0.3, *flags, "--output", model, "--json")
    given = dict(sample_weight=weights) if weighted else {}
    mixed = semid.smooth(parts, PAIRS, weight=0.3, column_weight=[1, 0.25], **given)
    fitted = semid.RQKMeans(2, 8).fit(mixed, **given)
    assert fitted.fingerprint == told["fingerprint"] and fitted.report_["imputed"] == {"text": 0, "image": 34}
    run(tool, "encode", *rows, "--pair-weight", 0.3, "--model", model, "--output", output, "--json")
    again = semid.smooth(parts, PAIRS, weight=0.3, model=fitted)
    np.testing.assert_array_equal(fitted.encode(again), np.load(output))
    assert again.shape == (300, 16) and len(again) == 300 and "text, image" in repr(again)


def test_smoothed_embeddings_go_where_a_dict_goes(X):
    parts = several(X)
    mixed = semid.smooth(parts, PAIRS)
    model = semid.RQKMeans(2, 8, device="cpu").fit(mixed)
    # Scaled first, then mixed.
    joined = np.hstack([np.where(np.isnan(part), np.nanmean(part, axis=0), part) for part in parts.values()])
    scales = np.repeat([block["scale"] for block in model.blocks_], [6, 10])
    np.testing.assert_allclose(mixed.to_numpy(), mixed_by_hand(joined * scales, PAIRS, 0.5), rtol=1e-3, atol=1e-5)
    codes = model.encode(mixed)
    np.testing.assert_array_equal(semid.RQKMeans(2, 8, device="cpu").fit_predict(mixed), codes)
    again = semid.RQKMeans(2, 8).fit(semid.smooth(parts, PAIRS, model=model), warm_start=model, freeze_levels=2)
    assert again.fingerprint == model.fingerprint
    assert semid.evaluate(model, mixed, k=0)["mse"] == semid.evaluate(model, mixed, k=0, codes=codes)["mse"]
    assert len(semid.SemanticIdEngine(model).unique_ids(mixed)) == 300
    assert semid.sweep(mixed, levels=[2], n_clusters=[8], k=0)[0]["fingerprint"] == model.fingerprint
    assert "image" in semid.Report(model, mixed).html and bool(semid.verify(model, mixed, devices=["cpu"]))
    other = semid.RQKMeans(2, 8).fit(parts, column_weight=[1, 0.25])
    for fails, words in [
        (lambda: other.encode(mixed), "model="),
        (lambda: semid.RQKMeans(2, 8).fit(mixed, warm_start=other), "model="),
        (lambda: semid.RQKMeans(2, 8).fit(X).encode(mixed), "16|model="),
        (lambda: semid.RQKMeans(2, 8).fit(mixed, column_weight=[1, 0.25]), "smooth has scaled"),
        (lambda: semid.smooth(X, PAIRS, column_weight=[1]), "several embeddings"),
        (lambda: semid.smooth(X, PAIRS, model=model), "text, image"),
        (lambda: semid.smooth(parts, PAIRS, column_weight=[1, 0.25], model=model), "keeps the scales"),
    ]:
        with pytest.raises(semid.InputError, match=words):
            fails()


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
