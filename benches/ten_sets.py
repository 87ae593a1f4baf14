"""Squared errors of semid and of scikit-learn's KMeans on ten sets of rows: 64 clusters, one level, medians over seeds.

    python benches/ten_sets.py target/release/semid packages.parquet [--seeds 31]

Both begin with k-means++ and do 20 iterations. The errors of both are computed here, in float64, from the codewords.
Needs numpy, pyarrow, safetensors and scikit-learn.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet
from safetensors.numpy import load_file
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_swiss_roll

CLUSTERS, ITERATIONS = 64, 20


def sets(packages):
    """The ten sets, in float32."""
    random = np.random.default_rng(0)
    normal = random.normal
    yield "Gaussian, 10,000 x 32", normal(size=(10000, 32))
    centers = normal(size=(64, 32)) * 4
    yield "blobs, 10,000 x 32", centers[random.integers(64, size=10000)] + normal(size=(10000, 32))
    yield "Student t2, 10,000 x 16", random.standard_t(2, size=(10000, 16))
    yield "log-normal, 10,000 x 16", random.lognormal(size=(10000, 16))
    yield "swiss roll, 10,000 x 3", make_swiss_roll(10000, random_state=0)[0]
    yield "manifold, 10,000 x 64", np.tanh(normal(size=(10000, 6)) @ normal(size=(6, 64)))
    yield "digits, 1,797 x 64", load_digits().data
    table = pyarrow.parquet.read_table(packages, columns=["embedding"])["embedding"]
    yield "embeddings, 20,000 x 384", np.stack(table.to_numpy()[:20000])
    centers = normal(size=(300, 32)) * 3
    zipf = centers[np.minimum(random.zipf(1.3, size=10000), 300) - 1] + normal(size=(10000, 32)) / 2
    yield "Zipf mixture, 10,000 x 32", zipf
    yield "Cauchy, 10,000 x 16", random.standard_cauchy(size=(10000, 16))


def error(rows, codewords):
    """Mean squared distance to the nearest codeword, in float64."""
    rows, codewords = rows.astype(np.float64), codewords.astype(np.float64)
    nearest = np.full(len(rows), np.inf)
    for codeword in codewords:
        np.minimum(nearest, ((rows - codeword) ** 2).sum(axis=1), out=nearest)
    return nearest.mean()


def semid(tool, folder, seed):
    model = folder / "m.safetensors"
    options = ["--levels", "1", "--clusters", str(CLUSTERS), "--max-iter", str(ITERATIONS), "--tol", "0"]
    command = [tool, "fit", "--input", folder / "x.npy", "--output", model, *options, "--seed", str(seed)]
    subprocess.run([*command, "--device", "cpu", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    tensors = load_file(model)
    return tensors["codebook.0"].astype(np.float64) + tensors["offset"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("semid", type=Path, help="release binary")
    parser.add_argument("packages", type=Path, help="packages.parquet")
    parser.add_argument("--seeds", type=int, default=5, help="0 ... N - 1")
    options = parser.parse_args()
    seeds = range(options.seeds)
    print("| rows | semid | scikit-learn | ratio |\n| --- | --- | --- | --- |")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in sets(options.packages):
            rows = np.ascontiguousarray(rows, np.float32)
            np.save(Path(folder) / "x.npy", rows)
            ours = statistics.median(error(rows, semid(options.semid, Path(folder), seed)) for seed in seeds)
            fits = (
                KMeans(CLUSTERS, init="k-means++", n_init=1, max_iter=ITERATIONS, tol=0, random_state=seed).fit(rows)
                for seed in seeds
            )
            theirs = statistics.median(error(rows, fit.cluster_centers_) for fit in fits)
            ratios.append(ours / theirs)
            print(f"| {name} | {ours:.6g} | {theirs:.6g} | {ratios[-1]:.4f} |", flush=True)
    print(f"\nmedian of the ratios {statistics.median(ratios):.4f}, largest {max(ratios):.4f}")


if __name__ == "__main__":
    main()
