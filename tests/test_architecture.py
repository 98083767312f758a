"""What may import what, types, dead code, needs declared and used: by import-linter, mypy, vulture and deptry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("importlinter", ["lint-imports", "--no-cache"]),
        ("mypy", ["mypy", "--no-error-summary", "--cache-dir", os.devnull]),
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
