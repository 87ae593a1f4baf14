"""Product codes."""

from __future__ import annotations

from typing import Any, Optional

from semid._kmeans_base import KMeansFits
from semid._values import _column_weight, _integer, _weights


class PQKMeans(KMeansFits):
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
    {fits}
    metric : {"l2", "cosine"}
        ``"cosine"`` scales rows to unit length before they are cut.
    {algorithm}
    {rows}
    {work}

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
    _same = ("residual_levels",)

    residual_levels: int

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
        self._set(locals())

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
        return {**tail, **super()._more_parameters()}
