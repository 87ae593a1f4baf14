"""What all models share: scikit-learn's habits without scikit-learn."""

from __future__ import annotations

import inspect
import json
import os
from typing import Any, Iterator, Optional, Tuple, Union

import numpy as np

from semid import _semid
from semid._errors import InputError, not_fitted
from semid._labels import columns_for, warn_without_labels
from semid._input import batches_of, count_rows, is_batches, to_codes, to_rows, _batch
from semid._interactions import keyed_pairs
from semid._progress import Listening
from semid._text import format_ids
from semid._values import _column_weight, _integer, _weights, place, seed_of


class Parameters:
    """Parameters as scikit-learn's estimators have them."""

    @classmethod
    def _names(cls) -> list:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict:
        """The parameters by name.

        Parameters
        ----------
        deep : bool
            There for scikit-learn: also those of a warm start, as ``warm_start__n_levels``.
        """
        params = {name: getattr(self, name) for name in self._names()}
        if deep:
            for name, value in list(params.items()):
                if hasattr(value, "get_params") and not isinstance(value, type):
                    params.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """Sets parameters by name and returns the model, which has to be fitted again.

        Raises
        ------
        ValueError
            For a parameter that there is not.
        """
        nested: dict = {}
        for name, value in params.items():
            own, _, inner = name.partition("__")
            if own not in self._names():
                raise InputError(
                    f"invalid parameter {own!r} for {type(self).__name__}; valid parameters are: {self._names()}",
                    "Parameter",
                )
            if inner:
                nested.setdefault(own, {})[inner] = value
            else:
                setattr(self, own, value)
        for own, inner_params in nested.items():
            getattr(self, own).set_params(**inner_params)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = []
        for name in self._names():
            value, default = getattr(self, name, None), defaults[name].default
            if type(value) is not type(default) or repr(value) != repr(default):
                changed.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(allow_nan=False, sparse=False),
        )


class Quantizer(Parameters):
    """A model that turns embeddings into codes, fitted or not."""

    #: Name of the kind in files.
    _kind = ""
    #: Names of all kinds that files of this class may have; only ``_kind`` where there are none.
    _kinds: Tuple[str, ...] = ()

    n_levels: int
    n_clusters: Any
    random_state: Any
    device: str
    n_jobs: Optional[int]
    progress: Any
    model_: "_semid.Model"
    report_: dict
    n_features_in_: int
    feature_names_in_: np.ndarray

    def _more_parameters(self) -> dict:
        """The parameters of the kind, by their names in files."""
        raise NotImplementedError

    # Fitting

    def fit(self, X: Any, y: Any = None, *, column: Optional[str] = None, column_weight: Any = None) -> Any:
        """Fits the model.

        Parameters
        ----------
        X : rows (N, D)
            NumPy arrays of any number type and strides, PyTorch tensors, PyArrow, Polars and pandas columns,
            ``datasets``, paths and patterns, and iterators of batches; see the README of the package. A dict of
            these, such as ``{"text": X, "image": Y}``, has several embeddings of every row.
        y : ignored
            There for scikit-learn.
        column : str, optional
            Column of embeddings in a table.
        column_weight : sequence of float, optional
            For a dict: the mean square of each embedding after it is scaled, by default 1 for each.

        Returns
        -------
        self

        Raises
        ------
        semid.InputError
            For rows or parameters that cannot be used; it is also a ``ValueError``.
        KeyboardInterrupt
            At Ctrl-C, within a second; the model is as it was before.
        """
        return self._fit(X, column, column_weight=_column_weight(column_weight))

    def _fit(self, X: Any, column: Optional[str], **options: Any) -> Any:
        rows = to_rows(X, column=column)
        with Listening(self.progress) as progress:
            model, report = _semid.fit(
                json.dumps(self._parameters()),
                rows,
                self._place(),
                progress=progress,
                checkpoint=self._checkpoint(),
                **{"warm_start": self._warm_start(rows), **options},
            )
        self._adopt(model, json.loads(report))
        self._remember_columns(X)
        return self

    def _checkpoint(self) -> Optional[str]:
        return None

    def _warm_start(self, rows: Any) -> Optional["_semid.Model"]:
        return None

    def _parameters(self) -> dict:
        clusters = self.n_clusters
        if isinstance(clusters, (list, tuple, np.ndarray)):
            clusters = [_integer("n_clusters", value, 1) for value in clusters]
        else:
            clusters = _integer("n_clusters", clusters, 1)
        return {
            "kind": self._kind,
            "levels": _integer("n_levels", self.n_levels, 1),
            "clusters": clusters,
            "seed": seed_of(self.random_state),
            **self._more_parameters(),
        }

    def _place(self, device: Optional[str] = None) -> tuple:
        return place(device if device is not None else self.device, self.n_jobs, getattr(self, "memory", None))

    def _adopt(self, model: "_semid.Model", report: Optional[dict] = None) -> None:
        self.model_ = model
        self.n_features_in_ = model.dim
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if report is not None:
            self.report_ = report

    def _remember_columns(self, X: Any) -> None:
        """The names of the columns of a pandas table, as scikit-learn's models keep them."""
        names = getattr(X, "columns", None)
        if names is not None and type(X).__module__.startswith("pandas") and len(names) == self.n_features_in_:
            if all(isinstance(name, str) for name in names):
                self.feature_names_in_ = np.asarray(names, dtype=object)

    def fit_predict(self, X: Any, y: Any = None, *, column: Optional[str] = None, **options: Any) -> np.ndarray:
        """Fits the model and returns the codes (N, L) of the same rows, as uint32; ``options`` are those of ``fit``."""
        rows = to_rows(X, column=column)
        self.fit(rows, **options)
        self._remember_columns(X)
        return self.encode(rows, labels=options.get("labels"))

    fit_transform = fit_predict

    # Using

    @property
    def _model(self) -> "_semid.Model":
        model = self.__dict__.get("model_")
        if model is None:
            raise not_fitted(self)
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return "model_" in self.__dict__

    def encode(
        self,
        X: Any,
        *,
        column: Optional[str] = None,
        device: Optional[str] = None,
        assignment: str = "nearest",
        capacity: Optional[int] = None,
        beam: Optional[int] = None,
        labels: Any = None,
    ) -> np.ndarray:
        """The codes of rows.

        Parameters
        ----------
        X : rows (N, D)
            As for ``fit``. An iterator of batches is encoded batch by batch, in the memory of one.
        column : str, optional
            Column of embeddings in a table.
        device : str, optional
            Another device than that of the model; the codes are the same on all.
        assignment : {"nearest", "priced"}
            ``"priced"`` keeps new rows near the balance of a balanced fit.
        capacity : int, optional
            The most rows that a codeword may get, at every level. All rows are then encoded together.
        beam : int, optional
            Codes kept per row and level in the search for those of the smallest total distance, which for no row grows
            with it; 1 takes the nearest codeword of every level. By default it is that of the model: 1, unless the fit
            had a ``refine_beam``.
        labels : labels of every row, optional
            For a model whose first codes labels give, as ``RQKMeans.fit`` takes them; without them all labels count as
            unknown, with a warning.

        Returns
        -------
        ndarray of uint32, (N, L)
        """
        if assignment not in ("nearest", "priced"):
            raise InputError(f"assignment={assignment!r}: 'nearest' or 'priced'", "Parameter")
        if capacity is not None:
            capacity = _integer("capacity", capacity, 1)
        if beam is not None:
            beam = _integer("beam", beam, 1)
        columns = columns_for(self._model, labels)
        if capacity is None and columns is None and is_batches(X):
            parts = list(self._batches(X, column, device, assignment, beam))
            return np.concatenate(parts) if parts else np.empty((0, len(self._model.clusters)), np.uint32)
        model = self._model
        rows = to_rows(X, column=column)
        self._check_width(rows)
        priced = assignment == "priced"
        return model.encode(rows, self._place(device), priced=priced, capacity=capacity, beam=beam, labels=columns)

    def candidates(
        self,
        X: Any,
        k: int,
        *,
        beam: Optional[int] = None,
        column: Optional[str] = None,
        device: Optional[str] = None,
        labels: Any = None,
    ) -> Tuple[np.ndarray, np.ndarray]:
        """The ``k`` codes of the smallest total distances that a beam finds for every row, the nearest first.

        Parameters
        ----------
        X : rows (N, D)
            As for ``fit``.
        k : int
            Candidates of every row.
        beam : int, optional
            Codes kept per row and level; by default ``k``, or the beam of the model where that is wider.
        labels : labels of every row, optional
            As for ``encode``; all candidates of a row have the codes of its labels.

        Returns
        -------
        codes : ndarray of uint32, (N, k, L)
        distances : ndarray of float64, (N, k)
            Squared distances between rows and the sums of their codewords; between latents, for a network.

        Examples
        --------
        >>> import numpy as np
        >>> import semid
        >>> X = np.random.default_rng(0).normal(size=(500, 8))
        >>> model = semid.RQKMeans(3, 8).fit(X)
        >>> codes, distances = model.candidates(X, 4, beam=8)
        >>> codes.shape, distances.shape
        ((500, 4, 3), (500, 4))
        """
        model = self._model
        k = _integer("k", k, 1)
        beam = None if beam is None else _integer("beam", beam, 1)
        rows = to_rows(X, column=column)
        self._check_width(rows)
        columns = columns_for(model, labels)
        codes, distances = model.candidates(rows, self._place(device), k, beam=beam, labels=columns)
        return codes.reshape(len(distances), k, codes.shape[1]), distances

    def predict(self, X: Any, *, column: Optional[str] = None) -> np.ndarray:
        """The codes of rows: the same as ``encode``, by scikit-learn's name."""
        return self.encode(X, column=column)

    def transform(self, X: Any) -> np.ndarray:
        """The codes of rows: the same as ``encode``, for pipelines."""
        return self.encode(X)

    def encode_batches(
        self,
        batches: Any,
        *,
        column: Optional[str] = None,
        device: Optional[str] = None,
        assignment: str = "nearest",
        beam: Optional[int] = None,
    ) -> Iterator[np.ndarray]:
        """Yields the codes (n, L) of every batch of an iterator. Labels of a model that takes some count as unknown."""
        warn_without_labels(self._model, "encode rows with their labels by encode")
        return self._batches(batches, column, device, assignment, beam)

    def _batches(
        self, batches: Any, column: Optional[str], device: Optional[str], assignment: str, beam: Optional[int]
    ) -> Iterator[np.ndarray]:
        model, at, priced = self._model, self._place(device), assignment == "priced"
        for batch in batches_of(batches):
            rows = to_rows(batch) if model.blocks() and isinstance(batch, dict) else _batch(batch, column)
            self._check_width(rows)
            yield model.encode(rows, at, priced=priced, beam=beam)

    def _check_width(self, rows: Any) -> None:
        """Says what is wrong in scikit-learn's words, which its tools look for."""
        shape = getattr(rows[0] if isinstance(rows, list) else rows, "shape", None)
        expected = self._model.dim
        if self._model.blocks():
            return  # the library names the embeddings
        if shape is not None and shape[1] != expected:
            name = type(self).__name__
            raise InputError(
                f"X has {shape[1]} features, but {name} is expecting {expected} features as input: use the embeddings "
                "the model was fitted for",
                "DimMismatch",
            )

    def decode(self, codes: Any, *, levels: Optional[int] = None, device: Optional[str] = None) -> np.ndarray:
        """The rows that codes stand for.

        Parameters
        ----------
        codes : array of integers, (N, L)
            Codes; columns that are left out at the end are those of the last levels.
        levels : int, optional
            Decodes by the first levels only.

        Returns
        -------
        ndarray of float32, (N, D)
        """
        model = self._model
        codes = to_codes(codes)
        levels = codes.shape[1] if levels is None else _integer("levels", levels, 1)
        return model.decode(codes, levels, self._place(device))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """The rows that codes stand for: the same as ``decode``, by scikit-learn's name."""
        return self.decode(X)

    def score(self, X: Any, y: Any = None, *, column: Optional[str] = None) -> float:
        """The squared error per row of decoding, with a minus: the nearer to 0, the better."""
        error = self._quality(X, {"k": 0}, column=column).get("squared_error_per_row")
        if error is None:
            raise InputError("residuals of unit length do not decode to rows; there is no score", "Undecodable")
        return -error

    def _quality(
        self,
        X: Any,
        settings: dict,
        *,
        codes: Any = None,
        column: Optional[str] = None,
        labels: Any = None,
        weights: Optional[np.ndarray] = None,
        interactions: Any = None,
        items: Any = None,
        device: Optional[str] = None,
        progress: Any = None,
    ) -> dict:
        """What ``semid.evaluate`` returns, by settings under the names that files have."""
        model = self._model
        given = None if codes is None else to_codes(codes)
        columns = columns_for(model, labels) if given is None else None
        rows = to_rows(X, column=column)
        self._check_width(rows)
        with Listening(progress) as tell:
            quality = _semid.evaluate(
                model,
                rows,
                json.dumps(settings),
                self._place(device),
                codes=given,
                progress=tell,
                labels=columns,
                weights=weights,
                interactions=keyed_pairs(interactions, items, count_rows(rows)),
            )
        return json.loads(quality)

    def ids(
        self,
        X: Any,
        *,
        column: Optional[str] = None,
        format: str = "plain",
        separator: str = "-",
        template: Optional[str] = None,
        labels: Any = None,
        output: str = "list",
    ) -> Any:
        """The semantic IDs of rows as text, which items with equal codes share; see ``semid.format_ids``.

        ``labels`` are those of the rows, for a model whose first codes labels give, see ``encode``.
        """
        codes = self.encode(X, column=column, labels=labels)
        return format_ids(codes, format=format, separator=separator, template=template, output=output)

    # What a fitted model is

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of everything that influences the codes: the same on every device, and as ``semid fit``."""
        return self._model.fingerprint

    @property
    def codebooks_(self) -> list:
        """The codewords of every level, (K, D) each, as float32: exact."""
        model = self._model
        return [model.codebook(level) for level in range(len(model.clusters))]

    @property
    def blocks_(self) -> list:
        """The embeddings that every row consists of, where there are several: dicts of name, width, weight, scale."""
        return [dict(zip(("name", "width", "weight", "scale"), block)) for block in self._model.blocks()]

    @property
    def n_clusters_(self) -> list:
        """The clusters of every level."""
        return list(self._model.clusters)

    @property
    def n_iter_(self) -> int:
        """Iterations, or epochs, of the fit, over all levels."""
        report = self._report()
        if "epochs" in report:
            return len(report["epochs"])
        return sum(level["iterations"] for level in report["levels"])

    @property
    def inertia_(self) -> float:
        """The squared distances of the rows of the fit to what they decode to, summed."""
        levels = self._report().get("levels")
        if not levels:
            raise AttributeError("inertia_ is known of residual k-means only; use score")
        last = self.report_.get("refinement") or levels[-1]
        return last["squared_error"] * self.report_["rows"]

    def _report(self) -> dict:
        _ = self._model
        if "report_" not in self.__dict__:
            raise AttributeError("a loaded model has no report of its fit")
        return self.report_

    def align_to(self, older: "Quantizer", X: Any, *, sample_weight: Any = None, column: Optional[str] = None) -> Any:
        """Renumbers the codes of this model so that most rows keep those of an older one; returns the model. A row
        counts as often as ``sample_weight``, an array of whole numbers (N,), says."""
        rows = to_rows(X, column=column)
        model = self._model.align_to(older._model, rows, _weights(sample_weight), self._place())
        self.model_ = model
        return self

    # Files

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Saves the model as one safetensors file, which appears complete or not at all; ``semid encode`` reads it."""
        self._model.save(path)

    def to_bytes(self) -> bytes:
        """The bytes of the model file."""
        return self._model.to_bytes()

    @classmethod
    def load(cls, path: Union[str, os.PathLike], **params: Any) -> Any:
        """Loads a model file of this kind and checks all of it.

        Parameters
        ----------
        path : str or path-like
            What ``save`` or ``semid fit`` wrote.
        **params
            Parameters that no file has, such as ``device``.
        """
        return cls._of(_semid.Model.load(path), params)

    @classmethod
    def from_bytes(cls, data: bytes, **params: Any) -> Any:
        """The model in the bytes of a model file."""
        return cls._of(_semid.Model.from_bytes(data), params)

    @classmethod
    def _of(cls, model: "_semid.Model", params: dict) -> Any:
        fields = json.loads(model.parameters() or "{}")
        if model.kind not in (cls._kind, *cls._kinds):
            raise InputError(f"this is a model of kind {model.kind!r}; use semid.load for any kind", "UnknownKind")
        known = cls._from_file({"clusters": list(model.clusters), "levels": len(model.clusters), **fields})
        made = cls(**{**known, **params})
        made._adopt(model)
        return made

    @classmethod
    def _from_file(cls, fields: dict) -> dict:
        """Parameters of this class for those of a file."""
        return {
            "n_levels": fields["levels"],
            "n_clusters": fields["clusters"],
            "random_state": fields.get("seed", 42),
        }

    def __getstate__(self) -> dict:
        state = dict(self.__dict__)
        model = state.pop("model_", None)
        state["_model_bytes"] = None if model is None else model.to_bytes()
        return state

    def __setstate__(self, state: dict) -> None:
        state = dict(state)
        data = state.pop("_model_bytes", None)
        self.__dict__.update(state)
        if data is not None:
            self.model_ = _semid.Model.from_bytes(data)
