"""Fits on Ray with processes and a node that are killed, and the bits of one machine."""

import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import ray
from ray._private.state import actors
from ray.cluster_utils import Cluster

import semid
import semid.ray
from semid.ray import _Shard

ROWS, DIM = 3000, 24


def made_up():
    random = np.random.default_rng(1)
    centres = random.normal(scale=3, size=(40, DIM))
    return (centres[random.integers(0, 40, ROWS)] + random.normal(size=(ROWS, DIM))).astype(np.float32)


@pytest.fixture(scope="session")
def X():
    return made_up()


@pytest.fixture(scope="session")
def folder(X, tmp_path_factory):
    """Seven parquet files of different lengths, with weights and labels."""
    path = tmp_path_factory.mktemp("parts")
    cuts = [0, 100, 101, 700, 1500, 1600, 2900, ROWS]
    for number, (start, end) in enumerate(zip(cuts, cuts[1:])):
        lists = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(X[start:end].reshape(-1)), DIM)
        keys = pyarrow.array([f"item {row}" for row in range(start, end)])
        weights = pyarrow.array(np.arange(start, end) * 7 % 4)
        kinds = pyarrow.array([f"kind {row % 3}" for row in range(start, end)])
        table = pyarrow.table({"item": keys, "embedding": lists, "weight": weights, "kind": kinds})
        pyarrow.parquet.write_table(table, path / f"part-{number}.parquet")
    return path


@pytest.fixture(scope="session")
def expected(folder, tmp_path_factory):
    """The model that the command line tool fits to the same files."""
    path = tmp_path_factory.mktemp("expected") / "model.safetensors"
    fit = [sys.executable, "-m", "semid", "fit", "--input", folder, "--output", path, "--device", "cpu"]
    subprocess.run([*map(str, fit), "--levels", "2", "--clusters", "16"], check=True, capture_output=True)
    return semid.RQKMeans.load(path)


@pytest.fixture(scope="module")
def cluster():
    """Two nodes, each with processes of its own."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 6, "include_dashboard": False})
    cluster.add_node(num_cpus=6)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def model(progress=None):
    return semid.RQKMeans(2, 16, device="cpu", progress=progress)


def places():
    """The nodes of the actors that hold shards now."""
    found = [actor for actor in actors().values() if (actor["ActorClassName"], actor["State"]) == ("_Shard", "ALIVE")]
    return [actor["Address"]["NodeID"] for actor in found]


@pytest.mark.parametrize("num_shards", [1, 2, 8, 64])
def test_any_number_of_shards_has_the_fingerprint_of_one_machine(cluster, folder, expected, num_shards):
    fitted = semid.ray.fit(str(folder / "part-*.parquet"), model(), num_shards=num_shards, num_cpus=0.1)
    assert fitted.fingerprint == expected.fingerprint


def test_a_dataset_has_it_too(cluster, folder, expected):
    dataset = ray.data.read_parquet(str(folder))
    fitted = semid.ray.fit(dataset, model(), column="embedding", num_shards=3, num_cpus=0.5)
    assert fitted.fingerprint == expected.fingerprint


@pytest.mark.parametrize("form", [str, lambda folder: ray.data.read_parquet(str(folder))], ids=["files", "dataset"])
def test_rows_count_as_often_as_their_weights_say(cluster, folder, X, form):
    more = {"column": "embedding", "weight_column": "weight", "num_shards": 3, "num_cpus": 0.5}
    fitted = semid.ray.fit(form(folder), model(), **more)
    assert fitted.fingerprint == model().fit(X, sample_weight=np.arange(ROWS) * 7 % 4).fingerprint


def test_no_rows_are_refused(cluster):
    with pytest.raises(semid.InputError, match="no rows"):
        semid.ray.fit(ray.data.from_items([]), model(), num_cpus=0.5)


def test_actors_that_are_killed_are_started_anew(cluster, folder, expected, monkeypatch):
    started, killed = [], []
    options = _Shard.options

    class Recorded:
        def __init__(self, **given):
            self._options = options(**given)

        def remote(self, *args):
            started.append(self._options.remote(*args))
            return started[-1]

    monkeypatch.setattr(_Shard, "options", Recorded)

    def kill(progress):
        if progress.done == 2 and len(killed) < progress.number:
            process = ray.get(started[progress.number % 3].process.remote())
            os.kill(process, signal.SIGKILL)
            killed.append((progress.number % 3, process))

    fitted = semid.ray.fit(str(folder), model(kill), num_shards=3, num_cpus=0.5)
    assert fitted.fingerprint == expected.fingerprint
    assert len(killed) == 2
    for _, process in killed:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_node_that_is_lost_is_replaced(cluster, folder, expected):
    node = cluster.add_node(num_cpus=4)
    cluster.wait_for_nodes()
    before = len([found for found in ray.nodes() if found["Alive"]])
    lost = []

    def lose(progress):
        if progress.number == 1 and progress.done == 2 and not lost:
            lost.extend(place for place in places() if place == node.node_id)
            cluster.remove_node(node, allow_graceful=False)

    spread = {"scheduling_strategy": "SPREAD"}
    fitted = semid.ray.fit(str(folder), model(lose), num_shards=9, num_cpus=1, ray_remote_args=spread)
    assert fitted.fingerprint == expected.fingerprint
    assert lost, "the node held shards"
    assert len([found for found in ray.nodes() if found["Alive"]]) == before - 1


@pytest.fixture
def special(cluster):
    """One more node, which says that it has a GPU and a resource of another name."""
    node = cluster.add_node(num_cpus=3, num_gpus=1, resources={"fast": 2})
    cluster.wait_for_nodes()
    yield node.node_id
    cluster.remove_node(node)


#: Of what the node is told to have; the GPU is one of the drivers in software that the step of the gate brings.
WANTED = [{"ray_remote_args": {"resources": {"fast": 1}}}, {"num_gpus": 0.5, "device": "gpu:0"}]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_actors_are_where_what_they_need_is(special, folder, expected, wanted):
    seen = []
    watched = model(lambda progress: seen.append(places()))
    fitted = semid.ray.fit(str(folder), watched, num_shards=2, num_cpus=0.5, **wanted)
    assert fitted.fingerprint == expected.fingerprint
    assert seen and all(nodes == [special] * 2 for nodes in seen)


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_no_more_actors_are_started_than_find_what_they_need(special, folder, expected, wanted):
    """The cluster has CPUs for many more."""
    seen = []
    watched = model(lambda progress: seen.append(len(places())))
    assert semid.ray.fit(str(folder), watched, **wanted).fingerprint == expected.fingerprint
    assert set(seen) == {2}


def test_actors_with_a_gpu_use_it(special, folder, expected):
    """No driver in software is taken for one that nobody named, so without a GPU they say that there is none."""
    hardware = any(device["name"].startswith("gpu") and device["hardware"] for device in semid.devices())
    fit = partial(semid.ray.fit, str(folder), model(), num_shards=1, num_cpus=0.5, num_gpus=0.5)
    if hardware:
        assert fit().fingerprint == expected.fingerprint
        return
    with pytest.raises(ray.exceptions.ActorDiedError, match="there is no hardware adapter"):
        fit()


def files(folder):
    return sorted(map(str, folder.glob("*.parquet")))


@pytest.mark.parametrize("form, options", [(str, {}), (files, {}), *[(str, options) for options in WANTED]])
def test_codes_are_those_of_one_machine(special, folder, expected, X, form, options):
    encoded = semid.ray.encode(form(folder), expected, column="embedding", concurrency=2, **options)
    table = pyarrow.concat_tables(encoded.iter_batches(batch_format="pyarrow"))
    codes = np.asarray(table.column("codes").combine_chunks().flatten()).reshape(-1, 2)
    order = [int(item.split()[1]) for item in table.column("item").to_pylist()]
    assert sorted(order) == list(range(ROWS))
    assert np.array_equal(codes, expected.encode(X)[order])


def test_labels_give_the_first_codes(cluster, folder, X, tmp_path):
    kinds = [f"kind {row % 3}" for row in range(ROWS)]
    labelled = semid.RQKMeans(2, 16, device="cpu").fit(X, labels={"kind": kinds})
    encoded = semid.ray.encode(str(folder), labelled, column="embedding", concurrency=1)
    table = pyarrow.concat_tables(encoded.iter_batches(batch_format="pyarrow"))
    codes = np.asarray(table.column("codes").combine_chunks().flatten()).reshape(ROWS, -1)
    order = [int(item.split()[1]) for item in table.column("item").to_pylist()]
    assert np.array_equal(codes, labelled.encode(X, labels=kinds)[order])
    registry = semid.Registry(3)
    semid.ray.assign(str(folder), labelled, registry, items="item", column="embedding", labels=["kind"])
    firsts = {(row % 3, registry.lookup([f"item {row}"])[0].split("-")[0]) for row in range(0, ROWS, 7)}
    assert len(firsts) == 3
    with pytest.raises(ray.exceptions.RayTaskError, match="no column 'colour'"):
        semid.ray.encode(str(folder), labelled, column="embedding", concurrency=1, labels=["colour"]).materialize()
    with pytest.raises(semid.InputError, match="a column for each"):
        semid.ray.encode(str(folder), labelled, labels=["kind", "item"])


def test_ids_are_those_of_one_machine(cluster, folder, expected, X, tmp_path):
    keys = [f"item {row}" for row in range(ROWS)]
    alone = semid.SemanticIdEngine(expected)
    ids = alone.unique_ids(X, keys)
    registry = semid.Registry(2)
    assert semid.ray.assign(str(folder), expected, registry, items="item", column="embedding") == ROWS
    assert registry.lookup(keys) == ids
