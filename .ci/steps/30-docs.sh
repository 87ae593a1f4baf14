# documentation, without warnings
need_compiler
# An example, so that dependencies have the features that they have in the tests, and are not checked once more.
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --lib --example json_store
