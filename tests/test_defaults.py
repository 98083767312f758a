"""What a function takes when nothing is said is what a run takes: the defaults of `notebooks/parameters.yaml`."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

PARAMETERS = yaml.safe_load((Path(__file__).parents[1] / "notebooks" / "parameters.yaml").read_text("utf-8"))
RUN = {name: one["default"] for name, one in PARAMETERS.items()}
RUN |= {
    "losses": RUN["expected_losses"],
    "sd": RUN["assumed_sd"],
    "tau_scale": RUN["tau_prior"],
    "alpha": 0.05,
}
ROOMS = ("helpers.appraisal", "helpers.effects", "helpers.pooling")
MODULES = [
    f"{room}.{one.name}" for room in ROOMS for one in pkgutil.iter_modules(import_module(room).__path__)
]
NOT_OF_A_RUN = {
    ("Levels", "included"),
    ("reanalysed", "included"),
    ("Difference", "second_hand"),
}  # several at once; another choice at the panel; a fact of a difference


def defaults(module: Any) -> dict[tuple[str, str], Any]:
    """Return the defaults of a module's functions and classes, by function and argument."""
    own = [
        one
        for one in vars(module).values()
        if getattr(one, "__module__", "") == module.__name__ and callable(one)
    ]
    own = [one for one in own if not (inspect.isclass(one) and issubclass(one, Exception))]
    return {(one.__name__, name): part.default for one in own for name, part in inspect.signature(one).parameters.items()
            if name in RUN and part.default is not part.empty and not isinstance(part.default, tuple)}  # fmt: skip


@pytest.mark.parametrize("name", [*MODULES, "helpers.comparison"])
def test_defaults_are_those_of_a_run(name):
    for (function, argument), value in defaults(import_module(name)).items():
        if (function, argument) not in NOT_OF_A_RUN:
            assert value == RUN[argument], f"{function}: {argument}"
