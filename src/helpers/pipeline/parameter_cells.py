"""Keeps the `parameters` cells of the notebooks and `notebooks/parameters.yaml` in step.

A cell is read, not run: each of its lines is `name: type = value` with a plain value.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from helpers.pipeline.errors import PipelineError
from helpers.pipeline.parameter import IN_WORDS, Parameter, is_of_type


class Declared(NamedTuple):
    """A parameter as a notebook's cell declares it."""

    kind: str | None
    value: Any
    line: int


def read_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook as plain JSON.

    Raises
    ------
    PipelineError
        When the file is not there or is no notebook.

    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PipelineError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise PipelineError(
            f"{path}: not a notebook; open and save it in JupyterLab, or restore it"
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise PipelineError(f"{path}: not a notebook of format 4; open and save it in JupyterLab")
    return content


def cell_parameters(path: Path) -> tuple[dict[str, Declared], list[str]]:
    """Return what the `parameters` cell of a notebook declares, and what in it cannot be read."""
    cells = [
        cell
        for cell in read_notebook(path)["cells"]
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if len(cells) > 1:
        return {}, [f"{path}: {len(cells)} cells are tagged `parameters`; keep one"]
    if not cells:
        return {}, []
    source = cells[0].get("source", "")
    try:
        tree = ast.parse(source if isinstance(source, str) else "".join(source))
    except SyntaxError as error:
        return {}, [f"{path}: parameters cell, line {error.lineno}: {error.msg}"]
    found: dict[str, Declared] = {}
    problems = []
    for node in tree.body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign) and len(node.targets) == 1
            else getattr(node, "target", None)
        )
        place = f"{path}: parameters cell, line {node.lineno}"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name):
            problems.append(f"{place}: only `name: type = value` belongs here")
            continue
        kind = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else None
        try:
            found[target.id] = Declared(kind, ast.literal_eval(node.value), node.lineno)
        except (ValueError, TypeError):
            problems.append(
                f"{place}: the value of {target.id} is not plain; write a text, number, true, false or list"
            )
    return found, problems


def check_cells(declared: Mapping[str, Parameter], notebooks: list[Path]) -> list[str]:
    """Return every difference between `parameters.yaml` and the cells of the notebooks.

    Parameters
    ----------
    declared : mapping of str to Parameter
        What `load_parameters` returned.
    notebooks : list of pathlib.Path
        The notebooks of the run.

    Returns
    -------
    list of str
        One line a difference; empty when they agree.

    """
    problems = []
    for path in notebooks:
        if not path.is_file():
            problems.append(f"{path}: the notebook is not there; restore it from version control")
            continue
        found, unreadable = cell_parameters(path)
        problems += unreadable
        wanted = {name: entry for name, entry in declared.items() if path.stem in entry.notebooks}
        problems += [
            f"{path}: parameters cell: {name} is missing; parameters.yaml gives it to this notebook"
            for name in wanted
            if name not in found and not unreadable
        ]
        for name, cell in found.items():
            place = f"{path}: parameters cell, line {cell.line}: {name}"
            if name not in wanted:
                problems.append(
                    f"{place} is not in parameters.yaml for this notebook; add it there, or remove it here"
                )
            else:
                problems += [f"{place} {difference}" for difference in _differences(cell, wanted[name])]
    names = {path.stem for path in notebooks}
    for name, entry in declared.items():
        problems += [
            f"parameters.yaml: {name}: no notebook {other!r}"
            for other in entry.notebooks
            if other not in names
        ]
    return problems


def _differences(cell: Declared, entry: Parameter) -> list[str]:
    """Return how one line of a cell differs from its declaration."""
    if cell.kind is not None and cell.kind.split("[")[0] != entry.type:
        return [f"is a {cell.kind} here and a {entry.type} in parameters.yaml"]
    if not is_of_type(cell.value, entry.type):
        return [f"is {cell.value!r} here, which is not {IN_WORDS[entry.type]}"]
    if cell.value != entry.default:
        return [f"is {cell.value!r} here and {entry.default!r} in parameters.yaml"]
    return []
