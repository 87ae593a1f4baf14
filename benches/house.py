"""Counts the code of the library and the tool, as the table "House" of benches/RESULTS.md has it.

    python benches/house.py

Files are those of `src` and `cli/src`, and tests also those of `cli/tests` and `fuzz/tests`. A file of tests lies in a
folder `tests` or `conformance`, or its name ends in `tests.rs`, `testing.rs` or `cases.rs`; in other files tests are
the modules under `#[cfg(test)]`. A code line is one outside of tests that is neither blank nor a comment.
"""

import re
from pathlib import Path


def is_test(file):
    return {"tests", "conformance"} & set(file.parts) or file.stem.endswith(("tests", "testing", "cases"))


def split(file):
    """The lines of a file outside and inside of its tests."""
    lines = file.read_text(encoding="utf-8").splitlines()
    if is_test(file):
        return [], lines
    code, tests, inside = [], [], False
    for line, below in zip(lines, [*lines[1:], ""]):
        # A module of tests ends where a line closes it without an indent.
        inside = inside or bool(re.match(r"#\[cfg\(.*\btest\b", line) and re.fullmatch(r"mod \w+ \{", below))
        (tests if inside else code).append(line)
        inside = inside and line != "}"
    return code, tests


def quantiles(counts):
    counts = sorted(counts)
    return ", ".join(str(counts[min(len(counts) - 1, int(len(counts) * at))]) for at in (0.25, 0.5, 0.75, 0.9, 1))


def main():
    files = [file for folder in ["src", "cli/src", "cli/tests", "fuzz/tests"] for file in Path(folder).rglob("*.rs")]
    parts = {file: split(file) for file in files}
    code = [lines for lines, _ in parts.values() if lines]
    lines, tests = (sum(len(part[side]) for part in parts.values()) for side in (0, 1))
    flat = [line.strip() for part in code for line in part]
    python = [Path(file) for folder in ["python", "tests"] for file in Path(folder).rglob("*.py")]
    checks = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in python if "test" in str(file))
    every = "\n".join(file.read_text(encoding="utf-8") for file in files)
    unwraps = sum(len(re.findall(r"\.unwrap\(\)|\.expect\(\"", line)) for line in flat if not line.startswith("//"))
    code_lines = sum(1 for line in flat if line and not line.startswith("//"))
    rows = [
        ("files, lines", f"{len(code):,}, {lines:,}"),
        ("lines per file: quarter, median, three quarters, nine tenths, largest", quantiles(map(len, code))),
        ("doc comments", f"{sum(line.startswith(('///', '//!')) for line in flat) / lines:.0%}".replace("%", " %")),
        ("test lines per code line", f"{tests / code_lines:.2f}; {(tests + checks) / code_lines:.2f} with Python"),
        ("`#[test]`", f"{every.count('#[test]'):,}"),
        ("`unwrap` and `expect` per 1,000 lines of `src` and the tool", f"{1000 * unwraps / code_lines:.1f}"),
    ]
    for name, value in rows:
        print(f"| {name} | {value} |")


main()
