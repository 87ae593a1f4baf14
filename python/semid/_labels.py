"""Labels of rows, such as categories, which give the first codes."""

from __future__ import annotations

import sys
import warnings
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from semid import _semid
from semid._errors import InputError
from semid._values import is_missing

#: A name, and a label for every row that has one.
Columns = List[Tuple[str, List[Optional[str]]]]


def _column(name: str, labels: Any) -> Tuple[str, List[Optional[str]]]:
    return name, label_texts(f"labels: {name!r}", labels)


def label_texts(what: str, labels: Any) -> List[Optional[str]]:
    """A label for every row that has one."""
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__iter__"):
        raise InputError(f"{what} is {labels!r}; expected a label for each row", "Parameter")
    # NumPy, Arrow, pandas and Polars give values of their own types when they are walked through.
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    values = values.to_pylist() if hasattr(values, "to_pylist") else values
    return [None if is_missing(value) else str(value) for value in values]


def columns_of(labels: Any) -> Optional[Columns]:
    """The columns of labels, from the first level on, by name; a single one without a name is called ``label``."""
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        return [_column(str(name), values) for name, values in labels.items()]
    return [_column("label", labels)]


def label_columns(model: Any, columns: Optional[Sequence[str]]) -> List[Tuple[str, str]]:
    """For each column of labels that a model was fitted with, its name and that of the column in a table to encode."""
    fitted = [name for name, _ in model._model.labels]
    given = fitted if columns is None else [columns] if isinstance(columns, str) else list(columns)
    if len(given) != len(fitted):
        raise InputError(
            f"labels={given!r}: the model takes its first codes from the labels {fitted!r}; name a column for each",
            "Parameter",
        )
    return list(zip(fitted, given))


def labels_of(table: Any, columns: List[Tuple[str, str]]) -> Optional[Mapping]:
    """The labels of the rows of a table of Arrow, as an encode takes them."""
    for fitted, column in columns:
        if column not in table.schema.names:
            raise InputError(
                f"the model takes codes from the labels of {fitted!r}, and the rows have no column {column!r}; "
                "name theirs with labels=[...]",
                "Parameter",
            )
    return {fitted: table.column(column) for fitted, column in columns} or None


def columns_for(model: "_semid.Model", labels: Any, argument: str = "labels") -> Optional[Columns]:
    """The columns of the labels of rows that a model encodes; warns where it takes labels and there are none."""
    columns = columns_of(labels)
    if columns is None:
        warn_without_labels(model, f"give them with {argument}=")
    return columns


def warn_without_labels(model: "_semid.Model", advice: str) -> None:
    """Warns whoever called the package that all labels of rows count as unknown, for a model that takes labels."""
    if model.labels:
        names = ", ".join(repr(name) for name, _ in model.labels)
        warnings.warn(
            f"the model takes its first codes from the labels of {names}, without which all labels count as unknown; "
            f"{advice}",
            stacklevel=_callers() + 1,
        )


def _callers() -> int:
    """The number of frames of this package above the one that asks, which is the first of them."""
    count, frame = 0, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "semid":
        count, frame = count + 1, frame.f_back
    return count
