"""RQ-VAE and RQ-KMeans+."""

import pickle

import numpy as np
import pytest

import semid

SMALL = dict(hidden=[16], latent=4, epochs=2, batch_size=64, lr=1e-3)


@pytest.fixture(scope="module")
def vae(X):
    return semid.RQVAE(2, 8, device="cpu", **SMALL).fit(X)


def test_shapes(vae, X):
    codes = vae.encode(X)
    assert codes.shape == (600, 2) and vae.decode(codes).shape == (600, 16) and vae.latents(X).shape == (600, 4)
    assert [book.shape for book in vae.codebooks_] == [(8, 4), (8, 4)]


def test_codes_are_those_of_the_latents(vae, X):
    residuals = vae.latents(X).astype("f8")
    for level, book in enumerate(vae.codebooks_):
        distances = ((residuals[:, None] - book[None]) ** 2).sum(axis=2)
        near = np.sort(distances, axis=1)
        sure = near[:, 1] - near[:, 0] > 1e-3
        code = distances.argmin(axis=1)
        assert sure.mean() > 0.9
        np.testing.assert_array_equal(code[sure], vae.encode(X)[sure, level])
        residuals = residuals - book[vae.encode(X)[:, level]]


def test_the_loss_falls(X):
    vae = semid.RQVAE(2, 8, **{**SMALL, "epochs": 8}).fit(X)
    loss = vae.history_["loss"]
    assert len(loss) == vae.n_iter_ == 8 and loss[-1] < loss[0]


@pytest.mark.parametrize("device", ["reference", "cpu:portable", "cpu"])
def test_every_device_trains_the_same_bits(vae, X, device):
    assert semid.RQVAE(2, 8, device=device, **SMALL).fit(X).fingerprint == vae.fingerprint


PARAMETERS = [
    {"beta": 0.5},
    {"weight_decay": 0.1},
    {"schedule": "cosine"},
    {"schedule": {"step": {"epochs": 1, "gamma": 0.5}}},
    {"loss": "l1"},
    {"reduction": "sum"},
    {"dropout": 0.1},
    {"batch_norm": True},
    {"slope": 0.25},
    {"kmeans_init": False},
    {"update": {"moving-average": 0.9}},
    {"estimator": "rotation"},
    {"standardize": False},
    {"held_out": 0.2},
    {"width": 16},
    {"sinkhorn": [0.01, 0.02]},
    {"betas": [0.8, 0.9]},
    {"clip": 0.1},
    {"warmup": 1},
    {"latent": 5},
    {"hidden": [12, 8]},
    {"random_state": 3},
]


@pytest.mark.parametrize("params", PARAMETERS, ids=lambda params: "-".join(params))
def test_every_parameter_counts_and_is_kept(vae, X, tmp_path, params):
    other = semid.RQVAE(2, 8, **{**SMALL, **params}).fit(X)
    assert other.fingerprint != vae.fingerprint
    other.save(tmp_path / "vae.safetensors")
    loaded = semid.load(tmp_path / "vae.safetensors")
    for name, value in params.items():
        assert getattr(loaded, name) == value
    assert loaded.fit(X).fingerprint == other.fingerprint


def test_checkpoints_go_on_to_the_same_bits(X, tmp_path):
    whole = semid.RQVAE(2, 8, **{**SMALL, "epochs": 3}).fit(X)

    class Stop(Exception):
        pass

    def stop(step):
        if step.part == "epoch" and step.number == 2:
            raise Stop

    part = semid.RQVAE(2, 8, **{**SMALL, "epochs": 3}, checkpoint=tmp_path / "state", progress=stop)
    with pytest.raises(Stop):
        part.fit(X)
    told = []
    part.set_params(progress=told.append).fit(X)
    assert part.fingerprint == whole.fingerprint and [step.number for step in told if step.part == "epoch"][0] == 2


def test_plus_starts_from_residual_k_means(X):
    start = semid.RQKMeans(2, 8).fit(X)
    plus = semid.RQKMeansPlus(start, hidden=[16], epochs=1, batch_size=64).fit(X)
    assert plus.n_clusters_ == [8, 8] and plus.encode(X).shape == (600, 2)
    alone = semid.RQKMeansPlus(n_levels=2, n_clusters=8, hidden=[16], epochs=1, batch_size=64).fit(X)
    unfitted = semid.RQKMeansPlus(semid.RQKMeans(2, 8), hidden=[16], epochs=1, batch_size=64).fit(X)
    assert plus.fingerprint == alone.fingerprint == unfitted.fingerprint
    assert "model_" not in unfitted.warm_start.__dict__
    again = pickle.loads(pickle.dumps(plus))
    assert again.fingerprint == plus.fingerprint


def test_plus_needs_the_model_of_the_same_rows(X):
    start = semid.RQKMeans(2, 8).fit(X[:, :8])
    with pytest.raises(semid.InputError, match="dimensions"):
        semid.RQKMeansPlus(start, epochs=1).fit(X)
    with pytest.raises(semid.InputError, match="warm_start"):
        semid.RQKMeansPlus("model", epochs=1).fit(X)


def test_reading_all_kinds(vae, X, tmp_path):
    vae.save(tmp_path / "m.safetensors")
    loaded = semid.load(tmp_path / "m.safetensors", device="reference")
    assert isinstance(loaded, semid.RQVAE) and loaded.device == "reference" and loaded.latent == 4
    with pytest.raises(AttributeError, match="no report"):
        loaded.history_
    with pytest.raises(semid.InputError):
        semid.RQKMeans.load(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    "params, words",
    [
        ({"epochs": -1}, "epochs"),
        ({"lr": -1.0}, "lr"),
        ({"width": 12}, "width"),
        ({"hidden": [0]}, "hidden"),
        ({"dropout": 1.5}, "dropout"),
        ({"loss": "huber"}, "huber"),
        ({"keep": "best"}, "best"),
        ({"lr": "fast"}, "lr"),
    ],
)
def test_parameters_that_make_no_sense(X, params, words):
    with pytest.raises(semid.InputError, match=words):
        semid.RQVAE(2, 8, **{**SMALL, **params}).fit(X)


def test_batch_and_rate_follow_the_rows_unless_they_are_given(X, tmp_path):
    few = dict(hidden=[16], latent=4, epochs=1)
    model = semid.RQVAE(2, 8, device="cpu", **few).fit(X)
    model.save(tmp_path / "m.safetensors")
    saved = semid.load(tmp_path / "m.safetensors")
    assert (saved.batch_size, saved.lr) == (32, pytest.approx(2e-3 * (32 / 256) ** 0.5))
    preset = semid.RQVAE.semantic_id(2, 8, device="cpu", **few)
    assert (preset.n_levels, preset.n_clusters, preset.batch_size, preset.lr) == (2, 8, 2048, 1e-4)
    with pytest.raises(ValueError, match="2048"):
        preset.fit(X)
