# reports in headless Chromium
need_python
need_chromium
need_tool
"$python" tests/browser/report.py "$semid"
