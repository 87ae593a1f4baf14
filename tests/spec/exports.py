"""Reads what `semid export` writes with the programs it is for, and compares it with the IDs in ids.csv.

    python3 tests/spec/exports.py [target/debug/semid]

Checks the trie with numpy and safetensors; the added tokens too where the package `tokenizers` is installed. Prints
what differs and `N passed, N failed`; exits with 1 if anything failed.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import safetensors

try:
    import tokenizers
except ImportError:
    tokenizers = None

BASE_VOCABULARY = 6  # tokens of the tokenizer that the IDs' tokens are added to


def names(codes, base):
    """The tokens of codes and suffix: <a_12>, <b_5> and so on."""
    return [f"<{'abcdefgh'[level]}_{code + base}>" for level, code in enumerate(codes)]


def walk(path):
    """The tokens of every item of a trie file."""
    with safetensors.safe_open(path, "np") as file:
        metadata = file.metadata()
        indptr, tokens, children, items, offsets, keys = (
            file.get_tensor(name) for name in ["indptr", "tokens", "children", "items", "item_offsets", "item_keys"]
        )
    assert metadata["format"] == "semid-trie" and metadata["format_version"] == "1", metadata
    assert np.array_equal(children, np.arange(1, len(items))), "not breadth first"
    found, nodes = {}, [(0, [])]
    for node, path in nodes:
        if (item := items[node]) >= 0:
            found[bytes(keys[offsets[item] : offsets[item + 1]]).decode()] = path
        nodes += [(children[e], [*path, int(tokens[e])]) for e in range(indptr[node], indptr[node + 1])]
    return found, json.loads(metadata["vocabulary"])


def check(semid, folder, always, base):
    """Name and result of every check of a registry."""

    def run(command, *switches, **flags):
        flags = [part for name, value in flags.items() for part in ("--" + name.replace("_", "-"), str(value))]
        subprocess.run([semid, command, "--quiet", *switches, *flags], cwd=folder, check=True, capture_output=True)

    db = f"{always}-{base}.db"
    switches = ["--always-suffix"] if always else []
    run("assign", *switches, db=db, model="m.safetensors", input="x.npy", items="items.txt")
    tokens = {"base": base, "first_token": BASE_VOCABULARY}
    run("export", db=db, output="ids.csv")
    run("export", db=db, output="index.json", base=base)
    for output in ["added_tokens.json", "vocabulary.json", "trie.safetensors"]:
        run("export", db=db, output=output, **tokens)

    with open(folder / "ids.csv", newline="") as file:
        ids = {row["item"]: [int(code) for code in row["id"].split("-")] for row in csv.DictReader(file)}
    index, added, vocabulary = (
        json.loads((folder / f"{name}.json").read_text()) for name in ["index", "added_tokens", "vocabulary"]
    )
    expected = {item: names(codes, base) for item, codes in ids.items()}
    yield "there are collisions", any(len(codes) == 3 for codes in ids.values())
    yield "index", index == expected and list(index) == list(expected)
    numbers = range(BASE_VOCABULARY, BASE_VOCABULARY + len(added))
    yield "added tokens are contiguous", list(added.values()) == list(numbers)
    of_levels = {
        f"<{level['name']}_{code + base}>": level["first"] + code
        for level in vocabulary["levels"]
        for code in range(level["count"])
    }
    yield "vocabulary", of_levels == added and vocabulary["tokens"] == len(added)
    found, of_trie = walk(folder / "trie.safetensors")
    yield "trie", found == {item: [added[name] for name in tokens] for item, tokens in expected.items()}
    yield "vocabulary of the trie", of_trie == vocabulary
    if tokenizers:
        yield from check_tokenizer(added, expected)


def check_tokenizer(added, expected):
    words = ["[UNK]", "a", "b", "_", "0", "1"]
    model = tokenizers.models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    assert tokenizer.get_vocab_size() == BASE_VOCABULARY
    count = tokenizer.add_tokens(list(added))
    yield "tokenizers takes every token", count == len(added)
    yield "tokenizers gives them these ids", all(tokenizer.token_to_id(name) == id for name, id in added.items())
    split = {item: tokenizer.encode("".join(tokens)).tokens for item, tokens in expected.items()}
    yield "tokenizers splits every ID into its tokens", split == expected
    within = {item: tokenizer.encode("a " + "".join(tokens) + " b").tokens for item, tokens in expected.items()}
    yield "also within a text", within == {item: ["a", *tokens, "b"] for item, tokens in expected.items()}


def main():
    semid = Path(sys.argv[1] if len(sys.argv) > 1 else "target/debug/semid").resolve()
    failed = passed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        rows = np.random.default_rng(1).integers(-40, 40, (500, 4)).astype(np.float32)
        np.save(folder / "x.npy", rows)
        keys = [f'{"é" * (i % 3)} "{i}", \\<b>' for i in range(len(rows))]
        (folder / "items.txt").write_text("".join(key + "\n" for key in keys))
        fit = ["fit", "--input", "x.npy", "--output", "m.safetensors", "--clusters", "9,11"]
        subprocess.run([semid, *fit], cwd=folder, check=True, capture_output=True)
        for always in [False, True]:
            for base in [0, 1]:
                for name, right in check(semid, folder, always, base):
                    passed, failed = passed + bool(right), failed + (not right)
                    if not right:
                        print(f"always a suffix: {always}, base {base}: {name}: differs")
    print("with tokenizers" if tokenizers else "without tokenizers, which is not installed")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
