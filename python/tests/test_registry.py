"""Unique IDs that stay."""

import threading
import warnings

import numpy as np
import pytest

import semid
from test_command_line import run


@pytest.fixture
def items():
    return [f"item {i}" for i in range(600)]


@pytest.fixture(params=["memory", "sqlite"])
def path(request, tmp_path):
    return None if request.param == "memory" else tmp_path / "ids.db"


def test_ids_are_unique_and_stay(model, X, codes, items, path):
    engine = semid.SemanticIdEngine(model, path)
    ids = engine.unique_ids(X, items)
    assert len(set(ids)) == 600 and engine.last_report["new"] == 600
    for text, row in zip(ids, codes):
        assert text.split("-")[:3] == [str(code) for code in row]
    order = np.random.default_rng(0).permutation(600)
    assert engine.unique_ids(X[order], [items[at] for at in order]) == [ids[at] for at in order]
    assert engine.last_report["kept"] == 600
    assert len(engine) == 600 and list(engine)[:1][0] in items


def test_looking_up(model, X, items, path):
    engine = semid.SemanticIdEngine(model, path)
    ids = engine.unique_ids(X, items)
    assert engine["item 5"] == ids[5] and engine.get("none") is None and engine.get("none", 1) == 1
    assert "item 5" in engine and "none" not in engine
    assert engine.lookup(["item 1", "none"]) == [ids[1], None]
    assert engine.find(ids[9]) == "item 9" and engine.state(ids[9]) == "item"
    prefix = ids[0].split("-")[0]
    below = dict(engine.items(prefix))
    assert below == {item: id for item, id in zip(items, ids) if id.split("-")[0] == prefix}
    assert engine.count(prefix) == len(below) and len(list(engine.items(limit=3))) == 3
    with pytest.raises(KeyError, match="none") as raised:
        engine["none"]
    assert raised.value.kind == "UnknownItem"
    with pytest.raises(semid.InputError):
        engine.find("no id")


def test_removed_ids_are_never_given_again(model, X, items, path):
    engine = semid.SemanticIdEngine(model, path)
    ids = engine.unique_ids(X, items)
    assert engine.remove(["item 3", "none"]) == [ids[3], None]
    assert "item 3" not in engine and engine.state(ids[3]) == "retired" and engine.find(ids[3]) is None
    assert engine.unique_ids(X[3:4], ["another"])[0] not in ids


def test_a_refresh_moves_few_items(model, X, items, path):
    engine = semid.SemanticIdEngine(model, path)
    ids = engine.unique_ids(X, items)
    newer = X + np.float32(0.3) * np.random.default_rng(2).normal(size=X.shape).astype(np.float32)
    refreshed = semid.RQKMeans(3, 8, device="cpu").fit(newer, warm_start=model)
    assert engine.adopt_model(refreshed).model is refreshed and engine.lookup(items) == ids
    moves = engine.move_if_gain(newer, items, gain=0.01, at_most=20)
    assert engine.last_report["moved"] == len(moves) == 20 and engine.last_report["gaining"] >= 20
    gains = [before - after for *_, before, after in moves]
    assert gains == sorted(gains, reverse=True) and gains[-1] > 0
    for item, old, new, *_ in moves:
        assert ids[int(item[5:])] == old and engine[item] == new and engine.state(old) == "retired"
    moved = {item for item, *_ in moves}
    assert all(engine[item] == id for item, id in zip(items, ids) if item not in moved)
    with pytest.raises(semid.InputError, match="gain"):
        engine.move_if_gain(newer, items, gain=-1, at_most=5)
    with pytest.raises(semid.RegistryError):
        engine.adopt_model(semid.RQKMeans(3, 8, random_state=5, device="cpu").fit(newer))


def test_nearest(model, X, items):
    engine = semid.SemanticIdEngine(model)
    engine.unique_ids(X, items)
    nearest = engine.nearest("item 0", 5)
    assert len(nearest) == 5 and all(item != "item 0" for item, *_ in nearest)
    shared = [shared for _, _, shared, _ in nearest]
    assert shared == sorted(shared, reverse=True)


@pytest.mark.parametrize("resolver", ["suffix", "suffix-always", "item-id", "reassign"])
@pytest.mark.parametrize("format", ["plain", "token"])
def test_resolvers_and_formats(model, X, items, resolver, format):
    engine = semid.SemanticIdEngine(model, resolver=resolver, format=format)
    ids = engine.unique_ids(X, items)
    assert len(set(ids)) == 600
    assert engine.manifest["resolver"] == resolver
    assert [engine.find(id) for id in ids[::50]] == items[::50]


def test_items_move_to_candidates(model, X, items, tmp_path):
    crowd = np.repeat(X[:60], 10, axis=0)
    path = tmp_path / "ids.db"
    plain = semid.SemanticIdEngine(model, resolver="reassign", capacity=2)
    plain.unique_ids(crowd, items)
    engine = semid.SemanticIdEngine(model, path, resolver="reassign", candidates=32)
    ids = engine.unique_ids(crowd[:400], items[:400])
    again = semid.SemanticIdEngine.load(path, candidates=32)
    assert again.unique_ids(crowd[:400], items[:400]) == ids and again.last_report["kept"] == 400
    whole = semid.SemanticIdEngine(model, resolver="reassign", capacity=2, candidates=32)
    assert len(set(whole.unique_ids(crowd, items))) == 600
    assert 0 < whole.last_report["added_distance"] < plain.last_report["added_distance"]
    for count, match in [(0, "candidates"), (1.5, "integer"), (10**9, "must be 1 to 1024")]:
        with pytest.raises(semid.InputError, match=match):
            semid.SemanticIdEngine(model, resolver="reassign", candidates=count).unique_ids(X, items)
    with pytest.raises(semid.InputError, match="reassign"):
        semid.SemanticIdEngine(model, candidates=3).unique_ids(X, items)


def test_templates(model, X):
    engine = semid.SemanticIdEngine(model, template="<s_{level}_{code}>", begin="<sid>", end="</sid>")
    first = engine.unique_ids(X)[0]
    assert first.startswith("<sid><s_a_") and first.endswith("</sid>") and engine.find(first) == "0"


def test_saving_and_loading(model, X, items, path, tmp_path):
    engine = semid.SemanticIdEngine(model, path)
    ids = engine.unique_ids(X, items)
    engine.save(tmp_path / "copy.db")
    with semid.SemanticIdEngine.load(tmp_path / "copy.db") as copy:
        assert copy.lookup(items) == ids
        assert copy.model.fingerprint == model.fingerprint
        assert copy.unique_ids(X, items) == ids
    with semid.SemanticIdEngine.load(tmp_path / "copy.db", read_only=True) as reader:
        assert reader["item 3"] == ids[3]
        with pytest.raises(semid.RegistryError) as raised:
            reader.unique_ids(X[:1], ["new"])
        assert raised.value.kind == "ReadOnly"


def test_going_on_in_a_database(model, X, items, tmp_path):
    with semid.SemanticIdEngine(model, tmp_path / "ids.db") as engine:
        ids = engine.unique_ids(X[:300], items[:300])
    with semid.SemanticIdEngine(model, tmp_path / "ids.db") as engine:
        assert engine.unique_ids(X, items)[:300] == ids
        assert engine.last_report["kept"] == 300
    with pytest.raises(AttributeError, match="closed"):
        engine.unique_ids(X, items)
    other = semid.RQKMeans(3, 8, random_state=1).fit(X)
    with pytest.raises(semid.RegistryError) as raised:
        semid.SemanticIdEngine(other, tmp_path / "ids.db")
    assert raised.value.kind == "OtherModel"


def test_what_is_closed_says_so(model, X):
    for closed, name in ((semid.SemanticIdEngine(model), "SemanticIdEngine"), (semid.Registry(2), "Registry")):
        with closed:
            closed.close()
        closed.close()
        with pytest.raises(AttributeError, match=f"this {name} is closed"):
            len(closed)
        assert not hasattr(closed, "nothing")


def test_a_loaded_engine_fits_no_model(model, X, tmp_path):
    semid.SemanticIdEngine(model).save(tmp_path / "ids.db")
    engine = semid.SemanticIdEngine.load(tmp_path / "ids.db")
    with pytest.raises(semid.InputError, match="make a new engine"):
        engine.fit(X[:300])
    assert engine.model.fingerprint == model.fingerprint and len(engine.unique_ids(X)) == len(X)


def test_an_engine_fits_its_model(X, codes):
    engine = semid.SemanticIdEngine(semid.RQKMeans(3, 8))
    with pytest.raises(semid.NotFittedError):
        engine.unique_ids(X)
    ids = engine.fit(X).unique_ids(X)
    assert ids[0].startswith("-".join(map(str, codes[0])))


@pytest.mark.parametrize("unknown", ["nearest", "reserve"])
def test_labels_give_the_first_codes_of_ids_as_in_the_tool(X, items, tool, tmp_path, unknown):
    names = ("x.npy", "kind.txt", "items.txt", "m.safetensors", "theirs.db", "ours.db")
    rows, file, keys, output, theirs, ours = (tmp_path / name for name in names)
    labels = [["tea", "", "cup", "pot"][row % 4] for row in range(600)]
    np.save(rows, X)
    file.write_text("\n".join(labels) + "\n")
    keys.write_text("\n".join(items) + "\n")
    engine = semid.SemanticIdEngine(semid.RQKMeans(2, 8, device="cpu"), ours)
    engine.fit(X, labels={"kind": labels}, unknown=unknown)
    engine.model.save(output)
    flags = ["--input", rows, "--prefix-labels", file, "--items", keys, "--db", theirs, "--json"]
    run(tool, "assign", "--model", output, *flags)
    ids = engine.unique_ids(X, items, labels={"kind": labels})
    with semid.SemanticIdEngine.load(theirs) as again:
        assert again.lookup(items) == ids
    # A few rows go another way through the engine, and an item keeps its ID.
    assert engine.unique_ids(X[40:50], items[40:50], labels=labels[40:50]) == ids[40:50]
    new = [f"new {row}" for row in range(20)]
    fresh = semid.SemanticIdEngine(engine.model).unique_ids(X[:20], new, labels=labels[:20])
    whole = engine.model.encode(X[:20], labels=labels[:20])
    assert [id.split("-")[:3] for id in fresh] == [[str(code) for code in row] for row in whole]
    given = {"tea": "2", "cup": "0", "pot": "1"}
    assert all(id.split("-")[0] == given[label] for id, label in zip(ids, labels) if label)
    with pytest.raises(semid.InputError, match="599 labels for 600 rows"):
        engine.unique_ids(X, items, labels=labels[:-1])


def test_ids_without_labels_are_warned_of(X, items):
    """A registry keeps IDs for ever, so that the warning has to come before; it says who called."""
    kinds = [["tea", "cup"][row % 2] for row in range(600)]
    engine = semid.SemanticIdEngine(semid.RQKMeans(1, 8)).fit(X, labels={"kind": kinds})
    for ask in (
        lambda: engine.unique_ids(X, items),
        lambda: engine.model.ids(X),
        lambda: engine.model.encode(X),
        lambda: engine.model.encode(iter([X])),
        lambda: next(engine.model.encode_batches(iter([X]))),
        lambda: engine.model.score(X),
        lambda: semid.evaluate(engine.model, X, k=0),
        lambda: semid.Report(engine.model, X),
    ):
        with pytest.warns(UserWarning, match="'kind', without which all labels count as unknown") as found:
            ask()
        assert [warning.filename for warning in found] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = engine.model.encode(X, labels=kinds)
        assert engine.model.ids(X, labels=kinds) == ["-".join(map(str, row)) for row in codes]
        assert (
            semid.evaluate(engine.model, X, k=0, codes=codes)["mse"]
            == (semid.evaluate(engine.model, X, k=0, labels=kinds)["mse"])
        )
        semid.Report(engine.model, X, codes=codes)
        semid.SemanticIdEngine(semid.RQKMeans(1, 8)).fit(X).unique_ids(X)


def test_a_beam_encodes_items(X, items, tmp_path):
    model = semid.RQKMeans(3, 8).fit(X)
    wide, narrow = model.encode(X, beam=8), model.encode(X)
    assert (wide != narrow).any()
    texts = lambda ids: [id.split("-")[:3] for id in ids]
    expected = [[str(code) for code in row] for row in wide]
    with semid.SemanticIdEngine(model, tmp_path / "ids.db", beam=8) as engine:
        assert texts(engine.unique_ids(X[:300], items[:300])) == expected[:300]
    with semid.SemanticIdEngine.load(tmp_path / "ids.db", beam=8) as engine:
        assert texts(engine.unique_ids(X, items)) == expected
    for width, words in [(0, "beam"), (1.5, "integer")]:
        with pytest.raises(semid.InputError, match=words):
            semid.SemanticIdEngine(model, beam=width)


def test_registries_without_a_model(tmp_path):
    with semid.Registry(2, tmp_path / "ids.db", model="ours") as registry:
        assert registry.assign(["a", "b", 3], [[1, 2], [1, 2], [0, 0]]) == ["1-2", "1-2-1", "0-0"]
    with semid.Registry.load(tmp_path / "ids.db") as again:
        assert again.assign([3, "c"], np.array([[0, 0], [1, 2]], np.uint8)) == ["0-0", "1-2-2"]
        assert again.manifest["fingerprint"] == "ours"
    with pytest.raises(semid.RegistryError):
        semid.Registry(2, tmp_path / "ids.db", model="other")
    with pytest.raises(semid.InputError, match="no model"):
        semid.SemanticIdEngine.load(tmp_path / "ids.db")
    with pytest.raises(semid.InputError, match="SemanticIdEngine"):
        semid.Registry(2, resolver="reassign")


@pytest.mark.parametrize("form", ["list", "tuple", "array", "arrow", "polars", "pandas"])
def test_item_keys_in_any_form(form):
    keys = ["a", "b"]
    if form == "tuple":
        keys = ("a", "b")
    elif form == "array":
        keys = np.array(keys)
    elif form == "arrow":
        keys = pytest.importorskip("pyarrow").array(keys)
    elif form == "polars":
        keys = pytest.importorskip("polars").Series(keys)
    elif form == "pandas":
        keys = pytest.importorskip("pandas").Series(keys)
    registry = semid.Registry(1)
    assert registry.assign(keys, [[1], [1]]) == ["1", "1-1"]


@pytest.mark.parametrize(
    "keys, words",
    [
        (["a"], "1 item key for 2 rows"),
        (["", "b"], "row 0"),
        ([None, "b"], "None"),
        ([1.5, "b"], "1.5"),
        (["a", "a"], "same"),
    ],
)
def test_item_keys_that_are_refused(keys, words):
    with pytest.raises(semid.InputError, match=words):
        semid.Registry(1).assign(keys, [[1], [2]])
    with pytest.raises(TypeError, match="not one text"):
        semid.Registry(1).assign("ab", [[1], [2]])


def test_ids_as_arrow(model, X):
    pa = pytest.importorskip("pyarrow")
    ids = semid.SemanticIdEngine(model).unique_ids(X, output="arrow")
    assert ids.type == pa.string() and len(ids) == 600


@pytest.mark.parametrize(
    "kind, name",
    [
        ("ids", "ids.csv"),
        ("ids", "ids.jsonl"),
        ("ids", "ids.parquet"),
        ("index", "index.json"),
        ("vocabulary", "vocabulary.json"),
        ("added-tokens", "added_tokens.json"),
        ("trie", "trie.safetensors"),
        ("static", "static.npz"),
        ("sid-json", "sids.json"),
    ],
)
def test_exports(model, X, tmp_path, kind, name):
    engine = semid.SemanticIdEngine(model, resolver="suffix-always")
    engine.unique_ids(X)
    engine.export(tmp_path / name, kind, first_token=1000)
    assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(semid.InputError, match="trie"):
        engine.export(tmp_path / name, "unknown")


def test_token_ids_need_a_beginning(model, X, tmp_path):
    engine = semid.SemanticIdEngine(model)
    engine.unique_ids(X)
    with pytest.raises(semid.InputError, match="first_token"):
        engine.export(tmp_path / "v.json", "vocabulary")


def test_threads_share_a_registry(model, X, path):
    engine = semid.SemanticIdEngine(model, path)
    failures = []

    def work(part):
        try:
            mine = slice(part * 150, part * 150 + 150)
            keys = [str(at) for at in range(600)][mine]
            ids = engine.unique_ids(X[mine], keys)
            assert engine.lookup(keys) == ids
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len({id for _, id in engine.items()}) == 600
