"""Gives packages a family, to measure how pure prefixes are with and without levels from labels.

    python benches/families.py packages.parquet families.parquet [--least 40]

The family of a package is the first word of its name, before a hyphen, dot or underscore, where at least --least names
begin with this word. Packages without a family are left out.
"""

import argparse
import re
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("input")
parser.add_argument("output")
parser.add_argument("--least", type=int, default=40)
options = parser.parse_args()
table = pq.read_table(options.input, columns=["name", "embedding"])
words = [re.split("[-_.]", name.lower()) for name in table["name"].to_pylist()]
first = [word[0] if len(word) > 1 and word[0] else None for word in words]
counts = Counter(first)
families = [word if word and counts[word] >= options.least else None for word in first]
table = table.append_column("family", pa.array(families))
table = table.filter(pa.array([family is not None for family in families]))
pq.write_table(table, options.output)
print(f"{table.num_rows} packages of {len(set(table['family'].to_pylist()))} families")
