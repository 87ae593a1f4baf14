"""Fit, encode and assign on Ray, with the bits of one machine: ``pip install "semid[ray]"``.

.. code-block:: python

    model = semid.ray.fit("items/*.parquet", semid.RQKMeans())
    semid.ray.encode("items/", model).write_parquet("codes/")

The rows have an order, which the fingerprint depends on: that of the files, or of a dataset that keeps its order (this
module sets ``preserve_order``). Actors and tasks that die are started anew by Ray, and give the same bits.
"""

from __future__ import annotations

import os
from typing import Any, Iterator, Optional, Sequence, Union

import numpy as np
import ray

from semid import _semid, shards
from semid._base import Quantizer
from semid._errors import InputError
from semid._kmeans import RQKMeans
from semid._labels import label_columns, labels_of
from semid._registry import Registry
from semid._shard_files import opened, shares, spans
from semid._values import _integer, _weights

__all__ = ["assign", "encode", "fit"]

_PATHS = Union[str, os.PathLike, Sequence[Union[str, os.PathLike]]]

#: How many replies a task merges at a time before the driver sees them, where there are more.
_MERGED = 8


@ray.remote(max_restarts=-1, max_task_retries=-1)
class _Shard:
    """A worker as an actor; it reads its rows again when it is started anew."""

    def __init__(self, rows: tuple, columns: tuple, device: str, threads: Optional[int]):
        (kind, data, where, first), (column, weight_column) = rows, columns
        if kind == "files":
            span, shared = where
            weights = None if shared is None else ray.get(shared)
            held: Any = _open(data, column)
        else:
            import pyarrow

            span, weights = None, None
            held = pyarrow.concat_tables(ray.get(data))
            if weight_column is not None:
                weights = _weights_of(held, weight_column)
                held = held.drop_columns([weight_column])
        self._worker = shards.Worker(
            held, first_row=first, span=span, column=column, sample_weight=weights, device=device, n_jobs=threads
        )

    def shape(self) -> tuple:
        return self._worker.rows, self._worker.dim

    def answer(self, request: bytes) -> bytes:
        return self._worker.answer(request)

    def process(self) -> int:
        return os.getpid()


@ray.remote(num_cpus=0)
def _merge(*replies: bytes) -> bytes:
    return shards.merge(replies)


@ray.remote(num_cpus=0)
def _count(table: Any, weights: Optional[str]) -> tuple:
    """How many rows there are, and how often they count together."""
    return table.num_rows, table.num_rows if weights is None else int(_weights_of(table, weights).sum())


def _weights_of(table: Any, column: str) -> np.ndarray:
    if column not in table.column_names:
        raise InputError(f"weight_column={column!r}: the rows have no such column", "Parameter")
    weights = _weights(table.column(column).to_numpy())
    assert weights is not None
    return weights


class _Engine:
    """Brings requests to actors."""

    def __init__(self, actors: list):
        if not actors:
            raise InputError("there are no rows", "Empty")
        self.actors = actors
        self._shapes = ray.get([actor.shape.remote() for actor in actors])

    def shards(self) -> list:
        return [rows for rows, _ in self._shapes]

    def dim(self) -> int:
        return self._shapes[0][1]

    def call(self, calls: list) -> list:
        sent: dict = {}
        replies = []
        for call in calls:
            # A request goes to every node once.
            if id(call.request) not in sent:
                sent[id(call.request)] = ray.put(call.request)
            replies.append(self.actors[call.shard].answer.remote(sent[id(call.request)]))
        of = [[number] for number in range(len(calls))]
        while len(replies) > _MERGED and all(call.merges for call in calls):
            parts = [slice(start, start + _MERGED) for start in range(0, len(replies), _MERGED)]
            replies = [_merge.remote(*replies[part]) for part in parts]
            of = [sum(of[part], []) for part in parts]
        return list(zip(of, ray.get(replies)))


def fit(
    data: Any,
    model: RQKMeans,
    *,
    column: Optional[str] = None,
    weight_column: Optional[str] = None,
    num_shards: Optional[int] = None,
    num_cpus: float = 1,
    num_gpus: float = 0,
    device: Optional[str] = None,
    ray_remote_args: Optional[dict] = None,
) -> RQKMeans:
    """Fits a model to rows that actors hold.

    Parameters
    ----------
    data : path, pattern, list of paths, or ray.data.Dataset
        Paths have to be there on every node. A dataset is read once and kept in Ray's object store.
    model : RQKMeans
        Its device is that of the driver.
    column : str, optional
        Column of the embeddings.
    weight_column : str, optional
        Column of whole numbers that say how often each row counts, as ``sample_weight`` does on one machine.
    num_shards : int, optional
        Actors, of which each holds a shard in memory: by default as many as the cluster has CPUs for, and GPUs and
        resources where every actor needs some.
    num_cpus, num_gpus : float
        What every actor needs.
    device : str, optional
        Device of the actors: ``"gpu"`` where ``num_gpus`` is given, and else ``"cpu"``, by default.
    ray_remote_args : dict, optional
        More options of the actors, such as ``{"scheduling_strategy": "SPREAD"}`` or ``{"resources": {"fast": 1}}``.

    Returns
    -------
    RQKMeans
        ``model``, fitted. Its fingerprint is that of a fit on one machine, whatever ``num_shards`` is.
    """
    if not ray.is_initialized():
        ray.init(include_dashboard=False)
    if num_shards is None:
        num_shards = _room(num_cpus, num_gpus, ray_remote_args or {})
    num_shards = _integer("num_shards", num_shards, 1)
    device = _device(device, num_gpus)
    threads = max(1, int(num_cpus)) if device.startswith("cpu") else None
    actor: Any = _Shard
    start = actor.options(num_cpus=num_cpus, num_gpus=num_gpus, **(ray_remote_args or {})).remote
    columns = column, weight_column
    actors = [start(rows, columns, device, threads) for rows in _divide(data, columns, num_shards)]
    try:
        return shards.fit(model, _Engine(actors))
    finally:
        for actor in actors:
            ray.kill(actor)


def _room(num_cpus: float, num_gpus: float, ray_remote_args: dict) -> int:
    """How many actors find what they need in the cluster at once, and one at least."""
    needs = {"CPU": max(num_cpus, 1), "GPU": num_gpus, **ray_remote_args.get("resources", {})}
    has = ray.cluster_resources()
    return max(1, min(int(has.get(name, 0) // need) for name, need in needs.items() if need))


def _device(named: Optional[str], num_gpus: float) -> str:
    """The device of actors."""
    return named if named is not None else ("gpu" if num_gpus else "cpu")


def _divide(data: Any, columns: tuple, parts: int) -> Iterator[tuple]:
    """What every actor holds: the kind of its rows, files or blocks, the part of files, and the number of the first."""
    if isinstance(data, ray.data.Dataset):
        yield from _blocks(data, columns, parts)
        return
    source, paths = opened(data, columns[0])
    divided = spans(len(source), parts)
    for span, (first, weights) in zip(divided, shares(paths, columns, divided)):
        yield "files", paths, (span, None if weights is None else ray.put(weights)), first


def _blocks(dataset: Any, columns: tuple, parts: int) -> Iterator[tuple]:
    """Neighbouring blocks of a dataset, about as many rows in each part."""
    column, weights = columns
    if column is not None:
        dataset = dataset.select_columns([name for name in columns if name is not None])
    with _ordered(dataset):
        blocks = dataset.to_arrow_refs()
    counts = ray.get([_count.remote(block, weights) for block in blocks])
    total, held, start = sum(rows for rows, _ in counts), 0, 0
    # The first row of a part has the number of all rows before it, each as often as it counts.
    first, number = 0, 0
    taken: list = []
    for block, (rows, weight) in zip(blocks, counts):
        if rows:
            taken.append(block)
        held, number = held + rows, number + weight
        if taken and held * parts >= total * (start + 1):
            yield "blocks", taken, None, first
            first, taken = number, []
            while held * parts >= total * (start + 1) and start < parts:
                start += 1
    if taken:
        yield "blocks", taken, None, first


class _ordered:
    """Datasets keep the order of their rows in here."""

    def __init__(self, dataset: Any):
        # A dataset has a context of its own since it was made.
        self._options = dataset.context.execution_options

    def __enter__(self) -> None:
        self._before = self._options.preserve_order
        self._options.preserve_order = True

    def __exit__(self, *_: object) -> None:
        self._options.preserve_order = self._before


def _open(paths: list, column: Optional[str]) -> "_semid.Source":
    return _semid.open(paths, column=column)


class _Encoder:
    """Encodes batches in a task."""

    def __init__(self, model: Quantizer, column: Optional[str], labels: list, output: str, device: str):
        self._model, self._column, self._output, self._device = model, column, output, device
        self._labels = labels

    def __call__(self, batch: Any) -> Any:
        import pyarrow

        labels = labels_of(batch, self._labels)
        codes = self._model.encode(batch, column=self._column, device=self._device, labels=labels)
        values = pyarrow.array(codes.reshape(-1), pyarrow.uint32())
        lists = pyarrow.FixedSizeListArray.from_arrays(values, codes.shape[1])
        return batch.append_column(self._output, lists)


def encode(
    dataset: Any,
    model: Quantizer,
    *,
    column: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    output: str = "codes",
    concurrency: Optional[int] = None,
    batch_size: int = 4096,
    num_gpus: float = 0,
    device: Optional[str] = None,
    ray_remote_args: Optional[dict] = None,
) -> Any:
    """Adds the codes of every row to a dataset, as a column of lists.

    Parameters
    ----------
    dataset : ray.data.Dataset, path or list of paths of parquet files
    model : a fitted model
    column : str, optional
        Column of the embeddings.
    labels : list of str, optional
        Columns of the labels, for a model whose first codes labels give; by default those of its fit.
    output : str, default "codes"
        Name of the new column.
    concurrency : int, optional
        Actors that encode; by default as many as the cluster has CPUs for, but for one that reads.
    batch_size : int
    num_gpus : float
        What every actor needs.
    device : str, optional
        Device of the actors: ``"gpu"`` where ``num_gpus`` is given, and else ``"cpu"``, by default.
    ray_remote_args : dict, optional
        More options of the actors.

    Returns
    -------
    ray.data.Dataset
        Write it with ``write_parquet``.
    """
    if not isinstance(dataset, ray.data.Dataset):
        dataset = ray.data.read_parquet(opened(dataset, column)[1])
    if concurrency is None:
        # With all CPUs taken by actors, no task could read the rows.
        most = max(1, int(ray.cluster_resources().get("CPU", 1)) - 1)
        actors = ray.data.ActorPoolStrategy(min_size=1, max_size=most)
    else:
        actors = ray.data.ActorPoolStrategy(size=_integer("concurrency", concurrency, 1))
    return dataset.map_batches(
        _Encoder,
        fn_constructor_args=(model, column, label_columns(model, labels), output, _device(device, num_gpus)),
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=actors,
        # Ray takes no number of GPUs as none.
        num_gpus=num_gpus or None,
        **(ray_remote_args or {}),
    )


def assign(
    dataset: Any,
    model: Quantizer,
    registry: Registry,
    *,
    items: str,
    column: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    concurrency: Optional[int] = None,
    batch_size: int = 65_536,
) -> int:
    """Gives the items of a dataset unique IDs in a registry that the driver holds, and returns the number of rows.

    Actors encode. The IDs are given in the order of the rows, as on one machine.

    Parameters
    ----------
    dataset : ray.data.Dataset, path or list of paths of parquet files
    model : a fitted model
    registry : semid.Registry
    items : str
        Column of the items' keys.
    column : str, optional
        Column of the embeddings.
    labels : list of str, optional
        As for ``encode``.
    """
    encoded = encode(dataset, model, column=column, labels=labels, output="__codes", concurrency=concurrency)
    encoded = encoded.select_columns([items, "__codes"])
    done = 0
    with _ordered(encoded):
        for batch in encoded.iter_batches(batch_size=batch_size, batch_format="pyarrow"):
            lists = batch.column("__codes").combine_chunks()
            codes = np.asarray(lists.flatten()).reshape(len(lists), -1)
            registry.assign(batch.column(items), codes)
            done += len(codes)
    return done
