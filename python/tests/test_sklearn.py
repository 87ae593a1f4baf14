"""scikit-learn's own checks, as far as they apply."""

import warnings

import pytest

sklearn = pytest.importorskip("sklearn")

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted

import semid

#: Checks that ask for something else than semid promises, and why.
DIFFERENT = {
    # Says "there are 1 rows to train on" where the check looks for "1 sample".
    ("RQVAE", "check_fit2d_1sample"),
    # Shuffles the repeated rows, and the first codewords are drawn by the numbers of the rows; test_kmeans.py repeats
    # rows where they stand.
    ("RQKMeans", "check_sample_weight_equivalence_on_dense_data"),
}

SMALL = [
    semid.RQKMeans(2, 2, device="cpu"),
    semid.RQVAE(2, 2, hidden=[4], latent=2, epochs=2, batch_size=8, device="cpu"),
]


def checks():
    found = []
    with warnings.catch_warnings():
        # One says that the models are no subclasses of scikit-learn's.
        warnings.simplefilter("ignore")
        for model in SMALL:
            for estimator, check in estimator_checks_generator(model):
                name = getattr(check, "func", check).__name__
                found.append(pytest.param(estimator, check, name, id=f"{type(model).__name__}-{name}"))
    return found


@pytest.mark.parametrize("estimator, check, name", checks())
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks(estimator, check, name):
    if (type(estimator).__name__, name) in DIFFERENT:
        with pytest.raises(Exception):
            check(estimator)
        return
    check(estimator)


def test_clones_are_not_fitted(model):
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not copy.__sklearn_is_fitted__()
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    check_is_fitted(model)


def test_an_unfitted_model_raises_the_error_of_both(X):
    with pytest.raises(NotFittedError) as raised:
        semid.RQKMeans().encode(X)
    assert isinstance(raised.value, semid.NotFittedError)


def test_pipelines(X):
    pipeline = make_pipeline(StandardScaler(), semid.RQKMeans(2, 8, device="cpu")).fit(X)
    codes = pipeline.predict(X)
    scaled = pipeline[0].transform(X)
    np.testing.assert_array_equal(codes, semid.RQKMeans(2, 8).fit_predict(scaled))
    assert pipeline.score(X) < 0


def test_searches_by_score(X):
    search = GridSearchCV(semid.RQKMeans(2, device="cpu"), {"n_clusters": [2, 16]}, cv=2).fit(X)
    assert search.best_params_ == {"n_clusters": 16}
