"""Small honest studies as table rows, for the tests to break one figure at a time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from helpers.appraisal.discrepancies import RULES
from helpers.appraisal.evidence import Group, PrintedFigure, StudyEvidence
from helpers.tables import validate

STUDY = "made2026"
RULE = {rule.name: rule for rule in RULES}


def rounded(values: np.ndarray, places: int = 1) -> Group:
    """Return the mean and SD of a sample as they would be printed."""
    numbers = (round(float(x), places) for x in (values.mean(), values.std(ddof=1)))
    return Group(*(PrintedFigure(x, places, "q") for x in numbers))


def weight(row: dict[str, Any]) -> str:
    """Return in a word how a discrepancy weighs: certain, doubtful or minor."""
    return "certain" if row["certain"] else "minor" if row["concern"] == "minor" else "doubtful"


def quantity(name: str, printed: str, concept: str, **fields: Any) -> dict[str, Any]:
    """Return a row of `quantities`."""
    base = {"quantity_id": f"{STUDY}.{name}", "study_id": STUDY, "source_id": STUDY, "printed": printed}
    base |= {"kind": "mean", "role": "result", "concept": concept, "section": "Results", "line": 7}
    return base | fields


def result(number: int, **fields: Any) -> dict[str, Any]:
    """Return a row of `results`; `ids` names its quantities."""
    ids = ";".join(f"{STUDY}.{name}" for name in fields.pop("ids"))
    base = {"result_id": f"{STUDY}.r{number:02d}", "study_id": STUDY, "source_id": STUDY, "arm_id": "exosome"}
    base |= {"concept": "hair_density", "site": "vertex", "timepoint_weeks": 0.0, "kind": "level"}
    base |= {"quantity_ids": ids}
    return base | fields


def contrast(number: int, ids: list[str], **fields: Any) -> dict[str, Any]:
    """Return a row of `reported_contrasts`: what differs from the hair density after 24 weeks."""
    base = {"contrast_id": f"{STUDY}.c{number:02d}", "study_id": STUDY, "source_id": STUDY}
    base |= {"arm_id": "exosome"}
    base |= {"against": "control", "concept": "hair_density", "site": "vertex", "timepoint_weeks": 24.0}
    return base | {"measure": "MD", "quantity_ids": ";".join(f"{STUDY}.{name}" for name in ids)} | fields


def evidence(
    quantities: list[dict[str, Any]] = (),
    results: list[dict[str, Any]] = (),
    study: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    arms: list[dict[str, Any]] | None = None,
    outcomes: list[dict[str, Any]] = (),
    events: list[dict[str, Any]] = (),
    statements: list[dict[str, Any]] = (),
    contrasts: list[dict[str, Any]] = (),
) -> StudyEvidence:
    """Return the evidence of a made-up study, every table validated."""
    if arms is None:
        arms = [{"arm_id": "exosome", "role": "exosome"}, {"arm_id": "control", "role": "placebo"}]
    arms = [{"study_id": STUDY} | arm for arm in arms]
    planned = {"study_id": STUDY, "priority": "primary"}
    outcomes = [planned | {"outcome_id": f"o{index}"} | row for index, row in enumerate(outcomes)]
    base = {"source_id": STUDY, "study_id": STUDY, "tier": "core", "format": "article"}
    base |= {"document": "made.txt"}
    base |= {"has_results": bool(results), "access": "full text", "verified_on": "2026-01-31"}
    tables = {
        "sources": [base | (source or {})],
        "studies": [{"study_id": STUDY, "comparison": "parallel"} | (study or {})],
        "arms": arms,
        "outcomes": outcomes,
        "quantities": list(quantities),
        "reported_contrasts": [contrast(number, **row) for number, row in enumerate(contrasts, start=1)],
        "results": list(results),
        "statements": [
            {"study_id": STUDY, "source_id": STUDY, "statement_id": f"{STUDY}.s{place}", "line": 20 + place}
            | row
            for place, row in enumerate(statements)
        ],
        "adverse_events": [{"study_id": STUDY, "arm_id": "exosome"} | row for row in events],
    }
    return StudyEvidence.from_tables({name: frame(name, rows) for name, rows in tables.items()}, STUDY)


def frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a validated table."""
    return validate(name, rows) if len(rows) else empty(name).copy()


@cache
def empty(name: str) -> pd.DataFrame:
    """Return a table without rows; made once, since validation is the slow part of these tests."""
    return validate(name, [])
