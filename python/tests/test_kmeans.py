"""Residual k-means by scikit-learn's habits."""

import copy
import json
import pickle
from decimal import Decimal

import numpy as np
import pytest

import semid
from semid import _semid
from semid._progress import Listening


def reference_encode(model, X):
    """Codes by float64 arithmetic: the nearest codeword of every level, for rows far from ties."""
    residuals = X.astype(np.float64) - np.asarray(model._model.offset(), np.float64)
    codes = []
    for codebook in model.codebooks_:
        codebook = codebook.astype(np.float64)
        distances = ((residuals[:, None, :] - codebook[None]) ** 2).sum(axis=2)
        code = distances.argmin(axis=1)
        codes.append(code)
        residuals = residuals - codebook[code]
    return np.stack(codes, axis=1)


def test_codes_are_those_of_the_nearest_codewords(model, X, codes):
    assert codes.shape == (600, 3) and codes.dtype == np.uint32
    np.testing.assert_array_equal(codes, reference_encode(model, X))


def test_decoding_adds_codewords(model, codes):
    decoded = model.decode(codes)
    expected = np.asarray(model._model.offset(), np.float64)
    expected = expected + sum(book.astype(np.float64)[codes[:, level]] for level, book in enumerate(model.codebooks_))
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_decoding_by_the_first_levels(model, codes, levels):
    np.testing.assert_array_equal(model.decode(codes, levels=levels), model.decode(codes[:, :levels]))


def test_every_level_lessens_the_error(model, X, codes):
    errors = [((model.decode(codes, levels=levels) - X) ** 2).sum() for levels in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]


def test_score_is_minus_the_squared_error_per_row(model, X, codes):
    error = ((model.decode(codes).astype(np.float64) - X) ** 2).sum(axis=1).mean()
    assert model.score(X) == pytest.approx(-error, rel=1e-6)
    assert model.inertia_ == pytest.approx(error * 600, rel=1e-4)


def test_residuals_of_unit_length_have_no_score(X):
    with pytest.raises(semid.InputError, match="there is no score"):
        semid.RQKMeans(2, 8, normalize_residuals=True, device="cpu").fit(X).score(X)


def test_beams_are_farther_from_no_row(model, X, codes):
    error = lambda codes: ((model.decode(codes).astype(np.float64) - X) ** 2).sum(axis=1)
    best = model.encode(X, beam=8)
    assert (error(best) <= error(codes) * (1 + 1e-4) + 1e-4).all() and error(best).sum() < error(codes).sum()
    np.testing.assert_array_equal(model.encode(X, beam=1), codes)
    parts = list(model.encode_batches([X[:100], X[100:]], beam=8))
    np.testing.assert_array_equal(np.concatenate(parts), best)


def test_candidates_come_with_their_distances(model, X):
    found, distances = model.candidates(X, 3, beam=8)
    assert found.shape == (600, 3, 3) and found.dtype == np.uint32
    assert distances.shape == (600, 3) and distances.dtype == np.float64 and (np.diff(distances, axis=1) >= 0).all()
    np.testing.assert_array_equal(found[:, 0], model.encode(X, beam=8))
    decoded = model.decode(found[:, 2]).astype(np.float64)
    np.testing.assert_allclose(distances[:, 2], ((decoded - X) ** 2).sum(axis=1), rtol=1e-3, atol=1e-3)
    with pytest.raises(semid.InputError):
        model.candidates(X, 0)


@pytest.mark.parametrize("name", ["predict", "transform", "encode"])
def test_names_of_encode(model, X, codes, name):
    np.testing.assert_array_equal(getattr(model, name)(X), codes)


@pytest.mark.parametrize("name", ["fit_predict", "fit_transform"])
def test_fitting_and_encoding_at_once(model, X, codes, name):
    again = semid.RQKMeans(3, 8, device="cpu")
    np.testing.assert_array_equal(getattr(again, name)(X), codes)
    assert again.fingerprint == model.fingerprint


def test_inverse_transform_decodes(model, codes):
    np.testing.assert_array_equal(model.inverse_transform(codes), model.decode(codes))


@pytest.mark.parametrize("device", ["reference", "cpu", "cpu:portable", "cpu:16bit"])
def test_every_device_gives_the_same_bits(model, X, codes, device):
    other = semid.RQKMeans(3, 8, device=device).fit(X)
    assert other.fingerprint == model.fingerprint
    np.testing.assert_array_equal(model.encode(X, device=device), codes)


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1])
def test_any_number_of_threads_gives_the_same_bits(model, X, n_jobs):
    assert semid.RQKMeans(3, 8, device="cpu", n_jobs=n_jobs).fit(X).fingerprint == model.fingerprint


@pytest.mark.parametrize("size", [1, 7, 64, 599])
def test_batches_have_the_codes_of_the_whole(model, X, codes, size):
    parts = list(model.encode_batches(X[at : at + size] for at in range(0, 600, size)))
    np.testing.assert_array_equal(np.concatenate(parts), codes)


@pytest.mark.parametrize("random_state", [None, 42, np.int64(42)])
def test_the_default_seed(model, X, random_state):
    assert semid.RQKMeans(3, 8, random_state=random_state, device="cpu").fit(X).fingerprint == model.fingerprint


def test_other_seeds_give_other_models(model, X):
    assert semid.RQKMeans(3, 8, random_state=1).fit(X).fingerprint != model.fingerprint


def test_random_states_are_drawn_from(X):
    first = semid.RQKMeans(2, 8, random_state=np.random.RandomState(5)).fit(X)
    again = semid.RQKMeans(2, 8, random_state=np.random.RandomState(5)).fit(X)
    other = semid.RQKMeans(2, 8, random_state=np.random.default_rng(5)).fit(X)
    assert first.fingerprint == again.fingerprint != other.fingerprint


PARAMETERS = [
    {"max_iter": 3},
    {"tol": 0.1},
    {"n_init": 3},
    {"init": "random"},
    {"metric": "cosine"},
    {"normalize_residuals": True},
    {"algorithm": "mini-batch", "batch_size": 128, "init_size": 256},
    {"algorithm": "mini-batch", "layer_wise": False},
    {"algorithm": "hierarchical", "full_iter": 0},
    {"init": "hierarchical"},
    {"balanced": True},
    {"min_cluster_size": 10, "max_cluster_size": 200},
    {"sinkhorn": 0.05, "sinkhorn_iter": 10},
    {"sample": 300},
    {"center": False},
    {"refine": 3},
    {"refine": 2, "refine_beam": 4},
    {"n_clusters": [4, 8, 16]},
]


@pytest.mark.parametrize("params", PARAMETERS, ids=lambda params: "-".join(params))
def test_every_parameter_counts_and_is_kept_by_the_file(X, tmp_path, params):
    model = semid.RQKMeans(**{"n_levels": 3, "n_clusters": 8, **params}).fit(X)
    plain = semid.RQKMeans(3, 8).fit(X)
    assert model.fingerprint != plain.fingerprint
    model.save(tmp_path / "model.safetensors")
    loaded = semid.RQKMeans.load(tmp_path / "model.safetensors")
    for name, value in params.items():
        assert getattr(loaded, name) == value
    assert loaded.fingerprint == model.fingerprint
    assert loaded.fit(X).fingerprint == model.fingerprint


@pytest.mark.parametrize("kind, cls", [("rq-kmeans", semid.RQKMeans), ("rq-vae", semid.RQVAE)])
def test_defaults_are_those_of_the_library(kind, cls):
    theirs = json.loads(_semid.parameters(json.dumps({"kind": kind})))
    ours = json.loads(_semid.parameters(json.dumps(cls()._parameters())))
    assert ours == theirs


def test_balanced_clusters_have_equal_sizes(X):
    codes = semid.RQKMeans(1, 8, balanced=True).fit(X).encode(X, capacity=75)
    assert np.bincount(codes[:, 0], minlength=8).tolist() == [75] * 8


def test_priced_assignment_is_nearer_to_balance(X):
    model = semid.RQKMeans(1, 8, balanced=True).fit(X)
    spread = [np.bincount(model.encode(X, assignment=how)[:, 0]).std() for how in ("nearest", "priced")]
    assert spread[1] < spread[0]


def test_parameters_by_name():
    model = semid.RQKMeans(2, 16, tol=0.5)
    params = model.get_params()
    assert params["n_levels"] == 2 and params["tol"] == 0.5 and len(params) == 27
    assert semid.RQKMeans(**params).get_params() == params
    assert model.set_params(n_clusters=4, tol=0.25) is model
    assert (model.n_clusters, model.tol) == (4, 0.25)
    with pytest.raises(ValueError, match="invalid parameter 'n_cluster'"):
        model.set_params(n_cluster=4)


def test_repr_shows_what_is_not_the_default():
    assert repr(semid.RQKMeans()) == "RQKMeans()"
    assert (
        repr(semid.RQKMeans(2, [4, 8], metric="cosine")) == "RQKMeans(n_levels=2, n_clusters=[4, 8], metric='cosine')"
    )


def test_parameters_are_checked_by_fit_and_not_before(X):
    model = semid.RQKMeans(0, "many", tol=-1)
    with pytest.raises(semid.InputError, match="n_clusters"):
        model.fit(X)


@pytest.mark.parametrize("way", ["pickle", "copy", "bytes", "file"])
def test_copies_are_equal_models(model, X, codes, tmp_path, way):
    if way == "pickle":
        other = pickle.loads(pickle.dumps(model))
    elif way == "copy":
        other = copy.deepcopy(model)
    elif way == "bytes":
        other = semid.RQKMeans.from_bytes(model.to_bytes())
    else:
        model.save(tmp_path / "m.safetensors")
        other = semid.load(tmp_path / "m.safetensors")
    assert other.fingerprint == model.fingerprint and other.to_bytes() == model.to_bytes()
    np.testing.assert_array_equal(other.encode(X), codes)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_model_that_is_not_fitted_can_be_pickled(protocol):
    model = pickle.loads(pickle.dumps(semid.RQKMeans(2, 7), protocol))
    assert model.n_clusters == 7 and not model.__sklearn_is_fitted__()


def test_a_fit_that_fails_leaves_the_model(model, X):
    other = copy.deepcopy(model)
    with pytest.raises(semid.InputError):
        other.fit(np.full((600, 16), np.nan))
    assert other.fingerprint == model.fingerprint


def test_progress_is_told_and_can_stop_the_fit(X):
    told = []
    semid.RQKMeans(2, 8, progress=told.append).fit(X)
    assert {step.number for step in told} == {1, 2} and all(step.parts == 2 for step in told)
    assert told[0].part == "level" and told[-1].done >= 1

    class Enough(Exception):
        pass

    def stop(step):
        if step.number == 2:
            raise Enough

    with pytest.raises(Enough):
        semid.RQKMeans(2, 8, progress=stop).fit(X)


def test_progress_does_not_change_the_result(model, X):
    assert semid.RQKMeans(3, 8, progress=lambda step: None).fit(X).fingerprint == model.fingerprint


def test_progress_by_tqdm(X, capsys):
    pytest.importorskip("tqdm")
    semid.RQKMeans(2, 8, progress=True).fit(X)
    assert "level" in capsys.readouterr().err


def test_a_bar_is_full_only_where_the_work_is_done():
    pytest.importorskip("tqdm")
    for error in (None, KeyboardInterrupt):
        listening = Listening(True)
        try:
            with listening as tell:
                tell("level", 1, 2, "iteration", 2, 4, "")
                if error is not None:
                    raise error
        except KeyboardInterrupt:
            assert listening._bar._bar.n == 0.5
        else:
            assert error is None and listening._bar._bar.n == 2


def test_progress_of_another_type_is_refused(X):
    with pytest.raises(TypeError, match="progress"):
        semid.RQKMeans(2, 8, progress=3).fit(X)


def test_alignment_keeps_the_codes_of_most_rows(X, model, codes):
    newer = semid.RQKMeans(3, 8, random_state=7).fit(X)
    before = (newer.encode(X)[:, 0] == codes[:, 0]).mean()
    after = (newer.align_to(model, X).encode(X)[:, 0] == codes[:, 0]).mean()
    assert after > before


def test_alignment_by_weights_is_that_of_repeated_rows(X, model):
    weights = np.arange(len(X)) % 7
    newer, repeated = (semid.RQKMeans(3, 8, random_state=7).fit(X) for _ in range(2))
    newer.align_to(model, X, sample_weight=weights)
    assert newer.fingerprint == repeated.align_to(model, np.repeat(X, weights, axis=0)).fingerprint


@pytest.mark.parametrize("memory", [2 << 30, "2GiB", "500 MB", "1e9 "])
def test_memory_as_people_write_it(X, model, memory):
    if memory == "1e9 ":
        with pytest.raises(semid.InputError, match="memory"):
            semid.RQKMeans(3, 8, memory=memory).fit(X)
    else:
        assert semid.RQKMeans(3, 8, memory=memory).fit(X).fingerprint == model.fingerprint


@pytest.mark.parametrize("output", ["list", "arrow"])
def test_ids_as_text(model, X, codes, output):
    if output == "arrow":
        pytest.importorskip("pyarrow")
    ids = model.ids(X, output=output)
    expected = ["-".join(map(str, row)) for row in codes]
    assert (ids if output == "list" else ids.to_pylist()) == expected


@pytest.mark.parametrize("beam", [1, 4])
def test_a_refinement_lowers_the_error_and_keeps_its_beam(X, beam):
    plain = semid.RQKMeans(3, 8, max_iter=3).fit(X)
    model = semid.RQKMeans(3, 8, max_iter=3, refine=4, refine_beam=beam).fit(X)
    told = model.report_["refinement"]
    assert told["beam"] == beam and 1 <= told["rounds"] <= 4
    assert (model.encode(X) == model.encode(X, beam=beam)).all()
    error = lambda model, codes: ((X - model.decode(codes)) ** 2).sum(axis=1).mean()
    before, after = error(plain, plain.encode(X, beam=beam)), error(model, model.encode(X))
    assert after < before
    assert told["squared_error_before"] == pytest.approx(before, rel=1e-4)
    assert told["squared_error"] == pytest.approx(after, rel=1e-4)
    assert model.inertia_ == pytest.approx(after * len(X), rel=1e-4)
    assert plain.report_["refinement"] is None
    with pytest.raises(semid.InputError, match="refine"):
        semid.RQKMeans(3, 8, refine=1, balanced=True).fit(X)


def test_weights_are_repetitions(X):
    weights = np.arange(len(X)) % 4
    copies = semid.RQKMeans(3, 8, random_state=7).fit(np.repeat(X, weights, axis=0))
    for given in (weights, weights.astype(float), list(weights)):
        assert semid.RQKMeans(3, 8, random_state=7).fit(X, sample_weight=given).fingerprint == copies.fingerprint
    for bad, row in (([1.0, 0.5], 1), ([1, -1], 1), ([np.nan, 1], 0)):
        with pytest.raises(semid.InputError, match=f"row {row} has the weight"):
            semid.RQKMeans(1, 2).fit(X[:2], sample_weight=bad)
    with pytest.raises(semid.InputError, match="the weights of all rows are zero"):
        semid.RQKMeans(1, 2).fit(X, sample_weight=0 * weights)
    with pytest.raises(semid.SemidError):
        semid.RQKMeans(1, 2).fit(X, sample_weight=weights[:5])


@pytest.mark.parametrize("kind", [np.float64, np.float32, float, str, Decimal])
def test_fractions_become_whole_weights(kind):
    given = [kind("1.25"), kind("0"), kind("0.05"), kind("3")]
    if kind in (np.float64, np.float32):
        given = np.array(given)
    assert semid.whole_weights(given, "0.05").tolist() == [25, 0, 1, 60]
    assert semid.whole_weights(given, 0.05).dtype == np.uint64
    with pytest.raises(semid.InputError, match="row 0 has the weight .*multiples of 0.1, from 0 on; give a finer step"):
        semid.whole_weights(given, "0.1")


def test_what_is_no_weight_is_refused():
    for bad in (-1, "a", np.nan, "inf", None, 2**64):
        with pytest.raises(semid.InputError, match="row 1 has the weight"):
            semid.whole_weights([1, bad], 1)
    for step in (0, -1, "a", np.nan):
        with pytest.raises(semid.InputError, match="parameter `step`"):
            semid.whole_weights([1], step)


@pytest.mark.parametrize("dtype", ["string", "category", "Int64", "boolean", "object"])
def test_missing_labels_of_pandas_are_none(X, dtype):
    pd = pytest.importorskip("pandas")
    values = {"Int64": [1, None, 2], "boolean": [True, None, False]}.get(dtype, ["tea", None, "cup"]) * 200
    given = [None if value is None else str(value) for value in values]
    fitted = semid.RQKMeans(1, 4, device="cpu").fit(X, labels=pd.Series(values, dtype=dtype))
    assert fitted.fingerprint == semid.RQKMeans(1, 4, device="cpu").fit(X, labels=given).fingerprint


def test_labels_give_the_first_codes(X):
    names = ["tea", None, "cup", "", "pot", float("nan")]
    kinds = [names[row % 6] for row in range(len(X))]
    known = np.array([name in ("tea", "cup", "pot") for name in kinds])
    for given in ({"kind": kinds}, {"kind": np.array(kinds, dtype=object)}):
        fitted = semid.RQKMeans(2, 8).fit(X, labels=given)
        assert fitted.label_tables_ == {"kind": ["cup", "pot", "tea"]} and fitted.n_clusters_ == [3, 8, 8]
        codes = fitted.encode(X, labels=given)
        order = np.array(["cup", "pot", "tea"])
        np.testing.assert_array_equal(order[codes[known, 0]], [kind for kind in kinds if kind in order])
    # The codeword of a label is the mean of its rows, on the grid.
    offset = np.asarray(fitted._model.offset(), np.float64)
    means = np.stack([X[[kind == name for kind in kinds]].astype(np.float64).mean(axis=0) for name in order])
    np.testing.assert_allclose(fitted.codebooks_[0], means - offset, atol=1e-3)
    # Rows without a label get the nearest of them; without labels, all rows do.
    nearest = ((X[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(codes[~known, 0], nearest[~known])
    with pytest.warns(UserWarning, match="'kind'"):
        np.testing.assert_array_equal(fitted.encode(X)[:, 0], nearest)
    np.testing.assert_array_equal(semid.RQKMeans(2, 8).fit_predict(X, labels=given), codes)
    # Candidates have the codes of the labels; the first one is that of an encode by the same beam.
    best, distances = fitted.candidates(X, 3, beam=4, labels=given)
    np.testing.assert_array_equal(best[:, 0], fitted.encode(X, beam=4, labels=given))
    np.testing.assert_array_equal(best[:, :, 0], np.repeat(codes[:, :1], 3, axis=1))
    greedy = ((X.astype(np.float64) - fitted.decode(codes)) ** 2).sum(axis=1)
    assert (np.diff(distances, axis=1) >= 0).all() and distances[:, 0].sum() < greedy.sum()
    reserved = semid.RQKMeans(1, 4).fit(X, labels=kinds, unknown="reserve")
    assert reserved.label_tables_ == {"label": ["cup", "pot", "tea", None]}
    assert (reserved.encode(X, labels=kinds)[~known, 0] == 3).all()
    assert pickle.loads(pickle.dumps(fitted)).label_tables_ == fitted.label_tables_


class Tensor:
    """An array whose elements, like those of PyTorch, are arrays that say so in their text."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return map(Tensor, self.values)

    def tolist(self):
        return self.values


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "tensors"])
def test_labels_of_tables_are_those_of_lists(X, library):
    columns = {"pandas": "Series", "polars": "Series", "pyarrow": "chunked_array"}
    make = Tensor if library == "tensors" else getattr(pytest.importorskip(library), columns[library])
    made = (lambda values: make([values[:100], values[100:]])) if library == "pyarrow" else make
    kinds = [["tea", None, "cup"][row % 3] for row in range(len(X))]
    years = [2000 + row % 4 for row in range(len(X))]
    given = {"kind": made(kinds), "year": made(years)}
    fitted = semid.RQKMeans(1, 8).fit(X, labels={"kind": kinds, "year": years})
    of_table = semid.RQKMeans(1, 8).fit(X, labels=given)
    assert of_table.fingerprint == fitted.fingerprint
    # The first column gives the first codes, and a column is known by its name.
    assert list(of_table.label_tables_) == ["kind", "year"] and of_table.n_clusters_ == [2, 4, 8]
    codes = fitted.encode(X, labels={"kind": kinds, "year": years})
    np.testing.assert_array_equal(codes[:, 1], np.arange(len(X)) % 4)
    np.testing.assert_array_equal(of_table.encode(X, labels=given), codes)
    # Batches are encoded together, so that every row has its label.
    np.testing.assert_array_equal(of_table.encode(iter([X[:250], X[250:]]), labels=given), codes)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"labels": "kind"}, "expected a label for each row"),
        ({"labels": ["tea"] * 5}, "5 labels for 600 rows"),
        ({"labels": ["tea"] * 600, "unknown": "first"}, "'nearest' or 'reserve'"),
        ({"warm_start": 3}, "a fitted model of RQKMeans"),
        ({"freeze_levels": 1}, "a model to start from"),
    ],
)
def test_labels_and_starts_that_are_refused(X, options, words):
    with pytest.raises(semid.InputError, match=words):
        semid.RQKMeans(2, 8).fit(X, **options)
    with pytest.raises(semid.SemidError):
        semid.RQKMeans(2, 8).fit(X, warm_start=semid.RQKMeans(2, 8))


def test_warm_starts_keep_frozen_levels(X, model):
    moved = X + np.float32(0.05)
    frozen = semid.RQKMeans(3, 8).fit(moved, warm_start=model, freeze_levels=2)
    for level in (0, 1):
        np.testing.assert_array_equal(frozen.codebooks_[level], model.codebooks_[level])
    assert not np.array_equal(frozen.codebooks_[2], model.codebooks_[2])
    assert semid.RQKMeans(3, 8).fit(X, warm_start=model, freeze_levels=3).fingerprint == model.fingerprint
    warm, fresh = (semid.RQKMeans(3, 8, random_state=9).fit(moved, warm_start=start) for start in (model, None))
    kept = [(other.encode(moved) == model.encode(X)).all(axis=1).mean() for other in (warm, fresh)]
    assert kept[0] > 0.9 > kept[1]
