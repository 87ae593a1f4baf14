"""Measures the Python package: what a call takes beyond the library, memory, and other packages beside it.

    python benches/python.py packages.parquet [--others]

It wants the release wheel (`python/build_wheel.sh`) and, for `--others`, semantic-id, scikit-learn and torch. The file
holds embeddings in a column `embedding`. Prints a table for benches/RESULTS.md.
"""

import argparse
import platform
import statistics
import sys
import time

import numpy as np

import semid
from semid import _semid


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def measured(call, times):
    """Medians of the seconds of a call, and of what it takes beyond the library."""
    totals, beyond = [], []
    for _ in range(times):
        start = time.perf_counter()
        call()
        total = time.perf_counter() - start
        totals.append(total)
        beyond.append(total - _semid.library_seconds())
    return statistics.median(totals), statistics.median(beyond)


def timed(call):
    """What a call returns, and the seconds that it takes, of the wall clock and of all processors."""
    wall, processors = time.perf_counter(), time.process_time()
    result = call()
    return result, f"{time.perf_counter() - wall:.2f}, {time.process_time() - processors:.2f}"


def overhead(rows):
    model = semid.RQKMeans(3, 256, max_iter=20, device="cpu")
    print("| call | rows | seconds | beyond the library |\n| --- | --- | --- | --- |")
    for name, call, count, times in (
        ("fit", lambda: model.fit(rows), len(rows), 3),
        ("encode", lambda: model.encode(rows), len(rows), 7),
        ("encode", lambda: model.encode(rows[:1]), 1, 5000),
        ("decode", lambda: model.decode([[1, 2, 3]]), 1, 5000),
    ):
        total, beyond = measured(call, times)
        share = f"{1e6 * beyond:.1f} us" if count == 1 else f"{100 * beyond / total:.2f} %"
        print(f"| {name} | {count} | {total:.6f} | {share} |")
    return model


def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024


def memory(rows):
    """MiB beyond the rows, beside the MiB of the rows."""
    mib = rows.nbytes / 2**20
    for name, data in (("f32", rows), ("f64", rows.astype(np.float64)), ("strided f32", np.repeat(rows, 2, 1)[:, ::2])):
        open("/proc/self/clear_refs", "w").write("5")
        before = peak()
        semid.RQKMeans(3, 256, max_iter=2, device="cpu").fit(data)
        print(f"memory of a fit of {name}: {peak() - before:.0f} MiB beyond the rows, which are {mib:.0f} MiB as f32")


def others(rows):
    from sklearn.cluster import KMeans

    import semid.compat as ours

    print("Seconds of the wall clock, and of all processors together.")
    print("| package | fit | encode | unique IDs | squared error per row |\n| --- | --- | --- | --- | --- |")

    def line(name, encoder, engine=None):
        _, fit = timed(lambda: encoder.fit(rows))
        codes, encode = timed(lambda: encoder.encode(rows))
        unique = timed(lambda: engine(encoder).unique_ids(rows))[1] if engine is not None else ""
        error = ((rows - encoder.decode(codes)) ** 2).sum(axis=1, dtype=np.float64).mean()
        print(f"| {name} | {fit} | {encode} | {unique} | {error:.4f} |", flush=True)

    options = dict(n_levels=3, n_clusters=256, max_iter=20, n_init=1, random_state=42)
    line("semid.compat", ours.RQKMeans(**options), ours.SemanticIdEngine)
    import semantic_id

    line("semantic-id " + semantic_id.__version__, semantic_id.RQKMeans(**options), semantic_id.SemanticIdEngine)

    class PerLevel:
        def fit(self, rows):
            left, self.levels = rows, []
            for level in range(3):
                kmeans = KMeans(256, max_iter=20, n_init=1, random_state=level).fit(left)
                self.levels.append(kmeans)
                left = left - kmeans.cluster_centers_[kmeans.labels_]

        def encode(self, rows):
            left, codes = rows, []
            for kmeans in self.levels:
                codes.append(kmeans.predict(left))
                left = left - kmeans.cluster_centers_[codes[-1]]
            return np.stack(codes, axis=1)

        def decode(self, codes):
            return sum(kmeans.cluster_centers_[codes[:, level]] for level, kmeans in enumerate(self.levels))

    import sklearn

    line("scikit-learn " + sklearn.__version__ + ", KMeans per level", PerLevel())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("rows")
    arguments.add_argument("--others", action="store_true")
    given = arguments.parse_args()
    source = semid.open(given.rows)
    rows = source.read(0, len(source))
    print(f"{processor()}; Python {platform.python_version()}, NumPy {np.__version__}, semid {semid.__version__}")
    print(f"{rows.shape[0]} x {rows.shape[1]}", file=sys.stderr)
    overhead(rows)
    memory(rows)
    if given.others:
        others(rows)


main()
