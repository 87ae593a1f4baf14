"""Measures RQ-VAEs by their defaults beside a sweep of batches and rates, and residual k-means.

    python benches/networks.py target/release/semid packages.parquet [--vectors FOLDER] [--only 1000,mixture] [--plus]

FOLDER has what benches/word_vectors.py writes. Prints the table of "RQ-VAE by its defaults" in benches/RESULTS.md; with
--plus that of "RQ-KMeans+ by its defaults", whose networks start from the model of k-means. A sweep trains as many
epochs as the defaults.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

RATES = ["3e-4", "1e-3", "3e-3"]


def embeddings(path, rows):
    """Rows evenly spread over a file."""
    column = pq.read_table(path, columns=["embedding"])["embedding"].combine_chunks()
    x = column.flatten().to_numpy().reshape(len(column), -1).astype(np.float32)
    return x[np.arange(rows) * len(x) // rows]


def mixture(rows, dim, centres, even):
    """Rows around centres, of groups of even or of power-law sizes."""
    random = np.random.default_rng(1)
    sizes = np.ones(centres) if even else 1 / np.arange(1, centres + 1)
    of = random.choice(centres, rows, p=sizes / sizes.sum())
    centre = random.normal(scale=1.5, size=(centres, dim))
    return (centre[of] + 0.5 * random.normal(size=(rows, dim))).astype(np.float32)


def sets(packages, vectors):
    """Name, rows, clusters, epochs, batches of the sweep; none where a sweep would take hours."""
    yield "1,000 embeddings, 384", embeddings(packages, 1000), 64, 40, [16, 64, 256]
    yield "5,000 embeddings, 384", embeddings(packages, 5000), 256, 30, [32, 128, 512, 2048]
    yield "20,000 embeddings, 384", embeddings(packages, 20_000), 256, 15, [64, 256, 1024]
    yield "mixture, 4,000 x 16", mixture(4000, 16, 40, even=True), 64, 30, [32, 128, 512]
    yield "mixture, 30,000 x 64", mixture(30_000, 64, 200, even=False), 256, 15, [64, 256, 1024]
    if vectors is not None:
        yield "20,000 of GiNZA, 300", np.load(vectors / "ginza.npy"), 256, 15, [64, 256, 1024]
        yield "20,000 of GloVe, 50", np.load(vectors / "glove.npy")[:20_000], 256, 15, [64, 256, 1024]
    yield "60,000 embeddings, 384", embeddings(packages, 60_000), 256, 30, []


def spread(x, rows):
    """Rows from the first to the last, evenly."""
    return x[np.linspace(0, len(x) - 1, rows).astype(int)]


def plus_sets(packages, vectors):
    """Name, rows, clusters, epochs, and batches and rates of the sweep of RQ-KMeans+."""
    few = [(32, "3e-4"), (128, "1e-3"), (128, "3e-3"), (512, "3e-3")]
    many = [(64, "3e-4"), (256, "1e-3")]
    yield "1,000 embeddings, 384", embeddings(packages, 1000), 64, 40, [(16, "1e-3"), (64, "3e-3")]
    every = embeddings(packages, 60_000)
    yield "5,000 embeddings, 384", spread(every, 5000), 256, 30, few
    yield "20,000 embeddings, 384", spread(every, 20_000), 256, 15, many
    yield "mixture, 4,000 x 16", mixture(4000, 16, 40, even=True), 64, 30, few
    if vectors is not None:
        ginza, glove = np.load(vectors / "ginza.npy"), np.load(vectors / "glove.npy")
        yield "5,000 of GiNZA, 300", spread(ginza, 5000), 256, 30, few
        yield "5,000 of GloVe, 50", spread(glove, 5000), 256, 30, few
        yield "20,000 of GloVe, 50", glove[:20_000], 256, 15, many


class Set:
    """Rows in a file, and the models that are fitted to them."""

    def __init__(self, tool, folder, rows, clusters, epochs):
        self.tool, self.folder, self.rows = tool, folder, folder / "rows.npy"
        self.clusters, self.epochs = clusters, epochs
        np.save(self.rows, rows)

    def run(self, command, *arguments):
        line = [self.tool, command, "--input", self.rows, "--quiet", "--json", *arguments]
        return json.loads(subprocess.run([*map(str, line)], check=True, capture_output=True).stdout)

    def fit(self, *arguments, name="model"):
        model = self.folder / f"{name}.safetensors"
        return model, self.run("fit", "--output", model, "--levels", 3, "--clusters", self.clusters, *arguments)

    def network(self, *arguments):
        return self.fit("--kind", "rq-vae", "--epochs", self.epochs, *arguments)

    def plus(self, start, *arguments):
        return self.fit("--kind", "rq-kmeans-plus", "--epochs", self.epochs, "--warm-start", start, *arguments)

    def error(self, model):
        return self.run("eval", "--model", model, "--k", 0)["squared_error_per_row"]

    def measure(self, model, sample=300):
        """Squared error, collision rate, and recall of 10 neighbours of some rows by decoded distance."""
        found = self.run("eval", "--model", model, "--k", 10, "--sample", sample)
        return found["squared_error_per_row"], found["collision_rate"], found["recall_at_k"]["decoded"]["value"]


def row(found):
    if found is None:
        return ""
    error, collisions, recall = found
    return f"{error:.4f} ({100 * collisions:.1f} %, {100 * recall:.1f} %)"


def measure_plus(options):
    """Prints the table of RQ-KMeans+."""
    head = ["rows", "clusters, epochs", "k-means, where it starts", "old defaults", "defaults"]
    print("| " + " | ".join([*head, "best of the sweep, batch, rate", "defaults / best"]) + " |")
    print("| --- " * 7 + "|")
    for name, rows, clusters, epochs, sweep in plus_sets(options.packages, options.vectors):
        if not name.startswith(tuple(options.only.split(","))):
            continue
        with tempfile.TemporaryDirectory() as folder:
            of = Set(options.tool, Path(folder), rows, clusters, epochs)
            start, _ = of.fit(name="start")
            measure = lambda *flags: of.measure(of.plus(start, *flags)[0], 5000)
            defaults = measure()
            tried = [(measure("--batch", batch, "--lr", rate), f", {batch}, {rate}") for batch, rate in sweep]
            best, flags = min([*tried, (defaults, ", the defaults")])
            # The preset's batch, or all rows that are not held out where there are fewer.
            batch = min(2048, len(rows) * 19 // 20)
            preset = measure("--preset", "semantic-id", "--batch", batch, "--keep", "loss")
            cells = [name, f"{clusters}, {epochs}", row(of.measure(start, 5000)), row(preset), row(defaults)]
            print("| " + " | ".join([*cells, row(best) + flags, f"{defaults[0] / best[0]:.3f}"]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("packages")
    parser.add_argument("--vectors", type=Path, help="folder of word vectors")
    parser.add_argument("--only", default="", help="sets whose names begin with one of these")
    parser.add_argument("--plus", action="store_true", help="measure RQ-KMeans+")
    options = parser.parse_args()
    print("Squared error (collision rate, recall@10).\n")
    if options.plus:
        measure_plus(options)
        return
    head = ["rows", "clusters, epochs", "best of the sweep, batch, rate", "defaults", "defaults / best", "preset"]
    print("| " + " | ".join([*head, "k-means"]) + " |")
    print("| --- " * 7 + "|")
    for name, rows, clusters, epochs, batches in sets(options.packages, options.vectors):
        if not name.startswith(tuple(options.only.split(","))):
            continue
        with tempfile.TemporaryDirectory() as folder:
            of = Set(options.tool, Path(folder), rows, clusters, epochs)
            tried = []
            for batch in batches:
                for rate in RATES:
                    flags = ["--batch", batch, "--lr", rate]
                    tried.append((of.error(of.network(*flags)[0]), flags))
            best, flags = min(tried, default=(None, None))
            swept = of.measure(of.network(*flags)[0]) if flags else None
            of_sweep = f"{row(swept)}, {flags[1]}, {flags[3]}" if flags else ""
            defaults = of.measure(of.network()[0])
            share = f"{defaults[0] / best:.3f}" if best else ""
            # The preset's batch, or all rows that are not held out where there are fewer.
            batch = min(2048, len(rows) * 19 // 20)
            preset = of.measure(of.network("--preset", "semantic-id", "--batch", batch)[0])
            kmeans = of.measure(of.fit()[0])
            cells = [name, f"{clusters}, {epochs}", of_sweep, row(defaults), share, row(preset), row(kmeans)]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
