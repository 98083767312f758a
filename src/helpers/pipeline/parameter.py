"""A parameter: its type, its range, and the values it takes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
IN_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
}
GIVEN_BY_RUNNER = {
    "raw": "name the folder with --raw DIR",
    "processed": "name the folder with --out DIR",
    "study_id": "03_study_evidence runs once for each sheet in data/raw/studies",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter as `notebooks/parameters.yaml` declares it."""

    name: str
    type: str
    default: Any
    notebooks: tuple[str, ...]
    meaning: str
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    items: str = "str"
    set_by: str = "user"

    @property
    def remedy_when_given(self) -> str | None:
        """How to set a parameter that the runner gives; None for a parameter of the user."""
        if self.name in GIVEN_BY_RUNNER:
            return GIVEN_BY_RUNNER[self.name]
        return "it is set by the runner; leave it out" if self.set_by == "runner" else None

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with a value, or None."""
        if not is_of_type(value, self.type):
            return f"{value!r} is not {IN_WORDS[self.type]}"
        for item in value if self.type == "list" else [value]:
            if self.type == "list" and not is_of_type(item, self.items):
                return f"item {item!r} is not {IN_WORDS[self.items]}"
            if self.choices and item not in self.choices:
                return f"{item!r} is not one of {', '.join(map(str, self.choices))}"
            if self.minimum is not None and item < self.minimum:
                return f"{item} is below {self.minimum}"
            if self.maximum is not None and item > self.maximum:
                return f"{item} is above {self.maximum}"
        return None

    def allowed(self) -> str:
        """Return what the parameter may be, in words."""
        words = f"give {IN_WORDS[self.type]}"
        words += f", one of {', '.join(map(str, self.choices))}" if self.choices else ""
        words += f" from {self.minimum}" if self.minimum is not None else ""
        return words + (f" to {self.maximum}" if self.maximum is not None else "")

    def parse(self, text: str) -> Any:
        """Return the value that a text of the command line stands for.

        Raises
        ------
        ValueError
            When it is none of the declared type.

        """
        if self.type == "list":
            return [_parse(item.strip(), self.items) for item in text.strip("[] ").split(",") if item.strip()]
        return _parse(text, self.type)


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a value is of a declared type; a whole number serves as a number, true and false do not."""
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return type(value) is TYPES[kind]


def _parse(text: str, kind: str) -> Any:
    if kind == "int" and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "float":
        try:
            return float(text)
        except ValueError:
            pass
    if kind == "str":
        return text
    raise ValueError(f"{text!r} is not {IN_WORDS[kind]}")
