"""Reference values of R: metafor's, all where the shared folder is, else the cases kept here in 12 digits.

The scripts beside the shared files make them anew (R 4.2, metafor 3.8-1, metadat 1.2-0, jsonlite):
``Rscript make_public.R metafor_cases.json`` and ``Rscript make_bayes_public.R bayes_cases.json``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FROM_R = json.loads((HERE / "data" / "references.json").read_text(encoding="utf-8"))  # make_references.R


def shared_folder() -> Path:
    """Folder named by EVIDENCE_SHARED, else ``../shared`` beside the checkout."""
    return Path(os.environ.get("EVIDENCE_SHARED") or HERE.parents[1].parent / "shared")


def reference(name: str) -> dict:
    """Read a reference file: the whole one, else the few of its cases that are kept here."""
    whole = shared_folder() / "reference" / name
    return json.loads((whole if whole.exists() else HERE / "data" / name).read_text(encoding="utf-8"))


METAFOR = reference("metafor_cases.json")
BAYES = reference("bayes_cases.json")


def by_id(cases: list[dict]) -> list:
    """One named parameter a case."""
    return [pytest.param(case, id=case["id"]) for case in cases]
