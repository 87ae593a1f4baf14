# clippy on all targets, without warnings
need_compiler
cargo clippy --workspace --all-targets --locked -- -D warnings
