# everything that is read, with small damage to the seeds of the fuzz targets
need_compiler
cargo test --manifest-path fuzz/Cargo.toml --locked --target-dir "$target"
