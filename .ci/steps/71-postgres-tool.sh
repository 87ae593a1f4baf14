# the command line tool with a database of PostgreSQL
# Only on request: .ci/run postgres-tool (it builds the tool once more, with its feature `postgres`)
need_compiler
need_postgres
cargo clippy --workspace --all-targets --locked --features semid-cli/postgres -- -D warnings
cargo build --locked --quiet --features semid-cli/postgres
# Steps after this one build the tool without the feature, in the same place.
cp "$target/debug/semid" "$tools/semid-postgres"
SEMID_TOOL=$(realpath "$tools/semid-postgres") cargo test --manifest-path postgres/Cargo.toml --target-dir "$target" \
  --locked --test tool -- --ignored
