"""Files whose rows are divided among the workers of an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Optional

import numpy as np

from semid import _semid


def opened(data: Any, column: Optional[str]) -> tuple:
    """The rows of a path, a folder, a pattern, or several of these, and their files, by names that hold in every
    folder. The files are those of ``semid.open``.
    """
    paths = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    source = _semid.open(paths, column=column)
    return source, [os.path.abspath(path) for path in source.files]


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
