# kernels, fits and the contract with release code, which is what people run, with all vector instructions there are
# Only on request: .ci/run release
need_compiler
need_vulkan
need_python
cargo build --locked --quiet --release
cargo test --locked --quiet --release --package semid --lib -- device:: kernel:: rq::tests vae::tests
semid=$target/release/semid
usable='import json, sys
cpu = next(d for d in json.load(sys.stdin)["devices"] if d["name"] == "cpu")
sys.exit(0 if cpu["usable"] else 1)'
for simd in avx512vnni avxvnni avx512 avx2 neon portable; do
  if SEMID_SIMD=$simd "$semid" devices --json | "$python" -c "$usable"; then
    echo "contract with $simd"
    SEMID_SIMD=$simd "$python" tests/spec/check.py "$semid"
  else
    echo "not run with $simd: this processor does not have it"
  fi
done
