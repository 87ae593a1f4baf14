"""Saves 300 x 16 rows as PyTorch users save them, and pastes the two lines of Python that the tool advises for them.

    python3 tests/dialects/pytorch.py [target/debug/semid]

It needs numpy and torch. Prints a line per file and `N passed, N failed`; exits with 1 if anything failed.
"""

import sys

import numpy as np
import torch
from tool import advice, fingerprint, folder

ROWS, DIM = 300, 16


def main():
    # Whole numbers that 16-bit floats have.
    x = np.random.default_rng(7).integers(1, 128, (ROWS, DIM)).astype(np.float32)
    np.save(folder / "plain.npy", x)
    expected = fingerprint(folder / "plain.npy", [])
    tensor = torch.from_numpy(x)
    failed = 0
    values = {
        "x.pt": tensor,
        "half.pth": tensor.to(torch.float16),
        "brain.pt": tensor.to(torch.bfloat16),
        "parameter.pt": torch.nn.Parameter(tensor),
        "sparse.pt": tensor.to_sparse(),
        "rows.pt": list(tensor),
        "batches.pt": list(tensor.split(70)),
        "state.pt": torch.nn.Embedding.from_pretrained(tensor).state_dict(),
        "dict.pt": {"ids": torch.arange(ROWS), "embedding": tensor},
    }
    for name, value in values.items():
        torch.save(value, folder / name)
        problem = advice(folder / name, expected)
        failed += bool(problem)
        print(f"{'FAILED' if problem else 'ok':<7} advice for {name}{': ' + problem if problem else ''}")
    print(f"{len(values) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
