# the library without features, and with each of them alone
need_compiler
export RUSTFLAGS="-D warnings"
features=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z-]*\) *=.*/\1/p' Cargo.toml | grep -v '^default$')
# A target folder of its own: other flags would rebuild what the other steps share.
check() {
  cargo check --quiet --package semid --lib --locked --target-dir target/ci/features --no-default-features "$@"
}
echo "no features"
check
for feature in $features; do
  echo "$feature"
  check --features "$feature"
done
echo "what is left out is an error that names its feature"
RUSTFLAGS="" cargo test --quiet --package semid --lib --locked --no-default-features is_left_out
