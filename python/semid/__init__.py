"""Semantic IDs from embeddings, with the same bits on every device.

A semantic ID is a short list of codes, such as ``12-5-33``, that says where an item lies among the others: similar
items share a prefix.

>>> import numpy as np
>>> import semid
>>> X = np.random.default_rng(0).normal(size=(1000, 16))
>>> model = semid.RQKMeans(n_levels=3, n_clusters=16, random_state=42).fit(X)
>>> engine = semid.SemanticIdEngine(model)
>>> ids = engine.unique_ids(X, [f"item {i}" for i in range(1000)])
>>> len(set(ids))
1000
"""

from semid._errors import (
    CancelledError,
    DeviceError,
    FileError,
    FormatError,
    InputError,
    MissingFileError,
    NoMemoryError,
    NotFittedError,
    RegistryError,
    SemidError,
    UnknownItemError,
)
from semid._semid import Source, __version__
from semid._evaluate import Verified, code_metrics, devices, drift, evaluate, verify
from semid._input import load_demo, open
from semid._kmeans import RQKMeans
from semid._pq import PQKMeans
from semid._progress import Progress
from semid._registry import Registry, SemanticIdEngine
from semid._report import Report
from semid._smoothing import smooth
from semid._sweep import SweepResult, sweep
from semid._text import format_ids
from semid._vae import RQVAE, RQKMeansPlus, load
from semid._values import whole_weights

__all__ = [
    "CancelledError",
    "DeviceError",
    "FileError",
    "FormatError",
    "InputError",
    "MissingFileError",
    "NoMemoryError",
    "NotFittedError",
    "PQKMeans",
    "Progress",
    "RQKMeans",
    "RQKMeansPlus",
    "RQVAE",
    "Registry",
    "RegistryError",
    "Report",
    "SemanticIdEngine",
    "SemidError",
    "Source",
    "SweepResult",
    "UnknownItemError",
    "Verified",
    "__version__",
    "code_metrics",
    "devices",
    "drift",
    "evaluate",
    "format_ids",
    "load",
    "load_demo",
    "open",
    "smooth",
    "sweep",
    "verify",
    "whole_weights",
]
