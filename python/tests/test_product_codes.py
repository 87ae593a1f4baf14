"""Product codes: slices with codes of their own."""

import json
import pickle
import subprocess

import numpy as np
import pytest

import semid
from semid import _semid


def slices(dim, count):
    """The dimensions of every slice: the first ones are wider where the cut is uneven."""
    widths = [dim // count + (number < dim % count) for number in range(count)]
    return np.split(np.arange(dim), np.cumsum(widths)[:-1])


def reference_encode(model, X):
    """Codes by float64 arithmetic, for rows far from ties."""
    rest, codes = X.astype(np.float64) - np.asarray(model._model.offset(), np.float64), []
    books = [book.astype(np.float64) for book in model.codebooks_]
    for book in books[: model.residual_levels]:
        codes.append(((rest[:, None, :] - book[None]) ** 2).sum(axis=2).argmin(axis=1))
        rest = rest - book[codes[-1]]
    tail = books[model.residual_levels :]
    for book, columns in zip(tail, slices(X.shape[1], len(tail))):
        codes.append(((rest[:, columns][:, None, :] - book[None]) ** 2).sum(axis=2).argmin(axis=1))
    return np.stack(codes, axis=1)


@pytest.fixture(scope="module", params=[0, 2], ids=["pq", "rq+pq"])
def product(request, X):
    return semid.PQKMeans(5 + request.param, 8, residual_levels=request.param, device="cpu").fit(X)


def test_codes_are_those_of_every_slice(product, X):
    codes = product.encode(X)
    assert codes.shape == (600, product.n_levels) and codes.dtype == np.uint32
    np.testing.assert_array_equal(codes, reference_encode(product, X))
    widths = [book.shape for book in product.codebooks_]
    assert widths == [(8, 16)] * product.residual_levels + [(8, 4)] + [(8, 3)] * 4


def test_decoding_puts_slices_side_by_side(product, X):
    codes = product.encode(X)
    expected = np.tile(np.asarray(product._model.offset(), np.float64), (600, 1))
    tail = slices(16, 5)
    for level, book in enumerate(product.codebooks_):
        residual = level < product.residual_levels
        columns = np.arange(16) if residual else tail[level - product.residual_levels]
        expected[:, columns] += book.astype(np.float64)[codes[:, level]]
    np.testing.assert_allclose(product.decode(codes), expected, rtol=1e-6, atol=1e-6)
    errors = [((product.decode(codes, levels=level) - X) ** 2).sum() for level in range(1, product.n_levels + 1)]
    assert errors == sorted(errors, reverse=True)
    assert product.inertia_ == pytest.approx(errors[-1], rel=1e-4)


def test_residual_levels_are_those_of_residual_k_means(X):
    tail = semid.PQKMeans(4, 8, residual_levels=2).fit(X)
    plain = semid.RQKMeans(2, 8).fit(X)
    for found, expected in zip(tail.codebooks_, plain.codebooks_):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(tail.encode(X)[:, :2], plain.encode(X))


@pytest.mark.parametrize(
    "params",
    [
        {"residual_levels": 1},
        {"random_state": 7},
        {"max_iter": 1},
        {"tol": 0.5},
        {"n_init": 3},
        {"init": "random"},
        {"metric": "cosine"},
        {"algorithm": "mini-batch", "batch_size": 100, "init_size": 200},
        {"algorithm": "hierarchical", "full_iter": 3},
        {"sample": 300},
        {"center": False},
        {"n_clusters": [4, 8, 16]},
    ],
    ids=lambda params: "-".join(params),
)
def test_every_parameter_counts_and_is_kept_by_the_file(X, tmp_path, params):
    model = semid.PQKMeans(**{"n_levels": 3, "n_clusters": 8, **params}).fit(X)
    assert model.fingerprint != semid.PQKMeans(3, 8).fit(X).fingerprint
    model.save(tmp_path / "model.safetensors")
    for loaded in (semid.PQKMeans.load(tmp_path / "model.safetensors"), semid.load(tmp_path / "model.safetensors")):
        assert isinstance(loaded, semid.PQKMeans) and loaded.fingerprint == model.fingerprint
        for name, value in params.items():
            assert getattr(loaded, name) == value
    assert loaded.fit(X).fingerprint == model.fingerprint
    with pytest.raises(semid.InputError):
        semid.RQKMeans.load(tmp_path / "model.safetensors")


def test_defaults_are_those_of_the_library():
    parameters = lambda fields: json.loads(_semid.parameters(json.dumps(fields)))
    assert parameters(semid.PQKMeans()._parameters()) == parameters({"kind": "pq"})
    assert parameters(semid.PQKMeans(9, residual_levels=1)._parameters()) == parameters({"kind": "rq+pq"})


def test_parameters_by_name(product):
    params = product.get_params()
    assert params["residual_levels"] in (0, 2) and semid.PQKMeans(**params).get_params() == params
    again = pickle.loads(pickle.dumps(product))
    assert again.fingerprint == product.fingerprint and again.get_params() == params


def test_the_tool_gives_the_same_fingerprint(tool, X, tmp_path):
    np.save(tmp_path / "x.npy", X)
    for flags, model in (
        (["--kind", "pq", "--levels", "4"], semid.PQKMeans(4, 8)),
        (["--kind", "rq+pq", "--levels", "4", "--residual-levels", "2"], semid.PQKMeans(4, 8, residual_levels=2)),
    ):
        fit = [tool, "fit", "--input", tmp_path / "x.npy", "--output", tmp_path / "m.safetensors", "--clusters", "8"]
        done = subprocess.run([*fit, *flags, "--json"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["fingerprint"] == model.fit(X).fingerprint


def test_weights_count_as_copies(X):
    weights = np.arange(600) % 3
    weighted = semid.PQKMeans(3, 8, residual_levels=1).fit(X, sample_weight=weights)
    repeated = semid.PQKMeans(3, 8, residual_levels=1).fit(np.repeat(X, weights, axis=0))
    assert weighted.fingerprint == repeated.fingerprint


def test_what_product_codes_do_not_have_is_refused(X):
    model = semid.PQKMeans(2, 8).fit(X)
    for options in ({"beam": 4}, {"capacity": 100}, {"assignment": "priced"}):
        with pytest.raises(semid.SemidError):
            model.encode(X, **options)
    with pytest.raises(semid.SemidError, match="candidates"):
        model.candidates(X, 2)
    for params in ({"n_levels": 17}, {"n_levels": 2, "residual_levels": 2}):
        with pytest.raises(semid.InputError, match="levels"):
            semid.PQKMeans(**{"n_clusters": 8, **params}).fit(X)
    with pytest.raises(ValueError, match="invalid parameter 'balanced'"):
        model.set_params(balanced=True)


def test_engines_and_measures_take_product_codes(X, tmp_path):
    engine = semid.SemanticIdEngine(semid.PQKMeans(4, 8), tmp_path / "ids.db", resolver="reassign")
    items = [str(row) for row in range(600)]
    ids = engine.fit(X).unique_ids(X, items)
    assert len(set(ids)) == 600
    measured = semid.evaluate(engine.model, X, k=5)
    assert 0 < measured["collision_rate"] < 1
