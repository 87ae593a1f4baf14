"""Sweeps: models of many sizes and kinds, fitted and measured."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from typing import Any, Optional, Union

from semid import _semid
from semid._base import Quantizer
from semid._errors import InputError
from semid._input import to_rows
from semid._labels import columns_of
from semid._progress import Listening
from semid._values import _column_weight, _integer, _weights, place, seed_of


class SweepResult(Sequence):
    """The runs of a sweep, in the order of its grid: dicts with ``parameters``, ``metrics``, ``fingerprint`` and
    ``seconds``, as the lines of the file of ``semid sweep``.
    """

    def __init__(self, text: str):
        self._text = text
        self._runs = json.loads(text)

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, at: Any) -> Any:
        return self._runs[at]

    def __repr__(self) -> str:
        return f"<semid sweep: {len(self)} runs>"

    def ranked(self, metric: str = "collision_rate") -> list:
        """The runs, the best first, by a metric such as ``"collision_rate"``, ``"recall_at_k"`` or ``"mse"``."""
        return [self._runs[at] for at in _semid.rank(self._text, metric)]

    def best(self, metric: str = "collision_rate") -> dict:
        """The best run by a metric."""
        ranked = self.ranked(metric)
        if not ranked:
            raise InputError(f"no run has the metric {metric!r}", "UnknownMetric")
        return ranked[0]

    def to_rows(self) -> list:
        """A flat dict per run, for a table: ``pandas.DataFrame(result.to_rows())``."""
        rows = []
        for run in self._runs:
            row = {**run["parameters"], "fingerprint": run["fingerprint"], **run["seconds"]}
            row.update({name: value for name, value in run["metrics"].items() if isinstance(value, (int, float))})
            rows.append(row)
        return rows

    def _repr_html_(self) -> str:
        from html import escape

        names = ["kind", "levels", "clusters", "balanced", "seed", "collision_rate", "mse", "fit"]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>"
            for row in self.to_rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def sweep(
    X: Any,
    *,
    levels: Optional[Sequence] = None,
    n_clusters: Optional[Sequence] = None,
    kinds: Sequence = ("rq-kmeans",),
    balanced: Sequence = (False,),
    random_states: Sequence = (42,),
    k: int = 10,
    sample: Optional[int] = None,
    beam: Optional[int] = None,
    predict: Optional[int] = None,
    path: Optional[Union[str, os.PathLike]] = None,
    models: Optional[Union[str, os.PathLike]] = None,
    sample_weight: Any = None,
    labels: Any = None,
    unknown: str = "nearest",
    warm_start: Optional[Quantizer] = None,
    freeze_levels: Sequence = (0,),
    column_weight: Any = None,
    column: Optional[str] = None,
    device: str = "auto",
    progress: Any = None,
) -> SweepResult:
    """Fits and measures a model for every point of a grid.

    Parameters
    ----------
    X : rows (N, D)
        See ``RQKMeans.fit``.
    levels, n_clusters, balanced, random_states : sequences
        The grid, by default of 2, 3 and 4 levels of 64 and of 256 clusters; an entry of ``n_clusters`` is a number, or
        a list of which L levels take the first L.
    kinds : sequence of str or of models
        Names of kinds, or models that are not fitted, whose other parameters count; bounds of the sizes of clusters
        are refused.
    k, sample, beam
        As for ``evaluate``.
    predict : int, optional
        Also predicts the collisions of that many rows.
    path : str or path-like, optional
        File with a line per finished run, from which a sweep that was stopped goes on.
    models : str or path-like, optional
        Folder in which the models are kept.
    sample_weight, labels, unknown, warm_start, column_weight
        As for ``RQKMeans.fit``, for all fits. ``levels`` and ``n_clusters`` are those after levels that labels give;
        with ``warm_start`` they are those of that model unless they are given.
    freeze_levels : sequence of int, default (0,)
        Numbers of first levels that keep the codewords of ``warm_start``.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(300, 8))
    >>> runs = semid.sweep(X, levels=[1, 2], n_clusters=[4], k=0)
    >>> len(runs), runs.best("mse")["parameters"]["levels"]
    (2, 2)

    Fits that start from a model, with none, one or both of its levels kept:

    >>> older = semid.RQKMeans(2, 4).fit(X[:200])
    >>> runs = semid.sweep(X, warm_start=older, freeze_levels=[0, 1, 2], k=0)
    >>> runs[2]["fingerprint"] == older.fingerprint
    True
    """
    start = None if warm_start is None else warm_start._model
    if levels is None:
        levels = (2, 3, 4) if start is None else (len(start.clusters),)
    if n_clusters is None:
        n_clusters = (64, 256) if start is None else (list(start.clusters),)
    grid = {
        "levels": [_integer("levels", value, 1) for value in levels],
        "clusters": [_clusters(value) for value in n_clusters],
        "kinds": [_kind(kind) for kind in kinds],
        "balanced": [bool(value) for value in balanced],
        "seeds": [seed_of(value) for value in random_states],
        "freeze_levels": [_integer("freeze_levels", value) for value in freeze_levels],
        "evaluation": {
            "k": _integer("k", k),
            "sample": None if sample is None else _integer("sample", sample, 1),
            "beam": None if beam is None else _integer("beam", beam, 1),
        },
        "predict": None if predict is None else _integer("predict", predict, 1),
    }
    rows = to_rows(X, column=column)
    with Listening(progress) as tell, tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "sweep.jsonl") if path is None else path
        text = _semid.sweep(
            json.dumps(grid),
            rows,
            file,
            place(device),
            models=models,
            progress=tell,
            warm_start=start,
            weights=_weights(sample_weight),
            labels=columns_of(labels),
            unknown=unknown,
            column_weight=_column_weight(column_weight),
        )
    return SweepResult(text)


def _clusters(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_integer("n_clusters", clusters, 1) for clusters in value]
    return _integer("n_clusters", value, 1)


def _kind(kind: Any) -> dict:
    if isinstance(kind, str):
        return {"kind": kind}
    fields = kind._parameters()
    if fields.get("sizes"):
        raise InputError(
            f"kinds: {kind!r} has bounds of its clusters, which sweeps do not take: leave out min_cluster_size and "
            "max_cluster_size, and ask for clusters of equal sizes by balanced=[True]",
            "Parameter",
        )
    return {name: value for name, value in fields.items() if name not in ("levels", "clusters", "seed", "sizes")}
