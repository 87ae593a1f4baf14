# the library without features, and with each of them alone
need_compiler
features=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z-]*\) *=.*/\1/p' Cargo.toml | grep -v '^default$')
# With flags of the crate alone, so that its dependencies are those of the other steps.
check() {
  cargo rustc --quiet --package semid --lib --locked --no-default-features --profile check "$@" -- -D warnings
}
echo "no features"
check
for feature in $features; do
  echo "$feature"
  check --features "$feature"
done
echo "what is left out is an error that names its feature"
cargo fmt --manifest-path tests/left_out/Cargo.toml --check
cargo test --quiet --manifest-path tests/left_out/Cargo.toml --target-dir "$target" --locked
