"""The numeric contract of semid, once more and independently: what a model file means, and which codes a row gets.

Integers are int64 or Python's own, so nothing is ever rounded; the only floats are IEEE binary64 where the contract
says so. Written to be read; it is slow. Nothing here calls semid.
"""

import bisect
import hashlib
import itertools
import json
import math
import struct
from dataclasses import dataclass

import numpy as np

GRID_MAX = 2**23 - 1  # largest magnitude of a value on a row's own grid
SATURATION = 3 * 2**21  # largest magnitude of a value on the grid of a model
RANGE = 2**20  # magnitude that `fit` lets training values reach
UNIT_EXPONENT = 20  # a row of unit length has length 2^20 on the unit grid


@dataclass
class Model:
    config: dict
    offset: np.ndarray  # (D,) float32
    codebooks: list  # per level (K, D) int64, grid integers; of a slice (K, d)

    @property
    def slices(self):
        """The dimensions of every slice; none for residual k-means."""
        return slices(self.config["dim"], len(self.codebooks) - self.residual_levels)

    @property
    def residual_levels(self):
        return self.config.get("residual_levels", self.config["levels"])

    @property
    def tables(self):
        """The labels of every code, None for that of unknown ones, of the first levels whose codes labels give."""
        return [table["labels"] for table in self.config.get("label_levels", [])]

    @property
    def width(self):
        """The width of the beam that encodes rows."""
        return self.config.get("beam", 1)

    @property
    def cosine(self):
        return self.config["metric"] == "cosine"

    def scales_level(self, level):
        """Whether the residuals of `level` are scaled to unit length."""
        return self.config.get("normalize_residuals", False) or (self.cosine and level == 0)

    def room(self, level):
        """The largest component that codewords of a level may have."""
        before = self.codebooks[: min(level, self.residual_levels)]
        left = 2**23 - sum(int(np.abs(book).max()) for book in before)
        return left // 2 if 0 < level < self.residual_levels else left - left // 4


def slices(dim, count):
    """Cuts dimensions in their order; the first slices are one wider where the cut is uneven."""
    ends = [number * (dim // count) + min(number, dim % count) for number in range(count + 1)] if count else []
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def need(condition, what):
    if not condition:
        raise ValueError(f"not a sound model: {what}")


def load(path):
    """Reads a model file and checks everything that is said about it."""
    blob = open(path, "rb").read()
    (length,) = struct.unpack("<Q", blob[:8])
    header, data = json.loads(blob[8 : 8 + length]), blob[8 + length :]
    meta = header.pop("__metadata__")
    config = json.loads(meta["config"])
    kind = "rq-kmeans"
    if "residual_levels" in config:
        kind = "rq+pq" if config["residual_levels"] else "pq"
        need(0 <= config["residual_levels"] < config["levels"], "residual levels")
    need((meta["format"], meta["format_version"], meta["kind"]) == ("semid", "4", kind), "format")
    names = [f"codebook.{level}" for level in range(config["levels"])] + ["offset"]
    need(sorted(header) == sorted(names), "names of the tensors")
    raw = {name: data[slice(*header[name]["data_offsets"])] for name in names}
    need(sum(map(len, raw.values())) == len(data), "bytes beside the tensors")
    values = {name: np.frombuffer(raw[name], "<f4").reshape(header[name]["shape"]) for name in names}

    exponent = config["codebook_exponent"]
    need(-108 <= config["grid_exponent"] <= 126, "grid exponent")
    unit = config["metric"] == "cosine" or config.get("normalize_residuals", False)
    need(exponent == (UNIT_EXPONENT if unit else config["grid_exponent"]), "codebook exponent")
    need(values["offset"].shape == (config["dim"],) and np.isfinite(values["offset"]).all(), "offset")
    model = Model(config, values["offset"], [None] * config["levels"])
    widths = [config["dim"]] * model.residual_levels + [cut.stop - cut.start for cut in model.slices]
    codebooks = []
    for name, clusters, width in zip(names, config["clusters"], widths, strict=False):
        scaled = np.ldexp(values[name].astype(np.float64), exponent)
        need(scaled.shape == (clusters, width), f"shape of {name}")
        need((scaled == np.rint(scaled)).all(), f"{name} is on the grid")
        codebooks.append(scaled.astype(np.int64))
    model.codebooks = codebooks
    largest = [int(np.abs(book).max()) for book in codebooks]
    tail = max(largest[model.residual_levels :], default=0)
    need(sum(largest[: model.residual_levels]) + tail <= 2**23, "codewords of all levels together")
    need(config.get("beam", 2) in range(2, 1025), "width of the beam")
    for labels, book in zip(model.tables, codebooks):
        need(len(labels) == len(set(labels)) == len(book) and "" not in labels, "a label for every code")
    need(meta["fingerprint"] == fingerprint(model), "fingerprint")
    covered = [meta[key].encode() for key in ("format", "format_version", "kind", "config", "fingerprint")]
    covered += [raw[name] for name in names]
    need(meta["checksum"] == sha256(*(struct.pack("<Q", len(part)) + part for part in covered)), "checksum")
    return model


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def fingerprint(model):
    """SHA-256 of everything that influences an encode."""
    c = model.config
    if "residual_levels" in c:
        head, sizes = b"semid pq 1\0" + bytes([model.cosine]), [c["dim"], c["levels"], c["residual_levels"]]
    else:
        head, sizes = b"semid rq-kmeans 1\0" + bytes([model.cosine, c["normalize_residuals"]]), [c["dim"], c["levels"]]
    sizes += c["clusters"]
    inner = sha256(
        head,
        struct.pack("<ii", c["grid_exponent"], c["codebook_exponent"]),
        struct.pack(f"<{len(sizes)}I", *sizes),
        model.offset.astype("<f4").tobytes(),
        *(book.astype("<i4").tobytes() for book in model.codebooks),
        *labels_bytes(model.tables),
        *([b"beam\0" + struct.pack("<I", model.width)] if model.width > 1 else []),
    )
    return blocks_fingerprint(inner, c["blocks"]) if "blocks" in c else inner


def blocks_fingerprint(inner, blocks):
    """The fingerprint of a model whose rows consist of several blocks; without them it would be `inner`."""
    parts = [b"semid blocks 1\0", inner.encode(), struct.pack("<I", len(blocks))]
    for block in blocks:
        parts += [struct.pack("<Id", len(block["mean"]), block["scale"]), np.array(block["mean"], "<f4").tobytes()]
    return sha256(*parts)


def labels_bytes(tables):
    if tables:
        yield b"labels\0" + struct.pack("<I", len(tables))
    for labels in tables:
        yield struct.pack("<I", len(labels))
        for label in labels:
            text = (label or "").encode()
            yield struct.pack("<I", 2**32 - 1 if label is None else len(text)) + text


def to_grid(x, offset, exponent, largest=SATURATION):
    """clamp(round_half_even((x - offset) 2^exponent)) in binary64."""
    scaled = np.ldexp(x.astype(np.float64) - offset.astype(np.float64), exponent)
    return np.clip(np.rint(scaled), -largest, largest).astype(np.int64)


def row_to_own_grid(row):
    """A row for the cosine metric: its largest |q| is in [2^22, 2^23), so that its length does not matter."""
    largest = float(np.abs(row).max())
    exponent = 23 - math.frexp(largest)[1] if largest else 0
    return to_grid(row, np.zeros_like(row), exponent, GRID_MAX)


def unit_length(row):
    """A row of integers scaled to length 2^20."""
    q = [int(value) for value in row]
    n2 = sum(value * value for value in q)
    if n2 == 0:
        return np.array(q)
    shift = (62 - n2.bit_length()) // 2 * 2  # even, and n2 << shift is in [2^60, 2^62)
    s = math.isqrt(n2 << shift)
    return np.array([(2 * value * 2 ** (20 + shift // 2) + s) // (2 * s) for value in q])


def nearest(rows, book):
    """Index of the codeword at the smallest squared distance, the lowest index on a tie."""
    distances = np.stack([((rows - codeword) ** 2).sum(axis=1) for codeword in book], axis=1)
    return distances.argmin(axis=1)  # numpy's argmin returns the first of equals


def labelled(table, q, book, column):
    """The codes of rows by their labels; unknown ones have the reserved code or the nearest."""
    codes = np.full(len(q), table.index(None)) if None in table else nearest(q, book)
    known = {label: code for code, label in enumerate(table) if label is not None}
    for row, label in enumerate(column or []):
        codes[row] = known.get(label, codes[row])
    return codes


def residuals(model, x, columns=()):
    """Yields level, residuals (N, D), of slices (N, d), and codes (N,) of float32 rows `x` with columns of labels."""
    if model.cosine:
        q = np.stack([row_to_own_grid(row) for row in x])
    else:
        q = to_grid(x, model.offset, model.config["grid_exponent"])
    for level, book in enumerate(model.codebooks[: model.residual_levels]):
        if model.scales_level(level):
            q = np.stack([unit_length(row) for row in q])
        column = columns[level] if level < len(columns) else None
        given = level < len(model.tables)
        codes = labelled(model.tables[level], q, book, column) if given else nearest(q, book)
        yield level, q, codes
        q = q - book[codes]
    if model.cosine and not model.residual_levels:
        q = np.stack([unit_length(row) for row in q])
    rest = np.clip(q, -SATURATION, SATURATION)
    for level, cut in enumerate(model.slices, model.residual_levels):
        yield level, rest[:, cut], nearest(rest[:, cut], model.codebooks[level])


def encode(model, x, columns=()):
    if model.width > 1:
        return beam(model, x, model.width, 1, columns)[0][:, 0]
    return np.stack([codes for _, _, codes in residuals(model, x, columns)], axis=1).astype(np.uint32)


def beam(model, x, width, count, columns=()):
    """The candidates of a beam: codes (N, count, L), and their squared distances (N, count) in grid steps."""
    given = len(model.tables)
    levels = itertools.islice(residuals(model, x, columns), given + 1)
    codes, rows = zip(*((codes, rows) for _, rows, codes in levels))
    codes, books = np.stack(codes, axis=1)[:, :given], model.codebooks[given:]
    found = [beam_of_row(books, row, width, count) for row in rows[given]]
    codes = [[(*own.tolist(), *codes) for _, codes in row] for own, row in zip(codes, found)]
    return np.array(codes, np.uint32), [[distance for distance, _ in row] for row in found]


def beam_of_row(codebooks, row, width, count):
    """The first `count` of (distance, codes) for one row of level 0."""
    places = [()]
    for level, book in enumerate(codebooks):
        extensions = []  # of every place, in order
        for codes in places:
            residual = row - sum(book[code] for book, code in zip(codebooks, codes))
            extensions.append([(d, (*codes, k)) for k, d in enumerate(distances(book, residual).tolist())])
        if level == len(codebooks) - 1:
            return sorted(itertools.chain(*extensions))[:count]
        places, total = [], min(width, len(places) * len(book))
        for j in range(1, total + 1):
            places.append(min(e for e in itertools.chain(*extensions[:j]) if e[1] not in places)[1])


def least_sum(costs):
    """The smallest sum of one cost from every row (n), each from another column (m >= n), by Kuhn and Munkres."""
    n, m = len(costs), len(costs[0])
    of_row, of_column, row_of = [0] * (n + 1), [0] * (m + 1), [0] * (m + 1)
    for row in range(1, n + 1):
        row_of[0], column = row, 0
        least, before, done = [math.inf] * (m + 1), [0] * (m + 1), [False] * (m + 1)
        while row_of[column]:
            done[column], at = True, row_of[column]
            for other in range(1, m + 1):
                reduced = costs[at - 1][other - 1] - of_row[at] - of_column[other]
                if not done[other] and reduced < least[other]:
                    least[other], before[other] = reduced, column
            nearest = min((least[other], other) for other in range(1, m + 1) if not done[other])
            for other in range(m + 1):
                if done[other]:
                    of_row[row_of[other]] += nearest[0]
                    of_column[other] -= nearest[0]
                else:
                    least[other] -= nearest[0]
            column = nearest[1]
        while column:
            row_of[column] = row_of[before[column]]
            column = before[column]
    return sum(costs[row_of[column] - 1][column - 1] for column in range(1, m + 1) if row_of[column])


def open_places(codebooks, row, free, wanted, prefix):
    """The `wanted` nearest of the free places, as (distance, codes), that an item looks at which finds none by its own
    codes: it goes through the prefixes of the last level below `prefix`, nearest first, and stops after 64 of them, or
    after 8 with `wanted` free places. `free` has the number of free places of all codes."""
    found, seen = [], 0

    def go(codes):
        nonlocal seen
        residual = row - sum(book[code] for book, code in zip(codebooks, codes))
        order = sorted((d, (*codes, k)) for k, d in enumerate(distances(codebooks[len(codes)], residual).tolist()))
        if len(codes) == len(codebooks) - 1:
            found.extend(place for place in order if free[place[1]])
            seen += 1
            return
        for _, longer in order:
            if seen >= 64 or (seen >= 8 and sum(free[place] for _, place in found) >= wanted):
                break
            if any(free[place] for place in free if place[: len(longer)] == longer):
                go(longer)

    go(prefix)
    return sorted(found)[:wanted]


def best_moves(model, x, keys, codes, gain, most):
    """The items (key, row, distance before, distance after), at most `most`, whose distances shrink by more than a
    share `gain` where they go from `codes` to those of the model; the largest decrease first, then the lowest key."""
    _, rows, _ = next(residuals(model, x))
    at = lambda row, codes: int(((row - sum(book[k] for book, k in zip(model.codebooks, codes))) ** 2).sum())
    both = [(at(row, old), at(row, new)) for row, old, new in zip(rows, codes, encode(model, x))]
    found = [(key, row, *of) for row, (key, of) in enumerate(zip(keys, both)) if of[0] - of[1] > gain * of[0]]
    return sorted(found, key=lambda of: (of[3] - of[2], of[0]))[:most]


def refine(model, x, rounds, width, frozen=0):
    """Refines the levels of `model` together, from the level `frozen` on; returns the model that encodes by a beam of
    this width, and the squared errors before the first round and after every round, in grid steps."""
    _, rows, _ = next(residuals(model, x))
    rows, books = np.asarray(rows), list(model.codebooks)
    levels = range(frozen, len(books))
    codes, error = encode_rows(books, rows, width)
    errors, best = [error], books
    for number in range(1, rounds + 1):
        noise = math.isqrt(error // (160 * rows.size) * min(rounds - number, 19)) if levels else 0
        new = list(books)
        for level in levels:
            left = rows - sum(new[other][codes[:, other]] for other in range(len(new)) if other != level)
            members = [left[codes[:, level] == k] for k in range(len(new[level]))]
            means = [centroid(some) if len(some) else new[level][k] for k, some in enumerate(members)]
            new[level] = within_room(new, level, np.stack(means))
        if not noise and all((old == moved).all() for old, moved in zip(books, new)):
            break
        for level in levels:
            stream = Stream(b"refinement", model.config["seed"], level, number)
            moves = [stream.below(2 * noise + 1) - noise for _ in range(new[level].size)]
            new[level] = within_room(new, level, new[level] + np.reshape(moves, new[level].shape))
        books = new
        codes, error = encode_rows(books, rows, width)
        best = books if error < min(errors) else best
        errors.append(error)
    config = {**model.config, "beam": width} if width > 1 else model.config
    return Model(config, model.offset, best), errors


def within_room(books, level, book):
    """The codewords of a level, cut off at what the other levels leave of 2^23."""
    room = 2**23 - sum(int(np.abs(other).max()) for at, other in enumerate(books) if at != level)
    return book.clip(-room, room)


def encode_rows(books, rows, width):
    """Codes of rows of level 0 by a beam, and the sum of their squared distances."""
    rows = np.asarray(rows)
    found = [beam_of_row(books, row, width, 1)[0] for row in rows]
    return np.array([codes for _, codes in found]).reshape(len(rows), len(books)), sum(d for d, _ in found)


def decode(model, codes):
    total = np.zeros((len(codes), model.config["dim"]), np.int64)
    places = [slice(None)] * model.residual_levels + model.slices
    for level, (place, book) in enumerate(zip(places, model.codebooks)):
        total[:, place] += book[codes[:, level]]
    exact = np.ldexp(total.astype(np.float64), -model.config["codebook_exponent"])
    return (exact + model.offset.astype(np.float64)).astype(np.float32)


def among_first(distances, k):
    """For every distance: the probability to be among the k smallest, and the mean discount of the ranks that it may
    have, over all orders of equal ones."""
    discounts = np.concatenate([1 / np.log2(np.arange(1, k + 1) + 1), np.zeros(len(distances))])
    shares = []
    for distance in distances:
        nearer, equal = (distances < distance).sum(), (distances == distance).sum()
        shares.append((min(max(k - nearer, 0), equal) / equal, discounts[nearer : nearer + equal].mean()))
    return np.array(shares).T


def recall_and_gain(x, distances, row, k):
    """Recall and normalized discounted cumulative gain of a row's k nearest rows among those of the nearest IDs."""
    others = np.arange(len(x)) != row
    true, _ = among_first(((x.astype(np.float64) - x[row]) ** 2).sum(axis=1)[others], k)
    found, gain = among_first(distances[row][others], k)
    best = (1 / np.log2(np.arange(1, k + 1) + 1)).sum()
    return (true * found).sum() / k, (true * gain).sum() / best


def mix(z):
    """SplitMix64's mixer."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def sketch(x):
    """The rows that the spread of `x` is taken from: of the different rows those with the smallest hashes."""
    bits = (x + np.float32(0)).view(np.uint32)  # -0 becomes 0
    dim = x.shape[1]
    keys = mix(np.arange(1, dim + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    hashes = mix((bits.astype(np.uint64) * keys).sum(axis=1, dtype=np.uint64))
    known = {bytes(row): hash for row, hash in zip(bits, hashes.tolist())}
    kept = sorted((hash, np.frombuffer(row, np.uint32).tolist()) for row, hash in known.items())
    kept = kept[: min(max(2**20 // dim, 1024), 65536)]
    return np.array([row for _, row in kept], np.uint32).view(np.float32)


def finest(largest, limit):
    """The largest exponent of a grid at which `largest` does not exceed `limit` steps."""
    return max(e for e in range(-108, 127) if e == -108 or np.rint(math.ldexp(largest, e)) <= limit)


def reach(rows, offset):
    """The distance from the offset up to which values are expected, in the dimension where it is largest."""
    distances = np.sort(np.abs(rows.astype(np.float64) - offset.astype(np.float64)), axis=0)
    quantile = lambda per_mille: distances[-(-per_mille * len(rows) // 1000) - 1]  # nearest rank
    far, near = quantile(995), np.where(quantile(750) > 0, quantile(750), quantile(950))
    reaches = [0.0]
    for n, f in zip(near.tolist(), far.tolist()):
        if n > 0:
            # A power law through both quantiles; farther than 64 times as far is no tail.
            reaches.append(64 * n * 2**12 if f > 64 * n else f * max(2**12, 16 * (f / n * (f / n))))
    return max(reaches) or float(far.max()) * 2**12


def training_grid(x, center=True, rows=None):
    """Offset and exponent that `fit` chooses for the l2 metric.

    The midrange, and the finest exponent at which no value exceeds 2^20; or, where that is finer, the medians, and the
    finest exponent at which no value that is expected saturates.
    """
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    zeros = np.zeros(x.shape[1], np.float32)
    offset = ((low + high) / 2).astype(np.float32) if center else zeros
    largest = max(np.abs(low - offset).max(), np.abs(high - offset).max())
    exponent = finest(largest, RANGE) if largest else 20
    rows = sketch(x) if rows is None else rows
    medians = np.sort(rows, axis=0)[(len(rows) - 1) // 2] if center else zeros
    expected = reach(rows, medians)
    if expected == 0 or finest(expected, SATURATION) <= exponent:
        return offset, exponent
    return medians, finest(expected, SATURATION)


def far_limit(rows, median):
    """The distance from the median beyond which a value of one dimension is far."""
    distances = np.sort(np.abs(rows.astype(np.float64) - np.float64(median)))
    quantile = lambda per_mille: float(distances[-(-per_mille * len(rows) // 1000) - 1])
    far, near = quantile(995), quantile(750) or quantile(950)
    if far == 0:
        return math.inf
    ratio = min(far / near, 64.0) if near > 0 else 64.0
    return far * max(8.0, ratio * ratio)


def missing(block):
    """The rows that lack a block."""
    return np.isnan(block).all(axis=1)


def fit_block(x, weight):
    """Scale and mean of a block from the rows that have it, each as often as it counts."""
    sample, square, means = sketch(x), 0.0, []
    for d in range(x.shape[1]):
        column, of_sample = x[:, d : d + 1], sample[:, d : d + 1]
        middle, exponent = training_grid(column, rows=of_sample)
        median = np.sort(of_sample[:, 0])[(len(sample) - 1) // 2] + np.float32(0)
        near = np.abs(column[:, 0].astype(np.float64) - np.float64(median)) <= far_limit(of_sample[:, 0], median)
        q = to_grid(column, middle, exponent)[:, 0]
        q = q[near & (np.abs(q) < SATURATION)]
        count, total, squares = float(max(len(q), 1)), float(int(q.sum())), float(sum(int(v) ** 2 for v in q.tolist()))
        mean = total / count
        means.append(np.float32(float(middle[0]) + mean * 2.0**-exponent) + np.float32(0))
        square += max(squares - total * mean, 0.0) / count * 2.0 ** (-2 * exponent)
    mantissa, power = math.frexp(math.sqrt(weight / square)) if square else (0.5, 1)
    return math.ldexp(float(np.float32(mantissa)), power), np.array(means, np.float32)


def join(parts, blocks):
    """Rows of several blocks, each a pair of scale and mean: f32(x scale), and the mean where a row lacks a block."""
    most = float(np.finfo(np.float32).max)
    filled = [np.where(missing(part)[:, None], mean, part) for part, (_, mean) in zip(parts, blocks)]
    scaled = [np.clip(part.astype(np.float64) * scale, -most, most) for part, (scale, _) in zip(filled, blocks)]
    return np.hstack(scaled).astype(np.float32)


def smooth(x, pairs, weight):
    """Rows mixed with the means of their partners; `math.fsum` rounds an exact sum once."""
    partners, mixed = {}, x.copy()
    for a, b in pairs:
        if a != b:
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
    for row, others in partners.items():
        for d in range(x.shape[1]):
            mean = math.fsum(float(x[other, d]) for other in others) / float(len(others))
            mixed[row, d] = np.float32((1.0 - weight) * float(x[row, d]) + weight * mean)
    return mixed


def left_out(x, q, offset, exponent):
    """Squared distance of rows from their places on the grid, in squared steps: what rounding and saturation cost."""
    left = np.ldexp(x.astype(np.float64) - offset.astype(np.float64), exponent) - q
    lanes = np.zeros((len(x), 8))
    for d in range(x.shape[1]):
        lanes[:, d % 8] += left[:, d] * left[:, d]
    rows = np.zeros(len(x))
    for lane in range(8):
        rows += lanes[:, lane]
    sums = {}  # exact sums of the mantissas, per power of two
    for mantissa, power in zip(*map(np.ndarray.tolist, np.frexp(rows))):
        sums[power] = sums.get(power, 0) + int(mantissa * 2**53)
    return sum(float(sums[power]) / 2**52 * 2.0 ** (power - 1) for power in sorted(sums, reverse=True))


def centroid(rows):
    """floor((2 sum + n) / (2 n)) per dimension."""
    return (2 * rows.sum(axis=0) + len(rows)) // (2 * len(rows))


class Stream:
    """PCG XSL RR 128/64, seeded by the SHA-256 of a purpose and three numbers."""

    def __init__(self, purpose, seed, level, run):
        digest = hashlib.sha256(b"semid " + purpose + b"\0" + struct.pack("<QQQ", seed, level, run)).digest()
        state, stream = int.from_bytes(digest[:16], "little"), int.from_bytes(digest[16:], "little")
        self.increment = (stream << 1 | 1) % 2**128
        self.state = (state + self.increment) % 2**128
        self.step()

    def step(self):
        self.state = (self.state * 0x2360ED051FC65DA44385DF649FCCF645 + self.increment) % 2**128
        return self.state

    def next(self):
        state = self.step()
        value, turn = (state >> 64 ^ state) % 2**64, state >> 122
        return (value >> turn | value << (64 - turn)) % 2**64

    def below(self, bound):
        """A uniform integer below `bound`: as many bits as `bound - 1` has, drawn until below it."""
        bits = (bound - 1).bit_length()
        if bits == 0:
            return 0
        while True:
            draw = self.next() >> 64 - bits if bits <= 64 else (self.next() << 64 | self.next()) >> 128 - bits
            if draw < bound:
                return draw

    def draw(self, weights):
        """An index with a probability proportional to its weight."""
        sums = list(itertools.accumulate(weights))
        return bisect.bisect_right(sums, self.below(sums[-1]))


def distances(rows, point):
    return ((rows - point) ** 2).sum(axis=1)


def first_codewords(rows, clusters, seed, level=0, run=0):
    """The codewords that k-means begins with; `rows` are integers (N, D)."""
    return toward_mean(rows, chosen_rows(rows, clusters, seed, level, run), Stream(b"shrinkage", seed, level, run))


def chosen_rows(rows, clusters, seed, level=0, run=0):
    """The rows that k-means++ chooses."""
    stream = Stream(b"k-means++", seed, level, run)
    if len(rows) <= 16 * clusters and len(rows) * clusters <= 2**26:
        return plus_plus(rows, [1] * len(rows), clusters, stream)
    candidates, weights = oversample(rows, clusters, stream)
    return plus_plus(candidates, weights, clusters, stream)


def toward_mean(rows, book, stream):
    """Draws codewords toward the mean: of four factors, the one that leaves the smallest sum of distances."""
    if len(rows) > 1024:
        rows = rows[[stream.below(len(rows)) for _ in range(1024)]]
    n = len(rows)
    mean = (2 * rows.sum(axis=0) + n) // (2 * n)
    books = [(2 * (book - mean) + 2**j) // 2 ** (j + 1) + mean for j in range(4)]
    errors = [sum(min(distances(book, row).tolist()) for row in rows) for book in books]
    return books[errors.index(min(errors))]


def oversample(rows, clusters, stream):
    """Candidates, and the number of rows that each of them is the first nearest to."""
    chosen = [stream.below(len(rows))]
    closest, drawn, sums = distances(rows, rows[chosen[0]]), chosen, []
    for number in range(13):
        for row in drawn:
            closest = np.minimum(closest, distances(rows, rows[row]))
        sums.append(sum(closest.tolist()))
        # Three rounds, and up to twelve as long as the round before at least halved the sum.
        if sums[-1] == 0 or number == 12 or (number >= 3 and 2 * sums[-1] > sums[-2]):
            break
        weights = closest.tolist()
        drawn = sorted({stream.draw(weights) for _ in range(clusters)})
        chosen += drawn
    nearest_to = nearest(rows, rows[chosen])
    return rows[chosen], np.bincount(nearest_to, minlength=len(chosen)).tolist()


def row_hash(seed, row):
    """What is drawn for a row: a function of (seed, row)."""
    golden, wrap = 0x9E3779B97F4A7C15, lambda value: np.array([value % 2**64], np.uint64)
    return int(mix(wrap(int(mix(wrap(seed + golden))[0]) ^ (row * golden + golden) % 2**64))[0])


def hierarchy(rows, clusters, seed, level=0, run=0):
    """The codewords of a hierarchy of fits: coarse clusters, and inside each its share of the codewords."""
    seed = Stream(b"hierarchy", seed, level, run).next()
    chosen = sorted(range(len(rows)), key=lambda row: (row_hash(seed, row), row))[: 32 * clusters]
    rows = rows[sorted(chosen)]
    coarse = short_fit(rows, math.isqrt(clusters), row_hash(seed, 0))
    codes = nearest(rows, coarse)
    groups = [(rows[codes == k], coarse[k]) for k in range(len(coarse)) if (codes == k).any()]
    errors = [sum(distances(group, codeword).tolist()) for group, codeword in groups]
    counts = shares(clusters, errors, [len(np.unique(group, axis=0)) for group, _ in groups])
    books = [
        short_fit(group, count, row_hash(seed, number))
        for number, ((group, _), count) in enumerate(zip(groups, counts), 1)
    ]
    book = np.concatenate(books)
    return np.concatenate([book, np.repeat(book[-1:], clusters - len(book), axis=0)])


def shares(clusters, weights, distinct):
    """One codeword for everybody, the others by largest remainders; nobody gets more than it has different rows."""
    found, open, left = [0] * len(weights), list(range(len(weights))), clusters
    while open:
        more, total = left - len(open), max(sum(weights[g] for g in open), 1)
        given = {g: more * weights[g] // total for g in open}
        by_remainder = sorted(open, key=lambda g: (-(more * weights[g] % total), g))
        for g in by_remainder[: more - sum(given.values())]:
            given[g] += 1
        full = [g for g in open if 1 + given[g] > distinct[g]]
        for g in open:
            found[g] = min(1 + given[g], distinct[g])
        if not full:
            break
        left -= sum(distinct[g] for g in full)
        open = [g for g in open if g not in full]
    return found


def short_fit(rows, clusters, seed):
    """At most five iterations from k-means++; clusters without members are given the farthest rows."""
    book, before = chosen_rows(rows, clusters, seed), None
    for _ in range(5):
        codes = nearest(rows, book)
        if before is not None and (codes == before).all():
            break
        before, codes = codes, codes.copy()
        far = iter(np.lexsort((np.arange(len(rows)), -((rows - book[codes]) ** 2).sum(axis=1))).tolist())
        for k in range(clusters):
            if not (codes == k).any():
                row = next((row for row in far if (codes == codes[row]).sum() > 1), None)
                if row is None:
                    break
                codes[row] = k
        members = [rows[codes == k] for k in range(clusters)]
        book = np.stack([centroid(some) if len(some) else book[k] for k, some in enumerate(members)])
    return book


def plus_plus(rows, weights, clusters, stream):
    """Greedy k-means++: of a few candidates the one that leaves the smallest weighted sum of distances."""
    chosen = [stream.draw(weights)]
    closest = distances(rows, rows[chosen[0]])
    while len(chosen) < clusters:
        potential = [d * w for d, w in zip(closest.tolist(), weights)]
        if sum(potential) == 0:
            chosen += [stream.draw(weights) for _ in range(clusters - len(chosen))]
            break
        drawn = [stream.draw(potential) for _ in range(2 + int(math.log(clusters)))]
        parts = [np.minimum(closest, distances(rows, rows[row])) for row in drawn]
        left = [sum(d * w for d, w in zip(part.tolist(), weights)) for part in parts]
        best = left.index(min(left))
        chosen.append(drawn[best])
        closest = parts[best]
    return rows[chosen]


def refit(model, x, frozen, iterations):
    """A fit of the rows `x` that starts from `model` and keeps the codewords of its first `frozen` levels."""
    if model.cosine:
        q = np.stack([row_to_own_grid(row) for row in x])
    else:
        q = to_grid(x, model.offset, model.config["grid_exponent"])
    refitted = Model(model.config, model.offset, [])
    for level, book in enumerate(model.codebooks):
        if model.scales_level(level):
            q = np.stack([unit_length(row) for row in q])
        if level >= frozen:
            used = sum(int(np.abs(before).max()) for before in refitted.codebooks)
            room = (2**23 - used) // 2 if level else SATURATION
            book = lloyd(q, np.clip(book, -room, room), iterations, room)
        refitted.codebooks.append(book)
        q = q - book[nearest(q, book)]
    return refitted


def lloyd(rows, book, iterations, room=2**23):
    """Lloyd's algorithm without tolerance; a codeword without members stays where it is. Components end at `room`."""
    codes = nearest(rows, book)
    for _ in range(iterations):
        members = [rows[codes == k] for k in range(len(book))]
        book = np.stack([centroid(some) if len(some) else book[k] for k, some in enumerate(members)]).clip(-room, room)
        before, codes = codes, nearest(rows, book)
        if (codes == before).all():
            break
    return book


def default_batch_and_rate(rows, batch_norm=False):
    """The rows per step and the learning rate of a network that is trained on `rows` rows, where none are given."""
    usual = max(32, min(rows // 32, 256))
    batch = min(1 << usual.bit_length() - 1, rows)
    if batch_norm:
        batch = next((fewer for fewer in range(batch, 1, -1) if rows % fewer != 1), batch)
    return batch, 2e-3 * np.sqrt(max(32, min(batch, 256)) / 256)
