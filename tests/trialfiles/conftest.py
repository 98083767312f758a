"""The five source texts, which are never committed: found beside the checkout, or the tests are skipped."""

from __future__ import annotations

import os
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


def shared_folder() -> Path:
    """Return the folder of shared material: `EVIDENCE_SHARED`, else `../shared` beside the checkout."""
    beside = Path(__file__).resolve().parents[2].parent / "shared"
    return Path(os.environ.get("EVIDENCE_SHARED") or beside)


@pytest.fixture(scope="session")
def source():
    """Return a function that reads a source text by its study name."""

    def read(study_id: str) -> Document:
        path = shared_folder() / "documents" / NAMES[study_id]
        if not path.is_file():
            reason = f"{path} is not there: put the source texts there, or set EVIDENCE_SHARED"
            if os.environ.get("EVIDENCE_REQUIRE_SHARED"):
                pytest.fail(reason)
            pytest.skip(reason)
        return read_document(path)

    return read
