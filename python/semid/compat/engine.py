"""An encoder and a resolver together."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from typing import Any, Callable, Dict, List, Optional

import numpy as np

import semid
from semid.compat.algorithms.rq_kmeans import RQKMeans
from semid.compat.algorithms.rq_vae import RQVAE
from semid.compat.core import BaseSemanticEncoder, as_rows
from semid.compat.uniqueness.resolver import BaseResolver, SinkhornResolver, UniqueIdResolver
from semid.compat.uniqueness.stores import InMemoryCollisionStore, SQLiteCollisionStore

_ENCODERS: Dict[str, Any] = {"RQKMeans": RQKMeans, "RQVAE": RQVAE}


class SemanticIdEngine:
    """Embeddings in, unique IDs out.

    Asking again for the ID of the same item gives the same ID, where ``semantic-id`` gives another one: items are
    known by ``item_ids``, or else by their embeddings.

    Parameters
    ----------
    encoder : RQKMeans, RQVAE, or an encoder of your own
    unique_resolver : UniqueIdResolver, SinkhornResolver or a resolver of your own, optional
    """

    def __init__(self, encoder: BaseSemanticEncoder, unique_resolver: Optional[BaseResolver] = None) -> None:
        self.encoder = encoder
        self.unique_resolver = UniqueIdResolver() if unique_resolver is None else unique_resolver
        self._known: Dict[str, str] = {}

    def fit(self, X: Any, *, device: str = "cpu") -> "SemanticIdEngine":
        """Trains the encoder; the IDs of an older one are forgotten."""
        self.encoder.fit(X, device=device)
        self._known = {}
        return self

    def unique_ids(
        self,
        X: Any,
        *,
        device: str = "cpu",
        batch_size: Optional[int] = None,
        sep: str = "-",
        fmt: str = "plain",
        formatter: Optional[Callable[[np.ndarray], str]] = None,
        item_ids: Optional[List[str]] = None,
    ) -> List[str]:
        """Unique IDs of rows (N, D); the parameters are those of ``semantic-id``."""
        rows = as_rows(X)
        codes = self.encoder.encode(rows, device=device, batch_size=batch_size)
        texts = self.encoder.semantic_id(codes, sep=sep, fmt=fmt, formatter=formatter)
        keys = [f"{text}\0{key}" for text, key in zip(texts, _keys(rows, item_ids))]
        new = [row for row, key in enumerate(keys) if key not in self._known]
        if new:
            options: dict = {"sep": sep}
            if item_ids is not None:
                options["item_ids"] = [item_ids[row] for row in new]
            if isinstance(self.unique_resolver, SinkhornResolver):
                options.update(embeddings=np.asarray(rows)[new], model=self.encoder, fmt=fmt, formatter=formatter)
            given = self.unique_resolver.assign([texts[row] for row in new], **options)
            self._known.update(zip((keys[row] for row in new), given))
        return [self._known[key] for key in keys]

    def save(self, path: str) -> None:
        """Saves the encoder, the counters, and which items are known, to a folder."""
        resolver = os.path.join(path, "resolver")
        os.makedirs(resolver, exist_ok=True)
        self.encoder.save(os.path.join(path, "encoder"))
        store = getattr(self.unique_resolver, "store", None)
        meta: dict = {"encoder_type": type(self.encoder).__name__, "store_type": "in_memory", "store_config": {}}
        if isinstance(store, SQLiteCollisionStore):
            meta.update(store_type="sqlite", store_config={"db_path": "collisions.db"})
            store.copy_to(os.path.join(resolver, "collisions.db"))
        elif isinstance(store, InMemoryCollisionStore):
            _write(os.path.join(resolver, "collisions.json"), store._counts)
        if isinstance(self.unique_resolver, SinkhornResolver):
            names = ("max_iterations", "sk_epsilon", "fallback_suffix")
            meta["resolver"] = {name: getattr(self.unique_resolver, name) for name in names}
        _write(os.path.join(resolver, "ids.json"), self._known)
        _write(os.path.join(path, "engine_meta.json"), meta)

    @classmethod
    def load(cls, path: str, *, device: str = "cpu") -> "SemanticIdEngine":
        """Loads what ``save`` wrote, here or in ``semantic-id``."""
        meta = _read(os.path.join(path, "engine_meta.json"), {})
        encoder_type = _ENCODERS.get(meta.get("encoder_type"))
        if encoder_type is None:
            message = f"Unknown encoder type {meta.get('encoder_type')!r}: it is none of {list(_ENCODERS)}"
            raise semid.FormatError(message, "UnknownKind", path)
        encoder = encoder_type.load(os.path.join(path, "encoder"), device=device)
        resolver = os.path.join(path, "resolver")
        if "resolver" in meta:
            made: BaseResolver = SinkhornResolver(**meta["resolver"])
        elif meta.get("store_type") == "sqlite":
            name = os.path.basename(meta.get("store_config", {}).get("db_path", "collisions.db"))
            made = UniqueIdResolver(SQLiteCollisionStore(os.path.join(resolver, name)))
        else:
            store = InMemoryCollisionStore()
            store._counts = _read(os.path.join(resolver, "collisions.json"), {})
            made = UniqueIdResolver(store)
        engine = cls(encoder, made)
        engine._known = _read(os.path.join(resolver, "ids.json"), {})
        return engine


def _keys(rows: Any, item_ids: Optional[List[str]]) -> List[str]:
    """What items are known by: their keys, or their embeddings and how many equal ones came before."""
    if item_ids is not None:
        return [f"item {item}" for item in item_ids]
    values = np.ascontiguousarray(np.asarray(rows), dtype=np.float32)
    seen: Counter = Counter()
    keys = []
    for row in values:
        digest = hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest()
        keys.append(f"row {digest} {seen[digest]}")
        seen[digest] += 1
    return keys


def _write(path: str, value: Any) -> None:
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
    os.replace(part, path)


def _read(path: str, missing: Any) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return missing
