# fits on Spark 3.5 and 4: executors and processes are killed, and the fingerprint is that of one machine
# Only on request: .ci/run spark; it needs Java 17, and Spark takes 1.2 GB of disk
need_python_package
need_java
# Spark 3.5 does not know the newest Pythons, and Spark 4 not the oldest.
for version in 3:"${python_versions[0]}" 4:"${python_versions[-1]}"; do
  wanted=python/tests_spark/requirements-${version%%:*}.txt
  spark=$tools/package-spark-${version%%:*}
  if ! cat python/tests/requirements.txt "$wanted" | cmp -s - "$spark/wanted"; then
    rm -rf "$spark"
    "${version#*:}" -m venv "$spark"
    "$spark/bin/pip" install --quiet --disable-pip-version-check -r python/tests/requirements.txt -r "$wanted"
    cat python/tests/requirements.txt "$wanted" >"$spark/wanted"
  fi
  "$spark/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
  "$spark/bin/pytest" -c python/pyproject.toml -W default -p no:cacheprovider python/tests_spark
done
