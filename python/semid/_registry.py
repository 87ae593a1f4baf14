"""Unique IDs that stay."""

from __future__ import annotations

import os
from typing import Any, Iterator, Optional, Union

from semid import _semid
from semid._base import Quantizer
from semid._errors import InputError, UnknownItemError
from semid._input import count_rows, to_codes, to_rows, to_texts
from semid._labels import columns_for
from semid._text import as_output, form
from semid._vae import of_model
from semid._values import _integer, _number

_PATH = Union[str, os.PathLike]


class _Items:
    """What a registry and an engine share: who has which ID."""

    _inner: "_semid.Registry"
    #: Counts of the last assignment: ``items``, ``new``, ``kept``, ``collisions``, ``moved``, ``changed``.
    last_report: Optional[dict] = None

    def __len__(self) -> int:
        return self._inner.count(None)

    def __contains__(self, item: Any) -> bool:
        return self._inner.ids(to_texts([item]))[0] is not None

    def __getitem__(self, item: Any) -> str:
        found = self._inner.ids(to_texts([item]))[0]
        if found is None:
            raise UnknownItemError(f"the registry has no item {item!r}", "UnknownItem")
        return found

    def get(self, item: Any, default: Any = None) -> Any:
        """The ID of an item, or ``default``."""
        found = self._inner.ids(to_texts([item]))[0]
        return default if found is None else found

    def lookup(self, items: Any) -> list:
        """The IDs of many items; ``None`` for those that have none."""
        return self._inner.ids(to_texts(items))

    def find(self, id: str) -> Optional[str]:
        """The item that has an ID; ``None`` where nobody has it."""
        return self._inner.find(id)[1]

    def state(self, id: str) -> str:
        """Who has an ID: ``"item"``, ``"retired"`` for one that is never given again, or ``"free"``."""
        return self._inner.find(id)[0]

    def count(self, prefix: Optional[str] = None) -> int:
        """The number of items whose ID begins with ``prefix``."""
        return self._inner.count(prefix)

    def items(self, prefix: Optional[str] = None, limit: Optional[int] = None) -> Iterator[tuple]:
        """Item keys and IDs below a prefix such as ``"12-5"``, in the order of the IDs, as of one moment."""
        most = 2**62 if limit is None else _integer("limit", limit)
        return iter(self._inner.below(prefix, most))

    def __iter__(self) -> Iterator[str]:
        return (item for item, _ in self.items())

    def remove(self, items: Any) -> list:
        """Removes items and returns the IDs they had, which no item ever gets again."""
        return self._inner.remove(to_texts(items))

    @property
    def manifest(self) -> dict:
        """The settings that never change."""
        return self._inner.manifest()

    def export(
        self,
        path: _PATH,
        kind: str,
        *,
        tokenizer: Optional[_PATH] = None,
        first_token: Optional[int] = None,
        packed: Optional[int] = None,
    ) -> None:
        """Writes a file for recommenders and language models, as ``semid export`` does.

        Parameters
        ----------
        path : str or path-like
        kind : {"ids", "index", "vocabulary", "added-tokens", "trie", "hf", "static", "sid-json"}
        tokenizer : str or path-like, optional
            ``tokenizer.json`` that tokens are added to.
        first_token : int, optional
            The number of the first token, where there is no tokenizer.
        packed : int, optional
            Writes the IDs of ``"sid-json"`` as integers to this base.
        """
        self._inner.export(kind, path, tokenizer=tokenizer, first_token=first_token, packed=packed)

    def close(self) -> None:
        """Lets the database go; nothing can be asked afterwards, and closing again does nothing."""
        self.__dict__.pop("_inner", None)

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":
            raise AttributeError(f"this {type(self).__name__} is closed")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _new(
    fingerprint: str,
    levels: int,
    path: Optional[_PATH],
    resolver: str,
    capacity: int,
    form: dict,
    update_changed: bool,
    candidates: Optional[int] = None,
    beam: Optional[int] = None,
) -> dict:
    return {
        "fingerprint": fingerprint,
        "levels": levels,
        "resolver": resolver,
        "capacity": _integer("capacity", capacity, 1),
        "format": form,
        "path": path,
        "update_changed": bool(update_changed),
        "candidates": _optional("candidates", candidates),
        "beam": _optional("beam", beam),
    }


def _optional(name: str, count: Optional[int]) -> Optional[int]:
    return None if count is None else _integer(name, count, 1)


class Registry(_Items):
    """Item keys and their unique IDs, for codes that any model gives: an ID that was given stays, for ever.

    Parameters
    ----------
    n_levels : int
        Levels of the codes.
    path : str or path-like, optional
        A SQLite database, which is made, or gone on in; in memory by default.
    model : str
        What gives the codes, such as a fingerprint: IDs of two models cannot live together.
    resolver : {"suffix", "suffix-always", "item-id"}
        What an item gets whose codes are taken: ``12-5-33-1``, ``12-5-33-0`` from the first on, or ``12-5-33-key``.
    format : {"plain", "token"}
    separator, template, begin, end, base
        As for ``format_ids``.
    update_changed : bool, default False
        Whether a known item whose codes have changed gets a new ID.

    Examples
    --------
    >>> import semid
    >>> registry = semid.Registry(2)
    >>> registry.assign(["numpy", "scipy"], [[7, 1], [7, 1]])
    ['7-1', '7-1-1']
    >>> registry.assign(["scipy"], [[7, 1]])
    ['7-1-1']
    >>> registry.find("7-1"), len(registry)
    ('numpy', 2)
    """

    def __init__(
        self,
        n_levels: int,
        path: Optional[_PATH] = None,
        *,
        model: str = "codes",
        resolver: str = "suffix",
        format: str = "plain",
        separator: str = "-",
        template: Optional[str] = None,
        begin: Optional[str] = None,
        end: Optional[str] = None,
        base: int = 0,
        update_changed: bool = False,
    ):
        if resolver == "reassign":
            raise InputError("resolver='reassign' needs distances, and so a model: use SemanticIdEngine", "Parameter")
        how = form(format, separator, template, begin, end, base)
        levels = _integer("n_levels", n_levels, 1)
        self._inner = _semid.Registry.create(_new(model, levels, path, resolver, 1, how, update_changed))

    def assign(self, items: Any, codes: Any, *, output: str = "list") -> Any:
        """Gives an ID to every item that has none, all in one transaction, and returns the IDs of all.

        Parameters
        ----------
        items : sequence of str or int
            Item keys, N.
        codes : array of integers, (N, L)
        output : {"list", "arrow"}
        """
        texts, self.last_report = self._inner.assign(to_texts(items), to_codes(codes))
        return as_output(texts, output)

    @classmethod
    def load(cls, path: _PATH, *, read_only: bool = False) -> "Registry":
        """Opens the registry of a database."""
        made = cls.__new__(cls)
        made._inner = _semid.Registry.load(os.fspath(path), read_only)
        return made


class SemanticIdEngine(_Items):
    """A model and a registry together: embeddings in, unique IDs that stay out.

    Parameters
    ----------
    model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
        Fitted, or to be fitted by ``fit``.
    path : str or path-like, optional
        A SQLite database, which ``semid assign`` and ``semid lookup`` read too; in memory by default.
    resolver : {"suffix", "suffix-always", "item-id", "reassign"}
        As for ``Registry``; ``"reassign"`` moves items to the nearest free codes.
    capacity : int, default 1
        Items that may share the same codes, for ``"reassign"``.
    candidates : int, optional
        For ``"reassign"``: an item whose codes are taken moves to a free one of that many codes of the smallest total
        distances, which a beam over all levels finds, and so may change its first codes; by default it keeps all codes
        but the last as long as it can. Registries do not keep the number.
    beam : int, optional
        Width of the beam that encodes items, see ``RQKMeans.encode``; by default that of the model. Registries do not
        keep it, and items that have an ID keep that, whatever the width.
    format, separator, template, begin, end, base
        As for ``format_ids``.
    update_changed : bool, default False

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(300, 8))
    >>> engine = semid.SemanticIdEngine(semid.RQKMeans(2, 8)).fit(X)
    >>> ids = engine.unique_ids(X, [f"item {i}" for i in range(300)])
    >>> len(set(ids)), engine["item 7"] == ids[7]
    (300, True)
    >>> engine.unique_ids(X[:2], ["item 0", "item 1"]) == ids[:2]
    True
    """

    def __init__(
        self,
        model: Quantizer,
        path: Optional[_PATH] = None,
        *,
        resolver: str = "suffix",
        capacity: int = 1,
        candidates: Optional[int] = None,
        beam: Optional[int] = None,
        format: str = "plain",
        separator: str = "-",
        template: Optional[str] = None,
        begin: Optional[str] = None,
        end: Optional[str] = None,
        base: int = 0,
        update_changed: bool = False,
    ):
        if not isinstance(model, Quantizer):
            raise TypeError(f"model must be an RQKMeans, RQVAE, RQKMeansPlus or PQKMeans, not {type(model).__name__}")
        self.model = model
        how = form(format, separator, template, begin, end, base)
        self._settings = _new("", 0, path, resolver, capacity, how, update_changed, candidates, beam)
        if "model_" in model.__dict__:
            self._open()

    def _open(self) -> None:
        self._inner = _semid.Registry.create(self._settings, self.model._model)

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":
            # Says that the model is not fitted, where that is so.
            self.__dict__["model"]._model
        return super().__getattr__(name)

    def fit(self, X: Any, *, column: Optional[str] = None, **options: Any) -> "SemanticIdEngine":
        """Fits the model and begins a registry for it; ``options``, such as ``labels``, are those of its ``fit``."""
        if not self._settings:
            raise InputError(
                "this engine was loaded with the registry of its model, whose IDs stay: make a new engine to fit a "
                "model, or pass a refreshed one to adopt_model",
                "OtherModel",
            )
        self.model.fit(X, column=column, **options)
        self._open()
        return self

    def unique_ids(
        self,
        X: Any,
        items: Any = None,
        *,
        labels: Any = None,
        column: Optional[str] = None,
        device: Optional[str] = None,
        output: str = "list",
    ) -> Any:
        """The IDs of the items of rows; items without an ID get one.

        Parameters
        ----------
        X : rows (N, D)
        items : sequence of str or int, optional
            Item keys, N; by default the numbers of the rows, which then have to stay the same.
        labels : labels of every row, optional
            For a model whose first codes labels give, as ``RQKMeans.fit`` takes them. Without them new items get the
            code of an unknown label, which they keep; a warning says so.
        output : {"list", "arrow"}
        """
        inner, rows = self._inner, to_rows(X, column=column)
        if items is None:
            items = [str(row) for row in range(count_rows(rows))]
        at, columns = self.model._place(device), columns_for(self.model._model, labels)
        texts, self.last_report = inner.unique_ids(rows, to_texts(items), at, labels=columns)
        return as_output(texts, output)

    def adopt_model(self, model: Quantizer) -> "SemanticIdEngine":
        """Puts a refreshed model in the place of the engine's own; no ID changes.

        Parameters
        ----------
        model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
            Fitted from the engine's model (``warm_start``) or aligned to it.
        """
        self._inner.adopt_model(model._model)
        self.model = model
        return self

    def move_if_gain(
        self,
        X: Any,
        items: Any = None,
        *,
        gain: float,
        at_most: int,
        column: Optional[str] = None,
        device: Optional[str] = None,
    ) -> list:
        """Gives new IDs to the few items that gain most by them; their old IDs are retired.

        Parameters
        ----------
        X : rows (N, D)
        items : sequence of str or int, optional
            Item keys, N, as for ``unique_ids``.
        gain : float
            An item moves only if its squared distance shrinks by more than this share of what it was.
        at_most : int
            The most items that move.

        Returns
        -------
        list of tuples
            Item key, old ID, new ID, and the squared distances to both, the largest gain first. ``last_report`` has the
            counts ``items``, ``unknown``, ``changed``, ``gaining`` and ``moved``.
        """
        inner, rows = self._inner, to_rows(X, column=column)
        if items is None:
            items = [str(row) for row in range(count_rows(rows))]
        most, share = _integer("at_most", at_most), _number("gain", gain)
        moves, self.last_report = inner.move_if_gain(rows, to_texts(items), self.model._place(device), share, most)
        return moves

    def nearest(self, item: Any, k: int = 10) -> list:
        """The items nearest to one: tuples of key, ID, shared leading codes and squared distance."""
        return self._inner.nearest(to_texts([item])[0], _integer("k", k))

    def save(self, path: _PATH) -> None:
        """Saves the model and all IDs as one SQLite database."""
        self._inner.save(os.fspath(path))

    @classmethod
    def load(
        cls,
        path: _PATH,
        *,
        read_only: bool = False,
        candidates: Optional[int] = None,
        beam: Optional[int] = None,
        **params: Any,
    ) -> "SemanticIdEngine":
        """Opens what ``save``, an engine with a path, or ``semid assign`` wrote, and goes on in it."""
        count, width = _optional("candidates", candidates), _optional("beam", beam)
        inner = _semid.Registry.load(os.fspath(path), read_only, count, width)
        model = inner.model()
        if model is None:
            raise InputError("this registry holds no model; use Registry.load", "NoRegistry", os.fspath(path))
        made = cls.__new__(cls)
        made.model = of_model(model, params)
        made._settings = {}
        made._inner = inner
        return made
