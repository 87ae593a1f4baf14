"""What all encoders share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Callable, Optional

import numpy as np

from semid._errors import InputError
from semid._text import format_ids
from semid.compat.exceptions import ShapeMismatchError


def as_rows(X: Any, expected_dim: Optional[int] = None) -> Any:
    """Rows of the shape (N, D); arrays stay as they are, so that no copy is made."""
    rows = X if hasattr(X, "shape") else np.asarray(X, dtype=np.float32)
    shape = tuple(rows.shape)
    if len(shape) != 2:
        raise ShapeMismatchError(f"Expected 2-D input (N, D), got {len(shape)}-D array with shape {shape}", "Shape")
    if shape[0] == 0:
        raise ShapeMismatchError("Input must contain at least one sample (N > 0)", "Empty")
    if expected_dim is not None and shape[1] != expected_dim:
        raise ShapeMismatchError(f"Expected D={expected_dim}, got D={shape[1]}", "DimMismatch")
    return rows


def _validate_embeddings(X: Any, expected_dim: Optional[int] = None) -> np.ndarray:
    """Rows as float32, without NaN and infinities."""
    rows = np.asarray(as_rows(np.asarray(X, dtype=np.float32), expected_dim))
    if not np.isfinite(rows).all():
        row, column = (int(at[0]) for at in np.nonzero(~np.isfinite(rows)))
        raise InputError(f"Input contains NaN or Inf values, first at row {row}, column {column}", "NotFinite")
    return rows


def codes_to_ids(
    codes: Any, *, sep: str = "-", fmt: str = "plain", formatter: Optional[Callable[[np.ndarray], str]] = None
) -> list:
    """The texts of codes (N, L): ``"3-9-1"``, ``"<a_3><b_9><c_1>"`` by ``fmt="token"``, or what a callable returns.

    Levels after the 26th are named ``aa``, ``ab`` and so on, where the other library begins anew.

    >>> codes_to_ids(np.array([[3, 9, 1]])), codes_to_ids(np.array([[3, 9]]), fmt="token")
    (['3-9-1'], ['<a_3><b_9>'])
    """
    codes = np.asarray(codes)
    if formatter is not None:
        return [formatter(row) for row in codes]
    if fmt != "token":
        return [sep.join(map(str, row)) for row in codes.tolist()]
    return format_ids(codes, format="token")


class BaseSemanticEncoder(ABC):
    """An encoder of embeddings; a class of your own may implement it."""

    @abstractmethod
    def fit(self, X: Any, *, device: str = "cpu") -> Any:
        """Trains on embeddings (N, D) and returns itself."""

    @abstractmethod
    def encode(self, X: Any, *, device: str = "cpu", batch_size: Optional[int] = None) -> np.ndarray:
        """The codes (N, L) of embeddings, as int32."""

    def semantic_id(
        self,
        codes: Any,
        *,
        sep: str = "-",
        fmt: str = "plain",
        formatter: Optional[Callable[[np.ndarray], str]] = None,
    ) -> list:
        """The texts of codes, see ``codes_to_ids``."""
        return codes_to_ids(codes, sep=sep, fmt=fmt, formatter=formatter)

    @abstractmethod
    def save(self, path: str) -> None:
        """Saves the model to a folder."""

    @classmethod
    @abstractmethod
    def load(cls, path: str, *, device: str = "cpu") -> Any:
        """Loads a model from its folder."""

    def decode(self, codes: Any) -> np.ndarray:
        """The rows (N, D) that codes stand for."""
        raise NotImplementedError("this encoder does not decode")

    def score(self, X: Any) -> dict:
        """Measures of the quantization by name."""
        raise NotImplementedError("this encoder has no score")


def device_of(device: Optional[str]) -> str:
    """The name of a device here for one of PyTorch's: ``"cuda"`` and ``"mps"`` are GPUs."""
    name = "cpu" if device is None else str(device)
    kind = name.partition(":")[0]
    return "gpu" if kind in ("cuda", "mps", "xpu") else name
