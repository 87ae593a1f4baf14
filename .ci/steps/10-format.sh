# formatting, and no line wider than 120 characters
cargo fmt --all --check
python3 .ci/line_width.py
