"""Compares the files that `semid` writes with an independent implementation of the contract, bit for bit.

    python3 tests/spec/check.py [target/debug/semid] [--update]

Prints what differs and `N passed, N failed`; exits with 1 if anything failed. `--update` rewrites golden.json, the
fingerprints that must never change.
"""

import collections
import itertools
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import semid_spec as spec

GOLDEN = Path(__file__).with_name("golden.json")


def mix(z):
    """SplitMix64's mixer: data that are the same everywhere, with any version of numpy."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def numbers(stream, *shape):
    """Hashes of (stream, position) as integers."""
    at = np.arange(1, np.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mix(at + np.uint64(stream * 0xD1342543DE82EF95 % 2**64)).reshape(shape)


def groups(rows, dim, count=23, stream=0):
    """Rows in loose groups, exact in f32 (and most of them in f16)."""
    centres = (numbers(1, count, dim) % np.uint64(4001)).astype(np.float64) / 256 - 8
    noise = (numbers(2 + stream, rows, dim) % np.uint64(2049)).astype(np.float64) / 1024 - 1
    which = numbers(99 + stream, rows) % np.uint64(count)
    return (centres[which.astype(int)] + noise).astype(np.float32)


def cases():
    """Name, training rows, and arguments of `semid fit`."""
    base = groups(600, 16)
    zeros, column = base.copy(), base.copy()
    zeros[::7] = 0
    column[:, 3] = 1234.5
    few = base[np.arange(600) % 40]
    tiny, huge = np.ldexp(base, -140), np.ldexp(base, 120)
    plain = ["--levels", "3", "--clusters", "16"]
    hierarchical = ["--algorithm", "hierarchical"]
    yield "l2", base, plain
    yield "common offset of 300", base + np.float32(300), plain
    yield "clusters per level", base, ["--levels", "3", "--clusters", "5,17,3"]
    yield "cosine", base, [*plain, "--metric", "cosine"]
    yield "cosine with rows of zeros", zeros, [*plain, "--metric", "cosine"]
    yield "normalized residuals", base, [*plain, "--normalize-residuals"]
    yield "cosine, normalized residuals", base, [*plain, "--metric", "cosine", "--normalize-residuals"]
    yield "duplicates", few, ["--levels", "2", "--clusters", "64"]
    yield "subnormal", tiny, plain
    yield "subnormal, cosine", tiny, [*plain, "--metric", "cosine"]
    yield "huge", huge, plain
    yield "constant column", column, plain
    yield "all zeros", np.zeros((50, 3), np.float32), ["--levels", "2", "--clusters", "4"]
    yield "one dimension", base[:, :1].copy(), plain
    yield "one cluster", base, ["--levels", "2", "--clusters", "1"]
    yield "random init, best of three", base, [*plain, "--init", "random", "--n-init", "3"]
    yield "sample", base, [*plain, "--sample", "300"]
    yield "hierarchical", base, [*hierarchical, "--clusters", "40,9,3", "--full-iter", "500"]
    part = [*hierarchical, "--clusters", "20,8", "--full-iter", "3", "--metric", "cosine"]
    yield "hierarchical, of a part of the rows", groups(1500, 7), part
    yield "hierarchical, duplicates", few, [*hierarchical, "--clusters", "64,30", "--full-iter", "0"]
    yield "hierarchical first codewords", base, ["--levels", "2", "--clusters", "30", "--init", "hierarchical"]
    yield "mini-batch", base, [*plain, "--algorithm", "mini-batch", "--max-iter", "30"]
    outlier, share, heavy = base.copy(), base.copy(), base.copy()
    outlier[7] *= 1e30
    share[::33, 5] = -1e9
    heavy[:, 1] = (heavy[:, 1] + 9) ** 9
    yield "one row times 1e30", outlier, plain
    yield "one row times 1e30, no offset", outlier + np.float32(300), [*plain, "--no-center"]
    yield "a thirtieth of a column", share, plain
    yield "a heavy tail", heavy, plain
    product, of_residuals = ["--kind", "pq", "--clusters", "16"], ["--kind", "rq+pq", "--clusters", "16"]
    yield "product codes", base, [*product, "--levels", "4"]
    yield "product codes, slices of two widths", base, [*product, "--levels", "7", "--seed", "5"]
    yield "product codes, a slice per dimension", base[:, :5].copy(), [*product[:3], "9,16,3,1,16"]
    yield "product codes, cosine", zeros, [*product, "--levels", "3", "--metric", "cosine"]
    yield "product codes of residuals", base, [*of_residuals, "--levels", "5", "--residual-levels", "2"]
    yield "product codes of residuals, cosine", base, [*of_residuals, "--levels", "4", "--metric", "cosine"]
    yield "product codes of residuals, one row times 1e30", outlier, [*of_residuals, "--levels", "4"]
    two = np.sign(numbers(77, 2, 16).astype(np.int64)).astype(np.float32) * np.float32(1e30)
    far = np.concatenate([base[:-2], two])
    yield "product codes of residuals, cut off", far, [*of_residuals[:3], "1,16,16,9", "--levels", "4"]
    yield "product codes of residuals, subnormal", tiny, [*of_residuals, "--levels", "4", "--residual-levels", "1"]
    yield "product codes of residuals, random init", base, [*of_residuals, "--levels", "3", "--init", "random"]
    yield "product codes, sample", base, [*product, "--levels", "3", "--sample", "300"]
    yield "300 dimensions", groups(300, 300), ["--levels", "2", "--clusters", "40"]


class Checks:
    def __init__(self, quiet=False):
        self.passed, self.failed, self.case, self.quiet = 0, 0, "", quiet

    def true(self, condition, what):
        self.passed += bool(condition)
        self.failed += not condition
        if not condition and not self.quiet:
            print(f"FAILED {self.case}: {what}")

    def same(self, found, expected, what):
        """Same type, shape and bytes: NaN, -0 and one bit count."""
        self.true(identical(found, expected), what)

    def raises(self, action, what):
        try:
            action()
        except ValueError:
            self.true(True, what)
        else:
            self.true(False, what)


def identical(a, b):
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def semid(tool, *args):
    """Runs a command with --json and returns its object."""
    done = subprocess.run([tool, *map(str, args), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"semid {' '.join(map(str, args))} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def check_fit(checks, model, x, args, report, columns=()):
    """What `fit` says and where it stopped, recomputed."""
    checks.true(report["fingerprint"] == spec.fingerprint(model), "fingerprint of the report")
    if "--sample" in args:
        return
    if not model.cosine:
        offset, exponent = spec.training_grid(x, "--no-center" not in args)
        checks.same(model.offset, offset, "offset")
        checks.true(model.config["grid_exponent"] == exponent, "grid exponent")
    unit, lost = 2.0 ** (-2 * model.config["codebook_exponent"]), 0.0
    if not (model.cosine or model.config.get("normalize_residuals")):
        grid = (model.offset, model.config["grid_exponent"])
        lost = spec.left_out(x, spec.to_grid(x, *grid), *grid)
    square = lambda rows: int((rows**2).sum())
    lengths = [square(rows) for _, rows, _ in spec.residuals(model, x, columns)]
    left = sum(lengths[model.residual_levels :])
    for level, rows, codes in spec.residuals(model, x, columns):
        book, told = model.codebooks[level], report["levels"][level]
        error = square(rows - book[codes])
        if level >= model.residual_levels:
            # The slices that come later still have their whole length.
            left += error - lengths[level]
            error = left
            checks.true(int(np.abs(book).max()) <= model.room(level), f"level {level} leaves room for the others")
        else:
            left = error
        checks.true(told["squared_error"] == (float(error) + lost) * unit / len(x), f"squared error of level {level}")
        if "hierarchical" in args and told["empty_reseeded"] == 0:
            most = int(args[args.index("--full-iter") + 1]) if "--full-iter" in args else 500
            first, room = spec.hierarchy(rows, len(book), model.config["seed"], level), model.room(level)
            fitted = spec.lloyd(rows, first.clip(-room, room), most, room)
            checks.same(fitted, book, f"level {level} from its hierarchy on")
        if "--algorithm" not in args:
            # Fitted without tolerance: every codeword is the rounded mean of its members.
            means = [spec.centroid(rows[codes == k]) if (codes == k).any() else book[k] for k in range(len(book))]
            room = model.room(level)
            checks.same(book, np.stack(means).clip(-room, room), f"level {level} has converged to its centroids")
            seeded = level >= len(model.tables) and "--init" not in args and told["empty_reseeded"] == 0
            if seeded and told["iterations"] < 500:
                first = spec.first_codewords(rows, len(book), model.config["seed"], level).clip(-room, room)
                checks.same(spec.lloyd(rows, first, 500, room), book, f"level {level} from its first codewords on")


def check_codes(checks, tool, folder, model, x, what):
    """Encodes and decodes `x`."""
    np.save(folder / "rows.npy", x)
    report = semid(tool, "encode", "--model", folder / "model.safetensors", "--input", folder / "rows.npy",
                   "--output", folder / "codes.npy")
    codes = spec.encode(model, x)
    checks.same(np.load(folder / "codes.npy"), codes, f"codes of {what}")
    semid(tool, "decode", "--model", folder / "model.safetensors", "--input", folder / "codes.npy",
          "--output", folder / "decoded.npy")
    checks.same(np.load(folder / "decoded.npy"), spec.decode(model, codes), f"decoded {what}")
    if not model.cosine:
        scaled = np.ldexp(x.astype(np.float64) - model.offset, model.config["grid_exponent"])
        over = int((np.abs(np.rint(scaled)) > spec.SATURATION).sum())
        checks.true(report["saturated_values"] == over, f"saturated values of {what}")


def check_beam(checks, tool, folder, model, x, columns=(), labels=()):
    """Encodes and finds candidates by beams, of rows with columns of labels, which flags give the tool; returns the
    SHA-256 of the candidates' codes."""
    np.save(folder / "rows.npy", x)
    encode = ["encode", "--model", folder / "model.safetensors", "--input", folder / "rows.npy", *labels]
    unit, sizes = 2.0 ** (-2 * model.config["codebook_exponent"]), model.config["clusters"][len(model.tables):]
    for width, count in ((1, 1), (2, 3), (7, min(9, int(np.prod(sizes))))):
        codes, distances = spec.beam(model, x, width, count, columns)
        semid(tool, *encode, "--output", folder / "best.npy", "--beam", width)
        checks.same(np.load(folder / "best.npy"), codes[:, 0], f"codes by a beam of {width}")
        out = folder / "candidates.jsonl"
        semid(tool, *encode, "--output", out, "--beam", width, "--candidates", count)
        found = [json.loads(line) for line in out.read_text().splitlines()]
        places = [(i, r) for i in range(len(x)) for r in range(count)]
        expected = [(i, r + 1, distances[i][r] * unit, codes[i, r].tolist()) for i, r in places]
        found = [(line["row"], line["rank"], line["squared_distance"], line["codes"]) for line in found]
        checks.true(found == expected, f"candidates of a beam of {width}")
    return spec.sha256(codes.astype("<u4").tobytes())


def check_refits(checks, tool, golden):
    """Fits that start from a model; returns their fingerprints."""
    old, found = groups(600, 16), {}
    further = np.concatenate([old[200:], groups(300, 16, stream=5) * np.float32(1.25)])
    far = further.copy()
    far[::50, 2] *= 1000
    plain, cosine = ["--levels", "3", "--clusters", "16"], ["--metric", "cosine"]
    cases = (
        ("l2", plain, further, 0),
        ("l2, a frozen level", plain, further, 1),
        ("far values, a frozen level", plain, far, 1),
        ("cosine, two frozen levels", [*plain, *cosine], further, 2),
        ("normalized residuals", [*plain, "--normalize-residuals"], further, 0),
    )
    for name, options, new, frozen in cases:
        checks.case = f"warm start: {name}"
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            np.save(folder / "old.npy", old)
            np.save(folder / "new.npy", new)
            semid(tool, "fit", "--input", folder / "old.npy", *options, "--output", folder / "old.safetensors")
            fit = ["fit", "--input", folder / "new.npy", "--warm-start", folder / "old.safetensors", "--tol", "0",
                   "--max-iter", "500", "--freeze-levels", frozen, "--output", folder / "new.safetensors"]
            written = []
            for device in ("reference", "cpu"):
                report = semid(tool, *fit, "--device", device)
                written.append((folder / "new.safetensors").read_bytes())
            checks.true(written[0] == written[1], "reference and cpu write the same model file")
            before, after = spec.load(folder / "old.safetensors"), spec.load(folder / "new.safetensors")
            expected = spec.refit(before, new, frozen, 500)
            checks.true(all(level["empty_reseeded"] == 0 for level in report["levels"]), "no cluster was empty")
            checks.same(after.offset, before.offset, "offset")
            for level, (book, wanted) in enumerate(zip(after.codebooks, expected.codebooks)):
                checks.same(book, wanted, f"codewords of level {level}")
                kept = identical(book, before.codebooks[level])
                checks.true(kept == (level < frozen), f"level {level} is frozen or has moved")
            if not after.cosine:
                scaled = np.ldexp(new.astype(np.float64) - before.offset, before.config["grid_exponent"])
                over = int((np.abs(np.rint(scaled)) > spec.SATURATION).sum())
                checks.true(report["saturated_values"] == over, "saturated values")
                checks.true((over > 0) == ("far" in name), "values saturate where they are far")
            found[checks.case] = spec.fingerprint(after)
            checks.true(golden.get(checks.case) == found[checks.case], f"golden, found {found[checks.case]}")
    return found


def check_refinements(checks, tool, golden):
    """Fits whose levels are refined together; returns their fingerprints."""
    x, found, rose = groups(400, 16), {}, 0
    far = x.copy()
    far[::50, 2] *= 1000
    plain, cosine = ["--levels", "3", "--clusters", "12", "--max-iter", "4"], ["--metric", "cosine"]
    cases = (
        ("l2", plain, x, 4, 1, None),
        ("l2, a beam of 4", plain, x, 3, 4, None),
        ("far values, a beam of 3", plain, far, 3, 3, None),
        ("cosine, a beam of 2", [*plain, *cosine], x, 3, 2, None),
        ("a frozen level, a beam of 3", plain, x, 3, 3, 1),
        ("one level", ["--levels", "1", "--clusters", "30", "--max-iter", "1"], x, 30, 1, None),
    )
    for name, options, rows, rounds, width, frozen in cases:
        checks.case = f"refinement: {name}"
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            np.save(folder / "x.npy", rows)
            fit = ["fit", "--input", folder / "x.npy", *options]
            if frozen is not None:
                np.save(folder / "old.npy", groups(300, 16, stream=5))
                semid(tool, "fit", "--input", folder / "old.npy", *options, "--output", folder / "old.safetensors")
                fit += ["--warm-start", folder / "old.safetensors", "--freeze-levels", frozen]
            semid(tool, *fit, "--output", folder / "plain.safetensors")
            fit += ["--refine", rounds, "--refine-beam", width, "--output", folder / "model.safetensors"]
            written = []
            for device in ("reference", "cpu"):
                report = semid(tool, *fit, "--device", device)
                written.append((folder / "model.safetensors").read_bytes())
            checks.true(written[0] == written[1], "reference and cpu write the same model file")
            before, after = spec.load(folder / "plain.safetensors"), spec.load(folder / "model.safetensors")
            expected, errors = spec.refine(before, rows, rounds, width, frozen or 0)
            checks.true(after.width == width, "width of the beam")
            for level, (book, wanted) in enumerate(zip(after.codebooks, expected.codebooks)):
                checks.same(book, wanted, f"codewords of level {level}")
            told, unit = report["refinement"], 2.0 ** (-2 * after.config["codebook_exponent"])
            grid = (after.offset, after.config["grid_exponent"])
            lost = 0.0 if after.cosine else spec.left_out(rows, spec.to_grid(rows, *grid), *grid)
            per_row = lambda error: (float(error) + lost) * unit / len(rows)
            checks.true(told["rounds"] == errors.index(min(errors)), "the round with the smallest error")
            checks.true(told["squared_error_before"] == per_row(errors[0]), "squared error before")
            checks.true(told["squared_error"] == per_row(min(errors)), "squared error after")
            checks.true(min(errors) < errors[0] and len(errors) > 1, "the error becomes smaller")
            rose += any(later > earlier for earlier, later in zip(errors, errors[1:]))
            check_codes(checks, tool, folder, after, rows, "rows of the fit")
            found[checks.case] = spec.fingerprint(after)
            checks.true(golden.get(checks.case) == found[checks.case], f"golden, found {found[checks.case]}")
    checks.true(rose, "noise raises some errors")
    return found


def check_weights(checks, tool):
    """A row of weight w counts as w equal rows: the fit of weighted rows is recomputed from such copies; returns the
    fingerprint."""
    x, weights = groups(300, 16), numbers(55, 300) % np.uint64(4)
    copies = np.repeat(x, weights.astype(int), axis=0)
    options = ["--levels", "3", "--clusters", "16", "--tol", "0", "--max-iter", "500"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        (folder / "w.txt").write_text("".join(f"{weight / 4}\n" for weight in weights.tolist()))
        out = folder / "model.safetensors"
        report = semid(tool, "fit", "--input", folder / "x.npy", "--output", out, *options,
                       "--weights", folder / "w.txt", "--weight-step", "0.25")
        model = spec.load(out)
    checks.true(report["weight"] == len(copies), "the sum of the weights")
    check_fit(checks, model, copies, options, report)
    return spec.fingerprint(model)


def check_evaluated(checks, tool):
    """Errors, collisions, recall and gain of rows that count by their weights, from their definitions."""
    x, weights = groups(200, 8), (numbers(56, 200) % np.uint64(4)).astype(float)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        (folder / "w.txt").write_text("".join(f"{weight:.0f}\n" for weight in weights))
        out = folder / "model.safetensors"
        semid(tool, "fit", "--input", folder / "x.npy", "--output", out, "--levels", "2", "--clusters", "6")
        model = spec.load(out)
        by_weight = ["--weights", folder / "w.txt"]
        found = semid(tool, "eval", "--model", out, "--input", folder / "x.npy", "--k", "5", *by_weight)
    near = lambda value, expected, what: checks.true(abs(value - expected) <= 1e-12 * abs(expected), what)
    codes = spec.encode(model, x)
    squared = ((x.astype(np.float64) - spec.decode(model, codes)) ** 2).sum(axis=1)
    near(found["weighted"]["squared_error_per_row"], np.average(squared, weights=weights), "errors by weight")
    _, of = np.unique(codes, axis=0, return_inverse=True)
    items = [np.flatnonzero(of == k) for k in range(of.max() + 1)]
    kept = sum(weights[rows].max() for rows in items)
    shared = sum(weights[rows].sum() for rows in items if len(rows) > 1)
    near(found["lost_weight_rate"], 1 - kept / weights.sum(), "weight lost in collisions")
    near(found["collided_weight_rate"], shared / weights.sum(), "weight of items that collide")
    same = codes[:, None] == codes[None]
    by = {"hamming": 2 - same.sum(axis=2), "prefix": 2 - np.cumprod(same, axis=2).sum(axis=2)}
    for name, distances in by.items():
        rows = [spec.recall_and_gain(x, distances, row, 5) for row in range(len(x))]
        for metric, values in zip(("recall_at_k", "ndcg_at_k"), zip(*rows)):
            near(found[metric][name]["value"], np.mean(values), f"{metric} {name}")
            weighted = found[f"weighted_{metric}"][name]["value"]
            near(weighted, np.average(values, weights=weights), f"by weight: {metric} {name}")


def check_labels(checks, tool):
    """Labels give the codes of the first levels; returns the fingerprints, by the codes of unknown labels."""
    x, found = groups(300, 16), {}
    kinds, brands = ([["", "b", "c", "é", "ab"][k] for k in numbers(stream, 300) % np.uint64(5)] for stream in (61, 62))
    columns = [kinds, ["left" if brand < "b" else "right" for brand in brands]]
    options = ["--levels", "2", "--clusters", "16", "--tol", "0", "--max-iter", "500"]
    for unknown in ("reserve", "nearest"):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            np.save(folder / "x.npy", x)
            texts = [folder / "category.txt", folder / "brand.txt"]
            for path, column in zip(texts, columns):
                path.write_text("".join(f"{label}\n" for label in column))
            labels = [flag for path in texts for flag in ("--prefix-labels", path)]
            out = folder / "model.safetensors"
            report = semid(tool, "fit", "--input", folder / "x.npy", "--output", out, *options, *labels,
                           "--unknown", unknown)
            model = spec.load(out)
            expected = [sorted(set(column) - {""}, key=str.encode) for column in columns]
            reserved = [None] if unknown == "reserve" else []
            checks.true(model.tables == [labels + reserved for labels in expected], f"{unknown}: labels by code")
            if unknown == "reserve":
                check_fit(checks, model, x, options, report, columns)
            levels = itertools.islice(spec.residuals(model, x, columns), 2)
            for column, table, (level, rows, _) in zip(columns, model.tables, levels):
                for code, label in enumerate(table):
                    mean = spec.centroid(rows[[(label or "") == of for of in column]]) if label or "" in column else 0
                    checks.true((model.codebooks[level][code] == mean).all(), f"{unknown}: mean of {label}")
            encode = ["encode", "--model", out, "--output", folder / "codes.npy", "--input", folder / "x.npy"]
            semid(tool, *encode, *labels)
            checks.same(np.load(folder / "codes.npy"), spec.encode(model, x, columns), f"{unknown}: codes")
            semid(tool, *encode)
            checks.same(np.load(folder / "codes.npy"), spec.encode(model, x), f"{unknown}: codes without labels")
            few = [column[:60] for column in columns]
            for path, column in zip(texts, few):
                path.write_text("".join(f"{label}\n" for label in column))
            check_beam(checks, tool, folder, model, x[:60], few, labels)
            check_beam(checks, tool, folder, model, x[:60])
            found[unknown] = spec.fingerprint(model)
    return found


def check_blocks(checks, tool):
    """Rows with two embeddings, some of which are missing: the blocks, the fit of the scaled rows and the codes are
    recomputed; returns the fingerprint."""
    text, image = groups(300, 7), groups(300, 5, stream=4) / np.float32(1000) + np.float32(3)
    text[::17] = np.nan
    image[numbers(71, 300) % np.uint64(5) == 0] = np.nan
    image[17] = [3, 3.001, 2.999, 1e20, 3]
    weights, counts = [1.0, 0.3], numbers(72, 300) % np.uint64(3)
    counts[spec.missing(text) & spec.missing(image)] = 0
    parts = [text, image]
    for part in parts:
        part[spec.missing(text) & spec.missing(image)] = 1
    options = ["--levels", "3", "--clusters", "16", "--tol", "0", "--max-iter", "500"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        out, x = folder / "model.safetensors", folder / "x.safetensors"
        safetensors.numpy.save_file({"text": text, "image": image}, x)
        (folder / "w.txt").write_text("".join(f"{count}\n" for count in counts.tolist()))
        report = semid(tool, "fit", "--input", x, "--output", out, *options, "--weights", folder / "w.txt",
                       "--tensor", "text", "--tensor", "image", "--column-weight", "1,0.3")
        model = spec.load(out)
        blocks = []
        for part, weight, found, told in zip(parts, weights, model.config["blocks"], report["blocks"]):
            used = ~spec.missing(part)
            blocks.append(spec.fit_block(np.repeat(part[used], counts[used].astype(int), axis=0), weight))
            name = found["name"]
            checks.true((found["scale"], found["weight"]) == (blocks[-1][0], weight), f"scale of {name}")
            checks.same(np.array(found["mean"], np.float32), blocks[-1][1], f"mean of {name}")
            checks.true(told["imputed"] == int((~used).sum()), f"rows without {name}")
        rows = spec.join(parts, blocks)
        check_fit(checks, model, np.repeat(rows, counts.astype(int), axis=0), options, report)
        semid(tool, "encode", "--model", out, "--input", x, "--output", folder / "codes.npy")
        checks.same(np.load(folder / "codes.npy"), spec.encode(model, rows), "codes")
        return spec.fingerprint(model)


def check_pairs(checks, tool):
    """Rows of very different sizes, mixed with those of the items that they occur with, whose sums would depend on
    their order in binary64; returns the fingerprint."""
    x = np.ldexp(groups(300, 16), (numbers(81, 300, 16) % np.uint64(41)).astype(int) - 20).astype(np.float32)
    ends = (numbers(82, 900, 2) % np.uint64(280)).astype(int).tolist()
    pairs = [*ends, *ends[:50], [7, 7]]
    options = ["--levels", "3", "--clusters", "16", "--tol", "0", "--max-iter", "500"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        out = folder / "model.safetensors"
        np.save(folder / "x.npy", x)
        (folder / "items.txt").write_text("".join(f"i{row}\n" for row in range(300)))
        (folder / "pairs.csv").write_text("a,b\n" + "".join(f"i{a},i{b}\n" for a, b in pairs))
        mix = ["--input", folder / "x.npy", "--items", folder / "items.txt", "--pairs", folder / "pairs.csv",
               "--pair-weight", "0.3"]
        report = semid(tool, "fit", *mix, "--output", out, *options)
        model = spec.load(out)
        mixed = spec.smooth(x, pairs, 0.3)
        known = [pair for pair in pairs if pair[0] != pair[1]]
        checks.true(report["pairs"]["pairs"] == len(known), "the number of pairs")
        check_fit(checks, model, mixed, options, report)
        semid(tool, "encode", "--model", out, "--output", folder / "codes.npy", *mix)
        checks.same(np.load(folder / "codes.npy"), spec.encode(model, mixed), "codes of mixed rows")
        semid(tool, "encode", "--model", out, "--output", folder / "codes.npy", "--input", folder / "x.npy")
        checks.same(np.load(folder / "codes.npy"), spec.encode(model, x), "codes of rows as they are")
        return spec.fingerprint(model)


def check_reassigned(checks, tool):
    """Items that move to their candidates: those whose codes have places for all keep them, and as many of the others
    as possible have candidates, at the smallest sum of increases; returns the SHA-256 of the codes."""
    x, capacity, digests = groups(120, 16), 2, []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        out, ids = folder / "model.safetensors", folder / "ids.jsonl"
        semid(tool, "fit", "--input", folder / "x.npy", "--output", out, "--levels", "2", "--clusters", "9")
        model = spec.load(out)
        own = [tuple(codes) for codes in spec.encode(model, x).tolist()]
        free = collections.Counter({codes: capacity for codes in itertools.product(range(9), repeat=2)})
        crowded = {codes for codes, items in collections.Counter(own).items() if items > capacity}
        for codes in own:
            free[codes] -= codes not in crowded
        moving = [row for row, codes in enumerate(own) if codes in crowded]
        codes, distances = spec.beam(model, x[moving], 81, 81)
        every = [dict(zip(map(tuple, of.tolist()), far)) for of, far in zip(codes, distances)]
        # How much farther an item is from each place than from its own codes.
        every = [{place: far - of[own[row]] for place, far in of.items()} for of, row in zip(every, moving)]
        for count in (2, 4, 81):
            db = folder / f"{count}.db"
            told = semid(tool, "assign", "--db", db, "--model", out, "--input", folder / "x.npy", "--row-numbers",
                         "--resolver", "reassign", "--capacity", capacity, "--candidates", count, "--output", ids)
            found = [tuple(json.loads(line)["codes"]) for line in ids.read_text().splitlines()]
            checks.true(all(found[row] == own[row] for row in range(len(x)) if row not in moving), "others stay")
            checks.true(max(collections.Counter(found).values()) <= capacity, "no more items than places")
            places = [codes for codes in free for _ in range(free[codes])]
            candidates, _ = spec.beam(model, x[moving], count, count)
            near = [set(map(tuple, of.tolist())) | {own[row]} for of, row in zip(candidates, moving)]
            left_out = 1 << 80  # one column for every item that finds no place
            costs = [[of[place] if place in may else 2 * left_out for place in places] + [left_out] * len(moving)
                     for of, may in zip(every, near)]
            least = spec.least_sum(costs)
            placed = [(of[found[row]], found[row] in may) for of, may, row in zip(every, near, moving)]
            total = sum(increase if is_near else left_out for increase, is_near in placed)
            checks.true(total == least, f"the smallest sum with {count} candidates")
            added = sum(increase for increase, _ in placed)
            unit = 2.0 ** (-2 * model.config["codebook_exponent"])
            checks.true(told["added_squared_distance"] == added * unit, f"added distance with {count} candidates")
            digests.append(np.array(found, "<u4").tobytes())
    checks.true(len(moving) > 60 and len(set(digests)) == 3, "the cases are no easy ones")
    return spec.sha256(*digests)


def check_upward(checks, tool, labelled=False):
    """Items without candidates that move to free places, in a registry that has items already: below their codes but
    the last as many as possible, at the smallest sum of increases, then below ever shorter prefixes, but never to
    another label; returns the SHA-256 of the codes."""
    x, first, clusters = groups(100, 16), 30, (3, 8, 3) if labelled else (6, 6, 3)
    kinds = ["aabaabcaabaacaabaabc"[row % 20] for row in range(len(x))]
    fixed, columns = (1, [kinds]) if labelled else (0, ())
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        np.save(folder / "first.npy", x[:first])
        out, ids = folder / "model.safetensors", folder / "ids.jsonl"
        texts = {count: folder / f"{count}.txt" for count in (first, len(x))}
        for count, path in texts.items():
            path.write_text("".join(f"{kind}\n" for kind in kinds[:count]))
        labels = lambda count: ["--prefix-labels", texts[count]] if labelled else []
        semid(tool, "fit", "--input", folder / "x.npy", "--output", out, "--levels", 3 - fixed, "--clusters",
              ",".join(map(str, clusters[fixed:])), *labels(len(x)))
        assign = ["assign", "--db", folder / "ids.db", "--model", out, "--row-numbers", "--output", ids]
        semid(tool, *assign, "--input", folder / "first.npy", "--resolver", "reassign", *labels(first))
        read = lambda: [json.loads(line) for line in ids.read_text().splitlines()]
        before = read()
        told = semid(tool, *assign, "--input", folder / "x.npy", *labels(len(x)))
        found = read()
        checks.true([of["id"] for of in found[:first]] == [of["id"] for of in before], "items keep their IDs")
        full = {row for row, of in enumerate(found) if of["id"].count("-") == 3}
        before, found = ([tuple(of["codes"]) for of in lines] for lines in (before, found))
        checks.true(len({codes for row, codes in enumerate(found) if row not in full}) == len(x) - len(full),
                    "no more items than places")
        model = spec.load(out)
        rows = next(spec.residuals(model, x, columns))[1]
        own = [tuple(codes) for codes in spec.encode(model, x, columns).tolist()]
        at = lambda row, codes: int(((row - sum(book[k] for book, k in zip(model.codebooks, codes))) ** 2).sum())
        free = collections.Counter({codes: 1 for codes in itertools.product(*map(range, clusters))})
        free.subtract(before)
        waiting, moved, total, left_out = list(range(first, len(x))), [], 0, 1 << 80
        for depth in range(2, fixed - 1, -1):
            left = []
            for prefix in sorted({own[row][:depth] for row in waiting}):
                group = [row for row in waiting if own[row][:depth] == prefix]
                wanted = collections.Counter(own[row] for row in group)
                if depth == 2 and all(count <= free[codes] for codes, count in wanted.items()):
                    checks.true(all(found[row] == own[row] for row in group), "a group with enough places stays")
                elif depth == 2:
                    near = [[(at(rows[row], (*prefix, k)), (*prefix, k)) for k in range(clusters[2])] for row in group]
                else:
                    near = [spec.open_places(model.codebooks, rows[row], free, len(group), prefix) for row in group]
                placed = [row for row in group if found[row][:depth] == prefix and row not in full]
                if depth < 2 or any(count > free[codes] for codes, count in wanted.items()):
                    increases = [{c: d - at(rows[row], own[row]) for d, c in of} for row, of in zip(group, near)]
                    places = [codes for codes in free if free[codes] and codes[:depth] == prefix]
                    costs = [[of.get(place, 2 * left_out) for place in places] + [left_out] * len(group)
                             for of in increases]
                    sum_of = sum(of.get(found[row], 2 * left_out) if row in placed else left_out
                                 for row, of in zip(group, increases))
                    checks.true(sum_of == spec.least_sum(costs), f"the smallest sum below {prefix}")
                    total += sum(of.get(found[row], 0) for row, of in zip(group, increases) if row in placed)
                    moved += [depth for row in placed if found[row] != own[row]]
                free.subtract(found[row] for row in placed)
                left += [row for row in group if row not in placed]
            waiting = left
        unit = 2.0 ** (-2 * model.config["codebook_exponent"])
        checks.true(told["added_squared_distance"] == total * unit, "added distance")
        checks.true(set(moved) == set(range(fixed, 3)), "items move below prefixes of every length")
        checks.true(set(waiting) == full and all(found[row] == own[row] for row in full), "others have a suffix")
        checks.true(len(full) >= 36 * fixed and (fixed or not full), "where all places of their label are full")
        checks.true(not fixed or sum(free.values()) > 0, "while other labels have places")
        checks.true(all(of[:fixed] == codes[:fixed] for of, codes in zip(found, own)), "no item changes its label")
        return spec.sha256(np.array(found, "<u4").tobytes())


def check_moves(checks, tool):
    """Items of a registry that move to codes of a newer model, those that gain most; returns the SHA-256 of their
    numbers and codes, in order."""
    x, count = groups(200, 16), 12
    x[150:] = x[:50]  # equal decreases, so that keys decide
    newer = x + groups(200, 16, stream=9) / 3
    newer[150:] = newer[:50]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.save(folder / "x.npy", x)
        np.save(folder / "newer.npy", newer)
        old, new, moves = folder / "old.safetensors", folder / "new.safetensors", folder / "moves.jsonl"
        fit = ["fit", "--levels", "2", "--clusters", "9"]
        semid(tool, *fit, "--input", folder / "x.npy", "--output", old)
        semid(tool, *fit, "--input", folder / "newer.npy", "--warm-start", old, "--output", new)
        assign = ["assign", "--db", folder / "ids.db", "--row-numbers", "--output", folder / "ids.jsonl"]
        semid(tool, *assign, "--input", folder / "x.npy", "--model", old)
        told = semid(tool, *assign, "--input", folder / "newer.npy", "--model", new, "--adopt-model",
                     "--move-if-gain", "40%", "--move-at-most", "6%", "--moves", moves)
        model, before = spec.load(new), spec.encode(spec.load(old), x)
        keys, all_moves = [str(row) for row in range(len(x))], len(x)
        gaining = spec.best_moves(model, newer, keys, before, 0.4, all_moves)
        best = gaining[:count]
        log = [json.loads(line) for line in moves.read_text().splitlines()]
        checks.true([of["item"] for of in log] == [key for key, *_ in best], "the best moves, in their order")
        unit = 2.0 ** (-2 * model.config["codebook_exponent"])
        distances = [[of["squared_distance_before"], of["squared_distance_after"]] for of in log]
        checks.true(distances == [[was * unit, now * unit] for *_, was, now in best], "distances of moves")
        codes = before.copy()
        moved = [row for _, row, *_ in best]
        codes[moved] = spec.encode(model, newer)[moved]
        found = [json.loads(line)["codes"] for line in (folder / "ids.jsonl").read_text().splitlines()]
        checks.same(np.array(found), codes.astype(np.int64), "codes after the moves")
        counted = (told["moves"]["gaining"], told["moves"]["moved"])
        checks.true(counted == (len(gaining), count), f"counts of moves, found {counted}")
        some = len(spec.best_moves(model, newer, keys, before, 0.0, all_moves))
        checks.true(some > len(gaining) > count, "some items gain too little, and some less than others")
        decreases = [was - now for *_, was, now in best]
        checks.true(len(set(decreases)) < count, "keys decide between some items")
        return spec.sha256(np.array([[row, *codes[row]] for row in moved], "<u4").tobytes())


def check_networks(checks, tool, golden):
    """Rows per step and rates of networks by their defaults; returns the fingerprints of two."""
    sizes, found = ((3, False), (34, True), (1000, False), (3158, False), (8622, True), (8623, False)), {}
    small = ["--kind", "rq-vae", "--levels", "1", "--clusters", "2", "--hidden", "3", "--latent", "2", "--epochs", "1"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        out, x = folder / "model.safetensors", folder / "x.npy"
        asked = lambda: semid(tool, "info", "--model", out)["parameters"]
        for rows, norm in sizes:
            np.save(x, groups(rows, 4))
            semid(tool, "fit", "--input", x, "--output", out, *small, *(["--batch-norm"] if norm else []))
            # A twentieth of the rows is held out.
            expected = spec.default_batch_and_rate(rows - int(0.05 * rows), norm)
            checks.true((asked()["batch"], asked()["lr"]) == expected, f"batch and rate of {rows} rows: {expected}")
        np.save(x, groups(600, 16))
        base = folder / "base.safetensors"
        semid(tool, "fit", "--input", x, "--output", base, "--levels", "2", "--clusters", "16")
        plus = ["--kind", "rq-kmeans-plus", "--warm-start", base]
        for name, options in (("network by its defaults", ["--kind", "rq-vae"]), ("rq-kmeans-plus", plus)):
            fit = ["fit", "--input", x, "--output", out, *options, "--epochs", "1"]
            written = []
            for device in ("reference", "cpu"):
                report = semid(tool, *fit, "--device", device)
                written.append(out.read_bytes())
            checks.true(written[0] == written[1], f"{name}: reference and cpu write the same model file")
            expected = spec.default_batch_and_rate(570)
            checks.true((asked()["batch"], asked()["lr"]) == expected, f"{name}: batch and rate")
            found[name] = report["fingerprint"]
            checks.true(golden.get(name) == found[name], f"golden of {name}, found {found[name]}")
    return found


def check_drift(checks, tool, labelled=False):
    """Every measure of drift, recomputed from codes and grid integers; returns the SHA-256 of these integers: counts
    and margins."""
    sides = dict(baseline=groups(600, 16), new=groups(250, 16, stream=5) * np.float32(1.25))
    kinds = dict(baseline=["abcd"[k] for k in numbers(63, 600) % np.uint64(4)],
                 new=["abb?"[k] for k in numbers(64, 250) % np.uint64(4)])
    columns = {side: [kinds[side]] if labelled else [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for side, x in sides.items():
            np.save(folder / f"{side}.npy", x)
            (folder / f"{side}.txt").write_text("".join(f"{kind}\n" for kind in kinds[side]))
        out = folder / "model.safetensors"
        given = lambda flag, side: [f"--{flag}", folder / f"{side}.txt"] if labelled else []
        semid(tool, "fit", "--input", folder / "baseline.npy", "--levels", "2", "--clusters", "16", "--output", out,
              *given("prefix-labels", "baseline"))
        limits = ("psi", "error-rise", "margin-loss", "saturated")
        wide = [word for limit in limits for word in (f"--max-{limit}", "1000" if limit == "psi" else "100000%")]
        found = semid(tool, "drift", "--model", out, "--input", folder / "new.npy", "--baseline",
                      folder / "baseline.npy", *wide, *given("prefix-labels", "new"),
                      *given("baseline-labels", "baseline"))
        model = spec.load(out)
    step, integers, carried = 2.0 ** -model.config["codebook_exponent"], [], 1.0
    for level, told in enumerate(found["levels"]):
        counts = {}
        for side, x in sides.items():
            rows = [rows for _, rows, _ in spec.residuals(model, x, columns[side])][level]
            codes, book = spec.encode(model, x, columns[side]), model.codebooks[level]
            counts[side] = np.bincount(codes[:, level], minlength=len(book))
            p = counts[side][counts[side] > 0] / len(x)
            same = lambda name, value: np.isclose(told[name][side], value, rtol=1e-9, atol=0)
            checks.true(told["used_codes"][side] == len(p), f"used codes of {side}")
            checks.true(same("entropy", -(p * np.log(p)).sum()), f"entropy of {side}")
            checks.true(same("perplexity", np.exp(-(p * np.log(p)).sum())), f"perplexity of {side}")
            point = sum(book[of] for book, of in zip(model.codebooks[: level + 1], codes.T))
            decoded = (point * step + model.offset.astype(np.float64)).astype(np.float32).astype(np.float64)
            checks.true(same("squared_error", ((x - decoded) ** 2).sum(axis=1).mean()), f"squared error of {side}")
            is_given = level < len(model.tables)
            nearest = np.sort(np.stack([spec.distances(rows, codeword) for codeword in book], axis=1), axis=1)
            margins = np.sort(nearest[:, 1] - nearest[:, 0]).tolist()
            integers += [*counts[side].tolist(), *([] if is_given else margins)]
            if side == "baseline":
                left, excess, variances = x - decoded, 0.0, 0.0
                for code in range(len(book)):
                    own = left[codes[:, level] == code]
                    if len(own) > 1:
                        variances += own.var(axis=0, ddof=1).sum()
                        excess += own.var(axis=0, ddof=1).sum() - len(own) * (own.mean(axis=0) ** 2).sum()
                # A row takes its share off its distance, a fresh one has it on top, and a search may double both.
                twice = (2 if is_given else 4) * min(max(excess / variances, 0.0), 1.0) * variances
                lost = 0.0 if is_given else carried * twice / len(x) / told["median_margin"][side]
                carried *= 1 + twice / (left ** 2).sum()
                checks.true(excess > 0, "rows of the fit owe something to it")
                checks.true(np.isclose(told["error_rise_by_chance"], carried - 1, rtol=1e-6), "errors by chance")
                checks.true(np.isclose(told["margin_loss_by_chance"], lost, rtol=1e-6), "margins by chance")
            for name, share in (("low_margin", 0.05), ("median_margin", 0.5)):
                margin = None if is_given else float(margins[int(share * len(x))]) * step * step
                checks.true(told[name][side] == margin, f"{name} of {side}")
        n, m = (len(x) for x in sides.values())
        used = (counts["baseline"] + counts["new"]) > 0
        p, q = ((counts[side][used] + 0.5) / (len(sides[side]) + 0.5 * used.sum()) for side in sides)
        checks.true(np.isclose(told["psi"], ((q - p) * np.log(q / p)).sum(), rtol=1e-9), "stability index")
        checks.true(np.isclose(told["psi_by_chance"], (used.sum() - 1) * (1 / n + 1 / m), rtol=1e-9), "that of chance")
        moved = np.abs(counts["new"] / m - counts["baseline"] / n).sum() / 2
        checks.true(np.isclose(told["moved"], moved, rtol=1e-9), "share moved")
    return spec.sha256(np.array(integers, "<i8").tobytes())


def check_inputs(checks, tool, folder, model, x):
    """The same rows from every kind of file, and the text forms of their codes."""
    x = x.astype(np.float16).astype(np.float32)
    codes = spec.encode(model, x)
    for dtype in ("<f2", "<f8"):
        np.save(folder / f"{dtype[1:]}.npy", x.astype(dtype))
    safetensors.numpy.save_file({"x": x}, folder / "x.safetensors")
    rows = (struct.pack("<i", x.shape[1]) + row.astype("<f4").tobytes() for row in x)
    (folder / "x.fvecs").write_bytes(b"".join(rows))
    for name in ("f2.npy", "f8.npy", "x.safetensors", "x.fvecs"):
        out = folder / "codes.npy"
        semid(tool, "encode", "--model", folder / "model.safetensors", "--input", folder / name, "--output", out)
        checks.same(np.load(out), codes, f"codes from {name}")
    forms = {"plain": "-".join, "token": lambda row: "".join(f"<{'abc'[i]}_{c}>" for i, c in enumerate(row))}
    for form, text in forms.items():
        out = folder / "ids.jsonl"
        semid(tool, "encode", "--model", folder / "model.safetensors", "--input", folder / "x.fvecs", "--output", out,
              "--format", form)
        found = [json.loads(line) for line in out.read_text().splitlines()]
        expected = [{"row": i, "id": text(map(str, row)), "codes": row} for i, row in enumerate(codes.tolist())]
        checks.true(found == expected, f"semantic IDs in form {form}")


def check_readers(checks, folder, model):
    """Other people's readers open the files."""
    tensors = safetensors.numpy.load_file(folder / "model.safetensors")
    checks.same(tensors["offset"], model.offset, "offset by the safetensors package")
    for level, book in enumerate(model.codebooks):
        exact = np.ldexp(book.astype(np.float64), -model.config["codebook_exponent"]).astype(np.float32)
        checks.same(tensors[f"codebook.{level}"], exact, f"codebook {level} by the safetensors package")
    with safetensors.safe_open(folder / "model.safetensors", "numpy") as file:
        checks.true(file.metadata()["format"] == "semid", "metadata by the safetensors package")


def check_planted(checks, folder, model, x):
    """A difference of one bit is noticed: otherwise the checks above say nothing."""
    codes = spec.encode(model, x)

    def noticed(name, expected, what):
        """Flips the last value's lowest bit in a file that the tool wrote, and compares as above."""
        blob = bytearray((folder / name).read_bytes())
        blob[-4] ^= 1
        (folder / name).write_bytes(blob)
        trial = Checks(quiet=True)
        trial.same(np.load(folder / name), expected, what)
        checks.true((trial.passed, trial.failed) == (0, 1), what)

    noticed("codes.npy", codes, "a flipped bit of a code is noticed")
    noticed("decoded.npy", spec.decode(model, codes), "a flipped bit of a decoded row is noticed")
    checks.true(not identical(np.float32([-0.0]), np.float32([0.0])), "the sign of zero is noticed")
    blob = (folder / "model.safetensors").read_bytes()
    for at in (len(blob) - 1, len(blob) - 4 * x.shape[1] - 5):
        (folder / "flipped.safetensors").write_bytes(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
        checks.raises(lambda: spec.load(folder / "flipped.safetensors"), f"flipped bit at byte {at}")


def main():
    args = [arg for arg in sys.argv[1:] if arg != "--update"]
    tool = args[0] if args else "target/debug/semid"
    checks, fingerprints = Checks(), {}
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    for name, x, options in cases():
        checks.case = name
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            np.save(folder / "x.npy", x)
            fit = ["fit", "--input", folder / "x.npy", "--tol", "0", *options]
            fit += [] if "--max-iter" in options else ["--max-iter", "500"]
            written = []
            for device in ("reference", "cpu"):
                out = folder / "model.safetensors"
                report = semid(tool, *fit, "--output", out, "--device", device)
                written.append(out.read_bytes())
            checks.true(written[0] == written[1], "reference and cpu write the same model file")
            model = spec.load(folder / "model.safetensors")
            fingerprints[name] = spec.fingerprint(model)
            checks.true(golden.get(name) == fingerprints[name], f"golden fingerprint, found {fingerprints[name]}")
            check_fit(checks, model, x, options, report)
            check_codes(checks, tool, folder, model, x, "training rows")
            other = groups(97, x.shape[1], stream=7) * np.float32(1 + np.abs(x).max() / 2)
            check_codes(checks, tool, folder, model, other, "other rows")
            check_readers(checks, folder, model)
            if name == "common offset of 300":
                checks.true(all(map(identical, model.codebooks, l2.codebooks)), "an offset moves no codeword")
            if name in ("l2", "cosine", "duplicates"):
                beam = fingerprints[f"beam: {name}"] = check_beam(checks, tool, folder, model, x[:60])
                checks.true(golden.get(f"beam: {name}") == beam, f"golden candidates, found {beam}")
            if name == "l2":
                l2 = model
                check_inputs(checks, tool, folder, model, x)
                check_codes(checks, tool, folder, model, x, "training rows once more")
                check_planted(checks, folder, model, x)
    checks.case = "weights"
    fingerprints["weights"] = check_weights(checks, tool)
    check_evaluated(checks, tool)
    checks.true(golden.get("weights") == fingerprints["weights"], f"golden, found {fingerprints['weights']}")
    checks.case = "labels"
    for unknown, fingerprint in check_labels(checks, tool).items():
        name = f"labels: {unknown}"
        fingerprints[name] = fingerprint
        checks.true(golden.get(name) == fingerprint, f"golden, found {fingerprint}")
    checks.case = "blocks"
    fingerprints["blocks"] = check_blocks(checks, tool)
    checks.true(golden.get("blocks") == fingerprints["blocks"], f"golden, found {fingerprints['blocks']}")
    checks.case = "pairs"
    fingerprints["pairs"] = check_pairs(checks, tool)
    checks.true(golden.get("pairs") == fingerprints["pairs"], f"golden, found {fingerprints['pairs']}")
    checks.case = "candidates of a registry"
    moved = fingerprints[checks.case] = check_reassigned(checks, tool)
    checks.true(golden.get(checks.case) == moved, f"golden codes, found {moved}")
    of_labels = lambda checks, tool: check_upward(checks, tool, labelled=True)
    for checks.case, check in (("free places of a registry", check_upward), ("moves of a registry", check_moves),
                               ("free places of a registry with labels", of_labels)):
        moved = fingerprints[checks.case] = check(checks, tool)
        checks.true(golden.get(checks.case) == moved, f"golden codes, found {moved}")
    fingerprints |= check_refits(checks, tool, golden)
    fingerprints |= check_refinements(checks, tool, golden)
    checks.case = "drift"
    check_drift(checks, tool, labelled=True)
    fingerprints["drift"] = check_drift(checks, tool)
    checks.true(golden.get("drift") == fingerprints["drift"], f"golden integers, found {fingerprints['drift']}")
    checks.case = "networks"
    fingerprints |= check_networks(checks, tool, golden)
    checks.case = "demo"
    fingerprints["demo"] = semid(tool, "demo", "--device", "cpu")["fingerprint"]
    checks.true(golden.get("demo") == fingerprints["demo"], f"golden fingerprint, found {fingerprints['demo']}")
    checks.case = "README.md"
    shown = re.findall("[0-9a-f]{64}", (GOLDEN.parents[2] / "README.md").read_text())
    checks.true(shown and set(shown) <= set(fingerprints.values()), "its fingerprints are those found here")
    if "--update" in sys.argv:
        GOLDEN.write_text(json.dumps(fingerprints, indent=2) + "\n")
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed > 0)


if __name__ == "__main__":
    main()
