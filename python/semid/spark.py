"""Fit, encode and assign on Spark, with the bits of one machine: ``pip install "semid[spark]"``.

.. code-block:: python

    model = semid.spark.fit(spark.read.parquet("items/"), semid.RQKMeans(), column="embedding")
    semid.spark.encode(items, model, column="embedding").write.parquet("codes/")

The fingerprint depends on the order of the rows, which is that of the files, or of the partitions of a data frame.
Executors need this package, and have to see the files. What they keep is a cache: an executor that is lost, or a task
that runs elsewhere, reads its rows again and gives the same bits. Spark takes a fraction of a second for every step, so
first ask whether a fit on a sample is enough (``RQKMeans(sample=...)``), with ``encode`` here.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import uuid
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, Optional, Sequence

import numpy as np
import pyarrow
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, BinaryType, IntegerType, StructField, StructType

from semid import _semid, shards
from semid._base import Quantizer
from semid._errors import InputError
from semid._kmeans import RQKMeans
from semid._labels import label_columns, labels_of
from semid._registry import Registry
from semid._shard_files import opened, shares, spans
from semid._values import _integer

__all__ = ["assign", "encode", "fit"]

#: Replies are merged on executors where there are more than these.
_MERGED = 8

#: The workers of this process, which belongs to an executor: those of one fit, the latest used last.
_held: "OrderedDict[tuple, shards.Worker]" = OrderedDict()


class _Shard:
    """What an executor needs to make the worker of a shard."""

    def __init__(self, fit: str, paths: list, column: Optional[str], device: str, threads: int, most: int):
        self._fit, self._paths, self._column = fit, paths, column
        self._device, self._threads, self._most = device, threads, most

    def worker(self, shard: int, part: tuple) -> shards.Worker:
        key = (self._fit, shard)
        for other in [held for held in _held if held[0] != self._fit]:
            del _held[other]
        worker = _held.pop(key, None)
        if worker is None:
            while len(_held) >= self._most:
                _held.popitem(last=False)
            span, first, shared = part
            worker = shards.Worker(
                _semid.open(self._paths, column=self._column),
                first_row=first,
                span=span,
                sample_weight=None if shared is None else shared.value,
                device=self._device,
                n_jobs=self._threads,
            )
        _held[key] = worker
        return worker


class _Answer:
    """Answers the requests of a call for the shards of a partition."""

    def __init__(self, shard: _Shard, parts: list, requests: Any, wanted: dict):
        self._shard, self._parts, self._requests, self._wanted = shard, parts, requests, wanted

    def __call__(self, numbers: Iterable[int]) -> Iterator[tuple]:
        for number in numbers:
            for place, request in self._wanted.get(number, ()):
                worker = self._shard.worker(number, self._parts[number])
                yield [place], worker.answer(self._requests.value[request])


def _merged(first: tuple, second: tuple) -> tuple:
    return first[0] + second[0], shards.merge([first[1], second[1]])


def _forget(_: Iterable[int]) -> None:
    _held.clear()


class _Engine:
    """Brings requests to tasks, each of which has the rows of a span, by their first number and their weights."""

    def __init__(self, context: Any, shard: _Shard, spans: list, shares: Iterator[tuple], dim: int):
        self._context, self._shard, self._dim = context, shard, dim
        self._rows, self._parts = [], []
        for (start, end), (first, weights) in zip(spans, shares):
            self._rows.append(end - start if weights is None else int(weights.sum()))
            # An executor fetches the weights of its shards alone.
            self._parts.append(((start, end), first, None if weights is None else context.broadcast(weights)))
        # Spark prefers to run a task where its partition is cached, which is where the worker is.
        self._home = context.parallelize(range(len(spans)), len(spans)).cache()

    def shards(self) -> list:
        return self._rows

    def dim(self) -> int:
        return self._dim

    def call(self, calls: list) -> list:
        numbers: dict = {}
        requests: list = []
        wanted: dict = {}
        for place, call in enumerate(calls):
            # A request goes to every executor once.
            if id(call.request) not in numbers:
                numbers[id(call.request)] = len(requests)
                requests.append(call.request)
            wanted.setdefault(call.shard, []).append((place, numbers[id(call.request)]))
        sent = self._context.broadcast(requests)
        try:
            replies = self._home.mapPartitions(_Answer(self._shard, self._parts, sent, wanted))
            if len(calls) > _MERGED and len(requests) == 1 and all(call.merges for call in calls):
                return [replies.treeReduce(_merged)]
            return replies.collect()
        finally:
            sent.unpersist()

    def close(self) -> None:
        self._home.foreachPartition(_forget)
        self._home.unpersist()
        for _, _, shared in self._parts:
            if shared is not None:
                shared.unpersist()


def fit(
    data: Any,
    model: RQKMeans,
    *,
    column: Optional[str] = None,
    weight_column: Optional[str] = None,
    num_shards: Optional[int] = None,
    scratch: Optional[str] = None,
    device: str = "cpu",
) -> RQKMeans:
    """Fits a model to rows that executors hold.

    Parameters
    ----------
    data : path, pattern, list of paths, or pyspark.sql.DataFrame
        Paths have to be there for the driver and for every executor. A data frame is written once, as Parquet, into
        ``scratch``, since it may be computed in another order the next time.
    model : RQKMeans
        Its device is that of the driver.
    column : str, optional
        Column of the embeddings, an array of numbers.
    weight_column : str, optional
        Column of whole numbers that say how often each row counts, as ``sample_weight`` does on one machine.
    num_shards : int, optional
        Parts of the rows, of which each is held by one process: as many as there are cores by default.
    scratch : str, optional
        Folder that the driver and every executor see; a temporary one where Spark runs on this machine.
    device : str, default "cpu"
        Device of the executors.

    Returns
    -------
    RQKMeans
        ``model``, fitted. Its fingerprint is that of a fit on one machine, whatever ``num_shards`` is.
    """
    session = data.sparkSession if isinstance(data, DataFrame) else SparkSession.builder.getOrCreate()
    context = session.sparkContext
    columns = column, weight_column
    with _files(data, columns, scratch, context) as (source, paths):
        rows, dim = source.shape
        parts = context.defaultParallelism if num_shards is None else _integer("num_shards", num_shards, 1)
        # Workers of so few rows would have more to say than to hold.
        parts = max(1, min(parts, rows))
        divided = spans(rows, parts)
        threads = int(context.getConf().get("spark.task.cpus", "1"))
        # Tasks that move leave workers behind; a process keeps no more than its share, and one.
        most = math.ceil(parts / max(1, context.defaultParallelism)) + 1
        shard = _Shard(uuid.uuid4().hex, paths, column, device, threads, most)
        engine = _Engine(context, shard, divided, shares(paths, columns, divided), dim)
        try:
            return shards.fit(model, engine)
        finally:
            engine.close()


@contextmanager
def _files(data: Any, columns: tuple, scratch: Optional[str], context: Any) -> Iterator[tuple]:
    """The rows and their files, those of a data frame for as long as they are needed."""
    if not isinstance(data, DataFrame):
        yield opened(data, columns[0])
        return
    if scratch is None and not context.master.startswith("local"):
        raise InputError(
            "give scratch=..., a folder that the driver and every executor see: the rows go there once", "Parameter"
        )
    folder = tempfile.mkdtemp(prefix="semid-", dir=scratch)
    try:
        target = os.path.join(folder, "rows")
        needed = [name for name in columns if name is not None]
        (data if columns[0] is None else data.select(*needed)).write.parquet("file://" + target)
        yield opened(_in_order(target), columns[0])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_order(folder: str) -> list:
    """Files of Spark by the number of their partition, of five digits or more, and then by their last number."""
    found = []
    for name in os.listdir(folder):
        numbers = re.fullmatch(r"part-(\d+)-.*?(?:-c(\d+))?(?:\.[a-z0-9]+)*\.parquet", name)
        if numbers is not None:
            found.append((int(numbers[1]), int(numbers[2] or 0), os.path.join(folder, name)))
    return [path for _, _, path in sorted(found)]


class _Encoder:
    """Encodes Arrow batches in a task."""

    def __init__(self, model: Quantizer, column: Optional[str], labels: Optional[Sequence[str]]):
        # Spark runs a task for each core.
        self._model = type(model).from_bytes(model.to_bytes(), device="cpu", n_jobs=1)
        self._column, self._labels = column, label_columns(model, labels)

    def codes(self, batch: Any) -> np.ndarray:
        return self._model.encode(batch, column=self._column, labels=labels_of(batch, self._labels))


class _Append(_Encoder):
    """Adds a column of codes."""

    def __init__(self, model: Quantizer, column: Optional[str], labels: Optional[Sequence[str]], output: str):
        super().__init__(model, column, labels)
        self._output = output

    def __call__(self, batches: Iterable) -> Iterator:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            codes = self.codes(batch)
            starts = np.arange(0, codes.size + 1, codes.shape[1], dtype=np.int32)
            values = pyarrow.array(codes.reshape(-1).astype(np.int32))
            lists = pyarrow.ListArray.from_arrays(pyarrow.array(starts), values)
            yield pyarrow.RecordBatch.from_arrays([*batch.columns, lists], [*batch.schema.names, self._output])


class _Pack(_Encoder):
    """Makes one row of bytes of the keys and the codes of a batch, as Spark is slow with many rows."""

    def __init__(self, model: Quantizer, column: Optional[str], labels: Optional[Sequence[str]], items: str):
        super().__init__(model, column, labels)
        self._items = items

    def __call__(self, batches: Iterable) -> Iterator:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            codes = self.codes(batch)
            lists = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(codes.reshape(-1)), codes.shape[1])
            table = pyarrow.table({"items": batch.column(self._items), "codes": lists})
            sink = pyarrow.BufferOutputStream()
            with pyarrow.ipc.new_stream(sink, table.schema) as out:
                out.write_table(table)
            packed = pyarrow.array([sink.getvalue().to_pybytes()], pyarrow.binary())
            yield pyarrow.RecordBatch.from_arrays([packed], ["packed"])


def encode(
    data: DataFrame,
    model: Quantizer,
    *,
    column: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    output: str = "codes",
) -> DataFrame:
    """Adds the codes of every row to a data frame, as a column of arrays of integers.

    Parameters
    ----------
    data : pyspark.sql.DataFrame
    model : a fitted model
    column : str, optional
        Column of the embeddings, an array of numbers.
    labels : list of str, optional
        Columns of the labels, for a model whose first codes labels give; by default those of its fit.
    output : str, default "codes"
        Name of the new column.

    Returns
    -------
    pyspark.sql.DataFrame
    """
    codes = StructField(output, ArrayType(IntegerType(), True), True)
    return data.mapInArrow(_Append(model, column, labels, output), StructType([*data.schema.fields, codes]))


def assign(
    data: DataFrame,
    model: Quantizer,
    registry: Registry,
    *,
    items: str,
    column: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
) -> int:
    """Gives the items of a data frame unique IDs in a registry that the driver holds, and returns the number of rows.

    Executors encode. The IDs are given in the order of the partitions and their rows.

    Parameters
    ----------
    data : pyspark.sql.DataFrame
    model : a fitted model
    registry : semid.Registry
    items : str
        Column of the items' keys.
    column : str, optional
        Column of the embeddings.
    labels : list of str, optional
        As for ``encode``.
    """
    packed = data.mapInArrow(_Pack(model, column, labels, items), StructType([StructField("packed", BinaryType())]))
    done = 0
    for row in packed.toLocalIterator():
        table = pyarrow.ipc.open_stream(pyarrow.py_buffer(row[0])).read_all().combine_chunks()
        lists = table.column("codes").combine_chunks()
        codes = np.asarray(lists.flatten()).reshape(len(lists), -1)
        registry.assign(table.column("items"), codes)
        done += len(codes)
    return done
