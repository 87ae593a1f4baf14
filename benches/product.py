"""Product codes beside residual k-means, and both beside faiss: error, collisions and recall at equal code size.

    pip install numpy pyarrow faiss-cpu
    cargo build --release
    python benches/product.py target/release/semid packages.parquet [--levels 8] [--rows 20000]

All have the same number of levels of 256 codewords, 20 iterations, and no tolerance. `rq+pq` has 1 residual level, and
half of the levels, before its slices. faiss's ProductQuantizer needs a number of slices that divides the dimensions;
faiss trains with all rows. `measure` of benches/beam.py computes all columns in float64 from the decoded codes.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from beam import QUERIES, measure, semid, true_neighbors
from peers import read_rows


def of_semid(options, x, folder):
    np.save(folder / "x.npy", x)
    model, codes, decoded = (folder / name for name in ("m.safetensors", "c.npy", "d.npy"))
    threads = ["--device", "cpu", "--threads", options.threads]
    tails = sorted({1, options.levels // 2})
    kinds = [("rq-kmeans", []), *(("rq+pq", ["--residual-levels", tail]) for tail in tails), ("pq", [])]
    for kind, flags in kinds:
        fitted = semid(options.tool, "fit", "--input", folder / "x.npy", "--output", model, "--kind", kind, *flags,
                       "--levels", options.levels, "--clusters", 256, "--max-iter", options.iterations, "--tol", "0",
                       *threads)
        encoded = semid(options.tool, "encode", "--model", model, "--input", folder / "x.npy", "--output", codes,
                        *threads)
        semid(options.tool, "decode", "--model", model, "--input", codes, "--output", decoded)
        name = f"semid {kind}" + (f", {flags[1]} residual" if flags else "")
        yield name, fitted["seconds"], encoded["seconds"], np.load(codes), np.load(decoded)


def of_faiss(options, x):
    import faiss

    faiss.omp_set_num_threads(options.threads)
    residual = faiss.ResidualQuantizer(x.shape[1], options.levels, 8)
    residual.max_beam_size = 1
    product = faiss.ProductQuantizer(x.shape[1], options.levels, 8)
    for name, quantizer in (("faiss ResidualQuantizer, beam 1", residual), ("faiss ProductQuantizer", product)):
        quantizer.cp.niter, quantizer.cp.max_points_per_centroid, quantizer.cp.seed = options.iterations, len(x), 42
        start = time.perf_counter()
        quantizer.train(x)
        fitted = time.perf_counter() - start
        start = time.perf_counter()
        codes = quantizer.compute_codes(x)
        encoded = time.perf_counter() - start
        yield name, fitted, encoded, codes[:, : options.levels], quantizer.decode(codes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("rows_file", type=Path)
    parser.add_argument("--column", default="embedding")
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    x = np.ascontiguousarray(read_rows(options.rows_file, options.column)[: options.rows], np.float32)
    queries = np.random.default_rng(0).choice(len(x), min(QUERIES, len(x)), replace=False)
    neighbors = true_neighbors(x, queries)
    print(f"{len(x):,} rows of {x.shape[1]} dimensions, {options.levels} levels of 256\n")
    print("| | squared error per row | collision rate | recall@10 | fit, s | encode, s |\n" + "| --- " * 6 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for runs in (of_semid(options, x, Path(folder)), of_faiss(options, x)):
            for name, fitted, encoded, codes, decoded in runs:
                error, collisions, recall = measure(x, codes, decoded, queries, neighbors)
                numbers = f"{error:.5f} | {collisions:.2%} | {recall:.1%} | {fitted:.1f} | {encoded:.2f}"
                print(f"| {name} | {numbers.replace('%', ' %')} |", flush=True)


if __name__ == "__main__":
    main()
