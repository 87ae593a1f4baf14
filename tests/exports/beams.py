"""Lets a tiny random language model of `transformers` write IDs with the files of `semid export --kind hf`.

    python3 tests/exports/beams.py [target/debug/semid]

The model has random weights, so that without the mask hardly any of its texts is an ID. With it, 1,000 IDs found by
beam search have to be registered ones, as index.json has them, whatever the form of the tokens. The folder is loaded
without a network. Prints `N passed, N failed`; exits with 1 if anything failed.
"""

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}

import numpy as np
import tokenizers
import torch
import transformers
from tool import Checks, ids_of, runner

PROMPTS, BEAMS = 50, 20
FORMS = {
    "default": [],
    "fixed depth, base 1": ["--base", 1],
    "marks": ["--token-template", "<s_{level}_{code}>", "--begin", "<|sid_begin|>", "--end", "<|sid_end|>"],
    "numbers": ["--token-template", "{code}@{level1}|", "--end", "</sid>"],
}


def base_tokenizer(path):
    words = ["<unk>", "</s>", "<pad>", *"abcdefghijklmnopqrstuvwxyz0123456789<>_|@"]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()  # would change <S_A_1>, were tokens normalized
    tokenizer.save(str(path))
    return len(words)


def processor(folder):
    spec = importlib.util.spec_from_file_location("semid_logits", folder / "semid_logits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_tokenizer(check, name, folder, expected, base):
    """The whole tokenizer, and the same tokens added to the base by the fragment; expected: the text of every item."""
    module = processor(folder)
    added = json.loads((folder / "added_tokens.json").read_text())
    for how in ["whole", "fragment"]:
        if how == "whole":
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        else:
            tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(base))
            tokenizer = module.add_tokens(tokenizer, folder)
        ids = {token: tokenizer.convert_tokens_to_ids(token) for token in added}
        check(f"{name}: {how}: ids", ids == added and len(tokenizer) == max(added.values()) + 1)
        texts = list(expected.values())
        encoded = tokenizer(texts, add_special_tokens=False)["input_ids"]
        lowest = min(added.values())
        check(f"{name}: {how}: every ID is its tokens", all(number >= lowest for row in encoded for number in row))
        check(f"{name}: {how}: decoded", tokenizer.batch_decode(encoded, skip_special_tokens=False) == texts or [
            "".join(tokenizer.convert_ids_to_tokens(row)) for row in encoded] == texts)
        within = tokenizer("a " + texts[0] + "b", add_special_tokens=False)["input_ids"]
        check(f"{name}: {how}: within a text", encoded[0] == [number for number in within if number in set(encoded[0])])
        marks = json.loads((folder / "special_tokens_map.json").read_text()).get("additional_special_tokens", [])
        plain = tokenizer.decode(encoded[0], skip_special_tokens=True)
        check(f"{name}: {how}: marks are special, tokens are not", plain.replace(" ", "") == strip(texts[0], marks))
    return tokenizer


def strip(text, marks):
    for mark in marks:
        text = text.replace(mark, "")
    return text


def check_beams(check, name, folder, tokenizer, expected):
    torch.manual_seed(7)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_positions=32, n_embd=32, n_layer=2, n_head=2,
        bos_token_id=1, eos_token_id=1, pad_token_id=2,
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.lm_head.weight.mul_(20)  # random weights of this size give all tokens nearly the same score
    prompts = torch.randint(3, 30, (PROMPTS, 5))
    width = 8
    mask = processor(folder).SemanticIdLogitsProcessor(folder, end=1, prompt_length=prompts.shape[1])
    texts = {text: item for item, text in expected.items()}

    def generate(processors):
        return model.generate(
            prompts, attention_mask=torch.ones_like(prompts), num_beams=BEAMS, num_return_sequences=BEAMS,
            max_new_tokens=width, do_sample=False, logits_processor=transformers.LogitsProcessorList(processors),
        )[:, prompts.shape[1] :].tolist()

    found = generate([mask])
    written = ["".join(tokenizer.convert_ids_to_tokens([t for t in row if t not in (1, 2)])) for row in found]
    valid = [text in texts for text in written]
    check(f"{name}: {len(valid)} beams, of which {sum(valid)} are IDs", len(valid) == PROMPTS * BEAMS and all(valid))
    check(f"{name}: items", [mask.item(row) for row in found] == [texts.get(text) for text in written])
    of_prompt = [set(written[first : first + BEAMS]) for first in range(0, len(written), BEAMS)]
    check(f"{name}: beams of a prompt differ", all(len(texts) == BEAMS for texts in of_prompt))
    free = ["".join(tokenizer.convert_ids_to_tokens([t for t in row if t not in (1, 2)])) for row in generate([])]
    check(f"{name}: without the mask there are other texts", sum(text in texts for text in free) < len(free) / 2)
    print(f"{name}: {sum(valid)} of {len(valid)} IDs are registered, {len(set(written))} different ones")


def main():
    semid = Path(sys.argv[1] if len(sys.argv) > 1 else "target/debug/semid").resolve()
    check = Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run = runner(semid, folder)
        np.save(folder / "x.npy", np.random.default_rng(1).integers(-40, 40, (2000, 4)).astype(np.float32))
        run("fit", "--input", "x.npy", "--output", "m.safetensors", "--clusters", "20,30")
        count = base_tokenizer(folder / "tokenizer.json")
        for number, (name, flags) in enumerate(FORMS.items()):
            db, out, base = f"{number}.db", folder / f"hf-{number}", folder / "tokenizer.json"
            fixed = ["--fixed-depth"] if name.startswith("fixed") else []
            run("assign", "--db", db, "--model", "m.safetensors", "--input", "x.npy", "--row-numbers", *fixed)
            written = run("export", "--db", db, "--kind", "hf", "--output", out, "--tokenizer", base, *flags)
            check(f"{name}: first token", written["first_token"] == count)
            run("export", "--db", db, "--output", "index.json", *flags)
            index = json.loads((folder / "index.json").read_text())
            expected = {item: "".join(tokens) for item, tokens in index.items()}
            check(f"{name}: all items", len(set(expected.values())) == 2000)
            form, some = flags or ["--token-template", "<{level}_{code}>"], ["0", "7", "1999"]
            found = [run("lookup", "--db", db, "--id", expected[item], *form)["item"] for item in some]
            check(f"{name}: lookup reads them back", found == some)
            check(f"{name}: a card", "fingerprint" in (out / "README.md").read_text())
            tokenizer = check_tokenizer(check, name, out, expected, base)
            check_beams(check, name, out, tokenizer, expected)
    check.end()


if __name__ == "__main__":
    main()
