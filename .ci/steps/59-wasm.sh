# the library compiles for browsers: wasm32-unknown-unknown, with and without WebGPU
# Only on request: .ci/run wasm (it compiles the standard library and some 120 crates, which takes minutes)
need_compiler
if find_wasm; then
  # A target folder of its own, as the compiler is another one.
  check() {
    cargo check --quiet --package semid --lib --locked --target-dir target/ci/wasm-target "${platform_flags[@]}" \
      --no-default-features "$@"
  }
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-D warnings -C target-feature=+simd128"
  echo "the CPU"
  check
  echo "WebGPU, and reports"
  check --features gpu,report
else
  echo "not checked"
fi
