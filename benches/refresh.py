"""Refresh of a model when a catalogue grows: how many items change their IDs, and at what error.

    pip install numpy pyarrow
    cargo build --release
    python benches/refresh.py target/release/semid packages.parquet [--shift 0.02]

A model of 3 levels of 256 codewords is fitted to a random 80 % of the rows, whose items get IDs. Then all rows come.
With --shift, every row also moves by a random vector of that share of its length, as by a new version of an encoder.
Models for all rows: a fresh fit, the same aligned to the old model, a warm start, and warm starts with frozen levels.
For each, the share of the old items that get another first code and another ID, and the squared error of all rows
relative to the fresh fit. Then `semid assign --move-if-gain` on top of the warm starts: items keep their IDs but for
those that it moves, and the error is that of the IDs in the registry.

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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", type=Path)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--shift", type=float, default=0.0)
    args = parser.parse_args()
    x = read_rows(args.rows, "embedding")
    random = np.random.default_rng(1)
    x = x[random.permutation(len(x))]
    old = len(x) * 4 // 5
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        tool = Tool(args.tool.resolve(), folder)
        np.save(folder / "old.npy", x[:old])
        noise = random.normal(size=x.shape).astype(np.float32)
        length = np.linalg.norm(x, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
        x = x + args.shift * length * noise
        np.save(folder / "all.npy", x)
        fit = ["fit", "--levels", 3, "--clusters", 256]
        tool.run(*fit, "--input", "old.npy", "--output", "old.safetensors")
        tool.run("encode", "--model", "old.safetensors", "--input", "old.npy", "--output", "codes.npy")
        before = np.load(folder / "codes.npy")
        warm = ["fit", "--input", "all.npy", "--warm-start", "old.safetensors", "--output"]
        tool.run(*fit, "--input", "all.npy", "--output", "fresh.safetensors")
        align = ["--align-to", "old.safetensors", "--output", "aligned.safetensors"]
        tool.run(*fit, "--input", "all.npy", *align)
        for frozen in range(4):
            tool.run(*warm, f"warm{frozen}.safetensors", "--freeze-levels", frozen)
        names = {"fresh": "fresh fit", "aligned": "fresh fit, `--align-to`", "warm0": "`--warm-start`"}
        names |= {f"warm{frozen}": f"`--warm-start --freeze-levels {frozen}`" for frozen in (1, 2)}
        names["warm3"] = "old model (all levels frozen)"
        fresh = None
        print(f"{len(x)} rows, {old} of them old, shift {args.shift}\n")
        print("| | other first code | other ID | squared error | beside the fresh fit |")
        print("| --- | --- | --- | --- | --- |")

        def row(name, codes, error):
            changed = codes[:old] != before
            first, whole = changed[:, 0].mean(), changed.any(axis=1).mean()
            print(f"| {name} | {first:.2%} | {whole:.2%} | {error:.5f} | {error / fresh:.4f} |")

        for model, name in names.items():
            codes = tool.encode(f"{model}.safetensors")
            error = tool.error(f"{model}.safetensors", codes, x)
            fresh = error if fresh is None else fresh
            row(name, codes, error)
        (folder / "items.txt").write_text("".join(f"{row}\n" for row in range(len(x))))
        (folder / "old.txt").write_text("".join(f"{row}\n" for row in range(old)))
        for frozen in (0, 1):
            for share in ("0%", "2%", "5%", "10%"):
                (folder / "ids.db").unlink(missing_ok=True)
                assign = ["assign", "--db", "ids.db", "--model"]
                tool.run(*assign, "old.safetensors", "--input", "old.npy", "--items", "old.txt")
                moves = ["--move-if-gain", "5%", "--move-at-most", share, "--moves", "moves.csv"]
                tool.run(*assign, f"warm{frozen}.safetensors", "--adopt-model", "--input", "all.npy", "--items",
                         "items.txt", *moves, "--output", "ids.csv")
                codes = registered(folder / "ids.csv")
                name = f"`--freeze-levels {frozen}`, then `--move-if-gain 5% --move-at-most {share}`"
                row(name, codes, tool.error(f"warm{frozen}.safetensors", codes, x))


if __name__ == "__main__":
    main()
