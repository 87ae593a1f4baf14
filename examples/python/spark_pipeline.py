"""Fitting, encoding and assigning on Spark, here with two processes on this machine.

pip install "semid[spark]"
python examples/python/spark_pipeline.py
"""

import os
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import semid
import semid.spark

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
vectors, names = semid.load_demo()
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
embeddings = pa.array(list(vectors), pa.list_(pa.float32()))
pq.write_table(pa.table({"name": names, "embedding": embeddings}), folder / "items.parquet")

spark = SparkSession.builder.master("local[2]").config("spark.ui.showConsoleProgress", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
items = spark.read.parquet(str(folder / "items.parquet"))

# The model is the one that a single machine fits.
options = dict(n_levels=2, n_clusters=16, max_iter=4, init="random")
model = semid.spark.fit(items, semid.RQKMeans(**options), column="embedding", num_shards=2)
assert model.fingerprint == semid.RQKMeans(**options).fit(vectors).fingerprint

# So are the codes, and the IDs, of which every item gets one.
codes = semid.spark.encode(items, model, column="embedding").select("name", "codes").collect()
assert {row["name"]: list(row["codes"]) for row in codes} == dict(zip(names, model.encode(vectors).tolist()))
registry = semid.Registry(2)
semid.spark.assign(items, model, registry, items="name", column="embedding")
spark.stop()
ids = registry.lookup(names)
assert len(set(ids)) == len(names)
print(f"{len(names)} items, {len(set(ids))} different IDs, model {model.fingerprint[:8]}")
