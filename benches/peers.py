"""semid beside faiss, superkmeans and scikit-learn: one run, one machine, the same rows, taking turns.

    pip install numpy pyarrow faiss-cpu superkmeans scikit-learn safetensors
    cargo build --release
    python benches/peers.py target/release/semid packages.parquet [--repeats 3] [--threads 2] [--markdown]

Every contestant fits residual k-means - 3 levels of 256 codewords, 20 iterations, all rows, no tolerance - and encodes
the same rows. Each runs in a process of its own, so that peak memory can be told apart; what peers take to read the
file is not timed.
The squared error is computed here, from the decoded codes, in float64, for everybody in the same way.

faiss           faiss.Kmeans per level on the residuals, no subsampling, and a flat search to encode
faiss.SuperKmeans  the same with faiss.SuperKmeans, which prunes products
faiss RQ        faiss.ResidualQuantizer, beam 1, as it comes (its own training schedule)
superkmeans     superkmeans.SuperKMeans per level, flat, f32, all rows, without early termination
superkmeans h   the same in its hierarchical mode, with its own numbers of iterations
scikit-learn    KMeans per level, k-means++ with one start; its `predict` to encode
semid           `semid fit` and `semid encode` on the CPU; the seconds are those of --json, which include reading
                the rows from the file and, for encode, writing the codes
semid hs        the same, which starts from the codewords of a hierarchy (`--init hierarchical`)
semid h         the same as a hierarchy alone (`--algorithm hierarchical`), with its own numbers of iterations

Processor time is that of all threads together: of the fit alone for peers, of the whole process for semid. On a machine
that others use, too, it says more than seconds; but threads that wait by turning in a loop, as OpenMP's do, count.

Contestants whose package is missing are left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def read_rows(path, column):
    """The embeddings of a .npy or .parquet file as (N, D) float32."""
    if path.suffix == ".npy":
        return np.load(path).astype(np.float32)
    import pyarrow.parquet

    lists = pyarrow.parquet.read_table(path, columns=[column])[column].combine_chunks()
    return lists.flatten().to_numpy().astype(np.float32).reshape(len(lists), -1)


# --- the peers: (rows, options) -> fit seconds, encode seconds, decoded rows, codes


def residual_kmeans(x, options, fit_level, assign):
    """Fits level after level, then encodes from scratch. `fit_level` gives a model, its centroids and, where it has
    them anyway, the codes of its rows; `assign(model, rows)` gives codes."""
    start, residual, levels = time.perf_counter(), x.copy(), []
    options.fit_processor = time.process_time()
    for level in range(options.levels):
        model, centroids, codes = fit_level(residual)
        levels.append((model, centroids))
        if level + 1 < options.levels:
            residual -= centroids[assign(model, residual) if codes is None else codes]
    fit_seconds = time.perf_counter() - start
    options.fit_processor = time.process_time() - options.fit_processor

    start, residual, columns = time.perf_counter(), x.copy(), []
    for level, (model, centroids) in enumerate(levels):
        columns.append(assign(model, residual))
        if level + 1 < options.levels:
            residual -= centroids[columns[-1]]
    encode_seconds = time.perf_counter() - start
    decoded = sum(centroids[codes] for (_, centroids), codes in zip(levels, columns))
    return fit_seconds, encode_seconds, decoded, np.stack(columns, axis=1)


def faiss_kmeans(x, options, kind="Kmeans"):
    import faiss

    faiss.omp_set_num_threads(options.threads)
    if not hasattr(faiss, kind):
        raise ImportError(f"this build of faiss has no {kind}")

    def fit_level(rows):
        kmeans = getattr(faiss, kind)(rows.shape[1], options.clusters, niter=options.iterations, seed=options.seed,
                                      max_points_per_centroid=len(rows), min_points_per_centroid=1)
        kmeans.train(rows)
        index = faiss.IndexFlatL2(rows.shape[1])
        index.add(kmeans.centroids)
        return index, kmeans.centroids, None

    return residual_kmeans(x, options, fit_level, lambda index, rows: index.search(rows, 1)[1][:, 0])


def super_kmeans(x, options, hierarchical=False):
    from superkmeans import SuperKMeans

    def fit_level(rows):
        kmeans = SuperKMeans(options.clusters, rows.shape[1], hierarchical=hierarchical, iters=options.iterations,
                             sampling_fraction=1.0, max_points_per_cluster=len(rows), n_threads=options.threads,
                             seed=options.seed, early_termination=False)
        centroids = np.ascontiguousarray(kmeans.train(np.ascontiguousarray(rows)))
        return (kmeans, centroids), centroids, None

    def assign(model, rows):
        kmeans, centroids = model
        return kmeans.assign(np.ascontiguousarray(rows), centroids).astype(np.int64)

    return residual_kmeans(x, options, fit_level, assign)


def faiss_rq(x, options):
    import faiss

    faiss.omp_set_num_threads(options.threads)
    quantizer = faiss.ResidualQuantizer(x.shape[1], options.levels, int(np.log2(options.clusters)))
    quantizer.max_beam_size = 1
    quantizer.cp.niter, quantizer.cp.max_points_per_centroid = options.iterations, len(x)
    quantizer.cp.seed = options.seed
    start, options.fit_processor = time.perf_counter(), time.process_time()
    quantizer.train(x)
    fitted, options.fit_processor = time.perf_counter(), time.process_time() - options.fit_processor
    codes = quantizer.compute_codes(x)
    encoded = time.perf_counter()
    return fitted - start, encoded - fitted, quantizer.decode(codes), codes


def scikit_learn(x, options):
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    def fit_level(rows):
        kmeans = KMeans(options.clusters, n_init=1, max_iter=options.iterations, tol=0, random_state=options.seed)
        kmeans.fit(rows)
        return kmeans, kmeans.cluster_centers_, kmeans.labels_

    with threadpool_limits(options.threads):
        return residual_kmeans(x, options, fit_level, lambda kmeans, rows: kmeans.predict(rows))


PEERS = {
    "faiss": faiss_kmeans,
    "faiss.SuperKmeans": lambda x, options: faiss_kmeans(x, options, "SuperKmeans"),
    "faiss RQ": faiss_rq,
    "superkmeans": super_kmeans,
    "superkmeans h": lambda x, options: super_kmeans(x, options, hierarchical=True),
    "scikit-learn": scikit_learn,
}


def run_peer(name, options, folder):
    """Runs a peer in a process of its own."""
    place = ["--folder", str(folder), "--seed", str(options.seed)]
    call = [sys.executable, __file__, *sys.argv[1:], "--peer", name, *place]
    report, memory, _ = measured(call)
    return None if report is None else {**report, "encode_memory": None, "fit_memory": memory}


def be_peer(options):
    x = np.load(options.folder / "x.npy")
    try:
        fit, encode, decoded, codes = PEERS[options.peer](x, options)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    np.save(options.folder / "decoded.npy", decoded.astype(np.float32))
    print(json.dumps({"fit": fit, "processor": options.fit_processor, "encode": encode,
                      "unique": len(np.unique(codes, axis=0)) / len(x)}))


# The options of `semid fit` beside those that all contestants share.
OURS = {"semid": [], "semid hs": ["--init", "hierarchical"], "semid h": ["--algorithm", "hierarchical"]}


def run_semid(name, options, folder):
    model, codes = folder / "model.safetensors", folder / "codes.npy"
    common = ["--device", "cpu", "--threads", options.threads, "--json"]
    fit, fit_memory, processor = measured([
        options.semid, "fit", "--input", folder / "x.npy", "--output", model, "--levels", options.levels,
        "--clusters", options.clusters, "--max-iter", options.iterations, "--tol", 0, "--seed", options.seed,
        *OURS[name], *common])
    encode, encode_memory, _ = measured([
        options.semid, "encode", "--model", model, "--input", folder / "x.npy", "--output", codes, *common])
    decoded = folder / "decoded.npy"
    measured([options.semid, "decode", "--model", model, "--input", codes, "--output", decoded, "--json"])
    found = np.load(codes)
    return {
        "fit": fit["seconds"], "processor": processor, "encode": encode["seconds"],
        "unique": len(np.unique(found, axis=0)) / len(found),
        "settled": encode["settled_assignments"] / found.size, "fit_memory": fit_memory, "encode_memory": encode_memory,
    }


# A process counts the memory of the one that started it as its own peak, so a small one stands in between.
LAUNCHER = """
import os, sys
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def measured(call):
    """The JSON object a command prints, its peak resident memory in bytes, and its processor time in seconds."""
    call = [str(part) for part in call]
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *call], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(call[:2])} failed: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    if "missing" in report:
        print(f"left out: {report['missing']}", file=sys.stderr)
        return None, 0, 0.0
    return report, int(done.stderr.split()[-1]), float(done.stderr.split()[-2])


def squared_error(x, folder):
    decoded = np.load(folder / "decoded.npy")
    return sum(float(((x[i : i + 4096].astype(np.float64) - decoded[i : i + 4096]) ** 2).sum())
               for i in range(0, len(x), 4096)) / len(x)


def table(results, x, options):
    median = lambda runs, key: statistics.median(run[key] for run in runs)
    spread = lambda runs, key: f"{min(run[key] for run in runs):.2f} - {max(run[key] for run in runs):.2f}"
    yield ["", "fit s", "min - max", "processor s", "encode s", "min - max", "squared error", "unique codes",
           "fit peak MiB"]
    for name, runs in results.items():
        yield [name, f"{median(runs, 'fit'):.2f}", spread(runs, "fit"), f"{median(runs, 'processor'):.2f}",
               f"{median(runs, 'encode'):.3f}", spread(runs, "encode"), f"{median(runs, 'error'):.5f}",
               f"{median(runs, 'unique'):.4f}", f"{median(runs, 'fit_memory') / 2**20:.0f}"]
    for name in results:
        for ours in (ours for ours in OURS if ours in results and name not in OURS):
            of = lambda key: median(results[ours], key) / median(results[name], key)
            ratio = [f"{of(key):.3f}" for key in ("fit", "processor", "encode", "error")]
            yield [f"{ours} / {name}", ratio[0], "", ratio[1], ratio[2], "", ratio[3], "", ""]


def show(rows, markdown):
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        print("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells))
        if markdown and number == 0:
            print("|" + "|".join(" --- " for _ in row) + "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("semid", type=Path, help="release binary")
    parser.add_argument("data", type=Path, help=".parquet or .npy")
    parser.add_argument("--column", default="embedding")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--clusters", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=42, help="of the first repeat; the others count up")
    parser.add_argument("--only", help="comma-separated contestants")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        be_peer(options)
        return
    x = read_rows(options.data, options.column)
    contestants = options.only.split(",") if options.only else [*OURS, *PEERS]
    results = {name: [] for name in contestants}
    print(f"{x.shape[0]} rows x {x.shape[1]}, {options.levels} x {options.clusters}, {options.iterations} iterations, "
          f"{options.threads} threads, {options.repeats} repeats")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        first_seed = options.seed
        for repeat in range(options.repeats):
            options.seed = first_seed + repeat
            for name in contestants:
                (folder / "decoded.npy").unlink(missing_ok=True)
                result = run_semid(name, options, folder) if name in OURS else run_peer(name, options, folder)
                if result is not None:
                    result["error"] = squared_error(x, folder)
                    results[name].append(result)
                    print(f"{name}, seed {options.seed}: fit {result['fit']:.2f} s, encode {result['encode']:.3f} s, "
                          f"squared error {result['error']:.5f}", file=sys.stderr)
    results = {name: runs for name, runs in results.items() if runs}
    show(table(results, x, options), options.markdown)
    for name, run in ((name, run) for name in OURS for run in results.get(name, [])):
        rows_bytes = x.size * 4
        print(f"{name}: settled {100 * run['settled']:.3f} % of row-levels; peak memory of fit "
              f"{run['fit_memory'] / 2**20:.0f} MiB = {run['fit_memory'] / rows_bytes:.2f} x the rows "
              f"(limit {1.3 + 2**28 / rows_bytes:.2f}), of encode {run['encode_memory'] / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
