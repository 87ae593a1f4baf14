"""Balanced clusters beside k-means-constrained, as the data grow, and what balance does to codes.

    python benches/balanced.py speed SEMID packages.parquet --rows 10000 --markdown
    python benches/balanced.py growth SEMID --rows 10000,100000,1000000 --markdown
    python benches/balanced.py quality SEMID packages.parquet --markdown

speed    one level, the same rows for both: `semid fit --balanced` and KMeansConstrained(size_min = floor, size_max =
         ceil), tolerance 0, taking turns, each in a process of its own. Each chooses its first codewords by its own
         k-means++. The
         squared error is computed here, in float64, from centroids that are the means of each one's clusters. semid's
         seconds include reading the file; those of the other do not.
growth   semid alone on a made-up mixture of 2,000 groups of very different sizes (128 dimensions).
quality  3 levels, plain and balanced: perplexity of the codes per level, collision rate (1 - different IDs / rows),
         squared
         error per row. Codes as `semid encode` gives them: to the nearest codeword, at prices, within capacities.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from peers import measured, read_rows, show


def fit(options, rows, model, *flags):
    """The report of a fit and its peak memory."""
    return measured([options.semid, "fit", "--input", rows, "--output", model, "--clusters", options.clusters,
                     "--max-iter", options.iterations, "--tol", 0, "--device", "cpu", "--json", *flags])


def encode(options, rows, model, codes, *flags):
    measured([options.semid, "encode", "--input", rows, "--model", model, "--output", codes, "--device", "cpu",
              "--json", *flags])
    return np.load(codes)


def inertia(x, codes, clusters):
    """Squared error per row around the means of the clusters."""
    sums = np.zeros((clusters, x.shape[1]))
    np.add.at(sums, codes, x.astype(np.float64))
    counts = np.maximum(np.bincount(codes, minlength=clusters), 1)
    return float(((x - (sums / counts[:, None])[codes]) ** 2).sum() / len(x))


def be_constrained(options):
    from k_means_constrained import KMeansConstrained

    x = np.load(options.data)
    low, high = len(x) // options.clusters, math.ceil(len(x) / options.clusters)
    model = KMeansConstrained(options.clusters, size_min=low, size_max=high, n_init=1, max_iter=options.iterations,
                              tol=0, random_state=options.seed)
    start = time.perf_counter()
    model.fit(x)
    seconds = time.perf_counter() - start
    np.save(options.folder / "codes.npy", model.labels_.astype(np.uint32))
    print(json.dumps({"seconds": seconds}))


def speed(options):
    count = int(options.rows.split(",")[0])
    x = read_rows(options.data, "embedding")[:count]
    low, high = len(x) // options.clusters, math.ceil(len(x) / options.clusters)
    results = {"semid": [], "k-means-constrained": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        for repeat in range(options.repeats):
            seed = options.seed + repeat
            files = folder / "x.npy", folder / "m.safetensors"
            report, memory = fit(options, *files, "--levels", 1, "--balanced", "--seed", seed)
            # The rows of the fit, at its capacities: the assignment that the fit ended with.
            flags = ["--assignment", "priced", "--capacity", high]
            codes = encode(options, *files, folder / "c.npy", *flags)[:, 0]
            results["semid"].append((report["seconds"], inertia(x, codes, options.clusters), memory))
            call = [sys.executable, __file__, "constrained", options.semid, folder / "x.npy", "--folder", folder,
                    "--seed", seed, "--clusters", options.clusters, "--iterations", options.iterations]
            report, memory = measured(call)
            codes = np.load(folder / "codes.npy")
            sizes = np.bincount(codes, minlength=options.clusters)
            assert sizes.min() >= low and sizes.max() <= high
            results["k-means-constrained"].append((report["seconds"], inertia(x, codes, options.clusters), memory))
            print(seed, {name: runs[-1] for name, runs in results.items()}, file=sys.stderr)
    median = lambda name, i: statistics.median(run[i] for run in results[name])
    yield ["", "fit s", "min - max", "squared error", "peak MiB"]
    for name, runs in results.items():
        seconds = [run[0] for run in runs]
        yield [name, f"{median(name, 0):.2f}", f"{min(seconds):.2f} - {max(seconds):.2f}", f"{median(name, 1):.5f}",
               f"{median(name, 2) / 2**20:.0f}"]
    ratio = lambda i: median("semid", i) / median("k-means-constrained", i)
    yield ["semid / k-means-constrained", f"{ratio(0):.4f} (1 / {1 / ratio(0):.1f})", "", f"{ratio(1):.4f}",
           f"{ratio(2):.2f}"]


def mixture(path, count, dim=128, groups=2000):
    """Rows around centres of power-law popularity, written in pieces."""
    random = np.random.default_rng(0)
    weights = random.pareto(1.2, groups) + 0.2
    centres = random.normal(size=(groups, dim)).astype(np.float32)
    chosen = random.choice(groups, count, p=weights / weights.sum())
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(count, dim))
    for first in range(0, count, 50_000):
        own = chosen[first : first + 50_000]
        out[first : first + 50_000] = centres[own] + random.normal(scale=0.7, size=(len(own), dim)).astype(np.float32)


def growth(options):
    yield ["rows", "plain fit s", "balanced fit s", "us per row", "peak MiB", "of the rows", "proved gap"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for count in map(int, options.rows.split(",")):
            if options.data:
                np.save(folder / "x.npy", read_rows(options.data, "embedding")[:count])
            else:
                mixture(folder / "x.npy", count)
            size = (folder / "x.npy").stat().st_size
            plain, _ = fit(options, folder / "x.npy", folder / "m.safetensors", "--levels", 1)
            report, memory = fit(options, folder / "x.npy", folder / "m.safetensors", "--levels", 1, "--balanced")
            seconds = report["seconds"]
            yield [f"{count:,}", f"{plain['seconds']:.2f}", f"{seconds:.2f}", f"{seconds / count * 1e6:.0f}",
                   f"{memory / 2**20:.0f}", f"{memory / size:.1f}", f"{report['optimality_gap']:g}"]


def perplexity(codes, clusters):
    shares = np.bincount(codes, minlength=clusters) / len(codes)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def quality(options):
    yield ["fit, encode", "perplexity per level", "collision rate", "squared error", "largest cluster"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        x = read_rows(options.data, "embedding")
        np.save(folder / "x.npy", x)
        high = math.ceil(len(x) / options.clusters)
        kinds = {
            "plain, nearest": ([], []),
            "balanced, nearest": (["--balanced"], []),
            "balanced, priced": (["--balanced"], ["--assignment", "priced"]),
            f"balanced, capacity {high}": (["--balanced"], ["--assignment", "priced", "--capacity", high]),
            f"plain, capacity {high}": ([], ["--capacity", high]),
        }
        if options.sinkhorn:
            kinds["Sinkhorn (0.003, 50), nearest"] = (["--sinkhorn-epsilon", 0.003], [])
        for name, (fit_flags, flags) in kinds.items():
            fit(options, folder / "x.npy", folder / "m.safetensors", "--levels", 3, *fit_flags)
            codes = encode(options, folder / "x.npy", folder / "m.safetensors", folder / "c.npy", *flags)
            measured([options.semid, "decode", "--model", folder / "m.safetensors", "--input", folder / "c.npy",
                      "--output", folder / "d.npy", "--json"])
            error = float(((x.astype(np.float64) - np.load(folder / "d.npy")) ** 2).sum() / len(x))
            largest = max(np.bincount(codes[:, level]).max() for level in range(3))
            yield [name, " / ".join(f"{perplexity(codes[:, level], options.clusters):.0f}" for level in range(3)),
                   f"{1 - len(np.unique(codes, axis=0)) / len(codes):.4f}", f"{error:.4f}", str(largest)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "growth", "quality", "constrained"])
    parser.add_argument("semid", type=Path, help="release binary")
    parser.add_argument("data", type=Path, nargs="?", help=".parquet or .npy")
    parser.add_argument("--rows", default="10000")
    parser.add_argument("--clusters", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--sinkhorn", action="store_true", help="with `quality`: Sinkhorn as well, which takes minutes")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.what == "constrained":
        be_constrained(options)
        return
    show({"speed": speed, "growth": growth, "quality": quality}[options.what](options), options.markdown)


if __name__ == "__main__":
    main()
