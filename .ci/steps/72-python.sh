# the Python package: built once, tested on the oldest and the newest Python that is here
need_python_package
cargo fmt --manifest-path python/Cargo.toml --check
"$packaged/bin/ruff" format --quiet --check --config python/pyproject.toml python examples/python
"$packaged/bin/mypy" --no-error-summary --ignore-missing-imports --cache-dir "$tools/mypy" python/semid
environments=()
for version in "${python_versions[@]}"; do
  python_package "$version"
  environments+=("$packaged")
done
run_tests() {
  SEMID_TOOL=$(realpath "$semid") "$1/bin/pytest" -c python/pyproject.toml -p no:cacheprovider "${@:2}"
}
# Beside each other, as most of a test runs on one thread. Tests of signals and of time come afterwards, one by one.
logs=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true' EXIT
for environment in "${environments[@]}"; do
  run_tests "$environment" python/tests --ignore python/tests/test_behaviour.py >"$logs/${environment##*/}" 2>&1 &
  running+=($!)
done
failed=0
for process in "${running[@]}"; do wait "$process" || failed=1; done
cat "$logs"/*
rm -rf "$logs"
[ "$failed" = 0 ] || fail "tests of the Python package failed, see above"
for environment in "${environments[@]}"; do run_tests "$environment" python/tests/test_behaviour.py; done
