"""What the steps of a fit cost on Ray or on Spark beside the same fit in this process, and a model of their time.

    python benches/steps.py --engine ray [--cores 2] [--points 40000x128x256x8,40000x256x1024x16]

Needs semid, and Ray or PySpark for their engines. A point is rows x dimensions x clusters x shards. Its fit of one
level is done twice: by workers in this process, one after the other and each with one thread, and by those of the
engine. Both have the same steps and the same fingerprint, so step by step the difference is what the engine adds.

The model of docs/scale.md says how long a step takes:

    work / cores + overhead + seconds per byte * (request + reply) * shards

Overhead and seconds per byte come from a fit whose rows are too few to take time, with messages of all sizes. The work
of an assign step, which compares all rows with all codewords, is rows * dimensions * clusters / rate. The rate, in
products per second and core, is that of a fit in this process of other rows than those of any point.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import semid
from semid import shards


class Point(NamedTuple):
    rows: int
    dim: int
    clusters: int
    shards: int


class Step(NamedTuple):
    seconds: float
    request: int
    reply: int


#: Rows that take no time, and messages of 2 KB to 4 MB.
MESSAGES = Point(2_048, 256, 1_024, 8)
WORK = Point(30_000, 192, 512, 1)


class Local:
    """Workers in this process, each with one thread."""

    def __init__(self, path, point):
        ends = [point.rows * part // point.shards for part in range(point.shards + 1)]
        spans = zip(ends, ends[1:])
        self._workers = [shards.Worker(path, span=span, n_jobs=1) for span in spans]

    def shards(self):
        return [worker.rows for worker in self._workers]

    def dim(self):
        return self._workers[0].dim

    def call(self, calls):
        return [([number], self._workers[call.shard].answer(call.request)) for number, call in enumerate(calls)]


class Watch:
    """An engine whose calls are timed."""

    def __init__(self, engine):
        self.shards, self.dim, self._engine, self.steps = engine.shards, engine.dim, engine, []

    def call(self, calls):
        start = time.perf_counter()
        answers = list(self._engine.call(calls))
        seconds = time.perf_counter() - start
        sizes = [len(call.request) for call in calls], [len(reply) for _, reply in answers]
        self.steps.append(Step(seconds, max(sizes[0]), max(sizes[1])))
        return answers


def fit(point, path, engine):
    """The steps of a fit on an engine, and its fingerprint."""
    watched = []
    plain = shards.fit

    def timed(model, engine):
        watched.append(Watch(engine))
        return plain(model, watched[0])

    shards.fit = timed
    try:
        model = engine(path, semid.RQKMeans(1, point.clusters, device="cpu", max_iter=5, tol=0), point)
    finally:
        shards.fit = plain
    return watched[0].steps, model.fingerprint


def in_process(path, model, point):
    return shards.fit(model, Local(path, point))


def on_ray(cores):
    import ray

    import semid.ray

    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False)

    def run(path, model, point):
        return semid.ray.fit(path, model, num_shards=point.shards, num_cpus=min(1, cores / point.shards))

    return run


def on_spark(cores):
    import pyspark
    from pyspark.sql import SparkSession

    import semid.spark

    os.environ.setdefault("SPARK_HOME", os.path.dirname(pyspark.__file__))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(f"local-cluster[{cores},1,1024]").config("spark.ui.enabled", "false")
    builder.config("spark.ui.showConsoleProgress", "false").getOrCreate().sparkContext.setLogLevel("ERROR")

    def run(path, model, point):
        return semid.spark.fit(path, model, num_shards=point.shards)

    return run


def rows_of(point, folder):
    path = folder / ("x".join(map(str, point)) + ".npy")
    random = np.random.default_rng(0)
    centres = random.normal(size=(4 * point.clusters, point.dim))
    rows = centres[random.integers(0, len(centres), point.rows)] + random.normal(size=(point.rows, point.dim))
    np.save(path, rows.astype(np.float32))
    return str(path)


def assigns(point, steps):
    """The steps whose replies are sums of clusters; the first compares every row with every codeword."""
    sums = 8 * point.clusters * (point.dim + 1)
    return [number for number, step in enumerate(steps) if 0 <= step.reply - sums < 256]


def both(point, path, engine):
    """The steps in this process and on the engine."""
    (local, expected), (there, found) = fit(point, path, in_process), fit(point, path, engine)
    assert expected == found and len(local) == len(there), "the same fit has the same steps"
    return local, there


def compare(point, local, there):
    of_sums = set(assigns(point, local))
    for name, chosen in {"small": False, "sums": True}.items():
        pairs = [pair for number, pair in enumerate(zip(local, there)) if (number in of_sums) == chosen]
        here, far = (1e3 * statistics.median(step.seconds for step in steps) for steps in zip(*pairs))
        added = sorted(1e3 * (b.seconds - a.seconds) for a, b in pairs)
        sizes = f"{max(a.request for a, _ in pairs):,} | {max(a.reply for a, _ in pairs):,}"
        shape = " x ".join(f"{size:,}" for size in point)
        print(f"| {shape} | {name}, {len(pairs)} | {here:.1f} | {far:.1f} | {statistics.median(added):.1f} | {sizes} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["ray", "spark"], required=True)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--points", default="40000x128x256x8,40000x256x1024x16")
    args = parser.parse_args()
    points = [Point(*map(int, point.split("x"))) for point in args.points.split(",")]
    engine = {"ray": on_ray, "spark": on_spark}[args.engine](args.cores)
    with tempfile.TemporaryDirectory() as folder:
        paths = {point: rows_of(point, Path(folder)) for point in [MESSAGES, WORK, *points]}
        alone, _ = fit(WORK, paths[WORK], in_process)
        rate = WORK.rows * WORK.dim * WORK.clusters / alone[assigns(WORK, alone)[0]].seconds

        print("| rows x dimensions x clusters x shards | steps | here ms | there ms | added ms | request | reply |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        # The first fit on an engine also starts its processes.
        fit(MESSAGES, paths[MESSAGES], engine)
        local, there = both(MESSAGES, paths[MESSAGES], engine)
        compare(MESSAGES, local, there)
        carried = [(a.request + a.reply) * MESSAGES.shards for a in local]
        added = [b.seconds - a.seconds for a, b in zip(local, there)]
        per_byte, overhead = np.polyfit(carried, added, 1)
        print(f"{rate / 1e9:.1f}e9 products per second and core", end=", ")
        print(f"{1e3 * overhead:.1f} ms overhead, {1e9 * per_byte:.2f} ns per byte")
        for point in points:
            local, there = both(point, paths[point], engine)
            compare(point, local, there)
            first = assigns(point, local)[0]
            carried = (local[first].request + local[first].reply) * point.shards
            work = point.rows * point.dim * point.clusters / rate / args.cores
            said = work + overhead + per_byte * carried
            print(f"first assign: the model says {1e3 * said:.0f} ms, measured {1e3 * there[first].seconds:.0f} ms")


if __name__ == "__main__":
    main()
