"""Estimates that exist only under a named assumption: a median taken as a mean, an SD borrowed.

Each assumption is kept apart and named in every row that rests on it, so that what is printed and
what is supposed never mix unseen. Medians: Wan et al. (2014) and Luo et al. (2018), for roughly normal
values; a borrowed SD: Cochrane Handbook 6.5.2.7.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.critical_values import t_quantile
from helpers.synthesis.plain_studies import PlainStudies, plain_studies
from helpers.synthesis.study_effects import computed_effects
from helpers.tables import join_ids, split_ids

SD_USES = {
    "printed": "SDs as printed",
    "missing": "missing SDs borrowed",
    "doubtful": "missing and doubtful SDs borrowed",
    "all": "all SDs borrowed",
}
TREATED = ("exosome", "exosome_combination")
BORROWED_UNIT = "hairs/cm2"
_PEOPLE = re.compile(r"^(\d+)(?: \+ (\d+))?")


def people_of(effect: dict[str, Any]) -> int | None:
    """Return the people that an effect rests on: those stated, otherwise those assumed."""
    if effect.get("n"):
        return int(effect["n"])
    found = _PEOPLE.match(str(effect.get("n_assumed") or ""))
    return sum(int(part) for part in found.groups() if part) if found else None


def assumed_effects(
    tables: dict[str, pd.DataFrame] | PlainStudies,
    *,
    medians: bool = False,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    group_share: float = 0.5,
) -> list[dict[str, Any]]:
    """Return the headline effects of exosome arms, worked out again under an assumption.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame, or PlainStudies
        `studies`, `arms`, `results`, `findings`.
    medians : bool
        Whether medians stand for means.
    pre_post_correlation : float
        Correlation between values before and after.
    level : float
        Coverage of the intervals.
    group_share : float
        Share of the people in the treated group, where a study of two groups does not say.

    """
    plain = plain_studies(tables)
    results, converted = plain.results[medians], plain.converted if medians else frozenset()
    rows = []
    for study in plain.studies:
        name = study["study_id"]
        if name not in results:
            continue
        own = plain.arms.get(name, []), results[name]
        treated = {row["arm_id"] for row in own[0] if row["role"] in TREATED}
        effects = computed_effects(study, *own, pre_post_correlation, level)
        for effect in _of_share([row for row in effects if row["arm_id"] in treated], group_share):
            touched = join_ids(plain.doubts.get((name, effect["concept"]), []))
            rows.append(_with_people(_plain(effect) | {"finding_ids": touched}, study, *own))
            if converted & set(split_ids(effect["quantity_ids"])):
                rows[-1]["assumption"] = _joined(rows[-1]["assumption"], "median taken as a mean")
    return rows


def _of_share(effects: list[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    """Return one effect of each kind: the headline, or the variant whose group is nearest to the share."""
    names = ("contrast", "concept", "arm_id", "comparator_id", "site", "timepoint_weeks", "measure", "unit")
    kinds: dict[tuple, list[dict[str, Any]]] = {}
    for row in effects:
        kinds.setdefault(tuple(row.get(name) for name in names), []).append(row)
    chosen = []
    for rows in kinds.values():
        headlines = [row for row in rows if row["headline"] == "yes"]
        sizes = [_PEOPLE.match(str(row.get("n_assumed") or "")) for row in rows]
        if share == 0.5 or len(rows) < 3 or not headlines or not all(sizes):
            chosen += headlines
            continue
        first = [int(found.group(1)) for found in sizes]
        total = min(first) + max(first)  # the variants run from few people to all but few
        chosen.append(min(zip(first, rows, strict=True), key=lambda pair: abs(pair[0] / total - share))[1])
    return chosen


def _plain(effect: dict[str, Any]) -> dict[str, Any]:
    """Return an effect with every name there, and missing numbers as None."""
    names = ("effect", "se", "ci_lower", "ci_upper", "n", "n_assumed", "assumption", "finding_ids")
    bare = {name: None if pd.isna(effect.get(name)) else effect[name] for name in names if name in effect}
    return dict.fromkeys(names) | effect | bare


def _with_people(
    effect: dict[str, Any], study: dict, arms: list[dict[str, Any]], results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return an effect without a group size with that of its result, its arm, or the study's only group."""
    if people_of(effect) or study.get("comparison") == "case":
        return effect
    names = ("arm_id", "concept", "timepoint_weeks")
    told = [row["n"] for row in results if row["n"] and all(row[name] == effect[name] for name in names)]
    sizes = {row["arm_id"]: row["n"] for row in arms}
    if stated := (max(told) if told else sizes.get(effect["arm_id"])):
        return effect | {"n": int(stated)}
    total = study.get("n_analysed") or study.get("n_enrolled")
    if total and len(sizes) == 1:
        return effect | {"n_assumed": f"{int(total)} (all enrolled)"}
    return effect


def with_sd(
    effects: list[dict[str, Any]], use: str, borrowed_sd: float, level: float = 0.95
) -> list[dict[str, Any]]:
    """Return effects in which changes of hair density rest on a borrowed SD, where `use` says so.

    Parameters
    ----------
    effects : list of dict
        Rows of `assumed_effects`.
    use : str
        One of `SD_USES`: where the borrowed SD takes the place of what is printed or missing; doubtful is
        what a certain finding touches.
    borrowed_sd : float
        Standard deviation of the change between people, hairs/cm².
    level : float
        Coverage of the intervals.

    """
    place = list(SD_USES).index(use)
    rows = []
    for row in effects:
        n = people_of(row)
        missing = row["se"] is None
        wanted = (place >= 1 and missing) or (place == 2 and bool(row["finding_ids"])) or place == 3
        fits = row["measure"] == "MC" and row["unit"] == BORROWED_UNIT and row["effect"] is not None
        if wanted and fits and n and n > 1:
            se = borrowed_sd / np.sqrt(n)
            half = float(t_quantile(0.5 + level / 2, n - 1)) * se
            limits = {"ci_lower": row["effect"] - half, "ci_upper": row["effect"] + half}
            why = "missing" if missing else "printed one set aside"
            said = f"SD {borrowed_sd:g} borrowed ({why})"
            kept = "" if missing and "no interval" in (row["assumption"] or "") else row["assumption"]
            row = row | limits | {"se": se, "borrowed": True, "assumption": _joined(kept, said)}  # noqa: PLW2901
        rows.append(row)
    return rows


def as_lines(
    effects: list[dict[str, Any]], tiers: dict[str, str], overall: dict[str, str]
) -> list[dict[str, Any]]:
    """Return effects as lines that `grouped` can sort: with tier, risk of bias and certain findings."""
    return [
        row
        | {
            "tier": tiers.get(row["study_id"], "core"),
            "line_id": f"{row['study_id']}.{row['concept']}.{number}",
            "risk_of_bias": overall.get(row["study_id"]),
            "certain_findings": len([name for name in str(row["finding_ids"] or "").split(";") if name]),
            "why_not": None,
            "direction": "unclear",
        }
        for number, row in enumerate(effects, start=1)
    ]


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None
