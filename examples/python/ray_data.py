"""Fitting, encoding and assigning on Ray, here with processes on this machine.

pip install "semid[ray]"
python examples/python/ray_data.py
"""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray

import semid
import semid.ray

vectors, names = semid.load_demo()
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
for shard, part in enumerate(np.array_split(np.arange(len(names)), 4)):
    embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors[part].ravel()), vectors.shape[1])
    table = pa.table({"name": [names[row] for row in part], "embedding": embeddings})
    pq.write_table(table, folder / f"{shard}.parquet")

# On a cluster, connect with ray.init(address="auto"); the files have to be there on every node.
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)

# The model is the one that a single machine fits.
options = dict(n_levels=3, n_clusters=[64, 32, 16])
model = semid.ray.fit(str(folder), semid.RQKMeans(**options))
assert model.fingerprint == semid.RQKMeans(**options).fit(vectors).fingerprint

# So are the codes, and the IDs, of which every item gets one.
encoded = semid.ray.encode(str(folder), model).select_columns(["name", "codes"])
codes = {row["name"]: list(row["codes"]) for row in encoded.take_all()}
assert codes == dict(zip(names, model.encode(vectors).tolist()))
registry = semid.Registry(3)
semid.ray.assign(str(folder), model, registry, items="name")
ray.shutdown()
ids = registry.lookup(names)
assert len(set(ids)) == len(names)
print(f"{len(names)} items, {len(set(ids))} different IDs, model {model.fingerprint[:8]}")
