# the SQL functions for DataFusion: tests on the bundled data, documentation, and the example
# Only on request: .ci/run datafusion (it compiles some 280 crates, DataFusion among them)
need_compiler
cargo fmt --manifest-path datafusion/Cargo.toml --check
cargo clippy --manifest-path datafusion/Cargo.toml --target-dir "$target" --all-targets --locked -- -D warnings
cargo test --manifest-path datafusion/Cargo.toml --target-dir "$target" --locked
RUSTDOCFLAGS='-D warnings' cargo doc --manifest-path datafusion/Cargo.toml --target-dir "$target" --locked --no-deps
cargo run --quiet --manifest-path datafusion/Cargo.toml --target-dir "$target" --locked --example sql
