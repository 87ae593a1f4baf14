"""Encode on Ray and on Spark beside the tool: the same Parquet files, the same model, as many cores.

    python benches/engines.py FOLDER [--engine tool|ray|spark] [--cores 2] [--repeats 3]

FOLDER has Parquet files with a column `embedding`, such as those that `benches/reading.py --folder` keeps. Needs semid,
and Ray or PySpark for their engines. The model has 3 levels of 256 codewords, fitted to 50,000 rows of the first file.
Every engine reads the files and writes the codes of all rows to Parquet; starting Ray or Spark does not count, nor does
the first encode of each, which loads what all later ones use. Printed are rows per second by wall time, each repeat and
the median. On a machine that others use, compare only what took turns.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import semid

LEVELS, CLUSTERS = 3, 256


def tool(folder, model, output, cores):
    def encode(first):
        wanted = next(iter(sorted(folder.glob("*.parquet")))) if first else folder
        file = output / "codes.parquet"
        flags = ["--model", model, "--input", wanted, "--output", file, "--device", "cpu"]
        flags += ["--threads", cores, "--quiet"]
        subprocess.run([sys.executable, "-m", "semid", "encode", *map(str, flags)], check=True, capture_output=True)

    return encode


def on_ray(folder, model, output, cores):
    import ray

    import semid.ray

    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    loaded = semid.RQKMeans.load(model)

    def encode(first):
        files = sorted(map(str, folder.glob("*.parquet")))
        rows = ray.data.read_parquet(files[0] if first else str(folder)).select_columns(["embedding"])
        semid.ray.encode(rows, loaded).select_columns(["codes"]).write_parquet(str(output))

    return encode


def on_spark(folder, model, output, cores):
    from pyspark.sql import SparkSession

    import semid.spark

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(f"local[{cores}]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.memory", "3g").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    loaded = semid.RQKMeans.load(model)

    def encode(first):
        files = sorted(map(str, folder.glob("*.parquet")))
        rows = spark.read.parquet(*(files[:1] if first else files)).select("embedding")
        semid.spark.encode(rows, loaded).select("codes").write.mode("overwrite").parquet(str(output))

    return encode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", choices=["tool", "ray", "spark"], default="tool")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    import pyarrow.parquet as pq

    files = sorted(args.folder.resolve().glob("*.parquet"))
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        output.mkdir()
        model = Path(scratch) / "m.safetensors"
        semid.RQKMeans(LEVELS, CLUSTERS, device="cpu", max_iter=5, sample=50_000).fit(str(files[0])).save(str(model))
        start = {"tool": tool, "ray": on_ray, "spark": on_spark}[args.engine]
        encode = start(files[0].parent, str(model), output, args.cores)
        encode(True)
        speeds = []
        for _ in range(args.repeats):
            shutil.rmtree(output)
            output.mkdir()
            begun = time.perf_counter()
            encode(False)
            speeds.append(rows / (time.perf_counter() - begun))
            codes = sum(pq.read_metadata(file).num_rows for file in output.glob("*.parquet"))
            assert codes == rows, (codes, rows)
        each = ", ".join(f"{speed:,.0f}" for speed in speeds)
        print(f"{args.engine}: {rows:,} rows, {args.cores} cores, rows per second {each}")
        print(f"{args.engine}: median {statistics.median(speeds):,.0f} rows per second")


if __name__ == "__main__":
    main()
