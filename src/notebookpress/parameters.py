"""What a run can be told: `notebooks/parameters.yaml`, a file of the user, and `-p key=value`.

Values are taken by the type that is declared, never guessed from their look, and everything that is
wrong is reported at once, before a kernel starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from helpers.pipeline.errors import ParameterError, PipelineError, did_you_mean
from helpers.pipeline.parameter import TYPES, Parameter
from helpers.pipeline.paths import MARKER, project_root
from helpers.pipeline.yaml_mapping import read_mapping


def load_parameters(root: Path) -> dict[str, Parameter]:
    """Return the declared parameters by name.

    Raises
    ------
    PipelineError
        When `notebooks/parameters.yaml` itself is wrong; every problem is listed.

    """
    path = root / MARKER
    found: dict[str, Parameter] = {}
    problems = []
    for name, entry in read_mapping(path).items():
        wrong = _entry_problems(name, entry)
        problems += [f"{path}: {name}: {problem}" for problem in wrong]
        if not wrong:
            known = {
                key: tuple(value) if isinstance(value, list) and key != "default" else value
                for key, value in entry.items()
            }
            found[name] = Parameter(name=name, **known)
    if problems:
        raise PipelineError(*problems)
    return found


def _entry_problems(name: str, entry: Any) -> list[str]:
    """Return what is wrong with the declaration of one parameter."""
    if not name.isidentifier():
        return ["is no Python name; use letters, digits and _"]
    if not isinstance(entry, dict):
        return ["is no mapping; write {type: ..., default: ..., notebooks: [...], meaning: ...}"]
    known = {field.name for field in fields(Parameter)} - {"name"}
    problems = [f"unknown key {key!r}; {did_you_mean(str(key), known)}" for key in entry if key not in known]
    problems += [
        f"{key} is missing" for key in ("type", "default", "notebooks", "meaning") if key not in entry
    ]
    if problems:
        return problems
    if entry["type"] not in TYPES or entry.get("items", "str") not in TYPES:
        return [f"type {entry['type']!r} is none of {', '.join(TYPES)}"]
    if not isinstance(entry["notebooks"], list) or not entry["notebooks"]:
        return ["notebooks is no list of notebook names"]
    wrong = Parameter(name=name, **{key: value for key, value in entry.items() if key in known}).problem(
        entry["default"]
    )
    return [f"the default {wrong}"] if wrong else []


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
    values : mapping, optional
        Values that a program gives; `where` is what messages call their place.
    where : str
        See `values`.

    Returns
    -------
    dict
        Name to value, without the parameters that the runner gives.

    Raises
    ------
    ParameterError
        With every unknown name, wrong type and value out of range.

    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for place, given in ((where, values or {}), (str(file), read_mapping(Path(file)) if file else {})):
        for name, value in given.items():
            _take(declared, place, name, lambda _, value=value: value, chosen, problems)
    seen: set[str] = set()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals:
            problems.append(f"-p {pair}: no value; write -p {pair}=VALUE")
        elif name in seen:
            problems.append(f"-p {pair}: {name} is given twice; keep one of them")
        else:
            _take(
                declared,
                f"-p {pair}",
                name,
                lambda parameter, text=text: parameter.parse(text),
                chosen,
                problems,
            )
        seen.add(name)
    if problems:
        raise ParameterError(problems)
    defaults = {name: entry.default for name, entry in declared.items() if entry.remedy_when_given is None}
    return defaults | chosen


def _take(
    declared: Mapping[str, Parameter], where: str, name: str, read: Any, chosen: dict, problems: list
) -> None:
    """Put one value among the chosen ones, or what is wrong with it among the problems."""
    parameter = declared.get(name)
    if parameter is None:
        theirs = [known for known, entry in declared.items() if entry.remedy_when_given is None]
        problems.append(f"{where}: unknown parameter {name!r}; {did_you_mean(name, theirs)}")
        return
    if parameter.remedy_when_given:
        problems.append(f"{where}: {name} cannot be set here; {parameter.remedy_when_given}")
        return
    try:
        value = read(parameter)
    except ValueError as error:
        problems.append(f"{where}: {name}: {error}; {parameter.allowed()}")
        return
    problem = parameter.problem(value)
    if problem:
        problems.append(f"{where}: {name}: {problem}; {parameter.allowed()}")
    else:
        # A whole number given for a number becomes one, so that 1 and 1.0 are the same run.
        chosen[name] = float(value) if parameter.type == "float" else value


def check_parameters(notebook: str, values: Mapping[str, Any], start: str | Path | None = None) -> None:
    """Refuse values that a notebook cannot use; for its first cell, when it runs without the runner.

    Parameters
    ----------
    notebook : str
        Name of the notebook without its ending.
    values : mapping
        The parameters by name.
    start : path, optional
        Where to look for the project; the current folder when left out.

    Raises
    ------
    ParameterError
        With every name that the notebook does not take, and every wrong type or value.

    """
    declared = {
        name: entry
        for name, entry in load_parameters(project_root(start)).items()
        if notebook in entry.notebooks
    }
    problems = []
    for name, value in values.items():
        if name not in declared:
            problems.append(f"{notebook}: unknown parameter {name!r}; {did_you_mean(name, declared)}")
        elif problem := declared[name].problem(value):
            problems.append(f"{notebook}: {name}: {problem}; {declared[name].allowed()}")
    if problems:
        raise ParameterError(problems)
