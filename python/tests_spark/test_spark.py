"""Fits on Spark with executors and processes that are killed, and the bits of one machine."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pyspark
import pytest
from pyspark.sql import SparkSession

import semid
import semid.spark

ROWS, DIM = 2000, 24


def made_up():
    random = np.random.default_rng(1)
    centres = random.normal(scale=3, size=(40, DIM))
    return (centres[random.integers(0, 40, ROWS)] + random.normal(size=(ROWS, DIM))).astype(np.float32)


@pytest.fixture(scope="session")
def X():
    return made_up()


@pytest.fixture(scope="session")
def folder(X, tmp_path_factory):
    """Six parquet files of different lengths, with weights and labels."""
    path = tmp_path_factory.mktemp("parts")
    cuts = [0, 100, 101, 700, 1500, 1600, ROWS]
    for number, (start, end) in enumerate(zip(cuts, cuts[1:])):
        lists = pyarrow.ListArray.from_arrays(
            np.arange(0, (end - start) * DIM + 1, DIM, dtype=np.int32), X[start:end].reshape(-1)
        )
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
    fit += ["--levels", "2", "--clusters", "16", "--init", "random", "--max-iter", "4"]
    subprocess.run([*map(str, fit)], check=True, capture_output=True)
    return semid.RQKMeans.load(path)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Two executors, each a process of its own with a core."""
    work = tmp_path_factory.mktemp("spark")
    os.environ.update(
        SPARK_HOME=os.path.dirname(pyspark.__file__), PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1"
    )
    os.environ["SPARK_WORKER_DIR"] = str(work / "work")
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("semid")
    for name, value in {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(work / "local"),
        "spark.sql.shuffle.partitions": "4",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture
def frame(spark, folder):
    """The rows in their order: a file is no larger than a partition, and files are read by name here."""
    table = pyarrow.concat_tables(pyarrow.parquet.read_table(path) for path in sorted(folder.glob("*.parquet")))
    rows = list(zip(*(table.column(name).to_pylist() for name in ["item", "embedding", "weight", "kind"])))
    columns = "item string, embedding array<float>, weight long, kind string"
    return spark.createDataFrame(spark.sparkContext.parallelize(rows, 5), columns)


def model(progress=None):
    """A fit in few steps, as Spark takes long for each."""
    return semid.RQKMeans(2, 16, device="cpu", init="random", max_iter=4, progress=progress)


def processes(*words):
    """Processes by their command lines, which have all these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if all(word in line for word in words):
            found.append(int(path.parent.name))
    return sorted(found)


def executors(spark):
    return processes("CoarseGrainedExecutorBackend", spark.sparkContext.applicationId)


def children(process):
    """All processes that a process has started, and theirs."""
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *children(child)]
    return found


def is_gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


#: Both versions merge the replies of many shards on executors, and a step of 64 takes Spark seconds: one has them all.
SHARDS = [9] if pyspark.__version__.startswith("3.") else [1, 2, 8, 64]


@pytest.mark.parametrize("num_shards", SHARDS)
def test_any_number_of_shards_has_the_fingerprint_of_one_machine(spark, folder, expected, num_shards):
    fitted = semid.spark.fit(str(folder / "part-*.parquet"), model(), num_shards=num_shards)
    assert fitted.fingerprint == expected.fingerprint


def test_seeding_has_it_too(spark, folder, X):
    options = dict(device="cpu", max_iter=1)
    fitted = semid.spark.fit(str(folder), semid.RQKMeans(1, 8, **options), num_shards=2)
    assert fitted.fingerprint == semid.RQKMeans(1, 8, **options).fit(X).fingerprint


def test_a_data_frame_has_it_too_and_leaves_nothing_behind(frame, expected, tmp_path):
    fitted = semid.spark.fit(frame, model(), column="embedding", num_shards=3, scratch=str(tmp_path))
    assert fitted.fingerprint == expected.fingerprint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["files", "frame"])
def test_rows_count_as_often_as_their_weights_say(request, spark, folder, X, form):
    data = str(folder) if form == "files" else request.getfixturevalue("frame")
    fitted = semid.spark.fit(data, model(), column="embedding", weight_column="weight", num_shards=2)
    assert fitted.fingerprint == model().fit(X, sample_weight=np.arange(ROWS) * 7 % 4).fingerprint


def test_an_executor_that_is_killed_is_replaced(spark, folder, expected):
    before = executors(spark)
    assert len(before) == 2
    killed = []

    def kill(progress):
        if progress.number == 1 and progress.done == 2 and not killed:
            os.kill(before[0], signal.SIGKILL)
            killed.append(before[0])

    fitted = semid.spark.fit(str(folder), model(kill), num_shards=4)
    assert fitted.fingerprint == expected.fingerprint
    assert killed and is_gone(killed[0])
    assert killed[0] not in executors(spark)


def test_processes_that_are_killed_read_their_rows_again(spark, folder, expected):
    killed = []

    def kill(progress):
        if progress.done == 2 and len(killed) < 2 * progress.number:
            for executor in executors(spark):
                for process in children(executor):
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)

    fitted = semid.spark.fit(str(folder), model(kill), num_shards=4)
    assert fitted.fingerprint == expected.fingerprint
    assert len(killed) >= 4 and all(is_gone(process) for process in killed)


def test_codes_are_those_of_one_machine(frame, expected, X):
    encoded = semid.spark.encode(frame, expected, column="embedding").select("item", "codes").collect()
    assert [row["item"] for row in encoded] == [f"item {row}" for row in range(ROWS)]
    assert np.array_equal([row["codes"] for row in encoded], expected.encode(X))


def test_labels_give_the_first_codes(frame, X):
    kinds = [f"kind {row % 3}" for row in range(ROWS)]
    labelled = semid.RQKMeans(1, 16, device="cpu", init="random").fit(X, labels={"kind": kinds})
    encoded = semid.spark.encode(frame, labelled, column="embedding").select("codes").collect()
    expected = labelled.encode(X, labels=kinds)
    assert np.array_equal([row["codes"] for row in encoded], expected)
    keys = [f"item {row}" for row in range(ROWS)]
    registry, alone = semid.Registry(2), semid.Registry(2)
    renamed = frame.withColumnRenamed("kind", "category")
    semid.spark.assign(renamed, labelled, registry, items="item", column="embedding", labels=["category"])
    alone.assign(keys, expected)
    assert registry.lookup(keys) == alone.lookup(keys)
    with pytest.raises(Exception, match="no column 'kind'"):
        semid.spark.encode(renamed, labelled, column="embedding").collect()


def test_ids_are_those_of_one_machine(frame, expected, X):
    keys = [f"item {row}" for row in range(ROWS)]
    ids = semid.SemanticIdEngine(expected).unique_ids(X, keys)
    registry = semid.Registry(2)
    assert semid.spark.assign(frame, expected, registry, items="item", column="embedding") == ROWS
    assert registry.lookup(keys) == ids


def test_files_of_partitions_are_taken_in_order(tmp_path):
    names = ["part-00000-a-c000.snappy.parquet", "part-00000-a-c001.snappy.parquet", "part-00010-a.c000.parquet"]
    names += ["part-100000-a-c000.snappy.parquet"]
    for name in [*names, "_SUCCESS", ".part-00000-a-c000.snappy.parquet.crc"]:
        (tmp_path / name).touch()
    assert semid.spark._in_order(str(tmp_path)) == [str(tmp_path / name) for name in names]


def test_what_cannot_be_is_refused(spark, folder, frame):
    with pytest.raises(semid.FileError, match="no file fits this pattern"):
        semid.spark.fit(str(folder / "none-*.parquet"), model())
    with pytest.raises(semid.InputError, match="all rows in one place"):
        semid.spark.fit(str(folder), semid.RQVAE(2, 16))
