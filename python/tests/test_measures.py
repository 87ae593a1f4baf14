"""Measures, sweeps, reports, devices, and IDs as text."""

import json
import re
import resource

import numpy as np
import pytest

import semid
from test_command_line import run


def test_collisions_by_counting(model, X, codes):
    quality = semid.evaluate(model, X, k=0)
    distinct = len(np.unique(codes, axis=0))
    assert quality["collision_rate"] == pytest.approx(1 - distinct / 600)
    for level, measured in enumerate(quality["levels"]):
        counts = np.bincount(codes[:, level], minlength=8)
        share = counts[counts > 0] / 600
        assert measured["used_codes"] == (counts > 0).sum()
        assert measured["perplexity"] == pytest.approx(np.exp(-(share * np.log(share)).sum()))
    assert quality["mse"] == pytest.approx(((model.decode(codes) - X.astype("f8")) ** 2).mean(), rel=1e-6)
    assert "recall_at_k" not in quality


def test_recall_of_decoded_distance_by_brute_force(model, X, codes):
    rows, decoded = X[:200].astype("f8"), model.decode(codes[:200]).astype("f8")
    k = 5

    def nearest(of, among):
        distances = ((of[:, None] - among[None]) ** 2).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        return distances

    true = np.argsort(nearest(rows, rows), axis=1)[:, :k]
    distances = nearest(decoded, decoded)
    found = []
    for row in range(200):
        # Ties count by expectation.
        limit = np.sort(distances[row])[k - 1]
        inside, ties = distances[row] < limit - 1e-9, np.abs(distances[row] - limit) <= 1e-9
        share = (k - inside.sum()) / ties.sum()
        found.append((inside[true[row]].sum() + share * ties[true[row]].sum()) / k)
    quality = semid.evaluate(model, X[:200], k=k)
    assert quality["recall_at_k"]["decoded"]["value"] == pytest.approx(np.mean(found), abs=1e-6)


def test_codes_of_others_can_be_measured(model, X, codes):
    worse = np.roll(codes, 1, axis=0)
    assert semid.evaluate(model, X, codes=worse, k=0)["mse"] > semid.evaluate(model, X, codes=codes, k=0)["mse"]


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_measures_have_the_same_bits_on_every_device(model, X, device):
    measured = [
        semid.evaluate(model, X[:200], k=3, recall_curve=[1, 2], sample=50, device=at) for at in ("cpu", device)
    ]
    assert measured[0] == measured[1] and len(measured[0]["recall_curve"]) == 2


def test_settings_that_make_no_sense(model, X):
    with pytest.raises(semid.InputError, match="neighbours"):
        semid.evaluate(model, X, k=600)
    with pytest.raises(semid.InputError, match="sample"):
        semid.evaluate(model, X, sample=0)
    with pytest.raises(semid.InputError, match="codes"):
        semid.evaluate(model, X, codes=[[0, 0, 0]], k=0)


def test_measures_tell_their_progress(model, X):
    told = []
    semid.evaluate(model, X, k=3, progress=told.append)
    assert told and all(step.part == "evaluation" for step in told)


def test_code_metrics(codes):
    ours = semid.code_metrics(codes, [8, 8, 8])
    assert ours["rows"] == 600 and [level["clusters"] for level in ours["levels"]] == [8, 8, 8]
    with pytest.raises(semid.InputError):
        semid.code_metrics(codes, [2, 2, 2])


def test_sweeps(X, tmp_path):
    told = []
    options = dict(levels=[1, 2], n_clusters=[4, [8, 4]], k=0, progress=told.append)
    runs = semid.sweep(X, path=tmp_path / "sweep.jsonl", models=tmp_path / "models", **options)
    assert len(runs) == 4 and told[-1].parts == 4
    assert runs.best("mse")["parameters"]["clusters"] == [8, 4]
    errors = [run["metrics"]["mse"] for run in runs.ranked("mse")]
    assert errors == sorted(errors)
    again = semid.sweep(X, path=tmp_path / "sweep.jsonl", models=tmp_path / "models", **options)
    assert [run["seconds"] for run in again] == [run["seconds"] for run in runs]
    assert runs[0]["fingerprint"] == semid.RQKMeans(1, 4).fit(X).fingerprint
    assert len(list((tmp_path / "models").iterdir())) == 4
    assert "<table>" in runs._repr_html_() and runs.to_rows()[0]["levels"] == 1
    with pytest.raises(semid.InputError, match="no metric"):
        runs.ranked("beauty")


def test_sweeps_measure_by_a_beam(X):
    runs = semid.sweep(X, levels=[3], n_clusters=[8], k=0, beam=8)
    model = semid.RQKMeans(3, 8).fit(X)
    assert runs[0]["fingerprint"] == model.fingerprint
    assert runs[0]["metrics"]["mse"] == semid.evaluate(model, X, k=0, codes=model.encode(X, beam=8))["mse"]
    assert runs[0]["metrics"]["mse"] < semid.sweep(X, levels=[3], n_clusters=[8], k=0)[0]["metrics"]["mse"]
    with pytest.raises(semid.InputError, match="beam"):
        semid.sweep(X, levels=[1], n_clusters=[4], beam=0)


def test_sweeps_over_kinds(X):
    vae = semid.RQVAE(hidden=[8], latent=4, epochs=1, batch_size=64)
    runs = semid.sweep(X, levels=[1], n_clusters=[4], kinds=["rq-kmeans", vae], balanced=[False, True], k=0)
    assert [(run["parameters"]["kind"], run["parameters"]["balanced"]) for run in runs] == [
        ("rq-kmeans", False),
        ("rq-kmeans", True),
        ("rq-vae", False),
    ]


def test_sweeps_start_networks_from_a_model(X):
    start = semid.RQKMeans(2, 4, device="cpu").fit(X)
    plus = semid.RQKMeansPlus(hidden=[8], epochs=1, batch_size=64, device="cpu")
    [run] = semid.sweep(X, kinds=[plus], warm_start=start, k=0, device="cpu")
    assert (run["parameters"]["kind"], run["parameters"]["clusters"]) == ("rq-kmeans-plus", [4, 4])
    fitted = semid.RQKMeansPlus(start, hidden=[8], epochs=1, batch_size=64, device="cpu").fit(X)
    assert run["fingerprint"] == fitted.fingerprint


@pytest.mark.parametrize("bounds", [{"min_cluster_size": 3}, {"balanced": True, "max_cluster_size": 300}])
def test_sweeps_refuse_bounds_of_clusters(X, bounds):
    with pytest.raises(semid.InputError, match="leave out min_cluster_size and max_cluster_size"):
        semid.sweep(X, levels=[1], n_clusters=[4], kinds=[semid.RQKMeans(**bounds)], k=0)


def test_a_report_that_cannot_be_written_leaves_the_one_before(model, X, tmp_path):
    report = semid.Report(model, X, k=0)
    report.save(tmp_path / "report.html")
    page, report.html = report.html, "no text: \ud800"
    with pytest.raises(semid.InputError, match="report.html: .*surrogates"):
        report.save(tmp_path / "report.html")
    report.html = "a page for which there is no space" * 1_000_000
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(semid.FileError, match="report.html") as raised:
            report.save(tmp_path / "report.html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.filename == str(tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    with pytest.raises(semid.FileError):
        report.html = page
        report.save(tmp_path / "no folder" / "report.html")


def test_reports(model, X, tmp_path):
    names = [f"<item> {i}" for i in range(600)]
    labels = [str(i % 3) for i in range(600)]
    runs = semid.sweep(X, levels=[1], n_clusters=[4], k=0)
    report = semid.Report(
        model, X, names=names, labels=labels, title="Made up", sweep=runs, details={"made by": "hand"}
    )
    assert "<title>Made up</title>" in report.html and "made by" in report.html and "<item> 7" not in report.html
    assert report.figures["collisions"].count("<svg") == 1
    shown = report._repr_html_()
    assert shown.startswith("<iframe") and "sandbox" in shown and "<html" not in shown
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html
    assert "figures" in repr(report)
    weighted = semid.Report(model, X, sample_weight=np.arange(600)).html
    assert "By weight" in weighted and weighted != semid.Report(model, X, sample_weight=np.ones(600)).html
    assert "By weight" not in report.html
    some = [None if row % 3 == 0 else label for row, label in enumerate(labels)]
    assert "of the 400 items with a label have" in semid.Report(model, X, labels=some).html
    with pytest.raises(semid.InputError, match="expected a label for each row"):
        semid.Report(model, X, labels="tea")
    with pytest.raises(semid.InputError, match="1 name for 600 rows"):
        semid.Report(model, X, names=["one"])


def of_tool(tool, folder, model, *flags):
    """The page of `semid report`."""
    model.save(folder / "m.safetensors")
    run(tool, "report", "--model", folder / "m.safetensors", "--output", folder / "r.html", "--json", *flags)
    return (folder / "r.html").read_text(encoding="utf-8")


def lines_of(page, *names):
    """The cells of the rows of tables that begin with one of these names."""
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.S) for line in lines]
    return [line for line in cells if line[0] in names]


def test_reports_show_a_beam_as_the_tool_does(X, tool, tmp_path):
    np.save(tmp_path / "x.npy", X)
    model = semid.RQKMeans(3, 8).fit(X)
    page = semid.Report(model, X, beam=8).html
    theirs = of_tool(tool, tmp_path, model, "--input", tmp_path / "x.npy", "--beam", 8)
    shown = ("Beam of these codes", "Squared error")
    assert lines_of(page, *shown) == lines_of(theirs, *shown) and len(lines_of(page, *shown)) == 2
    codes = semid.Report(model, X, codes=model.encode(X, beam=8))
    assert codes.figures == semid.Report(model, X, beam=8).figures and not lines_of(codes.html, *shown)


def test_reports_take_labels_of_prefixes(X):
    kinds = [["tea", "cup", None][row % 3] for row in range(600)]
    model = semid.RQKMeans(2, 8).fit(X, labels={"kind": kinds}, unknown="reserve")
    given = semid.Report(model, X, prefix_labels={"kind": kinds})
    assert given.figures == semid.Report(model, X, codes=model.encode(X, labels=kinds)).figures
    with pytest.warns(UserWarning, match="prefix_labels="):
        assert semid.Report(model, X).figures != given.figures
    with pytest.raises(semid.InputError, match="labels for 600 rows"):
        semid.Report(model, X, prefix_labels=kinds[:5])


def test_reports_show_items_that_are_used_together(X, tool, tmp_path):
    np.save(tmp_path / "x.npy", X)
    model, keys = semid.RQKMeans(2, 8).fit(X), [f"k{row}" for row in range(600)]
    pairs = [(row, (7 * row) % 600) for row in range(400)]
    named = [(keys[a], keys[b]) for a, b in pairs] + [("k1", "gone")]
    (tmp_path / "keys.txt").write_text("\n".join(keys) + "\n")
    (tmp_path / "pairs.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in named))
    files = ["--input", tmp_path / "x.npy", "--items", tmp_path / "keys.txt"]
    theirs = of_tool(tool, tmp_path, model, *files, "--interactions", tmp_path / "pairs.csv")
    section = lambda page: re.search(r'<section aria-labelledby="co-occurrence-section">.*?</section>', page, re.S)
    ours = section(semid.Report(model, X, interactions=named, items=keys).html)
    assert ours and ours.group() == section(theirs).group()
    by_row = section(semid.Report(model, X, interactions=[*pairs, (1, 600)]).html)
    assert by_row.group() == ours.group() and not section(semid.Report(model, X).html)
    for wrong, words in [({"items": keys[:5]}, "600 different keys"), ({"items": ["a"] * 600}, "a")]:
        with pytest.raises(semid.InputError, match=words):
            semid.Report(model, X, interactions=pairs, **wrong)


def test_reports_count_missing_embeddings(X):
    items = {"text": X[:, :6].copy(), "image": X[:, 6:].copy()}
    items["image"][::9] = np.nan
    model = semid.RQKMeans(2, 8).fit(items)
    page = semid.Report(model, items).html
    assert [(line[0], line[-1]) for line in lines_of(page, "text", "image")] == [("text", "0"), ("image", "67")]
    given = semid.Report(model, items, codes=model.encode(items)).html
    assert lines_of(given, "text", "image") == lines_of(page, "text", "image")


def test_devices():
    found = semid.devices()
    assert {"reference", "cpu"} <= {device["name"] for device in found}
    assert all(set(device) == {"name", "description", "backend", "driver", "hardware"} for device in found)


def test_verify(model, X):
    verified = semid.verify(model, X, devices=["reference", "cpu", "cpu:portable"], rows=100)
    assert verified and verified.rows == 100 and len(verified.devices) == 3
    assert len({device["fit_fingerprint"] for device in verified.devices}) == 1
    with pytest.raises(semid.InputError, match="no device"):
        semid.verify(model, X, devices=["cpu", "gpu:99"])


def test_verify_finds_a_difference(model, X, monkeypatch):
    from semid import _evaluate

    real = model._model

    class Planted:
        clusters, short_fit = real.clusters, staticmethod(real.short_fit)

        def encode(self, rows, place):
            codes = real.encode(rows, place)
            if place[0] == "cpu":
                codes[-1, -1] ^= 1
            return codes

    class Model:
        _model = Planted()

    assert not _evaluate.verify(Model(), X, devices=["reference", "cpu"])


FORMATS = [
    ({}, "3-141-0"),
    ({"separator": "/"}, "3/141/0"),
    ({"format": "token"}, "<a_3><b_141><c_0>"),
    ({"template": "[L{level0}={code}]"}, "[L0=3][L1=141][L2=0]"),
    ({"template": "<{level}{code}>", "base": 1, "begin": "^"}, "^<a4><b142><c1>"),
    ({"format": lambda row: f"{row.sum()}"}, "144"),
]


@pytest.mark.parametrize("options, text", FORMATS, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("dtype", ["u4", "i8", "u1", ">i4"])
def test_formats(options, text, dtype):
    codes = np.array([[3, 141, 0], [1, 2, 3]], dtype)
    ids = semid.format_ids(codes, **options)
    assert ids[0] == text and len(ids) == 2


@pytest.mark.parametrize(
    "options",
    [{"separator": ""}, {"separator": "1"}, {"format": "json"}, {"template": "x"}, {"base": 2}, {"output": "set"}],
)
def test_formats_that_are_refused(options):
    with pytest.raises(semid.InputError):
        semid.format_ids([[1, 2]], **options)


def test_weights_count_rows_again(model, X):
    """A row of weight w counts as w rows do; near rows are searched for among those that are there once."""
    weights = np.arange(600) % 3
    by_weight, repeated = semid.evaluate(model, X, k=0, sample_weight=weights), np.repeat(X, weights, axis=0)
    assert by_weight["weighted"]["mse"] == pytest.approx(semid.evaluate(model, repeated, k=0)["mse"], rel=1e-12)
    assert by_weight["mse"] == semid.evaluate(model, X, k=0)["mse"]
    one = np.where(np.arange(600) == 17, 5, 0)
    found = semid.evaluate(model, X, k=3, sample_weight=one)["weighted_recall_at_k"]["decoded"]["value"]
    alone = semid.evaluate(model, X, k=3, sample_weight=2 * one)["weighted_recall_at_k"]["decoded"]["value"]
    assert found == alone and 0 <= found <= 1
    with pytest.raises(semid.InputError, match="weights"):
        semid.evaluate(model, X, k=0, sample_weight=weights[:-1])
    with pytest.raises(semid.InputError, match="sample_weight"):
        semid.evaluate(model, X, k=0, sample_weight=[-1] * 600)


def test_what_is_measured_is_json(model, X):
    json.dumps(semid.evaluate(model, X, k=2))


def test_sweeps_take_what_fits_take(X, tmp_path):
    weights, kinds = [row % 4 for row in range(600)], [["tea", "cup", None][row % 3] for row in range(600)]
    grid = dict(levels=[1, 2], n_clusters=[4], k=0)
    runs = semid.sweep(X, sample_weight=weights, **grid)
    assert runs[1]["fingerprint"] == semid.RQKMeans(2, 4).fit(X, sample_weight=weights).fingerprint
    assert runs.ranked("weighted_mse")[0]["weighted"]["mse"] == runs[1]["weighted"]["mse"]
    runs = semid.sweep(X, labels={"kind": kinds}, unknown="reserve", **grid)
    model = semid.RQKMeans(2, 4).fit(X, labels={"kind": kinds}, unknown="reserve")
    assert runs[1]["fingerprint"] == model.fingerprint
    assert semid.evaluate(model, X, k=0, labels={"kind": kinds})["mse"] == runs[1]["metrics"]["mse"]
    items = {"text": X[:, :3], "image": X[:, 3:]}
    runs = semid.sweep(items, column_weight=[1, 0.5], models=tmp_path, **grid)
    model = semid.RQKMeans(2, 4).fit(items, column_weight=[1, 0.5])
    assert runs[1]["fingerprint"] == model.fingerprint
    saved = semid.RQKMeans.load(tmp_path / "rq-kmeans-2x4-seed42.safetensors")
    assert saved.fingerprint == model.fingerprint
    runs = semid.sweep(X, warm_start=semid.RQKMeans(2, 4).fit(X[:300]), freeze_levels=[0, 1], k=0)
    assert [run["parameters"].get("frozen", 0) for run in runs] == [0, 1]
    start = semid.RQKMeans(2, 4).fit(X[:300])
    assert runs[1]["fingerprint"] == semid.RQKMeans(2, 4).fit(X, warm_start=start, freeze_levels=1).fingerprint
    with pytest.raises(semid.InputError, match="weights"):
        semid.sweep(X, sample_weight=weights, kinds=["rq-vae"], **grid)


def test_a_beam_of_one_is_no_beam(X):
    model = semid.RQKMeans(3, 8, refine=3, refine_beam=4).fit(X)
    greedy, own = (semid.evaluate(model, X, k=0, beam=beam)["mse"] for beam in (1, None))
    assert greedy == semid.evaluate(model, X, k=0, codes=model.encode(X, beam=1))["mse"] > own


def test_drift_tells_when_to_fit_again(model, X):
    same = semid.drift(model, X, X)
    assert same["stable"] and same["crossings"] == [] and same["levels"][0]["psi"] == 0
    moved = semid.drift(model, X + np.float32(3), X, sample=200)
    assert not moved["stable"] and all("level" in crossing["words"] for crossing in moved["crossings"][:1])
    codes = [model.encode(rows)[:, 0] for rows in (X, X + np.float32(3))]
    used = moved["levels"][0]["used_codes"]
    assert [used["baseline"], used["new"]] == [len(np.unique(of)) for of in codes]
    assert moved == semid.drift(model, X + np.float32(3), X, sample=200, device="reference")
    wide = {f"max_{name}": 1e9 for name in ("psi", "error_rise", "margin_loss", "saturated")}
    assert semid.drift(model, X + np.float32(3), X, **wide)["stable"]
    labels = ["tea" if row % 3 else "cup" for row in range(len(X))]
    labelled = semid.RQKMeans(1, 8).fit(X, labels=labels)
    used = semid.drift(labelled, X, X, labels=["cup"] * len(X), baseline_labels=labels)["levels"][0]["used_codes"]
    assert used == {"baseline": 2, "new": 1}
    with pytest.warns(UserWarning, match="baseline_labels="):
        semid.drift(labelled, X, X, labels=labels)
    with pytest.raises(semid.InputError, match="psi"):
        semid.drift(model, X, X, max_psi=-1)
    with pytest.raises(semid.InputError, match="16"):
        semid.drift(model, X[:, :3], X)
