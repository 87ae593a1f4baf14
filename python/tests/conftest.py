"""Rows, models and the command line tool that the tests share."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import semid

ROOT = Path(__file__).resolve().parents[2]


def made_up(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    """Rows around 20 centres, f32."""
    random = np.random.default_rng(seed)
    centres = random.normal(scale=3, size=(20, dim))
    return (centres[random.integers(0, 20, rows)] + random.normal(size=(rows, dim))).astype(np.float32)


@pytest.fixture(scope="session")
def X() -> np.ndarray:
    rows = made_up(600, 16)
    rows.flags.writeable = False
    return rows


@pytest.fixture(scope="session")
def model(X) -> semid.RQKMeans:
    return semid.RQKMeans(3, 8, device="cpu").fit(X)


@pytest.fixture(scope="session")
def codes(model, X) -> np.ndarray:
    return model.encode(X)


@pytest.fixture(scope="session")
def tool() -> str:
    """The command line tool, built from the same sources and not from this package."""
    found = os.environ.get("SEMID_TOOL") or ROOT / "target" / "debug" / "semid"
    if not shutil.which(found):
        pytest.fail(f"there is no {found}: build it by `cargo build`, or name it in SEMID_TOOL")
    return str(found)
