"""semid on a GPU beside PyTorch and flash-kmeans: one run, one adapter, the same rows.

    cargo bench --no-run --bench gpu            writes target/release/deps/gpu-*, which needs no other file
    python benches/gpu.py BENCH [--shapes A,B,C] [--variants 'f32 128x128,8bit 64x128'] [--json FILE]

Needs PyTorch with CUDA for the peers, and flash-kmeans for the second of them; what is missing is left out. Rows come
from a mixture with a spectrum that falls as that of embeddings does. Shapes, as N x D with K codewords:

A   1,000,000 x 128, K = 1,024, 1 level
B   60,000 x 384, K = 256, 3 levels
C   1,000,000 x 768, K = 8,192, 1 level, first codewords at random

Peers get their rows on the GPU, in f32 (matrix products without TF32, unless said) and f16; their times end when the
GPU has finished. semid gets its rows in memory of the host, and its times include putting them on the grid and on the
GPU. Times of kernels are by the adapter's own clock, of a run in which the host waits for every dispatch: a card that
lowers its clock when it has nothing to do is slower in it. The rate of the filter counts two operations per product,
and its share is that of the peak for the instruction which the variant uses, from --peak-f32; that of dot4I8Packed is
taken as twice as many products as of f32. Every variant has to give the same model.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

SHAPES = {
    "A": {"rows": 1_000_000, "dim": 128, "clusters": 1024, "levels": 1, "iterations": 20, "init": "kmeans++"},
    "B": {"rows": 60_000, "dim": 384, "clusters": 256, "levels": 3, "iterations": 20, "init": "kmeans++"},
    "C": {"rows": 1_000_000, "dim": 768, "clusters": 8192, "levels": 1, "iterations": 3, "init": "random"},
}
FILTERS = ["assign", "assign_bytes", "assign_matrix", "assign_streamed"]
VARIANTS = ["f32 64x64", "f32 64x128", "f32 128x64", "f32 128x128", "8bit 64x64", "8bit 64x128", "8bit 128x64"]


def write_rows(path, shape):
    """Writes rows of a mixture of 2 K groups, with standard deviations that fall with the dimension, as f32."""
    rows, dim = shape["rows"], shape["dim"]
    random = np.random.default_rng(7)
    scale = (1 / (1 + np.arange(dim) / 40)).astype(np.float32)
    centres = random.standard_normal((2 * shape["clusters"], dim), dtype=np.float32) * scale
    out = np.lib.format.open_memmap(path, "w+", np.float32, (rows, dim))
    for first in range(0, rows, 100_000):
        count = min(100_000, rows - first)
        noise = random.standard_normal((count, dim), dtype=np.float32) * (0.7 * scale)
        out[first:first + count] = centres[random.integers(0, len(centres), count)] + noise
    out.flush()


def run_semid(options, path, shape, repeats, **environment):
    """What benches/gpu.rs prints, or its error."""
    words = [path, shape["clusters"], shape["levels"], shape["iterations"], shape["init"], options.device, repeats]
    found = subprocess.run([options.bench, *map(str, words)], capture_output=True, text=True, timeout=options.timeout,
                           env={**os.environ, **environment}, check=False)
    if found.returncode:
        return {"error": (found.stderr or found.stdout).strip()[-600:]}
    return json.loads(found.stdout.strip().splitlines()[-1])


def median(values):
    return sorted(values)[len(values) // 2]


def rate(result, shape, peak):
    """Milliseconds of the filter of an encode per level, TOP/s, and the share of the peak of the instruction."""
    rows = [row for row in result["encode_kernels"] if row["name"] in FILTERS]
    seconds = sum(row["seconds"] for row in rows)
    if not seconds:
        return "- | - | -"
    tops = 2 * shape["rows"] * shape["dim"] * shape["clusters"] * shape["levels"] / seconds / 1e12
    of = {"assign": peak, "assign_bytes": 2 * peak}.get(rows[0]["name"])
    share = f"{100 * tops / of:.0f} %" if of and len(rows) == 1 else "-"
    return f"{1e3 * seconds / shape['levels']:.2f} | {tops:.1f} | {share}"


def row_of(name, result, shape, peak):
    kernels = sorted(result["fit_kernels"], key=lambda row: -row["seconds"])[:9]
    others = ", ".join(f"{row['name']} {1e3 * row['seconds']:.2f}/{row['dispatches']}" for row in kernels)
    fit, encode = median(result["fits"]), median(result["encodes"])
    return f"| {name} | {rate(result, shape, peak)} | {fit:.3f} | {encode:.3f} | {result['settled']} | {others} |"


def measure_semid(options, path, shape):
    """Prints a row for what semid chooses, and one for each variant with 3 iterations from random codewords."""
    print("| variant | filter ms | TOP/s | of the peak | fit s | encode s | undecided | kernels of the fit, ms/times |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    results, model = {}, None
    chosen = [] if options.forced_only else ["as it comes"]
    for name in chosen + [name.strip() for name in options.variants.split(",") if name.strip()]:
        if name == "as it comes":
            result = run_semid(options, path, shape, options.repeats)
        else:
            kind, tile = name.split()
            short = {**shape, "iterations": min(3, shape["iterations"]), "init": "random"}
            result = run_semid(options, path, short, 1, SEMID_GPU_FILTER=kind, SEMID_GPU_TILE=tile)
            model = model or result.get("fingerprint")
            if "error" not in result and result["fingerprint"] != model:
                result = {"error": f"another model: {result['fingerprint']} instead of {model}"}
        results[name] = result
        if "error" in result:
            print(f"| {name} | {result['error']} |", flush=True)
            continue
        print(row_of(name, result, shape, options.peak_f32), flush=True)
        if name == "as it comes":
            print(f"{result['device']}, {result['driver']}: {result['iterations']} iterations, squared error "
                  f"{result['squared_error']:.6f}, {result['fingerprint'][:12]}, first fit "
                  f"{result['first_fit']:.2f} s, tiles {result['tiles']}", flush=True)
    return results


def timed(torch, run, repeats=3):
    """The median of the seconds of a run on the GPU, after one to warm up; or the error."""
    try:
        run()
        seconds = []
        for _ in range(repeats):
            torch.cuda.synchronize()
            start = time.perf_counter()
            run()
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        return median(seconds)
    except Exception as error:  # What fails is a row of the table.
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        torch.cuda.empty_cache()


def measure_peers(torch, path, shape):
    """Seconds of an assignment, and of a whole fit of one level, by name."""
    rows = torch.from_numpy(np.load(path)).cuda()
    codewords = rows[torch.randperm(len(rows), device="cuda")[:shape["clusters"]]].contiguous()
    block = max(1, (1 << 31) // shape["clusters"])

    def cdist(x, c):
        for part in x.split(block):
            torch.cdist(part, c).argmin(1)

    def product(x, c):
        half = (c.float() ** 2).sum(1) / 2
        for part in x.split(block):
            (half - part @ c.T).argmin(1)

    found = {}
    torch.backends.cuda.matmul.allow_tf32 = False
    found["cdist + argmin, f32"] = timed(torch, lambda: cdist(rows, codewords))
    found["matrix product + argmin, f32"] = timed(torch, lambda: product(rows, codewords))
    torch.backends.cuda.matmul.allow_tf32 = True
    found["matrix product + argmin, TF32"] = timed(torch, lambda: product(rows, codewords))
    x, c = rows.half(), codewords.half()
    found["matrix product + argmin, f16"] = timed(torch, lambda: product(x, c))
    try:
        from flash_kmeans import FlashKMeans
        from flash_kmeans.interface import euclid_assign_triton
    except ImportError as error:
        found["flash-kmeans"] = str(error)
        return found
    for name, x, c in [("f32", rows, codewords), ("f16", x, c)]:
        squares = (x.float() ** 2).sum(1)[None]
        kmeans = FlashKMeans(shape["dim"], shape["clusters"], niter=shape["iterations"], tol=0.0)
        assign = lambda: euclid_assign_triton(x[None], c[None], squares)
        found[f"flash-kmeans assignment, {name}"] = timed(torch, assign)
        found[f"flash-kmeans fit, {name}"] = timed(torch, lambda: kmeans.fit(x))
    return found


def cuda():
    """PyTorch, if it is there and has a GPU."""
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--shapes", default="A,B,C")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--peak-f32", type=float, default=67.0, help="TFLOP/s of the adapter")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="8bit cooperative needs tensor-cores")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--timeout", type=int, default=500, help="seconds that a run of semid may take")
    parser.add_argument("--forced-only", action="store_true", help="leave out the variant that semid chooses")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", help="write everything that was found here")
    options = parser.parse_args()
    torch = None if options.no_peers else cuda()
    everything = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.shapes.split(","):
            shape, path = SHAPES[name], os.path.join(folder, "rows.npy")
            write_rows(path, shape)
            print(f"\n{name}: {shape}", flush=True)
            everything[name] = {"semid": measure_semid(options, path, shape)}
            if torch:
                everything[name]["peers"] = measure_peers(torch, path, shape)
                for peer, seconds in everything[name]["peers"].items():
                    print(f"{peer}: {seconds if isinstance(seconds, str) else f'{1e3 * seconds:.2f} ms'}", flush=True)
            if options.json:
                with open(options.json, "w", encoding="utf-8") as file:
                    json.dump(everything, file)
    sys.exit(any("error" in result for of in everything.values() for result in of["semid"].values()))


if __name__ == "__main__":
    main()
