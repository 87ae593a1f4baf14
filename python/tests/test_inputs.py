"""What people hold: every form of the same rows gives the same model and the same codes."""

import json

import numpy as np
import pytest

import semid
from conftest import made_up
from semid._input import to_rows


@pytest.fixture(scope="module")
def small():
    """Integers from -8 to 8, which every type of numbers holds exactly."""
    return np.clip(np.round(made_up(300, 8, seed=3)), -8, 8)


@pytest.fixture(scope="module")
def expected(small):
    model = semid.RQKMeans(2, 8, device="cpu").fit(small.astype(np.float32))
    return model, model.encode(small.astype(np.float32))


def check(rows, expected, **options):
    model, codes = expected
    fitted = semid.RQKMeans(2, 8, device="cpu").fit(rows, **options)
    assert fitted.fingerprint == model.fingerprint
    np.testing.assert_array_equal(model.encode(rows, **options), codes)


TYPES = ["f4", "f8", "f2", ">f4", "<f8", ">f8", ">f2", "i1", "i2", "i4", "i8", ">i4", "longdouble", "O"]

LAYOUTS = {
    "c": lambda rows: np.ascontiguousarray(rows),
    "fortran": lambda rows: np.asfortranarray(rows),
    "every other row": lambda rows: np.repeat(rows, 2, axis=0)[::2],
    "every other column": lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
    "backwards": lambda rows: rows[::-1].copy()[::-1],
    "columns backwards": lambda rows: rows[:, ::-1].copy()[:, ::-1],
    "transposed": lambda rows: rows.T.copy().T,
    "part of a larger one": lambda rows: np.pad(rows, 3)[3:-3, 3:-3],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES)
def test_numpy_of_any_type_and_strides(small, expected, dtype, layout):
    rows = LAYOUTS[layout](small.astype(dtype))
    np.testing.assert_array_equal(rows.astype("f8"), small)
    check(rows, expected)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "?"])
def test_unsigned_and_truth(dtype):
    rows = (made_up(100, 4) > 0).astype(dtype)
    np.testing.assert_array_equal(
        semid.RQKMeans(1, 4).fit_predict(rows), semid.RQKMeans(1, 4).fit_predict(rows.astype("f4"))
    )


def test_f64_is_rounded_to_the_nearest_f32(X):
    rows = X.astype(np.float64) + 1e-9
    assert semid.RQKMeans(2, 8).fit(rows).fingerprint == semid.RQKMeans(2, 8).fit(rows.astype("f4")).fingerprint


def test_rows_that_are_read_only_and_not_aligned(small, expected):
    raw = np.zeros(small.size * 4 + 1, np.uint8)
    rows = raw[1:].view(np.float32).reshape(small.shape)
    rows[:] = small
    rows.flags.writeable = False
    assert not rows.flags.aligned
    check(rows, expected)


def test_lists_and_parts(small, expected):
    check(small.tolist(), expected)
    check([tuple(row) for row in small.tolist()], expected)
    check(list(small), expected)
    check([small[:100], small[100:250].astype("f8"), small[250:].astype("f2")], expected)


def test_iterators_of_batches(small, expected):
    model, codes = expected
    for kinds in (("f4", "f4", "f4"), ("f8", "f2", "i1")):
        batches = lambda: iter(
            [small[:7].astype(kinds[0]), small[7:100].astype(kinds[1]), small[100:].astype(kinds[2])]
        )
        assert semid.RQKMeans(2, 8).fit(batches()).fingerprint == model.fingerprint
        np.testing.assert_array_equal(model.encode(batches()), codes)
        assert semid.RQKMeans(2, 8).fit(x for x in batches()).fingerprint == model.fingerprint


def test_batches_stay_on_disk_while_they_are_in_use(small, tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", small)
    folder = tmp_path / "temporary"
    folder.mkdir()
    for name in ("TMPDIR", "TMP"):
        monkeypatch.setenv(name, str(folder))
    # The array goes to disk, so that it can follow a file.
    rows = to_rows([semid.open(tmp_path / "x.npy"), small])
    assert len(list(folder.iterdir())) == 1
    np.testing.assert_array_equal(rows.read(300, 300), small)
    del rows
    assert not list(folder.iterdir())


def test_batches_of_different_widths_are_refused(small):
    with pytest.raises(semid.InputError, match="dimensions"):
        semid.RQKMeans(1, 2).fit(iter([small, small[:, :3]]))


def test_an_iterator_without_rows():
    with pytest.raises(semid.InputError, match="no rows"):
        semid.RQKMeans(1, 2).fit(iter([]))


@pytest.mark.parametrize("form", ["str", "path", "pattern", "folder", "list", "open"])
def test_paths_and_patterns(small, expected, tmp_path, form):
    np.save(tmp_path / "part-0.npy", small[:100].astype("f4"))
    np.save(tmp_path / "part-1.npy", small[100:].astype("f8"))
    both = [tmp_path / "part-0.npy", str(tmp_path / "part-1.npy")]
    if form in ("str", "path"):
        np.save(tmp_path / "all.npy", small.astype("f2"))
        check({"str": str, "path": lambda path: path}[form](tmp_path / "all.npy"), expected)
    elif form == "pattern":
        check(tmp_path / "part-*.npy", expected)
    elif form == "folder":
        check(tmp_path, expected)
    elif form == "list":
        check(both, expected)
    else:
        source = semid.open(*both)
        assert source.shape == (300, 8) and len(source) == 300 and "300 x 8" in repr(source)
        check(source, expected)


def test_files_with_bad_rows(small, tmp_path):
    rows = small.astype("f4")
    rows[7, 3] = np.nan
    np.save(tmp_path / "x.npy", rows)
    with pytest.raises(semid.InputError) as raised:
        semid.RQKMeans(1, 2).fit(tmp_path / "x.npy")
    assert raised.value.kind == "BadRows" and "row 7" in str(raised.value)
    assert len(semid.open(tmp_path / "x.npy", bad_rows="skip")) == 299


# PyArrow


def arrow_forms(rows):
    pa = pytest.importorskip("pyarrow")
    flat = pa.array(rows.astype("f4").ravel())
    fixed = pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])
    offsets = np.arange(0, rows.size + 1, rows.shape[1])
    listed = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)
    large = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), flat)
    chunks = pa.chunked_array([fixed.slice(0, 11), fixed.slice(11, 0), fixed.slice(11)])
    table = pa.table({"name": [str(i) for i in range(len(rows))], "vector": fixed})
    batches = [*table.slice(0, 50).to_batches(), *table.slice(50).to_batches()]
    return {
        "fixed": fixed,
        "list": listed,
        "large list": large,
        "sliced list": pa.concat_arrays([listed.slice(0, 3), listed]).slice(3),
        "sliced fixed": pa.concat_arrays([fixed.slice(0, 3), fixed]).slice(3),
        "slice of a list": pa.concat_arrays([listed.slice(7, 2), listed, listed])[2 : 2 + len(rows)],
        "f64": fixed.cast(pa.list_(pa.float64(), rows.shape[1])),
        "f16": pa.FixedSizeListArray.from_arrays(pa.array(rows.astype("f2").ravel()), rows.shape[1]),
        "chunked": chunks,
        "column": table.column("vector"),
        "table": table,
        "batch": table.combine_chunks().to_batches()[0],
        "tensor": pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [rows.shape[1]]), fixed),
        "batches": batches,
    }


@pytest.mark.parametrize(
    "form",
    [
        "fixed",
        "list",
        "large list",
        "sliced list",
        "sliced fixed",
        "slice of a list",
        "f64",
        "f16",
        "chunked",
        "column",
        "table",
        "batch",
        "tensor",
    ],
)
def test_arrow(small, expected, form):
    check(arrow_forms(small)[form], expected)


def test_readers_of_record_batches(small, expected):
    pa = pytest.importorskip("pyarrow")
    model, codes = expected
    batches = arrow_forms(small)["batches"]
    reader = lambda: pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    assert semid.RQKMeans(2, 8).fit(reader(), column="vector").fingerprint == model.fingerprint
    np.testing.assert_array_equal(model.encode(reader()), codes)


def test_the_c_stream_interface_alone(small, expected):
    """Any object with `__arrow_c_stream__` will do, without PyArrow's classes."""
    table = arrow_forms(small)["table"]

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return table.__arrow_c_stream__(requested_schema)

    check(Stream(), expected)


def test_arrow_rows_that_cannot_be_used(small):
    pa = pytest.importorskip("pyarrow")
    model = semid.RQKMeans(1, 2)
    with pytest.raises(semid.InputError, match="row 2.*null"):
        model.fit(pa.chunked_array([[[1.0, 2.0]], [[3.0, 4.0], None]]))
    with pytest.raises(semid.InputError, match="row 1: value 1 is null"):
        model.fit(pa.array([[1.0, 2.0], [3.0, None]]))
    with pytest.raises(semid.InputError, match="row 1.*3 values"):
        model.fit(pa.array([[1.0, 2.0], [3.0, 4.0, 5.0]]))
    with pytest.raises(semid.InputError, match="lists of floats"):
        model.fit(pa.array(["a", "b"]))
    with pytest.raises(semid.InputError, match="lists of floats"):
        model.fit(pa.array([["a"], ["b"]]))
    with pytest.raises(semid.InputError, match="column"):
        model.fit(pa.table({"a": [[1.0]], "b": [[2.0]]}))
    with pytest.raises(semid.InputError, match='no column "c"'):
        model.fit(pa.table({"a": [[1.0]]}), column="c")
    assert model.fit(pa.table({"a": [[1.0], [2.0]], "b": [[2.0], [3.0]]}), column="b").n_features_in_ == 1


# Polars, pandas, datasets, PyTorch


@pytest.mark.parametrize("form", ["array", "list", "frame", "named", "numbers", "chunks"])
def test_polars(small, expected, form):
    pl = pytest.importorskip("polars")
    array = pl.Series("embedding", small.astype("f4"), dtype=pl.Array(pl.Float32, 8))
    names = pl.Series("name", [str(i) for i in range(300)])
    if form == "array":
        check(array, expected)
    elif form == "list":
        check(array.cast(pl.List(pl.Float64)), expected)
    elif form == "frame":
        check(pl.DataFrame([names, array]), expected)
    elif form == "named":
        check(
            pl.DataFrame([names, array.alias("v"), pl.Series("w", -small.astype("f4"), dtype=pl.Array(pl.Float32, 8))]),
            expected,
            column="v",
        )
    elif form == "numbers":
        check(pl.DataFrame(small.astype("f4")), expected)
    else:
        check(pl.concat([array[:9], array[9:]], rechunk=False), expected)


@pytest.mark.parametrize("form", ["numbers", "lists", "arrays", "frame", "named", "arrow"])
def test_pandas(small, expected, form):
    pd = pytest.importorskip("pandas")
    if form == "numbers":
        check(pd.DataFrame(small), expected)
    elif form == "lists":
        check(pd.Series(small.tolist()), expected)
    elif form == "arrays":
        check(pd.Series(list(small.astype("f4")), index=range(1000, 1300)), expected)
    elif form == "frame":
        check(pd.DataFrame({"name": range(300), "embedding": list(small)}), expected)
    elif form == "named":
        check(pd.DataFrame({"v": list(small), "w": list(small * 2)}), expected, column="v")
    else:
        pa = pytest.importorskip("pyarrow")
        check(pd.Series(pd.arrays.ArrowExtensionArray(pa.array(small.tolist(), pa.list_(pa.float32())))), expected)


@pytest.mark.parametrize("missing", ["None", "NaN", "NA"])
@pytest.mark.parametrize("row", [0, 2])
def test_null_rows_of_pandas_are_named(small, missing, row):
    pd = pytest.importorskip("pandas")
    column = pd.Series(small.tolist(), dtype=object)
    column[row] = {"None": None, "NaN": float("nan"), "NA": pd.NA}[missing]
    with pytest.raises(semid.InputError, match=f"row {row} is null; drop such rows first"):
        semid.RQKMeans(1, 2).fit(column)


def test_pandas_remembers_the_names_of_columns(small):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(small, columns=[f"f{i}" for i in range(8)])
    model = semid.RQKMeans(1, 2).fit(frame)
    assert list(model.feature_names_in_) == [f"f{i}" for i in range(8)]
    assert not hasattr(model.fit(small), "feature_names_in_")


@pytest.mark.parametrize("form", ["whole", "column", "chosen", "reader"])
def test_datasets(small, expected, form):
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"name": [str(i) for i in range(300)], "embedding": small.tolist()})
    if form == "whole":
        check(data, expected)
    elif form == "column":
        check(data["embedding"], expected)
    elif form == "chosen":
        shuffled = datasets.Dataset.from_dict({"embedding": small[::-1].tolist()}).select(range(299, -1, -1))
        check(shuffled, expected)
    else:
        check(data.with_format("numpy"), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int8"])
@pytest.mark.parametrize("layout", ["rows", "transposed", "strided"])
def test_torch(small, expected, dtype, layout):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(small).to(getattr(torch, dtype))
    if layout == "transposed":
        tensor = tensor.T.contiguous().T
    elif layout == "strided":
        tensor = torch.repeat_interleave(tensor, 2, dim=0)[::2]
    check(tensor.requires_grad_(tensor.is_floating_point()), expected)


def test_torch_loaders_and_lists(small, expected):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(small, dtype=torch.float32)
    check(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(tensor), batch_size=64), expected)
    check(torch.utils.data.DataLoader(tensor, batch_size=64), expected)
    check(list(tensor), expected)
    check([tensor[:10], tensor[10:]], expected)


def test_dlpack_alone(small, expected):
    class Tensor:
        rows = small.astype("f4")

        def __dlpack__(self, **options):
            return self.rows.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.rows.__dlpack_device__()

    check(Tensor(), expected)


# What is no rows

NO_ROWS = {
    "one dimension": (np.zeros(3), semid.InputError, "2D"),
    "three dimensions": (np.zeros((2, 2, 2)), semid.InputError, "2D"),
    "a number": (3, TypeError, "rows cannot be read from builtins.int"),
    "nothing": (None, TypeError, "NoneType"),
    "no rows": (np.zeros((0, 3)), semid.InputError, "0 sample"),
    "no columns": (np.zeros((3, 0)), semid.InputError, "0 feature"),
    "complex": (np.zeros((3, 3), complex), semid.InputError, "Complex"),
    "texts": (np.array([["a", "b"]]), semid.InputError, "numbers"),
    "objects": (np.array([[object()]]), TypeError, "numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], semid.InputError, "equally long"),
    "an empty list": ([], semid.InputError, "no rows"),
    "a dict of numbers": ({"a": 1}, TypeError, "int"),
    "a dict of dicts": ({"a": {}}, TypeError, "not dicts"),
    "bytes": (b"abc", TypeError, "bytes"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), semid.InputError, "numbers"),
}


@pytest.mark.parametrize("what", NO_ROWS)
def test_what_is_no_rows_is_refused_with_a_reason(what):
    data, error, words = NO_ROWS[what]
    with pytest.raises(error, match=words):
        semid.RQKMeans(1, 2).fit(data)


def test_sparse_matrices_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="sparse"):
        semid.RQKMeans(1, 2).fit(sparse.eye(5).tocsr())


def test_a_model_records_how_its_files_were_read(tmp_path, X):
    rows = X.astype(np.float32)
    bad = rows.copy()
    bad[3, 0] = np.nan
    np.savez(tmp_path / "x.npz", items=bad, other=rows)
    path = tmp_path / "x.npz"
    from_file = semid.open(path, tensor="items", bad_rows="skip")

    def parameters(model):
        file = tmp_path / "model.safetensors"
        model.save(file)
        data = file.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return json.loads(header["__metadata__"]["config"])["parameters"]

    fitted = semid.RQKMeans(2, 8, device="cpu").fit(from_file)
    found = parameters(fitted)
    assert (found["tensor"], found["bad_rows"]) == (["items"], "skip")
    of_array = semid.RQKMeans(2, 8, device="cpu").fit(np.delete(rows, 3, axis=0))
    assert of_array.fingerprint == fitted.fingerprint
    assert not {"tensor", "bad_rows"} & set(parameters(of_array))
