"""A raw folder with one short text and a sheet whose figures point into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

TEXT = "Title 2026\n\nWe treated 16 men – 95 hairs.\nNobody left.\n"
SHEET = Path(__file__).with_name("made2026.yaml").read_text(encoding="utf-8")


@pytest.fixture
def sha() -> str:
    """Return the hash of the text."""
    return hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def raw(tmp_path: Path, write_sheet: Callable[..., Path]) -> Path:
    """Return the folder, in which every place is right."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "made.txt").write_text(TEXT, encoding="utf-8")
    write_sheet()
    return tmp_path


@pytest.fixture
def write_sheet(tmp_path: Path, sha: str) -> Callable[..., Path]:
    """Return a function that writes the sheet with some of its facts changed."""
    right = {"document": "made.txt", "sha": sha, "line": 3, "start": 23, "end": 25}
    right |= {"place": 4, "words": "Nobody", "more": ""}

    def write(**changes: object) -> Path:
        path = tmp_path / "studies" / "made2026.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(SHEET.format(**right | changes), encoding="utf-8")
        return path

    return write
