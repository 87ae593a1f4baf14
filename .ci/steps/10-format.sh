# formatting
cargo fmt --all --check
