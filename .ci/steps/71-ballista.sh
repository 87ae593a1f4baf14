# the SQL functions in clusters of Ballista: in one process, and in a scheduler and two executors
# Only on request: .ci/run ballista (it compiles some 370 crates, DataFusion and Ballista among them)
need_compiler
package=(--manifest-path datafusion/ballista/Cargo.toml --target-dir "$target" --locked)
cargo fmt --manifest-path datafusion/ballista/Cargo.toml --check
cargo clippy "${package[@]}" --all-targets -- -D warnings
cargo test "${package[@]}"
cargo run --quiet "${package[@]}"
