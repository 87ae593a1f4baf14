"""Pairs of items that are used together."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from semid._errors import InputError
from semid._input import to_texts


def check_keys(found: int, rows: int) -> None:
    """Refuses keys that are not one for each row."""
    if found != rows:
        raise InputError(f"items: expected {rows} different keys, one for each row", "RowCount")


def keyed_pairs(pairs: Any, items: Any, rows: int) -> Optional[Tuple[list, list]]:
    """The keys of the items by row, and the pairs, as texts; without keys, those are the numbers of the rows."""
    if pairs is None:
        return None
    keys = [str(row) for row in range(rows)] if items is None else to_texts(items)
    check_keys(len(keys), rows)
    pairs = [(a, b) for a, b in pairs]
    texts = to_texts([key for pair in pairs for key in pair], "interactions")
    return keys, list(zip(texts[::2], texts[1::2]))
