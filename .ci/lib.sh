# What the steps share; `.ci/run` sources it. Everything that a step installs for itself goes under target/ci.
# shellcheck shell=bash

tools=$PWD/target/ci
python=$tools/python/bin/python
target=${CARGO_TARGET_DIR:-target}
swiftshader=$tools/swiftshader
export CARGO_TERM_COLOR=never
# Where RUST_BACKTRACE is set, wgpu would walk the stack for every one of its locks. Panics still show theirs.
export RUST_LIB_BACKTRACE=0
# In a fresh clone nobody builds again in between: notes for the next build, and line numbers for debuggers, take a
# tenth of the time each. The folder of the notes is always there after a build, but empty without them.
[ -n "$(ls -A "$target/debug/incremental" 2>/dev/null)" ] || export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
PATH=$tools/cargo/bin:$PATH:/usr/sbin:/sbin
cargo_deny=0.20.2
cargo_fuzz=0.13.2
mkdir -p "$tools"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# Installs Debian packages, or says what a developer has to install.
apt_install() {
  [ $# -gt 0 ] || return 0
  apt_ready "$@"
  one_at_a_time apt-get install -y -qq --no-install-recommends "$@"
}

# Runs a command of apt while no step beside this one runs another, as apt-get fails then and does not wait.
one_at_a_time() { (
  flock 9
  "$@"
) 9>"$tools/apt.lock"; }

# Makes apt-get ready to fetch the packages named.
apt_ready() {
  command -v apt-get >/dev/null || fail "this needs $*, and there is no apt-get here; install it and run again"
  [ "$(id -u)" = 0 ] || fail "this needs $*; run as root, or as root: apt-get install $*"
  export DEBIAN_FRONTEND=noninteractive
  one_at_a_time update_lists
}

update_lists() {
  [ -z "$(find "$tools/apt-updated" -mmin -60 2>/dev/null)" ] || return 0
  apt-get update -qq
  touch "$tools/apt-updated"
}

lavapipe_icd() { find /usr/share/vulkan/icd.d -name 'lvp_icd*.json' -print -quit 2>/dev/null || true; }

# Two unrelated implementations of Vulkan in software: Mesa's lavapipe, and SwiftShader out of Debian's chromium-common.
# Either one missing is a failure, not a skip.
need_vulkan() {
  local missing=() libraries library
  [ -n "$(lavapipe_icd)" ] || missing+=(mesa-vulkan-drivers)
  libraries=$(ldconfig -p)
  for library in libvulkan.so.1:libvulkan1 libEGL.so.1:libegl1 libEGL_mesa.so.0:libegl-mesa0; do
    [[ $libraries == *"${library%%:*}"* ]] || missing+=("${library##*:}")
  done
  # llvmpipe, for OpenGL.
  [ -n "$(find /usr/lib -name 'swrast_dri.so' -print -quit 2>/dev/null)" ] || missing+=(libgl1-mesa-dri)
  apt_install "${missing[@]}"
  if [ ! -e "$swiftshader/vk_swiftshader_icd.json" ]; then
    rm -rf "$swiftshader" "$tools/deb"
    mkdir -p "$swiftshader" "$tools/deb"
    # Only two files are wanted, so the package is unpacked and not installed.
    apt_ready chromium-common
    (cd "$tools/deb" && apt-get -qq -o APT::Sandbox::User=root download chromium-common)
    dpkg-deb --fsys-tarfile "$tools"/deb/chromium-common_*.deb |
      tar -x -C "$swiftshader" --strip-components=4 \
        ./usr/lib/chromium/libvk_swiftshader.so ./usr/lib/chromium/vk_swiftshader_icd.json
    rm -rf "$tools/deb"
  fi
  [ -n "$(lavapipe_icd)" ] || fail "Mesa's lavapipe is not installed (no lvp_icd*.json)"
  [ -e "$swiftshader/libvk_swiftshader.so" ] || fail "SwiftShader is not in $swiftshader"
  VK_DRIVER_FILES="$(lavapipe_icd):$swiftshader/vk_swiftshader_icd.json"
  export VK_DRIVER_FILES VK_ICD_FILENAMES="$VK_DRIVER_FILES" # what loaders before 1.3.207 read
  # GPU tests fail, instead of saying that they are skipped, where fewer Vulkan adapters than this are found.
  export SEMID_REQUIRE_ADAPTERS=2
}

need_compiler() { command -v cc >/dev/null || apt_install gcc libc6-dev; }

# For tests that plain `cargo test` lists as ignored, as they need a server.
need_redis() { command -v redis-server >/dev/null || apt_install redis-server; }

# The programs of a PostgreSQL server; tests start servers of their own, as the user that the package makes.
need_postgres() {
  [ -n "$(find /usr/lib/postgresql -name initdb -print -quit 2>/dev/null)" ] || apt_install postgresql
}

# For Spark.
need_java() { command -v java >/dev/null || apt_install openjdk-17-jre-headless; }

need_python() {
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  local wanted
  wanted=$(cat tests/spec/requirements.txt tests/browser/requirements.txt)
  if [ "$(cat "$tools/python/wanted" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$tools/python"
    python3 -m venv "$tools/python"
    "$python" -m pip install --quiet --disable-pip-version-check \
      -r tests/spec/requirements.txt -r tests/browser/requirements.txt
    printf '%s' "$wanted" >"$tools/python/wanted"
  fi
}

# A Python with what reads exports, as $exports_python. The package flashrec is there for its reader of catalogues
# alone, which needs none of what the package depends on.
need_exports_python() {
  exports_python=$tools/exports/bin/python
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  if ! cmp -s tests/exports/requirements.txt "$tools/exports/wanted"; then
    rm -rf "$tools/exports"
    python3 -m venv "$tools/exports"
    local pip=("$exports_python" -m pip install --quiet --disable-pip-version-check)
    grep -v flashrec tests/exports/requirements.txt >"$tools/exports/others"
    grep flashrec tests/exports/requirements.txt >"$tools/exports/flashrec"
    "${pip[@]}" -r "$tools/exports/others"
    "${pip[@]}" --no-deps -r "$tools/exports/flashrec"
    cp tests/exports/requirements.txt "$tools/exports/wanted"
  fi
}

# The programs whose files tests/dialects reads, as $dialects.
need_dialects() {
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  dialects=$tools/dialects/bin/python
  if ! cmp -s tests/dialects/requirements.txt "$tools/dialects/wanted"; then
    rm -rf "$tools/dialects"
    python3 -m venv "$tools/dialects"
    "$dialects" -m pip install --quiet --disable-pip-version-check -r tests/dialects/requirements.txt
    cp tests/dialects/requirements.txt "$tools/dialects/wanted"
  fi
}

# The wheel of the Python package as $wheel, in the dev profile, and the Pythons to test it on as $python_versions: the
# oldest and the newest that are here.
need_python_package() {
  need_tool
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  local candidate found=()
  # On the PATH, or where pyenv keeps them.
  for candidate in python3.1{0,1,2,3,4,5} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1{0,1,2,3,4,5}.*/bin/python; do
    if "$candidate" -c 'import ensurepip, ssl, venv' 2>/dev/null; then found+=("$candidate"); fi
  done
  mapfile -t found < <(for candidate in "${found[@]}"; do
    printf '%s %s\n' "$("$candidate" -c 'import sys; print("%d%02d" % sys.version_info[:2])')" "$candidate"
  done | sort -n | cut -d' ' -f2)
  [ ${#found[@]} -gt 0 ] || fail "the Python package needs Python 3.10 or newer"
  python_versions=("${found[0]}")
  [ "${found[-1]}" = "${found[0]}" ] || python_versions+=("${found[-1]}")
  python_package "${found[-1]}"
  rm -rf "$tools/wheels"
  CARGO_TARGET_DIR=$target "$packaged/bin/maturin" build --quiet --locked --profile dev \
    --features shared-features \
    --manifest-path python/Cargo.toml --interpreter "$packaged/bin/python" --compatibility linux --out "$tools/wheels"
  wheel=$(echo "$tools"/wheels/semid-*.whl)
}

# An environment of that Python, as $packaged, with what the tests need and the wheel, if there is one yet.
python_package() {
  packaged=$tools/package-$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! cmp -s python/tests/requirements.txt "$packaged/wanted"; then
    rm -rf "$packaged"
    "$1" -m venv "$packaged"
    "$packaged/bin/pip" install --quiet --disable-pip-version-check -r python/tests/requirements.txt
    cp python/tests/requirements.txt "$packaged/wanted"
  fi
  [ -z "${wheel:-}" ] ||
    "$packaged/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
}

find_chromium() {
  command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome || true
}
need_chromium() {
  [ -n "$(find_chromium)" ] || apt_install chromium
  CHROMIUM=$(find_chromium)
  [ -n "$CHROMIUM" ] || fail "Chromium is not installed"
  export CHROMIUM
}

# Every shader as the library hands it to a driver, in the folder $shaders, and a Python with other compilers of
# shaders, as $shaders_python.
need_shaders() {
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  shaders_python=$tools/shaders-python/bin/python
  shaders=$tools/shaders
  local wanted
  wanted=$(cat tests/tint/requirements.txt tests/gpu_stats/requirements.txt)
  if [ "$(cat "$tools/shaders-python/wanted" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$tools/shaders-python"
    python3 -m venv "$tools/shaders-python"
    "$shaders_python" -m pip install --quiet --disable-pip-version-check \
      -r tests/tint/requirements.txt -r tests/gpu_stats/requirements.txt
    printf '%s' "$wanted" >"$tools/shaders-python/wanted"
  fi
  rm -rf "$shaders"
  SEMID_SHADERS=$shaders cargo test --workspace --locked --quiet --lib write_every_shader -- --ignored
}

# Mesa's compiler for AMD GPUs, in $radv: unpacked and not installed, so that no test sees one more driver.
need_radv() {
  radv=$tools/radv
  [ -e "$radv/ready" ] || unpack_radv
  # The file names its library by a path, and the folder may be moved.
  sed "s|\"library_path\": *\".*/|\"library_path\": \"$radv/lib/|" "$radv/icd.json" >"$radv/radeon_icd.json"
}

unpack_radv() {
  rm -rf "$radv"
  mkdir -p "$radv"/{deb,root}
  apt_ready mesa-vulkan-drivers
  local needs libraries='vulkan|llvm|drm|elf1|expat|wayland|x|bsd|md0|edit|z3|ffi|icu|zstd|tinfo'
  needs=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances mesa-vulkan-drivers | grep -E "^(mesa-vulkan-drivers|lib($libraries)[^:]*)\$" | sort -u)
  # shellcheck disable=SC2086 # a list of names
  (cd "$radv/deb" && apt-get -qq -o APT::Sandbox::User=root download $needs)
  for package in "$radv"/deb/*.deb; do dpkg-deb -x "$package" "$radv/root"; done
  mkdir "$radv/lib"
  # Debian 12 still has some libraries in /lib.
  for folder in "$radv"/root/{usr/,}lib/"$(uname -m)-linux-gnu"; do
    [ ! -d "$folder" ] || cp -a "$folder"/. "$radv/lib"
  done
  cp "$radv"/root/usr/share/vulkan/icd.d/radeon_icd.*.json "$radv/icd.json"
  rm -rf "$radv/deb" "$radv/root"
  touch "$radv/ready"
}

# Rust for the platform $1: that of the machine, or else Debian's, unpacked and not installed, which builds $2 of the
# standard library from its source. Sets $platform_flags for cargo, and what else it needs; returns 1 and says why where
# there is none.
find_rust_for() {
  platform_flags=(--target "$1")
  ! command -v rustup >/dev/null || rustup target add "$1" || echo "rustup has no Rust for $1"
  [ ! -d "$(rustc --print target-libdir --target "$1" 2>/dev/null)" ] || return 0
  if ! command -v apt-get >/dev/null || [ "$(dpkg --print-architecture)" != amd64 ]; then
    echo "there is no Rust for $1 here, and no Debian whose packages have it"
    return 1
  fi
  local wasm=$tools/wasm packages llvm
  if [ ! -e "$wasm/ready" ]; then
    rm -rf "$wasm"
    mkdir -p "$wasm"/{deb,root}
    apt_ready rustc-web rust-web-src
    packages=$(apt-cache depends --recurse --important rustc-web 2>/dev/null |
      grep -E '^(libstd-rust-web-[0-9.]+|libllvm[0-9]+)$' | sort -u)
    if [ -z "$packages" ]; then
      echo "there is no Rust for $1 here, and Debian's package rustc-web cannot be had"
      return 1
    fi
    llvm=$(sed -n 's/^libllvm//p' <<<"$packages")
    # shellcheck disable=SC2086 # a list of names
    (cd "$wasm/deb" && apt-get -qq -o APT::Sandbox::User=root download rustc-web rust-web-src libstd-rust-web-dev \
      $packages "lld-$llvm")
    for package in "$wasm"/deb/*.deb; do dpkg-deb -x "$package" "$wasm/root"; done
    wasm_program rustc rustc
    wasm_program rustdoc rustdoc
    wasm_program wasm-ld "wasm-ld-$llvm"
    rm -rf "$wasm/deb"
    touch "$wasm/ready"
  fi
  export RUSTC="$wasm/rustc" RUSTDOC="$wasm/rustdoc" RUSTC_BOOTSTRAP=1
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$wasm/wasm-ld"
  platform_flags+=(-Z "build-std=$2")
}

find_wasm() { find_rust_for wasm32-unknown-unknown std,panic_abort; }

# Makes the program $1 of what is unpacked in target/ci/wasm, where it is called $2. The folder may be moved.
wasm_program() {
  cat >"$tools/wasm/$1" <<END
#!/bin/sh
root=\$(dirname "\$0")/root
LD_LIBRARY_PATH=\$root/usr/lib/x86_64-linux-gnu exec "\$root/usr/bin/$2" "\$@"
END
  chmod +x "$tools/wasm/$1"
}

# What web/build.sh needs besides that: wasm-bindgen of the version in web/Cargo.lock, and what web/package.json names.
need_web() {
  find_wasm || fail "the package for browsers needs a Rust for wasm32-unknown-unknown"
  [ ${#platform_flags[@]} -eq 2 ] || export SEMID_BUILD_STD=1
  need_wasm_bindgen
  command -v xz >/dev/null || apt_install xz-utils
  if ! cmp -s web/package.json "$tools/npm/wanted"; then
    command -v npm >/dev/null || apt_install npm
    rm -rf "$tools/npm"
    mkdir -p "$tools/npm"
    cp web/package.json "$tools/npm"
    npm install --silent --no-audit --no-fund --no-package-lock --prefix "$tools/npm"
    cp web/package.json "$tools/npm/wanted"
  fi
  export SEMID_NODE_MODULES=$tools/npm/node_modules
}

# Makes JavaScript for a module.
need_wasm_bindgen() {
  local version
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' web/Cargo.lock)
  if [ "$("$tools/wasm-bindgen/bin/wasm-bindgen" --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    # A program for this machine, so its own compiler builds it.
    env -u RUSTC -u RUSTDOC -u RUSTC_BOOTSTRAP CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 \
      cargo install --quiet --debug --no-default-features --root "$tools/wasm-bindgen" --version "$version" \
      wasm-bindgen-cli
  fi
  PATH=$tools/wasm-bindgen/bin:$PATH
}

# The command line tool in the dev profile, as $semid: the one that the tests run, so that nothing is compiled twice.
need_tool() {
  need_compiler
  build_tool
  semid=$target/debug/semid
  [ -x "$semid" ] || fail "cargo made no $semid"
}

# With an example, dependencies have the features that they have in the tests.
build_tool() { cargo build --workspace --locked --quiet --bin semid --example old_parquet "$@"; }

# The same tool as release code, as $semid: this repository's crates have the options of a release, and the others are
# those of the tests, which would take minutes to compile again. Only optimisation across crates is missing.
need_release_tool() {
  need_compiler
  local options=() package option
  for package in semid semid-cli; do
    for option in opt-level=3 codegen-units=4 debug-assertions=false overflow-checks=false; do
      options+=(--config "profile.dev.package.$package.$option")
    done
  done
  CARGO_INCREMENTAL=0 build_tool "${options[@]}"
  # Steps after this one build the other tool in the same place.
  cp "$target/debug/semid" "$tools/semid-release"
  semid=$tools/semid-release
}
