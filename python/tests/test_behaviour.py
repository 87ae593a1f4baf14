"""Ctrl-C, threads, forks and memory."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import semid

WORK = {
    "fit": "semid.RQKMeans(4, 512, max_iter=100000, tol=0, device='cpu').fit(X)",
    "fit of a file": "semid.RQKMeans(4, 512, max_iter=100000, tol=0, device='cpu').fit(path)",
    "progress": "semid.RQKMeans(4, 512, max_iter=10**5, tol=0, device='cpu', progress=lambda p: None).fit(X)",
    "network": "semid.RQVAE(3, 64, hidden=[64], epochs=10**5, batch_size=512, device='cpu').fit(X[:3000])",
    "evaluation": "semid.evaluate(small, big, k=10, device='reference')",
    "encode": "small.encode(np.concatenate([big] * 40), device='reference')",
    "sweep": "semid.sweep(X, levels=[2], n_clusters=[512], random_states=range(1000), k=0)",
    "assign": "semid.SemanticIdEngine(small).unique_ids(np.concatenate([big] * 40), device='reference')",
    "batches": "semid.RQKMeans(1, 4).fit(np.ones((10, 4)) for _ in iter(int, 1))",
    "verify": "[semid.verify(small, X[:, :32]) for _ in range(10**6)]",
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_stops_work_within_a_second(work, tmp_path):
    script = f"""
        import numpy as np, semid, signal, sys, time
        # Programs that a shell starts in the background ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random = np.random.default_rng(0)
        X = random.normal(size=(20000, 64)).astype(np.float32)
        path = {str(tmp_path / "x.npy")!r}
        np.save(path, X)
        big = random.normal(size=(30000, 32)).astype(np.float32)
        small = semid.RQKMeans(2, 16, device="cpu").fit(big[:2000])
        print("ready", flush=True)
        try:
            {WORK[work]}
        except KeyboardInterrupt:
            print("stopped", flush=True)
        else:
            print("finished", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        time.sleep(0.7)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        answer = process.stdout.readline()
        seconds = time.monotonic() - start
        assert answer == "stopped\n", process.stderr.read()
        assert seconds < 1.0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="makes a Vulkan driver that takes long to load")
@pytest.mark.parametrize("work", ["semid.devices()", "small.encode(X, device='gpu:0')"])
def test_ctrl_c_does_not_wait_for_a_driver(work, tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, driver, manifest = (tmp_path / name for name in ["slow.c", "slow.so", "slow.json"])
    touched = tmp_path / "loaded"
    source.write_text(
        "#include <stdio.h>\n#include <unistd.h>\n__attribute__((constructor)) static void slow(void)"
        f'{{ fclose(fopen("{touched}", "w")); sleep(20); }}\n'
    )
    subprocess.run([compiler, "-shared", "-fPIC", "-o", driver, source], check=True)
    manifest.write_text(
        json.dumps({"file_format_version": "1.0.0", "ICD": {"library_path": str(driver), "api_version": "1.1.0"}})
    )
    script = f"""
        import numpy as np, semid, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        X = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
        small = semid.RQKMeans(2, 4, device="cpu").fit(X)
        try:
            {work}
        except KeyboardInterrupt:
            print("stopped", flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "VK_DRIVER_FILES": str(manifest), "VK_ICD_FILENAMES": str(manifest)},
    )
    try:
        end = time.monotonic() + 20
        while not touched.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        assert touched.exists(), "no driver was loaded"
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopped\n"
        assert time.monotonic() - start < 1.0
    finally:
        process.kill()
        process.communicate()


def test_nothing_is_half_written_after_a_stop(X, tmp_path):
    class Stop(Exception):
        pass

    def stop(step):
        raise Stop

    model = semid.RQKMeans(2, 8, progress=stop)
    with pytest.raises(Stop):
        model.fit(X)
    assert not model.__sklearn_is_fitted__()
    with pytest.raises(Stop):
        semid.sweep(X, levels=[1], n_clusters=[4], k=0, path=tmp_path / "s.jsonl", models=tmp_path / "m", progress=stop)
    left = [file for file in tmp_path.rglob("*") if file.is_file() and file.stat().st_size]
    assert not left


def test_other_threads_run_during_a_fit():
    rows = np.random.default_rng(0).normal(size=(20000, 32)).astype(np.float32)
    steps, done = [], threading.Event()

    def count():
        while not done.is_set():
            steps.append(time.monotonic())
            time.sleep(0.002)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    semid.RQKMeans(3, 256, max_iter=20, device="cpu").fit(rows)
    seconds = time.monotonic() - start
    done.set()
    thread.join()
    during = [at for at in steps if start <= at <= start + seconds]
    # With the lock held there would be none but the first.
    assert len(during) > 10, (len(during), seconds)


def test_threads_use_one_model(model, X, codes):
    failures = []

    def work():
        for _ in range(20):
            if (
                not np.array_equal(model.encode(X), codes)
                or model.fingerprint != semid.RQKMeans(3, 8).fit(X).fingerprint
            ):
                failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def _encode(data, rows, answers):
    try:
        answers.put(semid.RQKMeans.from_bytes(data).encode(rows).tolist())
    except RuntimeError as error:
        answers.put(str(error))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_refuse_with_a_sentence(model, X):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    process = context.Process(target=_encode, args=(model.to_bytes(), X, answers))
    process.start()
    answer = answers.get(timeout=30)
    process.join(30)
    assert "forked" in answer and "spawn" in answer


def test_a_process_forked_before_any_work_may_work(tmp_path):
    script = """
        import os, sys
        import numpy as np, semid
        child = os.fork()
        if child == 0:
            semid.RQKMeans(1, 2, device="cpu").fit(np.arange(10.0)[:, None])
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "7\n", done.stderr


def test_spawned_processes_work(model, X, codes):
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        found = pool.apply(_encode_here, (model.to_bytes(), X))
    np.testing.assert_array_equal(found, codes)


def _encode_here(data, rows):
    return semid.RQKMeans.from_bytes(data).encode(rows)


MEMORY = """
    import os, resource, sys
    import numpy as np, semid
    kind, work = sys.argv[1:]
    rows = np.zeros((200_000, 192), np.float64 if kind == "f64" else np.float32)
    random = np.random.default_rng(0)
    for at in range(0, len(rows), 10_000):
        rows[at : at + 10_000] = random.normal(size=(10_000, 192))
    if kind == "strided":
        rows = rows[:, ::2]
    mib = rows.size * 4 / 2**20
    small = semid.RQKMeans(2, 16, device="cpu").fit(rows[:2000])
    def peak():
        for line in open("/proc/self/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    open("/proc/self/clear_refs", "w").write("5")
    before = peak()
    if work == "encode":
        small.encode(rows)
    else:
        # What the fit keeps are the rows on their grid: one integer of 4 bytes per value, which is no f32 copy.
        semid.RQKMeans(1, 16, max_iter=2, device="cpu").fit(rows)
    print((peak() - before) / mib)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="needs Linux")
@pytest.mark.parametrize("kind", ["f32", "f64", "strided"])
@pytest.mark.parametrize("work, most", [("encode", 0.5), ("fit", 1.6)])
def test_there_is_no_second_copy_of_the_rows(kind, work, most):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEMORY), kind, work], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < most
