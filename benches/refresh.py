"""Refresh of a model when a catalogue grows: how many items change their IDs, and at what error.

    pip install numpy pyarrow
    cargo build --release
    python benches/refresh.py target/release/semid packages.parquet [glove.npy ginza.npy] [--shift 0.02]

benches/word_vectors.py makes the last two files. For each file, a model of 3 levels of 256 codewords is fitted to a
random 80 % of the rows, whose items get IDs. Then all rows come.
With --shift, every row also moves by a random vector of that share of its length, as by a new version of an encoder.
Models for all rows: a fresh fit, the same aligned to the old model, a warm start, and warm starts with frozen levels.
For each, the share of the old items that get another first code and another ID, and the squared error of all rows
relative to the fresh fit. Then `semid assign --move-if-gain` on top of the warm starts: items keep their IDs but for
those that it moves, and the error is that of the IDs in the registry. "fewer" is how many times fewer old items have
another ID than after the aligned fresh fit.

Errors are computed here, in float64, from the decoded codes, in the same way for all.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from peers import read_rows


class Tool:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def run(self, *args):
        command = [self.path, *map(str, args), "--json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        return json.loads(done.stdout)

    def encode(self, model):
        self.run("encode", "--model", model, "--input", "all.npy", "--output", "codes.npy")
        return np.load(self.folder / "codes.npy")

    def error(self, model, codes, x):
        np.save(self.folder / "given.npy", codes)
        self.run("decode", "--model", model, "--input", "given.npy", "--output", "decoded.npy")
        decoded = np.load(self.folder / "decoded.npy").astype(np.float64)
        return ((x.astype(np.float64) - decoded) ** 2).sum(axis=1).mean()


def registered(path):
    """The codes of the IDs in a file, in the order of the rows; suffixes are left out."""
    with open(path, newline="") as file:
        return np.array([[int(code) for code in row["id"].split("-")[:3]] for row in csv.DictReader(file)], np.uint32)


FROZEN = {0: "`--warm-start`", 1: "`--warm-start --freeze-levels 1`", 2: "`--warm-start --freeze-levels 2`"}
SHARES = ("0%", "2%", "5%", "7%", "10%")


class Refresh:
    """Rows of which the first `old` have IDs, and their models."""

    def __init__(self, tool, x, shift):
        self.tool, random = tool, np.random.default_rng(1)
        x = x[random.permutation(len(x))]
        self.old = len(x) * 4 // 5
        np.save(tool.folder / "old.npy", x[: self.old])
        noise = random.normal(size=x.shape).astype(np.float32)
        length = np.linalg.norm(x, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
        self.x = x + shift * length * noise
        np.save(tool.folder / "all.npy", self.x)
        for name, rows in (("items.txt", len(x)), ("old.txt", self.old)):
            (tool.folder / name).write_text("".join(f"{row}\n" for row in range(rows)))

    def fit(self):
        fit = ["fit", "--levels", 3, "--clusters", 256]
        self.tool.run(*fit, "--input", "old.npy", "--output", "old.safetensors")
        self.tool.run("encode", "--model", "old.safetensors", "--input", "old.npy", "--output", "codes.npy")
        self.before = np.load(self.tool.folder / "codes.npy")
        fit = [*fit, "--input", "all.npy", "--output"]
        self.tool.run(*fit, "fresh.safetensors")
        self.tool.run(*fit, "aligned.safetensors", "--align-to", "old.safetensors")
        for frozen in range(4):
            self.tool.run("fit", "--input", "all.npy", "--warm-start", "old.safetensors", "--output",
                          f"warm{frozen}.safetensors", "--freeze-levels", frozen)

    def changed(self, codes):
        """The shares of the old items with another first code, and with another ID."""
        changed = codes[: self.old] != self.before
        return changed[:, 0].mean(), changed.any(axis=1).mean()

    def assigned(self, frozen, share):
        """The codes of the IDs after a warm start whose registry moves at most this share of its items."""
        (self.tool.folder / "ids.db").unlink(missing_ok=True)
        assign = ["assign", "--db", "ids.db", "--model"]
        self.tool.run(*assign, "old.safetensors", "--input", "old.npy", "--items", "old.txt")
        moves = ["--move-if-gain", "5%", "--move-at-most", share, "--moves", "moves.csv"]
        self.tool.run(*assign, f"warm{frozen}.safetensors", "--adopt-model", "--input", "all.npy", "--items",
                      "items.txt", *moves, "--output", "ids.csv")
        return registered(self.tool.folder / "ids.csv")

    def table(self):
        self.fit()
        names = {"fresh": "fresh fit", "aligned": "fresh fit, `--align-to`"}
        names |= {f"warm{frozen}": name for frozen, name in FROZEN.items()}
        names["warm3"] = "the old model (all levels frozen)"
        print("| | other first code | other ID | fewer | squared error | beside the fresh fit |")
        print("| --- " * 6 + "|")
        found = {}
        for model, name in names.items():
            codes = self.tool.encode(f"{model}.safetensors")
            found[model] = (*self.changed(codes), self.tool.error(f"{model}.safetensors", codes, self.x))
            self.row(name, found, found[model])
        for frozen, name in FROZEN.items():
            for share in SHARES:
                codes = self.assigned(frozen, share)
                error = self.tool.error(f"warm{frozen}.safetensors", codes, self.x)
                self.row(f"{name}, then `--move-at-most {share}`", found, (*self.changed(codes), error))

    @staticmethod
    def row(name, found, measured):
        first, whole, error = measured
        _, of_aligned, _ = found.get("aligned", measured)
        _, _, of_fresh = found["fresh"]
        fewer = f"{of_aligned / whole:.1f}" if whole else ""
        numbers = f"{first:.2%} | {whole:.2%} | {fewer} | {error:.5f} | {error / of_fresh:.4f}"
        print(f"| {name} | {numbers.replace('%', ' %')} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=Path)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--shift", type=float, default=0.0)
    args = parser.parse_args()
    for path in args.rows:
        with tempfile.TemporaryDirectory() as folder:
            refresh = Refresh(Tool(args.tool.resolve(), Path(folder)), read_rows(path, "embedding"), args.shift)
            print(f"\n{path.stem}: {len(refresh.x)} rows, {refresh.old} of them old, shift {args.shift}\n")
            refresh.table()


if __name__ == "__main__":
    main()
