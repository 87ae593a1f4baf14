"""Rows mixed with those of the items that they occur with."""

from __future__ import annotations

import warnings
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from semid import _semid
from semid._base import Quantizer
from semid._errors import InputError
from semid._input import count_rows, to_rows
from semid._interactions import check_keys
from semid._values import _column_weight, _weights


def _known(pairs: List[Tuple[Any, Any]], items: Sequence[Any], rows: int) -> np.ndarray:
    """The pairs as numbers of rows; those with a key that no row has count for nothing."""
    places = {item: row for row, item in enumerate(items)}
    check_keys(len(items), rows)
    check_keys(len(places), rows)
    known = [(places[a], places[b]) for a, b in pairs if a in places and b in places]
    unknown = [key for pair in pairs for key in pair if key not in places]
    if unknown:
        warnings.warn(
            f"{len(pairs) - len(known)} of {len(pairs)} pairs have a key that no row has, such as {unknown[0]!r}, and "
            "count for nothing",
            stacklevel=3,
        )
    return np.array(known, np.uint64).reshape(-1, 2)


def smooth(
    X: Any,
    pairs: Any,
    *,
    items: Optional[Sequence[Any]] = None,
    weight: float = 0.5,
    column: Optional[str] = None,
    column_weight: Any = None,
    sample_weight: Any = None,
    model: Optional[Quantizer] = None,
) -> Union[np.ndarray, "_semid.SmoothedEmbeddings"]:
    """Mixes every row with the mean of the rows of the items that it occurs with, before a fit or an encode.

    Items that are bought, watched or read together belong together, even where their embeddings do not say so.

    Parameters
    ----------
    X : rows (N, D)
        As for ``RQKMeans.fit``. The embeddings of a dict are scaled, joined, and then mixed.
    pairs : array of integers (M, 2), or sequence of pairs
        Numbers of rows that occur together, or keys of ``items``. A pair is the same in both directions and counts as
        often as it is given; a pair of a row with itself counts for nothing.
    items : sequence of N keys, optional
        The key of every row. Pairs with other keys count for nothing, with a warning.
    weight : float, default 0.5
        The share of the partners, 0 to 1.
    column : str, optional
        Column of embeddings in a table.
    column_weight : sequence of float, optional
        For a dict: the mean square of each embedding after it is scaled, by default 1 for each.
    sample_weight : array of whole numbers (N,), optional
        For a dict: how often every row counts in these mean squares; those of the fit.
    model : a fitted model, optional
        For a dict: scales the embeddings as this model does, which is to encode the rows, or to start a fit.

    Returns
    -------
    ndarray of float32, (N, D)
        Rows without a partner are as before. The same bits as ``semid fit --pairs`` fits to. For a dict, an object that
        fits, encodes and measures take in the place of the dict; its ``to_numpy()`` has the rows as they are compared.

    Examples
    --------
    >>> import semid
    >>> semid.smooth([[1.0], [3.0], [10.0]], [("tea", "cup")], items=["tea", "cup", "pot"]).tolist()
    [[2.0], [2.0], [10.0]]
    >>> items = {"text": [[1.0], [3.0], [10.0]], "image": [[5.0], [4.0], [8.0]]}
    >>> model = semid.RQKMeans(1, 2).fit(semid.smooth(items, [(0, 1)]))
    >>> model.encode(semid.smooth(items, [(0, 1)], model=model)).shape
    (3, 1)
    """
    rows = to_rows(X, column=column)
    if items is not None:
        numbers = _known([(a, b) for a, b in pairs], items, count_rows(rows))
    else:
        given = np.asarray(pairs)
        if given.size == 0:
            given = given.reshape(0, 2).astype(np.uint64)
        if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu" or (given < 0).any():
            raise InputError("pairs: expected numbers of rows (M, 2); give items= for pairs of keys", "Parameter")
        numbers = np.ascontiguousarray(given, np.uint64)
    return _semid.smooth(
        rows,
        numbers,
        float(weight),
        column_weight=_column_weight(column_weight),
        weights=_weights(sample_weight),
        model=None if model is None else model._model,
    )
