# the Python examples that need large packages, clippy of the extension, and the tests of semantic-id 0.2.5
# Only on request: .ci/run python-examples; torch, ray and spark take 8 GB of disk and some minutes to install
need_python_package
need_java
cargo clippy --manifest-path python/Cargo.toml --target-dir "$target" --locked -- -D warnings
if ! cmp -s python/tests/requirements-large.txt "$packaged/large"; then
  "$packaged/bin/pip" install --quiet --disable-pip-version-check -r python/tests/requirements-large.txt
  cp python/tests/requirements-large.txt "$packaged/large"
fi
python_package "${python_versions[-1]}"
SEMID_ALL_EXAMPLES=1 SEMID_TOOL=$(realpath "$semid") "$packaged/bin/pytest" -c python/pyproject.toml \
  -p no:cacheprovider python/tests
"$packaged/bin/python" python/tests/predecessor/run.py
