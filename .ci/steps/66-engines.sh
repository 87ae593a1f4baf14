# exports read as serving engines and tokenizers read them
need_exports_python
need_tool
"$exports_python" tests/exports/engines.py "$semid"
