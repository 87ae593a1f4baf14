"""Semantic IDs in a Polars pipeline: embeddings in a column, IDs in another one.

pip install semid polars
python examples/python/polars_pipeline.py
"""

import polars as pl

import semid

vectors, names = semid.load_demo()
items = pl.DataFrame({"name": names, "embedding": vectors})

model = semid.RQKMeans(n_levels=3, n_clusters=[64, 32, 16]).fit(items["embedding"])
engine = semid.SemanticIdEngine(model)
items = items.with_columns(
    pl.Series("id", engine.unique_ids(items["embedding"], items["name"])),
    pl.Series("codes", model.encode(items["embedding"]), dtype=pl.Array(pl.UInt32, 3)),
).with_columns(group=pl.col("id").str.split("-").list.head(2).list.join("-"))

assert items["id"].n_unique() == len(items)
groups = items.group_by("group").agg(pl.len().alias("items"), pl.col("name").head(4)).sort("items", descending=True)
print(groups.head(5))
