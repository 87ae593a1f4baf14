"""Fails where a package outside the workspace locks another version of a crate than the workspace does, though both are
compatible: the gate would download and compile both."""

import sys
import tomllib
from pathlib import Path

# Those that the gate builds into the folder of the workspace by default.
PACKAGES = ["fuzz", "postgres", "python", "tests/left_out"]


def locked(folder):
    """Returns the versions of every crate in the lock file of a folder."""
    versions = {}
    for package in tomllib.loads(Path(folder, "Cargo.lock").read_text(encoding="utf-8"))["package"]:
        versions.setdefault(package["name"], set()).add(package["version"])
    return versions


def series(version):
    """Returns the part of a version that compatible ones share."""
    major, minor, *_ = version.split(".")
    return (major, minor) if major == "0" else (major,)


def main():
    ours = locked(".")
    wrong = [
        f"{package}/Cargo.lock has {name} {version}, and Cargo.lock {', '.join(sorted(ours[name]))}"
        for package in PACKAGES
        for name, versions in sorted(locked(package).items())
        for version in sorted(versions - ours.get(name, set()))
        if series(version) in map(series, ours.get(name, set()))
    ]
    if wrong:
        sys.exit("\n".join([*wrong, "cargo update --manifest-path PACKAGE/Cargo.toml NAME --precise VERSION"]))


main()
