"""Networks: RQ-VAE, and RQ-KMeans+, which starts from residual k-means."""

from __future__ import annotations

import os
from typing import Any, Optional, Sequence, Union

import numpy as np

from semid import _semid
from semid._base import Quantizer
from semid._errors import InputError
from semid._input import to_rows
from semid._kmeans import RQKMeans
from semid._pq import PQKMeans
from semid._values import _integer, _number

#: Parameters that stand in files under the same names, and how they are checked.
_SAME = {
    "epochs": "integer",
    "weight_decay": "number",
    "epsilon": "number",
    "warmup": "integer",
    "beta": "number",
    "quantization_weight": "number",
    "loss": "text",
    "reduction": "text",
    "dropout": "number",
    "batch_norm": "bool",
    "slope": "number",
    "kmeans_init": "bool",
    "kmeans_iters": "integer",
    "revive": "bool",
    "update": "text",
    "estimator": "text",
    "standardize": "bool",
    "held_out": "number",
    "keep": "text",
}


class RQVAE(Quantizer):
    """A residual-quantized variational autoencoder: a network whose latents get codes.

    Equal rows, parameters and seed give equal bits on every device, and the fingerprint that ``semid fit --kind
    rq-vae`` gives.

    Parameters
    ----------
    n_levels, n_clusters, random_state, device, n_jobs, progress
        As for ``RQKMeans``.
    hidden : sequence of int, default (512, 256, 128)
        Widths of the encoder's hidden layers; the decoder's are the same, reversed.
    latent : int, default 64
        Dimensions of the latent space.
    epochs : int, default 100
    batch_size : int, optional
        Rows per step; by default they follow the number of rows. ``RQVAE.semantic_id`` has the values of other
        libraries.
    lr : float, optional
        Learning rate; by default it follows the rows per step.
    weight_decay, betas, epsilon : default 0, (0.9, 0.999), 1e-8
        AdamW.
    schedule : {"constant", "cosine"} or dict
        ``{"step": {"epochs": 50, "gamma": 0.5}}`` multiplies the rate every 50 epochs.
    warmup : int, default 0
        Epochs over which the rate rises from 0.
    clip : float, optional
        Largest norm of the whole gradient.
    beta, quantization_weight : float, default 0.25, 1
        Weights of the commitment loss, and of both losses of the quantizer.
    loss : {"mse", "l1"}
    reduction : {"mean", "sum"}
    dropout : float, default 0
    batch_norm : bool, default False
    slope : float, default 0
        Above 0, ReLU is leaky.
    kmeans_init : bool, default True
        Codebooks start as residual k-means of latents, of ``kmeans_iters`` (100) iterations, and not at random.
    revive : bool, default True
        Codewords without rows in an epoch start anew.
    sinkhorn : float or sequence of float, optional
        Epsilons of balanced assignment while training, one for all levels or one each, with ``sinkhorn_iter``.
    update : "gradient" or dict
        ``{"moving-average": 0.99}`` lets codewords follow latents by a moving average.
    estimator : {"straight-through", "rotation"}
    standardize : bool, default True
        Inputs are scaled to mean 0 and variance 1 per dimension.
    held_out : float, default 0.05
        Share of the rows on which every epoch is judged.
    keep : {"loss", "collisions", "last"}
        Which epoch's model is kept: "loss" by default, and "last" for ``RQKMeansPlus``.
    width : int, default 8
        Bits of the integers whose products are exact: 8 or 16.
    sample : int, optional
    checkpoint : str or path-like, optional
        File that keeps the state; a training whose file is there goes on, to the same bits.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    >>> vae = semid.RQVAE(2, 8, hidden=[16], latent=4, epochs=2, batch_size=64, lr=1e-3, device="cpu")
    >>> vae.fit_predict(X).shape
    (500, 2)
    >>> vae.latents(X).shape
    (500, 4)
    """

    _kind = "rq-vae"

    def __init__(
        self,
        n_levels: int = 3,
        n_clusters: Any = 256,
        *,
        random_state: Any = 42,
        hidden: Sequence[int] = (512, 256, 128),
        latent: int = 64,
        epochs: int = 100,
        batch_size: Optional[int] = None,
        lr: Optional[float] = None,
        weight_decay: float = 0.0,
        betas: Sequence[float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        schedule: Any = "constant",
        warmup: int = 0,
        clip: Optional[float] = None,
        beta: float = 0.25,
        quantization_weight: float = 1.0,
        loss: str = "mse",
        reduction: str = "mean",
        dropout: float = 0.0,
        batch_norm: bool = False,
        slope: float = 0.0,
        kmeans_init: bool = True,
        kmeans_iters: int = 100,
        revive: bool = True,
        sinkhorn: Any = None,
        sinkhorn_iter: int = 50,
        update: Any = "gradient",
        estimator: Any = "straight-through",
        standardize: bool = True,
        held_out: float = 0.05,
        keep: str = "loss",
        width: Any = 8,
        sample: Optional[int] = None,
        checkpoint: Optional[Union[str, os.PathLike]] = None,
        device: str = "auto",
        n_jobs: Optional[int] = None,
        progress: Any = None,
    ):
        self.n_levels = n_levels
        self.n_clusters = n_clusters
        self.random_state = random_state
        self.hidden = hidden
        self.latent = latent
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.betas = betas
        self.epsilon = epsilon
        self.schedule = schedule
        self.warmup = warmup
        self.clip = clip
        self.beta = beta
        self.quantization_weight = quantization_weight
        self.loss = loss
        self.reduction = reduction
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.slope = slope
        self.kmeans_init = kmeans_init
        self.kmeans_iters = kmeans_iters
        self.revive = revive
        self.sinkhorn = sinkhorn
        self.sinkhorn_iter = sinkhorn_iter
        self.update = update
        self.estimator = estimator
        self.standardize = standardize
        self.held_out = held_out
        self.keep = keep
        self.width = width
        self.sample = sample
        self.checkpoint = checkpoint
        self.device = device
        self.n_jobs = n_jobs
        self.progress = progress

    @classmethod
    def semantic_id(cls, n_levels: int = 3, n_clusters: Any = 256, **parameters: Any) -> "RQVAE":
        """Returns parameters with the batch and the learning rate that other libraries take by default: 2,048 rows,
        of which there must be that many, and 1e-4."""
        return cls(**{"n_levels": n_levels, "n_clusters": n_clusters, "batch_size": 2048, "lr": 1e-4, **parameters})

    def _more_parameters(self) -> dict:
        fields: dict = {name: _checked(name, getattr(self, name), kind) for name, kind in _SAME.items()}
        fields["hidden"] = [_integer("hidden", width, 1) for width in self.hidden]
        fields["latent"] = _integer("latent", self.latent, 1)
        fields["betas"] = [_number("betas", beta) for beta in self.betas]
        fields["lr"] = None if self.lr is None else _number("lr", self.lr)
        fields["batch"] = None if self.batch_size is None else _integer("batch_size", self.batch_size, 1)
        fields["clip"] = None if self.clip is None else _number("clip", self.clip)
        fields["sample"] = None if self.sample is None else _integer("sample", self.sample, 1)
        fields["schedule"] = self.schedule
        fields["width"] = self.width
        if self.sinkhorn is not None:
            epsilons = self.sinkhorn if isinstance(self.sinkhorn, (list, tuple, np.ndarray)) else [self.sinkhorn]
            fields["sinkhorn"] = {
                "epsilons": [_number("sinkhorn", epsilon) for epsilon in epsilons],
                "iterations": _integer("sinkhorn_iter", self.sinkhorn_iter, 1),
            }
        return fields

    def _checkpoint(self) -> Optional[str]:
        return None if self.checkpoint is None else os.fspath(self.checkpoint)

    def latents(self, X: Any, *, column: Optional[str] = None) -> np.ndarray:
        """The latents (N, latent) of rows, which are compared with codewords."""
        return self._model.latents(to_rows(X, column=column), self._place())

    @property
    def history_(self) -> dict:
        """The measures of every epoch, by name: lists of losses, collision rates, learning rates and so on."""
        epochs = self._report().get("epochs", [])
        return {name: [epoch[name] for epoch in epochs] for name in (epochs[0] if epochs else ())}

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        params = super()._from_file(fields)
        same = (*_SAME, "lr", "hidden", "latent", "betas", "clip", "sample", "schedule", "width")
        params.update({name: fields[name] for name in same if name in fields})
        if fields.get("batch") is not None:
            params["batch_size"] = fields["batch"]
        sinkhorn = fields.get("sinkhorn")
        if sinkhorn and sinkhorn.get("epsilons"):
            params["sinkhorn"], params["sinkhorn_iter"] = sinkhorn["epsilons"], sinkhorn["iterations"]
        return params


def _checked(name: str, value: Any, kind: str) -> Any:
    if kind == "integer":
        return _integer(name, value)
    if kind == "number":
        return _number(name, value)
    return bool(value) if kind == "bool" else value


class RQKMeansPlus(RQVAE):
    """RQ-KMeans+: a network that starts as a fitted residual k-means model, and learns from there.

    On the rows that it is trained on it mostly has fewer collisions than the model that it starts from, and on sets of
    at most 5,000 rows it kept more neighbours. New rows have larger errors than by ``RQKMeans``, which is the better
    choice where items will be added, and takes seconds.

    Parameters
    ----------
    warm_start : RQKMeans, optional
        A fitted model to start from; a model that is not fitted, or none, is fitted to the same rows first.
    **params
        Those of ``RQVAE``, but ``latent``, ``kmeans_init`` and ``standardize``, which do not matter here. ``n_levels``
        and ``n_clusters`` are those of the warm start, and ``keep`` is "last" by default.

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    >>> start = semid.RQKMeans(2, 8).fit(X)
    >>> plus = semid.RQKMeansPlus(start, hidden=[16], epochs=1, batch_size=64, device="cpu").fit(X)
    >>> plus.n_clusters_
    [8, 8]
    """

    _kind = "rq-kmeans-plus"

    def __init__(
        self,
        warm_start: Optional[RQKMeans] = None,
        *,
        n_levels: int = 3,
        n_clusters: Any = 256,
        random_state: Any = 42,
        hidden: Sequence[int] = (512, 256, 128),
        epochs: int = 100,
        batch_size: Optional[int] = None,
        lr: Optional[float] = None,
        weight_decay: float = 0.0,
        betas: Sequence[float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        schedule: Any = "constant",
        warmup: int = 0,
        clip: Optional[float] = None,
        beta: float = 0.25,
        quantization_weight: float = 1.0,
        loss: str = "mse",
        reduction: str = "mean",
        dropout: float = 0.0,
        batch_norm: bool = False,
        slope: float = 0.0,
        revive: bool = True,
        sinkhorn: Any = None,
        sinkhorn_iter: int = 50,
        update: Any = "gradient",
        estimator: Any = "straight-through",
        held_out: float = 0.05,
        keep: str = "last",
        width: Any = 8,
        sample: Optional[int] = None,
        checkpoint: Optional[Union[str, os.PathLike]] = None,
        device: str = "auto",
        n_jobs: Optional[int] = None,
        progress: Any = None,
    ):
        self.warm_start = warm_start
        super().__init__(
            n_levels,
            n_clusters,
            random_state=random_state,
            hidden=hidden,
            epochs=epochs,
            batch_size=batch_size,
            lr=lr,
            weight_decay=weight_decay,
            betas=betas,
            epsilon=epsilon,
            schedule=schedule,
            warmup=warmup,
            clip=clip,
            beta=beta,
            quantization_weight=quantization_weight,
            loss=loss,
            reduction=reduction,
            dropout=dropout,
            batch_norm=batch_norm,
            slope=slope,
            revive=revive,
            sinkhorn=sinkhorn,
            sinkhorn_iter=sinkhorn_iter,
            update=update,
            estimator=estimator,
            held_out=held_out,
            keep=keep,
            width=width,
            sample=sample,
            checkpoint=checkpoint,
            device=device,
            n_jobs=n_jobs,
            progress=progress,
        )

    def _parameters(self) -> dict:
        fields = super()._parameters()
        # A sweep asks for the parameters before any fit, and has a start of its own.
        if "start_" in self.__dict__:
            start = self._start()
            fields["levels"], fields["clusters"] = len(start.clusters), list(start.clusters)
        for name in ("latent", "kmeans_init", "standardize"):
            fields.pop(name, None)
        return fields

    def fit(self, X: Any, y: Any = None, *, column: Optional[str] = None, column_weight: Any = None) -> Any:
        """Fits the model; see ``RQKMeans.fit``."""
        rows = to_rows(X, column=column)
        start = self.warm_start
        if start is None:
            start = RQKMeans(self.n_levels, self.n_clusters, random_state=self.random_state, device=self.device)
        if not isinstance(start, Quantizer):
            raise InputError(f"warm_start={start!r}: a model of RQKMeans", "Parameter")
        if "model_" not in start.__dict__:
            start = type(start)(**start.get_params(deep=False)).fit(rows, column_weight=column_weight)
        self.start_ = start
        return super().fit(rows, column=column, column_weight=column_weight)

    def _start(self) -> "_semid.Model":
        return self.start_._model

    def _warm_start(self, rows: Any) -> Optional["_semid.Model"]:
        return self._start()

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        params = super()._from_file(fields)
        return {name: value for name, value in params.items() if name in cls._names()}


def of_model(model: "_semid.Model", params: dict) -> Quantizer:
    """The class of a model's kind, with the model."""
    classes = (RQKMeans, RQVAE, RQKMeansPlus, PQKMeans)
    kinds = {kind: cls for cls in classes for kind in (cls._kind, *cls._kinds)}
    return kinds[model.kind]._of(model, params)


def load(path: Union[str, os.PathLike], **params: Any) -> Quantizer:
    """Loads a model file of any kind and checks all of it.

    Parameters
    ----------
    path : str or path-like
        What ``save`` or ``semid fit`` wrote.
    **params
        Parameters that no file has, such as ``device``.

    Returns
    -------
    RQKMeans, RQVAE, RQKMeansPlus or PQKMeans

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> import semid
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> model = semid.RQKMeans(1, 2).fit(np.array([[0.0], [1.0], [5.0], [6.0]]))
    >>> model.save(path)
    >>> semid.load(path).fingerprint == model.fingerprint
    True
    """
    return of_model(_semid.Model.load(path), params)
