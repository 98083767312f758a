"""The five source texts, which are never committed: found beside the checkout, or the tests are skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.places import Document, read_document


@pytest.fixture(scope="session")
def source(shared: Path) -> Callable[[str], Document]:
    """Return a function that reads a source text by its study name."""
    return lambda study_id: read_document(next((shared / "documents").glob(f"{study_id}_*.txt")))
