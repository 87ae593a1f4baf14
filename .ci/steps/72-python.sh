# the Python package: built once, tested on the oldest and the newest Python that is here
need_python_package
for version in "${python_versions[@]}"; do
  python_package "$version"
  SEMID_TOOL=$PWD/$semid "$packaged/bin/python" -P -m pytest -c python/pyproject.toml python/tests
done
