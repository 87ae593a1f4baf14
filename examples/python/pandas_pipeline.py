"""Semantic IDs in a pandas pipeline, and new items that arrive later.

pip install semid pandas
python examples/python/pandas_pipeline.py
"""

import tempfile
from pathlib import Path

import pandas as pd

import semid

vectors, names = semid.load_demo()
items = pd.DataFrame({"name": names, "embedding": list(vectors)})
first, later = items[:2000].copy(), items[2000:].copy()

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "ids.db"
    model = semid.RQKMeans(n_levels=3, n_clusters=[64, 32, 16]).fit(first)
    with semid.SemanticIdEngine(model, path) as engine:
        first["id"] = engine.unique_ids(first, first["name"])
    # Another day, another process: the database has the model and all IDs.
    with semid.SemanticIdEngine.load(path) as engine:
        later["id"] = engine.unique_ids(later, later["name"])
        assert engine.lookup(first["name"]) == list(first["id"])

items = pd.concat([first, later])
assert items["id"].is_unique
print(items.groupby(items["id"].str.split("-").str[0])["name"].agg(["count", "first"]).head())
