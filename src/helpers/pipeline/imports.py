"""Which modules a piece of code imports, read from its text without running it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from helpers.pipeline.parameter_cells import read_notebook


def imported(source: str) -> set[str]:
    """Return the modules that a source text imports; of `from a import b` both `a` and `a.b`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def imported_by_notebook(path: Path) -> set[str]:
    """Return the modules that the code cells of a notebook import."""
    return {name for text in code_cells(path) for name in imported(text)}


def code_cells(path: Path) -> list[str]:
    """Return the texts of a notebook's code cells."""
    cells = read_notebook(path)["cells"]
    return [_text(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)
