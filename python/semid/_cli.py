"""The command line tool ``semid``, which comes with the package."""

import os
import sys


def main() -> None:
    """Runs the tool with the arguments of this process, and ends it."""
    # Without this, Mesa complains on stderr where there is no such folder, as in containers.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ.setdefault("NODEVICE_SELECT", "1")
    from semid import _semid

    sys.exit(_semid.command_line(["semid", *sys.argv[1:]]))
