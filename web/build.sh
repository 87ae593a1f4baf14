#!/usr/bin/env bash
# Builds the package (web/dist) and the page (web/dist/demo).
#
# Needs a Rust that compiles for wasm32-unknown-unknown, wasm-bindgen of the version in web/Cargo.lock, xz, and what
# `npm install` puts here. `.ci/run web` installs them and runs this.
#
#   web/build.sh [PROFILE]      release by default
set -euo pipefail
cd "$(dirname "$0")"
profile=${1:-release}
target=${CARGO_TARGET_DIR:-target}
modules=${SEMID_NODE_MODULES:-node_modules}
out=dist
folder=$profile
[ "$profile" != dev ] || folder=debug

flags=(--locked --quiet --profile "$profile" --target wasm32-unknown-unknown)
# Where the standard library comes as source: see find_wasm in .ci/lib.sh.
[ -z "${SEMID_BUILD_STD:-}" ] || flags+=(-Z build-std=std,panic_abort)
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128" cargo build "${flags[@]}"
rm -rf "$out"
mkdir -p "$out/demo"
wasm-bindgen --target web --no-typescript --remove-name-section --remove-producers-section --out-dir "$out" \
  "$target/wasm32-unknown-unknown/$folder/semid_web.wasm"
stat -c '%s bytes of WebAssembly' "$out/semid_web_bg.wasm"
# Stored in compressed form, so that it is small wherever it is served from. Browsers unpack gzip alone, which makes it
# nearly half as large again, as it does not see repetitions further apart than 32 kB. What wasm-opt takes off is what
# xz takes off, too (benches/RESULTS.md).
xz --format=xz --check=crc32 --lzma2=preset=9e,lc=4,pb=0 "$out/semid_web_bg.wasm"
# A module of JavaScript around what is made for loaders of other kinds.
{
  echo 'const module = { exports: {} };'
  echo 'const { exports } = module;'
  echo 'const require = () => globalThis;'
  cat "$modules/xz-decompress/dist/package/xz-decompress.min.js"
  echo
  echo 'export const { XzReadableStream } = module.exports;'
} >"$out/xz.js"
cp js/* "$out"

# The page has all that it loads in its own folder.
cp demo/* "$out/demo"
cp "$out"/*.js "$out"/*.xz "$out/demo"
cp ../cli/data/top-packages.parquet "$out/demo"
du -b --total "$out"/demo/* | tail -1
