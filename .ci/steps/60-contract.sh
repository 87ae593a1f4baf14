# the files against the independent implementation of the contract in Python
need_python
need_tool
"$python" tests/spec/check.py "$semid"
# `eval --ids` against numpy.
"$python" tests/spec/mapping.py "$semid"
