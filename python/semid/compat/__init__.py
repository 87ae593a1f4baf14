"""The names and parameters of the Python library ``semantic-id`` 0.2, on top of semid.

A script written for that library works after its import is changed::

    from semid.compat import RQKMeans, RQVAE, SemanticIdEngine

What is different, because it is a defect there, is said in the README of the package.

>>> import numpy as np
>>> from semid.compat import RQKMeans, SemanticIdEngine
>>> X = np.random.RandomState(0).randn(100, 16)
>>> model = RQKMeans(n_levels=3, n_clusters=10, random_state=42).fit(X)
>>> model.encode(X).shape
(100, 3)
>>> len(set(SemanticIdEngine(encoder=model).unique_ids(X)))
100
"""

from semid.compat.algorithms.rq_kmeans import RQKMeans
from semid.compat.algorithms.rq_vae import RQVAE
from semid.compat.engine import SemanticIdEngine
from semid.compat.exceptions import NotFittedError, SemanticIdError, ShapeMismatchError
from semid.compat.uniqueness.resolver import SinkhornResolver, UniqueIdResolver
from semid.compat.uniqueness.stores import InMemoryCollisionStore, SQLiteCollisionStore
from semid.compat.utils.metrics import evaluate, find_similar, hierarchical_distance, ndcg_at_k

#: The version of the library whose names these are.
__version__ = "0.2.5"

__all__ = [
    "InMemoryCollisionStore",
    "NotFittedError",
    "RQKMeans",
    "RQVAE",
    "SQLiteCollisionStore",
    "SemanticIdEngine",
    "SemanticIdError",
    "ShapeMismatchError",
    "SinkhornResolver",
    "UniqueIdResolver",
    "__version__",
    "evaluate",
    "find_similar",
    "hierarchical_distance",
    "ndcg_at_k",
]
