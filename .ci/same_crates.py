"""Fails where a package outside the workspace builds a crate otherwise than the workspace does: in another compatible
version, on another version of a crate below it, or with other features. The gate would compile it twice."""

import subprocess
import sys
import tomllib
from pathlib import Path

# Those that the gate builds into the folder of the workspace by default, and what it builds of them: tests, which have
# dev-dependencies, or what is released.
PACKAGES = {
    "fuzz": ["--edges", "all"],
    "postgres": ["--edges", "all"],
    "python": ["--edges", "normal,build", "--features", "shared-features"],
    "tests/left_out": ["--edges", "all"],
}


def locked(folder):
    """Returns the versions of every crate in the lock file of a folder, and on which ones each of these builds."""
    versions, below = {}, {}
    packages = tomllib.loads(Path(folder, "Cargo.lock").read_text(encoding="utf-8"))["package"]
    for package in packages:
        versions.setdefault(package["name"], set()).add(package["version"])
    for package in packages:
        for name in package.get("dependencies", []):
            name, version = [*name.split(" "), *versions[name.split(" ")[0]]][:2]
            below.setdefault((package["name"], package["version"]), {})[name] = version
    return versions, below


def series(version):
    """Returns the part of a version that compatible ones share."""
    major, minor, *_ = version.split(".")
    return (major, minor) if major == "0" else (major,)


def features(folder, flags):
    """Returns the sets of features that crates of the registry are built with on this machine."""
    tree = ["cargo", "tree", "--manifest-path", f"{folder}/Cargo.toml", "--locked", "--prefix", "none"]
    tree += ["--format", "{p}|{f}", *flags]
    found = {}
    for line in subprocess.run(tree, check=True, capture_output=True, text=True).stdout.splitlines():
        package, bar, used = line.removesuffix(" (*)").partition("|")
        if not bar:
            continue
        name, version, *where = package.split(" ")
        if not any("/" in part for part in where):
            found.setdefault((name, version.removeprefix("v")), set()).add(used)
    return found


def main():
    versions, below = locked(".")
    ours = features(".", ["--workspace", "--edges", "all"])
    wrong = []
    for package, flags in PACKAGES.items():
        theirs, beneath = locked(package)
        for name, of_name in sorted(theirs.items()):
            for version in sorted(of_name - versions.get(name, set())):
                if series(version) in map(series, versions.get(name, set())):
                    wrong.append(f"{package}/Cargo.lock has {name} {version}, and Cargo.lock {versions[name]}")
        for crate, dependencies in sorted(beneath.items()):
            for name, version in sorted(dependencies.items()):
                wanted = below.get(crate, {}).get(name, version)
                if wanted != version and not crate[0].startswith("semid"):
                    wrong.append(f"{package}/Cargo.lock has {crate[0]} on {name} {version}, and Cargo.lock on {wanted}")
        for crate, sets in sorted(features(package, flags).items()):
            for used in sorted(sets - ours.get(crate, sets)):
                wrong.append(f"{package} builds {' '.join(crate)} with [{used}], and the workspace with {ours[crate]}")
    if wrong:
        sys.exit(
            "\n".join(wrong)
            + "\nfor versions: cargo update --manifest-path PACKAGE/Cargo.toml NAME --precise VERSION"
            + "\nfor features: the union of both belongs into .ci/shared_features/Cargo.toml"
        )


main()
