"""Fits over workers, on engines that lose, repeat, merge and reorder."""

import numpy as np
import pytest

import semid
from semid import shards


class Engine:
    """Workers in this process, in the place of an engine."""

    def __init__(self, X, parts, lose=0, merges=False):
        cuts = [len(X) * part // parts for part in range(parts + 1)]
        self.parts = [(X[start:end], start) for start, end in zip(cuts, cuts[1:])]
        self.workers = [self._worker(part) for part in range(parts)]
        self.lose, self.merges, self.asked, self.lost = lose, merges, 0, 0

    def _worker(self, part):
        rows, first = self.parts[part]
        return shards.Worker(rows, first_row=first, n_jobs=1)

    def shards(self):
        return [worker.rows for worker in self.workers]

    def dim(self):
        return self.workers[0].dim

    def call(self, calls):
        answers = []
        for number, call in enumerate(calls):
            self.asked += 1
            if self.lose and self.asked % self.lose == 0:
                self.workers[call.shard] = self._worker(call.shard)
                self.lost += 1
            answers.append(([number], self.workers[call.shard].answer(call.request)))
        if self.merges and all(call.merges for call in calls):
            return [(list(range(len(calls))), shards.merge([reply for _, reply in reversed(answers)]))]
        return answers[::-1]


PARAMETERS = [
    {},
    {"metric": "cosine"},
    {"normalize_residuals": True},
    {"algorithm": "mini-batch", "batch_size": 50, "init_size": 100, "max_iter": 20},
    {"n_init": 2},
    {"sample": 200},
    {"init": "random"},
    {"center": False},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
@pytest.mark.parametrize(
    "how", [{"parts": 1}, {"parts": 4}, {"parts": 3, "lose": 5}, {"parts": 7, "merges": True}], ids=str
)
def test_the_fingerprint_is_that_of_one_machine(X, parameters, how):
    engine = Engine(X, **how)
    model = shards.fit(semid.RQKMeans(2, 6, device="cpu", **parameters), engine)
    expected = semid.RQKMeans(2, 6, device="cpu", **parameters).fit(X)
    assert model.fingerprint == expected.fingerprint
    assert model.report_ == expected.report_
    assert (engine.lost > 3) == ("lose" in how)
    assert np.array_equal(model.encode(X), expected.encode(X))


def test_spans_number_rows_as_the_source_does(X):
    engine = Engine(X, 1)
    engine.workers = [shards.Worker(X, span=(0, 250)), shards.Worker(X, span=(250, 600))]
    assert engine.shards() == [250, 350]
    # A sample is drawn by the numbers of rows.
    expected = semid.RQKMeans(2, 6, sample=200).fit(X).fingerprint
    assert shards.fit(semid.RQKMeans(2, 6, device="cpu", sample=200), engine).fingerprint == expected
    with pytest.raises(ValueError, match="span"):
        shards.Worker(X, span=(0, 601))
    # A first row makes the span all that there is to number.
    engine.workers = [shards.Worker(X, span=(0, 250)), shards.Worker(X[200:], span=(50, 400), first_row=250)]
    assert engine.shards() == [250, 350]
    assert shards.fit(semid.RQKMeans(2, 6, device="cpu", sample=200), engine).fingerprint == expected
    with pytest.raises(ValueError, match="span"):
        shards.Worker(X, span=(0, 601), first_row=0)


@pytest.mark.parametrize("parameters", [{}, {"init": "random"}, {"sample": 200}, {"n_init": 2}], ids=str)
def test_rows_count_as_often_as_their_weights_say(X, parameters):
    weights = np.arange(len(X)) * 7 % 4
    engine, firsts = Engine(X, 1), [0, 100, 420]
    ends = [*firsts[1:], len(X)]
    engine.workers = [
        shards.Worker(X[start:end], first_row=int(weights[:start].sum()), sample_weight=weights[start:end])
        for start, end in zip(firsts, ends)
    ]
    assert engine.shards() == [weights[start:end].sum() for start, end in zip(firsts, ends)]
    expected = semid.RQKMeans(2, 6, device="cpu", **parameters).fit(X, sample_weight=weights)
    repeated = semid.RQKMeans(2, 6, device="cpu", **parameters).fit(np.repeat(X, weights, axis=0))
    assert expected.fingerprint == repeated.fingerprint
    assert shards.fit(semid.RQKMeans(2, 6, device="cpu", **parameters), engine).fingerprint == expected.fingerprint
    spans = [shards.Worker(X, span=span, sample_weight=weights) for span in zip(firsts, ends)]
    engine.workers = spans
    assert shards.fit(semid.RQKMeans(2, 6, device="cpu", **parameters), engine).fingerprint == expected.fingerprint
    with pytest.raises(ValueError, match="600"):
        shards.Worker(X, sample_weight=weights[1:])


def test_files_are_divided_by_rows_and_their_weights(X, tmp_path):
    import pyarrow
    from pyarrow import parquet

    from semid._shard_files import opened, shares, spans

    weights = np.arange(len(X)) * 7 % 4
    table = pyarrow.table({"x": list(X), "times": weights})
    for name, part in (("b-2", table[200:]), ("b-1", table[:200])):
        parquet.write_table(part, tmp_path / f"{name}.parquet")
    source, paths = opened(tmp_path / "b-*.parquet", "x")
    assert source.shape == X.shape
    assert paths == [str(tmp_path / "b-1.parquet"), str(tmp_path / "b-2.parquet")]
    with pytest.raises(semid.FileError, match="no file fits"):
        opened([tmp_path / "c*"], "x")
    divided = spans(len(X), 7)
    assert [end - start for start, end in divided] == [85, 86, 86, 85, 86, 86, 86]
    assert list(shares(paths, ("x", None), divided)) == [(start, None) for start, _ in divided]
    engine = Engine(X, 1)
    engine.workers = [
        shards.Worker(semid._semid.open(paths, column="x"), span=span, first_row=first, sample_weight=of_span)
        for span, (first, of_span) in zip(divided, shares(paths, ("x", "times"), divided))
    ]
    # A sample is drawn by the numbers of rows.
    expected = semid.RQKMeans(2, 6, device="cpu", sample=200).fit(X, sample_weight=weights)
    assert shards.fit(semid.RQKMeans(2, 6, device="cpu", sample=200), engine).fingerprint == expected.fingerprint


def test_files_are_those_that_the_library_opens(X, tmp_path):
    from semid._shard_files import opened

    for name in ("a.npy", "_mark.npy", "deep/c[1].npy", "deep/er/b.npy", "deep/er/.b.npy"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / name, X[:5])
    (tmp_path / "deep" / "er" / "_SUCCESS").touch()
    for pattern, names in (
        ("**/*.npy", ["a.npy", "deep/c[1].npy", "deep/er/b.npy"]),
        ("deep/c[1].npy", ["deep/c[1].npy"]),
        ("deep/er/*", ["deep/er/b.npy"]),
        ("deep/er", ["deep/er/b.npy"]),
    ):
        source, paths = opened(tmp_path / pattern, None)
        assert paths == [str(tmp_path / name) for name in names]
        assert len(source) == 5 * len(names)
    assert semid._input.to_rows(iter([X])).files == []


def test_workers_keep_their_rows_on_disk(X, tmp_path, monkeypatch):
    for name in ("TMPDIR", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    worker = shards.Worker(X)
    assert len(list(tmp_path.iterdir())) == 1
    del worker
    assert not list(tmp_path.iterdir())


def test_equal_requests_are_one_object(X):
    seen = []

    class Watched(Engine):
        def call(self, calls):
            equal = [a.request is b.request for a, b in zip(calls, calls[1:]) if a.request == b.request]
            seen.extend(equal)
            return super().call(calls)

    shards.fit(semid.RQKMeans(1, 6, device="cpu"), Watched(X, 4))
    assert len(seen) > 20 and all(seen)


def test_what_the_engine_raises_is_raised(X):
    class Broken(Engine):
        def call(self, calls):
            if self.asked > 10:
                raise ConnectionError("the cluster is gone")
            return super().call(calls)

    model = semid.RQKMeans(2, 6, device="cpu")
    with pytest.raises(ConnectionError, match="the cluster is gone"):
        shards.fit(model, Broken(X, 2))
    assert not hasattr(model, "model_")


def test_lost_answers_end_the_fit(X):
    class Lossy(Engine):
        def call(self, calls):
            return super().call(calls)[1:]

    with pytest.raises(semid.SemidError, match="has none"):
        shards.fit(semid.RQKMeans(2, 6, device="cpu"), Lossy(X, 2))


def test_rows_that_change_are_noticed(X):
    class Doubled(Engine):
        """Asks twice, the second time another worker with other rows."""

        def call(self, calls):
            answers = super().call(calls)
            if self.asked > 8:
                other = shards.Worker(self.parts[0][0] + 1)
                answers.append(([0], other.answer(calls[0].request)))
            return answers

    with pytest.raises(semid.SemidError, match="differ"):
        shards.fit(semid.RQKMeans(2, 6, device="cpu"), Doubled(X, 2))


def test_what_needs_all_rows_is_refused(X):
    balanced = ({"balanced": True}, {"max_cluster_size": 300}, {"sinkhorn": 0.1})
    for model in (*(semid.RQKMeans(2, 6, device="cpu", **more) for more in balanced), semid.RQVAE(1, 4, device="cpu")):
        with pytest.raises(semid.InputError, match="sample"):
            shards.fit(model, Engine(X, 2))


def test_parameters_that_make_no_sense_are_refused(X):
    with pytest.raises(semid.InputError, match="best"):
        shards.fit(semid.RQKMeans(2, 6, init="best", device="cpu"), Engine(X, 2))


def test_replies_of_other_kinds_do_not_merge(X):
    with pytest.raises(semid.SemidError):
        shards.merge([])
    with pytest.raises(semid.SemidError):
        shards.merge([b"nonsense"])


def test_a_worker_refuses_what_is_no_request(X):
    with pytest.raises(semid.SemidError, match="request"):
        shards.Worker(X).answer(b"nonsense")


def test_progress_tells_of_levels(X):
    told = []
    shards.fit(semid.RQKMeans(2, 6, device="cpu", progress=told.append), Engine(X, 2))
    assert {progress.number for progress in told} == {1, 2}
    assert all(progress.part == "level" and progress.parts == 2 for progress in told)
