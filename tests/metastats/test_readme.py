"""The examples of the README and of the docstrings print what they say."""

import ast
import doctest
import importlib
import sys
from pathlib import Path

import pytest


def test_the_readme():
    readme = Path(__file__).parents[2] / "src" / "metastats" / "README.md"
    found = doctest.testfile(str(readme), module_relative=False)
    assert found.attempted > 5 and found.failed == 0


@pytest.mark.parametrize("name", ["effect_sizes", "pooling"])
def test_the_docstrings(name):
    found = doctest.testmod(importlib.import_module(f"metastats.{name}"))
    assert found.attempted and found.failed == 0


def test_it_imports_numpy_scipy_and_pandas_only(checkout):
    found = set()
    for file in (checkout / "src/metastats").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
                )
                found |= {name.split(".")[0] for name in names}
    assert found - sys.stdlib_module_names == {"metastats", "numpy", "pandas", "scipy"}
