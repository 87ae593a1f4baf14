# kernels, devices, fits and trainings with release code: the library's own tests, and the tool as it is released
# Only on request: .ci/run release-tests (it compiles all crates once more, with optimisation across them)
need_compiler
need_vulkan
need_python
cargo test --locked --quiet --release --package semid --lib -- device:: kernel:: rq::tests vae::tests
cargo build --locked --quiet --release
"$python" tests/spec/check.py "$target/release/semid"
