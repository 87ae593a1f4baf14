# exports read as serving engines and tokenizers read them
# Beside the next step, as both are Python on one thread for the most part.
need_exports_python
need_tool
"$exports_python" tests/exports/engines.py "$semid"
