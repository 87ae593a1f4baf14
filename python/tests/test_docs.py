"""The examples of docstrings and of the README, and the stubs."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import semid

#: All but the program, and what needs an engine, whose tests are in tests_ray and tests_spark.
MODULES = [
    module.name
    for module in pkgutil.walk_packages(semid.__path__, "semid.")
    if module.name not in ("semid.__main__", "semid.ray", "semid.spark")
]


@pytest.mark.parametrize("name", ["semid", *MODULES])
def test_examples_of_docstrings(name):
    if name == "semid._semid":
        pytest.skip("has no examples")
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_examples_of_the_readme(tmp_path, monkeypatch):
    readme = Path(__file__).resolve().parents[1] / "README.md"
    blocks = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 3
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks:
        exec(compile(block, str(readme), "exec"), names)


def test_everything_public_has_a_docstring():
    for name in semid.__all__:
        thing = getattr(semid, name)
        if name != "__version__":
            assert thing.__doc__, name
        if inspect.isclass(thing) and thing.__module__.startswith("semid"):
            for method, function in inspect.getmembers(thing, inspect.isfunction):
                if not method.startswith("_"):
                    assert function.__doc__, f"{name}.{method}"


@pytest.mark.parametrize("cls", [semid.RQKMeans, semid.PQKMeans])
def test_every_parameter_of_k_means_is_documented(cls):
    head = inspect.getdoc(cls).partition("\nAttributes\n")[0].partition("\nExamples\n")[0]
    named = re.findall(r"^(\w+(?:, \w+)*)(?: :.*)?$", head, re.M)
    assert sorted(name for names in named for name in names.split(", ")) == sorted(["Parameters", *cls._names()])


CLASSES = [
    semid.PQKMeans,
    semid.RQKMeans,
    semid.RQVAE,
    semid.Registry,
    semid.SemanticIdEngine,
    semid.Report,
]


@pytest.mark.parametrize("cls", CLASSES)
def test_docstrings_name_every_parameter(cls):
    for name in inspect.signature(cls).parameters:
        assert re.search(rf"\b{name}\b", cls.__doc__ + (cls.__mro__[1].__doc__ or "")), f"{cls.__name__}: {name}"
