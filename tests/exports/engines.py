"""Reads what `semid export` writes for serving engines as those engines read it, and compares it with ids.csv.

    python3 tests/exports/engines.py [target/debug/semid]

- sids.json: by the catalogue reader of the package flashrec, and as plain JSON.
- static.safetensors and .npz: against the arrays that docs/format.md describes, made here from sets of prefixes.
- added_tokens.json of 3 x 8,192 tokens: in tokenizers, which have to split every ID; the times are printed.

Prints what differs and `N passed, N failed`; exits with 1 if anything failed.
"""

import importlib.util
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import safetensors.numpy
import tokenizers
from tool import Checks, ids_of, runner


def flashrec_catalog():
    """The module of flashrec that reads catalogues; the package itself would import torch."""
    package = Path(importlib.util.find_spec("flashrec").origin).parent
    spec = importlib.util.spec_from_file_location("flashrec_catalog", package / "catalog.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_catalogue(check, run, folder, db, ids):
    catalog = flashrec_catalog()
    expected = sorted(ids.values())
    forms = {"commas": [], "packed": ["--packed"], "packed 9999": ["--packed", 9999], "end": ["--end-code"]}
    for name, flags in forms.items():
        path = folder / f"{db}-{name}.json"
        written = run("export", "--db", db, "--kind", "sid-json", "--output", path, *flags)
        base = written.get("packed_base", 8192)
        sids, keys, bad, packed = catalog.load_unique_sids(path, base=base)
        wanted = [(*codes, 1) for codes in expected] if name == "end" else expected
        check(f"{db}: flashrec reads {name}", sids == wanted and bad == 0 and keys == len(ids))
        check(f"{db}: flashrec tells {name}", packed == name.startswith("packed"))
        values = json.loads(path.read_text())
        check(f"{db}: values of {name}", set(values.values()) == {1} and written["items"] == len(values))


def static_arrays(ids, vocab, dense):
    """The arrays of STATIC for these lists of codes, one node after the other."""
    depth = len(ids[0])
    prefixes = [sorted({codes[: n + 1] for codes in ids}) for n in range(depth)]
    states = {prefix: prefix[0] + 1 for prefix in prefixes[0]}
    for level in prefixes[1:-1]:
        states |= {prefix: vocab + 1 + len(states) - len(prefixes[0]) + n for n, prefix in enumerate(level)}
    total = vocab + 1 + sum(len(level) for level in prefixes[1:-1])
    edges, counts = [], [0] * (total + 1)
    for level in prefixes[1:]:
        for prefix in level:
            edges.append((prefix[-1], states.get(prefix, 0) if len(prefix) < depth else 0))
            counts[states[prefix[:-1]]] += 1
    indptr = [0]
    for count in counts[:-1]:
        indptr.append(indptr[-1] + count)
    branches = [len(prefixes[0])]
    for above, below in zip(prefixes, prefixes[1:]):
        branches.append(max(sum(prefix[:-1] == parent for prefix in below) for parent in above))
    table = np.zeros((vocab,) * dense, np.int32)
    for prefix in prefixes[dense - 1]:
        table[prefix] = states[prefix]
    start = np.zeros(vocab, bool)
    start[[prefix[0] for prefix in prefixes[0]]] = True
    return {
        "packed_csr": np.array(edges + [(vocab, 0)] * vocab, np.int32),
        "indptr": np.array([*indptr, len(edges) + vocab], np.int32),
        "layer_max_branches": np.array(branches, np.int32),
        "dense_states": table,
        "dense_mask": table != 0,
        "start_mask": start,
    }


def check_static(check, run, folder, db, ids):
    codes = sorted(ids.values())
    for dense, vocab in [(1, None), (2, None), (2, 64)]:
        if dense >= len(codes[0]):
            continue
        flags = ["--dense-levels", dense, *(["--vocab-size", vocab] if vocab else [])]
        paths = [folder / f"{db}-{dense}-{vocab}.{form}" for form in ["static.safetensors", "npz"]]
        for path in paths:
            run("export", "--db", db, "--kind", "static", "--output", path, *flags)
        found = safetensors.numpy.load_file(paths[0])
        expected = static_arrays(codes, len(found["start_mask"]), dense)
        check(f"{db}: vocabulary of static", vocab is None or len(found["start_mask"]) == vocab)
        with np.load(paths[1]) as npz:
            for form, arrays in [("safetensors", found), ("npz", dict(npz))]:
                check(f"{db}: names of static, {form}", set(arrays) == set(expected))
                for name, array in expected.items():
                    same = arrays[name].dtype == array.dtype and np.array_equal(arrays[name], array)
                    check(f"{db}: {name} of static with {dense} dense levels, {form}", same)


def check_tokens(check, run, folder):
    """Loads 3 x 8,192 added tokens into a tokenizer, and encodes IDs with them."""
    rng = np.random.default_rng(2)
    np.save(folder / "many.npy", rng.standard_normal((9000, 4)).astype(np.float32))
    run("fit", "--input", "many.npy", "--output", "many.safetensors", "--clusters", "8192,8192,8192", "--max-iter", 1,
        "--init", "random")
    run("assign", "--db", "many.db", "--model", "many.safetensors", "--input", "many.npy", "--row-numbers")
    run("export", "--db", "many.db", "--output", "index.json")
    words = {word: number for number, word in enumerate(["[UNK]", "a", "b", "c"])}
    base = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    base.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    base.save(str(folder / "base.json"))
    run("export", "--db", "many.db", "--output", "added_tokens.json", "--tokenizer", "base.json")
    added = json.loads((folder / "added_tokens.json").read_text())
    index = json.loads((folder / "index.json").read_text())
    begin = time.perf_counter()
    base.add_tokens([tokenizers.AddedToken(token, normalized=False) for token in added])
    adding = time.perf_counter() - begin
    check("every token has its id", all(base.token_to_id(token) == number for token, number in added.items()))
    base.save(str(folder / "with.json"))
    begin = time.perf_counter()
    loaded = tokenizers.Tokenizer.from_file(str(folder / "with.json"))
    loading = time.perf_counter() - begin
    tokens = list(index.values())[:1000]
    texts = ["".join(of_item) for of_item in tokens]
    begin = time.perf_counter()
    encoded = loaded.encode_batch(texts)
    encoding = time.perf_counter() - begin
    check("every ID is split into its tokens", [found.tokens for found in encoded] == tokens)
    check("added tokens are decoded as they are", all(
        "".join(loaded.id_to_token(number) for number in found.ids) == text for found, text in zip(encoded, texts)
    ))
    times = f"added in {adding:.2f} s, loaded in {loading:.2f} s, {len(texts)} IDs encoded in {encoding:.3f} s"
    print(f"{len(added)} tokens: {times}")


def main():
    semid = Path(sys.argv[1] if len(sys.argv) > 1 else "target/debug/semid").resolve()
    check = Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run = runner(semid, folder)
        np.save(folder / "x.npy", np.random.default_rng(1).integers(-40, 40, (500, 4)).astype(np.float32))
        for name, clusters in [("two", "9,11"), ("three", "5,9,7")]:
            run("fit", "--input", "x.npy", "--output", "m.safetensors", "--clusters", clusters)
            run("assign", "--db", name, "--model", "m.safetensors", "--input", "x.npy", "--row-numbers",
                "--fixed-depth", "--output", f"{name}.csv")
            ids = ids_of(folder / f"{name}.csv")
            check(f"{name}: all of one depth", len({len(codes) for codes in ids.values()}) == 1)
            check(f"{name}: there are collisions", any(codes[-1] for codes in ids.values()))
            if name == "two":
                check_catalogue(check, run, folder, name, ids)
            check_static(check, run, folder, name, ids)
        check_tokens(check, run, folder)
    check.end()


if __name__ == "__main__":
    main()
