"""Several embeddings per item, and rows mixed with those that they occur with: do prefixes know more of families?

    pip install numpy pyarrow
    python benches/joined.py target/release/semid packages.parquet [--pairs known.parquet held.parquet]

The first 20,000 packages, or with pairs all items. Beside the embedding of the text stands one of the name: 64 sums of
the signed hashes (CRC-32) of its trigrams, scaled to ten times the root mean square of the text's; every twentieth item
lacks it. Pairs are those of the files (benches/debian_packages.py), or packages next to each other in a family, the
packages whose names begin with the same word, if these are 3 to 40; then every second pair is known to the smoothing,
and the others are held out. Prints the tables of "Several embeddings per item" and "Smoothing by co-occurring items" in
benches/RESULTS.md.
"""

import argparse
import csv
import json
import re
import subprocess
import tempfile
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, NAME_DIM, MISSING = 20_000, 64, 20


def embed(names):
    """A row of signed counts of hashed trigrams for every name."""
    found = np.zeros((len(names), NAME_DIM), np.float32)
    for row, name in zip(found, names):
        text = f"^{name.lower()}$"
        for i in range(len(text) - 2):
            value = zlib.crc32(text[i : i + 3].encode())
            row[value % NAME_DIM] += 1 if value & NAME_DIM else -1
    return found


def pairs_of(names):
    """Pairs of neighbours in families, by the numbers of their rows."""
    families = defaultdict(list)
    for row, name in enumerate(names):
        families[re.split("[-_.]", name.lower())[0]].append(row)
    of = [family for word, family in sorted(families.items()) if word and 3 <= len(family) <= 40]
    return [pair for family in of for pair in zip(family, family[1:])]


class Bench:
    def __init__(self, tool, folder, table, known_and_held):
        self.tool, self.folder = tool, folder
        self.names = table["name"].to_pylist()
        rows = len(self.names)
        self.text = table["embedding"].combine_chunks().flatten().to_numpy().reshape(rows, -1).astype(np.float32)
        name = embed(self.names)
        self.name = name * (10 * np.sqrt((self.text**2).mean() / (name**2).mean()))
        self.has = np.arange(rows) % MISSING != 0
        filled = np.where(self.has[:, None], self.name, 0)
        lists = lambda x: pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])
        lacking = pa.array([row if has else None for row, has in zip(self.name, self.has)], pa.list_(pa.float32()))
        columns = {"item": self.names, "text": lists(self.text), "name": lacking}
        columns["filled"], columns["joined"] = lists(filled), lists(np.hstack([self.text, filled]))
        pq.write_table(pa.table(columns), folder / "items.parquet")
        pairs = None if known_and_held else pairs_of(self.names)
        self.known, self.held_out = (pairs[::2], pairs[1::2]) if pairs else map(self.numbered, known_and_held)
        with open(folder / "known.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([(self.names[a], self.names[b]) for a, b in self.known])

    def numbered(self, file):
        """The pairs of names in a file, as numbers of rows."""
        places = {name: row for row, name in enumerate(self.names)}
        return [(places[pair["first"]], places[pair["second"]]) for pair in pq.read_table(file).to_pylist()]

    def run(self, command, *arguments):
        line = [self.tool, command, *map(str, arguments), "--json", "--quiet"]
        return json.loads(subprocess.run(line, check=True, capture_output=True, cwd=self.folder).stdout)

    def codes(self, fit, encode=()):
        """Codes by a model that is fitted with some flags, where encodes may have others."""
        rows = ["--input", "items.parquet"]
        self.run("fit", *rows, "--levels", 3, "--clusters", 64, "--output", "m.safetensors", *fit)
        columns = [] if "--column-weight" in fit or fit.count("--column") > 1 else fit[:2]
        self.run("encode", *rows, "--model", "m.safetensors", "--output", "codes.npy", *columns, *encode)
        return np.load(self.folder / "codes.npy")

    def decoded(self):
        self.run("decode", "--model", "m.safetensors", "--input", "codes.npy", "--output", "decoded.npy")
        return np.load(self.folder / "decoded.npy")


def shared(codes, pairs, levels):
    """The share of pairs with the same first codes."""
    first, second = np.array(pairs).T
    return f"{100 * (codes[first, :levels] == codes[second, :levels]).all(axis=1).mean():.1f} %"


def error(rows, decoded):
    """Squared error beside the variance of the rows."""
    return f"{((rows - decoded) ** 2).sum() / ((rows - rows.mean(axis=0)) ** 2).sum():.3f}"


def several(bench):
    text = bench.text.shape[1]
    wanted = [
        ("the text alone", ["--column", "text"]),
        ("the name alone", ["--column", "filled"]),
        ("both, joined as they are, 0 where the name lacks", ["--column", "joined"]),
        ("both, `--column text --column name`", ["--column", "text", "--column", "name"]),
        ("both, `--column-weight 1,0.25`", ["--column", "text", "--column", "name", "--column-weight", "1,0.25"]),
    ]
    print("| fit of | error of the text | error of the name | same first code | first two |")
    print("| --- | --- | --- | --- | --- |")
    for name, flags in wanted:
        codes, decoded = bench.codes(flags), bench.decoded()
        of_text = "" if "filled" in flags else error(bench.text, decoded[:, :text])
        of_name = "" if flags == ["--column", "text"] else error(bench.name[bench.has], decoded[bench.has, -NAME_DIM:])
        pairs = bench.held_out
        line = [name, of_text, of_name, shared(codes, pairs, 1), shared(codes, pairs, 2)]
        print("| " + " | ".join(line) + " |", flush=True)


def smoothing(bench):
    print("\n| pair weight | pairs at encode | held-out pairs: same first code | first two | known pairs: same first |")
    print("| --- | --- | --- | --- | --- |")
    column = ["--column", "text"]
    for weight in [None, 0.3, 0.5]:
        for at_encode in [False, True][: 1 if weight is None else 2]:
            pairs = [] if weight is None else ["--pairs", "known.csv", "--id-column", "item", "--pair-weight", weight]
            codes = bench.codes([*column, *pairs], pairs if at_encode else [])
            of = [shared(codes, bench.held_out, 1), shared(codes, bench.held_out, 2), shared(codes, bench.known, 1)]
            when = "" if weight is None else "yes" if at_encode else "no"
            print("| " + " | ".join([str(weight or "none"), when, *of]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=Path)
    parser.add_argument("packages")
    parser.add_argument("--pairs", nargs=2)
    options = parser.parse_args()
    table = pq.read_table(options.packages, columns=["name", "embedding"])
    with tempfile.TemporaryDirectory() as folder:
        table = table if options.pairs else table.slice(0, ROWS)
        bench = Bench(options.tool.resolve(), Path(folder), table, options.pairs)
        print(f"{len(bench.known)} known pairs, {len(bench.held_out)} held out\n")
        several(bench)
        smoothing(bench)


if __name__ == "__main__":
    main()
