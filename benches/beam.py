"""Beams and refinements of semid beside those of faiss: error, collisions and recall, on the same rows.

    pip install numpy pyarrow faiss-cpu
    cargo build --release
    python benches/beam.py target/release/semid packages.parquet [--beams 1,4,16] [--refine 0,10] [--train-beams 1,5] \\
        [--lsq] [--markdown]

semid fits 3 levels of 256 codewords, 20 iterations, no tolerance. Without a refinement it fits once, and its model
encodes with every beam. With one of R rounds it fits once for every beam, which is that of the refinement too.

faiss.ResidualQuantizer trains with every beam of --train-beams, which widens its own training, with and without its
refinement of codebooks (`Train_refine_codebook`, 5 rounds), and then encodes with every beam; without a beam to train
with, as in `--train-beams ""`, it takes no part. --lsq adds faiss.LocalSearchQuantizer, whose codebooks
are no levels but are as many and as large.

Squared errors are computed here, in float64, from the decoded codes, in the same way for both. Recall is that of the 10
nearest rows by the distance between decoded rows, for 2,000 rows; rows with equal IDs count by expectation.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from peers import read_rows

K, QUERIES = 10, 2000


def true_neighbors(x, queries):
    """The 10 nearest rows of every query, without itself."""
    squares = (x * x).sum(axis=1)
    found = []
    for block in np.array_split(queries, 20):
        distances = squares - 2 * (x[block] @ x.T)
        distances[np.arange(len(block)), block] = np.inf
        found.append(np.argpartition(distances, K, axis=1)[:, :K])
    return np.concatenate(found)


def measure(x, codes, decoded, queries, neighbors):
    """Squared error per row, collision rate, and expected recall."""
    error = ((x.astype(np.float64) - decoded) ** 2).sum(axis=1).mean()
    _, first, ids, sizes = np.unique(codes, axis=0, return_index=True, return_inverse=True, return_counts=True)
    ids, points = ids.ravel(), decoded[first].astype(np.float32)
    squares, recall = (points * points).sum(axis=1), []
    for query, near in zip(queries, neighbors):
        distances = squares - 2 * (points @ points[ids[query]])
        order = np.argsort(distances, kind="stable")
        own = sizes - (np.arange(len(sizes)) == ids[query])  # the query is none of its neighbours
        before = np.zeros(len(sizes))
        before[order] = np.concatenate([[0], np.cumsum(own[order])[:-1]])
        share = np.clip((K - before) / np.maximum(own, 1), 0, 1)
        recall.append(share[ids[near]].mean())
    return error, 1 - len(first) / len(x), np.mean(recall)


def semid(tool, *args):
    done = subprocess.run([tool, *map(str, args), "--json", "--quiet"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def of_semid(options, x, folder):
    np.save(folder / "x.npy", x)
    model, codes, decoded = (folder / name for name in ("m.safetensors", "c.npy", "d.npy"))
    threads = ["--device", "cpu", "--threads", options.threads]
    fit = ["fit", "--input", folder / "x.npy", "--output", model, "--levels", options.levels, "--clusters",
           options.clusters, "--max-iter", options.iterations, "--tol", "0", *threads]
    for rounds in options.refine:
        fitted = None
        for beam in options.beams:
            refine = ["--refine", rounds, "--refine-beam", beam] if rounds else []
            fitted = semid(options.tool, *fit, *refine) if rounds or fitted is None else fitted
            encoded = semid(options.tool, "encode", "--model", model, "--input", folder / "x.npy", "--output", codes,
                            "--beam", beam, *threads)
            semid(options.tool, "decode", "--model", model, "--input", codes, "--output", decoded)
            name = f"semid, {rounds} rounds" if rounds else "semid"
            yield name, beam, fitted["seconds"], encoded["seconds"], np.load(codes), np.load(decoded)


def unpacked(packed, options):
    """The codes (N, L) in the bits of faiss."""
    bits = int(np.log2(options.clusters))
    codes = np.unpackbits(packed, axis=1, bitorder="little")[:, : options.levels * bits]
    return codes.reshape(len(packed), options.levels, bits) @ (1 << np.arange(bits))


def of_faiss(options, x):
    if not options.train_beams and not options.lsq:
        return
    import faiss

    faiss.omp_set_num_threads(options.threads)
    kinds = [(trained, refined) for refined in (False, True) for trained in options.train_beams]
    for trained, refined in kinds:
        quantizer = faiss.ResidualQuantizer(x.shape[1], options.levels, int(np.log2(options.clusters)))
        quantizer.max_beam_size = trained
        quantizer.cp.niter, quantizer.cp.max_points_per_centroid, quantizer.cp.seed = options.iterations, len(x), 42
        if refined:
            quantizer.train_type |= faiss.ResidualQuantizer.Train_refine_codebook
        name = f"faiss RQ, trained with {trained}" + (", refined" if refined else "")
        fitted = timed(lambda: quantizer.train(x))
        for beam in options.beams:
            quantizer.max_beam_size = beam
            start = time.perf_counter()
            packed = quantizer.compute_codes(x)
            yield name, beam, fitted, time.perf_counter() - start, unpacked(packed, options), quantizer.decode(packed)
    if options.lsq:
        quantizer = faiss.LocalSearchQuantizer(x.shape[1], options.levels, int(np.log2(options.clusters)))
        fitted = timed(lambda: quantizer.train(x))
        start = time.perf_counter()
        packed = quantizer.compute_codes(x)
        encoded = time.perf_counter() - start
        yield "faiss LSQ", "", fitted, encoded, unpacked(packed, options), quantizer.decode(packed)


def timed(work):
    """Seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("rows", type=Path)
    parser.add_argument("--column", default="embedding")
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--clusters", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    numbers = lambda text: [int(number) for number in text.split(",") if number]
    parser.add_argument("--beams", type=numbers, default=[1, 4, 16])
    parser.add_argument("--train-beams", type=numbers, default=[1, 5])
    parser.add_argument("--refine", type=numbers, default=[0, 10])
    parser.add_argument("--lsq", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    x = read_rows(options.rows, options.column)
    queries = np.random.default_rng(42).choice(len(x), min(QUERIES, len(x)), replace=False)
    neighbors = true_neighbors(x, queries)
    with tempfile.TemporaryDirectory() as folder:
        runs = (run for all in (of_semid(options, x, Path(folder)), of_faiss(options, x)) for run in all)
        line = "{:<36}{:>6}{:>10}{:>10}{:>12}{:>12}{:>10}"
        line = "| {} | {} | {} | {} | {} | {} | {} |" if options.markdown else line
        print(line.format("", "beam", "fit s", "encode s", "error", "collisions", "recall"), flush=True)
        if options.markdown:
            print("| --- " * 7 + "|")
        for name, beam, fitted, encoded, codes, decoded in runs:
            error, collisions, recall = measure(x, codes, decoded, queries, neighbors)
            numbers = f"{fitted:.2f}", f"{encoded:.2f}", f"{error:.5f}", f"{collisions:.2%}", f"{recall:.2%}"
            print(line.format(name, beam, *numbers), flush=True)


if __name__ == "__main__":
    main()
