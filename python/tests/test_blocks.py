"""Several embeddings of every row."""

import numpy as np
import pytest

import semid


def items(rows=300):
    rng = np.random.default_rng(5)
    found = {"text": rng.normal(size=(rows, 6)).astype(np.float32), "image": rng.normal(size=(rows, 4)) * 100 + 7}
    found["image"][::9] = np.nan
    return found


def joined(model, parts):
    """The rows that the model is fitted to, where none lacks an embedding."""
    blocks = []
    for block in model.blocks_:
        part = np.asarray(parts[block["name"]], np.float32)
        blocks.append((part.astype(np.float64) * block["scale"]).astype(np.float32))
    return np.hstack(blocks)


def test_scaled_embeddings_have_their_weights_as_mean_squares():
    parts = items()
    model = semid.RQKMeans(2, 8, device="cpu").fit(parts, column_weight=[1, 0.25])
    assert [block["name"] for block in model.blocks_] == ["text", "image"]
    assert model.report_["imputed"] == {"text": 0, "image": 34}
    for block, weight in zip(model.blocks_, [1, 0.25]):
        part = np.asarray(parts[block["name"]], np.float64)
        part = part[~np.isnan(part).all(axis=1)]
        square = ((part - part.mean(axis=0)) ** 2).sum(axis=1).mean() * block["scale"] ** 2
        assert block["weight"] == weight
        assert abs(square / weight - 1) < 1e-4


def test_rows_joined_by_hand_get_the_same_codewords():
    parts = items()
    parts["image"] = np.nan_to_num(parts["image"], nan=7.0)
    model = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    by_hand = semid.RQKMeans(2, 8, device="cpu").fit(joined(model, parts))
    assert all(np.array_equal(a, b) for a, b in zip(model.codebooks_, by_hand.codebooks_))
    assert np.array_equal(model.encode(parts), by_hand.encode(joined(model, parts)))
    assert model.fingerprint != by_hand.fingerprint
    # Decoded rows are in the units of the embeddings.
    scales = np.repeat([block["scale"] for block in model.blocks_], [6, 4])
    decoded, expected = model.decode(model.encode(parts)), by_hand.decode(by_hand.encode(joined(model, parts)))
    assert np.array_equal(decoded, (expected.astype(np.float64) / scales).astype(np.float32))


def test_names_and_not_their_order_say_which_embedding_is_which(tmp_path):
    parts = items()
    model = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    turned = dict(reversed(parts.items()))
    assert np.array_equal(model.encode(turned), model.encode(parts))
    model.save(tmp_path / "m.safetensors")
    loaded = semid.load(tmp_path / "m.safetensors")
    assert (loaded.fingerprint, loaded.blocks_) == (model.fingerprint, model.blocks_)
    assert np.array_equal(loaded.encode(parts), model.encode(parts))
    batches = [{name: part[i : i + 50] for name, part in parts.items()} for i in range(0, 300, 50)]
    assert np.array_equal(np.concatenate(list(model.encode_batches(iter(batches)))), model.encode(parts))


def test_everything_that_takes_rows_takes_embeddings():
    parts = items()
    model = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    assert semid.evaluate(model, parts, k=0)["squared_error_per_row"] > 0
    assert np.array_equal(model.candidates(parts, 2, beam=4)[0][:, 0], model.encode(parts, beam=4))
    assert bool(semid.verify(model, parts, devices=["cpu"]))
    engine = semid.SemanticIdEngine(model)
    assert len(set(engine.unique_ids(parts))) == 300
    plus = semid.RQKMeansPlus(model, epochs=1, device="cpu").fit(parts)
    assert plus.blocks_ == model.blocks_
    for start in (None, semid.RQKMeans(2, 8)):
        made = semid.RQKMeansPlus(start, n_levels=2, n_clusters=8, epochs=1, batch_size=64, device="cpu")
        assert [block["weight"] for block in made.fit(parts, column_weight=[1, 0.25]).blocks_] == [1, 0.25]


def test_a_start_keeps_the_scales_of_its_embeddings():
    parts = items()
    start = semid.RQKMeans(2, 8).fit(parts)
    plus = semid.RQKMeansPlus(start, epochs=1, batch_size=64, device="cpu")
    for fit in (plus.fit, lambda parts, **more: semid.RQKMeans(2, 8).fit(parts, warm_start=start, **more)):
        with pytest.raises(semid.InputError, match="keeps the scales"):
            fit(parts, column_weight=[1, 0.25])
        assert fit(parts, column_weight=[1, 1]).blocks_ == start.blocks_


def test_embeddings_may_be_columns_of_tables():
    pyarrow = pytest.importorskip("pyarrow")
    parts = items()
    table = lambda part: pyarrow.table({"other": (part * 2).tolist(), "values": part.tolist()})
    tables = {name: table(part) for name, part in parts.items()}
    fitted = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    assert semid.RQKMeans(2, 8, device="cpu").fit(tables, column="values").fingerprint == fitted.fingerprint


@pytest.mark.parametrize(
    "form", ["list", "large list", "fixed list", "chunks", "slice", "empty", "table", "pandas", "plain"]
)
def test_nulls_are_missing_embeddings(form):
    pyarrow = pytest.importorskip("pyarrow")
    parts = items()
    expected = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    rows = [None if np.isnan(row).all() else row.astype(np.float32).tolist() for row in parts["image"]]
    array = pyarrow.array(rows, pyarrow.list_(pyarrow.float32()))
    given = {
        "list": lambda: array,
        "large list": lambda: pyarrow.array(rows, pyarrow.large_list(pyarrow.float64())),
        "fixed list": lambda: pyarrow.array(rows, pyarrow.list_(pyarrow.float32(), 4)),
        # A chunk of nothing but nulls has no dimensions of its own.
        "chunks": lambda: pyarrow.chunked_array([array[:1], array[1:7], array[7:]]),
        "slice": lambda: pyarrow.concat_arrays([array[:5], array])[5:],
        "empty": lambda: pyarrow.array([row or [] for row in rows], pyarrow.list_(pyarrow.float32())),
        "table": lambda: pyarrow.table({"embedding": array}),
        "pandas": lambda: pytest.importorskip("pandas").Series(rows),
        "plain": lambda: rows,
    }[form]()
    model = semid.RQKMeans(2, 8, device="cpu").fit({"text": parts["text"], "image": given})
    assert model.fingerprint == expected.fingerprint
    assert model.report_["imputed"] == {"text": 0, "image": 34}
    assert np.array_equal(model.encode({"text": parts["text"], "image": given}), expected.encode(parts))
    # Alone they are bad rows, as nothing can take their place.
    with pytest.raises(semid.InputError, match="row"):
        semid.RQKMeans(2, 8, device="cpu").fit(given)


def test_nulls_within_an_embedding_are_refused():
    pyarrow = pytest.importorskip("pyarrow")
    image = pyarrow.array([[1.0, 2.0], None, [3.0, None]])
    with pytest.raises(semid.InputError, match="row 2: value 1 is null"):
        semid.RQKMeans(1, 2).fit({"text": np.eye(3), "image": image})
    with pytest.raises(semid.InputError, match="row 2: it has 1 values"):
        semid.RQKMeans(1, 2).fit({"text": np.eye(3), "image": pyarrow.array([[1.0, 2.0], None, [3.0]])})


def test_files_of_several_embeddings(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parts = items()
    rows = [None if np.isnan(row).all() else row.astype(np.float32).tolist() for row in parts["image"]]
    path = tmp_path / "items.parquet"
    parquet.write_table(pyarrow.table({"text": parts["text"].tolist(), "image": rows}), path)
    opened = semid.open(path, column=["text", "image"])
    assert {name: source.shape for name, source in opened.items()} == {"text": (300, 6), "image": (300, 4)}
    model = semid.RQKMeans(2, 8, device="cpu").fit(opened)
    assert model.fingerprint == semid.RQKMeans(2, 8, device="cpu").fit(parts).fingerprint
    for wrong in (["text"], ["text", "text"], [], ["text", 3]):
        with pytest.raises(semid.InputError, match="column="):
            semid.open(path, column=wrong)


@pytest.mark.parametrize("form", ["file", "iterator"])
def test_an_embedding_may_be_missing_in_memory_alone(form, tmp_path):
    parts = items()
    image = parts["image"]
    if form == "file":
        np.save(tmp_path / "image.npy", image)
        given = tmp_path / "image.npy"
    else:
        given = iter([image])
    with pytest.raises(semid.InputError, match="row"):
        semid.RQKMeans(2, 8, device="cpu").fit({"text": parts["text"], "image": given})


def test_other_embeddings_are_refused():
    parts = items()
    model = semid.RQKMeans(2, 8, device="cpu").fit(parts)
    plain = semid.RQKMeans(2, 8, device="cpu").fit(parts["text"])
    for wrong, words in [
        (parts["text"], "text, image"),
        ({"text": parts["text"]}, "text, image"),
        ({**parts, "more": parts["text"]}, "text, image"),
        ({"text": parts["image"], "image": parts["text"]}, "dimensions"),
    ]:
        with pytest.raises(semid.InputError, match=words):
            model.encode(wrong)
    with pytest.raises(semid.InputError, match="one embedding"):
        plain.encode(parts)
    for weights, words in [([1], "2 numbers"), ([1, 0], "above 0"), ([1, float("nan")], "finite")]:
        with pytest.raises(semid.InputError, match=words):
            semid.RQKMeans(2, 8).fit(parts, column_weight=weights)
    with pytest.raises(semid.InputError, match="several embeddings"):
        semid.RQKMeans(2, 8).fit(parts["text"], column_weight=[1])
    with pytest.raises(semid.InputError):
        semid.RQKMeans(2, 8).fit({"text": parts["text"], "image": parts["image"][:-1]})
    with pytest.raises(semid.InputError, match="empty"):
        semid.RQKMeans(2, 8).fit({})
    with pytest.raises(TypeError):
        semid.RQKMeans(2, 8).fit({1: parts["text"]})
    with pytest.raises(TypeError, match="not dicts"):
        semid.RQKMeans(2, 8).fit({"both": parts})
