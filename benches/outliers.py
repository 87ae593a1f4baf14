"""Far outliers and heavy tails: the squared error of `semid fit` beside a fit without the outliers, and scikit-learn's.

    python3 benches/outliers.py target/release/semid     # needs numpy and scikit-learn; prints tables
    python3 benches/outliers.py target/release/semid --tolerance     # the first of them alone

Rows are 4,000 x 16 of N(0, 1) unless said otherwise, one level of 64 codewords, 20 iterations, the median of five
seeds.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import safetensors.numpy
from sklearn.cluster import KMeans

CLUSTERS, ITERATIONS, SEEDS = 64, 20, 5


def fit(tool, x, seed, *flags):
    """The centres that the tool finds, with no tolerance unless `flags` say otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        flags = flags or ("--max-iter", ITERATIONS, "--tol", 0)
        common = ["--levels", 1, "--clusters", CLUSTERS, "--seed", seed, *flags]
        names = ["--input", folder / "x.npy", "--output", folder / "m.safetensors"]
        subprocess.run([tool, "fit", "--quiet", "--device", "cpu", *map(str, names), *map(str, common)],
                       check=True, capture_output=True)
        tensors = safetensors.numpy.load_file(folder / "m.safetensors")
    return tensors["codebook.0"].astype(np.float64) + tensors["offset"].astype(np.float64)


def error(x, centres):
    """Sum of the squared distances of rows to the nearest centre, in differences: nothing cancels."""
    total = 0.0
    for part in np.array_split(x.astype(np.float64), max(1, len(x) // 1000)):
        total += ((part[:, None, :] - centres[None]) ** 2).sum(axis=2).min(axis=1).sum()
    return total


def median(values):
    return float(np.median(list(values)))


def tolerance(tool):
    """With the default tolerance and number of iterations, over five data sets, the median of five seeds for each."""
    print("default tolerance: squared error of the other rows, as a multiple of that of a fit without the bad ones")
    defaults = ["--max-iter", 100]
    ratios = {}
    for data in range(SEEDS):
        draw = np.random.default_rng(100 + data)
        base = draw.normal(size=(4000, 16)).astype(np.float32)
        some, few = np.flatnonzero(draw.random(4000) < 0.008), np.arange(0, 4000, 1000)
        cases = {}
        for value in (1e2, 1e3, 1e4, 1e5):
            column = base.copy()
            column[some, 3] = value
            cases[f"0.8 % of a column, {value:.0e}"] = column, some
        whole = base.copy()
        whole[few] *= 1e4
        cases["0.1 % of the rows, times 1e4"] = whole, few
        for name, (x, bad) in cases.items():
            good = np.delete(np.arange(4000), bad)
            usual = median(error(base[good], fit(tool, base[good], seed, *defaults)) for seed in range(SEEDS))
            found = median(error(x[good], fit(tool, x, seed, *defaults)) for seed in range(SEEDS))
            ratios.setdefault(name, []).append(found / usual)
    for name, found in ratios.items():
        print(f"{name:<34}{median(found):>10.4f}   best {min(found):.4f}, worst {max(found):.4f}", flush=True)
    print()


def main():
    tool = sys.argv[1] if len(sys.argv) > 1 else "target/release/semid"
    tolerance(tool)
    if "--tolerance" in sys.argv:
        return
    draw = np.random.default_rng(1)
    base = draw.normal(size=(4000, 16)).astype(np.float32)
    print("squared error of the other rows, as a multiple of that of a fit without the bad ones")
    print(f"{'bad':<34}" + "".join(f"{value:>10.0e}" for value in (1e4, 1e6, 1e8, 1e38)))
    few = np.arange(0, 4000, 1000)
    some, many = draw.random(4000) < 0.01, draw.random(4000) < 0.05
    cases = {
        "one value": ([7], 3, None),
        "one row, times": ([7], None, "times"),
        "0.1 % of the rows, a value": (few, 3, None),
        "0.1 % of the rows, times": (few, None, "times"),
        "1 % of a column": (some, 3, None),
        "5 % of a column": (many, 3, None),
    }
    for name, (rows, columns, times) in cases.items():
        ratios = []
        good = np.ones(4000, bool)
        good[rows] = False
        usual = median(error(base[good], fit(tool, base[good], seed)) for seed in range(SEEDS))
        for value in (1e4, 1e6, 1e8, 1e38):
            x = base.copy()
            block = np.ix_(np.flatnonzero(~good), np.arange(16) if columns is None else [columns])
            x[block] = x[block] * (value / 8) if times else value
            ratios.append(median(error(x[good], fit(tool, x, seed)) for seed in range(SEEDS)) / usual)
        print(f"{name:<34}" + "".join(f"{ratio:>10.4f}" for ratio in ratios), flush=True)
    print("\nsquared error of all rows, as a multiple of scikit-learn's KMeans (k-means++, as many iterations)")
    sets = {
        "Cauchy, 4,000 x 16": draw.standard_cauchy((4000, 16)),
        "Cauchy, 20,000 x 16": draw.standard_cauchy((20000, 16)),
        "Cauchy, 60,000 x 4": draw.standard_cauchy((60000, 4)),
        "log-normal (sigma 2), 4,000 x 16": draw.lognormal(0, 2, (4000, 16)),
        "log-normal (sigma 2), 20,000 x 16": draw.lognormal(0, 2, (20000, 16)),
        "Student t, 2 degrees, 20,000 x 16": draw.standard_t(2, (20000, 16)),
        "Gaussian, 20,000 x 16": draw.normal(size=(20000, 16)),
    }
    for name, x in sets.items():
        x = x.astype(np.float32)
        peers = [KMeans(CLUSTERS, n_init=1, max_iter=ITERATIONS, tol=0, random_state=seed).fit(x.astype(np.float64))
                 for seed in range(SEEDS)]
        peer = [error(x, model.cluster_centers_) for model in peers]
        ours = [error(x, fit(tool, x, seed)) for seed in range(SEEDS)]
        print(f"{name:<34}{median(ours) / median(peer):>10.4f}   best {min(ours) / min(peer):.4f}, worst "
              f"{max(ours) / max(peer):.4f}", flush=True)


if __name__ == "__main__":
    main()
