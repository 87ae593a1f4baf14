"""Runs the tool on the files of these tests: fits, and the two lines of Python that an error advises."""

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

FIT = ["--levels", "2", "--clusters", "8", "--device", "cpu"]

scratch = tempfile.TemporaryDirectory(prefix="semid-dialects-")
folder = Path(scratch.name)
semid = Path(sys.argv[1] if len(sys.argv) > 1 else "target/debug/semid").resolve()


def run(*args, stdin=None):
    done = subprocess.run([semid, "--quiet", *map(str, args)], stdin=stdin, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def fingerprint(path, args, stdin=None):
    output = folder / "model.safetensors"
    fitted = run("fit", "--input", path, *args, *FIT, "--output", output, "--json", stdin=stdin)
    return json.loads(fitted)["fingerprint"]


def converted(path):
    """The file that the advice for a refused one makes, by pasting it."""
    made = path.with_suffix(".npy")
    made.unlink(missing_ok=True)
    try:
        fingerprint(path, [])
    except RuntimeError as error:
        lines = textwrap.dedent("\n".join(str(error).splitlines()[1:]))
    else:
        raise RuntimeError("it was read")
    if len(lines.splitlines()) != 2:
        raise RuntimeError(f"not two lines: {lines!r}")
    subprocess.run([sys.executable, "-c", lines], check=True)
    return made


def advice(path, expected):
    """What is wrong with the advice for a refused file; nothing if it makes a file with the expected fingerprint."""
    try:
        found = fingerprint(converted(path), [])
    except (RuntimeError, subprocess.CalledProcessError) as error:
        return str(error)
    return "" if found == expected else f"fingerprint {found}"
