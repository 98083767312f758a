"""The examples of the README and of the docstrings print what they say."""

import doctest
import importlib
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
