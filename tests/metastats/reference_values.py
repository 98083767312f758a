"""Reference values of R: metafor's, from the shared folder where it is, and a small file that always is.

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
    """Read a reference file, or the own cases where it is absent."""
    path = shared_folder() / "reference" / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


METAFOR = reference("metafor_cases.json")
BAYES = reference("bayes_cases.json")
CASES = [case for case in METAFOR.get("cases", []) if "fits" in case]
WHY_NOT = "no reference/metafor_cases.json in $EVIDENCE_SHARED or ../shared: only dense matrices stand against the fits"
if not CASES and os.environ.get("EVIDENCE_REQUIRE_SHARED"):
    raise FileNotFoundError(WHY_NOT)
needs_reference = pytest.mark.skipif(not CASES, reason=WHY_NOT)


def by_id(cases: list[dict]) -> list:
    """One named parameter a case, or a single skipped one where there is none."""
    if not cases:
        return [pytest.param(None, marks=pytest.mark.skip(reason=WHY_NOT))]
    return [pytest.param(case, id=case["id"]) for case in cases]
