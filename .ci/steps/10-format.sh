# formatting, no line wider than 120 characters, no circles of modules, one version of each crate in all lock files
cargo fmt --all --check
python3 .ci/line_width.py
python3 .ci/circles.py
python3 .ci/same_versions.py
