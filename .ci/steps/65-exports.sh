# exports read by numpy and safetensors
need_python
need_tool
"$python" tests/spec/exports.py "$semid"
