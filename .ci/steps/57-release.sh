# release code, which is what people run: the contract with every vector unit, fits and encodes on all devices
need_compiler
need_vulkan
need_python
need_release_tool
usable='import json, sys
cpu = next(d for d in json.load(sys.stdin)["devices"] if d["name"] == "cpu")
sys.exit(0 if cpu["usable"] else 1)'
units=()
for simd in avx512vnni avxvnni avx512 avx2 neon portable; do
  if SEMID_SIMD=$simd "$semid" devices --json | "$python" -c "$usable"; then
    units+=("$simd")
  else
    echo "not run with $simd: this processor does not have it"
  fi
done
# Two beside each other, as most of a run is Python.
contract() {
  found=$(SEMID_SIMD=$1 "$python" tests/spec/check.py "$semid" 2>&1) || { printf '%s: %s\n' "$1" "$found" && exit 255; }
  printf 'contract with %s: %s\n' "$1" "$(tail -n 1 <<<"$found")"
}
export -f contract
export python semid
printf '%s\n' "${units[@]}" | xargs -P 2 -I UNIT bash -c 'contract UNIT'
# Every kernel of fits, trainings and encodes: all devices, both Vulkan drivers among them, against the reference.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" - "$folder/rows.npy" <<'END'
import sys
import numpy as np
rows = np.random.default_rng(1).normal(size=(900, 40)).astype(np.float32)
np.save(sys.argv[1], rows + 5 * rows[np.arange(900) % 23])
END
for kind in "rq-kmeans --levels 3" "rq+pq --levels 3 --residual-levels 1" "rq-vae --levels 2 --epochs 1 --batch 100"; do
  # shellcheck disable=SC2086 # a kind and its flags
  "$semid" fit --quiet --input "$folder/rows.npy" --output "$folder/model.safetensors" --clusters 50 --device cpu \
    --kind $kind >"$folder/log"
  "$semid" verify --quiet --input "$folder/rows.npy" --model "$folder/model.safetensors" --all
done
