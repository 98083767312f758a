"""Reference values: metafor's, from the shared folder where it is, and a small own set that always is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OWN = HERE / "data" / "own_cases.json"
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
WHY_NOT = "no reference/metafor_cases.json in $EVIDENCE_SHARED or ../shared: only the own cases are tested"
if not CASES and os.environ.get("EVIDENCE_REQUIRE_SHARED"):
    raise FileNotFoundError(WHY_NOT)
needs_reference = pytest.mark.skipif(not CASES, reason=WHY_NOT)


def by_id(cases: list[dict]) -> list:
    """One named parameter a case, or a single skipped one where there is none."""
    if not cases:
        return [pytest.param(None, marks=pytest.mark.skip(reason=WHY_NOT))]
    return [pytest.param(case, id=case["id"]) for case in cases]
