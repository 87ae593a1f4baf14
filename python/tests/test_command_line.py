"""The same files and fingerprints as those of the command line tool, and the tool that comes with the package."""

import json
import subprocess
import sys

import numpy as np
import pytest

import semid


def run(*args):
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


FITS = [
    ({"n_levels": 3, "n_clusters": 8}, ["--levels", 3, "--clusters", 8]),
    ({"n_levels": 2, "n_clusters": [4, 16], "random_state": 7}, ["--clusters", "4,16", "--seed", 7]),
    ({"n_levels": 2, "n_clusters": 8, "metric": "cosine"}, ["--levels", 2, "--clusters", 8, "--metric", "cosine"]),
    ({"n_levels": 2, "n_clusters": 8, "balanced": True}, ["--levels", 2, "--clusters", 8, "--balanced"]),
    (
        {"n_levels": 2, "n_clusters": 8, "algorithm": "mini-batch"},
        ["--levels", 2, "--clusters", 8, "--algorithm", "mini-batch"],
    ),
    (
        {"n_levels": 2, "n_clusters": 8, "algorithm": "hierarchical", "full_iter": 1},
        ["--levels", 2, "--clusters", 8, "--algorithm", "hierarchical", "--full-iter", 1],
    ),
    ({"n_levels": 2, "n_clusters": 8, "n_init": 2}, ["--levels", 2, "--clusters", 8, "--n-init", 2]),
    ({"n_levels": 2, "n_clusters": 8, "sample": 200}, ["--levels", 2, "--clusters", 8, "--sample", 200]),
]


@pytest.mark.parametrize("params, flags", FITS, ids=lambda value: "")
def test_the_tool_gives_the_same_fingerprint_and_bytes(X, tool, tmp_path, params, flags):
    rows, theirs, ours = (tmp_path / name for name in ("x.npy", "theirs.safetensors", "ours.safetensors"))
    np.save(rows, X)
    told = run(tool, "fit", "--input", rows, "--output", theirs, "--json", *flags)
    model = semid.RQKMeans(**params).fit(X)
    model.save(ours)
    assert model.fingerprint == told["fingerprint"]
    assert ours.read_bytes() == theirs.read_bytes()
    assert semid.RQKMeans(**params).fit(rows).fingerprint == told["fingerprint"]


def test_labels_and_warm_starts_have_the_fingerprint_of_the_tool(X, tool, tmp_path):
    names = ("x.npy", "kind.txt", "start.safetensors", "m.safetensors")
    rows, kinds, start, output = (tmp_path / name for name in names)
    np.save(rows, X)
    labels = [["tea", "", "cup"][row % 3] for row in range(len(X))]
    kinds.write_text("\n".join(labels) + "\n")
    flags = ["--input", rows, "--json", "--levels", 2, "--clusters", 8]
    told = run(tool, "fit", *flags, "--output", output, "--prefix-labels", kinds, "--unknown", "reserve")
    model = semid.RQKMeans(2, 8).fit(X, labels={"kind": labels}, unknown="reserve")
    assert model.fingerprint == told["fingerprint"]
    assert semid.load(output).label_tables_ == model.label_tables_
    run(tool, "fit", *flags, "--output", start)
    told = run(tool, "fit", *flags, "--output", output, "--warm-start", start, "--freeze-levels", 1, "--seed", 7)
    model = semid.RQKMeans(2, 8, random_state=7).fit(X, warm_start=semid.load(start), freeze_levels=1)
    assert model.fingerprint == told["fingerprint"]


def test_networks_have_the_fingerprint_of_the_tool(X, tool, tmp_path):
    rows, output = tmp_path / "x.npy", tmp_path / "vae.safetensors"
    np.save(rows, X)
    flags = ["--kind", "rq-vae", "--levels", 2, "--clusters", 8, "--latent", 4, "--hidden", 16, "--epochs", 2]
    told = run(tool, "fit", "--input", rows, "--output", output, "--json", *flags)
    model = semid.RQVAE(2, 8, latent=4, hidden=[16], epochs=2).fit(X)
    assert model.fingerprint == told["fingerprint"] == semid.load(output).fingerprint


def test_plus_has_the_fingerprint_of_the_tool(X, tool, tmp_path):
    rows, start, output = (tmp_path / name for name in ("x.npy", "start.safetensors", "plus.safetensors"))
    np.save(rows, X)
    run(tool, "fit", "--input", rows, "--output", start, "--json", "--levels", 2, "--clusters", 8)
    flags = ["--kind", "rq-kmeans-plus", "--warm-start", start, "--hidden", 16, "--epochs", 1]
    told = run(tool, "fit", "--input", rows, "--output", output, "--json", *flags)
    model = semid.RQKMeansPlus(semid.load(start), hidden=[16], epochs=1).fit(X)
    assert model.fingerprint == told["fingerprint"]
    assert isinstance(semid.load(output), semid.RQKMeansPlus)


def test_the_tool_reads_our_model_and_gives_the_same_codes(X, tool, model, codes, tmp_path):
    rows, file, output = (tmp_path / name for name in ("x.npy", "m.safetensors", "codes.npy"))
    np.save(rows, X)
    model.save(file)
    run(tool, "encode", "--model", file, "--input", rows, "--output", output, "--json")
    np.testing.assert_array_equal(np.load(output), codes)


def test_the_tool_measures_the_same(X, tool, model, tmp_path):
    rows, file = tmp_path / "x.npy", tmp_path / "m.safetensors"
    np.save(rows, X)
    model.save(file)
    told = run(tool, "eval", "--model", file, "--input", rows, "--k", 5, "--json")
    ours = semid.evaluate(model, X, k=5)
    for name in ("collision_rate", "mse", "recall_at_k", "ndcg_at_k", "distance_correlation", "levels"):
        assert ours[name] == told[name], name


def test_the_tool_weighs_the_same(X, tool, model, tmp_path):
    rows, file, weights = tmp_path / "x.npy", tmp_path / "m.safetensors", tmp_path / "weights.txt"
    np.save(rows, X)
    model.save(file)
    wanted = np.arange(600) % 7
    weights.write_text("\n".join(map(str, wanted)))
    told = run(tool, "eval", "--model", file, "--input", rows, "--weights", weights, "--k", 5, "--json")
    ours = semid.evaluate(model, X, k=5, sample_weight=wanted)
    for name in ("weighted", "collided_weight_rate", "lost_weight_rate", "weighted_recall_at_k", "weighted_ndcg_at_k"):
        assert ours[name] == told[name], name


def test_items_that_are_used_together_are_measured_as_by_the_tool(tool, tmp_path, X):
    rows, file, keys, pairs = (tmp_path / name for name in ("x.npy", "m.safetensors", "keys.txt", "pairs.csv"))
    np.save(rows, X)
    model, names = semid.RQKMeans(2, 8).fit(X), [f"k{row}" for row in range(600)]
    model.save(file)
    by_row = [(row, (7 * row) % 600) for row in range(400)]
    by_key = [(names[a], names[b]) for a, b in by_row]
    keys.write_text("\n".join(names) + "\n")
    pairs.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in by_key))
    told = run(
        tool, "eval", "--model", file, "--input", rows, "--items", keys, "--interactions", pairs, "--k", 0, "--json"
    )["co_occurrence"]
    measured = semid.evaluate(model, X, k=0, interactions=by_key, items=names)["co_occurrence"]
    assert measured == told and measured["pairs"] + measured["left_out"] == 400
    assert semid.evaluate(model, X, k=0, interactions=by_row)["co_occurrence"] == told
    assert "co_occurrence" not in semid.evaluate(model, X, k=0)
    with pytest.raises(semid.InputError, match="600 different keys"):
        semid.evaluate(model, X, k=0, interactions=by_row, items=names[:5])


def test_the_tool_and_the_engine_share_a_database(X, tool, model, tmp_path):
    rows, file, db = tmp_path / "x.npy", tmp_path / "m.safetensors", tmp_path / "ids.db"
    np.save(rows, X)
    model.save(file)
    run(tool, "assign", "--model", file, "--input", rows, "--row-numbers", "--db", db, "--json")
    engine = semid.SemanticIdEngine.load(db)
    ids = engine.unique_ids(X)
    assert engine.last_report["kept"] == 600 and engine.last_report["new"] == 0
    assert semid.SemanticIdEngine(model).unique_ids(X) == ids
    engine.close()


def test_the_package_brings_the_tool(X, tool, tmp_path):
    rows, own, theirs = (tmp_path / name for name in ("x.npy", "own.safetensors", "theirs.safetensors"))
    np.save(rows, X)
    flags = ["--input", rows, "--levels", 2, "--clusters", 4, "--json"]
    told = run(sys.executable, "-m", "semid", "fit", "--output", own, *flags)
    assert told["fingerprint"] == run(tool, "fit", "--output", theirs, *flags)["fingerprint"]


@pytest.mark.parametrize("args, code", [(["--version"], 0), (["fit"], 2), (["info", "--model", "missing"], 2), ([], 0)])
def test_exit_codes_of_the_tool(tool, args, code):
    ours, theirs = (
        subprocess.run([*command, *args], capture_output=True, text=True)
        for command in ([sys.executable, "-m", "semid"], [tool])
    )
    assert ours.returncode == theirs.returncode == code
    assert ours.stdout == theirs.stdout and ours.stderr == theirs.stderr
