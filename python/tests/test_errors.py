"""Errors: typed, with what, where and what to do, in words that fit Python."""

import os
import pickle

import numpy as np
import pytest

import semid


def test_one_class_for_all_and_pythons_own_beside_it():
    for error in (semid.InputError, semid.FormatError):
        assert issubclass(error, (semid.SemidError)) and issubclass(error, ValueError)
    assert issubclass(semid.FileError, OSError) and issubclass(semid.MissingFileError, FileNotFoundError)
    assert issubclass(semid.DeviceError, RuntimeError) and issubclass(semid.NoMemoryError, MemoryError)
    assert issubclass(semid.UnknownItemError, KeyError)
    assert issubclass(semid.NotFittedError, ValueError) and issubclass(semid.NotFittedError, AttributeError)


@pytest.mark.parametrize("value, words", [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "-inf"), (1e39, "inf")])
def test_values_that_are_no_numbers_are_named(X, value, words):
    rows = X.astype(np.float64)
    rows[17, 5] = value
    for work in (semid.RQKMeans(2, 8).fit, semid.RQKMeans(2, 8).fit(X).encode):
        with pytest.raises(semid.InputError, match=f"row 17, column 5 is {words}") as raised:
            work(rows)
        assert raised.value.kind == "NotFinite"


PARAMETERS = [
    ({"n_clusters": 601}, "TooFewRows", "only 600 rows"),
    ({"n_clusters": 0}, "Parameter", "n_clusters"),
    ({"n_clusters": 70000}, "Parameter", "70000 clusters"),
    ({"n_clusters": [4, 4]}, "Parameter", "3 levels"),
    ({"n_clusters": 2.5}, "Parameter", "n_clusters"),
    ({"n_levels": True}, "Parameter", "n_levels"),
    ({"n_levels": 300}, "Parameter", "n_levels"),
    ({"tol": -1.0}, "Parameter", "tol"),
    ({"tol": np.inf}, "Parameter", "tol"),
    ({"tol": "small"}, "Parameter", "tol"),
    ({"max_iter": 0}, "Parameter", "max_iter"),
    ({"n_init": 0}, "Parameter", "n_init"),
    ({"init": "first"}, "Parameter", "first"),
    ({"metric": "dot"}, "Parameter", "dot"),
    ({"algorithm": "elkan"}, "Parameter", "elkan"),
    ({"random_state": -1}, "Parameter", "random_state"),
    ({"random_state": "x"}, "Parameter", "random_state"),
    ({"sample": 0}, "Parameter", "sample"),
    ({"device": "tpu"}, "UnknownDevice", "tpu"),
    ({"device": 0}, "UnknownDevice", "device=0"),
    ({"n_jobs": 0}, "Parameter", "n_jobs"),
    ({"memory": "much"}, "Parameter", "memory"),
    ({"max_cluster_size": 1}, "Sizes", "cannot fill"),
]


@pytest.mark.parametrize("params, kind, words", PARAMETERS, ids=lambda value: str(value)[:30])
def test_parameters_that_make_no_sense(X, params, kind, words):
    with pytest.raises(semid.InputError, match=words) as raised:
        semid.RQKMeans(**{"n_levels": 3, "n_clusters": 8, **params}).fit(X)
    assert raised.value.kind == kind
    assert "--" not in str(raised.value) and "at line" not in str(raised.value)


@pytest.mark.parametrize("name", ["encode", "predict", "decode", "score", "save", "fingerprint", "codebooks_"])
def test_a_model_that_is_not_fitted(X, name, tmp_path):
    model = semid.RQKMeans()
    with pytest.raises(semid.NotFittedError, match="call fit") as raised:
        found = getattr(model, name)
        found(str(tmp_path / "m") if name == "save" else X)
    assert raised.value.kind == "NotFitted"


def test_rows_of_another_width(model):
    with pytest.raises(semid.InputError, match="16 features"):
        model.encode(np.zeros((2, 3)))
    with pytest.raises(semid.InputError, match="16 features"):
        semid.evaluate(model, np.zeros((20, 3)))


BAD_CODES = [
    ([[0, 0, 9]], "code 9 is not below 8"),
    ([[0, -1, 0]], "level 2: -1 is no code"),
    ([[0.5, 0.0, 0.0]], "integers"),
    ([0, 1, 2], "2D"),
    ([[0, 0, 0, 0]], "level"),
    ([["a", "b", "c"]], "integers"),
    ([[2**33, 0, 0]], "is no code"),
]


@pytest.mark.parametrize("codes, words", BAD_CODES, ids=lambda value: str(value)[:20])
def test_codes_that_are_none(model, codes, words):
    with pytest.raises(semid.InputError, match=words):
        model.decode(codes)


def test_files(tmp_path, model):
    missing = tmp_path / "missing.safetensors"
    with pytest.raises(FileNotFoundError) as raised:
        semid.load(missing)
    error = raised.value
    assert isinstance(error, semid.FileError) and error.kind == "Io"
    assert error.path == error.filename == str(missing) and error.errno == 2 and str(missing) in str(error)
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(semid.FormatError):
        semid.load(tmp_path / "no.safetensors")
    data = bytearray(model.to_bytes())
    data[-1] ^= 1
    with pytest.raises(semid.FormatError) as raised:
        semid.RQKMeans.from_bytes(bytes(data))
    assert raised.value.kind == "Damaged"
    with pytest.raises(semid.InputError, match="semid.load"):
        semid.RQVAE.from_bytes(model.to_bytes())
    with pytest.raises(OSError):
        model.save(tmp_path / "no folder" / "m.safetensors")
    assert not os.listdir(tmp_path) == [] and not [name for name in os.listdir(tmp_path) if "tmp" in name]


def test_errors_can_be_pickled(model):
    for work in (
        lambda: model.decode([[9, 9, 9]]),
        lambda: semid.load("missing.safetensors"),
        lambda: semid.RQKMeans().fingerprint,
    ):
        try:
            work()
        except semid.SemidError as error:
            again = pickle.loads(pickle.dumps(error))
            assert (type(again), str(again), again.kind, again.path) == (
                type(error),
                str(error),
                error.kind,
                error.path,
            )
        else:
            pytest.fail("no error")
