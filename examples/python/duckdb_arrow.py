"""Embeddings out of DuckDB through Arrow, and IDs back into it, without a copy of the embeddings.

pip install semid duckdb pyarrow
python examples/python/duckdb_arrow.py
"""

import duckdb
import pyarrow as pa

import semid

vectors, names = semid.load_demo()
embeddings = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
packages = pa.table({"name": names, "embedding": embeddings})
connection = duckdb.connect()
connection.sql("CREATE TABLE packages AS SELECT * FROM packages")

# A reader of record batches: `fit` keeps them on disk, so that the table may be larger than memory.
model = semid.RQKMeans(n_levels=3, n_clusters=[64, 32, 16]).fit(
    connection.sql("SELECT embedding FROM packages").to_arrow_reader(500)
)

table = connection.sql("SELECT name, embedding FROM packages ORDER BY name").to_arrow_table()
ids = semid.SemanticIdEngine(model).unique_ids(table, table["name"], output="arrow")
registered = pa.table({"name": table["name"], "id": ids})
connection.sql("CREATE TABLE ids AS SELECT * FROM registered")

answer = connection.sql("SELECT count(*), count(DISTINCT id) FROM packages JOIN ids USING (name)").fetchall()
assert answer == [(len(names), len(names))], answer
print(
    connection.sql(
        "SELECT split_part(id, '-', 1) AS first, count(*) AS items FROM ids GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
    )
)
