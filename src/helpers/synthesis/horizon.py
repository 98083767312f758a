"""What registered trials will be able to show: the smallest difference each can detect.

Two-sided t tests by the noncentral t distribution (statsmodels.stats.power). For a comparison within
the scalp the spread of the differences follows from the spread of the values and the correlation
between the two sites.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from statsmodels.stats.power import TTestIndPower, TTestPower

from helpers.tables import records
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

_NO_DIFFERENCE = ("adverse_events",)


def horizon_rows(
    tables: dict[str, pd.DataFrame],
    *,
    powers: tuple[float, ...] = (0.8, 0.9),
    assumed_sd: float = 20.0,
    site_correlation: float = 0.7,
    alpha: float = 0.05,
) -> list[dict[str, Any]]:
    """Return the rows of `horizon`.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `studies`, `arms`, `outcomes`.
    powers : tuple of float
        Powers to compute the detectable difference for.
    assumed_sd : float
        Standard deviation of the change in hair density between people, hairs/cm².
    site_correlation : float
        Correlation between two sites of one scalp.
    alpha : float
        Two-sided level of the test.

    Returns
    -------
    list of dict
        One row for each registered study without results, planned outcome and power. Without a planned
        size, or for outcomes that no test of means fits, the difference is missing and the row says why.

    """
    waiting = {row["study_id"] for row in records(tables["sources"]) if row["has_results"] is False}
    studies = {row["study_id"]: row for row in records(tables["studies"])}
    arms = tables["arms"].groupby("study_id")["arm_id"].nunique().to_dict()
    rows: list[dict[str, Any]] = []
    for outcome in _last_times(records(tables["outcomes"]), studies):
        study = studies.get(outcome["study_id"])
        if study is None or outcome["study_id"] not in waiting:
            continue
        for power in powers:
            difference = _difference(study, outcome, arms, power, assumed_sd, site_correlation, alpha)
            rows.append(_row(study, outcome, power) | difference)
    return rows


def _last_times(outcomes: list[dict[str, Any]], studies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each planned outcome once, at its last time."""
    last: dict[tuple, dict[str, Any]] = {}
    for outcome in sorted(outcomes, key=lambda row: row["timepoint_weeks"] or 0):
        study = studies.get(outcome["study_id"])
        contrast = _contrast(study, outcome) if study else None
        last[(outcome["study_id"], outcome["concept"], outcome["priority"], contrast)] = outcome
    return list(last.values())


def _row(study: dict[str, Any], outcome: dict[str, Any], power: float) -> dict[str, Any]:
    ends = study["ends_on"]
    return {
        "horizon_id": f"{study['study_id']}.{outcome['outcome_id']}.{power:g}",
        "study_id": study["study_id"],
        "n_planned": study["n_planned"],
        "concept": outcome["concept"],
        "priority": outcome["priority"],
        "expected": f"recruitment planned to end {ends}" if ends else "no date registered",
        "power": power,
        "contrast": _contrast(study, outcome),
    }


def _contrast(study: dict[str, Any], outcome: dict[str, Any]) -> str:
    """Return what the outcome will compare: with baseline, with another site, or with another group."""
    if "baseline" in (outcome["measure"] or "").lower():
        return "within_arm"
    return "within_person" if study["comparison"] == "within_person" else "between_arm"


def _difference(
    study: dict, outcome: dict, arms: dict, power: float, sd: float, correlation: float, alpha: float
) -> dict[str, Any]:
    n, concept = study["n_planned"], outcome["concept"]
    if concept in _NO_DIFFERENCE:
        return {"detectable_difference": None, "unit": None, "assumption": "counted, not tested as a mean"}
    if not n:
        return {"detectable_difference": None, "unit": None, "assumption": "no planned size is registered"}
    contrast = _contrast(study, outcome)
    groups = max(arms.get(study["study_id"], 2), 2) if contrast == "between_arm" else 1
    if n / groups < 2:
        return {
            "detectable_difference": None,
            "unit": None,
            "assumption": f"{n} people are too few for a test",
        }
    own = OUTCOME_CONCEPTS[concept].unit == "hairs/cm2"
    unit = "hairs/cm2" if own else "standard deviations"
    spread = sd if own else 1.0
    said = f"SD {sd:g} hairs/cm2" if own else "in standard deviations of the rating"
    if contrast == "within_arm":
        size = TTestPower().solve_power(nobs=n, alpha=alpha, power=power) * spread
        said += f"; {n} people against their own baseline, without a control"
    elif contrast == "within_person":
        spread *= math.sqrt(2 * (1 - correlation))
        size = TTestPower().solve_power(nobs=n, alpha=alpha, power=power) * spread
        said += f"; {n} people, two sites each, correlation {correlation:g}"
    else:
        size = TTestIndPower().solve_power(nobs1=n / groups, alpha=alpha, power=power) * spread
        said += f"; {n} people in {groups} equal groups, two of them compared"
    return {
        "detectable_difference": float(size),
        "unit": unit,
        "assumption": f"{said}; two-sided {alpha:g}, no losses",
    }
