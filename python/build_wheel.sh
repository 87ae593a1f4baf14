#!/usr/bin/env bash
# Builds the wheel and the source package for release into a folder, python/dist by default:
#
#   python/build_wheel.sh [FOLDER]
#
# It needs maturin (pip install maturin), and on Linux a machine with the oldest glibc that the wheel is for; maturin
# names that version in the wheel after it has checked every symbol. The wheel is for Python 3.10 and newer.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-dist}
mkdir -p "$out"
maturin build --release --locked --out "$out"
maturin sdist --out "$out"
most=$((25 * 1024 * 1024))
for file in "$out"/semid-*.whl "$out"/semid-*.tar.gz; do
  size=$(wc -c <"$file")
  printf '%s: %s bytes\n' "$file" "$size"
  [ "$size" -lt "$most" ] || { echo "$file has more than $most bytes" >&2 && exit 1; }
done
