# registries in PostgreSQL: the tests of stores on a real server, with writers and servers that are killed
need_compiler
need_postgres
cargo fmt --manifest-path postgres/Cargo.toml --check
cargo clippy --manifest-path postgres/Cargo.toml --target-dir "$target" --all-targets --locked -- -D warnings
cargo test --manifest-path postgres/Cargo.toml --target-dir "$target" --locked
cargo run --quiet --manifest-path postgres/Cargo.toml --target-dir "$target" --locked --example catalogue
