# all tests: kernels on two Vulkan implementations, the library, the tool, the examples in the documentation
need_compiler
need_vulkan
need_redis
cargo test --workspace --locked
cargo test --workspace --locked --example redis_store -- --ignored
