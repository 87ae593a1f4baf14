# the tool and its tests compile for Windows and for macOS
need_compiler
platforms=(x86_64-pc-windows-gnu aarch64-apple-darwin)
# `true` stands in for compilers of C: nothing is linked, so SQLite and Zstandard need no code.
export RUSTFLAGS="-D warnings"
flags=()
for platform in "${platforms[@]}"; do
  name=${platform//-/_}
  export "CC_$name=true" "AR_$name=true"
  flags+=(--target "$platform")
done
for platform in "${platforms[@]}"; do
  find_rust_for "$platform" std,panic_abort,panic_unwind || fail "no compiler for $platform"
  # Another compiler needs a target folder of its own, and is that of all platforms.
  if [ ${#platform_flags[@]} -gt 2 ]; then
    flags+=("${platform_flags[@]:2}" --target-dir target/ci/platforms)
    # The standard library of Windows asks it for the names in Windows' own libraries.
    command -v x86_64-w64-mingw32-dlltool >/dev/null || apt_install binutils-mingw-w64-x86-64
    break
  fi
done
# With the features that users of binaries have, and at once, so that both processors have work until the end.
cargo check --quiet --package semid --package semid-cli --all-targets --features tensor-cores --locked "${flags[@]}"
