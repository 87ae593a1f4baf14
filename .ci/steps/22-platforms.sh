# the tool and its tests compile for Windows and for macOS
need_compiler
# Checks with the features that users of binaries have. `true` stands in for compilers of C: nothing is linked, so
# SQLite and Zstandard need no code.
check() {
  local name=${1//-/_}
  echo "$1"
  ! command -v rustup >/dev/null || rustup target add "$1" || echo "rustup has no Rust for $1"
  find_rust_for "$1" std,panic_abort,panic_unwind || fail "no compiler for $1"
  # Another compiler needs a target folder of its own.
  if [ ${#platform_flags[@]} -gt 2 ]; then
    platform_flags+=(--target-dir target/ci/platforms)
    # The standard library of Windows asks it for the names in Windows' own libraries.
    command -v x86_64-w64-mingw32-dlltool >/dev/null || apt_install binutils-mingw-w64-x86-64
  fi
  env "CC_$name=true" "AR_$name=true" RUSTFLAGS="-D warnings" cargo check --quiet --package semid --package semid-cli \
    --all-targets --features tensor-cores --locked "${platform_flags[@]}"
}
check x86_64-pc-windows-gnu
check aarch64-apple-darwin
