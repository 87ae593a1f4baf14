"""Files whose rows are divided among the workers of an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import glob, has_magic
from typing import Any, Optional

import numpy as np

from semid import _semid
from semid._errors import InputError


def absolute(data: Any) -> list:
    """The files of a path, a pattern, or several of these, by names that hold in every folder."""
    found: list = []
    for path in [data] if isinstance(data, (str, os.PathLike)) else list(data):
        path = os.fspath(path)
        matches = sorted(glob(path)) if has_magic(path) else [path]
        if not matches:
            raise InputError(f"{path}: no file has such a name", "Empty")
        found.extend(os.path.abspath(match) for match in matches)
    return found


def spans(rows: int, parts: int) -> list:
    """Parts of as many rows as possible each, as the first row and the one after the last."""
    return [(rows * part // parts, rows * (part + 1) // parts) for part in range(parts)]


def shares(paths: list, columns: tuple, spans: list) -> Iterator[tuple]:
    """For each span the number of its first row, and how often each of its rows counts, or None for once.

    The column of weights is read once, here and not by every worker.
    """
    column, weight_column = columns
    weights: Optional[np.ndarray] = None
    if weight_column is not None:
        weights = _semid.read_weights(paths, weight_column, column=column)
    before = 0
    for start, end in spans:
        if weights is None:
            yield start, None
        else:
            yield before, weights[start:end]
            before += int(weights[start:end].sum())
