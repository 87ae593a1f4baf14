# 1,000 IDs by beam search in transformers, with the files of `export --kind hf`; PyTorch's files are converted
# Only on request: .ci/run transformers; torch takes 6 GB of disk and some minutes to install
need_python
need_tool
requirements=tests/exports/requirements-transformers.txt
if ! cmp -s "$requirements" "$tools/transformers/wanted"; then
  rm -rf "$tools/transformers"
  python3 -m venv "$tools/transformers"
  "$tools/transformers/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$tools/transformers/wanted"
fi
"$tools/transformers/bin/python" tests/exports/beams.py "$semid"
"$tools/transformers/bin/python" tests/dialects/pytorch.py "$semid"
