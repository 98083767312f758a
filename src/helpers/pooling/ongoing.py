"""The trials to come, one row each: what they compare, when they are due, and how much each could teach."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.appraisal.body import is_not_randomised, is_randomised
from helpers.synthesis.assumed_estimates import TREATED
from helpers.synthesis.trial_power import CONTROLLED, Spread, detectable_sizes, expected_se, teaches
from helpers.tables import records, split_ids

CONTRAST = {"parallel": "between_arm", "within_person": "within_person"}


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


def trial_rows(
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
        row["contrast"] = CONTRAST.get(row["comparison"] or "", "within_arm")
        row["late"] = is_past(row["expected"], searched)
        row["searched"] = searched
    # without a control a trial can be wrong in ways that its size does not tell: it comes later
    rows.sort(
        key=lambda row: (
            row["teaches"] is None,
            row["comparison"] not in CONTROLLED,
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
        told = list(dict.fromkeys(row["concept"] for row in planned if row["study_id"] == name))
        row = {"study_id": name, "what": study["title"], "comparison": study["comparison"]}
        row |= {"n_planned": study["n_planned"], "expected": study["ends_on"]}
        row |= {"status": waiting[name]["status"], "outcomes": ";".join(told) or None}
        row["randomised"] = _randomised(study["allocation"], study["comparison"])
        row["against"] = _against(tables["arms"], name)
        rows.append(row | {"_groups": max(arms.get(name, 2), 2)})
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
        told = {"study_id": row["trial_id"], "_groups": 2, "against": row["comparator"]}
        told["randomised"] = _randomised(row["what"], row["comparison"])
        told["_controlled"] = "exosome" not in (row["comparator"] or "").lower()
        rows.append(told | {name: row[name] for name in named})
    return rows


def _randomised(words: str | None, comparison: str | None) -> bool | None:
    """Return whether a trial is randomised; None where what was seen of it does not say."""
    if is_randomised(words):
        return True
    silent = comparison in (None, *CONTROLLED) and not is_not_randomised(words)
    return None if silent else False


def _against(arms: pd.DataFrame, study: str) -> str | None:
    """Return what an arm without exosomes gets; of an add-on trial the part that both arms get."""
    own = arms[(arms["study_id"] == study) & ~arms["role"].isin(TREATED)]
    added = (arms["study_id"] == study) & (arms["role"] == "exosome_combination")
    words = "; ".join(str(label) for label in own["label"].dropna())
    return (
        f"{words}, in both arms"
        if words and added.any() and (own["role"] == "active").all()
        else words or None
    )


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


def planned_outcomes(row: dict[str, Any]) -> list[str]:
    """Return the outcomes that a trial plans; an empty list where they were not seen."""
    return split_ids(row["outcomes"])
