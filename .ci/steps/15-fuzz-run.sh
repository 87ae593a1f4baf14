# new inputs for everything that is read: a minute for each fuzz target, where nightly Rust is installed
# Beside all steps that follow: it takes only what they leave of the processor. The step `fuzz` runs the same functions
# on all seeds, with any Rust. SEMID_FUZZ_SECONDS is how long each target runs.
renice -n 19 $$ >/dev/null
need_compiler
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo 'NOT RUN: nightly Rust is not installed here (rustup toolchain install nightly)'
  exit 0
fi
if ! cargo fuzz --version 2>/dev/null | grep -q " $cargo_fuzz\$"; then
  cargo install cargo-fuzz --version "$cargo_fuzz" --locked --quiet --debug \
    --root "$tools/cargo" --target-dir "$tools/cargo-fuzz"
  rm -rf "$tools/cargo-fuzz"
fi
seconds=${SEMID_FUZZ_SECONDS:-60}
built=$tools/fuzz-nightly
cargo +nightly fuzz build --dev --target-dir "$built"
logs=$tools/fuzz-logs
mkdir -p "$logs"
fuzz() {
  # Inputs that are found go to a folder of their own: the seeds stay as they are. Beside other steps an input may wait
  # for the processor, so the limit of its time is long.
  local found
  found=$(mktemp -d)
  cargo +nightly fuzz run --dev "$1" --target-dir "$built" "$found" "fuzz/seeds/$1" -- \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=200 -print_final_stats=1 >"$logs/$1.log" 2>&1 ||
    { tail -n 60 "$logs/$1.log" && touch "$logs/failed"; }
  rm -rf "$found"
  printf '%-12s %s inputs\n' "$1" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$1.log")"
}
rm -f "$logs/failed"
export -f fuzz
export built logs seconds
cargo +nightly fuzz list | xargs -P 2 -I TARGET bash -c 'fuzz TARGET'
[ ! -e "$logs/failed" ] || fail "a fuzz target found an input that ends the program; see $logs"
