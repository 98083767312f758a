"""What a run can be told: `notebooks/parameters.yaml`, a file of the user, and `-p key=value`.

Values are taken by the type that is declared, never guessed from their look, and everything that is wrong is
reported at once, before anything starts.
"""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notebookpress.errors import ParameterError, abridged, did_you_mean
from notebookpress.files import PARAMETERS_FILE, project_root
from notebookpress.fingerprint import code_cells
from notebookpress.yaml_files import YamlFile, entries_of

# type in the file -> Python's, the name in messages
PARAMETER_TYPES: dict[str, tuple[type, str]] = {
    "str": (str, "a text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (bool, "true or false"),
    "list": (list, "a list"),
}
_INJECTED = "# Parameters\n"  # how papermill begins its cell


@dataclass(frozen=True)
class Parameter:
    """A parameter as `notebooks/parameters.yaml` declares it.

    `set_by` is `user` or `runner`; `remedy` says how the user changes one that the runner sets. The whole of
    a text fits the regular expression `pattern`; what its group `name` finds must be there (`check_names`).
    """

    name: str
    type: str
    default: Any
    notebooks: tuple[str, ...]
    meaning: str
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    items: str = "str"
    pattern: str = ""
    set_by: str = "user"
    remedy: str = "it is set by the runner; leave it out"

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with a value, or None."""
        if not is_of_type(value, self.type):
            return f"{abridged(value)} is not {PARAMETER_TYPES[self.type][1]}"
        for item in value if self.type == "list" else [value]:
            if self.type == "list" and not is_of_type(item, self.items):
                return f"item {abridged(item)} is not {PARAMETER_TYPES[self.items][1]}"
            if self.choices and item not in self.choices:
                return f"{abridged(item)} is not one of {', '.join(map(str, self.choices))}"
            if self.pattern and not re.fullmatch(self.pattern, item):
                return f"{abridged(item)} is none of what it may be"
            if self.minimum is not None and item < self.minimum:
                return f"{abridged(item)} is below {self.minimum}"
            if self.maximum is not None and item > self.maximum:
                return f"{abridged(item)} is above {self.maximum}"
        return None

    def allowed(self) -> str:
        """Return what the parameter may be, in words."""
        words = f"give {PARAMETER_TYPES[self.type][1]}"
        words += f", one of {', '.join(map(str, self.choices))}" if self.choices else ""
        words += f": {self.meaning}" if self.pattern else ""
        words += f" from {self.minimum}" if self.minimum is not None else ""
        return words + (f" to {self.maximum}" if self.maximum is not None else "")

    def parse(self, text: str) -> Any:
        """Return the value that a text of the command line stands for; see `problem` when it is none."""
        if self.type == "list":
            return [_parse(item.strip(), self.items) for item in text.strip("[] ").split(",") if item.strip()]
        return _parse(text, self.type)


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a value is of a declared type; a whole number serves as a number, true and false do not."""
    if kind == "float":
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is PARAMETER_TYPES[kind][0]


def _parse(text: str, kind: str) -> Any:
    """Return what a text stands for; the text itself where it is none of the kind, to be refused as such."""
    if kind == "int" and re.fullmatch(r"[+-]?\d{1,300}", text):
        return int(text)
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "float":
        with contextlib.suppress(ValueError):
            return float(text)
    return text


def load_parameters(root: Path) -> dict[str, Parameter]:
    """Return the declared parameters by name.

    Raises `YamlError` at the first mistake in `notebooks/parameters.yaml`, with its line and the remedy.
    """
    file = YamlFile(root / PARAMETERS_FILE)
    found: dict[str, Parameter] = {}
    for name in file.data:
        if not name.isidentifier():
            raise file.error((name,), f"{name} is no Python name", "use letters, digits and _")
        entries = file.entries((name,), *entries_of(Parameter, "name"))
        for entry in ("type", "items"):
            if (kind := entries.get(entry, "str")) not in PARAMETER_TYPES:
                known = ", ".join(PARAMETER_TYPES)
                raise file.error((name, entry), f"{entry} {kind} is not known", f"use one of {known}")
        found[name] = Parameter(name=name, **entries)
        if problem := found[name].problem(entries["default"]):
            raise file.error((name, "default"), f"{name}: the default {problem}", found[name].allowed())
    return found


def merge_parameters(
    declared: Mapping[str, Parameter],
    file: Path | None = None,
    pairs: Iterable[str] = (),
    values: Mapping[str, Any] | None = None,
    where: str = "parameters",
) -> dict[str, Any]:
    """Return the value of every parameter of the user: defaults, then a file, then `-p key=value`.

    Parameters
    ----------
    declared : mapping of str to Parameter
        What `load_parameters` returned.
    file : path, optional
        A YAML mapping of names to values.
    pairs : iterable of str
        Texts of the form `key=value`, read by the declared type.
    values, where : mapping, str
        Values that a program gives, and what messages call their place.

    Raises
    ------
    ParameterError
        With every unknown name, wrong type and value out of range, and each that only the runner sets.
    """
    users = {name: entry for name, entry in declared.items() if entry.set_by == "user"}
    chosen: dict[str, Any] = {}
    problems: list[str] = []

    def take(place: str, name: str, value: Any) -> None:
        if name in declared and name not in users:
            problem = f"{name} cannot be set here; {declared[name].remedy}"
        else:
            problem = _refusal(users, name, value)
        if problem:
            problems.append(f"{place}: {problem}")
        else:  # a whole number given for a number becomes one, so that 1 and 1.0 are the same run
            chosen[name] = float(value) if users[name].type == "float" else value

    for place, given in ((where, values or {}), (str(file), YamlFile(file).data if file else {})):
        for name, value in given.items():
            take(place, name, value)
    names: set[str] = set()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals:
            problems.append(f"-p {abridged(pair)}: no value; write -p NAME=VALUE")
        elif name in names:
            problems.append(f"-p {abridged(pair)}: {name} is given twice; keep one of them")
        else:
            take(f"-p {pair[:100]}", name, users[name].parse(text) if name in users else text)
        names.add(name)
    if problems:
        raise ParameterError(problems)
    return {name: entry.default for name, entry in users.items()} | chosen


def check_names(
    declared: Mapping[str, Parameter], values: Mapping[str, Any], known: Callable[[], Collection[str]]
) -> None:
    """Refuse a value whose pattern has a group `name` where nothing known is called what stands there.

    `ParameterError` lists every one. `known` is asked only where a value names something.
    """
    patterns = {name: entry.pattern for name, entry in declared.items() if entry.pattern and name in values}
    found = {name: re.fullmatch(pattern, str(values[name])) for name, pattern in patterns.items()}
    named = {name: said.groupdict().get("name") for name, said in found.items() if said}
    if problems := [
        f"{name}: {abridged(values[name])}, but {abridged(said)} is not there; {did_you_mean(said, known())}"
        for name, said in named.items()
        if said and said not in known()
    ]:
        raise ParameterError(problems)


def _refusal(known: Mapping[str, Parameter], name: str, value: Any) -> str:
    """Return why a value for one of the known parameters is refused; empty when it is not."""
    if name not in known:
        return f"unknown parameter {abridged(name)}; {did_you_mean(str(name), known)}"
    problem = known[name].problem(value)
    return f"{name}: {problem}; {known[name].allowed()}" if problem else ""


def injected_names() -> list[str]:
    """Return the names that papermill's cell gave values to in this kernel; none outside of one.

    The bare command warns of a name that no notebook takes, and goes on.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cells = shell.user_ns.get("In", []) if shell else []
    lines = [line for cell in cells if cell.startswith(_INJECTED) for line in ast.parse(cell).body]
    return [line.targets[0].id for line in lines if isinstance(line, ast.Assign)]  # type: ignore[attr-defined]


def check_parameters(notebook: str, values: Mapping[str, Any], injected: Iterable[str] = ()) -> None:
    """Refuse values that a notebook cannot use; for its first cell, when it runs without the runner.

    `injected` are names that somebody gave values to, whether or not the notebook has them.

    Raises
    ------
    ParameterError
        With every name that the notebook does not take, and every wrong type or value.
    """
    declared = load_parameters(project_root())
    taken = {name: entry for name, entry in declared.items() if notebook in entry.notebooks}
    values = dict.fromkeys(name for name in injected if name not in taken) | dict(values)
    refused = [_refusal(taken, name, value) for name, value in values.items()]
    if problems := [f"{notebook}: {problem}" for problem in refused if problem]:
        raise ParameterError(problems)


def check_cells(declared: Mapping[str, Parameter], notebooks: Iterable[Path]) -> list[str]:
    """Return every difference between `parameters.yaml` and the `parameters` cells of notebooks, a line each.

    A run takes the values of the file; one that was changed in a cell alone would have no effect.
    """
    problems = []
    for path in notebooks:
        if not path.is_file():
            problems.append(f"{path}: the notebook is not there; restore it from version control")
            continue
        wanted = {name: entry for name, entry in declared.items() if path.stem in entry.notebooks}
        place = f"{path}: parameters cell"
        try:
            found = cell_values("\n".join(code_cells(path, "parameters")))
        except (SyntaxError, ValueError, TypeError) as error:
            problems.append(f"{place}: {error}; write `name: type = value` with a plain value on each line")
            continue
        for name in {**wanted, **found}:
            if name not in found:
                said = "is missing; parameters.yaml gives it to this notebook"
            elif name not in wanted:
                said = "is not in parameters.yaml for this notebook; add or remove it"
            elif found[name] != wanted[name].default or not is_of_type(found[name], wanted[name].type):
                said = f"is {found[name]!r} here and {wanted[name].default!r} in parameters.yaml"
            else:
                continue
            problems.append(f"{place}: {name} {said}")
    return problems


def cell_values(source: str) -> dict[str, Any]:
    """Return the values that the lines of a cell give to names, without running it."""
    lines = [line for line in ast.parse(source).body if not isinstance(line, ast.Expr)]
    found = {}
    for line in lines:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        if len(targets) != 1 or not isinstance(targets[0], ast.Name):
            raise ValueError(f"line {line.lineno} gives no value to a name")
        found[targets[0].id] = ast.literal_eval(getattr(line, "value", None) or "")
    return found
