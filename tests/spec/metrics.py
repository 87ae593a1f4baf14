"""Every metric by numpy, scipy and scikit-learn, on random and on adversarial inputs, for the tests of src/metrics.

    python3 tests/spec/metrics.py        # needs numpy, scipy and scikit-learn; writes tests/spec/metrics.json

A case has rows, their codes and one codebook per level; codes decode to the sum of their codewords. Distances between
rows, and between what IDs decode to, are those of the grid that semid_spec.py defines. Nothing here calls semid.
"""

import json
import math
import pathlib

import numpy as np
import semid_spec as spec
from scipy import stats
from sklearn.metrics import dcg_score, mean_squared_error
from sklearn.metrics.cluster import contingency_matrix


def case(name, rows, codes, codebooks, k, metric="l2", labels=None, other=None):
    codes = np.asarray(codes)
    return dict(
        name=name,
        metric=metric,
        rows=np.asarray(rows, dtype=np.float32),
        codes=codes,
        codebooks=[np.asarray(book, dtype=np.float32) for book in codebooks],
        k=k,
        labels=np.arange(len(codes)) % 3 if labels is None else np.asarray(labels),
        other=codes if other is None else np.asarray(other),
    )


def random(seed, n, d, clusters, k, metric="l2", step=None):
    """Rows near the sums of random codewords; on a coarse lattice, with many ties, where `step` is given."""
    r = np.random.default_rng(seed)
    books = [r.normal(size=(c, d)) / (level + 1) for level, c in enumerate(clusters)]
    codes = np.stack([r.integers(c, size=n) for c in clusters], axis=1)
    rows = sum(book[codes[:, level]] for level, book in enumerate(books)) + 0.3 * r.normal(size=(n, d))
    if step:
        rows, books = np.rint(rows / step) * step, [np.rint(book / step) * step for book in books]
    other = np.where(r.random(codes.shape) < 0.3, r.integers(min(clusters), size=codes.shape), codes)
    labels = (codes[:, 0] + (r.random(n) < 0.2)) % 4
    return case(f"random {seed}", rows, codes, books, k, metric, labels, other)


def cases():
    r = np.random.default_rng(0)
    yield random(1, 50, 6, [4, 4, 4], 5)
    yield random(2, 60, 3, [16, 8], 10)
    yield random(3, 40, 8, [3, 5, 7, 2], 1, "cosine")
    yield random(4, 45, 2, [4, 4], 7, step=1)
    yield random(5, 30, 5, [8], 4, "cosine", step=1)
    yield random(6, 55, 4, [5, 4], 3, step=0.5)
    yield random(7, 25, 3, [2] * 6, 24, step=1)
    yield random(8, 64, 16, [64, 64], 12)
    lattice = np.array([[x, y] for x in range(6) for y in range(6)])
    books = [[[0, 0], [3, 0], [0, 3], [3, 3]], [[0, 0], [1, 1], [2, 2]]]
    codes = np.stack([lattice[:, 0] // 3 + lattice[:, 1] // 3 * 2, (lattice[:, 0] + lattice[:, 1]) % 3], axis=1)
    yield case("lattice: ties everywhere", lattice, codes, books, 5)
    yield case("one row, no neighbours", [[1, 2, 3]], [[2, 0]], [np.eye(3), np.eye(3)], 0)
    yield case("two rows", [[1, 2], [3, 4]], [[0], [1]], [[[1, 2], [3, 3]]], 1)
    same = np.full((20, 4), 7.25)
    yield case("all rows equal, one ID", same, np.zeros((20, 2), int), [np.ones((3, 4)), np.ones((2, 4))], 6)
    yield case("all rows equal, many IDs", same, r.integers(4, size=(20, 2)), r.normal(size=(2, 4, 4)), 6)
    rows = np.repeat(r.normal(size=(9, 3)), 4, axis=0)
    yield case("every row four times", rows, r.integers(3, size=(36, 2)), r.normal(size=(2, 3, 3)), 5)
    rows = np.concatenate([rows, np.repeat(rows[:1], 14, axis=0)])
    codes = np.repeat(r.integers(6, size=(50, 1)), 3, axis=1)
    yield case("one row fifteen times", rows, codes, r.normal(size=(3, 6, 3)), 10)
    yield case("dead codes", r.normal(size=(24, 3)), r.integers(2, size=(24, 2)) * 7, r.normal(size=(2, 32, 3)), 4)
    yield case("one cluster", r.normal(size=(12, 3)), np.zeros((12, 2), int), r.normal(size=(2, 1, 3)), 3)
    yield case("one level, all apart", r.normal(size=(16, 3)), np.arange(16)[:, None], r.normal(size=(1, 16, 3)), 4)
    yield case("one-hot rows: all equally far", np.eye(18), r.integers(5, size=(18, 2)), r.normal(size=(2, 5, 18)), 7)
    books = np.repeat(r.normal(size=(2, 3, 4)), 2, axis=1)
    yield case("codewords twice", r.normal(size=(40, 4)), r.integers(6, size=(40, 2)), books, 8)
    skewed = np.minimum(r.geometric(0.5, size=(80, 3)) - 1, 9)
    yield case("skewed", r.normal(size=(80, 5)), skewed, r.normal(size=(3, 10, 5)), 10, labels=skewed[:, 0] % 2)
    rows = r.normal(size=(30, 4)) + 300
    yield case("a large offset", rows, r.integers(4, size=(30, 2)), [r.normal(size=(4, 4)) + 300, np.zeros((4, 4))], 5)
    rows = r.normal(size=(30, 4)) * 1e30
    yield case("large values", rows, r.integers(4, size=(30, 2)), r.normal(size=(2, 4, 4)) * 1e30, 5)
    rows = np.concatenate([np.zeros((3, 3)), rows[:9, :3], rows[:9, :3] * 2, -rows[:9, :3]])
    yield case("zeros and lengths", rows, r.integers(3, size=(30, 2)), r.normal(size=(2, 3, 3)), 6, "cosine")
    rows = r.normal(size=(22, 3))
    yield case("all neighbours", rows, r.integers(3, size=(22, 2)), r.normal(size=(2, 3, 3)), 21, labels=np.zeros(22))
    yield case("labels apart", rows, r.integers(3, size=(22, 2)), r.normal(size=(2, 3, 3)), 2, labels=np.arange(22))


def decode(case, levels):
    books = [book.astype(np.float64) for book in case["codebooks"]]
    return sum(book[case["codes"][:, level]] for level, book in enumerate(books[:levels])).astype(np.float32)


def squared_distances(x, metric):
    """Between all pairs of rows, as exact integers."""
    if metric == "cosine":
        q = np.stack([spec.unit_length(spec.row_to_own_grid(row)) for row in x])
    else:
        q = spec.to_grid(x, *spec.training_grid(x))
    return ((q[:, None] - q[None]).astype(object) ** 2).sum(axis=2)


def counts_of(values):
    return np.unique(values, axis=0, return_counts=True)[1]


def gini(counts):
    """Half the mean absolute difference over the mean."""
    return float(np.abs(counts[:, None] - counts[None]).mean() / 2 / counts.mean())


def entropy(counts):
    return float(stats.entropy(counts))


def of_ids(codes, clusters):
    counts, n = counts_of(codes), len(codes)
    most = math.log(math.prod(clusters))
    return dict(
        distinct_ids=len(counts),
        collision_rate=1 - len(counts) / n,
        collided_items=int(counts[counts > 1].sum()),
        collided_item_rate=float(counts[counts > 1].sum() / n),
        max_bucket=int(counts.max()),
        entropy=entropy(counts),
        entropy_ratio=entropy(counts) / most if most else 1.0,
        perplexity=math.exp(entropy(counts)),
        gini=gini(counts),
        imbalance=float(len(counts) * ((counts / n) ** 2).sum()),
    )


def of_level(codes, level, clusters):
    counts, n = np.bincount(codes[:, level], minlength=clusters), len(codes)
    used = counts[counts > 0]
    prefixes = len(counts_of(codes[:, : level + 1]))
    return dict(
        clusters=clusters,
        used_codes=len(used),
        dead_codes=clusters - len(used),
        utilization=len(used) / clusters,
        max_bucket=int(used.max()),
        entropy=entropy(used),
        perplexity=math.exp(entropy(used)),
        gini=gini(used),
        imbalance=float(clusters * ((counts / n) ** 2).sum()),
        prefixes=prefixes,
        prefix_collision_rate=1 - prefixes / n,
    )


def of_errors(case):
    x = case["rows"].astype(np.float64)
    if case["metric"] == "cosine":
        length = np.linalg.norm(x, axis=1, keepdims=True)
        x = x / np.where(length > 0, length, 1)
    y = decode(case, len(case["codebooks"])).astype(np.float64)
    levels = [decode(case, level + 1).astype(np.float64) for level in range(len(case["codebooks"]))]
    return dict(
        squared_error_per_row=float((np.linalg.norm(x - y, axis=1) ** 2).mean()),
        mse=float(mean_squared_error(x, y)),
        relative_l1=float((np.abs(x - y) / (np.maximum(np.abs(x), np.abs(y)) + 1e-4)).mean()),
        squared_error_per_level=[float(x.shape[1] * mean_squared_error(x, y)) for y in levels],
    )


def shares(distances, k):
    """The probability of every item to be among the k nearest, if all orders of tied items are equally likely."""
    last = sorted(distances)[k - 1]
    nearer, tied = distances < last, distances == last
    return np.where(nearer, 1.0, np.where(tied, (k - nearer.sum()) / tied.sum(), 0.0))


def dcg(relevance, distances, k):
    """scikit-learn averages over the orders of tied items."""
    scores = -stats.rankdata(distances, method="min")  # ranks, as distances may exceed what f64 tells apart
    # An item behind all others: scikit-learn wants at least two.
    relevance, scores = np.append(relevance, 0.0), np.append(scores, scores.min() - 1.0)
    return float(dcg_score(relevance[None], scores[None], k=k))


def of_neighbors(case):
    codes, k = case["codes"], case["k"]
    n, levels = codes.shape
    agree = codes[:, None] == codes[None]
    by = dict(
        prefix=levels - np.cumprod(agree, axis=2).sum(axis=2),
        decoded=squared_distances(decode(case, levels), case["metric"]),
        hamming=levels - agree.sum(axis=2),
    )
    truth = squared_distances(case["rows"], case["metric"])
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, k + 1))
    result = dict(recall_at_k={}, ndcg_at_k={}, distance_correlation={})
    upper = np.triu_indices(n, 1)
    for name, distances in by.items():
        recall, ndcg = [], []
        for query in range(n):
            others = np.arange(n) != query
            relevance = shares(truth[query][others], k)
            recall.append((relevance * shares(distances[query][others], k)).sum() / k)
            ndcg.append(dcg(relevance, distances[query][others], k) / ideal)
        result["recall_at_k"][name] = float(np.mean(recall))
        result["ndcg_at_k"][name] = float(np.mean(ndcg))
        ranks = [stats.rankdata([int(v) for v in of[upper]], method="dense") for of in (truth, distances)]
        varies = all(rank.max() > 1 for rank in ranks)
        result["distance_correlation"][name] = float(stats.spearmanr(*ranks)[0]) if varies else None
    return result


def purity(codes, labels):
    _, ids = np.unique(codes, axis=0, return_inverse=True)
    return float(contingency_matrix(ids.reshape(-1), labels).max(axis=1).sum() / len(labels))


def of_labels(case):
    r, labels = np.random.default_rng(1), case["labels"]
    result = []
    for length in range(1, case["codes"].shape[1] + 1):
        codes = case["codes"][:, :length]
        shuffled = [purity(codes, r.permutation(labels)) for _ in range(400)]
        result.append(dict(purity=purity(codes, labels), shuffled=np.mean(shuffled), deviation=np.std(shuffled)))
    return result


def of_stability(case):
    same = case["codes"] == case["other"]
    return dict(
        unchanged_codes=same.mean(axis=0).tolist(),
        unchanged_prefixes=np.cumprod(same, axis=1).mean(axis=0).tolist(),
    )


def estimates():
    """Confidence intervals of means of samples drawn without repetition."""
    r = np.random.default_rng(2)
    for n, population in [(2, 2), (5, 100), (40, 50), (300, 10**9)]:
        values = r.random(n)
        half = stats.sem(values) * math.sqrt(1 - n / population) * stats.norm.ppf(0.975)
        low, high = max(values.mean() - half, 0), min(values.mean() + half, 1)
        yield dict(values=values.tolist(), population=population, value=values.mean(), low=low, high=high)


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def main():
    all_cases = []
    for of in cases():
        clusters = [len(book) for book in of["codebooks"]]
        of["ids"] = of_ids(of["codes"], clusters)
        of["levels"] = [of_level(of["codes"], level, k) for level, k in enumerate(clusters)]
        of["errors"] = of_errors(of)
        of["neighbors"] = of_neighbors(of) if of["k"] else None
        of["purity"] = of_labels(of)
        of["stability"] = of_stability(of)
        all_cases.append(of)
    lines = [json.dumps(of, default=plain) for of in all_cases]
    path = pathlib.Path(__file__).with_name("metrics.json")
    text = ",\n".join(lines)
    path.write_text(f'{{"cases": [\n{text}\n],\n"estimates": {json.dumps(list(estimates()), default=plain)}}}\n')
    print(len(all_cases), "cases,", path.stat().st_size, "bytes")


main()
