"""The parameter sets of a sweep, each checked before the first one runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.pipeline.errors import ParameterError, did_you_mean
from helpers.pipeline.fingerprint import value_hash
from helpers.pipeline.parameter import Parameter
from helpers.pipeline.parameters import merge_parameters
from helpers.pipeline.yaml_mapping import read_mapping


def read_grid(path: Path, declared: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return the parameter sets of a grid file, each checked.

    Parameters
    ----------
    path : pathlib.Path
        YAML with `grid:`, a mapping of names to lists (every combination is run), or `list:`, a list of
        mappings (each is run), or both.
    declared : mapping of str to Parameter
        What `load_parameters` returned.

    Returns
    -------
    list of dict
        What each set changes against the defaults; repeated sets once.

    Raises
    ------
    ParameterError
        When the file or any of its values is wrong; every problem is listed.

    """
    content = read_mapping(path)
    problems = [
        f"{path}: unknown key {key!r}; {did_you_mean(key, ('grid', 'list'))}"
        for key in content
        if key not in ("grid", "list")
    ]
    grid, listed = content.get("grid") or {}, content.get("list") or []
    if not isinstance(grid, dict) or not all(isinstance(values, list) and values for values in grid.values()):
        problems.append(f"{path}: grid: not a mapping of names to lists; write name: [value, value]")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        problems.append(f"{path}: list: not a list of mappings; write - {{name: value}}")
    if problems:
        raise ParameterError(problems)
    combined = (
        [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())] if grid else []
    )
    sets = [*combined, *listed]
    if not sets:
        raise ParameterError([f"{path}: no parameter set; write grid: or list:"])
    for chosen in sets:
        problems += [problem for problem in _problems(path, declared, chosen) if problem not in problems]
    if problems:
        raise ParameterError(problems)
    return list({value_hash(chosen): chosen for chosen in sets}.values())


def _problems(path: Path, declared: Mapping[str, Parameter], chosen: Mapping[str, Any]) -> list[str]:
    try:
        merge_parameters(declared, values=chosen, where=str(path))
    except ParameterError as error:
        return error.problems
    return []
