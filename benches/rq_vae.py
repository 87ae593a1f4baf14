"""Trains the same RQ-VAE with semid and with PyTorch in f32, and prints both losses and times.

    python benches/rq_vae.py target/release/semid ROWS.parquet --epochs 30 --bits 8,16

PyTorch starts from the untrained model that `semid fit --epochs 0` writes and takes the rows in semid's order, so that
architecture, first weights, first codebooks and batches are the same. Needs numpy, safetensors, pyarrow and torch.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time

import numpy as np
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

MASK = (1 << 128) - 1
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def stream(purpose, seed, level, run):
    """A generator of 64-bit integers: PCG XSL RR 128/64, seeded as semid documents it."""
    numbers = b"".join(n.to_bytes(8, "little") for n in (seed, level, run))
    digest = hashlib.sha256(b"semid " + purpose.encode() + b"\0" + numbers).digest()
    increment = (int.from_bytes(digest[16:], "little") << 1 | 1) & MASK
    state = (int.from_bytes(digest[:16], "little") + increment) * MULTIPLIER + increment & MASK
    generator = np.random.PCG64()
    generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": increment},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return generator


def order(rows, seed, epoch):
    """The order of the rows in an epoch: Fisher-Yates."""
    draw, order = stream("rq-vae order", seed, 0, epoch).random_raw, list(range(rows))
    for i in range(rows - 1, 0, -1):
        bits = i.bit_length()
        while (j := draw() >> (64 - bits)) > i:
            pass
        order[i], order[j] = order[j], order[i]
    return np.array(order)


def read(path):
    if path.endswith(".npy"):
        return np.load(path).astype(np.float32)
    table = pq.read_table(path, columns=["embedding"])["embedding"].combine_chunks()
    return table.flatten().to_numpy().reshape(len(table), -1).astype(np.float32)


def semid(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments), "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


class Torch(torch.nn.Module):
    """The same network, f32."""

    def __init__(self, start, args):
        super().__init__()
        self.beta = args.beta
        self.encoder, self.decoder = (self.layers(start, part) for part in ("encoder", "decoder"))
        books = sorted(name for name in start if name.startswith("codebook"))
        self.books = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor(start[name])) for name in books)

    @staticmethod
    def layers(start, part):
        layers = []
        for i in range(sum(name.startswith(part) and name.endswith("weight") for name in start)):
            weight, bias = (torch.tensor(start[f"{part}.{i}.{what}"]) for what in ("weight", "bias"))
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, bias
            layers += [layer, torch.nn.ReLU()]
        return torch.nn.Sequential(*layers[:-1])

    def forward(self, x):
        z = self.encoder(x)
        residual, quantized, loss, codes = z, torch.zeros_like(z), 0.0, []
        for book in self.books:
            with torch.no_grad():
                code = torch.cdist(residual, book).argmin(1)
            word = book[code]
            loss = loss + F.mse_loss(word, residual.detach()) + self.beta * F.mse_loss(residual, word.detach())
            residual, quantized = residual - word.detach(), quantized + word.detach()
            codes.append(code)
        return self.decoder(z + (quantized - z).detach()), loss / len(self.books), torch.stack(codes, 1)


def train(rows, start, args):
    """Losses per epoch, seconds per epoch (median) and codes used per level in the last epoch."""
    x = torch.tensor((rows.astype(np.float64) - start["offset"]) * start["scale"]).float()
    model = Torch(start, args)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0)
    history, seconds = [], []
    for epoch in range(args.epochs):
        places = order(len(x), args.seed, epoch)
        began, sums, codes = time.perf_counter(), np.zeros(2), []
        for first in range(0, len(x), args.batch):
            batch = x[places[first : first + args.batch]]
            restored, quantization, code = model(batch)
            reconstruction = F.mse_loss(restored, batch)
            optimizer.zero_grad()
            (reconstruction + quantization).backward()
            optimizer.step()
            sums += np.array([reconstruction.item(), quantization.item()]) * len(batch)
            codes.append(code)
        seconds.append(time.perf_counter() - began)
        history.append(sums / len(x))
    used = [len(level.unique()) for level in torch.cat(codes).T]
    return history, float(np.median(seconds)), used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("rows")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--bits", default="8,16")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--beta", type=float, default=0.25)
    parser.add_argument("--latent", type=int, default=32)
    parser.add_argument("--hidden", default="512,256,128")
    parser.add_argument("--levels", type=int, default=3)
    parser.add_argument("--clusters", default="256")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = read(args.rows)[: args.limit]
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "rows.npy")
        np.save(data, rows)
        common = ["fit", "--kind", "rq-vae", "--input", data, "--held-out", 0, "--no-revive", "--keep", "last"]
        for name in ("batch", "lr", "beta", "latent", "hidden", "levels", "clusters", "seed", "threads", "device"):
            common += [f"--{name}", getattr(args, name)]
        start = os.path.join(folder, "start.safetensors")
        # Reading, standardising and first codebooks, which an epoch's time does not include.
        before = semid(args.tool, *common, "--epochs", 0, "--output", start)["seconds"]
        history, per_epoch, used = train(rows, load_file(start), args)
        reconstruction, quantization = history[-1]
        print(f"{len(rows)} rows of {rows.shape[1]}, {args.epochs} epochs, {args.threads} threads")
        print("| | reconstruction | quantization | codes used | seconds per epoch | ratio |")
        print("| --- | --- | --- | --- | --- | --- |")
        losses = f"{reconstruction:.5f} | {quantization:.5f}"
        print(f"| PyTorch {torch.__version__} f32 | {losses} | {used} | {per_epoch:.3f} | |")
        for bits in args.bits.split(","):
            out = os.path.join(folder, f"{bits}.safetensors")
            found = semid(args.tool, *common, "--matmul-bits", bits, "--epochs", args.epochs, "--output", out)
            last = found["history"][-1]
            seconds = (found["seconds"] - before) / args.epochs
            difference = 100 * (last["reconstruction"] / reconstruction - 1)
            print(
                f"| semid {bits} bits | {last['reconstruction']:.5f} ({difference:+.2f} %) "
                f"| {last['quantization']:.5f} | {last['used']} | {seconds:.3f} | {seconds / per_epoch:.2f} |"
            )


if __name__ == "__main__":
    main()
