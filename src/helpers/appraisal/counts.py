"""Numbers of people against each other: counts and percentages, arms and totals, events, ages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers.appraisal.evidence import StudyEvidence, each_row, listed_ids, missing, tidy, tidy_week
from helpers.appraisal.p_values import covers
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, MINOR, TESTED, Hit, NotApplicable, needed
from helpers.tables.vocabulary import label
from notebookpress.tables import split_ids

_NOT_PEOPLE = re.compile("event|episode|occurrence|session|site|area|lesion")
# What a figure's name or note says of people lost.
_LOST = re.compile(r"[._ -](?:lost|left|losses|withdr\w+|drop\w*)\b", re.IGNORECASE)
_SEX = re.compile(r"\b(?:wom[ae]n|females?|m[ae]n|males?)\b", re.IGNORECASE)
_OF_COUNTS = re.compile("fisher|chi", re.IGNORECASE)
_NONE_LOST = 50, 26  # people and weeks from which no loss at all is remarkable
# What tells one arm from another.
_DESCRIPTION = [
    "role", "exosome_source", "dose", "dose_unit", "route", "co_intervention", "sessions", "interval_weeks",
]  # fmt: skip


def count_and_percent(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each percentage that its count and n do not give."""
    for row in evidence.results_where(kind="count"):
        percent, count = evidence.figure(row, "percent"), evidence.figure(row, "count")
        n = evidence.people(row.n)
        if percent is None or count is None or not n:
            continue
        yield TESTED
        share = 100 * count.value / n
        low, high = percent.interval(wide=True)
        if not percent.low <= share <= percent.high:
            arithmetic = f"{count} / {n} = {share:.2f} %, printed {percent} %"
            weight = CERTAIN if not missing(row.n) and not low < share < high else DOUBTFUL
            yield Hit(arithmetic, (count, percent), (row.concept,), weight)


def totals(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each number of people that its parts contradict."""
    enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
    total = enrolled or analysed
    sizes = evidence.arms[evidence.arms["n"].notna()]
    results = [row for row in evidence.results_where() if not (missing(row.n) and missing(row.count))]
    events = [row for row in each_row(evidence.adverse_events) if not missing(row.count)]
    groups = [
        row
        for row in evidence.quantities_of("design", "group_count")
        if not missing(row.value) and row.unit in ("groups", "arms")
    ]
    comparable = total and (len(sizes) or analysed)
    needed(comparable or results or events or groups, "no numbers of people that could be compared")
    if enrolled and analysed and analysed > enrolled:
        ids = split_ids(evidence.study.get("quantity_ids"))
        yield Hit(f"{analysed} > {enrolled}", ids, case="analysed")
    yield from _sum_of_arms(evidence, total, sizes)
    for row in groups:
        if len(evidence.arms) and row.value != len(evidence.arms):
            arithmetic = f"stated {tidy(row.value)}, described {len(evidence.arms)}"
            yield Hit(arithmetic, (row,), weight=DOUBTFUL, case="groups")
    yield from _more_than_all(evidence, results, enrolled, "result")
    yield from _more_than_all(evidence, events, enrolled, "event")


def _sum_of_arms(evidence: StudyEvidence, total: int | None, sizes: pd.DataFrame) -> Iterator[Hit]:
    if not total or len(sizes) < len(evidence.arms) or sizes.empty:
        return
    within = evidence.study.get("comparison") in ("within_person", "crossover")
    whole = int(sizes["n"].max() if within else sizes["n"].sum())
    if whole != total:
        parts = ", ".join(str(int(n)) for n in sizes["n"])
        weight = CERTAIN if whole > total else DOUBTFUL  # fewer may have left before treatment
        arithmetic = f"arms {parts}: {whole}; study {total}"
        yield Hit(arithmetic, listed_ids(sizes), weight=weight, case="arms")


def _more_than_all(
    evidence: StudyEvidence, rows: list[Any], enrolled: int | None, what: str
) -> Iterator[Hit]:
    """Yield numbers of people larger than those of their arm, or of the study; episodes are no people."""
    parallel = evidence.study.get("comparison") == "parallel"
    began = evidence.arms.set_index("arm_id")["n"].dropna().to_dict() if parallel else {}
    for row in rows:
        n = None if missing(row.n) else float(row.n)
        count = None if missing(row.count) else float(row.count)
        concepts = (getattr(row, "concept", "adverse_events"),)
        ids = split_ids(row.quantity_ids)
        whole = began.get(row.arm_id, enrolled)
        if n is not None and whole and n > whole:
            yield Hit(f"{tidy(n)} > {tidy(whole)}", ids, concepts, case="enrolled", words={"what": what})
        limit = n if n is not None else whole
        units = (str(quantity.unit).lower() for name in ids if (quantity := evidence.quantity.get(name)))
        episodes = any(map(_NOT_PEOPLE.search, units))
        if count is not None and limit and count > limit and not episodes:
            yield Hit(f"{tidy(count)} > {tidy(limit)}", ids, concepts, case="count", words={"what": what})


def losses(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield numbers of people lost that do not go with those who began and were analysed, or are none."""
    rows = evidence.quantities_of(concept="participant_flow")
    lost = [row for row in rows if not missing(row.value) and _LOST.search(f"{row.quantity_id} {row.note}")]
    enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
    if not enrolled or not (lost or analysed):
        raise NotApplicable("no number of people lost, or analysed, beside that of those who began")
    for row in (row for row in lost if row.value > enrolled):
        yield Hit(f"{tidy(row.value)} lost > {enrolled}", (row,), weight=CERTAIN, case="more")
    total = sum(row.value for row in lost)
    if analysed and analysed < enrolled < analysed + total and all(row.value <= enrolled for row in lost):
        arithmetic = f"{tidy(total)} + {analysed} = {tidy(total + analysed)}, enrolled {enrolled}"
        yield Hit(arithmetic, lost, case="sum")
    people, long = _NONE_LOST
    weeks = evidence.results["timepoint_weeks"].max()
    if analysed == enrolled >= people and weeks >= long and not total:
        ids = split_ids(evidence.study.get("quantity_ids"))
        arithmetic = f"{enrolled} enrolled, {analysed} analysed; results to week {tidy_week(weeks)}"
        yield Hit(arithmetic, ids, case="none")


def counts_and_p(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value of two counts that neither Fisher's exact nor a chi-squared test gives."""
    for row in evidence.contrast_rows:
        p, pair = evidence.figure(row, "p_value"), evidence.compared(row, "count")
        if p is None or pair is None or evidence.study.get("comparison") != "parallel":
            continue
        counts, sizes = [evidence.figure(r, "count") for r in pair], [evidence.size(r) for r in pair]
        named = "" if missing(row.p_value_test) else str(row.p_value_test)
        if not all(counts) or not all(sizes) or (named and not _OF_COUNTS.search(named)):
            continue
        table = np.array([[c.value, n - c.value] for c, n in zip(counts, sizes, strict=True) if c and n])
        if (table < 0).any() or (table.sum(axis=0) == 0).any():
            continue
        yield TESTED
        exact = stats.fisher_exact(table)[1]
        chi2 = [stats.chi2_contingency(table, correction=c)[1] for c in (False, True)]
        if "fisher" in named.lower():
            chi2 = []
        elif named:
            exact = chi2[1]
        found = [one * side for one in (exact, *chi2) for side in (1, 0.5)]
        if not any(covers(p, one, one, wide=True) for one in found):
            arithmetic = "; ".join(f"{int(a)} of {int(a + b)}" for a, b in table)
            arithmetic += f": p = {min(found):.2g} to {max(found):.2g}, printed {p.token}"
            weight = CERTAIN if named else DOUBTFUL
            yield Hit(arithmetic, (p, *filter(None, counts)), (row.concept,), weight)


def age_limits(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each patient older or younger than the study admits."""
    limits = evidence.study.get("age_min"), evidence.study.get("age_max")
    rows = evidence.quantities_of("result", "age")
    ages = [
        (row, age) for row in rows for age in (row.value, row.value_low, row.value_high) if not missing(age)
    ]
    counted = evidence.quantities_of(("result", "design"), kind=("count", "n"))
    women = [row for row in counted if _SEX.search(row.printed)]
    sex = evidence.study.get("sex") if evidence.study.get("sex") in ("male", "female") else None
    said = [(row, "female" if re.search("wom|fem", row.printed, re.I) else "male") for row in women]
    others = [row for row, own in said if sex and row.value and own != sex]
    if not (ages and not all(map(missing, limits))) and not (women and sex):
        raise NotApplicable("no age or sex of a patient, or no limits")
    for row in others:
        yield Hit(f"{row.printed}; admitted: {evidence.study['sex']}", (row,), case="sex")
    low = -math.inf if limits[0] is None else float(limits[0])
    high = math.inf if limits[1] is None else float(limits[1])
    for row, age in ages:
        if age < low or age >= high + 1:
            yield Hit(f"{tidy(age)} years, limits {limits[0]} to {limits[1]}", (row,), case="age")


def duplicate_arms(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield arms that are described alike, and means with SDs that arms share digit by digit."""
    if len(evidence.arms) < 2 or evidence.study.get("comparison") in ("case", "within_person"):
        raise NotApplicable("fewer than two arms of different people")
    descriptions = set()
    for arm in each_row(evidence.arms):
        told = {name: str(value) for name in _DESCRIPTION if not missing(value := getattr(arm, name))}
        if tuple(told.items()) in descriptions and len(told) >= 3:
            ids, words = split_ids(arm.quantity_ids), {"arm": arm.arm_id}
            yield Hit("; ".join(told.values()), ids, case="described", words=words)
        descriptions.add(tuple(told.items()))
    rows = evidence.results[evidence.results["mean"].notna() & evidence.results["sd"].notna()]
    rows = rows[rows.duplicated(["timepoint_weeks", "kind", "mean", "sd"], keep=False)]
    if rows.empty:
        return
    alike = rows.groupby(["concept", "timepoint_weeks", "kind", "mean", "sd"], sort=True)
    repeated = sum(group["arm_id"].nunique() > 1 for _, group in alike)
    weight = DOUBTFUL if repeated > 1 else MINOR  # chance gives one pair, hardly several
    for _, group in alike:
        names, row = group["arm_id"].unique(), each_row(group)[0]
        if len(names) > 1 and row.sd > 0:
            arithmetic = f"{tidy(row.mean)} ± {tidy(row.sd)} in {', '.join(names)}"
            words = {"arms": len(names)}
            yield Hit(arithmetic, listed_ids(group), (row.concept,), weight, "results", words)
    # A row of one outcome that is a copy of another's, in more than one arm.
    pairs = rows.merge(rows, on=["arm_id", "kind", "timepoint_weeks", "mean", "sd"])
    pairs = pairs[pairs["concept_x"] < pairs["concept_y"]]
    for both, group in pairs.groupby(["concept_x", "concept_y"], sort=True):
        if group["arm_id"].nunique() > 1:
            one, other = map(str, both)
            words = {"one": label(one), "other": label(other)}
            arithmetic = "; ".join(f"{tidy(r.mean)} ± {tidy(r.sd)} in {r.arm_id}" for r in each_row(group))
            ids = [name for side in "xy" for ids in group[f"quantity_ids_{side}"] for name in split_ids(ids)]
            yield Hit(arithmetic, ids, (one, other), DOUBTFUL, "rows", words)
