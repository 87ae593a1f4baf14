"""Measures, devices, and their comparison."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence, Tuple

import numpy as np

from semid import _semid
from semid._base import Quantizer
from semid._errors import DeviceError, InputError, NoMemoryError
from semid._input import count_rows, to_codes, to_rows
from semid._labels import columns_for
from semid._values import _integer, _number, _weights, place


def evaluate(
    model: Quantizer,
    X: Any,
    *,
    codes: Any = None,
    column: Optional[str] = None,
    k: int = 10,
    sample: Optional[int] = None,
    recall_curve: Sequence[int] = (),
    pairs: int = 20_000,
    random_state: int = 42,
    beam: Optional[int] = None,
    labels: Any = None,
    sample_weight: Any = None,
    interactions: Optional[Sequence[Tuple[Any, Any]]] = None,
    items: Any = None,
    device: Optional[str] = None,
    progress: Any = None,
) -> dict:
    """Measures whether codes are good: what ``semid eval`` measures, under the same names.

    Parameters
    ----------
    model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
        A fitted model.
    X : rows (N, D)
        See ``RQKMeans.fit``.
    codes : array of integers (N, L), optional
        Codes of the rows; by default those that the model gives.
    k : int
        Neighbours of each query; 0 leaves out everything about neighbours and distances.
    sample : int, optional
        That many rows are queries instead of all; neighbours are searched among all rows.
    recall_curve : sequence of int
        Further numbers of neighbours at which recall is measured.
    pairs : int
        Most pairs of rows for the correlation of distances.
    random_state : int
        Seed of the sample and the pairs.
    beam : int, optional
        Width of the beam that encodes the rows, see ``RQKMeans.encode``; 1 takes the nearest codeword of every level.
        By default it is that of the model. It has no effect on codes that are given.
    labels : labels of every row, optional
        For a model whose first codes labels give, see ``RQKMeans.encode``.
    sample_weight : array of whole numbers (N,), optional
        How often each row counts, such as how often an item is wanted. Errors, collisions, recall and gain are then
        measured by weight, too.
    interactions : sequence of pairs, optional
        Items that are used together, as numbers of rows or keys of ``items``: ``co_occurrence`` then says whether they
        share prefixes, beside chance.
    items : sequence of str or int, optional
        The key of every row, for ``interactions``.

    Returns
    -------
    dict
        ``collision_rate``, ``levels`` (usage of each), ``squared_error_per_row``, ``mse``, ``recall_at_k``,
        ``ndcg_at_k``, ``distance_correlation`` and others; with weights also ``weighted`` (errors),
        ``collided_weight_rate``, ``lost_weight_rate``, ``weighted_recall_at_k`` and ``weighted_ndcg_at_k``; with
        interactions also ``co_occurrence``. The same bits on every device.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(500, 8))
    >>> model = semid.RQKMeans(2, 8).fit(X)
    >>> quality = semid.evaluate(model, X, k=5)
    >>> 0 <= quality["collision_rate"] <= 1 and quality["k"] == 5
    True
    """
    settings = {
        "k": _integer("k", k),
        "sample": None if sample is None else _integer("sample", sample, 1),
        "recall_curve": [_integer("recall_curve", value, 1) for value in recall_curve],
        "pairs": _integer("pairs", pairs, 1),
        "seed": _integer("random_state", random_state),
        "beam": None if beam is None else _integer("beam", beam, 1),
    }
    together = dict(interactions=interactions, items=items)
    more = dict(labels=labels, weights=_weights(sample_weight), device=device, progress=progress, **together)
    return model._quality(X, settings, codes=codes, column=column, **more)


def drift(
    model: Quantizer,
    X: Any,
    baseline: Any,
    *,
    max_psi: float = 0.25,
    max_error_rise: float = 0.1,
    max_margin_loss: float = 0.25,
    max_saturated: float = 0.001,
    column: Optional[str] = None,
    labels: Any = None,
    baseline_labels: Any = None,
    sample: int = 10_000,
    random_state: int = 42,
    device: Optional[str] = None,
) -> dict:
    """Measures how far new rows have drifted from older ones, as ``semid drift`` does, to tell when to fit again.

    Parameters
    ----------
    model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
        A fitted model.
    X : rows (N, D)
        New rows.
    baseline : rows (M, D)
        Older rows, best some that the model was not fitted to: those of the fit are nearer to its codewords, of which
        an estimate counts as chance.
    max_psi, max_error_rise, max_margin_loss, max_saturated : float
        Limits: by how much the population stability index of a level may exceed that of chance, the squared error may
        rise and the median margin may fall beyond chance, and the share of values beyond the grid may grow.
    labels, baseline_labels : labels of every row, optional
        Those of ``X`` and of ``baseline``, for a model whose first codes labels give, see ``RQKMeans.encode``.
    sample : int
        How many rows of each side the margins are measured of.
    random_state : int
        Seed of the sample.

    Returns
    -------
    dict
        ``stable``, ``levels`` with a value of ``baseline`` and of ``new`` for each measure, and ``crossings``: the
        limits that are crossed, each with ``words``. The same bits on every device.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(500, 8))
    >>> model = semid.RQKMeans(2, 8).fit(X)
    >>> semid.drift(model, X, X)["stable"], semid.drift(model, X + 2, X)["stable"]
    (True, False)
    """
    limits = dict(
        max_psi=max_psi, max_error_rise=max_error_rise, max_margin_loss=max_margin_loss, max_saturated=max_saturated
    )
    sampled = (_integer("sample", sample, 1), _integer("random_state", random_state))
    new, older = to_rows(X, column=column), to_rows(baseline, column=column)
    values = [_number(name, value) for name, value in limits.items()]
    columns = columns_for(model._model, labels)
    older_columns = columns_for(model._model, baseline_labels, "baseline_labels")
    both = (columns, older_columns)
    return json.loads(_semid.drift(model._model, new, older, model._place(device), sampled, values, both))


def code_metrics(codes: Any, n_clusters: Optional[Sequence[int]] = None) -> dict:
    """Measures of codes (N, L) alone: collisions, usage and evenness of every level.

    Parameters
    ----------
    codes : array of integers, (N, L)
    n_clusters : sequence of int, optional
        Clusters of every level; by default one more than the largest code.

    Examples
    --------
    >>> import semid
    >>> semid.code_metrics([[0, 1], [0, 1], [1, 0], [1, 1]])["collision_rate"]
    0.25
    """
    codes = to_codes(codes)
    if n_clusters is None:
        n_clusters = [int(largest) + 1 for largest in codes.max(axis=0)] if len(codes) else [1] * codes.shape[1]
    return json.loads(_semid.code_metrics(codes, [int(clusters) for clusters in n_clusters]))


def devices() -> list:
    """The devices of this machine: dicts with ``name``, ``description``, ``backend``, ``driver`` and ``hardware``.

    Examples
    --------
    >>> import semid
    >>> [device["name"] for device in semid.devices()][:2]
    ['reference', 'cpu']
    """
    return _semid.devices()


@dataclass(frozen=True)
class Verified:
    """The result of ``verify``, which is true where all devices gave the same bits.

    Attributes
    ----------
    equal : bool
    rows : int
        Rows that every device encoded.
    devices : list of dict
        For every device ``name``, ``equal``, ``fit_fingerprint``, and ``error`` where it failed.
    """

    equal: bool
    rows: int
    devices: list

    def __bool__(self) -> bool:
        return self.equal


def verify(
    model: Quantizer, X: Any, *, column: Optional[str] = None, devices: Optional[Sequence[str]] = None, rows: int = 2000
) -> Verified:
    """Encodes rows, and fits a small model to them, on every device, and compares the bits.

    Parameters
    ----------
    model : RQKMeans, RQVAE, RQKMeansPlus or PQKMeans
        A fitted model.
    X : rows (N, D)
        Of which ``rows``, evenly spread, are used where they are an array.
    devices : sequence of str, optional
        Names of the devices; all by default. One alone is compared with ``"reference"``.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(200, 8))
    >>> bool(semid.verify(semid.RQKMeans(2, 4).fit(X), X, devices=["cpu"]))
    True
    """
    names = list(devices) if devices is not None else [device["name"] for device in _semid.devices()]
    if not names:
        raise InputError("there are no devices to compare", "Parameter")
    if len(names) == 1:
        names = ["cpu" if names == ["reference"] else "reference", *names]
    data = to_rows(X, column=column)
    data = _every(data, lambda part: part[(np.arange(rows) * len(part)) // rows] if len(part) > rows else part)
    inner = model._model
    codes = first = None
    entries = []
    for name in names:
        entry: dict = {"name": name, "equal": False, "fit_fingerprint": None, "error": None}
        entries.append(entry)
        try:
            found = inner.encode(data, place(name))
            entry["fit_fingerprint"] = _short_fit(inner, data, name)
        except (DeviceError, NoMemoryError) as error:
            entry["error"] = str(error)
            continue
        if codes is None:
            codes, first = found, entry["fit_fingerprint"]
        entry["equal"] = bool(np.array_equal(codes, found)) and first == entry["fit_fingerprint"]
    return Verified(all(entry["equal"] for entry in entries), 0 if codes is None else len(codes), entries)


def _every(rows: Any, change: Callable) -> Any:
    """Rows of which arrays are changed, also those of a dict of arrays; all other rows stay as they are."""
    if isinstance(rows, dict) and all(isinstance(part, np.ndarray) for part in rows.values()):
        return {name: change(part) for name, part in rows.items()}
    return change(rows) if isinstance(rows, np.ndarray) else rows


def _short_fit(model: "_semid.Model", rows: Any, name: str) -> Optional[str]:
    """The fingerprint of a small fit on a device; none for a kind that has none."""
    rows = _every(rows, lambda part: part[:1000])
    count = count_rows(rows)
    clusters = [min(clusters, 64, count) for clusters in model.clusters[:4]]
    params = model.short_fit(clusters, count)
    return None if params is None else _semid.fit(params, rows, place(name))[0].fingerprint
