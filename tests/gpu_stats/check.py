#!/usr/bin/env python3
"""Compiles every shader of the library for AMD GPUs that are not there, and holds the machine code to known figures.

    SEMID_SHADERS=FOLDER cargo test --lib write_every_shader -- --ignored    writes the shaders
    VK_DRIVER_FILES=radeon_icd.json check.py FOLDER                          compares them with ceilings.json
    VK_DRIVER_FILES=radeon_icd.json check.py FOLDER --update                 writes ceilings.json

A figure that is worse than in ceilings.json fails, and so does any spilled register. FOLDER also has shaders that are
worse on purpose, for which that has to be found. Kernels that only software adapters are given are passed over. Another
version of Mesa than that of ceilings.json compiles to other machine code: then only spills and shared memory are
compared, which is said. Needs the packages in requirements.txt.
"""

import argparse
import json
import os
import sys
import time

from radv import FIGURES, Radv, figures

FAMILIES = {"NAVI21": "RDNA 2", "GFX1100": "RDNA 3", "VEGA10": "GCN 5"}
CEILINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ceilings.json")
# Figures that the version of Mesa does not change.
FIXED = ["spills", "lds"]
# Figures of which more is better.
FLOORS = ["waves"]


def is_worse(figure, now, known):
    return now < known if figure in FLOORS else now > known


def compare(now, known, compared):
    """Yields the figures that are worse than known ones, and the spills."""
    for figure in compared:
        if is_worse(figure, now[figure], known[figure]):
            yield f"{now[figure]} {FIGURES[figure]} instead of {known[figure]}"
    if now["spills"] and not is_worse("spills", now["spills"], known["spills"]):
        yield f"{now['spills']} spilled registers"


def check(family, found, known, compared):
    """Yields the faults of one family; `found` has a pipeline and its figures for every shader."""
    right = {pipeline["name"]: now for pipeline, now in found if not pipeline["worse"]}
    for pipeline, now in found:
        if pipeline["worse"] and not list(compare(now, right[pipeline["name"]], FIGURES)):
            yield f"{family}: {pipeline['name']} with {pipeline['worse']} is not found to be worse: {now}"
    for name, now in right.items():
        if name not in known:
            yield f"{family}: {name} has no ceilings; --update writes them"
            continue
        yield from (f"{family}: {name}: {fault}" for fault in compare(now, known[name], compared))
        better = [f"{now[figure]} {FIGURES[figure]} instead of {known[name][figure]}" for figure in compared
                  if is_worse(figure, known[name][figure], now[figure])]
        if better:
            print(f"{family}: {name} is better than known: {', '.join(better)}; --update writes it down")
    gone = sorted(set(known) - set(right))
    yield from (f"{family}: there is no {name} any more; --update forgets it" for name in gone)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--update", action="store_true", help="write ceilings.json")
    options = arguments.parse_args()
    start = time.time()
    with open(os.path.join(options.folder, "pipelines.json"), encoding="utf-8") as file:
        pipelines = [pipeline for pipeline in json.load(file) if not pipeline["software"]]
    found, mesa = {}, None
    for family in FAMILIES:
        gpu = Radv(family)
        mesa = gpu.mesa
        found[family] = [
            (pipeline, figures(*gpu.compile(os.path.join(options.folder, pipeline["spirv"])))) for pipeline in pipelines
        ]
    if options.update:
        known = {family: {pipeline["name"]: now for pipeline, now in of if not pipeline["worse"]}
                 for family, of in found.items()}
        with open(CEILINGS, "w", encoding="utf-8") as file:
            file.write(written(mesa, known))
        return
    with open(CEILINGS, encoding="utf-8") as file:
        known = json.load(file)
    compared = list(FIGURES)
    if mesa != known["mesa"]:
        compared = FIXED
        print(f"Mesa {mesa} and not {known['mesa']}: only {' and '.join(FIGURES[figure] for figure in FIXED)} are "
              f"compared")
    faults = [fault for family, of in found.items() for fault in check(family, of, known["families"][family], compared)]
    if faults or not pipelines:
        sys.exit("FAILED\n" + "\n".join(faults or ["there are no shaders"]))
    count = sum(not pipeline["worse"] for pipeline in pipelines)
    print(f"{count} shaders are no worse than known on {', '.join(FAMILIES)}, and {len(pipelines) - count} that are "
          f"worse were found (Mesa {mesa}, {time.time() - start:.1f} s)")


def written(mesa, known):
    """Returns the table as text with a line for each shader."""
    families = []
    for family, shaders in known.items():
        lines = ",\n".join(f"      {json.dumps(name)}: {json.dumps(now)}" for name, now in sorted(shaders.items()))
        families.append(f"    {json.dumps(family)}: {{\n{lines}\n    }}")
    return f'{{\n  "mesa": {json.dumps(mesa)},\n  "families": {{\n' + ",\n".join(families) + "\n  }\n}\n"


if __name__ == "__main__":
    main()
