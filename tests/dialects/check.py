"""Writes the same 300 x 16 rows as many programs write them, and compares the fingerprints of models fitted to them.

    python3 tests/dialects/check.py [target/debug/semid [target/debug/examples/old_parquet]]

The packages are those of requirements.txt. Every dialect has to give the fingerprint of the plain .npy file, and item
keys have to be those of a list of texts. Files that are refused have to become such a file by the two lines of Python
that the error says (pytorch.py does so for PyTorch). Prints a line per dialect and
`N passed, N failed`; exits with 1 if anything failed.
"""

import datetime
import decimal
import json
import pickle
import subprocess
import sys
import uuid
from pathlib import Path

import datasets
import duckdb
import h5py
import ml_dtypes
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from tool import advice, fingerprint, folder, run

ROWS, DIM = 300, 16

old_parquet = Path(sys.argv[2] if len(sys.argv) > 2 else "target/debug/examples/old_parquet").resolve()


def embeddings():
    """Rows in loose groups, of whole numbers that all types have: 0 to 127."""
    rng = np.random.default_rng(7)
    centers = rng.integers(20, 108, (12, DIM))
    return np.clip(centers[rng.integers(0, 12, ROWS)] + rng.integers(-9, 10, (ROWS, DIM)), 0, 127).astype(np.float32)


x = embeddings()
lists = [row.tolist() for row in x]
names = [f"item {i}, \u00e9" for i in range(ROWS)]
DIALECTS = []


def dialect(name, *args):
    """Registers a function that writes the rows to the path or paths it returns; `args` are flags to read them."""

    def register(write):
        DIALECTS.append((name, write, list(args)))
        return write

    return register


def arrow(name, kind, **options):
    path = folder / name
    pq.write_table(pa.table({"name": names, "embedding": pa.array(lists, kind)}), path, **options)
    return path


# NumPy and ml_dtypes
for kind in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:

    @dialect(f"numpy {kind}")
    def _(kind=kind):
        np.save(folder / f"{ord(kind[0])}{kind[1:]}.npy", x.astype(kind))
        return folder / f"{ord(kind[0])}{kind[1:]}.npy"


@dialect("numpy in Fortran order")
def _():
    np.save(folder / "fortran.npy", np.asfortranarray(x))
    return folder / "fortran.npy"


@dialect("numpy in Fortran order, bfloat16")
def _():
    np.save(folder / "fortran-bf16.npy", np.asfortranarray(x.astype(ml_dtypes.bfloat16)))
    return folder / "fortran-bf16.npy"


@dialect("ml_dtypes bfloat16")
def _():
    np.save(folder / "bf16.npy", x.astype(ml_dtypes.bfloat16))
    return folder / "bf16.npy"


for kind in ["int8", "uint8", "int16"]:

    @dialect(f"numpy {kind}", "--integers")
    def _(kind=kind):
        np.save(folder / f"{kind}.npy", x.astype(kind))
        return folder / f"{kind}.npy"


@dialect("numpy savez")
def _():
    np.savez(folder / "one.npz", x)
    return folder / "one.npz"


@dialect("numpy savez with keys")
def _():
    np.savez(folder / "keyed.npz", names=np.array(names), numbers=np.arange(ROWS), embeddings=x)
    return folder / "keyed.npz"


@dialect("numpy savez of several", "--tensor", "embeddings")
def _():
    np.savez(folder / "several.npz", other=x[:, :3], embeddings=x)
    return folder / "several.npz"


@dialect("numpy savez_compressed", "--tensor", "embeddings")
def _():
    np.savez_compressed(folder / "packed.npz", other=x[:, :3], embeddings=np.asfortranarray(x))
    return folder / "packed.npz"


@dialect("numpy savetxt .csv")
def _():
    np.savetxt(folder / "savetxt.csv", x, delimiter=",")
    return folder / "savetxt.csv"


@dialect("numpy savetxt .tsv")
def _():
    np.savetxt(folder / "savetxt.tsv", x, delimiter="\t", fmt="%.9g")
    return folder / "savetxt.tsv"


@dialect("numpy parts in a folder with marks")
def _():
    parts = folder / "parts"
    parts.mkdir()
    for i, rows in enumerate(np.split(x, [100, 100, 101])):
        np.save(parts / f"part-{i}.npy", rows)
    (parts / "_SUCCESS").touch()
    (parts / ".part-0.npy.crc").write_bytes(b"crc")
    return parts


# pandas
frame = pd.DataFrame({"name": names, "embedding": list(x)})
for codec in ["snappy", "gzip", "zstd", "brotli", "lz4", None]:

    @dialect(f"pandas {codec}")
    def _(codec=codec):
        frame.to_parquet(folder / f"pandas-{codec}.parquet", compression=codec)
        return folder / f"pandas-{codec}.parquet"


wide = pd.DataFrame(x, columns=[f"f{i}" for i in range(DIM)])
wide.insert(0, "name", names)
wide["score"] = 1.5
for columns in [f"f0..f{DIM - 1}", "f", ",".join(f"f{i}" for i in range(DIM))]:

    @dialect(f"pandas wide parquet {columns[:8]}", "--columns", columns)
    def _(columns=columns):
        wide.to_parquet(folder / "wide.parquet")
        return folder / "wide.parquet"


@dialect("pandas wide csv", "--columns", "f")
def _():
    wide.to_csv(folder / "wide.csv", index=False)
    return folder / "wide.csv"


@dialect("pandas json lines")
def _():
    frame.to_json(folder / "pandas.jsonl", orient="records", lines=True)
    return folder / "pandas.jsonl"


# pyarrow
for kind in [pa.float16(), pa.float32(), pa.float64()]:
    for outer in [pa.list_, pa.large_list, lambda kind: pa.list_(kind, DIM)]:

        @dialect(f"pyarrow {outer(kind)}")
        def _(kind=kind, outer=outer):
            return arrow(f"arrow-{len(DIALECTS)}-{outer(kind)!s:.5}-{kind}.parquet", outer(kind))


@dialect("pyarrow without compliant names")
def _():
    return arrow("items.parquet", pa.list_(pa.float32()), use_compliant_nested_type=False)


@dialect("pyarrow without the schema of Arrow")
def _():
    return arrow("bare.parquet", pa.list_(pa.float32()), store_schema=False)


@dialect("pyarrow pages of version 2, split bytes, small groups")
def _():
    options = {"data_page_version": "2.0", "column_encoding": {"embedding.list.element": "BYTE_STREAM_SPLIT"}}
    return arrow("v2.parquet", pa.list_(pa.float32()), use_dictionary=False, row_group_size=37, **options)


@dialect("pyarrow bytes", "--column", "e", "--as", "f32le")
def _():
    cells = pa.array([row.astype("<f4").tobytes() for row in x], pa.binary())
    pq.write_table(pa.table({"e": cells}), folder / "bytes.parquet")
    return folder / "bytes.parquet"


@dialect("pyarrow fixed bytes", "--column", "e", "--as", "f16le")
def _():
    cells = pa.array([row.astype("<f2").tobytes() for row in x], pa.binary(2 * DIM))
    pq.write_table(pa.table({"e": cells}), folder / "fixed.parquet")
    return folder / "fixed.parquet"


@dialect("pyarrow dataset of parts with an empty one")
def _():
    parts = folder / "arrow-parts"
    parts.mkdir()
    table = pa.table({"name": names, "embedding": pa.array(lists, pa.list_(pa.float32()))})
    for i, (start, stop) in enumerate([(0, 120), (120, 120), (120, 300)]):
        pq.write_table(table.slice(start, stop - start), parts / f"part-{i:05}.parquet")
    return parts


# Polars
polars = pl.DataFrame({"name": names, "embedding": lists})
for kind in ["Float16", "Float32", "Float64"]:
    for shape in ["List", "Array"]:

        @dialect(f"Polars {shape}({kind})")
        def _(kind=kind, shape=shape):
            inner = getattr(pl, kind)
            column = pl.List(inner) if shape == "List" else pl.Array(inner, DIM)
            path = folder / f"polars-{shape}-{kind}.parquet"
            polars.with_columns(pl.col("embedding").cast(pl.List(pl.Float64)).cast(column)).write_parquet(path)
            return path


@dialect("Polars lz4")
def _():
    polars.write_parquet(folder / "polars-lz4.parquet", compression="lz4")
    return folder / "polars-lz4.parquet"


@dialect("Polars json lines")
def _():
    polars.write_ndjson(folder / "polars.jsonl")
    return folder / "polars.jsonl"


# DuckDB
duck = duckdb.connect()
duck.register("items", pa.table({"name": names, "embedding": pa.array(lists, pa.list_(pa.float32()))}))
for kind in [f"FLOAT[{DIM}]", "FLOAT[]", "DOUBLE[]"]:
    for codec in ["snappy", "zstd", "lz4_raw", "brotli"]:

        @dialect(f"DuckDB {kind} {codec}")
        def _(kind=kind, codec=codec):
            path = folder / f"duckdb-{len(kind)}{kind[0]}-{codec}.parquet"
            query = f"SELECT name, embedding::{kind} AS embedding FROM items"
            duck.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION {codec})")
            return path


@dialect("DuckDB file per thread")
def _():
    path = folder / "duckdb-parts"
    duck.execute(f"COPY (SELECT * FROM items) TO '{path}' (FORMAT parquet, PER_THREAD_OUTPUT true)")
    return path


@dialect("DuckDB json lines")
def _():
    path = folder / "duckdb.jsonl"
    duck.execute(f"COPY (SELECT * FROM items) TO '{path}' (FORMAT json)")
    return path


# Hugging Face datasets
@dialect("datasets to_parquet")
def _():
    datasets.Dataset.from_dict({"name": names, "embedding": lists}).to_parquet(folder / "hf.parquet")
    return folder / "hf.parquet"


@dialect("datasets shards")
def _():
    whole = datasets.Dataset.from_dict({"embedding": lists})
    parts = folder / "data"
    parts.mkdir()
    for i in range(3):
        shard = whole.shard(num_shards=3, index=i, contiguous=True)
        shard.to_parquet(parts / f"train-{i:05}-of-00003.parquet")
    return parts / "train-*.parquet"


@dialect("datasets Array2D of one row as json lines")
def _():
    features = datasets.Features({"embedding": datasets.List(datasets.Value("float32"), length=DIM)})
    datasets.Dataset.from_dict({"embedding": lists}, features=features).to_json(folder / "hf.jsonl")
    return folder / "hf.jsonl"


def key_columns():
    """Columns of item keys, and the texts that they are."""
    ids = [uuid.UUID(int=i**9) for i in range(ROWS)]
    days = [datetime.date(2026, 1, 1) + datetime.timedelta(days=i) for i in range(ROWS)]
    prices = [decimal.Decimal(i) / 100 for i in range(ROWS)]
    numbers = [2**64 - 1 - i for i in range(ROWS)]
    embedding = pa.array(lists, pa.list_(pa.float32()))
    table = {
        "plain": (pa.array(names), names),
        "dictionary": (pa.array(names).dictionary_encode(), names),
        "binary": (pa.array([name.encode() for name in names], pa.binary()), names),
        "date": (pa.array(days), [str(day) for day in days]),
        "decimal": (pa.array(prices, pa.decimal128(12, 2)), [f"{price:.2f}" for price in prices]),
        "unsigned": (pa.array(numbers, pa.uint64()), [str(number) for number in numbers]),
    }
    pq.write_table(
        pa.table({"embedding": embedding, **{name: column for name, (column, _) in table.items()}}),
        folder / "keys.parquet",
    )
    yield from ((folder / "keys.parquet", name, texts) for name, (_, texts) in table.items())
    duck.register("keyed", pa.table({"embedding": embedding, "id": [str(id) for id in ids]}))
    path = folder / "uuid.parquet"
    duck.execute(f"COPY (SELECT embedding, id::UUID AS id FROM keyed) TO '{path}' (FORMAT parquet)")
    yield path, "id", [str(id) for id in ids]
    pd.DataFrame({"embedding": list(x), "id": pd.Categorical(names)}).to_parquet(folder / "category.parquet")
    yield folder / "category.parquet", "id", names
    wide.to_csv(folder / "keys.csv", index=False)
    yield folder / "keys.csv", "name", names
    polars.write_ndjson(folder / "keys.jsonl")
    yield folder / "keys.jsonl", "name", names


def keys(path, column, model):
    output = folder / "ids.jsonl"
    columns = ["--columns", "f"] if path.suffix == ".csv" else []
    run("encode", "--model", model, "--input", path, *columns, "--id-column", column, "--output", output)
    lines = output.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["item" if column in ("id", "codes") else column] for line in lines]


def refused():
    """Files that are refused with two lines of Python, which make a file that is read."""
    for name in ["x.h5", "two tables.hdf5"]:
        with h5py.File(folder / name, "w") as file:
            file["a name"] = len(x)
            file["embedding"] = x
        yield folder / name
    with h5py.File(folder / "groups.h5", "w") as file:
        file["a/ids"] = np.arange(2 * ROWS).reshape(ROWS, 2)
        file["b/c/embedding"] = x
    yield folder / "groups.h5"
    pickles = {
        "array.pkl": x,
        "lists.pickle": lists,
        "frame.pkl": pd.DataFrame(x),
        "by name.pkl": dict(zip(names, x, strict=True)),
        "parts.pkl": {"names": names, "embedding": lists},
    }
    for name, value in pickles.items():
        with open(folder / name, "wb") as file:
            pickle.dump(value, file)
        yield folder / name


def main():
    failed = passed = 0

    def report(name, problem):
        nonlocal failed, passed
        failed, passed = failed + bool(problem), passed + (not problem)
        print(f"{'FAILED' if problem else 'ok':<7} {name}{': ' + problem if problem else ''}")

    np.save(folder / "plain.npy", x)
    expected = fingerprint(folder / "plain.npy", [])
    print(f"fingerprint {expected}")
    model = folder / "plain.safetensors"
    (folder / "model.safetensors").rename(model)
    (folder / "old").mkdir()
    subprocess.run([old_parquet, folder / "plain.npy", folder / "old"], check=True)
    for path in sorted((folder / "old").iterdir()):
        float_name, is_bytes, _ = path.stem.partition("le-")
        args = ["--column", "e", "--as", f"{float_name}le"] if is_bytes else []
        DIALECTS.append((f"old {path.stem}", lambda path=path: path, args))
    for name, write, args in DIALECTS:
        try:
            found = fingerprint(write(), args)
            report(name, "" if found == expected else f"fingerprint {found}")
        except Exception as error:
            report(name, f"{type(error).__name__}: {error}")
    for name in ["plain.npy", "pandas.jsonl", "savetxt.csv", "savetxt.tsv", "hf.parquet", "one.npz"]:
        with open(folder / name, "rb") as stdin:
            try:
                found = fingerprint("-", [], stdin)
                report(f"standard input of {name}", "" if found == expected else f"fingerprint {found}")
            except RuntimeError as error:
                report(f"standard input of {name}", str(error))
    for path, column, texts in key_columns():
        try:
            report(f"keys {path.name} {column}", "" if keys(path, column, model) == texts else "other texts")
        except RuntimeError as error:
            report(f"keys {path.name} {column}", str(error))
    for path in refused():
        report(f"advice for {path.name}", advice(path, expected))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
