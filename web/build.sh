#!/usr/bin/env bash
# Builds the package (web/dist) and the page (web/dist/demo).
#
# Needs a Rust that compiles for wasm32-unknown-unknown, wasm-bindgen of the version in web/Cargo.lock, and wasm-opt
# (npm's `binaryen`). `.ci/run web` installs them and runs this.
#
#   web/build.sh [PROFILE]      release by default
set -euo pipefail
cd "$(dirname "$0")"
profile=${1:-release}
target=${CARGO_TARGET_DIR:-target}
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
wasm-opt -Os --output "$out/small.wasm" "$out/semid_web_bg.wasm"
mv "$out/small.wasm" "$out/semid_web_bg.wasm"
stat -c '%s bytes after wasm-opt' "$out/semid_web_bg.wasm"
# Stored in compressed form, so that it is small wherever it is served from.
gzip -9 --no-name --force "$out/semid_web_bg.wasm"
cp js/* "$out"

# The page has all that it loads in its own folder.
cp demo/* "$out/demo"
cp "$out"/*.js "$out"/*.gz "$out/demo"
cp ../cli/data/top-packages.parquet "$out/demo"
du -b --total "$out"/demo/* | tail -1
