"""The effect sizes that one study's printed figures allow, each with the assumption it needs.

Three kinds of contrast are kept apart: the change within an arm, the difference between two arms,
and a share of people. Where a figure is missing (a group's size, the pre-post correlation) the effect
is computed over its range and every row says what was assumed; the headline row is the plainest one.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.synthesis.change_effects import level_changes, printed_changes
from helpers.synthesis.contrast_doubts import contrast_doubt
from helpers.synthesis.difference_effects import differences
from helpers.synthesis.share_effects import shares
from helpers.synthesis.study_figures import StudyFigures
from helpers.tables import join_ids, records, split_ids
from helpers.tables.reported import CONTRASTS

KINDS = (printed_changes, level_changes, differences, shares)
_CERTAIN = "certain"


def study_effects(
    study: dict[str, Any],
    arms: pd.DataFrame,
    results: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    contrasts: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of `effects` for one study.

    Parameters
    ----------
    study : dict
        The study's row of `studies`.
    arms, results, findings : pandas.DataFrame
        The study's rows of these tables.
    pre_post_correlation : float
        Correlation between the values before and after, assumed where a change has no printed SD.
    level : float
        Coverage of the intervals.
    contrasts : pandas.DataFrame, optional
        The study's rows of `reported_contrasts`: comparisons of arms that the source itself prints.

    Returns
    -------
    list of dict
        One row an effect and assumption. Intervals of mean changes and differences use Student's t
        with n - 1 (or Welch's) degrees of freedom, those of shares are Wilson's (1927).

    """
    rows = _worked_out(study, records(arms), records(results), pre_post_correlation, level)
    rows += [printed_contrast(row) for row in records(contrasts)] if contrasts is not None else []
    doubts = records(findings)  # read once: a study may have hundreds of variants of an effect
    for row in rows:
        row["finding_ids"] = join_ids(_touching(row["concept"], doubts))
    return _named(rows, study)


def computed_effects(
    study: dict[str, Any],
    arms: list[dict[str, Any]],
    results: list[dict[str, Any]],
    correlation: float,
    level: float,
) -> list[dict[str, Any]]:
    """Return the effects that a study's plain rows of `arms` and `results` allow, without findings."""
    return _named(_worked_out(study, arms, results, correlation, level), study)


def _worked_out(
    study: dict[str, Any], arms: list[dict], results: list[dict], correlation: float, level: float
) -> list[dict[str, Any]]:
    figures = StudyFigures(study, arms, results, correlation, level)
    return [row for kind in KINDS for row in kind(figures)]


def _named(rows: list[dict[str, Any]], study: dict[str, Any]) -> list[dict[str, Any]]:
    """Give each row its name, and the doubt whether it is such a contrast."""
    for number, row in enumerate(rows, start=1):
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["contrast_doubt"] = contrast_doubt(row, study, row.pop("_against", None))
    return rows


def printed_contrast(row: dict[str, Any]) -> dict[str, Any]:
    """Return a printed comparison of two arms as a row of `effects`; its interval is the source's own."""
    kept = (
        "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "effect",
        "ci_lower", "ci_upper", "n", "unit", "p_value", "p_value_token", "second_hand", "quantity_ids",
    )  # fmt: skip
    said = {"assumption": f"{CONTRASTS[row['measure']]}, as printed", "comparator_id": row["against"]}
    return {name: row[name] for name in kept} | said | {"contrast": "between_arm", "headline": "yes"}


def _touching(concept: str, findings: list[dict[str, Any]]) -> list[str]:
    """Return the certain findings that touch an outcome's estimates."""
    return [
        row["finding_id"]
        for row in findings
        if row["severity"] == _CERTAIN and concept in split_ids(row["concepts"])
    ]
