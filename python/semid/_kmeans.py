"""Residual k-means."""

from __future__ import annotations

from typing import Any, Optional

from semid._base import Quantizer
from semid._errors import InputError
from semid._kmeans_base import KMeansFits
from semid._labels import columns_of
from semid._values import _column_weight, _integer, _number, _weights


class RQKMeans(KMeansFits):
    """Residual k-means: every level clusters what the levels before it left over.

    Equal rows, parameters and seed give equal bits on every device, for any number of threads, and the fingerprint
    that ``semid fit`` gives.

    Parameters
    ----------
    n_levels : int, default 3
        Levels, L: the codes of an ID.
    n_clusters : int or list of int, default 256
        Clusters of every level, K, or of each.
    {fits}
    metric : {"l2", "cosine"}
        ``"cosine"`` scales rows to unit length first.
    normalize_residuals : bool, default False
        Scales what every level leaves over to unit length.
    {algorithm}
    balanced : bool, default False
        Gives every cluster as many rows as the others, by exact optima.
    min_cluster_size, max_cluster_size : int, optional
        Other bounds of the rows of a cluster.
    sinkhorn : float, optional
        Epsilon of soft balance by Sinkhorn's algorithm, in ``sinkhorn_iter`` iterations.
    sinkhorn_iter : int, default 50
    {rows}
    refine : int, default 0
        Rounds that refine all levels together after the fit: codewords move to the mean of what all other levels leave
        of their rows, and by noise that shrinks from round to round, and rows are encoded again. The round that leaves
        least counts, so the error of the rows never rises.
    refine_beam : int, default 1
        Width of the beam that encodes the rows of a refinement. The model keeps it: ``encode`` searches as widely
        unless ``beam`` says otherwise.
    {work}

    Attributes
    ----------
    codebooks_ : list of ndarray (K, D)
    n_clusters_ : list of int
    n_features_in_ : int
    n_iter_ : int
    inertia_ : float
    report_ : dict
    fingerprint : str

    Examples
    --------
    >>> import numpy as np
    >>> import semid
    >>> X = np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32)
    >>> model = semid.RQKMeans(n_levels=3, n_clusters=8).fit(X)
    >>> codes = model.encode(X)
    >>> codes.shape, codes.dtype
    ((1000, 3), dtype('uint32'))
    >>> model.decode(codes).shape
    (1000, 16)
    >>> len(model.fingerprint)
    64
    """

    _kind = "rq-kmeans"
    _same = ("normalize_residuals", "refine", "refine_beam")

    normalize_residuals: bool
    balanced: bool
    min_cluster_size: Optional[int]
    max_cluster_size: Optional[int]
    sinkhorn: Optional[float]
    sinkhorn_iter: int
    refine: int
    refine_beam: int

    def __init__(
        self,
        n_levels: int = 3,
        n_clusters: Any = 256,
        *,
        random_state: Any = 42,
        max_iter: int = 100,
        tol: float = 1e-4,
        n_init: int = 1,
        init: str = "k-means++",
        metric: str = "l2",
        normalize_residuals: bool = False,
        algorithm: str = "lloyd",
        batch_size: int = 2048,
        init_size: int = 3072,
        layer_wise: bool = True,
        full_iter: int = 2,
        balanced: bool = False,
        min_cluster_size: Optional[int] = None,
        max_cluster_size: Optional[int] = None,
        sinkhorn: Optional[float] = None,
        sinkhorn_iter: int = 50,
        sample: Optional[int] = None,
        center: bool = True,
        refine: int = 0,
        refine_beam: int = 1,
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
        labels: Any = None,
        unknown: str = "nearest",
        warm_start: Optional[Quantizer] = None,
        freeze_levels: int = 0,
        column: Optional[str] = None,
        column_weight: Any = None,
    ) -> Any:
        """Fits the model.

        Parameters
        ----------
        X : rows (N, D)
            NumPy arrays of any number type and strides, PyTorch tensors, PyArrow, Polars and pandas columns,
            ``datasets``, paths and patterns, and iterators of batches; see the README of the package. A dict of
            these, such as ``{"text": X, "image": Y}``, has several embeddings of every row: they are scaled to equal
            mean squares and joined. A row of nothing but NaN lacks that embedding, whose mean takes its place, where
            the rows are in memory; files and iterators with such a row are refused, and so are rows that are null. The
            model keeps the scales, and takes dicts with the same names from then on.
        y : ignored
            There for scikit-learn.
        sample_weight : array of whole numbers (N,), optional
            How often every row counts: a row of weight 3 counts as three equal rows one after the other, one of 0 as
            none. The fingerprint is that of a fit of such repeated rows.
        labels : labels of every row, or a mapping of names to them, optional
            Labels such as categories give the codes of the first levels, which come before the ``n_levels`` others;
            ``{"category": [...], "brand": [...]}`` gives two. ``None``, NaN and empty labels are none.
        unknown : {"nearest", "reserve"}
            What a row without a known label gets: the code of the label whose mean is nearest, or one of its own.
        warm_start : fitted RQKMeans, optional
            The model to start from: it gives the grid and the first codewords, so most rows keep their codes.
        freeze_levels : int, default 0
            Levels of ``warm_start``, from the first one on, that keep their codewords bit for bit.
        column : str, optional
            Column of embeddings in a table.
        column_weight : sequence of float, optional
            For a dict: the mean square of each embedding after it is scaled, by default 1 for each. Half the weight
            means half the share in squared distances.

        Returns
        -------
        self

        Raises
        ------
        semid.InputError
            For rows, weights, labels or parameters that cannot be used; it is also a ``ValueError``.
        KeyboardInterrupt
            At Ctrl-C, within a second; the model is as it was before.

        Examples
        --------
        >>> import numpy as np
        >>> import semid
        >>> X = np.random.default_rng(0).normal(size=(500, 8))
        >>> kinds = ["cup" if row[0] > 0 else "tea" for row in X]
        >>> model = semid.RQKMeans(2, 8).fit(X, labels={"kind": kinds})
        >>> model.label_tables_
        {'kind': ['cup', 'tea']}
        >>> newer = semid.RQKMeans(2, 8).fit(X + 0.01, warm_start=semid.RQKMeans(2, 8).fit(X), freeze_levels=1)
        >>> newer.n_clusters_
        [8, 8]
        >>> rng = np.random.default_rng(0)
        >>> items = {"text": rng.normal(size=(500, 8)), "image": 100 * rng.normal(size=(500, 4))}
        >>> items["image"][7] = np.nan
        >>> model = semid.RQKMeans(2, 8).fit(items, column_weight=[1, 0.5])
        >>> model.report_["imputed"], model.encode(items).shape
        ({'image': 1, 'text': 0}, (500, 2))
        """
        if warm_start is not None and not isinstance(warm_start, RQKMeans):
            raise InputError(f"warm_start={warm_start!r}: a fitted model of RQKMeans", "Parameter")
        return self._fit(
            X,
            column,
            weights=_weights(sample_weight),
            labels=columns_of(labels),
            unknown=unknown,
            warm_start=None if warm_start is None else warm_start._model,
            freeze_levels=_integer("freeze_levels", freeze_levels, 0),
            column_weight=_column_weight(column_weight),
        )

    @property
    def label_tables_(self) -> dict:
        """The labels of the levels whose codes they give, by column; the label of each code, ``None`` for unknown."""
        return dict(self._model.labels)

    def _more_parameters(self) -> dict:
        bounds = {
            name: _integer(parameter, value)
            for name, parameter, value in (
                ("min", "min_cluster_size", self.min_cluster_size),
                ("max", "max_cluster_size", self.max_cluster_size),
            )
            if value is not None
        }
        sinkhorn = None
        if self.sinkhorn is not None:
            iterations = _integer("sinkhorn_iter", self.sinkhorn_iter, 1)
            sinkhorn = {"epsilon": _number("sinkhorn", self.sinkhorn), "iterations": iterations}
        return {
            **super()._more_parameters(),
            "normalize_residuals": bool(self.normalize_residuals),
            "sizes": bounds if bounds or self.balanced else None,
            "sinkhorn": sinkhorn,
            "refine": _integer("refine", self.refine, 0),
            "refine_beam": _integer("refine_beam", self.refine_beam, 1),
        }

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        params = super()._from_file(fields)
        sizes = fields.get("sizes")
        if sizes is not None:
            params["balanced"] = True
            params["min_cluster_size"], params["max_cluster_size"] = sizes.get("min"), sizes.get("max")
        sinkhorn = fields.get("sinkhorn")
        if sinkhorn is not None:
            params["sinkhorn"], params["sinkhorn_iter"] = sinkhorn["epsilon"], sinkhorn["iterations"]
        return params
