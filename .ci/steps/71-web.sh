# the package for browsers: built, then the page and its interface in headless Chromium, on WebGPU and on the CPU
# Only on request: .ci/run web (it compiles some 200 crates: 20 minutes of one core; SwiftShader takes minutes, too)
need_python
need_chromium
need_tool
CARGO_TARGET_DIR=$tools/web cargo test --quiet --locked --manifest-path web/Cargo.toml --package zstd
need_web
CARGO_TARGET_DIR=$tools/web web/build.sh
"$python" tests/browser/web.py "$semid" web/dist/demo
