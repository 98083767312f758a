"""What is committed: nobody else's text, no contact detail, clean code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def tracked(checkout: Path) -> list[Path]:
    listing = subprocess.run(["git", "-C", str(checkout), "ls-files", "-z"], capture_output=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [checkout / name for name in listing.stdout.decode().split("\0") if name]


def test_no_source_text_is_committed(checkout: Path):
    inside = [
        path
        for path in tracked(checkout)
        if path.parent.name == "documents" and path.parent.parent.name == "raw"
    ]
    assert [path.name for path in inside if path.name != "README.md"] == []


def test_no_run_of_a_source_text_stands_in_the_repository(checkout: Path, shared: Path):
    script = shared / "checks" / "copied_text.py"
    if not script.is_file():
        pytest.skip(f"{script} is not there")
    result = subprocess.run([sys.executable, str(script), str(checkout)], capture_output=True, text=True)
    assert [line for line in result.stdout.splitlines() if not of_a_decimal(checkout, line)] == []


def of_a_decimal(checkout: Path, line: str) -> bool:
    """Whether the digits that look like a telephone number only stand behind a decimal point."""
    name, found, _ = line.partition(": contact detail: 09")
    return bool(found) and not re.search(
        r"(?<![.\d])09\d{9}\b", (checkout / name).read_text(encoding="utf-8")
    )


def test_raw_data_hold_no_contact_detail(checkout: Path):
    for path in (checkout / "data" / "raw").rglob("*"):
        if path.is_file() and path.parent.name != "documents":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"[\w.+-]+@[\w-]+\.\w", text), path.name
            assert not re.search(r"\+\d{2,3}[ -]\d", text), path.name


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_is_clean(checkout: Path, command: list[str]):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=checkout, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout[-3000:]
