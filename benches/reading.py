"""Reading speed: 1,000,000 x 128 f32 in 16 Parquet parts, beside pyarrow's read_table.

    cargo build --release
    python benches/reading.py target/release/semid [--rows 1000000] [--parts 16] [--threads 2] [--repeats 5]

Needs numpy and pyarrow. Both sides read the same files, which lie in the cache of the system after the first round, and
take turns, each in a process of its own:

- pyarrow: `read_table` of the folder, with as many threads, in the columns that the files have;
- semid: `encode` by a model of one level of one cluster, which leaves next to nothing but the reading. The seconds are
  `read_seconds`, the time within reading; the processor time is that of the whole process, so it is an upper bound.

Printed are medians, of wall time and of processor time, and the peak memory of `encode`. On a machine that others use,
only processor time can be compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DIM = 128
PYARROW = """
import sys, time
import pyarrow as pa, pyarrow.parquet as pq
pa.set_cpu_count(int(sys.argv[2])); pa.set_io_thread_count(int(sys.argv[2]))
pq.read_table(sys.argv[1] + "/part-00000.parquet")  # loads what the first read loads
wall, cpu = time.perf_counter(), time.process_time()
table = pq.read_table(sys.argv[1])
print(time.perf_counter() - wall, time.process_time() - cpu, table.num_rows)
"""


def write(folder, rows, parts, kind):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    bounds = [rows * i // parts for i in range(parts + 1)]
    for i, (start, end) in enumerate(zip(bounds, bounds[1:])):
        values = rng.standard_normal((end - start) * DIM, dtype=np.float32)
        if kind == "fixed":
            lists = pa.FixedSizeListArray.from_arrays(pa.array(values), DIM)
        else:
            lists = pa.ListArray.from_arrays(np.arange(0, len(values) + 1, DIM, dtype=np.int32), pa.array(values))
        pq.write_table(pa.table({"embedding": lists}), folder / f"part-{i:05}.parquet")


def run(command):
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = done.stdout.read()
    _, status, usage = os.wait4(done.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return out, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("semid", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kind", choices=["list", "fixed"], default="list")
    parser.add_argument("--folder", type=Path, help="keep the files here, and use those that are there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch) / "parts"
        if not folder.exists():
            folder.mkdir(parents=True)
            write(folder, args.rows, args.parts, args.kind)
        model, codes = Path(scratch) / "m.safetensors", Path(scratch) / "codes.npy"
        semid = [str(args.semid), "--quiet", "--threads", str(args.threads), "--device", "cpu"]
        first = str(folder / "part-00000.parquet")
        run([*semid, "fit", "--input", first, "--output", str(model), "--levels", "1", "--clusters", "1"])
        ours, theirs = [], []
        for _ in range(args.repeats):
            out, _, _ = run([sys.executable, "-c", PYARROW, str(folder), str(args.threads)])
            wall, cpu, rows = out.split()
            theirs.append((float(wall), float(cpu)))
            start = time.perf_counter()
            encode = ["encode", "--model", str(model), "--input", str(folder), "--output", str(codes), "--json"]
            out, cpu, peak = run([*semid, *encode])
            told = json.loads(out)
            assert told["rows"] == int(rows), (told, rows)
            ours.append((told["read_seconds"], cpu, time.perf_counter() - start, peak))
        wall = [statistics.median(of[0] for of in side) for side in (theirs, ours)]
        cpu = [statistics.median(of[1] for of in side) for side in (theirs, ours)]
        gib = int(rows) * DIM * 4 / 2**30
        how = f"{args.parts} parts ({args.kind}), {args.threads} threads, {args.repeats} repeats"
        print(f"{rows} rows of {DIM} in {how}")
        print(f"pyarrow read_table: {wall[0]:.3f} s ({gib / wall[0]:.2f} GiB/s), processor time {cpu[0]:.3f} s")
        print(f"semid reading:      {wall[1]:.3f} s ({gib / wall[1]:.2f} GiB/s), processor time of all {cpu[1]:.3f} s")
        speed = f"{wall[0] / wall[1]:.2f} by wall time, {cpu[0] / cpu[1]:.2f} by processor time"
        print(f"speed beside pyarrow (goal 0.8): {speed}")
        whole, peak = statistics.median(of[2] for of in ours), max(of[3] for of in ours)
        print(f"encode as a whole {whole:.3f} s, peak memory (goal below 512 MiB) {peak:.0f} MiB")


if __name__ == "__main__":
    main()
