#!/usr/bin/env bash
# What Mesa's compiler for Intel makes of every variant of the filters, without an Intel GPU: for the race, and for the
# kernels beside it, instructions, spills and fills, and the cycles that the compiler expects.
#
#   benches/intel/run.sh SEMID ICD STUB [PLATFORM...]
#
# SEMID is the tool, ICD Mesa's intel_icd.x86_64.json, which names the driver's library, STUB what stub.sh builds, and
# PLATFORM tgl (Tiger Lake), adl (Alder Lake) or dg2 (Arc); all three by default.
#
# An encode queues all kernels of a level before the host waits, so all are compiled. Then it fails, as nothing has run.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,/^set/{/^#/p}' "$0" >&2 && exit 2; }
semid=$(realpath "$1")
VK_DRIVER_FILES=$(realpath "$2")
stub=$(realpath "$3")
shift 3
[ $# -gt 0 ] || set -- tgl adl dg2
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
awk 'BEGIN { srand(1); for (row = 0; row < 2000; row++) { line = ""
  for (i = 0; i < 24; i++) line = line (i ? "," : "") rand(); print line } }' >rows.csv
"$semid" fit --input rows.csv --output model.safetensors --levels 1 --clusters 256 --device cpu >fit.log 2>&1
# Nothing of what this machine knows of other GPUs, nor of shaders compiled before.
export VK_DRIVER_FILES VK_ICD_FILENAMES=$VK_DRIVER_FILES XDG_CACHE_HOME=$PWD MESA_SHADER_CACHE_DISABLE=true
for platform; do
  for variant in 'f32 '{64x64,64x128,128x64,128x128} '8bit '{64x64,64x128,128x64}; do
    read -r filter tile <<<"$variant"
    INTEL_DEBUG=cs INTEL_STUB_GPU_PLATFORM=$platform SEMID_GPU_FILTER=$filter SEMID_GPU_TILE=$tile LD_PRELOAD=$stub \
      "$semid" encode --model model.safetensors --input rows.csv --output codes.npy --device gpu:0 >log 2>&1 || true
    # `SIMD8 shader: 1142 instructions. 5 loops. 298308 cycles. 0:0 spills:fills, 89 sends, ...`: the race accesses
    # memory in the most places.
    sed -n 's/^\(SIMD[0-9]* shader: .* sends\),.*/\1/p' log | sort -t, -k2 -n -r >kernels
    [ -s kernels ] || { cat log >&2 && exit 1; }
    printf '%s %s: %s; others: spills:fills ' "$platform" "$variant" "$(head -1 kernels)"
    sed 1d kernels | sed 's/.*cycles\. \(.*\) spills.*/\1/' | sort -u | paste -sd ' '
  done
done
