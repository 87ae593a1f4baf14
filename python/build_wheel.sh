#!/usr/bin/env bash
# Builds the wheel and the source package for release into a folder, python/dist by default:
#
#   python/build_wheel.sh [FOLDER]
#
# It needs maturin (pip install maturin). On Linux, with zig (pip install ziglang), the wheel is for every distribution
# with glibc 2.17 or newer, whatever this machine has; without zig it is for glibc of this machine and newer. Maturin
# checks every symbol and library before it names that version in the wheel. The wheel is for Python 3.10 and newer.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-dist}
mkdir -p "$out"
portable=()
if [ "$(uname -s)" = Linux ]; then
  if command -v zig >/dev/null || python3 -c 'import ziglang' 2>/dev/null; then
    portable=(--zig --compatibility manylinux2014)
  else
    echo "no zig here: the wheel is for the glibc of this machine and newer (pip install ziglang)" >&2
  fi
fi
maturin build --release --locked "${portable[@]}" --out "$out"
maturin sdist --out "$out"
most=$((25 * 1024 * 1024))
for file in "$out"/semid-*.whl "$out"/semid-*.tar.gz; do
  size=$(wc -c <"$file")
  printf '%s: %s bytes\n' "$file" "$size"
  [ "$size" -lt "$most" ] || { echo "$file has more than $most bytes" >&2 && exit 1; }
done
