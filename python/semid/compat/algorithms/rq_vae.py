"""RQ-VAE, and RQ-KMeans+ by ``fit(..., pretrained_codebook_path=...)``."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import Any, Dict, List, Optional

import numpy as np

import semid
from semid import _semid
from semid._input import to_codes, to_rows
from semid._values import place
from semid.compat.core import BaseSemanticEncoder, as_rows, device_of
from semid.compat.exceptions import NotFittedError

_MODEL = "model.safetensors"

#: Names of measures here and there.
_HISTORY = {"loss": "loss", "recon_loss": "reconstruction", "collision_rate": "collision_rate", "lr": "lr"}


class RQVAE(BaseSemanticEncoder):
    """RQ-VAE with the parameters of ``semantic-id``, trained to the same bits on every device, without PyTorch.

    Inputs are standardised, and codewords that no row uses start anew: without these, most codes collapse. The model
    kept is that of the epoch with the smallest loss on held-out rows, whether ``verbose`` or not.

    Parameters
    ----------
    in_dim, num_emb_list, e_dim, layers, dropout_prob, bn, loss_type, quant_loss_weight, beta, kmeans_init,
    kmeans_iters, sk_epsilons, sk_iters, lr, weight_decay, batch_size, epochs, lr_scheduler, warmup_epochs,
    lr_step_size, lr_gamma, device, verbose
        As there.
    random_state : int, default 42
        Everything random is a function of it.
    """

    def __init__(
        self,
        in_dim: int = 768,
        num_emb_list: Optional[List[int]] = None,
        e_dim: int = 64,
        layers: Optional[List[int]] = None,
        dropout_prob: float = 0.0,
        bn: bool = False,
        loss_type: str = "mse",
        quant_loss_weight: float = 1.0,
        beta: float = 0.25,
        kmeans_init: bool = False,
        kmeans_iters: int = 100,
        sk_epsilons: Optional[List[float]] = None,
        sk_iters: int = 100,
        lr: float = 1e-4,
        weight_decay: float = 0.0,
        batch_size: int = 2048,
        epochs: int = 100,
        lr_scheduler: Optional[str] = None,
        warmup_epochs: int = 0,
        lr_step_size: int = 50,
        lr_gamma: float = 0.5,
        device: str = "cpu",
        verbose: Any = False,
        random_state: int = 42,
    ):
        self.in_dim = in_dim
        self.num_emb_list = [256] * 4 if num_emb_list is None else num_emb_list
        self.e_dim = e_dim
        self.layers = [512, 256, 128] if layers is None else layers
        self.dropout_prob = dropout_prob
        self.bn = bn
        self.loss_type = loss_type
        self.quant_loss_weight = quant_loss_weight
        self.beta = beta
        self.kmeans_init = kmeans_init
        self.kmeans_iters = kmeans_iters
        self.sk_epsilons = sk_epsilons
        self.sk_iters = sk_iters
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.lr_scheduler = lr_scheduler
        self.warmup_epochs = warmup_epochs
        self.lr_step_size = lr_step_size
        self.lr_gamma = lr_gamma
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
        self.history_: Dict[str, List[float]] = {}
        self._fitted: Any = None

    @property
    def module(self) -> SimpleNamespace:
        """A view of what scripts ask of the network of PyTorch: the codebooks, and that no training is under way."""
        layers: list = list(self.num_emb_list)
        if isinstance(self._fitted, _semid.Model):
            layers = [self._fitted.codebook(level) for level in range(len(layers))]
        return SimpleNamespace(training=False, rq=SimpleNamespace(vq_layers=layers))

    def fit(self, X: Any, *, device: Optional[str] = None, pretrained_codebook_path: Optional[str] = None) -> "RQVAE":
        """Trains on rows (N, in_dim); with the codebooks of an RQKMeans, as RQ-KMeans+."""
        rows = as_rows(X, self.in_dim)
        params = self._params(len(rows))
        params["device"] = device_of(device if device is not None else self.device)
        if pretrained_codebook_path is not None:
            start = _start(pretrained_codebook_path, len(self.num_emb_list))
            trained = semid.RQKMeansPlus(start, **params).fit(rows)
        else:
            trained = semid.RQVAE(
                len(self.num_emb_list),
                list(self.num_emb_list),
                latent=self.e_dim,
                kmeans_init=self.kmeans_init,
                kmeans_iters=self.kmeans_iters,
                **params,
            ).fit(rows)
        history = trained.history_
        self.history_ = {name: history.get(ours, []) for name, ours in _HISTORY.items()}
        self._fitted = trained._model
        return self

    def _params(self, rows: int) -> dict:
        schedule: Any = "cosine" if self.lr_scheduler == "cosine" else "constant"
        if self.lr_scheduler == "step":
            schedule = {"step": {"epochs": self.lr_step_size, "gamma": self.lr_gamma}}
        warms_up = self.lr_scheduler in ("cosine", "constant_with_warmup")
        # So few rows are all trained on.
        held_out = 0.05 if rows >= 20 else 0.0
        return {
            "random_state": self.random_state,
            "hidden": list(self.layers),
            "epochs": self.epochs,
            "batch_size": min(self.batch_size, max(rows - int(np.ceil(rows * held_out)), 1)),
            "lr": self.lr,
            "weight_decay": self.weight_decay,
            "schedule": schedule,
            "warmup": self.warmup_epochs if warms_up else 0,
            "beta": self.beta,
            "quantization_weight": self.quant_loss_weight,
            "loss": self.loss_type,
            "dropout": self.dropout_prob,
            "batch_norm": self.bn,
            "sinkhorn": self.sk_epsilons,
            "sinkhorn_iter": self.sk_iters,
            "held_out": held_out,
            "progress": bool(self.verbose),
        }

    @property
    def _model(self) -> Any:
        if self._fitted is None:
            raise NotFittedError("Model is not fitted yet. Call fit() first.", "NotFitted")
        return self._fitted

    def to_semid(self) -> Any:
        """The model for everything that semid can do: registries, reports, sweeps and so on."""
        return semid._vae.of_model(self._model, {})

    def encode(self, X: Any, *, device: Optional[str] = None, batch_size: Optional[int] = None) -> np.ndarray:
        """The codes (N, L) of rows as int32; they do not depend on ``device`` and ``batch_size``."""
        model, rows = self._model, to_rows(as_rows(X, self.in_dim))
        return model.encode(rows, place(device_of(device if device is not None else self.device))).astype(np.int32)

    def decode(self, codes: Any) -> np.ndarray:
        """The rows (N, in_dim) that codes stand for, as float32."""
        codes = to_codes(codes)
        return self._model.decode(codes, codes.shape[1], place("cpu"))

    def save(self, path: str) -> None:
        """Saves to a folder: ``metadata.json``, and the model as one safetensors file."""
        model = self._model
        os.makedirs(path, exist_ok=True)
        names = ("in_dim", "num_emb_list", "e_dim", "layers", "dropout_prob", "bn", "loss_type", "quant_loss_weight")
        more = ("beta", "kmeans_init", "kmeans_iters", "sk_epsilons", "sk_iters")
        metadata = {name: getattr(self, name) for name in (*names, *more)}
        with open(os.path.join(path, "metadata.json"), "w", encoding="utf-8") as file:
            json.dump({**metadata, "type": "RQVAE"}, file, indent=2)
        model.save(os.path.join(path, _MODEL))

    @classmethod
    def load(cls, path: str, *, device: str = "cpu") -> "RQVAE":
        """Loads what ``save`` wrote here; or, with PyTorch, the ``model.pt`` of ``semantic-id``."""
        with open(os.path.join(path, "metadata.json"), encoding="utf-8") as file:
            metadata = json.load(file)
        if metadata.pop("type", None) != "RQVAE":
            raise semid.FormatError("Invalid model type: it is no RQVAE", "UnknownKind", path)
        model = cls(**metadata, device=device)
        own = os.path.join(path, _MODEL)
        if os.path.exists(own):
            model._fitted = _semid.Model.load(own)
        else:
            from semid.compat.algorithms._torch_model import TorchModel

            model._fitted = TorchModel.load(os.path.join(path, "model.pt"), bn=model.bn)
        return model


def _start(path: str, levels: int) -> semid.RQKMeans:
    """The model of the codebooks in an .npz file."""
    with np.load(path, allow_pickle=False) as books:
        codewords = [np.asarray(books[f"codebook_{level}"], np.float32) for level in range(levels)]
    return semid.RQKMeans.from_bytes(_semid.Model.from_codewords(codewords).to_bytes())
