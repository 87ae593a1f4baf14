"""The examples run, with the real packages. Those that need large packages are run by .ci/run python-examples."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"

#: What each example needs.
NEEDS = {
    "polars_pipeline": ["polars"],
    "pandas_pipeline": ["pandas"],
    "duckdb_arrow": ["duckdb", "pyarrow"],
    "torch_dataset": ["torch"],
    "transformers_trie": ["torch", "transformers", "tokenizers"],
    "ray_data": ["ray", "pyarrow"],
    "spark_pipeline": ["pyspark", "pyarrow"],
}


def need(*packages):
    for package in packages:
        if importlib.util.find_spec(package) is None:
            # Asked for by name, an example may not be skipped.
            (pytest.fail if os.environ.get("SEMID_ALL_EXAMPLES") else pytest.skip)(f"{package} is not installed")


def test_every_example_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(NEEDS)


@pytest.mark.parametrize("name", NEEDS)
def test_examples(name, tmp_path):
    need(*NEEDS[name])
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        cwd=tmp_path,
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.filterwarnings("ignore")
def test_the_notebook(tmp_path):
    need("nbclient", "ipykernel")
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "the notebook is kept without outputs"
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("<iframe" in output.get("data", {}).get("text/html", "") for output in outputs)
    assert any("<table>" in output.get("data", {}).get("text/html", "") for output in outputs)
    # The fingerprint that the README of semid names for the demo.
    golden = "15fbedeb39ad85ae82d416d69232ea12eec9d9f8a3dbcb9f59bc910c90411a8b"
    assert any(golden in output.get("data", {}).get("text/plain", "") for output in outputs)
