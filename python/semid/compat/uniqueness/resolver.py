"""How items with equal codes get different IDs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, List, Optional

import numpy as np

import semid
from semid._input import to_rows
from semid.compat.core import codes_to_ids
from semid.compat.uniqueness.stores import CollisionStore, InMemoryCollisionStore


class BaseResolver(ABC):
    """Makes IDs unique; a class of your own may implement it."""

    @abstractmethod
    def assign(self, semantic_ids: List[str], **kwargs: Any) -> List[str]:
        """Unique IDs for a list of IDs."""


class UniqueIdResolver(BaseResolver):
    """Appends a counter, or the item's own key, to IDs that were given before.

    No text is given twice, even where an ID looks like another one with a suffix:

    >>> UniqueIdResolver().assign(["a", "a", "a-1"])
    ['a', 'a-1', 'a-1-1']
    """

    def __init__(self, store: Optional[CollisionStore] = None) -> None:
        self.store = InMemoryCollisionStore() if store is None else store

    def assign(self, semantic_ids: List[str], **kwargs: Any) -> List[str]:
        """Unique IDs for a list of IDs, all in one transaction of the store.

        Parameters
        ----------
        semantic_ids : list of str
        item_ids : list of str, optional
            Keys of the items, appended in place of a counter.
        sep : str, default "-"
            Stands before what is appended.
        """
        items, sep = kwargs.get("item_ids"), kwargs.get("sep", "-")
        if items is not None and len(items) != len(semantic_ids):
            raise semid.InputError(f"there are {len(items)} item ids for {len(semantic_ids)} rows", "RowCount")
        batch = getattr(self.store, "batch", None)
        if batch is None:
            return self._assign(semantic_ids, items, sep)
        with batch():
            return self._assign(semantic_ids, items, sep)

    def _assign(self, semantic_ids: List[str], items: Optional[List[str]], sep: str) -> List[str]:
        given = []
        for row, text in enumerate(semantic_ids):
            count = self.store.next_suffix(text)
            if count == 0:
                given.append(text)
                continue
            base = text if items is None else f"{text}{sep}{items[row]}"
            wanted = f"{text}{sep}{count}" if items is None else base
            # Also the texts with a suffix are counted, so that none is given to another item.
            while self.store.next_suffix(wanted) != 0:
                wanted = f"{base}{sep}{count}"
                count += 1
            given.append(wanted)
        return given


class SinkhornResolver(BaseResolver):
    """Moves items whose codes are taken to free codes, through ``SemanticIdEngine`` with a model.

    Where ``semantic-id`` tries again with Sinkhorn's algorithm, here the items that share all but the last code are
    placed at the smallest total increase of distance.

    Parameters
    ----------
    max_iterations, sk_epsilon
        Kept for scripts; the placement needs neither.
    fallback_suffix : bool, default True
        Whether items for which no free codes are found get a suffix.
    """

    def __init__(
        self, max_iterations: int = 20, sk_epsilon: Optional[float] = None, fallback_suffix: bool = True
    ) -> None:
        self.max_iterations = max_iterations
        self.sk_epsilon = 0.003 if sk_epsilon is None else sk_epsilon
        self.fallback_suffix = fallback_suffix

    def assign(self, semantic_ids: List[str], **kwargs: Any) -> List[str]:
        """Unique IDs; needs ``embeddings`` (N, D) and ``model``, an encoder of this package."""
        embeddings, model = kwargs.get("embeddings"), kwargs.get("model")
        if embeddings is None or model is None:
            raise semid.InputError(
                "SinkhornResolver.assign() requires 'embeddings' and 'model': use it in a SemanticIdEngine", "Parameter"
            )
        levels = len(model._model.clusters)
        engine = semid.SemanticIdEngine(model.to_semid(), resolver="reassign")
        placed = engine.unique_ids(to_rows(embeddings))
        codes = np.array([[int(code) for code in text.split("-")[:levels]] for text in placed])
        how = {name: kwargs[name] for name in ("sep", "fmt", "formatter") if kwargs.get(name) is not None}
        texts = codes_to_ids(codes, **how)
        if not self.fallback_suffix:
            return texts
        return UniqueIdResolver().assign(texts, sep=kwargs.get("sep", "-"), item_ids=kwargs.get("item_ids"))

    @staticmethod
    def _find_collision_groups(ids_array: Any) -> List[List[int]]:
        """The rows of every ID that several rows have."""
        groups: dict = {}
        for row, text in enumerate(ids_array):
            groups.setdefault(text, []).append(row)
        return [rows for rows in groups.values() if len(rows) > 1]
