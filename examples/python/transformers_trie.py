"""A language model that writes IDs, of which all belong to items: the files of `export(kind="hf")`.

pip install semid torch transformers tokenizers
python examples/python/transformers_trie.py
"""

import importlib.util
import tempfile
from pathlib import Path

import tokenizers
import torch
import transformers

import semid

vectors, names = semid.load_demo()
model = semid.RQKMeans(n_levels=3, n_clusters=[64, 32, 16]).fit(vectors)
engine = semid.SemanticIdEngine(model, resolver="suffix-always", format="token")
ids = engine.unique_ids(vectors, names)

# The tokenizer of some language model; here a small one that was made up.
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
words = {word: number for number, word in enumerate(["<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz "])}
tokenizers.Tokenizer(tokenizers.models.BPE(words, [], unk_token="<unk>")).save(str(folder / "base.json"))
engine.export(folder / "ids", "hf", tokenizer=folder / "base.json")

# The folder has the tokenizer with the tokens of the IDs, and a processor that knows which IDs there are.
tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "ids")
spec = importlib.util.spec_from_file_location("semid_logits", folder / "ids" / "semid_logits.py")
semid_logits = importlib.util.module_from_spec(spec)
spec.loader.exec_module(semid_logits)

torch.manual_seed(7)
size = {"n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 2}
config = transformers.GPT2Config(vocab_size=len(tokenizer), bos_token_id=1, eos_token_id=1, pad_token_id=1, **size)
network = transformers.GPT2LMHeadModel(config).eval()
prompt = torch.tensor([tokenizer.encode("packages like numpy", add_special_tokens=False)])
mask = semid_logits.SemanticIdLogitsProcessor(folder / "ids", end=1, prompt_length=prompt.shape[1])
written = network.generate(
    prompt,
    attention_mask=torch.ones_like(prompt),
    num_beams=20,
    num_return_sequences=20,
    max_new_tokens=6,
    do_sample=False,
    logits_processor=transformers.LogitsProcessorList([mask]),
)[:, prompt.shape[1] :]
texts = ["".join(tokenizer.convert_ids_to_tokens([token for token in row if token != 1])) for row in written.tolist()]
found = [engine.find(text) for text in texts]
assert all(name in names for name in found), found
assert set(texts) <= set(ids)
print(f"{len(found)} beams, all of registered items: {', '.join(found[:5])}, ...")
