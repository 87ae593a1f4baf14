# fits on Ray: actors and a node are killed, and the fingerprint is that of one machine
# Only on request: .ci/run ray; Ray takes 600 MB of disk
need_python_package
need_vulkan
ray=$tools/package-ray
if ! cat python/tests/requirements.txt python/tests_ray/requirements.txt | cmp -s - "$ray/wanted"; then
  rm -rf "$ray"
  "${python_versions[-1]}" -m venv "$ray"
  "$ray/bin/pip" install --quiet --disable-pip-version-check \
    -r python/tests/requirements.txt -r python/tests_ray/requirements.txt
  cat python/tests/requirements.txt python/tests_ray/requirements.txt >"$ray/wanted"
fi
"$ray/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
"$ray/bin/pytest" -c python/pyproject.toml -W default -p no:cacheprovider python/tests_ray
