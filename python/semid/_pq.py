"""Product codes."""

from __future__ import annotations

from typing import Any, Optional

from semid._base import Quantizer, _column_weight, _integer, _number, _weights
from semid._kmeans import algorithm_of_file, algorithm_to_file


class PQKMeans(Quantizer):
    """Product codes: the dimensions are cut into slices, and every slice has a code of its own.

    The codes do not depend on each other, so a model that generates IDs can predict them all at once. A shared prefix
    says little about them, and their squared error is larger than that of as many levels of ``RQKMeans``. With
    ``residual_levels``, the first levels are those of ``RQKMeans``, and what they leave is cut into slices.

    Equal rows, parameters and seed give equal bits on every device, for any number of threads, and the fingerprint
    that ``semid fit --kind pq`` or ``--kind rq+pq`` gives.

    Parameters
    ----------
    n_levels : int, default 8
        All levels, L: the residual levels and the slices. The first slices have one dimension more than the others
        where the dimensions cannot be divided evenly.
    n_clusters : int or list of int, default 256
        Clusters of every level, K, or of each.
    residual_levels : int, default 0
        How many of the levels come before the slices, as levels of residual k-means.
    random_state : int, RandomState, Generator or None, default 42
        Everything random is a function of it; ``None`` is 42 too, so that a fit can be repeated.
    max_iter : int, default 100
        Most iterations per level; batches per level for mini-batch.
    tol : float, default 1e-4
        A level ends when its codewords move less: their squared movement beside the mean variance of a dimension.
    n_init : int, default 1
        Runs per level from different seeds, of which the best is kept.
    init : {"k-means++", "random", "hierarchical"}
        How the first codewords are chosen.
    metric : {"l2", "cosine"}
        ``"cosine"`` scales rows to unit length before they are cut.
    algorithm : {"lloyd", "mini-batch", "hierarchical"}
        As for ``RQKMeans``.
    batch_size, init_size : int, default 2048, 3072
        Rows per batch, and rows that the first codewords are chosen from.
    layer_wise : bool, default True
        Trains a residual level to its end before the next one.
    full_iter : int, default 2
        Most iterations over all rows that end a hierarchical fit.
    sample : int, optional
        Fits on that many rows, chosen by the seed.
    center : bool, default True
        Subtracts a middle per dimension; never for cosine.
    device : str, default "auto"
        ``"auto"``, ``"cpu"``, ``"gpu"``, ``"gpu:0"``, ``"reference"``: see ``semid.devices``.
    n_jobs : int, optional
        Threads of the device ``"cpu"``; all cores by default.
    memory : int or str, optional
        Bytes that a fit may use, such as ``"2GiB"``; rows that need more are read again for every pass.
    progress : bool or callable, optional
        ``True`` for a bar of tqdm, where that is installed, or a callable that gets a ``semid.Progress``; what it
        raises ends the fit.

    Attributes
    ----------
    codebooks_ : list of ndarray
        (K, D) for residual levels, (K, d) for slices of d dimensions.
    n_clusters_ : list of int
    n_features_in_ : int
    report_ : dict
    fingerprint : str

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32)
    >>> model = semid.PQKMeans(n_levels=4, n_clusters=8).fit(X)
    >>> codes = model.encode(X)
    >>> codes.shape, codes.dtype
    ((1000, 4), dtype('uint32'))
    >>> [codebook.shape for codebook in model.codebooks_]
    [(8, 4), (8, 4), (8, 4), (8, 4)]
    >>> tail = semid.PQKMeans(n_levels=3, n_clusters=8, residual_levels=1).fit(X)
    >>> [codebook.shape for codebook in tail.codebooks_]
    [(8, 16), (8, 8), (8, 8)]
    """

    _kind = "pq"
    _kinds = ("pq", "rq+pq")

    def __init__(
        self,
        n_levels: int = 8,
        n_clusters: Any = 256,
        *,
        residual_levels: int = 0,
        random_state: Any = 42,
        max_iter: int = 100,
        tol: float = 1e-4,
        n_init: int = 1,
        init: str = "k-means++",
        metric: str = "l2",
        algorithm: str = "lloyd",
        batch_size: int = 2048,
        init_size: int = 3072,
        layer_wise: bool = True,
        full_iter: int = 2,
        sample: Optional[int] = None,
        center: bool = True,
        device: str = "auto",
        n_jobs: Optional[int] = None,
        memory: Any = None,
        progress: Any = None,
    ):
        self.n_levels = n_levels
        self.n_clusters = n_clusters
        self.residual_levels = residual_levels
        self.random_state = random_state
        self.max_iter = max_iter
        self.tol = tol
        self.n_init = n_init
        self.init = init
        self.metric = metric
        self.algorithm = algorithm
        self.batch_size = batch_size
        self.init_size = init_size
        self.layer_wise = layer_wise
        self.full_iter = full_iter
        self.sample = sample
        self.center = center
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory
        self.progress = progress

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        column: Optional[str] = None,
        column_weight: Any = None,
    ) -> Any:
        """Fits the model; see ``RQKMeans.fit``."""
        weights = _weights(sample_weight)
        return self._fit(X, column, weights=weights, column_weight=_column_weight(column_weight))

    def _more_parameters(self) -> dict:
        residual_levels = _integer("residual_levels", self.residual_levels)
        tail = {"kind": "rq+pq", "residual_levels": residual_levels} if residual_levels else {}
        return {
            **tail,
            "max_iter": _integer("max_iter", self.max_iter, 1),
            "tol": _number("tol", self.tol),
            "n_init": _integer("n_init", self.n_init, 1),
            "init": self.init,
            "metric": self.metric,
            "algorithm": algorithm_to_file(self),
            "sample": None if self.sample is None else _integer("sample", self.sample, 1),
            "center": bool(self.center),
        }

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        params = super()._from_file(fields)
        same = ("residual_levels", "max_iter", "tol", "n_init", "init", "metric", "sample", "center")
        params.update({name: fields[name] for name in same if name in fields})
        params.update(algorithm_of_file(fields.get("algorithm", "lloyd")))
        return params
