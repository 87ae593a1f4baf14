# the Python package: built once, tested on the oldest and the newest Python that is here
need_python_package
cargo fmt --manifest-path python/Cargo.toml --check
"$packaged/bin/ruff" format --quiet --check --config python/pyproject.toml python examples/python
"$packaged/bin/mypy" --no-error-summary --ignore-missing-imports --cache-dir "$tools/mypy" python/semid
for version in "${python_versions[@]}"; do
  python_package "$version"
  SEMID_TOOL=$(realpath "$semid") "$packaged/bin/pytest" -c python/pyproject.toml -p no:cacheprovider python/tests
done
