# the same rows as pandas, Polars, DuckDB, pyarrow, NumPy, ml_dtypes and datasets write them: one fingerprint
need_dialects
need_tool
cargo build --locked --quiet --workspace --example old_parquet
"$dialects" tests/dialects/check.py "$semid" "$target/debug/examples/old_parquet"
