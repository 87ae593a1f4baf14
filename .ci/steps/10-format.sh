# formatting, no line wider than 120 characters, no circles of modules, each crate the same in all packages
cargo fmt --all --check
python3 .ci/line_width.py
python3 .ci/circles.py
python3 .ci/same_crates.py
