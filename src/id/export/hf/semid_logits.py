"""Lets a language model of the library transformers write registered semantic IDs only.

    from semid_logits import SemanticIdLogitsProcessor

    ids_only = SemanticIdLogitsProcessor("folder", end=tokenizer.eos_token_id, prompt_length=prompt.shape[1])
    found = model.generate(prompt, logits_processor=[ids_only], num_beams=20, num_return_sequences=20, max_new_tokens=8)
    items = [ids_only.item(row[prompt.shape[1] :].tolist()) for row in found]

`folder` is what `semid export --kind hf` wrote. Needs numpy, safetensors, torch and transformers.
"""

import json
import math
from pathlib import Path

import numpy as np
import safetensors
import torch
from transformers import AddedToken, LogitsProcessor


class Trie:
    """The trie of all IDs, as docs/format.md of semid describes it: node 0 is the root."""

    def __init__(self, path):
        with safetensors.safe_open(path, "np") as file:
            self.vocabulary = json.loads(file.metadata()["vocabulary"])
            names = ["indptr", "tokens", "children", "items", "item_offsets", "item_keys"]
            self.indptr, self.tokens, self.children, self.items, self.offsets, self.keys = map(file.get_tensor, names)

    def next_tokens(self, node):
        """The tokens that may follow at a node, in order."""
        return self.tokens[self.indptr[node] : self.indptr[node + 1]]

    def child(self, node, token):
        """The node after a token; None where no ID goes on like this."""
        next_tokens = self.next_tokens(node)
        place = int(np.searchsorted(next_tokens, token))
        if place == len(next_tokens) or next_tokens[place] != token:
            return None
        return int(self.children[self.indptr[node] + place])

    def item(self, node):
        """The key of the item whose ID ends at a node; None where none does."""
        number = int(self.items[node])
        if number < 0:
            return None
        return bytes(self.keys[self.offsets[number] : self.offsets[number + 1]]).decode()


class SemanticIdLogitsProcessor(LogitsProcessor):
    """Masks all tokens that do not go on with a registered ID.

    prompt_length: the tokens after that many are an ID, and nothing else.
    Without it the tokens after the mark that begins an ID are; where there is none yet, all tokens are allowed.
    end: id of the token that ends the text of the model, which follows the ID and its mark.
    """

    def __init__(self, folder, end=None, prompt_length=None):
        self.trie = Trie(Path(folder) / "trie.safetensors")
        self.begin, self.end_mark = (self.trie.vocabulary.get(mark, {}).get("id") for mark in ["begin", "end"])
        self.end, self.prompt_length = end, prompt_length
        if prompt_length is None and self.begin is None:
            raise ValueError("give prompt_length: these IDs have no mark before them")
        if self.end is None and self.end_mark is None:
            raise ValueError("give end, the token that ends a text: these IDs have no mark after them")

    def __call__(self, input_ids, scores):
        masked = torch.full_like(scores, -math.inf)
        for row, tokens in enumerate(input_ids.tolist()):
            allowed = self.allowed(tokens)
            if allowed is None:
                masked[row] = scores[row]
            else:
                allowed = torch.as_tensor(allowed, dtype=torch.long, device=scores.device)
                masked[row, allowed] = scores[row, allowed]
        return masked

    def allowed(self, tokens):
        """The tokens that may come next; None for all of them."""
        if self.prompt_length is None:
            start = len(tokens) - tokens[::-1].index(self.begin) if self.begin in tokens else None
            if start is None:
                return None
            tokens = tokens[start:]
        else:
            tokens = tokens[self.prompt_length :]
            if self.begin is not None:
                if not tokens:
                    return [self.begin]
                tokens = tokens[1:]
        node = 0
        for token in tokens:
            child = self.trie.child(node, token)
            if child is None:
                # After an ID: the rest of the text, or only the end of it.
                ended = self.end_mark is not None and token == self.end_mark
                free = ended and self.prompt_length is None
                return None if free else [self.end if self.end is not None else token]
            node = child
        allowed = self.trie.next_tokens(node).tolist()
        if self.trie.item(node) is not None:
            allowed.append(self.end_mark if self.end_mark is not None else self.end)
        return allowed

    def item(self, tokens):
        """The key of the item that generated tokens name; None where they name none."""
        node = 0
        for token in tokens:
            if token == self.begin:
                node = 0
            elif (child := self.trie.child(node, token)) is None:
                break
            else:
                node = child
        return self.trie.item(node)


def add_tokens(tokenizer, folder):
    """Adds the tokens of a folder to a tokenizer of transformers, and checks that they get the ids in it."""
    added = json.loads((Path(folder) / "added_tokens.json").read_text())
    special = json.loads((Path(folder) / "special_tokens_map.json").read_text()).get("additional_special_tokens", [])
    tokens = [
        AddedToken(token, normalized=False, lstrip=False, rstrip=False, single_word=False, special=token in special)
        for token in sorted(added, key=added.get)
    ]
    tokenizer.add_tokens(tokens)
    for token, number in added.items():
        if tokenizer.convert_tokens_to_ids(token) != number:
            found = tokenizer.convert_tokens_to_ids(token)
            raise ValueError(f"{token} got the id {found}, not {number}: these tokens are for another tokenizer")
    return tokenizer
