"""Pools, summary of findings and sensitivity analysis in rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import pandas as pd

from helpers.appraisal.grade import DOMAINS, domain_reasons
from helpers.formats import (
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
    show_with_unit,
)
from helpers.pooling.groups import AS_PRINTED
from helpers.pooling.tiers import BAYES
from helpers.tables.vocabulary import ESTIMAND_WORDS, OUTCOME_CONCEPTS
from notebookpress.tables import records, split_ids

ORDER = {"between_group": 0, "within_participant": 1, "uncontrolled_change": 2, "proportion": 3}
VERBS = {"high": "{}", "moderate": "probably {}", "low": "may {}"}


@dataclass
class Summary:
    """Rows of `summary_of_findings` and of `summary_footnotes`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    footnotes: list[dict[str, Any]] = field(default_factory=list)


def findings_summary(
    certainty: pd.DataFrame, pooled: pd.DataFrame, members: pd.DataFrame, thresholds: dict[str, float]
) -> Summary:
    """Return the summary of findings of every outcome that a study reports.

    Parameters
    ----------
    certainty, pooled, members : pandas.DataFrame
        Tables `certainty`, `pooled`, `pool_members` (for the time of a pool).
    thresholds : dict of str to float
        By outcome, the smallest difference that can be seen.

    """
    found = Summary()
    for tier, part in certainty.groupby("evidence", sort=True):
        letters: dict[tuple[str, str], str] = {}
        for graded in records(part):
            if graded["certainty"] == "no evidence":
                continue
            marks = _footnotes(found, letters, graded, tier)
            row = _row(graded, _effect(pooled, graded), members, thresholds.get(graded["concept"]))
            found.rows.append(row | {"footnotes": ", ".join(marks) or None})
    return found


def _footnotes(found: Summary, letters: dict, graded: dict[str, Any], tier: str) -> list[str]:
    """Return the letters of an outcome's steps; the same reason keeps its letter."""
    why = domain_reasons(graded["reasons"])
    marks = []
    for domain in DOMAINS:
        if not graded[domain]:
            continue
        reason = why.get(domain, "")
        key = (domain, reason)
        if key not in letters:
            letters[key] = _letter(len(letters))
            name = f"{tier}.{letters[key]}"
            note = {"footnote_id": name, "evidence": tier, "letter": letters[key], "domain": domain}
            found.footnotes.append(note | {"steps": graded[domain], "reason": reason})
        marks.append(letters[key])
    return marks


def _letter(number: int) -> str:
    first, second = divmod(number, len(ascii_lowercase))
    return (ascii_lowercase[first - 1] if first else "") + ascii_lowercase[second]


def _effect(pooled: pd.DataFrame, graded: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of `pooled` that stands for an outcome: a pool as printed, else a single study's."""
    own = pooled[(pooled["concept"] == graded["concept"]) & (pooled["evidence"] == graded["evidence"])]
    own = own[own["estimate"].notna() & ~own["without_certain_findings"] & (own["model"] != BAYES)]
    own = own[own["scenario"].fillna(AS_PRINTED) == AS_PRINTED]
    unit = OUTCOME_CONCEPTS[graded["concept"]].unit

    # a figure in the outcome's own unit first; a stray group in another unit does not stand for a study
    def order(row: dict[str, Any]) -> tuple:
        return not row["pooled"], row["unit"] != unit, ORDER.get(row["estimand"], 9), row["pooled_id"]

    return min(records(own), key=order, default=None)


def _row(
    graded: dict[str, Any], effect: dict[str, Any] | None, members: pd.DataFrame, threshold: float | None
) -> dict[str, Any]:
    kept = {name: graded[name] for name in ("concept", "evidence", "participants", "certainty", "overridden")}
    row = kept | {
        "summary_id": f"{graded['evidence']}.{graded['concept']}",
        "studies": len(split_ids(graded["studies"])),
    }
    if effect is None:
        said = "no effect can be told: directions, events or words only"
        return row | {"basis": "none", "absolute": said, "statement": statement(graded, None, threshold)}
    own = members.loc[members["pooled_id"] == effect["pooled_id"], "timepoint_weeks"]
    return row | {
        "basis": "pooled" if effect["pooled"] else "single study",
        "effect": effect["estimate"],
        "timepoint_weeks": own.max() if len(own) else None,
        "absolute": absolute_words(effect),
        "against_threshold": threshold_words(effect, threshold),
        "statement": statement(graded, effect, threshold),
    } | {name: effect[name] for name in ("estimand", "ci_lower", "ci_upper", "unit")}  # fmt: skip


def absolute_words(effect: dict[str, Any]) -> str:
    """Return an effect in absolute terms: in its unit, or as people out of 100."""
    if effect["estimand"] == "proportion":
        told = f"{show_estimate(100 * effect['estimate'])} of 100 people"
        if effect["ci_lower"] is None:
            return f"{told}, as printed (no interval)"
        return f"{told} ({show_interval(100 * effect['ci_lower'], 100 * effect['ci_upper'])})"
    return f"{_size(effect)}, {ESTIMAND_WORDS[effect['estimand']]}"


def threshold_words(effect: dict[str, Any], threshold: float | None) -> str | None:
    """Return how an interval stands to the smallest difference that can be seen."""
    if threshold is None or effect["unit"] != "hairs/cm2" or effect["ci_lower"] is None:
        return None
    low, high = effect["ci_lower"], effect["ci_upper"]
    seen = f"the {show_estimate(threshold)} {plain_unit(effect['unit'])} that observers can see"
    if low >= threshold:
        return f"above {seen}"
    return f"below {seen}" if high < threshold else f"the interval includes {seen}"


def statement(graded: dict[str, Any], effect: dict[str, Any] | None, threshold: float | None) -> str:
    """Return what an outcome's evidence means, in plain words that fit its certainty."""
    name, level = plain_words(graded["concept"]), graded["certainty"]
    if effect is None:
        return f"No size of an effect on {name} is known; the evidence is very uncertain."
    controlled = effect["estimand"] in ("between_group", "within_participant")
    if level == "very low" or not controlled:
        start = "The evidence is very uncertain" if level == "very low" else "The evidence has no comparison"
        seen = "" if controlled else f": {_seen(effect, name)}, but nothing shows that exosomes caused it"
        return f"{start} about the effect of exosomes on {name}{seen}."
    low, high = effect["ci_lower"], effect["ci_upper"]
    better = OUTCOME_CONCEPTS[graded["concept"]].better
    if low is not None and low <= 0 <= high:
        deed = VERBS[level].format(
            "make little or no difference to" if level == "low" else "makes little or no difference to"
        )
        return f"Exosome therapy {deed} {name}: the interval includes no effect."
    rises = effect["estimate"] > 0
    verb = ("raise" if rises else "lower") + ("s" if level != "low" else "")
    good = "" if not better else ", which is better" if rises == (better == "higher") else ", which is worse"
    told = threshold_words(effect, threshold)
    size = f"{absolute_words(effect)}{good}{f'; {told}' if told else ''}"
    return f"Exosome therapy {VERBS[level].format(verb)} {name} by {size}."


def _seen(effect: dict[str, Any], name: str) -> str:
    if effect["estimand"] == "proportion":
        return f"{absolute_words(effect)} are counted under {name}"
    way = "rose" if effect["estimate"] > 0 else "fell" if effect["estimate"] < 0 else "did not change"
    size = show_with_unit(abs(effect["estimate"]), None, None, effect["unit"], effect["estimand"]).replace(
        " (no interval)", ""
    )
    return f"{name} {way} by {size} after treatment" if effect["estimate"] else f"{name} did not change"


def overview_sentence(summary: pd.DataFrame, tier: str) -> str:
    """Return how many outcomes have which certainty in a tier."""
    rows = summary[summary["evidence"] == tier]
    if rows.empty:
        return "No outcome has any result."
    counts = rows["certainty"].value_counts()
    told = [
        f"{level} for {counts[level]}" for level in ("high", "moderate", "low", "very low") if level in counts
    ]
    changed = int(rows["overridden"].fillna(False).sum())
    by_hand = f" In {changed} of them a person's judgement stands in place of the rule's." if changed else ""
    outcomes = "1 outcome" if len(rows) == 1 else f"{len(rows)} outcomes"
    return f"Of {outcomes} with a result, the certainty is {joined(told)}.{by_hand}"


TIER_WORDS = {"core": "With the five sources alone", "published": "With other published studies beside them"}


def _size(row: Mapping[str, Any]) -> str:
    return show_with_unit(row["estimate"], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])


def prior_sentence(apart: list[dict], tau_prior: float, assumed_sd: float) -> str:
    """Return what the scale of the prior of tau rests on: how far people and other treatments lie apart."""
    said = (
        f"The half-normal prior of tau for hair density has a scale of {show_number(tau_prior)} hairs/cm², "
        f"{show_number(tau_prior / assumed_sd)} of the SD of {show_number(assumed_sd)} assumed between people"
    )
    if not apart:
        return said + "."
    told = [f"{row['treatment']} {show_number(round(row['sd'], 1))} ({row['arms']} arms)" for row in apart]
    return (
        f"{said}. From study to study the changes of other treatments lie apart by an SD of: {joined(told)}."
    )
