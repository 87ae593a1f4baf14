"""Names every line of source or prose that has more than 120 characters, and exits with 1 if there is one."""

import os
import subprocess
import sys

MOST = 120
KINDS = (".rs", ".wgsl", ".md", ".py", ".sh", ".js", ".css", ".toml", ".run")


def too_wide(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            # A row of a table or an address cannot be broken.
            words = line.lstrip().removeprefix("///").removeprefix("//!").lstrip()
            unbreakable = path.endswith((".md", ".rs")) and (words.startswith("|") or "://" in line)
            if len(line.rstrip("\n")) > MOST and not unbreakable:
                yield number, len(line) - 1


def main():
    files = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout.split("\0")
    # A file that was deleted is listed until its deletion is staged.
    files = [path for path in files if (path.endswith(KINDS) or path == ".ci/run") and os.path.isfile(path)]
    wide = [(path, *place) for path in files for place in too_wide(path)]
    for path, line, length in wide:
        print(f"{path}:{line}: {length} characters")
    sys.exit(f"{len(wide)} lines have more than {MOST} characters" if wide else 0)


main()
