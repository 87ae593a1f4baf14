"""Runs the tool and counts what is right, for the scripts beside this one."""

import csv
import json
import subprocess
import sys


class Checks:
    """Counts what is right and what is not."""

    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, name, right):
        self.passed, self.failed = self.passed + bool(right), self.failed + (not right)
        if not right:
            print(f"{name}: differs")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(self.failed > 0)


def runner(semid, folder):
    """Runs a command of the tool in a folder; returns what it prints with --json."""

    def run(*args):
        done = subprocess.run([semid, *map(str, args), "--quiet", "--json"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"semid {' '.join(map(str, args))}: {done.stderr}")
        return json.loads(done.stdout)

    return run


def ids_of(path):
    """The codes of every item."""
    with open(path, newline="") as file:
        return {row["item"]: tuple(int(code) for code in row["id"].split("-")) for row in csv.DictReader(file)}
