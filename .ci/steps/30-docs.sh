# documentation, without warnings
need_compiler
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
