"""Every figure of `semid eval --ids` by numpy, on random and on adversarial mappings.

    python3 tests/spec/mapping.py target/debug/semid        # needs numpy

IDs are written in a form that changes from case to case, with the items in another order than the embeddings. Figures
have to agree to 1e-9 of their size. Nothing here is taken from semid but what it prints.
"""

import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np


def cases():
    r = np.random.default_rng(3)
    for seed in range(16):
        n = int(r.integers(5, 90))
        levels = int(r.integers(1, 5))
        clusters = r.integers(1, 6, size=levels)
        codes = np.stack([r.integers(c, size=n) for c in clusters], axis=1)
        rows = codes @ r.normal(size=(levels, 4)) + 0.3 * r.normal(size=(n, 4))
        # Some items are equal, so that there are exact duplicates.
        twins = r.integers(n, size=n // 4)
        rows[: len(twins)] = rows[twins]
        yield f"random {seed}", codes, rows
    yield "all alone", np.arange(12)[:, None] % 12, r.normal(size=(12, 4))
    yield "all together", np.zeros((9, 2), int), r.normal(size=(9, 4))
    yield "two items", np.array([[0], [1]]), r.normal(size=(2, 4))
    yield "equal rows", np.array([[0], [0], [1], [2], [2]]), np.repeat([[1.0, 2, 3, 4]], 5, axis=0)


def write(folder, form, keys, codes, weights):
    """The IDs in one of the forms that are read, and the columns to name."""
    text = ["-".join(map(str, row)) for row in codes]
    tokens = [[f"<{chr(97 + i)}_{code}>" for i, code in enumerate(row)] for row in codes]
    path = folder / f"ids.{form}"
    flags = []
    if form in ("csv", "tsv"):
        with open(path, "w", newline="") as file:
            out = csv.writer(file, delimiter="," if form == "csv" else "\t")
            out.writerow(["item", "id", "sales"])
            out.writerows(zip(keys, text, weights))
        flags = ["--weight-column", "sales"]
    elif form == "jsonl":
        path.write_text("".join(json.dumps({"item": k, "id": "".join(t)}) + "\n" for k, t in zip(keys, tokens)))
    elif form == "json":
        path.write_text(json.dumps(dict(zip(keys, tokens))))
    elif form == "npy":
        np.save(path, codes.astype(np.uint32))
    return ["--ids", str(path), *flags]


def groups_of(codes):
    groups = {}
    for i, row in enumerate(codes):
        groups.setdefault(tuple(row), []).append(i)
    return groups


def of_codes(codes, k):
    n, levels = codes.shape
    sizes = np.array([len(g) for g in groups_of(codes).values()])
    shares = sizes / n
    expected = {
        "rows": n,
        "distinct_ids": len(sizes),
        "collision_rate": 1 - len(sizes) / n,
        "collided_item_rate": sizes[sizes > 1].sum() / n,
        "max_bucket": sizes.max(),
        "entropy": -(shares * np.log(shares)).sum(),
        "recall_ceiling": [{"k": at, "recall": np.minimum(sizes, at).sum() / n} for at in sorted({1, k})],
        "fan_out": [],
    }
    for length in range(levels):
        next_codes = {}
        for row in codes:
            next_codes.setdefault(tuple(row[:length]), set()).add(row[length])
        fans = sorted(len(s) for s in next_codes.values())
        expected["fan_out"].append(
            {"prefixes": len(fans), "mean": np.mean(fans), "median": fans[(len(fans) - 1) // 2], "max": fans[-1]}
        )
    return expected


def of_weights(codes, weights):
    groups = groups_of(codes).values()
    total = weights.sum()
    return {
        "collided_weight_rate": sum(weights[g].sum() for g in groups if len(g) > 1) / total,
        "lost_weight_rate": 1 - sum(weights[g].max() for g in groups) / total,
    }


def of_churn(codes, other, both):
    levels = min(codes.shape[1], other.shape[1])
    a, b = codes[both][:, :levels], other[both][:, :levels]
    same = a == b
    return {
        "added_items": len(codes) - len(both),
        "removed_items": 0,
        "rows": len(both),
        "unchanged_codes": list(same.mean(axis=0)),
        "unchanged_prefixes": list(np.logical_and.accumulate(same, axis=1).mean(axis=0)),
    }


def of_pairs(codes, pairs):
    levels = []
    for length in range(1, codes.shape[1] + 1):
        names = np.unique(codes[:, :length], axis=0, return_inverse=True)[1].reshape(-1)
        joint = np.zeros((names.max() + 1,) * 2)
        for a, b in pairs:
            joint[names[a], names[b]] += 1
            joint[names[b], names[a]] += 1
        joint /= joint.sum()
        single = joint.sum(axis=1)
        entropy = -sum(p * math.log(p) for p in single if p > 0)
        outer = np.outer(single, single)
        some = joint > 0
        information = (joint[some] * np.log(joint[some] / outer[some])).sum()
        levels.append(
            {
                "normalized_information": information / entropy if entropy > 0 else None,
                "same_prefix": np.mean([names[a] == names[b] for a, b in pairs]),
            }
        )
    return {"pairs": len(pairs), "levels": levels}


def of_rows(codes, rows, k):
    """Groups by the largest distance inside, and recall by shared prefix with ties in expectation."""
    rows = rows.astype(np.float32).astype(np.float64)
    distance = np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(axis=-1))
    largest = {c: distance[np.ix_(g, g)].max() for c, g in groups_of(codes).items() if len(g) > 1}
    return distance, largest


def share(before, tied, k):
    return min(max(k - before, 0), tied) / tied


def recall(distance, codes, k, of_ids):
    n = len(codes)
    total = 0
    for q in range(n):
        others = [i for i in range(n) if i != q]
        # Distances closer than this are ties of the grid, which has a million steps.
        near = {i: round(distance[q, i], 5) for i in others}
        far = {i: of_ids(codes[q], codes[i]) for i in others}
        for i in others:
            true = share(sum(near[j] < near[i] for j in others), sum(near[j] == near[i] for j in others), k)
            found = share(sum(far[j] < far[i] for j in others), sum(far[j] == far[i] for j in others), k)
            total += true * found / k
    return total / n


def by_prefix(a, b):
    different = np.flatnonzero(a != b)
    return len(a) - (different[0] if len(different) else len(a))


def agree(where, expected, found, problems):
    if isinstance(expected, dict):
        for name, value in expected.items():
            agree(f"{where}.{name}", value, found.get(name), problems)
    elif isinstance(expected, list):
        if len(expected) != len(found):
            problems.append(f"{where}: {len(found)} values instead of {len(expected)}")
        for i, (a, b) in enumerate(zip(expected, found)):
            agree(f"{where}[{i}]", a, b, problems)
    elif expected is None or found is None:
        if expected is not found:
            problems.append(f"{where}: {found} instead of {expected}")
    elif not abs(expected - found) <= 1e-9 * max(1.0, abs(expected)):
        problems.append(f"{where}: {found} instead of {expected}")


def main():
    semid = sys.argv[1]
    problems, checks = [], 0
    forms = ["csv", "tsv", "jsonl", "json", "npy"]
    for number, (name, codes, rows) in enumerate(cases()):
        r = np.random.default_rng(number)
        form = forms[number % len(forms)]
        n, k = len(codes), min(3, len(codes) - 1)
        keys = [f"item {i}" for i in range(n)] if form != "npy" else [str(i) for i in range(n)]
        weights = r.integers(1, 20, size=n).astype(float)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            flags = write(folder, form, keys, codes, weights)
            order = np.arange(n) if form == "npy" else r.permutation(n)
            np.save(folder / "rows.npy", rows[order].astype(np.float32))
            (folder / "keys.txt").write_text("".join(keys[i] + "\n" for i in order))
            both = np.flatnonzero(r.random(n) < 0.8) if n > 4 else np.arange(n)
            other = np.where(r.random(codes.shape) < 0.3, r.integers(2, size=codes.shape), codes)
            older = folder / "older.json"
            older.write_text(json.dumps({keys[i]: [int(c) for c in other[i]] for i in both}))
            pairs = [tuple(r.choice(n, 2, replace=False)) for _ in range(4 * n)]
            with open(folder / "pairs.csv", "w", newline="") as file:
                csv.writer(file).writerows([("a", "b"), *((keys[a], keys[b]) for a, b in pairs)])
            command = [semid, "eval", *flags, "--json", "--quiet", "--against", older, "--interactions",
                       folder / "pairs.csv", "--input", folder / "rows.npy", "--items", folder / "keys.txt",
                       "--k", str(k), "--near-quantile", "0"]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode != 0:
                problems.append(f"{name}: {run.stderr.strip()}")
                continue
            found = json.loads(run.stdout)
        expected = of_codes(codes, k)
        if "--weight-column" in flags:
            expected |= of_weights(codes, weights)
        expected["churn"] = of_churn(codes, other, both)
        expected["co_occurrence"] = of_pairs(codes, pairs)
        agree(name, expected, found, problems)
        distance, largest = of_rows(codes, rows, k)
        embedded = found["embeddings"]
        exact = [c for c, far in largest.items() if far == 0]
        kinds = embedded["collisions"]
        agree(f"{name}: exact duplicates", len(exact), kinds["exact_duplicates"]["groups"], problems)
        others = kinds["near_duplicates"]["groups"] + kinds["conflicts"]["groups"]
        agree(f"{name}: other groups", len(largest) - len(exact), others, problems)
        for conflict in kinds["largest_conflicts"]:
            # The grid rounds, so distances agree to its step.
            far = largest[tuple(conflict["codes"])]
            if abs(far - conflict["largest_distance"]) > 1e-4 * max(far, 1):
                problems.append(f"{name}: {conflict} instead of {far}")
            a, b = (keys.index(key) for key in conflict["between"])
            if abs(distance[a, b] - far) > 1e-4 * max(far, 1):
                problems.append(f"{name}: {conflict} is between other items")
        expected = {
            "prefix": recall(distance, codes, k, by_prefix),
            "hamming": recall(distance, codes, k, lambda a, b: int((a != b).sum())),
        }
        for by, value in expected.items():
            agree(f"{name}: recall by {by}", value, embedded["recall_at_k"][by]["value"], problems)
        checks += 1
    for problem in problems:
        print(problem)
    if problems or checks != 20:
        sys.exit(f"{len(problems)} problems in {checks} of 20 mappings")
    print(f"{checks} mappings agree with numpy")


if __name__ == "__main__":
    main()
