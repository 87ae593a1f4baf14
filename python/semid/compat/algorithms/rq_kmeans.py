"""Residual k-means."""

from __future__ import annotations

import json
import os
from typing import Any, List, Optional

import numpy as np

import semid
from semid import _semid
from semid._input import to_codes
from semid._values import place
from semid.compat.core import BaseSemanticEncoder, as_rows, device_of
from semid.compat.exceptions import NotFittedError

#: The file of the model itself, beside those that the other library reads.
_MODEL = "model.safetensors"

#: Runs per level where none are asked for.
_RUNS = {"kmeans": 10, "constrained": 3}


class RQKMeans(BaseSemanticEncoder):
    """Residual k-means with the parameters of ``semantic-id``.

    Parameters
    ----------
    n_levels, n_clusters, max_iter, tol
        As there.
    metric : {"l2", "cosine"}
        Cosine works here.
    implementation : {"kmeans", "constrained"}
        Constrained clusters hold floor(N / K) to ceil(N / K) rows, and ``encode`` stays near that.
    random_state : int, optional
        42 by default, so that a fit can be repeated.
    verbose : bool
        Shows a bar where tqdm is installed.
    n_init : int, optional
        10, or 3 where constrained; also on a GPU.

    Attributes
    ----------
    codebooks_ : list of ndarray (K, D)
        Codewords whose sum is the decoded row; others may be set in their place.
    D_ : int
    """

    def __init__(
        self,
        n_levels: int = 4,
        n_clusters: Any = 256,
        metric: str = "l2",
        implementation: str = "kmeans",
        max_iter: int = 100,
        tol: float = 1e-4,
        random_state: Optional[int] = None,
        verbose: bool = False,
        n_init: Optional[int] = None,
    ):
        self.n_levels = n_levels
        if isinstance(n_clusters, (int, np.integer)):
            self.n_clusters = [int(n_clusters)] * n_levels
        else:
            self.n_clusters = [int(clusters) for clusters in n_clusters]
        if len(self.n_clusters) != n_levels:
            message = f"len(n_clusters) {len(self.n_clusters)} must match n_levels {n_levels}"
            raise semid.InputError(message, "ClustersPerLevel")
        self.metric = metric
        self.implementation = implementation
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.verbose = verbose
        self.n_init = n_init
        self.D_: Optional[int] = None
        self._codebooks: List[np.ndarray] = []
        self._fitted: Optional[_semid.Model] = None

    @property
    def codebooks_(self) -> List[np.ndarray]:
        """The codewords of every level."""
        return self._codebooks

    @codebooks_.setter
    def codebooks_(self, codebooks: List[np.ndarray]) -> None:
        self._codebooks, self._fitted = list(codebooks), None

    def fit(self, X: Any, *, device: str = "cpu") -> "RQKMeans":
        """Fits the model to rows (N, D)."""
        rows = as_rows(X)
        model = semid.RQKMeans(
            self.n_levels,
            self.n_clusters,
            metric=self.metric,
            balanced=self.implementation == "constrained",
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=self.random_state,
            n_init=self.n_init if self.n_init is not None else _RUNS.get(self.implementation, 1),
            device=device_of(device),
            progress=bool(self.verbose),
        ).fit(rows)
        self._adopt(model._model)
        return self

    def _adopt(self, model: "_semid.Model") -> None:
        self.D_ = model.dim
        books: List[np.ndarray] = [model.codebook(level) for level in range(len(model.clusters))]
        offset = np.asarray(model.offset(), np.float64)
        # The sum of the codewords is then the decoded row, as readers of `codebooks.npz` take it.
        books[0] = (books[0].astype(np.float64) + offset).astype(np.float32)
        self._codebooks, self._fitted = books, model

    @property
    def _model(self) -> "_semid.Model":
        if not self._codebooks:
            raise NotFittedError("Model is not fitted yet. Call fit() first.", "NotFitted")
        if self._fitted is None:
            self._fitted = _semid.Model.from_codewords([np.asarray(book, np.float32) for book in self._codebooks])
            self.D_ = self._fitted.dim
        return self._fitted

    def to_semid(self) -> semid.RQKMeans:
        """The model for everything that semid can do: registries, reports, sweeps and so on."""
        return semid.RQKMeans.from_bytes(self._model.to_bytes())

    def encode(self, X: Any, *, device: str = "cpu", batch_size: Optional[int] = None) -> np.ndarray:
        """The codes (N, L) of rows as int32; they do not depend on ``device`` and ``batch_size``."""
        model = self._model
        rows = semid._input.to_rows(as_rows(X, self.D_))
        codes = model.encode(rows, place(device_of(device)), priced=model.has_prices)
        return codes.astype(np.int32)

    def decode(self, codes: Any) -> np.ndarray:
        """The rows (N, D) that codes stand for, as float32."""
        model = self._model
        codes = to_codes(codes)
        return model.decode(codes, codes.shape[1], place("cpu"))

    def score(self, X: Any) -> dict:
        """The error of the quantization: ``quantization_mse``."""
        rows = as_rows(X, self.D_)
        decoded = self.decode(self.encode(rows))
        return {"quantization_mse": float(np.mean((np.asarray(rows, np.float64) - decoded) ** 2))}

    def save(self, path: str) -> None:
        """Saves to a folder: ``metadata.json`` and ``codebooks.npz`` as ``semantic-id`` reads them, and the model."""
        model = self._model
        os.makedirs(path, exist_ok=True)
        metadata = {
            "type": "RQKMeans",
            "n_levels": self.n_levels,
            "n_clusters": self.n_clusters,
            "metric": self.metric,
            "implementation": self.implementation,
            "max_iter": self.max_iter,
            "tol": self.tol,
            "random_state": self.random_state,
            "n_init": self.n_init,
            "D": self.D_,
        }
        with open(os.path.join(path, "metadata.json"), "w", encoding="utf-8") as file:
            json.dump(metadata, file, indent=2)
        books = {f"codebook_{level}": book for level, book in enumerate(self._codebooks)}
        np.savez_compressed(os.path.join(path, "codebooks.npz"), **books)  # type: ignore[arg-type]
        model.save(os.path.join(path, _MODEL))

    @classmethod
    def load(cls, path: str, *, device: str = "cpu") -> "RQKMeans":
        """Loads what ``save`` wrote, here or in ``semantic-id``."""
        with open(os.path.join(path, "metadata.json"), encoding="utf-8") as file:
            metadata = json.load(file)
        if metadata.get("type") != "RQKMeans":
            raise semid.FormatError(f"Invalid model type: {metadata.get('type')}", "UnknownKind", path)
        dim = metadata.pop("D")
        model = cls(**{name: value for name, value in metadata.items() if name != "type"})
        own = os.path.join(path, _MODEL)
        if os.path.exists(own):
            model._adopt(_semid.Model.load(own))
            return model
        with np.load(os.path.join(path, "codebooks.npz"), allow_pickle=False) as books:
            model.codebooks_ = [books[f"codebook_{level}"] for level in range(model.n_levels)]
        model.D_ = dim
        return model
