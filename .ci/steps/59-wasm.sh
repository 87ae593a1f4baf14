# the library compiles for browsers: wasm32-unknown-unknown, with and without WebGPU
need_compiler
if find_wasm; then
  # Another compiler needs a target folder of its own.
  folder=$target
  [ ${#platform_flags[@]} -eq 2 ] || folder=target/ci/wasm-target
  check() {
    cargo check --quiet --package semid --lib --locked --target-dir "$folder" "${platform_flags[@]}" \
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
