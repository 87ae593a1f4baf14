#!/usr/bin/env bash
# Writes the seeds of all targets anew: fuzz/make_seeds.sh SEMID PYTHON
# SEMID is the tool, as target/debug/semid. PYTHON needs numpy, safetensors and pyarrow.
# The seeds panics-* of parquet and damaged-counts of shards stay as they are: they were found by chance.
set -euo pipefail
semid=$(realpath "$1")
python=$2
seeds=$(cd "$(dirname "$0")" && pwd)/seeds
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
put() { mkdir -p "$seeds/$1" && cp "$2" "$seeds/$1/$3"; }

"$python" - <<'PYTHON'
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

# The rows that the target `checkpoint` gives to the training.
rows = ((np.arange(256) * 37 % 101) / 16).astype("<f4").reshape(64, 4)
np.save("x.npy", rows)
np.save("half.npy", rows.astype("<f2"))
np.save("double.npy", rows.astype("<f8"))
np.save("codes.npy", np.arange(12, dtype="<u4").reshape(6, 2))
save_file({"rows": rows[:6]}, "x.safetensors")
with open("x.fvecs", "wb") as file:
    for row in rows[:6]:
        file.write(np.int32(4).tobytes() + row.tobytes())
np.savez("stored.npz", x=rows[:6])
np.savez_compressed("packed.npz", x=np.asfortranarray(rows[:6]), y=rows[:2])
np.save("fortran.npy", np.asfortranarray(rows[:6]))
with open("plain.csv", "w") as file:
    file.write("1,2.5\n-3e2,4\n")
with open("keyed.csv", "w") as file:
    file.write('id,a,b\n"x, y",1,2.5\nz,nan,3\n')
with open("lists.jsonl", "w") as file:
    file.write("[1, 2.5]\n[0.1, -4]\n")
with open("objects.jsonl", "w") as file:
    file.write('{"id": "a", "embedding": [1, 2.5, -3e-2]}\n{"id": 7, "embedding": [4, 5, null]}\n')
with open("items.txt", "w") as file:
    file.writelines(f"item {i}\n" for i in range(64))


def parquet(name, kind, columns={}, values=rows[:12], **options):
    """Writes lists of floats of this type, after these columns, without what semid does not read of a footer."""
    lists = pa.array(values.astype(kind.value_type.to_pandas_dtype()).tolist(), kind)
    table = pa.table({**columns, "embedding": lists})
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False, **options}
    pq.write_table(table, f"{name}.parquet", store_schema=False, **options)


few = rows[np.arange(12) % 3]
keys = {"key": pa.array([f"item {i // 2}" for i in range(12)])}
leaf = "embedding.list.element"
parquet("list", pa.list_(pa.float32()))
parquet("fixed-size", pa.list_(pa.float32(), 4))
parquet("half", pa.list_(pa.float16(), 4))
parquet("double", pa.list_(pa.float64()))
parquet("dictionary", pa.list_(pa.float32()), values=few, use_dictionary=True)
parquet("page-v2", pa.list_(pa.float32()), data_page_version="2.0", compression="zstd")
parquet("split", pa.list_(pa.float32(), 4), column_encoding={leaf: "BYTE_STREAM_SPLIT"})
parquet("snappy", pa.list_(pa.float32()), values=few, compression="snappy")
parquet("zstd", pa.list_(pa.float64()), values=few, compression="zstd", use_dictionary=True)
parquet("groups", pa.list_(pa.float32()), row_group_size=7)
parquet("keys", pa.list_(pa.float32()), keys, use_dictionary=["key"])
delta = {"key": "DELTA_BYTE_ARRAY", leaf: "PLAIN"}
parquet("delta-keys", pa.list_(pa.float32()), keys, data_page_version="2.0", column_encoding=delta)
pages = {"data_page_size": 32, "write_batch_size": 3, "write_page_index": True}
parquet("pages", pa.list_(pa.float32()), keys, compression="snappy", **pages)
PYTHON

fit() { "$semid" fit --quiet --device cpu --input x.npy "$@"; }
fit --levels 2 --clusters 4 --output plain.safetensors
fit --levels 2 --clusters 4 --balanced --output balanced.safetensors
fit --levels 1 --clusters 4 --metric cosine --output cosine.safetensors
network=(--kind rq-vae --levels 1 --clusters 4 --hidden 4 --latent 2 --batch 16 --epochs 2 --held-out 0)
fit "${network[@]}" --checkpoint checkpoint --output network.safetensors
for model in plain balanced cosine network; do put model $model.safetensors $model; done
[ ! -e checkpoint ] || put checkpoint checkpoint epoch-1
for file in stored packed; do put npz $file.npz $file; done
for file in plain keyed; do put csv $file.csv $file; done
for file in lists objects; do put jsonl $file.jsonl $file; done
for file in x half double codes fortran; do put npy $file.npy $file; done
put safetensors x.safetensors rows
put fvecs x.fvecs rows
"$semid" encode --quiet --device cpu --model plain.safetensors --input x.npy --output ids.parquet
put parquet ids.parquet ids
for file in list fixed-size half double dictionary page-v2 split snappy zstd groups keys delta-keys pages; do
  put parquet $file.parquet $file
done
"$semid" assign --quiet --device cpu --model plain.safetensors --input x.npy --items items.txt --db ids.db
put database ids.db registry
"$semid" assign --quiet --device cpu --namespace goods --input x.npy --items items.txt --db ids.db
put database ids.db namespaces
"$semid" sweep --quiet --device cpu --input x.npy --levels 1,2 --clusters 4 --k 0 --output sweep.jsonl
put sweep sweep.jsonl two-runs
printf '\000\0031-2-3-4' >plain && put ids plain plain
printf '\003\002<a_1><b_2>' >token && put ids token token
printf '\010\0021-2-numpy%%2d1' >item && put ids item item
mkdir -p "$seeds/shards"
rm -f "$seeds"/shards/re{quest,ply}-*
cargo run --quiet --manifest-path "$seeds/../Cargo.toml" --example messages "$seeds/shards"
