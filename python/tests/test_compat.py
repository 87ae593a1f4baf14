"""The names, parameters and files of `semantic-id`; its own tests run by tests/predecessor/run.py."""

import json
import threading

import numpy as np
import pytest

import semid
from semid import compat
from semid.compat.core import codes_to_ids
from semid.compat.uniqueness.stores import CollisionStore
from semid.compat.utils import metrics


@pytest.fixture(scope="module")
def rows():
    return np.random.RandomState(0).randn(100, 16)


@pytest.fixture(scope="module")
def fitted(rows):
    return compat.RQKMeans(n_levels=3, n_clusters=10, random_state=42).fit(rows)


def nearest(books, rows):
    residuals, codes = np.asarray(rows, np.float64).copy(), []
    for book in books:
        code = ((residuals[:, None] - np.asarray(book, np.float64)[None]) ** 2).sum(axis=2).argmin(axis=1)
        codes.append(code)
        residuals -= book[code]
    return np.stack(codes, axis=1)


def save_as_they_do(folder, books, **metadata):
    """What version 0.2.5 writes."""
    folder.mkdir()
    known = {
        "type": "RQKMeans", "n_levels": len(books), "n_clusters": [len(book) for book in books], "metric": "l2",
        "implementation": "kmeans", "max_iter": 100, "tol": 1e-4, "random_state": 42, "n_init": None,
        "D": books[0].shape[1],
    }  # fmt: skip
    (folder / "metadata.json").write_text(json.dumps({**known, **metadata}))
    np.savez_compressed(folder / "codebooks.npz", **{f"codebook_{i}": book for i, book in enumerate(books)})


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_their_models_load_and_give_their_codes(rows, tmp_path, dtype):
    random = np.random.RandomState(1)
    books = [(random.randn(size, 16) * scale).astype(dtype) for size, scale in ((10, 1.0), (7, 0.5), (20, 0.2))]
    save_as_they_do(tmp_path / "model", books)
    model = compat.RQKMeans.load(str(tmp_path / "model"))
    codes = model.encode(rows)
    np.testing.assert_array_equal(codes, nearest(books, rows))
    expected = sum(book[codes[:, level]] for level, book in enumerate(books))
    np.testing.assert_allclose(model.decode(codes), expected, atol=1e-5)
    assert codes.dtype == np.int32 and (model.n_levels, model.n_clusters, model.D_) == (3, [10, 7, 20], 16)
    again = model.to_semid()
    assert isinstance(again, semid.RQKMeans) and len(again.fingerprint) == 64
    np.testing.assert_array_equal(again.encode(rows), codes)


def test_they_can_load_our_models(fitted, rows, tmp_path):
    fitted.save(str(tmp_path / "model"))
    metadata = json.loads((tmp_path / "model" / "metadata.json").read_text())
    assert metadata["type"] == "RQKMeans" and metadata["D"] == 16 and metadata["n_clusters"] == [10, 10, 10]
    with np.load(tmp_path / "model" / "codebooks.npz") as file:
        books = [file[f"codebook_{level}"] for level in range(3)]
    codes = fitted.encode(rows)
    np.testing.assert_array_equal(nearest(books, rows), codes)
    np.testing.assert_allclose(fitted.decode(codes), sum(b[codes[:, i]] for i, b in enumerate(books)), atol=1e-5)
    loaded = compat.RQKMeans.load(str(tmp_path / "model"))
    assert loaded.to_semid().fingerprint == fitted.to_semid().fingerprint


def test_a_model_of_another_type_is_refused(tmp_path):
    save_as_they_do(tmp_path / "model", [np.zeros((2, 3))], type="Other")
    with pytest.raises(ValueError, match="Invalid model type: Other"):
        compat.RQKMeans.load(str(tmp_path / "model"))


def test_the_first_steps_of_their_readme(fitted, rows, tmp_path):
    codes = fitted.encode(rows)
    ids = fitted.semantic_id(codes)
    assert ids[0] == "-".join(map(str, codes[0]))
    assert fitted.semantic_id(codes, fmt="token")[0] == "<a_{}><b_{}><c_{}>".format(*codes[0])
    made = fitted.semantic_id(codes, formatter=lambda row: "".join(f"[item_L{i}_{c}]" for i, c in enumerate(row)))
    assert made[0].startswith("[item_L0_")
    store = compat.SQLiteCollisionStore(str(tmp_path / "collisions.db"))
    engine = compat.SemanticIdEngine(encoder=fitted, unique_resolver=compat.UniqueIdResolver(store=store))
    assert len(set(engine.unique_ids(rows))) == 100
    measured = compat.evaluate(rows, codes, encoder=fitted)
    assert {"recall_at_10", "ndcg_at_10", "quantization_mse"} <= set(measured)
    constrained = compat.RQKMeans(n_levels=3, n_clusters=10, implementation="constrained", random_state=42).fit(rows)
    assert np.bincount(constrained.encode(rows)[:, 0]).max() <= 15


# Their defects


def test_asking_again_gives_the_same_ids(fitted, rows):
    engine = compat.SemanticIdEngine(compat.RQKMeans(2, 3).fit(rows))
    ids = engine.unique_ids(rows)
    assert engine.unique_ids(rows) == ids and len(set(ids)) == 100
    assert engine.unique_ids(rows[50:]) == ids[50:]
    items = [f"SKU{i}" for i in range(100)]
    named = engine.unique_ids(rows, item_ids=items)
    assert engine.unique_ids(rows[::-1], item_ids=items[::-1]) == named[::-1]


def test_equal_rows_are_different_items():
    rows = np.zeros((3, 2))
    engine = compat.SemanticIdEngine(compat.RQKMeans(1, 1).fit(rows))
    assert engine.unique_ids(rows) == ["0", "0-1", "0-2"] == engine.unique_ids(rows)


@pytest.mark.parametrize("sep", ["-", "", "1"])
def test_no_text_is_given_twice(sep):
    asked = ["a", "a", f"a{sep}1", "a", "a1", "a11", "1", "11", "1", "1"]
    given = compat.UniqueIdResolver().assign(asked, sep=sep)
    assert len(set(given)) == len(asked)
    named = compat.UniqueIdResolver().assign(["a"] * 4, item_ids=["x", "x", "x", "y"], sep=sep)
    assert len(set(named)) == 4


def test_token_letters_do_not_begin_anew():
    texts = codes_to_ids(np.arange(28)[None], fmt="token")
    assert texts[0].endswith("<z_25><aa_26><ab_27>")


def test_engines_keep_their_counters_and_resolvers(fitted, rows, tmp_path):
    engine = compat.SemanticIdEngine(fitted)
    ids = engine.unique_ids(rows)
    engine.save(str(tmp_path / "engine"))
    loaded = compat.SemanticIdEngine.load(str(tmp_path / "engine"))
    assert loaded.unique_ids(rows) == ids
    more = loaded.unique_ids(np.concatenate([rows, rows]))
    assert more[:100] == ids and not set(more[100:]) & set(ids)
    other = compat.SemanticIdEngine(fitted, compat.SinkhornResolver(max_iterations=3, fallback_suffix=False))
    other.save(str(tmp_path / "other"))
    resolver = compat.SemanticIdEngine.load(str(tmp_path / "other")).unique_resolver
    assert isinstance(resolver, compat.SinkhornResolver) and resolver.max_iterations == 3


def test_a_store_of_ones_own(fitted, rows):
    class Counters(CollisionStore):
        counts: dict = {}

        def next_suffix(self, key):
            self.counts[key] = self.counts.get(key, -1) + 1
            return self.counts[key]

    engine = compat.SemanticIdEngine(fitted, compat.UniqueIdResolver(Counters()))
    assert len(set(engine.unique_ids(rows))) == 100 and Counters.counts


def test_the_store_in_sqlite_is_fast_and_shared(tmp_path):
    store = compat.SQLiteCollisionStore(str(tmp_path / "c.db"))
    resolver = compat.UniqueIdResolver(store)
    given: list = []
    threads = [
        threading.Thread(target=lambda: given.extend(resolver.assign([str(i % 50) for i in range(500)])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 2000
    other = compat.SQLiteCollisionStore(str(tmp_path / "c.db"))
    assert other.next_suffix("7") == store.next_suffix("7") - 1
    store.close()
    with pytest.raises(RuntimeError), store.batch():
        store.next_suffix("new")
        raise RuntimeError
    assert store.next_suffix("new") == 0


def test_placing_instead_of_suffixes(rows):
    model = compat.RQKMeans(2, [4, 30], random_state=0).fit(rows)
    plain = compat.SemanticIdEngine(model).unique_ids(rows)
    placed = compat.SemanticIdEngine(model, compat.SinkhornResolver()).unique_ids(rows)
    assert len(set(placed)) == 100
    suffixes = [sum(text.count("-") > 1 for text in texts) for texts in (plain, placed)]
    assert suffixes[1] < suffixes[0]


def test_cosine_works(rows):
    model = compat.RQKMeans(2, 5, metric="cosine").fit(rows)
    np.testing.assert_array_equal(model.encode(rows), model.encode(rows * 7.5))


def test_devices_by_their_names(fitted, rows):
    for device in ("cpu", "reference"):
        np.testing.assert_array_equal(fitted.encode(rows, device=device, batch_size=3), fitted.encode(rows))
    if not any(device["name"].startswith("gpu") for device in semid.devices()):
        with pytest.raises(semid.DeviceError, match="cpu"):
            fitted.encode(rows, device="cuda")


@pytest.mark.parametrize("metric", ["hierarchical", "hamming"])
def test_ties_count_by_expectation(metric):
    random = np.random.RandomState(0)
    rows, codes = random.randn(200, 4), random.randint(0, 3, (200, 3))
    order = random.permutation(200)
    for measure in (metrics.recall_at_k, metrics.ndcg_at_k):
        one = measure(rows, codes, k=7, sample_size=200, metric=metric)
        other = measure(rows[order], codes[order], k=7, sample_size=200, metric=metric)
        assert one == pytest.approx(other, abs=1e-12)
    same = metrics.recall_at_k(rows, np.zeros((200, 3), int), k=7, sample_size=200)
    assert same == pytest.approx(7 / 199)


def test_distances_by_brute_force():
    random = np.random.RandomState(0)
    codes = random.randint(0, 3, (50, 4))
    for row in codes:
        for other, found in zip(codes, compat.hierarchical_distance(row, codes)):
            shared = next((at for at in range(4) if row[at] != other[at]), 4)
            assert found == 4 - shared


def test_correlation_as_scipy_has_it():
    stats = pytest.importorskip("scipy.stats")
    random = np.random.RandomState(3)
    rows, codes = random.randn(80, 5), random.randint(0, 4, (80, 3))
    pairs = np.random.RandomState(9)
    one, other = pairs.randint(0, 80, 500), pairs.randint(0, 80, 500)
    expected = stats.spearmanr(
        np.linalg.norm(rows[one] - rows[other], axis=1), compat.hierarchical_distance(codes[one], codes[other])
    )[0]
    found = metrics.distance_correlation(rows, codes, n_pairs=500, seed=9)
    assert found == pytest.approx(expected, abs=1e-12)


SMALL = dict(in_dim=16, num_emb_list=[8, 8], e_dim=4, layers=[16], batch_size=32, epochs=3, lr=1e-3)


def test_networks(rows, tmp_path):
    model = compat.RQVAE(**SMALL).fit(rows)
    codes = model.encode(rows)
    assert codes.shape == (100, 2) and codes.dtype == np.int32 and model.decode(codes).shape == (100, 16)
    assert all(len(model.history_[name]) == 3 for name in ("loss", "recon_loss", "collision_rate", "lr"))
    model.save(str(tmp_path / "vae"))
    loaded = compat.RQVAE.load(str(tmp_path / "vae"))
    np.testing.assert_array_equal(loaded.encode(rows), codes)
    assert loaded.to_semid().fingerprint == compat.RQVAE(**SMALL, verbose=True).fit(rows).to_semid().fingerprint
    with pytest.raises(compat.NotFittedError):
        compat.RQVAE(**SMALL).encode(rows)


@pytest.mark.parametrize("scheduler", [None, "cosine", "step", "constant_with_warmup"])
def test_schedules(rows, scheduler):
    options = dict(lr_scheduler=scheduler, warmup_epochs=2, lr_step_size=1, lr_gamma=0.5)
    rates = compat.RQVAE(**{**SMALL, "epochs": 4}, **options).fit(rows).history_["lr"]
    assert {
        None: rates[0] == rates[-1],
        "cosine": rates[-1] < max(rates),
        "step": rates[-1] < rates[0],
        "constant_with_warmup": rates[0] < rates[-1],
    }[scheduler]


def test_plus_from_codebooks(rows, tmp_path):
    compat.RQKMeans(2, 8, random_state=1).fit(rows).save(str(tmp_path / "start"))
    model = compat.RQVAE(**{**SMALL, "e_dim": 16})
    model.fit(rows, pretrained_codebook_path=str(tmp_path / "start" / "codebooks.npz"))
    assert model.to_semid()._kind == "rq-kmeans-plus"
    model.save(str(tmp_path / "plus"))
    np.testing.assert_array_equal(compat.RQVAE.load(str(tmp_path / "plus")).encode(rows), model.encode(rows))


@pytest.mark.parametrize("bn", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_their_networks_load_through_torch(rows, tmp_path, bn, residual):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)

    def network(*sizes):
        layers = []
        for at, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            layers += [nn.Dropout(0.1), nn.Linear(inputs, outputs)]
            if at + 2 < len(sizes):
                layers += ([nn.BatchNorm1d(outputs)] if bn else []) + [nn.ReLU()]
        return nn.Sequential(*layers)

    encoder, decoder = network(16, 12, 16), network(16, 12, 16)
    encoder(torch.randn(64, 16)), decoder(torch.randn(64, 16))
    encoder.eval(), decoder.eval()
    books = [torch.randn(8, 16), torch.randn(8, 16) / 2]
    place = "encoder.mlp.mlp_layers." if residual else "encoder.mlp_layers."
    state = {place + name: value for name, value in encoder.state_dict().items()}
    state.update({"decoder.mlp_layers." + name: value for name, value in decoder.state_dict().items()})
    state.update({f"rq.vq_layers.{level}.embedding.weight": book for level, book in enumerate(books)})
    (tmp_path / "vae").mkdir()
    torch.save(state, tmp_path / "vae" / "model.pt")
    (tmp_path / "vae" / "metadata.json").write_text(
        json.dumps({"type": "RQVAE", "in_dim": 16, "num_emb_list": [8, 8], "e_dim": 16, "layers": [12], "bn": bn})
    )
    model = compat.RQVAE.load(str(tmp_path / "vae"))
    with torch.no_grad():
        tensor = torch.tensor(rows, dtype=torch.float32)
        latents = encoder(tensor) + (tensor if residual else 0)
        codes = nearest([book.numpy() for book in books], latents.numpy())
        expected = decoder(sum(book[codes[:, level]] for level, book in enumerate(books))).numpy()
    np.testing.assert_array_equal(model.encode(rows), codes)
    np.testing.assert_allclose(model.decode(codes), expected, atol=1e-5)
