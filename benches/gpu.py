"""semid on a GPU beside PyTorch and flash-kmeans: one run, one adapter, the same rows.

    cargo bench --no-run --bench gpu            writes target/release/deps/gpu-*, which needs no other file
    python benches/gpu.py BENCH [--shapes A,B,C] [--markdown] [--json FILE]

Needs PyTorch with CUDA for the peers, and flash-kmeans for the second of them; what is missing is left out. Rows come
from a mixture with a spectrum that falls as that of embeddings does. Shapes, as N x D with K codewords:

A   1,000,000 x 128, K = 1,024, 1 level
B   60,000 x 384, K = 256, 3 levels
C   1,000,000 x 768, K = 8,192, 1 level, first codewords at random

Peers get their rows on the GPU, in f32 (matrix products without TF32, unless said) and f16; their times end when the
GPU has finished. semid gets its rows in memory of the host, and its times include putting them on the grid and on the
GPU. Times of kernels are by the adapter's own clock. The rate of `assign` counts two operations per product, and
its share is that of the peak for the instruction which the variant uses, computed from --peak-f32 (TFLOP/s); that of
dot4I8Packed is taken as twice as many products as of f32.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

SHAPES = {
    "A": {"rows": 1_000_000, "dim": 128, "clusters": 1024, "levels": 1, "iterations": 20},
    "B": {"rows": 60_000, "dim": 384, "clusters": 256, "levels": 3, "iterations": 20},
    "C": {"rows": 1_000_000, "dim": 768, "clusters": 8192, "levels": 1, "iterations": 3, "init": "random"},
}
VARIANTS = [(kind, tile) for kind in ("f32", "8bit") for tile in ("64x64", "64x128", "128x64", "128x128")
            if (kind, tile) != ("8bit", "128x128")]


def torch_of():
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None


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


def run_semid(bench, path, shape, device, repeats, **environment):
    words = [path, shape["clusters"], shape["levels"], shape["iterations"], shape.get("init", "kmeans++"), device, repeats]
    found = subprocess.run([bench, *map(str, words)], capture_output=True, text=True, timeout=500,
                           env={**os.environ, **environment}, check=False)
    if found.returncode:
        return {"error": (found.stderr or found.stdout).strip()[-600:]}
    return json.loads(found.stdout.strip().splitlines()[-1])


def timed(torch, run, repeats=5):
    """The median of the seconds of a run on the GPU, after one to warm up."""
    run()
    seconds = []
    for _ in range(repeats):
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]


def run_peers(torch, path, shape):
    """Seconds of an assignment and of a whole fit of one level, by name."""
    found = {}

    def attempt(name, run):
        try:
            found[name] = timed(torch, run, 3)
        except Exception as error:  # What fails is a row of the table.
            found[name] = f"{type(error).__name__}: {error}"[:200]
        torch.cuda.empty_cache()

    rows = torch.from_numpy(np.load(path, mmap_mode="r")[:]).cuda()
    codewords = rows[torch.randperm(len(rows), device="cuda")[:shape["clusters"]]].contiguous()
    block = max(1, (1 << 31) // shape["clusters"])

    def cdist(x, c):
        for part in x.split(block):
            torch.cdist(part, c).argmin(1)

    def product(x, c):
        half = (c.float() ** 2).sum(1) / 2
        for part in x.split(block):
            (half - part @ c.T).argmin(1)

    torch.backends.cuda.matmul.allow_tf32 = False
    attempt("cdist + argmin, f32", lambda: cdist(rows, codewords))
    attempt("matmul + argmin, f32", lambda: product(rows, codewords))
    torch.backends.cuda.matmul.allow_tf32 = True
    attempt("matmul + argmin, TF32", lambda: product(rows, codewords))
    attempt("matmul + argmin, f16", lambda x=rows.half(), c=codewords.half(): product(x, c))
    try:
        from flash_kmeans import FlashKMeans
        from flash_kmeans.interface import euclid_assign_triton
    except Exception as error:
        found["flash-kmeans"] = str(error)[:200]
        return found
    for name, kind in (("f32", torch.float32), ("f16", torch.float16)):
        x = rows.to(kind)
        c, squares = codewords.to(kind)[None], (x.float() ** 2).sum(1)[None]
        fit = lambda: FlashKMeans(shape["dim"], shape["clusters"], niter=shape["iterations"], tol=0.0).fit(x)
        attempt(f"flash-kmeans assign, {name}", lambda: euclid_assign_triton(x[None], c, squares))
        attempt(f"flash-kmeans fit, {name}", fit)
        del x, c, squares
    return found


def kernel(result, kernels, *names):
    return [row for row in result.get(kernels, []) if row["name"] in names]


def rate(result, shape, peak):
    """Milliseconds per assignment, TOP/s, and the share of the peak of the instruction."""
    rows = kernel(result, "encode_kernels", "assign", "assign_bytes")
    seconds = sum(row["seconds"] for row in rows)
    if not seconds:
        return "-", "-", "-"
    work = 2 * shape["rows"] * shape["dim"] * shape["clusters"] * shape["levels"]
    tops = work / seconds / 1e12
    of = 2 * peak if rows[0]["name"] == "assign_bytes" else peak
    return f"{1e3 * seconds / shape['levels']:.2f}", f"{tops:.1f}", f"{100 * tops / of:.0f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--shapes", default="A,B,C")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--peak-f32", type=float, default=67.0, help="TFLOP/s")
    parser.add_argument("--variants", default="all", help="all, or some such as 'f32 128x128,8bit 64x128'")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", help="write everything that was found here")
    options = parser.parse_args()
    torch = None if options.no_peers else torch_of()
    variants = VARIANTS if options.variants == "all" else [tuple(v.split()) for v in options.variants.split(",") if v]
    everything = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.shapes.split(","):
            shape, path = SHAPES[name], os.path.join(folder, "rows.npy")
            start = time.perf_counter()
            write_rows(path, shape)
            print(f"\n{name}: {shape} (rows written in {time.perf_counter() - start:.1f} s)", flush=True)
            results = everything[name] = {"semid": {}, "peers": {}}
            print("| variant | assign ms | TOP/s | of the peak | fit s | encode s | settled | other kernels of the fit, ms |")
            print("| --- | --- | --- | --- | --- | --- | --- | --- |")
            for variant in [None, *variants]:
                chosen = {"SEMID_GPU_FILTER": variant[0], "SEMID_GPU_TILE": variant[1]} if variant else {}
                of = {**shape, "iterations": min(3, shape["iterations"]), "init": "random"} if variant else shape
                begin = time.perf_counter()
                result = run_semid(options.bench, path, of, options.device, options.repeats if not variant else 1, **chosen)
                results["semid"][" ".join(variant) if variant else "chosen"] = result
                if "error" in result:
                    print(f"| {variant} | {result['error']} |", flush=True)
                    continue
                others = ", ".join(f"{row['name']} {1e3 * row['seconds']:.2f}/{row['dispatches']}"
                                   for row in sorted(result["fit_kernels"], key=lambda row: -row["seconds"])[:9])
                fit, encode = sorted(result["fits"])[len(result["fits"]) // 2], sorted(result["encodes"])[len(result["encodes"]) // 2]
                print(f"| {' '.join(variant) if variant else 'as it comes'} | {' | '.join(rate(result, shape, options.peak_f32))} | "
                      f"{fit:.3f} | {encode:.3f} | {result['settled']} | {others} |", flush=True)
                if not variant:
                    print(f"| {result['device']} {result['driver']} {result['iterations']} iterations, error "
                          f"{result['squared_error']:.6f}, {result['fingerprint'][:16]}, first fit {result['first_fit']:.2f} s, "
                          f"tiles {result['tiles']}, whole {time.perf_counter() - begin:.1f} s |", flush=True)
            if torch:
                results["peers"] = run_peers(torch, path, shape)
                for peer, seconds in results["peers"].items():
                    print(f"{peer}: {seconds if isinstance(seconds, str) else f'{1e3 * seconds:.2f} ms'}", flush=True)
            if options.json:
                with open(options.json, "w", encoding="utf-8") as file:
                    json.dump(everything, file)


if __name__ == "__main__":
    main()
