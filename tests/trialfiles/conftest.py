"""The five source texts, which are never committed: found beside the checkout, or the tests are skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.places import Document, read_document

NAMES = {
    "wan2025": "wan2025_prospective.txt",
    "lepekhova2025": "lepekhova2025_case_series.txt",
    "chan2025": "chan2025_case_report.txt",
    "NCT06932393": "NCT06932393_medpath.txt",
    "IRCT20160427027636N8": "IRCT20160427027636N8_irct.txt",
}


@pytest.fixture(scope="session")
def source(shared: Path) -> Callable[[str], Document]:
    """Return a function that reads a source text by its study name."""
    return lambda study_id: read_document(shared / "documents" / NAMES[study_id])
