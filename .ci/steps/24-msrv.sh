# the oldest supported Rust
# Beside the next step, which checks one feature after the other, each on one thread. What it builds is elsewhere.
msrv=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
need_compiler
if RUSTUP_AUTO_INSTALL=0 cargo "+$msrv" --version >/dev/null 2>&1; then
  cargo "+$msrv" check --workspace --locked --target-dir target/ci/msrv
  echo "Rust $msrv: checked"
else
  # Second best: clippy refuses library features newer than that, and no dependency asks for more.
  cargo metadata --format-version 1 --locked | python3 -c '
import json, sys
number = lambda version: ([int(part) for part in version.split(".")] + [0, 0])[:3]
newer = [p["id"] for p in json.load(sys.stdin)["packages"] if number(p["rust_version"] or "0") > number(sys.argv[1])]
sys.exit("dependencies that need a newer Rust: " + ", ".join(newer) if newer else 0)' "$msrv"
  echo "Rust $msrv: not built with it, as that toolchain is not installed;" \
    "no dependency and no library feature is newer"
fi
