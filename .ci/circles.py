"""Names a circle of modules in every folder that has one, and exits with 1 if there is any.

A file uses the modules that its paths lead to; for a name that a module exports again, that is the module that has it.
In each folder, the files and folders use each other so, and a folder uses what any file in it uses. A module may also
use those around it, which does not count, and tests may use everything.
"""

import graphlib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

CRATES = ("src", "cli/src", "datafusion/src", "datafusion/ballista/src", "postgres/src", "python/src", "web/src")
NOISE = re.compile(
    r"""//[^\n]*                                                # comments
    | '(?:\\.|[^'\\])' | "(?:\\.|[^"\\])*"                      # letters and texts
    | \#\[cfg\(test\)\]\s*(?:pub(?:\(.*?\))?\s+)?(?:use|mod)\b[^;{]*(?:\{[^;{}]*\})?;   # imports and files of tests
    | \#\[cfg\(test\)\]\s*mod\s+\w+\s*\{.*\Z                    # tests at the end of a file
    """,
    re.VERBOSE | re.DOTALL,
)


def is_test(path):
    return "tests" in path.parts or path.stem.endswith(("tests", "_cases")) or path.stem == "testing"


def leaves(tree):
    """Returns the paths of a `use`, such as `a::b` and `a::c` of `a::{b, c as d}`."""
    first, brace, rest = tree.partition("{")
    if not brace:
        return [re.sub(r"\s+as\s+\w+$", "", tree.strip())]
    parts, depth = [""], 0
    for letter in rest.rstrip().removesuffix("}"):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [first.strip() + leaf for part in parts if part.strip() for leaf in leaves(part.strip())]


class Crate:
    def __init__(self, root):
        names = subprocess.run(["git", "ls-files", root], capture_output=True, check=True, text=True).stdout.split()
        files = {self.module(Path(name).relative_to(root)): Path(name) for name in names if name.endswith(".rs")}
        self.modules = {module: path for module, path in files.items() if path.is_file() and not is_test(path)}
        self.imports = {module: {} for module in self.modules}
        self.used = {module: self.paths(module) for module in self.modules}

    @staticmethod
    def module(path):
        parts = path.with_suffix("").parts
        return parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts

    def paths(self, module):
        """Returns all paths in a module, from the root of the crate on, and notes the names that it imports."""
        text = NOISE.sub("", self.modules[module].read_text(encoding="utf-8"))
        found = []
        for tree in re.findall(r"\buse\s+([^;]+);", text):
            for leaf in leaves(tree):
                if path := self.absolute(module, leaf):
                    self.imports[module].setdefault(path[-1], path)
                    found.append(path)
        for leaf in re.findall(r"\b(?:crate|super|self)(?:::\w+)+", re.sub(r"\buse\s+[^;]+;", "", text)):
            found.append(self.absolute(module, leaf))
        return [path for path in found if path]

    def absolute(self, module, path):
        parts = path.split("::")
        if parts[0] == "crate":
            return tuple(parts[1:])
        if parts[0] == "self":
            return (*module, *parts[1:])
        is_near = parts[0] == "super"
        while parts and parts[0] == "super":
            module, parts = module[:-1], parts[1:]
        return (*module, *parts) if is_near or (*module, parts[0]) in self.modules else None

    def home(self, path, follow=8):
        """Returns the module that has what a path names."""
        for end in range(len(path), -1, -1):
            module, rest = path[:end], path[end:]
            if module in self.modules:
                imported = self.imports[module].get(rest[0]) if rest and follow else None
                return self.home((*imported, *rest[1:]), follow - 1) if imported and imported != path else module
        return ()

    def circles(self):
        uses = defaultdict(lambda: defaultdict(set))
        for user, paths in self.used.items():
            for used in map(self.home, paths):
                shared = next((i for i, (a, b) in enumerate(zip(user, used)) if a != b), None)
                if shared is not None:
                    uses[user[:shared]][user[shared]].add(used[shared])
        for folder, graph in sorted(uses.items()):
            try:
                graphlib.TopologicalSorter(graph).prepare()
            except graphlib.CycleError as error:
                yield folder, error.args[1]


def main():
    found = 0
    for root in CRATES:
        for folder, circle in Crate(root).circles():
            print(f"{'/'.join((root, *folder))}: {' is used by '.join(circle)}")
            found += 1
    sys.exit("modules use each other in circles" if found else 0)


main()
