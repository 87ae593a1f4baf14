"""Fits over rows that many processes or machines hold, with the fingerprint of a fit on one machine.

A worker holds one shard, rows with consecutive numbers, and answers requests, which are bytes. What it keeps is a
cache: an engine may start workers anew, move them, and repeat requests. ``semid.ray`` does all of this on Ray; this
module is for other engines.

>>> import numpy as np
>>> import semid
>>> from semid import shards
>>> X = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
>>> class Local:
...     def __init__(self, workers):
...         self.workers = workers
...     def shards(self):
...         return [worker.rows for worker in self.workers]
...     def dim(self):
...         return self.workers[0].dim
...     def call(self, calls):
...         return [([i], self.workers[call.shard].answer(call.request)) for i, call in enumerate(calls)]
>>> workers = [shards.Worker(X[:100]), shards.Worker(X[100:], first_row=100)]
>>> model = shards.fit(semid.RQKMeans(2, 4), Local(workers))
>>> model.fingerprint == semid.RQKMeans(2, 4).fit(X).fingerprint
True
"""

from __future__ import annotations

import json
from typing import Any, Iterable, NamedTuple, Optional, Protocol, Sequence

import numpy as np

from semid import _semid
from semid._errors import InputError
from semid._input import to_rows
from semid._kmeans import RQKMeans
from semid._progress import Listening
from semid._values import _weights, place

__all__ = ["Call", "Engine", "Worker", "fit", "merge"]


class Call(NamedTuple):
    """A request for a worker of one shard."""

    #: Number of the shard, from 0.
    shard: int
    #: What ``Worker.answer`` takes. Calls with the same request share one object.
    request: bytes
    #: Whether replies of several shards may be merged on their way.
    merges: bool


class Engine(Protocol):
    """What runs workers, on one machine or on many."""

    def shards(self) -> Sequence[int]:
        """The number of rows of every shard, ``Worker.rows``. The rows of a shard follow those of the shard before."""

    def dim(self) -> int:
        """The number of dimensions."""

    def call(self, calls: list) -> Iterable[tuple]:
        """Brings every request to a worker of its shard, and returns the replies in any order.

        Parameters
        ----------
        calls : list of Call

        Returns
        -------
        iterable of (list of int, bytes)
            The places in ``calls`` of what a reply answers, of which there are several only for a merged one, and the
            reply.
        """


class Worker:
    """Holds the rows of one shard.

    Parameters
    ----------
    rows : rows (N, D)
        Whatever a fit takes. NumPy arrays are copied.
    first_row : int, optional
        Number of the first row among those of all shards, 0 by default; with weights, the sum of the weights before it.
    span : (int, int), optional
        Takes only these of the rows. Without ``first_row``, the rows are those of all shards, and so are the weights.
    column : str, optional
        Column of embeddings in a table.
    sample_weight : array of whole numbers (N,), optional
        How often each of the rows counts; with ``span`` and ``first_row``, each row of the span.
    device : str, default "cpu"
    n_jobs : int, optional
        Threads of the device ``"cpu"``; all cores by default.
    """

    def __init__(
        self,
        rows: Any,
        *,
        first_row: Optional[int] = None,
        span: Optional[tuple] = None,
        column: Optional[str] = None,
        sample_weight: Any = None,
        device: str = "cpu",
        n_jobs: Optional[int] = None,
    ):
        self._worker = _semid.Worker(
            _source(to_rows(rows, column=column)),
            place(device, n_jobs, None),
            first_row,
            span,
            _weights(sample_weight),
        )

    @property
    def rows(self) -> int:
        """The number of rows, each as often as it counts."""
        return self._worker.rows

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return self._worker.dim

    def answer(self, request: bytes) -> bytes:
        """The reply to a request of a fit."""
        return self._worker.answer(request)


def _source(rows: Any) -> "_semid.Source":
    if isinstance(rows, _semid.Source):
        return rows
    # A worker outlives the call, so it has the rows for itself.
    spool = _semid.Spool()
    spool.append(np.concatenate(rows) if isinstance(rows, list) else rows)
    return spool.finish()


def fit(model: RQKMeans, engine: Engine) -> RQKMeans:
    """Fits ``model`` to the rows that the workers of an engine hold, and returns it.

    Raises
    ------
    semid.InputError
        For balanced clusters and Sinkhorn, which need all rows in one place: fit on a sample.
    """
    if not isinstance(model, RQKMeans):
        name = type(model).__name__
        raise InputError(
            f"{name} needs all rows in one place; fit it on a sample of them, and encode everywhere", "NotWhole"
        )
    parameters = model._parameters()
    if parameters["sizes"] is not None or parameters["sinkhorn"] is not None:
        raise InputError(
            "balanced clusters and Sinkhorn need all rows in one place; fit on a sample of them, and encode everywhere",
            "NotWhole",
        )
    with Listening(model.progress) as progress:
        fitted, report = _semid.fit_on_workers(
            json.dumps(parameters), _Named(engine), model._place(), progress=progress
        )
    model._adopt(fitted, json.loads(report))
    return model


class _Named:
    """An engine whose calls are plain tuples, as the extension makes them."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def shards(self) -> list:
        return [int(rows) for rows in self._engine.shards()]

    def dim(self) -> int:
        return int(self._engine.dim())

    def call(self, calls: list) -> list:
        return [(list(of), bytes(reply)) for of, reply in self._engine.call([Call(*call) for call in calls])]


def merge(replies: Sequence[bytes]) -> bytes:
    """Merges replies of several shards to one request whose ``merges`` is set, in any order."""
    return bytes(_semid.merge_replies(list(replies)))
