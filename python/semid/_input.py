"""What people hold, as rows that the extension reads: without a copy where that is possible.

Rows are an array (N, D), a list of such arrays that follow each other, a ``Source`` (files, Arrow, batches on disk), a
dict of these, which has several embeddings of every row, or what ``semid.smooth`` made of such a dict.
"""

from __future__ import annotations

import builtins
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, Optional, Union, overload

import numpy as np

from semid import _semid
from semid._errors import InputError
from semid._values import is_missing

Rows = Union[np.ndarray, list, dict, "_semid.Source", "_semid.SmoothedEmbeddings"]

#: Rows converted at a time where a whole array has to change its form.
_PIECE = 8192


def to_rows(data: Any, *, column: Optional[str] = None, missing: bool = False) -> Rows:
    """Rows of whatever ``data`` is; batches of an iterator are kept on disk. A dict has several embeddings per row.

    Where rows may be ``missing``, those of a column or a list that are null are nothing but NaN.
    """
    if isinstance(data, _semid.SmoothedEmbeddings):
        return data
    # Some sparse matrices of SciPy are dicts.
    if isinstance(data, dict) and not hasattr(data, "nnz"):
        return _blocks(data, column)
    rows = _in_memory(data, column, missing)
    if rows is not None:
        return rows
    spool = _semid.Spool()
    for batch in batches_of(data):
        spool.append(_batch(batch, column))
    return spool.finish()


def _blocks(data: dict, column: Optional[str]) -> dict:
    """Several embeddings of every row, by name."""
    if not data:
        raise InputError("there are no rows: the dict is empty", "Empty")
    wrong = next((name for name in data if not isinstance(name, str)), None)
    if wrong is not None:
        raise TypeError(f"the names of embeddings must be texts, not {wrong!r}")
    if any(isinstance(rows, (dict, _semid.SmoothedEmbeddings)) for rows in data.values()):
        raise TypeError("the embeddings of a dict must be rows, not dicts")
    return {name: to_rows(rows, column=column, missing=True) for name, rows in data.items()}


def count_rows(rows: Rows) -> int:
    """The number of rows that ``to_rows`` returned."""
    if isinstance(rows, dict):
        return count_rows(next(iter(rows.values())))
    return sum(map(len, rows)) if isinstance(rows, list) else len(rows)


def is_batches(data: Any) -> bool:
    """Whether ``data`` gives batches one after the other, and perhaps only once."""
    if isinstance(data, (np.ndarray, _semid.Source, str, os.PathLike, list, tuple)):
        return False
    return _is_reader(data) or isinstance(data, Iterator) or _is_loader(data)


def batches_of(data: Any) -> Iterator[Any]:
    """The batches of an iterator, a data loader or a reader of record batches."""
    if isinstance(data, (dict, set, bytes)) or not isinstance(data, Iterable):
        raise TypeError(
            f"rows cannot be read from {_name(data)}; give an array (N, D), a tensor, an Arrow, Polars or pandas "
            "column, a path, or an iterator of batches"
        )
    return iter(data)


def _batch(batch: Any, column: Optional[str]) -> Rows:
    # Loaders of PyTorch's TensorDataset give lists of tensors.
    if isinstance(batch, (list, tuple)) and len(batch) and _is_torch(batch[0]):
        batch = batch[0]
    if isinstance(batch, dict):
        batch = batch[column or "embedding"]
    rows = _in_memory(batch, column)
    if rows is None:
        raise TypeError(f"a batch must be rows in memory, not {_name(batch)}")
    return rows


def _in_memory(data: Any, column: Optional[str], missing: bool = False) -> Optional[Rows]:
    """Rows of everything but iterators."""
    if isinstance(data, _semid.Source):
        return data
    if isinstance(data, np.ndarray):
        return _array(data)
    if isinstance(data, (str, os.PathLike)):
        return _semid.open([data], column=column)
    if isinstance(data, (list, tuple)):
        return _sequence(data, column, missing)
    if _is_torch(data):
        return _array(_from_torch(data))
    if hasattr(data, "nnz") and hasattr(data, "toarray"):
        raise TypeError("sparse matrices are not supported: embeddings are dense; use X.toarray()")
    if _module(data) == "pandas":
        return _from_pandas(data, column, missing)
    if _module(data) == "datasets":
        return _from_datasets(data, column)
    if is_batches(data):
        return None
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return _from_arrow(data, column, missing)
    if hasattr(data, "__dlpack__"):
        return _array(np.from_dlpack(data))
    if hasattr(data, "__array__"):
        return _array(np.asarray(data))
    return None


def _array(array: np.ndarray) -> np.ndarray:
    """The array itself, where the extension reads its type of numbers."""
    if array.ndim != 2:
        hint = {
            0: "give an array (N, D)",
            1: "Reshape your data: one row is X.reshape(1, -1), one dimension is X.reshape(-1, 1)",
        }.get(array.ndim, "flatten the last axes")
        raise InputError(f"expected a 2D array (N, D), got {array.ndim}D of shape {array.shape}; {hint}", "Shape")
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: embeddings are real numbers", "Type")
    if array.dtype.kind == "O":
        return _numbers(array)
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise InputError(f"rows must be numbers, not {array.dtype}", "Type")
    if array.shape[0] == 0:
        raise InputError(f"found array with 0 sample(s) (shape={array.shape}): there are no rows", "Empty")
    if array.shape[1] == 0:
        raise InputError(
            f"found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is required.", "Dim"
        )
    # Forms that no pointer to native numbers can read; all others are read where they are.
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if not array.dtype.isnative or not array.flags.aligned:
        return array.astype(array.dtype.newbyteorder("="))
    return array


def _numbers(array: np.ndarray) -> np.ndarray:
    """An array of objects as one of numbers."""
    try:
        return _array(array.astype(np.float64))
    except TypeError as error:
        raise TypeError(f"rows must be numbers: argument must be a string or a number ({error})") from error
    except ValueError as error:
        raise InputError(f"rows must be numbers: {error}", "Type") from error


def _sequence(data: Any, column: Optional[str], missing: bool = False) -> Rows:
    """Rows of a list: of paths, of arrays (Ni, D), or of rows."""
    if len(data) == 0:
        raise InputError("there are no rows: the list is empty", "Empty")
    first = data[0]
    if missing and any(_is_null(row) for row in data):
        return _stack(data, missing)
    if isinstance(first, (str, os.PathLike)):
        return _semid.open(list(data), column=column)
    if getattr(first, "ndim", 1) == 2 or isinstance(first, _semid.Source):
        parts = [_in_memory(part, column) for part in data]
        if all(isinstance(part, np.ndarray) for part in parts):
            return parts
        sources = [part if isinstance(part, _semid.Source) else _spooled(part) for part in parts]
        return _semid.Source.concat(sources)
    if _is_torch(first):
        return _array(np.stack([_from_torch(row) for row in data]))
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise InputError(f"the rows of a list must be equally long: {error}", "Ragged") from error
    return _array(array)


def _spooled(part: Any) -> "_semid.Source":
    spool = _semid.Spool()
    spool.append(part)
    return spool.finish()


def _is_torch(data: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(data, torch.Tensor)


def _from_torch(tensor: Any) -> np.ndarray:
    """The memory of a tensor on the CPU; tensors elsewhere are copied to it, and bfloat16 becomes f32."""
    import torch

    tensor = tensor.detach()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return tensor.numpy()


def _module(data: Any) -> str:
    return type(data).__module__.partition(".")[0]


def _name(data: Any) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}"


def _is_reader(data: Any) -> bool:
    return hasattr(data, "read_next_batch")


def _is_loader(data: Any) -> bool:
    """Whether ``data`` is like PyTorch's DataLoader: it can be iterated over, and holds no rows itself."""
    if not hasattr(data, "__iter__") or isinstance(data, (dict, set, bytes)):
        return False
    readable = ("__array__", "__dlpack__", "__arrow_c_stream__", "__arrow_c_array__")
    return not any(hasattr(data, name) for name in readable) and _module(data) not in ("pandas", "datasets")


def _from_arrow(data: Any, column: Optional[str], missing: bool = False) -> Rows:
    if _module(data) == "polars" and hasattr(data, "columns") and column is None:
        numeric = all(dtype.is_numeric() for dtype in data.dtypes)
        if numeric and data.width:
            return _array(data.to_numpy())
    return _semid.from_arrow(data, column, missing)


def _from_pandas(data: Any, column: Optional[str], missing: bool = False) -> Rows:
    import pandas

    if isinstance(data, pandas.DataFrame):
        if column is None and all(dtype.kind in "fiub" for dtype in data.dtypes if hasattr(dtype, "kind")):
            return _array(data.to_numpy())
        data = data[column if column is not None else _only_column(data)]
    if not isinstance(data, pandas.Series):
        raise TypeError(f"rows cannot be read from {_name(data)}")
    if hasattr(data.dtype, "pyarrow_dtype"):
        return _semid.from_arrow(data.array.__arrow_array__(), None, missing)
    if len(data) == 0:
        raise InputError("there are no rows: the column is empty", "Empty")
    values = data.to_numpy()
    if values.dtype.kind != "O":
        raise InputError("every value of the column must be a row, a list or an array of numbers", "Type")
    return _stack(values, missing)


def _only_column(frame: Any) -> Any:
    if "embedding" in frame.columns:
        return "embedding"
    lists = [name for name in frame.columns if len(frame) and _is_row(frame[name].iloc[0])]
    if len(lists) != 1:
        raise InputError(f"name the column of embeddings by column=...; the columns are: {list(frame.columns)}", "Type")
    return lists[0]


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _is_null(row: Any) -> bool:
    return row is None or (not hasattr(row, "__len__") and is_missing(row))


def _stack(values: Any, missing: bool = False) -> np.ndarray:
    """Rows that are objects of their own as one matrix; those ``missing`` are nothing but NaN."""
    dim = np.size(next((row for row in values if not _is_null(row)), ())) if missing else np.size(values[0])
    out = np.full((len(values), dim), np.nan, np.float32)
    for number, row in enumerate(values):
        if missing and _is_null(row):
            continue
        if row is None or np.shape(row) != (dim,):
            if np.ndim(row) == 0 and is_missing(row):
                raise InputError(f"row {number} is null; drop such rows first", "BadRows")
            raise InputError(f"row {number} has {np.size(row)} values, the rows before it {dim}", "Ragged")
        out[number] = row
    return out


def _from_datasets(data: Any, column: Optional[str]) -> Rows:
    if hasattr(data, "column_names") and hasattr(data, "with_format"):
        if getattr(data, "_indices", None) is None and hasattr(data, "data"):
            return _semid.from_arrow(data.data.table, column)
        parts = [_semid.from_arrow(batch, column) for batch in data.with_format("arrow").iter(_PIECE)]
        return _semid.Source.concat(parts)
    # A column of a data set.
    return _array(np.asarray(list(data), dtype=np.float32))


@overload
def open(
    *paths: Union[str, os.PathLike],
    column: Optional[str] = None,
    columns: Optional[str] = None,
    tensor: Optional[str] = None,
    bytes: Optional[str] = None,
    integers: bool = False,
    beside: Iterable[str] = (),
    bad_rows: str = "refuse",
) -> "_semid.Source": ...


@overload
def open(
    *paths: Union[str, os.PathLike],
    column: Union[list[str], tuple[str, ...]],
    bytes: Optional[str] = None,
    bad_rows: str = "refuse",
) -> "dict[str, _semid.Source]": ...


def open(
    *paths: Union[str, os.PathLike],
    column: Union[str, list[str], tuple[str, ...], None] = None,
    columns: Optional[str] = None,
    tensor: Optional[str] = None,
    bytes: Optional[str] = None,
    integers: bool = False,
    beside: Iterable[str] = (),
    bad_rows: str = "refuse",
) -> "Union[_semid.Source, dict[str, _semid.Source]]":
    """Opens embeddings in files, which may be larger than memory.

    Parameters
    ----------
    *paths : str or path-like
        Files, folders, and patterns such as ``part-*.parquet``, read as one matrix: .npy, .npz, .parquet,
        .safetensors, .fvecs, .csv, .tsv or .jsonl.
    column : str or list of str, optional
        Column of a .parquet or .jsonl file; by default ``embedding``, or the only column of lists of floats. A list
        of names opens several embeddings of every row.
    columns : str, optional
        Columns of a table that has one per dimension: ``"f0..f383"``, ``"a,b,c"``, or the prefix ``"f"``.
    tensor : str, optional
        Tensor of a .safetensors or array of an .npz file.
    bytes : str, optional
        How a column of bytes stores its floats: ``"f16le"``, ``"bf16le"``, ``"f32le"`` or ``"f64le"``.
    integers : bool
        Whether arrays of integers of up to 16 bits are embeddings.
    beside : iterable of str
        Columns of a .csv or .tsv file that are no dimensions.
    bad_rows : {"refuse", "skip"}
        What is done about rows that cannot be used.

    Returns
    -------
    Source
        Rows (N, D) that every function of the package accepts; for several columns a dict of one for each, which they
        accept too, and in which an embedding that a row lacks is nothing but NaN.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> import semid
    >>> path = os.path.join(tempfile.mkdtemp(), "items.npy")
    >>> np.save(path, np.ones((5, 3), np.float32))
    >>> semid.open(path).shape
    (5, 3)
    """
    if bad_rows not in ("refuse", "skip"):
        raise InputError(f"bad_rows={bad_rows!r}: 'refuse' or 'skip'", "Parameter")
    if column is not None and not isinstance(column, str):
        if columns is not None or tensor is not None or integers or list(beside):
            raise InputError("several columns take none of columns, tensor, integers and beside", "Parameter")
        return _open_columns(list(paths), list(column), bytes, skip=bad_rows == "skip")
    return _semid.open(
        list(paths),
        column=column,
        columns=columns,
        tensor=tensor,
        bytes=bytes,
        integers=integers,
        beside=list(beside),
        skip_bad_rows=bad_rows == "skip",
    )


def _open_columns(paths: list, names: list, bytes: Optional[str], skip: bool) -> "dict[str, _semid.Source]":
    """Several embeddings of every row, by the names of their columns."""
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None or len(set(names)) < max(len(names), 2):
        raise InputError(f"column={names!r}: one name, or a list of at least two different ones", "Parameter")
    return dict(zip(names, _semid.open_columns(paths, names, bytes=bytes, skip_bad_rows=skip)))


def to_codes(codes: Any) -> np.ndarray:
    """Codes (N, L) as uint32."""
    array = np.asarray(codes)
    if array.ndim != 2:
        raise InputError(f"codes must be a 2D array (N, L), got {array.ndim}D of shape {array.shape}", "Shape")
    if array.dtype == np.uint32:
        return array if array.dtype.isnative else array.astype(np.uint32)
    if array.dtype.kind not in "iu":
        raise InputError(f"codes must be integers, not {array.dtype}", "Type")
    if array.size and (array.min() < 0 or array.max() >= 2**32):
        row, level = (int(at[0]) for at in np.nonzero((array < 0) | (array >= 2**32)))
        raise InputError(f"row {row}, level {level + 1}: {array[row, level]} is no code", "Code")
    return array.astype(np.uint32)


def to_texts(values: Any, what: str = "items") -> list:
    """A list of texts: item keys, names or labels."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{what} must be a list of texts, not one text")
    if hasattr(values, "to_pylist"):
        values = values.to_pylist()
    elif hasattr(values, "tolist"):
        values = values.tolist()
    elif hasattr(values, "to_list"):
        values = values.to_list()
    texts = []
    for row, value in enumerate(values):
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            texts.append(str(value))
        else:
            raise InputError(f"{what}: entry {row} is {value!r}; texts and integers are supported", "ItemKey")
    return texts


def load_demo() -> tuple:
    """The data of ``semid demo``: embeddings of what packages say about themselves, and their names.

    Returns
    -------
    X : ndarray of float32, (2500, 384)
    names : list of str

    Examples
    --------
    >>> import semid
    >>> X, names = semid.load_demo()
    >>> X.shape, len(names)
    ((2500, 384), 2500)
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "demo.parquet")
        with builtins.open(path, "wb") as file:
            file.write(_semid.demo_data())
        rows = _semid.open([path])
        return rows.read(0, len(rows)), _semid.read_strings(path, "name")
