"""Encoding shards of Parquet files with Ray Data.

pip install semid "ray[data]"
python examples/python/ray_data.py
"""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray

import semid

vectors, names = semid.load_demo()
folder = Path(tempfile.mkdtemp())
for shard, part in enumerate(np.array_split(np.arange(len(names)), 4)):
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors[part].ravel()), vectors.shape[1])
    pq.write_table(
        pa.table({"name": [names[row] for row in part], "embedding": embeddings}), folder / f"{shard}.parquet"
    )

model = semid.RQKMeans(n_levels=3, n_clusters=[64, 32, 16]).fit(folder)


class Encode:
    """Loads the model once for each worker; the bytes of its file are all that travels."""

    def __init__(self, model: bytes):
        self.model = semid.RQKMeans.from_bytes(model, device="cpu", n_jobs=1)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return batch.select(["name"]).append_column("id", self.model.ids(batch, output="arrow"))


ray.init(num_cpus=2, log_to_driver=False)
data = ray.data.read_parquet(str(folder)).map_batches(
    Encode, fn_constructor_args=(model.to_bytes(),), batch_format="pyarrow", batch_size=500, concurrency=1
)
found = {row["name"]: row["id"] for row in data.take_all()}
ray.shutdown()
assert found == dict(zip(names, model.ids(vectors)))
print(f"{len(found)} items, {len(set(found.values()))} different IDs, equal to those of one process")
