#!/usr/bin/env bash
# Writes the seeds of all targets anew with the tool SEMID: fuzz/make_seeds.sh target/debug/semid PYTHON_WITH_NUMPY
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
with open("items.txt", "w") as file:
    file.writelines(f"item {i}\n" for i in range(64))
PYTHON

fit() { "$semid" fit --quiet --device cpu --input x.npy "$@"; }
fit --levels 2 --clusters 4 --output plain.safetensors
fit --levels 2 --clusters 4 --balanced --output balanced.safetensors
fit --levels 1 --clusters 4 --metric cosine --output cosine.safetensors
network=(--kind rq-vae --levels 1 --clusters 4 --hidden 4 --latent 2 --batch 16 --epochs 2 --held-out 0)
fit "${network[@]}" --checkpoint checkpoint --output network.safetensors
for model in plain balanced cosine network; do put model $model.safetensors $model; done
[ ! -e checkpoint ] || put checkpoint checkpoint epoch-1
for file in x half double codes; do put npy $file.npy $file; done
put safetensors x.safetensors rows
put fvecs x.fvecs rows
"$semid" encode --quiet --device cpu --model plain.safetensors --input x.npy --output ids.parquet
put parquet ids.parquet ids
"$semid" assign --quiet --device cpu --model plain.safetensors --input x.npy --items items.txt --db ids.db
put database ids.db registry
"$semid" sweep --quiet --device cpu --input x.npy --levels 1,2 --clusters 4 --k 0 --output sweep.jsonl
put sweep sweep.jsonl two-runs
printf '\000\0031-2-3-4' >plain && put ids plain plain
printf '\003\002<a_1><b_2>' >token && put ids token token
printf '\010\0021-2-numpy%%2d1' >item && put ids item item
