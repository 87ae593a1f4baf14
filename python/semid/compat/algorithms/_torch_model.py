"""Networks that ``semantic-id`` trained, read through PyTorch and run by NumPy in float64."""

from __future__ import annotations

from typing import Any, List

import numpy as np

from semid import _semid
from semid._errors import FormatError

_ROWS = 4096


class TorchModel:
    """An encoder and a decoder of linear layers, and codebooks between them.

    It encodes and decodes as the network did, in float64. It is no model of semid: it has no fingerprint, and other
    devices were not compared.
    """

    has_prices = False

    def __init__(self, encoder: List[dict], decoder: List[dict], codebooks: List[np.ndarray], residual: bool):
        self._encoder, self._decoder, self._residual = encoder, decoder, residual
        self._codebooks = codebooks
        self._quantizer = _semid.Model.from_codewords([np.asarray(book, np.float32) for book in codebooks])
        self.clusters = [len(book) for book in codebooks]
        self.dim = encoder[0]["weight"].shape[1]

    @classmethod
    def load(cls, path: str, bn: bool = False) -> "TorchModel":
        """Reads a state of PyTorch; nothing in the file is run."""
        try:
            import torch
        except ImportError as error:
            raise ImportError(f"{path} is a file of PyTorch: install torch to read it") from error
        state = {name: value.double().numpy() for name, value in torch.load(path, weights_only=True).items()}
        books: List[np.ndarray] = []
        while f"rq.vq_layers.{len(books)}.embedding.weight" in state:
            books.append(state[f"rq.vq_layers.{len(books)}.embedding.weight"])
        residual = any(name.startswith("encoder.mlp.mlp_layers.") for name in state)
        encoder = _layers(state, "encoder.mlp.mlp_layers." if residual else "encoder.mlp_layers.")
        decoder = _layers(state, "decoder.mlp_layers.")
        if not books or not encoder or not decoder:
            raise FormatError(f"{path}: it is no RQVAE of semantic-id: {sorted(state)[:5]}", "Format", path)
        return cls(encoder, decoder, books, residual)

    def codebook(self, level: int) -> np.ndarray:
        """The codewords of a level."""
        return self._codebooks[level].astype(np.float32)

    def encode(self, rows: Any, at: tuple, priced: bool = False, capacity: Any = None) -> np.ndarray:
        """The codes of rows, an array (N, D)."""
        codes = []
        for first in range(0, len(rows), _ROWS):
            part = np.asarray(rows[first : first + _ROWS], np.float64)
            latents = _forward(self._encoder, part) + (part if self._residual else 0.0)
            codes.append(self._quantizer.encode(latents, at))
        return np.concatenate(codes)

    def decode(self, codes: np.ndarray, levels: int, at: tuple) -> np.ndarray:
        """The rows of codes."""
        latents = sum(book[codes[:, level]] for level, book in enumerate(self._codebooks[:levels]))
        return _forward(self._decoder, np.asarray(latents)).astype(np.float32)

    def save(self, path: str) -> None:
        """Cannot be saved as a model of semid."""
        raise NotImplementedError(
            "a model.pt of semantic-id can be used, not saved anew: copy its folder, or fit again"
        )

    def to_bytes(self) -> bytes:
        """Cannot be saved as a model of semid."""
        raise NotImplementedError("a model.pt of semantic-id is no model of semid: fit again to get one")


def _layers(state: dict, prefix: str) -> List[dict]:
    """The linear layers and batch norms of a network, in their order."""
    found: dict = {}
    for name, value in state.items():
        if name.startswith(prefix):
            number, _, part = name[len(prefix) :].partition(".")
            found.setdefault(int(number), {})[part] = value
    return [found[number] for number in sorted(found)]


def _forward(layers: List[dict], rows: np.ndarray) -> np.ndarray:
    last = max(number for number, layer in enumerate(layers) if layer["weight"].ndim == 2)
    for number, layer in enumerate(layers):
        if layer["weight"].ndim == 1:
            scale = layer["weight"] / np.sqrt(layer["running_var"] + 1e-5)
            rows = (rows - layer["running_mean"]) * scale + layer["bias"]
        else:
            rows = rows @ layer["weight"].T + layer["bias"]
        ends = number + 1 == len(layers) or layers[number + 1]["weight"].ndim == 2
        if ends and number < last:
            rows = np.maximum(rows, 0.0)
    return rows
