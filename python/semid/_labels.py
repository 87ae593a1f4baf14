"""Labels of rows, such as categories, which give the first codes."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple

from semid._errors import InputError

#: A name, and a label for every row that has one.
Columns = List[Tuple[str, List[Optional[str]]]]


def _column(name: str, labels: Any) -> Tuple[str, List[Optional[str]]]:
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__iter__"):
        raise InputError(f"labels: {name!r} is {labels!r}; expected a label for each row", "Parameter")
    # NumPy, Arrow, pandas and Polars give values of their own types when they are walked through.
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    values = values.to_pylist() if hasattr(values, "to_pylist") else values
    # Only NaN, as pandas writes a missing text, differs from itself.
    return name, [None if value is None or value != value else str(value) for value in values]


def columns_of(labels: Any) -> Optional[Columns]:
    """The columns of labels, from the first level on, by name; a single one without a name is called ``label``."""
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        return [_column(str(name), values) for name, values in labels.items()]
    return [_column("label", labels)]
