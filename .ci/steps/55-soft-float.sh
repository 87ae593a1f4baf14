# soft floats against native ones, ten million of each operation
need_compiler
need_vulkan
cargo test --locked --lib ten_million -- --ignored
