"""Whether each printed figure is used, and why not: nothing is lost between the tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.tables import records, split_ids

_REASONS = {
    "cited": "about another study or the population, kept as context",
    "safety": "a circumstance of safety that no event row counts",
}
_BY_CONCEPT = {
    "follow_up": "time of a visit, used through the outcomes and the checks",
    "publication_date": "date of the publication",
    "administrative": "administrative",
    "evidence_level": "the authors' own label",
    "magnification": "setting of the microscope, no outcome",
    "patients_shown": "number of pictures",
    "aftercare": "aftercare, no outcome",
    "skin_type": "no bearing on an outcome",
    "scale_levels": "describes a scale without reported ratings",
    "washout": "eligibility, kept as description",
    "severity_admitted": "eligibility, kept as description",
    "density_threshold": "eligibility, kept as description",
    "dryness_threshold": "eligibility, kept as description",
}


def quantity_use(quantities: pd.DataFrame, users: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return, for every figure, the tables that rest on it or the reason why none does.

    Parameters
    ----------
    quantities : pandas.DataFrame
        Table `quantities`.
    users : dict of str to pandas.DataFrame
        Tables with a column `quantity_ids`, by name.

    Returns
    -------
    list of dict
        Rows of `quantity_use`.
    """
    used: dict[str, list[str]] = {}
    for table, frame in users.items():
        for row in records(frame):
            for name in split_ids(row.get("quantity_ids")):
                used.setdefault(name, []).append(table)
    rows = records(quantities)
    taken = {_figure(row) for row in rows if row["quantity_id"] in used}
    return [_row(row, used.get(row["quantity_id"], []), taken) for row in rows]


def _row(row: dict[str, Any], tables: list[str], taken: set[tuple]) -> dict[str, Any]:
    use = {"quantity_id": row["quantity_id"], "study_id": row["study_id"]}
    if tables:
        return use | {"used_in": ";".join(dict.fromkeys(tables)), "reason_unused": None}
    if _figure(row) in taken:
        reason = "the same figure, printed again elsewhere; checked for agreement"
    else:
        reason = (
            _REASONS.get(row["role"])
            or _BY_CONCEPT.get(row["concept"])
            or "design detail, kept as description"
        )
    return use | {"used_in": None, "reason_unused": reason}


def _figure(row: dict[str, Any]) -> tuple:
    """Return what makes two printed figures the same figure: their numbers, or else their words."""
    numbers = tuple(row[name] for name in ("value", "value_low", "value_high", "sd"))
    words = row["printed"].casefold() if all(number is None for number in numbers) else None
    return row["study_id"], row["concept"], row["arm_id"], *numbers, words
