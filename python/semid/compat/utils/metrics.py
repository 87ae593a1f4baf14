"""Measures of codes by the names of ``semantic-id``; ties count by expectation and not by the order of the rows."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

import semid

_QUERIES = 128


def hierarchical_distance(codes_a: Any, codes_b: Any) -> np.ndarray:
    """The number of levels from the first one on which codes differ.

    >>> hierarchical_distance(np.array([[1, 2, 3]]), np.array([[1, 2, 3], [1, 9, 3], [0, 2, 3]])).tolist()
    [0, 2, 3]
    """
    same = np.asarray(codes_a) == np.asarray(codes_b)
    return np.asarray(same.shape[-1] - np.logical_and.accumulate(same, axis=-1).sum(axis=-1))


def _between(codes_a: np.ndarray, codes_b: np.ndarray, metric: str) -> np.ndarray:
    if metric == "hamming":
        return (codes_a != codes_b).sum(axis=-1)
    return hierarchical_distance(codes_a, codes_b)


class _Neighbors:
    """For some queries, their true neighbours and how far all rows are by their codes."""

    def __init__(self, X: Any, codes: Any, k: int, sample_size: int, seed: int, metric: str):
        self.rows, self.codes = np.asarray(X, np.float64), np.asarray(codes)
        self.count, self.k, self.metric = len(self.rows), k, metric
        if k >= self.count:
            message = f"k={k} must be less than N={self.count} (need at least k+1 samples)"
            raise semid.InputError(message, "Parameter")
        random = np.random.RandomState(seed)
        self.queries = random.choice(self.count, min(self.count, sample_size), replace=False)

    def __iter__(self) -> Any:
        """Yields true neighbours, nearest first, and distances of codes, of one query after the other."""
        squares = (self.rows**2).sum(axis=1)
        for first in range(0, len(self.queries), _QUERIES):
            part = self.queries[first : first + _QUERIES]
            distances = squares[part, None] + squares[None] - 2 * self.rows[part] @ self.rows.T
            distances[np.arange(len(part)), part] = np.inf
            for query, row in zip(part, distances):
                near = np.argpartition(row, self.k - 1)[: self.k]
                by_codes = _between(self.codes[query], self.codes, self.metric).astype(np.float64)
                by_codes[query] = np.inf
                yield near[np.argsort(row[near], kind="stable")], by_codes


def _gains(by_codes: np.ndarray, k: int, of_place: np.ndarray) -> Any:
    """The expected gain of every row, where ``of_place`` are the gains of the first k places."""
    order = np.sort(by_codes)
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([of_place, np.zeros(len(order) - k)]))])

    def gain(row: int) -> float:
        first, end = np.searchsorted(order, by_codes[row]), np.searchsorted(order, by_codes[row], side="right")
        return float((sums[end] - sums[first]) / (end - first))

    return gain


def recall_at_k(
    X: Any, codes: Any, k: int = 10, sample_size: int = 1000, seed: int = 42, metric: str = "hierarchical"
) -> float:
    """The expected share of the k nearest rows that are among the k nearest by codes."""
    found = []
    for near, by_codes in _Neighbors(X, codes, k, sample_size, seed, metric):
        gain = _gains(by_codes, k, np.ones(k))
        found.append(sum(gain(row) for row in near) / k)
    return float(np.mean(found))


def ndcg_at_k(
    X: Any, codes: Any, k: int = 10, sample_size: int = 1000, seed: int = 42, metric: str = "hierarchical"
) -> float:
    """The expected gain of the neighbours by codes, of which nearer ones count more, beside the best possible."""
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    relevance = np.arange(k, 0, -1)
    best = float(relevance @ discount)
    found = []
    for near, by_codes in _Neighbors(X, codes, k, sample_size, seed, metric):
        gain = _gains(by_codes, k, discount)
        found.append(sum(weight * gain(row) for weight, row in zip(relevance, near)) / best)
    return float(np.mean(found))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, in which equal values have their mean."""
    order = np.sort(values)
    return (np.searchsorted(order, values) + np.searchsorted(order, values, side="right") - 1) / 2


def distance_correlation(
    X: Any,
    codes: Any,
    sample_size: int = 1000,
    n_pairs: int = 2000,
    seed: int = 42,
    metric: str = "hierarchical",
) -> float:
    """Spearman's rank correlation between the distances of rows and of codes, over random pairs."""
    rows, codes = np.asarray(X, np.float64), np.asarray(codes)
    random = np.random.RandomState(seed)
    one, other = (random.randint(0, len(rows), n_pairs) for _ in range(2))
    ranks = _ranks(np.linalg.norm(rows[one] - rows[other], axis=1)), _ranks(_between(codes[one], codes[other], metric))
    if min(np.ptp(of) for of in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


def find_similar(codes: Any, query: Union[int, Any], k: int = 10) -> Tuple[np.ndarray, np.ndarray]:
    """The k items nearest by codes, and their distances; ``query`` is a row, or codes (L,)."""
    codes = np.asarray(codes)
    is_row = isinstance(query, (int, np.integer))
    distances = hierarchical_distance(codes[query] if is_row else np.asarray(query), codes)
    order = np.argsort(distances, kind="stable")
    if is_row:
        order = order[order != int(query)]
    return order[:k], distances[order[:k]]


def code_utilization_per_level(codes: Any, n_clusters: Optional[Union[int, List[int]]] = None) -> List[float]:
    """The share of the codewords of every level that are used."""
    levels = _levels(codes, n_clusters)
    return [level["utilization"] for level in levels]


def code_entropy_per_level(codes: Any) -> List[float]:
    """The entropy of the codes of every level, in nats."""
    return [level["entropy"] for level in _levels(codes, None)]


def collision_rate_per_level(codes: Any) -> List[float]:
    """The collision rate of the first 1, 2, ... L codes: ``1 - different / N``."""
    return [level["prefix_collision_rate"] for level in _levels(codes, None)]


def _levels(codes: Any, n_clusters: Optional[Union[int, List[int]]]) -> list:
    codes = np.asarray(codes)
    if isinstance(n_clusters, (int, np.integer)):
        n_clusters = [int(n_clusters)] * codes.shape[1]
    return semid.code_metrics(codes, n_clusters)["levels"]


def evaluate(
    X: Any, codes: Any, encoder: Any = None, k: int = 10, n_pairs: int = 2000, seed: int = 42
) -> Dict[str, object]:
    """Everything that ``semantic-id`` measures, under the same names; ``semid.evaluate`` measures more."""
    codes = np.asarray(codes)
    rows = np.asarray(X)
    clusters = getattr(encoder, "n_clusters", None) or getattr(encoder, "num_emb_list", None)
    measured = semid.code_metrics(codes)
    results: Dict[str, object] = {
        "n_samples": len(rows),
        "n_unique_codes": measured["distinct_ids"],
        "collision_rate": measured["collision_rate"],
        "collision_rate_per_level": collision_rate_per_level(codes),
    }
    if k < len(rows):
        results[f"recall_at_{k}"] = recall_at_k(rows, codes, k=k, seed=seed)
        results[f"ndcg_at_{k}"] = ndcg_at_k(rows, codes, k=k, seed=seed)
    results["distance_correlation"] = distance_correlation(rows, codes, n_pairs=n_pairs, seed=seed)
    results["code_utilization_per_level"] = code_utilization_per_level(codes, clusters)
    results["code_entropy_per_level"] = code_entropy_per_level(codes)
    if encoder is not None:
        try:
            decoded = encoder.decode(codes)
        except NotImplementedError:
            return results
        results["quantization_mse"] = float(np.mean((rows.astype(np.float64) - decoded) ** 2))
    return results


evaluate_quality = evaluate
