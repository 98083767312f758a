"""What may import what, types, dead code, needs declared and used, names that stand once: kept by tests."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("importlinter", ["lint-imports", "--no-cache"]),
        pytest.param(
            "mypy", ["mypy", "--no-error-summary", "--cache-dir", os.devnull], marks=pytest.mark.slow
        ),
        ("vulture", ["vulture"]),
        ("deptry", ["deptry", "src", "notebooks"]),
    ],
    ids=["imports", "types", "dead code", "needs"],
)
def test_the_checks_of_pyproject_find_nothing(checkout: Path, module: str, command: list[str]):
    pytest.importorskip(module)
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=checkout, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def modules(checkout: Path) -> dict[str, str]:
    """Return the text of every module by its path below `src`."""
    source = checkout / "src"
    return {str(path.relative_to(source)): path.read_text("utf-8") for path in source.rglob("*.py")}


def public_names(text: str) -> set[str]:
    """Return the names without a leading underscore that a module defines at its top level."""
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_stands_once_in_all_packages(checkout: Path):
    places: dict[str, list[str]] = {}
    for path, text in modules(checkout).items():
        for name in public_names(text):
            places.setdefault(name, []).append(path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_module_is_longer_than_one_can_read_at_once(checkout: Path):
    assert [path for path, text in modules(checkout).items() if len(text.splitlines()) > 600] == []


def test_the_tools_see_a_name_that_stands_twice():
    assert public_names("A = 1\n_b = 2\ndef c(): pass\nclass D: pass\nE: int = 3\n") == {"A", "c", "D", "E"}
