"""Golden gradients of an RQ-VAE step, by PyTorch's autograd in f64: writes tests/spec/rq_vae.json.

Each case has inputs, first weights and codebooks, the loss, and the gradient of everything that is trained.
"""

import json
import os

import torch
import torch.nn.functional as F

CASES = [
    {"name": "plain", "seed": 1},
    {"name": "leaky", "seed": 2, "slope": 0.1, "beta": 1.5, "weight": 0.5},
    {"name": "l1", "seed": 3, "loss": "l1"},
    {"name": "sum", "seed": 4, "reduction": "sum"},
    {"name": "norm", "seed": 5, "batch_norm": True},
    {"name": "linear", "seed": 6, "hidden": []},
    {"name": "rotation", "seed": 7, "rotation": True},
    {"name": "dropout", "seed": 8, "dropout": 0.3},
    {"name": "dropout and rotation", "seed": 9, "dropout": 0.3, "rotation": True},
]

# The seed that parameters have by themselves.
SEED = 42
M32, M64, GOLDEN = (1 << 32) - 1, (1 << 64) - 1, 0x9E37_79B9_7F4A_7C15


def mix64(z):
    z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9 & M64
    z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB & M64
    return z ^ z >> 31


def row_hash(seed, row):
    return mix64(mix64(seed + GOLDEN & M64) ^ (row * GOLDEN + GOLDEN & M64))


def mix32(x):
    x = (x ^ x >> 16) * 0x7FEB_352D & M32
    x = (x ^ x >> 15) * 0x846C_A68B & M32
    return x ^ x >> 16


def mask(shape, key, case):
    """What is kept of the input of a layer in the first step, by the hash of every element's place."""
    drop = case["dropout"]
    keeps = lambda i: mix32(mix32(i + (key >> 32) & M32) ^ key & M32) >= int(drop * 2**32)
    kept = torch.tensor([keeps(i) for i in range(shape.numel())], dtype=torch.float64)
    return kept.reshape(shape) / (1 - drop)


def layers(sizes, generator):
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float32)
    made = [(draw(o, i) / i**0.5, 0.1 * draw(o)) for i, o in zip(sizes, sizes[1:])]
    return [(w.double().requires_grad_(), b.double().requires_grad_()) for w, b in made]


def run(x, chain, case, key):
    for i, (weight, bias) in enumerate(chain):
        if case["dropout"] > 0:
            x = x * mask(x.shape, row_hash(key, i), case)
        x = x @ weight.T + bias
        if i + 1 < len(chain):
            if case["batch_norm"]:
                x = F.batch_norm(x, None, None, training=True, eps=1e-5)
            x = F.leaky_relu(x, case["slope"])
    return x


def rotated(z, quantized):
    """The quantized values as the latents turned and stretched, by matrices that have no gradient."""
    unit = lambda rows: rows / rows.norm(dim=1, keepdim=True)
    e, q = unit(z.detach()), unit(quantized.detach())
    r = unit(e + q)
    outer = lambda a, b: a[:, :, None] * b[:, None, :]
    turn = torch.eye(z.shape[1]).double() - 2 * outer(r, r) + 2 * outer(q, e)
    stretch = quantized.norm(dim=1, keepdim=True) / z.detach().norm(dim=1, keepdim=True)
    return stretch.detach() * (turn @ z[:, :, None])[:, :, 0]


def golden(case):
    case = {"rotation": False, "dropout": 0.0} | case
    key = row_hash(SEED ^ 0x64726F70, 0)
    case = {"slope": 0.0, "beta": 0.25, "weight": 1.0, "loss": "mse", "reduction": "mean", "batch_norm": False} | case
    case = {"hidden": [14, 9], "rows": 24, "dim": 11, "latent": 5, "clusters": [6, 4]} | case
    generator = torch.Generator().manual_seed(case["seed"])
    x = torch.randn(case["rows"], case["dim"], generator=generator).double()
    encoder = layers([case["dim"], *case["hidden"], case["latent"]], generator)
    decoder = layers([case["latent"], *case["hidden"][::-1], case["dim"]], generator)
    book = lambda level, k: 0.5**level * torch.randn(k, case["latent"], generator=generator)
    books = [book(level, k) for level, k in enumerate(case["clusters"])]
    books = [book.double().requires_grad_() for book in books]

    z = run(x, encoder, case, key)
    residual, quantized, quantization = z, torch.zeros_like(z), 0.0
    for book in books:
        word = book[torch.cdist(residual, book).argmin(1)]
        quantization = quantization + F.mse_loss(word, residual.detach())
        quantization = quantization + case["beta"] * F.mse_loss(residual, word.detach())
        residual, quantized = residual - word.detach(), quantized + word.detach()
    quantization = case["weight"] * quantization / len(books)
    seen = rotated(z, quantized) if case["rotation"] else z + (quantized - z).detach()
    assert torch.allclose(seen, quantized)
    restored = run(seen, decoder, case, key ^ M64)
    difference = restored - x
    each = difference.abs() if case["loss"] == "l1" else difference**2
    reconstruction = each.mean() if case["reduction"] == "mean" else each.sum(1).mean()
    (reconstruction + quantization).backward()

    flat = lambda tensor: [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]
    pairs = lambda chain: [{"weight": flat(w), "bias": flat(b)} for w, b in chain]
    gradients = lambda chain: [{"weight": flat(w.grad), "bias": flat(b.grad)} for w, b in chain]
    return case | {
        "x": flat(x),
        "encoder": pairs(encoder),
        "decoder": pairs(decoder),
        "books": [flat(book) for book in books],
        "reconstruction": reconstruction.item(),
        "quantization": quantization.item(),
        "encoder_gradients": gradients(encoder),
        "decoder_gradients": gradients(decoder),
        "book_gradients": [flat(book.grad) for book in books],
    }


if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rq_vae.json")
    with open(path, "w") as out:
        lines = ",\n".join(json.dumps(golden(case)) for case in CASES)
        out.write(f"[\n{lines}\n]\n")
