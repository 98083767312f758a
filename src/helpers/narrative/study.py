"""A study at a glance: who, what, against what, when, what was found, and how far to believe it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.figures.numbers import is_missing, plain_words, show_number, show_with_unit
from helpers.figures.study_rows import COMPARED, by_weight
from helpers.tables import join_ids, records, split_ids
from helpers.tables.vocabulary import CONTRAST_WORDS, label

Row = dict[str, Any]


def at_a_glance(
    study: Row,
    arms: pd.DataFrame,
    outcomes: pd.DataFrame,
    results: pd.DataFrame,
    effects: pd.DataFrame,
    findings: pd.DataFrame,
    verdict: str | None,
) -> pd.DataFrame:
    """Return a study in a few rows, for the head of its page.

    Parameters
    ----------
    study : dict
        Its row of `studies`.
    arms, outcomes, results, effects, findings : pandas.DataFrame
        Its rows of these tables.
    verdict : str or None
        Overall risk of bias.

    Returns
    -------
    pandas.DataFrame
        `what`, `said`, and `quantity_ids` or `origins`, which account for the numbers; a row whose facts are
        not stated says so.

    """
    rows = [
        {"what": "Who", "said": _people(study), "quantity_ids": study.get("quantity_ids")},
        *(_arm(row) for row in records(arms)),
        {"what": "Compared", "said": COMPARED.get(study.get("comparison"))},
        _times(outcomes, results),
        *(
            _effect(row)
            for row in records(effects)
            if row["headline"] == "yes" and row["ci_lower"] is not None
        ),
        _doubt(findings),
        {"what": "Risk of bias", "said": verdict or "not appraised yet"},
    ]
    frame = pd.DataFrame(rows, columns=["what", "said", "quantity_ids", "effect_id", "origins"])
    return frame.assign(said=frame["said"].where(frame["said"].notna(), "not stated"))


def _people(study: Row) -> str | None:
    """Return how many people of which kind: `16 enrolled; male, 36 to 45 years; ...`."""
    counts = [
        f"{show_number(study[name])} {word}"
        for name, word in (("n_planned", "planned"), ("n_enrolled", "enrolled"), ("n_analysed", "analysed"))
        if not is_missing(study.get(name))
    ]
    low, high = study.get("age_min"), study.get("age_max")
    years = [show_number(age) for age in (low, high) if not is_missing(age)]
    span = f"{' to '.join(dict.fromkeys(years))} years" if years else None
    sex = {"all": "women and men", "male": "men", "female": "women"}.get(study.get("sex"))
    whom = ", ".join(part for part in (sex, span) if part)
    parts = [", ".join(counts), whom, study.get("population"), study.get("country")]
    return "; ".join(part for part in parts if not is_missing(part)) or None


def _arm(arm: Row) -> Row:
    """Return what an arm was given."""
    sessions = arm["sessions"]
    parts = [
        arm["label"] or arm["arm_id"],
        f"vesicles from {arm['exosome_source']}" if arm["exosome_source"] else None,
        arm["dose"],
        arm["route"] if arm["route"] != "not stated" else None,
        None if is_missing(sessions) else f"{show_number(sessions)} session" + ("s" if sessions != 1 else ""),
        f"n = {show_number(arm['n'])}" if not is_missing(arm["n"]) else None,
    ]
    said = "; ".join(str(part) for part in parts if not is_missing(part))
    return {"what": f"Given ({plain_words(arm['role'])})", "said": said, "quantity_ids": arm["quantity_ids"]}


def _times(outcomes: pd.DataFrame, results: pd.DataFrame) -> Row:
    """Return at which weeks something was reported, or without results planned."""
    frame, verb = (results, "reported") if len(results) else (outcomes, "planned")
    weeks = sorted({round(float(week), 1) for week in frame["timepoint_weeks"].dropna()})
    stated = frame.get("quantity_ids", [])
    said = f"{verb} at week {', '.join(show_number(week) for week in weeks)}" if weeks else None
    return {
        "what": "When",
        "said": said,
        "quantity_ids": join_ids(name for names in stated for name in split_ids(names)),
    }


def _effect(effect: Row) -> Row:
    """Return a headline effect with its interval."""
    limits = effect["ci_lower"], effect["ci_upper"]
    size = show_with_unit(effect["effect"], *limits, effect["unit"], effect["contrast"])
    who = "" if effect["arm_id"] is None else f", {effect['arm_id'].replace('_', ' ')}"
    week = effect["timepoint_weeks"]
    when = "" if is_missing(week) else f", week {show_number(round(week, 1))}"
    return {
        "what": f"{label(effect['concept']).capitalize()}{who}",
        "said": f"{size}, {CONTRAST_WORDS[effect['contrast']]}{when}",
        "effect_id": effect["effect_id"],
    }


def _doubt(findings: pd.DataFrame) -> Row:
    """Return how many findings there are, with the weightiest that touches an outcome."""
    if findings.empty:
        return {"what": "What cannot be so", "said": "nothing was found"}
    certain = int((findings["severity"] == "certain").sum())
    ranked = records(by_weight(findings))
    first = next((row for row in ranked if row["concepts"]), ranked[0])
    said = f"{len(findings)} findings, {certain} of them certain; one of the weightiest: {first['statement']}"
    return {"what": "What cannot be so", "said": said, "origins": f"finding-{first['finding_id']}"}
