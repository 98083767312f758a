"""A small study sheet that is right in everything, for the tests to break one place at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.sheets.read import read_sheet
from trialfiles import Problem, SourceError

RAW = Path(__file__).parents[2] / "data" / "raw"
SHEET = Path(__file__).with_name("made2026.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class SheetFile:
    """A place for the sheet, and what reading it says."""

    path: Path

    def write(self, text: str = SHEET) -> Path:
        """Write a text as the sheet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.path

    def change(self, old: str, new: str) -> tuple[list[Problem], str]:
        """Return the problems after replacing one place, and the text that was read."""
        assert SHEET.count(old) == 1, f"{old!r} stands {SHEET.count(old)} times"
        text = SHEET.replace(old, new)
        return self.problems(text), text

    def problems(self, text: str | bytes) -> list[Problem]:
        """Return everything that is wrong with a text; an empty list when it is read."""
        self.write(text)
        try:
            read_sheet(self.path)
        except SourceError as error:
            return error.problems
        return []


@pytest.fixture
def sheet(tmp_path: Path) -> SheetFile:
    """Return the file of a small sheet in a raw folder of its own."""
    return SheetFile(tmp_path / "raw" / "studies" / "made2026.yaml")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return a copy of the project's raw data, to be broken."""
    target = tmp_path / "raw"
    shutil.copytree(RAW, target, ignore=shutil.ignore_patterns("documents"))
    return target


@pytest.fixture
def line_of() -> Callable[[str, str], int]:
    """Return a function that gives the line, from 1, on which a token first stands."""
    return lambda text, token: text[: text.index(token)].count("\n") + 1
