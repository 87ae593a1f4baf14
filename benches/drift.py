"""Whether `semid drift` tells fresh rows of the same kind from rows that have moved.

    python benches/drift.py target/release/semid packages.parquet glove.npy ginza.npy

Every set is put in random order. A model of 3 levels of 256 codewords is fitted to half of the rows, and the baseline
is that half or the quarter after it. The last quarter is new; every row of it also moves by a random vector of a share
of its length. Prints the table "Drift" of benches/RESULTS.md, for the third level.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from peers import read_rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()

    def run(*arguments):
        line = [options.tool.resolve(), *arguments, "--json", "--quiet", "--device", "cpu"]
        return json.loads(subprocess.run([*map(str, line)], capture_output=True).stdout)

    print("| rows | baseline | moved by | error risen (by chance) | margin fallen (by chance) | verdict |")
    print("| --- " * 6 + "|")
    for file in options.files:
        random = np.random.default_rng(0)
        x = read_rows(file, "embedding").astype(np.float32)
        x = x[random.permutation(len(x))]
        half, last = len(x) // 2, len(x) // 2 + len(x) // 4
        noise = random.normal(size=x[last:].shape).astype(np.float32)
        noise *= (np.linalg.norm(x[last:], axis=1) / np.linalg.norm(noise, axis=1))[:, None]
        with tempfile.TemporaryDirectory() as folder:
            of = {name: Path(folder) / f"{name}.npy" for name in ("fit", "apart", "new")}
            model = Path(folder) / "m.safetensors"
            np.save(of["fit"], x[:half])
            np.save(of["apart"], x[half:last])
            run("fit", "--input", of["fit"], "--levels", 3, "--clusters", 256, "--output", model)
            for baseline, words in (("fit", "rows of the fit"), ("apart", "other rows")):
                for share in (0, 0.1, 0.2, 0.3):
                    np.save(of["new"], x[last:] + np.float32(share) * noise)
                    found = run("drift", "--model", model, "--input", of["new"], "--baseline", of[baseline])
                    level = found["levels"][-1]
                    rise = lambda measure: level[measure]["new"] / level[measure]["baseline"] - 1
                    cells = [
                        f"{file.stem}, {len(x):,}",
                        words,
                        f"{share:.0%}",
                        f"{rise('squared_error'):.1%} ({level['error_rise_by_chance']:.1%})",
                        f"{-rise('median_margin'):.1%} ({level['margin_loss_by_chance']:.1%})",
                        "no drift" if found["stable"] else "drift",
                    ]
                    print("| " + " | ".join(cells).replace("%", " %") + " |", flush=True)


if __name__ == "__main__":
    main()
