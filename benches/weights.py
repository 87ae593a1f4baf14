"""Weights of rows: a plain fit and a weighted one, measured by weight and with all rows alike.

    pip install numpy pyarrow
    python benches/weights.py target/release/semid top-packages.parquet [glove.npy] [items.parquet]

Items come in the order of how often they are used - the 5,000 most downloaded packages, the 60,000 most frequent words
of GloVe (benches/word_vectors.py) - or a column `needed_by` counts it (benches/debian_packages.py). An item of rank r
gets the weight 100,000 / r, rounded up, as the frequency of words falls (Zipf), and one that n others need n + 1; a
third fit has the square roots of these. 3 levels. Prints the table of "Weights of rows" in benches/RESULTS.md.
"""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from peers import read_rows


def weights_of(file, rows):
    """How often every item is used."""
    if file.suffix == ".parquet" and "needed_by" in pq.read_schema(file).names:
        return [1 + count for count in pq.read_table(file, columns=["needed_by"])["needed_by"].to_pylist()]
    return [-(-100_000 // rank) for rank in range(1, rows + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()

    def run(command, *arguments):
        line = [options.tool, command, *map(str, arguments), "--json", "--quiet"]
        return json.loads(subprocess.run(line, check=True, capture_output=True).stdout)

    print("Squared error; share of items in a collision; recall of 10 neighbours of 2,000 items by decoded distance.\n")
    print("| rows, clusters | fit | by weight | all alike |")
    print("| --- | --- | --- | --- |")
    for file in options.files:
        x = read_rows(file, "embedding")
        clusters = 256 if len(x) > 20_000 else 64
        with tempfile.TemporaryDirectory() as folder:
            rows, weights, model = (Path(folder) / name for name in ["x.npy", "weights.txt", "m.safetensors"])
            np.save(rows, x)
            roots = weights.with_name("roots.txt")
            of = weights_of(file, len(x))
            weights.write_text("".join(f"{weight}\n" for weight in of))
            roots.write_text("".join(f"{math.isqrt(weight)}\n" for weight in of))
            fits = [("plain", []), ("weighted", ["--weights", weights]), ("by square roots", ["--weights", roots])]
            for name, flags in fits:
                run("fit", "--input", rows, "--output", model, "--levels", 3, "--clusters", clusters, *flags)
                sample = ["--k", 10, "--sample", 2000]
                found = run("eval", "--input", rows, "--model", model, "--weights", weights, *sample)
                near = found["weighted_recall_at_k"]["decoded"]["value"], found["recall_at_k"]["decoded"]["value"]
                by_weight = found["weighted"]["squared_error_per_row"], found["collided_weight_rate"]
                alike = found["squared_error_per_row"], found["collided_item_rate"]
                cells = [f"{e:.4g}, {100 * c:.1f} %, {100 * r:.1f} %" for (e, c), r in zip([by_weight, alike], near)]
                print("| " + " | ".join([f"{file.stem}, {len(x):,} x {x.shape[1]}, {clusters}", name, *cells]) + " |")


if __name__ == "__main__":
    main()
