# the kernels' tests in headless Chromium: its compiler of shaders, its WebGPU, and the vectors of WebAssembly
# Only on request: .ci/run browser-kernels (it compiles some 130 crates; on SwiftShader the tests take half an hour)
need_python
need_chromium
find_wasm || fail "tests in a browser need a Rust for wasm32-unknown-unknown"
need_wasm_bindgen
folder=$tools/browser-kernels
rm -rf "$folder"
# A list of tests without a command line (src/browser_tests.rs) is not stable in Rust yet.
module=$(RUSTC_BOOTSTRAP=1 CARGO_PROFILE_DEV_DEBUG=0 \
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128" \
  cargo test --no-run --package semid --lib --locked --no-default-features --features gpu \
  --target-dir target/ci/wasm-target "${platform_flags[@]}" --message-format=json-render-diagnostics |
  sed -n 's/.*"executable":"\([^"]*\.wasm\)".*/\1/p')
[ -e "$module" ] || fail "cargo made no module of the tests"
wasm-bindgen --target web --no-typescript --out-dir "$folder" --out-name kernels "$module"
cp web/js/host.js "$folder"
"$python" tests/browser/kernels.py "$folder"
