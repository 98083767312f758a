"""Ongoing trials: what each compares, when it is due, and the difference that it can detect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from statsmodels.stats.power import TTestIndPower, TTestPower

from helpers.appraisal.grade import is_not_randomised, is_randomised
from helpers.context import CONTROLS, comparator_changes, placebo_differences
from helpers.effects import CONTROLLED_DESIGNS
from helpers.pooling.assumptions import TREATED, density_changes
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.tables import records


def ongoing_outcome_rows(
    tables: dict[str, pd.DataFrame],
    *,
    powers: tuple[float, ...] = (0.8, 0.9),
    assumed_sd: float = 20.0,
    site_correlation: float = 0.7,
    alpha: float = 0.05,
) -> list[dict[str, Any]]:
    """Return the rows of `ongoing_outcomes`.

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
        estimand = _estimand(study, outcome) if study else None
        last[(outcome["study_id"], outcome["concept"], outcome["priority"], estimand)] = outcome
    return list(last.values())


def _row(study: dict[str, Any], outcome: dict[str, Any], power: float) -> dict[str, Any]:
    ends = study["ends_on"]
    return {
        "ongoing_id": f"{study['study_id']}.{outcome['outcome_id']}.{power:g}",
        "study_id": study["study_id"],
        "n_planned": study["n_planned"],
        "concept": outcome["concept"],
        "priority": outcome["priority"],
        "expected": f"recruitment planned to end {ends}" if ends else "no date registered",
        "power": power,
        "estimand": _estimand(study, outcome),
    }


def _estimand(study: dict[str, Any], outcome: dict[str, Any]) -> str:
    """Return what the outcome will compare: with baseline, with another site, or with another group."""
    if "baseline" in (outcome["measure"] or "").lower():
        return "uncontrolled_change"
    return "within_participant" if study["comparison"] == "within_person" else "between_group"


def _difference(
    study: dict, outcome: dict, arms: dict, power: float, sd: float, correlation: float, alpha: float
) -> dict[str, Any]:
    """Return the difference that can be detected, with its unit and what it assumes, or why there is none."""
    n, estimand = study["n_planned"], _estimand(study, outcome)
    groups = max(arms.get(study["study_id"], 2), 2) if estimand == "between_group" else 1
    why_not = (
        "counted, not tested as a mean"
        if outcome["concept"] == "adverse_events"
        else "no planned size is registered"
        if not n
        else f"{n} people are too few for a test"
        if n / groups < 2
        else None
    )
    if why_not:
        return {"detectable_difference": None, "unit": None, "assumption": why_not}
    unit, spread, words = "standard deviations", 1.0, "in standard deviations of the rating"
    if OUTCOME_CONCEPTS[outcome["concept"]].unit == "hairs/cm2":
        unit, spread, words = "hairs/cm2", sd, f"SD {sd:g} hairs/cm2"
    who = {
        "uncontrolled_change": f"{n} people against their own baseline, without a control",
        "within_participant": f"{n} people, two sites each, correlation {correlation:g}",
        "between_group": f"{n} people in {groups} equal groups, two of them compared",
    }[estimand]
    return {
        "detectable_difference": _standardised(estimand, n, groups, power, alpha, correlation) * spread,
        "unit": unit,
        "assumption": f"{words}; {who}; two-sided {alpha:g}, no losses",
    }


def _standardised(
    estimand: str, n: int, groups: int, power: float, alpha: float, correlation: float
) -> float:
    """Return the difference that a t test can detect, in SDs of the change between people."""
    if estimand == "between_group":
        return float(TTestIndPower().solve_power(nobs1=n / groups, alpha=alpha, power=power))
    size = float(TTestPower().solve_power(nobs=n, alpha=alpha, power=power))
    return size * math.sqrt(2 * (1 - correlation)) if estimand == "within_participant" else size


_ESTIMANDS = {"parallel": "between_group", "within_person": "within_participant"}  # of designs with a control


@dataclass(frozen=True)
class Spread:
    """What is assumed of people: SD of the change, drift of the untreated, correlation of two sites."""

    sd: float = 20.0
    sd_low: float | None = None
    sd_high: float | None = None
    drift_sd: float | None = None
    site_correlation: float = 0.7
    prior_sd: float = 20.0
    active_sd: Mapping[str, float | None] = field(default_factory=dict)  # other treatments v placebo


def spread_of_change(
    comparators: pd.DataFrame | None, sd: float = 20.0, site_correlation: float = 0.7
) -> Spread:
    """Return the spread that arms of established treatments show, hair density in hairs/cm².

    Parameters
    ----------
    comparators : pandas.DataFrame or None
        Table `comparators`: the SDs of change, and how far placebo arms drifted apart.
    sd : float
        SD of the change that the planned calculations use; also the prior SD of an effect.
    site_correlation : float
        Correlation between two sites of one scalp.

    """
    if comparators is None or comparators.empty:
        return Spread(sd=sd, site_correlation=site_correlation, prior_sd=sd)
    changes = density_changes(comparators)
    sds = changes.loc[changes["change_sd"] > 0, "change_sd"]
    idle = changes.loc[changes["treatment"].isin(CONTROLS), "change_mean"].dropna()
    drift = float(idle.std()) if len(idle) > 1 else None
    low, high = (float(sds.min()), float(sds.max())) if len(sds) else (None, None)
    return Spread(sd, low, high, drift, site_correlation, sd, _active_sds(comparators))


def _active_sds(comparators: pd.DataFrame) -> dict[str, float | None]:
    """Return for each other treatment the SD of its differences from placebo; None from fewer than three."""
    found = placebo_differences(comparator_changes(comparators))
    sizes = found[found["unit"] == "hairs/cm2"].groupby("treatment")["effect"].agg(["size", "std"])
    spread = sizes.loc[sizes["size"] > 2, "std"].to_dict()
    return {name: spread.get(name) for name in comparators["treatment"] if name not in CONTROLS}


def expected_se(comparison: str | None, n: int | None, groups: int, spread: Spread) -> float | None:
    """Return the standard error that a trial's estimate of hair density will have, hairs/cm²."""
    if not n or n < 4:
        return None
    if comparison == "within_person":
        return spread.sd * math.sqrt(2 * (1 - spread.site_correlation) / n)
    if comparison == "parallel":
        return spread.sd * math.sqrt(2 * groups / n)
    return spread.sd / math.sqrt(n)


def detectable(
    comparison: str | None, n: int | None, groups: int, power: float, alpha: float, site_correlation: float
) -> float | None:
    """Return the smallest difference that a t test can detect, in SDs of the change between people."""
    if not n or n < 4:
        return None
    estimand = _ESTIMANDS.get(comparison, "uncontrolled_change")
    return _standardised(estimand, n, groups, power, alpha, site_correlation)


def detectable_sizes(row: dict[str, Any], groups: int, spread: Spread, alpha: float) -> dict[str, Any]:
    """Return the differences detectable at 80 and 90 % power, and over the SDs that comparators show."""
    sizes = [
        detectable(row["comparison"], row["n_planned"], groups, power, alpha, spread.site_correlation)
        for power in (0.8, 0.9)
    ]
    shown = {
        "detectable_80": (sizes[0], spread.sd),
        "detectable_90": (sizes[1], spread.sd),
        "detectable_80_low": (sizes[0], spread.sd_low),
        "detectable_80_high": (sizes[0], spread.sd_high),
    }
    return {name: None if None in pair else pair[0] * pair[1] for name, pair in shown.items()}


def teaches(
    comparison: str | None, se: float | None, spread: Spread, against: str | None = None
) -> float | None:
    """Return the share of the uncertainty about the effect against a control that a trial would remove."""
    if se is None:
        return None
    if comparison in CONTROLLED_DESIGNS:
        extra = _unknown_of(against, spread)
    else:  # the drift without a control; where nobody measured it, it may be as large as an effect
        extra = spread.prior_sd if spread.drift_sd is None else spread.drift_sd
    return spread.prior_sd**2 / (spread.prior_sd**2 + se**2 + extra**2)


def _unknown_of(against: str | None, spread: Spread) -> float:
    """Return the SD of what is not known of another treatment's own effect; 0 for a control."""
    words = (against or "").lower()
    if words.endswith(("in both arms", "alone")):  # exosomes are added to it: it cancels
        return 0.0
    named = [sd for name, sd in spread.active_sd.items() if name.lower() in words]
    return max((spread.prior_sd if sd is None else sd for sd in named), default=0.0)


def last_search(searches: pd.DataFrame | None) -> str | None:
    """Return the latest date of search, as precise as it is stated; data, not the clock."""
    if searches is None or searches.empty:
        return None
    return max(str(value) for value in searches["date"])


def is_past(expected: str | None, searched: str | None) -> bool:
    """Return whether a date lies before the last search, at the precision that both have."""
    if not expected or not searched:
        return False
    places = min(len(expected), len(searched))
    return expected[:places] < searched[:places]


def ongoing_trial_rows(
    tables: dict[str, pd.DataFrame],
    trials: pd.DataFrame | None,
    spread: Spread,
    searched: str | None,
    alpha: float = 0.05,
) -> list[dict[str, Any]]:
    """Return every registered trial without results, those with a control that teach most first.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `studies`, `arms`, `outcomes`: registrations at hand as exports or sheets.
    trials : pandas.DataFrame or None
        Table `trials`: registrations of which only a copy was seen.
    spread : Spread
        What is assumed of people.
    searched : str or None
        Date of the last search; a trial due before it is named as late.
    alpha : float
        Two-sided level of the tests of the detectable differences.

    """
    rows = [*_at_hand(tables), *_seen(trials, tables)]
    for row in rows:
        groups = row.pop("_groups")
        if not row.pop("_controlled", True):  # two schedules of exosomes say nothing against a control
            row["comparison"] = "single_arm"
        row["se_expected"] = expected_se(row["comparison"], row["n_planned"], groups, spread)
        row |= detectable_sizes(row, groups, spread, alpha)
        row["teaches"] = teaches(row["comparison"], row["se_expected"], spread, row["against"])
        row["estimand"] = _ESTIMANDS.get(row["comparison"], "uncontrolled_change")
        row["late"] = is_past(row["expected"], searched)
        row["searched"] = searched
    # without a control a trial can be wrong in ways that its size does not tell: it comes later
    rows.sort(
        key=lambda row: (
            row["teaches"] is None,
            row["comparison"] not in CONTROLLED_DESIGNS,
            -(row["teaches"] or 0),
            row["study_id"],
        )
    )
    for number, row in enumerate(rows, start=1):
        row["place"] = number
    return rows


def _at_hand(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    waiting = {row["study_id"]: row for row in records(tables["sources"]) if row["has_results"] is False}
    planned = records(tables["outcomes"])
    arms = tables["arms"].groupby("study_id")["arm_id"].nunique().to_dict()
    rows = []
    for study in records(tables["studies"]):
        name = study["study_id"]
        if name not in waiting or not study.get("registration"):
            continue
        outcomes = dict.fromkeys(row["concept"] for row in planned if row["study_id"] == name)
        rows.append({
            "study_id": name, "what": study["title"], "comparison": study["comparison"],
            "n_planned": study["n_planned"], "expected": study["ends_on"],
            "status": waiting[name]["status"], "outcomes": ";".join(outcomes) or None,
            "randomised": _randomised(study["allocation"], study["comparison"]),
            "against": _against(tables["arms"], name), "_groups": max(arms.get(name, 2), 2),
        })  # fmt: skip
    return rows


def _seen(trials: pd.DataFrame | None, tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the trials of which a copy was seen, but those reported by a study or at hand as a record."""
    if trials is None:
        return []
    known = set(tables["studies"]["study_id"]) | set(tables["studies"]["registration"].dropna())
    rows = []
    for row in records(trials):
        if row["results_posted"] or row["study_id"] or row["trial_id"] in known:
            continue
        named = ("what", "comparison", "n_planned", "status", "expected", "outcomes")
        trial = {"study_id": row["trial_id"], "_groups": 2, "against": row["comparator"]}
        trial["randomised"] = _randomised(row["what"], row["comparison"])
        trial["_controlled"] = "exosome" not in (row["comparator"] or "").lower()
        rows.append(trial | {name: row[name] for name in named})
    return rows


def _randomised(words: str | None, comparison: str | None) -> bool | None:
    """Return whether a trial is randomised; None where what was seen of it does not say."""
    if is_randomised(words):
        return True
    silent = comparison in (None, *CONTROLLED_DESIGNS) and not is_not_randomised(words)
    return None if silent else False


def _against(arms: pd.DataFrame, study: str) -> str | None:
    """Return what an arm without exosomes gets; of an add-on trial the part that both arms get."""
    own = arms[(arms["study_id"] == study) & ~arms["role"].isin(TREATED)]
    added = (arms["study_id"] == study) & (arms["role"] == "exosome_combination")
    words = "; ".join(str(label) for label in own["label"].dropna())
    add_on = added.any() and (own["role"] == "active").all()
    return f"{words}, in both arms" if words and add_on else words or None


def late_sentence(rows: pd.DataFrame) -> str:
    """Return which trials are past their date without results, and relative to what."""
    late = [row for row in records(rows) if row["late"]]
    searched = next(iter(rows["searched"].dropna()), None)
    if searched is None:
        return "The date of the last search is not known, so no trial can be called late."
    if not late:
        return f"At the last search ({searched}) no registered trial was past its date without results."
    named = "; ".join(
        f"{row['study_id']} (due {row['expected']}, {row['status'] or 'status not seen'})" for row in late
    )
    many = "1 registered trial was" if len(late) == 1 else f"{len(late)} registered trials were"
    return f"At the last search ({searched}) {many} past the date without results: {named}."
