# the tool for Windows in Wine: kernels, goldens, files and registries of the library, tests of the tool, the contract
# Only on request: .ci/run windows (a compiler, Wine, some 300 crates and the tests for another system)
need_compiler
need_python
platform=x86_64-pc-windows-gnu
find_wine() { command -v "$1" || { [ ! -x "/usr/lib/wine/$1" ] || echo "/usr/lib/wine/$1"; }; }
missing=()
command -v x86_64-w64-mingw32-gcc >/dev/null || missing+=(gcc-mingw-w64-x86-64)
[ -n "$(find_wine wine64)" ] || missing+=(wine64)
apt_install "${missing[@]}"
wine=$(find_wine wine64)
! command -v rustup >/dev/null || rustup target add "$platform"
[ -d "$(rustc --print target-libdir --target "$platform" 2>/dev/null)" ] || fail "there is no Rust for $platform here"

export WINEPREFIX=$tools/windows/wine WINEDEBUG=-all
mkdir -p "$WINEPREFIX"
# Wine's services would keep the stdout of the first program open. So they are started before, and end with the step.
server=$(find_wine wineserver)
"$server" -p
trap '"$server" -k || true' EXIT
"$wine" wineboot --init </dev/null >/dev/null 2>&1
# Rust's standard library has its random numbers from a library that Debian 12's Wine does not have.
libraries=$WINEPREFIX/drive_c/windows/system32
if [ ! -e "$libraries/bcryptprimitives.dll" ]; then
  cat >"$tools/windows/random.c" <<'END'
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, unsigned long long count) {
  return SystemFunction036(bytes, (unsigned long)count);
}
END
  x86_64-w64-mingw32-gcc -shared -o "$libraries/bcryptprimitives.dll" "$tools/windows/random.c" -ladvapi32
fi

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
# There is no GPU in Wine here.
unset SEMID_REQUIRE_ADAPTERS
run_tests() { cargo test --workspace --locked --quiet --target "$platform" "$@"; }
# Wine keeps the name of an open file that was removed, and calls a name that is too long one that is not there.
run_tests --lib -- kernel:: device:: rq::tests::golden vae::tests::golden io:: id:: sweep:: lines:: place:: \
  --skip a_file_that_was_replaced_is_not_the_one_that_was_opened \
  --skip models_that_cannot_be_kept_are_refused_before_any_is_fitted
# Now and then Wine fails to start two processes at once.
run_tests --test tests -- --test-threads=1
# Python starts a script, which starts the program.
printf '#!/bin/sh\nexec %s %s "$@"\n' "$wine" "$(realpath "$target/$platform/debug/semid.exe")" >"$tools/windows/semid"
chmod +x "$tools/windows/semid"
"$python" tests/spec/check.py "$tools/windows/semid"
