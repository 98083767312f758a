"""Every public name of the room is documented in numpydoc, with the source of its formulas."""

import importlib
import inspect
import re

import pytest

import metastats as room
from metastats.measures import MEASURES

# a year in brackets or after a name, a section of the Cochrane Handbook, or the function of metafor followed
SOURCE = re.compile(r"\(\d{4}[a-z]?[,)]|\b(18|19|20)\d\d[a-z]?\b|Handbook \d|metafor's ``")
FUNCTIONS = [name for name in room.__all__ if inspect.isfunction(getattr(room, name))]


def sections(text):
    """Names of the numpydoc sections of a docstring."""
    return set(re.findall(r"^ *([A-Z][a-z]+)\n *-{3,}$", text, re.MULTILINE))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_takes_and_gives_and_where_it_comes_from(name):
    function = getattr(room, name)
    text = inspect.getdoc(function)
    assert {"Parameters", "Returns", "Raises"} <= sections(text), sections(text)
    described = text.split("Parameters\n")[1].split("Returns\n")[0]
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"^\**(\w+, )*{parameter}\b", described, re.MULTILINE), f"{name}: {parameter}"
    assert SOURCE.search(text), f"{name} names no paper, handbook section or metafor function"
    assert function.__annotations__.keys() >= set(inspect.signature(function).parameters) | {"return"}


@pytest.mark.parametrize(
    "name", ["measures", "effect_sizes", "conversions", "heterogeneity", "small_study", "dependence", "bayes"]
)
def test_a_module_of_formulas_names_their_sources(name):
    assert SOURCE.search(importlib.import_module(f"metastats.{name}").__doc__)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_described(measure):
    assert re.search(rf"\b{measure}\b", inspect.getdoc(room.effect_size))
