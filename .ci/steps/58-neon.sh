# kernels and golden fingerprints with NEON: the library built for 64-bit ARM, its tests run by qemu
# Only on request: .ci/run neon (a compiler, some 100 crates and the tests for another processor; qemu takes 14 minutes)
need_compiler
arm=$tools/arm
root=$arm/root
if [ ! -e "$arm/ready" ]; then
  rm -rf "$arm"
  mkdir -p "$arm"/{deb,lists/partial,cache/archives/partial,root}
  # All packages are unpacked and none is installed: Debian's Rust with the standard library of both architectures, the
  # linker, and qemu.
  driver=libstd-rust-web-dev
  apt_ready rustc-web "$driver" gcc-12-aarch64-linux-gnu qemu-user-static
  quiet=(-qq -o APT::Sandbox::User=root)
  foreign=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists="$arm/lists"
    -o Dir::Cache="$arm/cache")
  apt-get "${quiet[@]}" "${foreign[@]}" update
  needs=$(apt-cache depends --important "$driver" "$(apt-cache depends --important "$driver" |
    sed -n 's/.*Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p' | head -1)")
  libraries=$(printf '%s' "$needs" | sed -n 's/.*Depends: \(libstd-rust-web-[0-9.]*\|libllvm[0-9]*\)$/\1/p' | sort -u)
  # shellcheck disable=SC2086 # a list of names
  (cd "$arm/deb" && apt-get "${quiet[@]}" download rustc-web "$driver" $libraries \
    {gcc,cpp}-12-aarch64-linux-gnu binutils-aarch64-linux-gnu libgcc-12-dev-arm64-cross libc6-dev-arm64-cross \
    libc6-arm64-cross libgcc-s1-arm64-cross linux-libc-dev-arm64-cross qemu-user-static &&
    apt-get "${quiet[@]}" "${foreign[@]}" download "$driver")
  for package in "$arm"/deb/*.deb; do dpkg -x "$package" "$root"; done
  for name in rustc rustdoc aarch64-linux-gnu-ar; do
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu exec %s/usr/bin/%s "$@"\n' \
      "$root" "$root" "$name" >"$arm/$name"
  done
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/aarch64-linux-gnu-gcc-12 --sysroot=%s -B%s/aarch64-linux-gnu- "$@"\n' \
    "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin" "$root" "$root/usr/bin" >"$arm/cc"
  chmod +x "$arm"/{rustc,rustdoc,aarch64-linux-gnu-ar,cc}
  rm -rf "$arm/deb"
  touch "$arm/ready"
fi
export RUSTC="$arm/rustc" RUSTDOC="$arm/rustdoc"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="$arm/cc"
export CC_aarch64_unknown_linux_gnu="$arm/cc" AR_aarch64_unknown_linux_gnu="$arm/aarch64-linux-gnu-ar"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$root/usr/bin/qemu-aarch64-static -L $root/usr/aarch64-linux-gnu"
# NEON itself is what the tests have to run with, and not what a processor without it would fall back to.
SEMID_SIMD=neon env -u SEMID_REQUIRE_ADAPTERS cargo test --locked --quiet --no-default-features --package semid --lib \
  --target aarch64-unknown-linux-gnu --target-dir "$arm/target" -- \
  kernel:: device:: rq::tests::golden vae::tests::golden
