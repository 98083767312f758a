"""Numbers of people against each other: counts and percentages, arms and totals, events, ages."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from helpers.appraisal.evidence import StudyEvidence, each_row, listed_ids, missing, tidy
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, Hit, NotApplicable
from notebookpress.tables import split_ids

# What tells one arm from another.
_DESCRIPTION = [
    "role", "exosome_source", "dose", "dose_unit", "route", "co_intervention", "sessions", "interval_weeks",
]  # fmt: skip


def count_and_percent(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each percentage that its count and n do not give."""
    tested = 0
    for row in evidence.results_where(kind="count"):
        percent, count = evidence.figure(row, "percent"), evidence.figure(row, "count")
        n = evidence.people(row.n)
        if percent is None or count is None or not n:
            continue
        tested += 1
        share = 100 * count.value / n
        low, high = percent.interval(wide=True)
        if not percent.low <= share <= percent.high:
            arithmetic = f"{count} / {n} = {share:.2f} %, printed {percent} %"
            weight = CERTAIN if not missing(row.n) and not low < share < high else DOUBTFUL
            yield Hit(arithmetic, (count, percent), (row.concept,), weight)
    if not tested:
        raise NotApplicable("no count beside its percentage and n")


def totals(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each number of people that its parts contradict."""
    enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
    total = enrolled or analysed
    sizes = evidence.arms[evidence.arms["n"].notna()]
    results = evidence.results[evidence.results["n"].notna() | evidence.results["count"].notna()]
    events = evidence.adverse_events[evidence.adverse_events["count"].notna()]
    groups = [
        row
        for row in evidence.quantities_of("design", "group_count")
        if not missing(row.value) and row.unit in ("groups", "arms")
    ]
    comparable = total and (len(sizes) or analysed)
    if not comparable and results.empty and events.empty and not groups:
        raise NotApplicable("no numbers of people that could be compared")
    if enrolled and analysed and analysed > enrolled:
        ids = split_ids(evidence.study.get("quantity_ids"))
        yield Hit(f"{analysed} > {enrolled}", ids, case="analysed")
    yield from _sum_of_arms(evidence, total, sizes)
    for row in groups:
        if len(evidence.arms) and row.value != len(evidence.arms):
            arithmetic = f"stated {tidy(row.value)}, described {len(evidence.arms)}"
            yield Hit(arithmetic, (row,), weight=DOUBTFUL, case="groups")
    yield from _more_than_all(results, enrolled, "result")
    yield from _more_than_all(events, enrolled, "event")


def _sum_of_arms(evidence: StudyEvidence, total: int | None, sizes: pd.DataFrame) -> Iterator[Hit]:
    if not total or len(sizes) < len(evidence.arms) or sizes.empty:
        return
    within = evidence.study.get("comparison") == "within_person"
    whole = int(sizes["n"].max() if within else sizes["n"].sum())
    if whole != total:
        parts = ", ".join(str(int(n)) for n in sizes["n"])
        weight = CERTAIN if whole > total else DOUBTFUL  # fewer may have left before treatment
        arithmetic = f"arms {parts}: {whole}; study {total}"
        yield Hit(arithmetic, listed_ids(sizes), weight=weight, case="arms")


def _more_than_all(rows: pd.DataFrame, enrolled: int | None, what: str) -> Iterator[Hit]:
    for row in each_row(rows):
        n = None if missing(row.n) else float(row.n)
        count = None if missing(row.count) else float(row.count)
        concepts = (getattr(row, "concept", "adverse_events"),)
        ids = split_ids(row.quantity_ids)
        if n is not None and enrolled and n > enrolled:
            yield Hit(f"{tidy(n)} > {enrolled}", ids, concepts, case="enrolled", words={"what": what})
        limit = n if n is not None else enrolled
        if count is not None and limit and count > limit:
            yield Hit(f"{tidy(count)} > {tidy(limit)}", ids, concepts, case="count", words={"what": what})


def age_limits(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each patient older or younger than the study admits."""
    limits = evidence.study.get("age_min"), evidence.study.get("age_max")
    ages = [row for row in evidence.quantities_of("result", "age") if not missing(row.value)]
    if not ages or all(map(missing, limits)):
        raise NotApplicable("no age of a patient, or no limits")
    low = -math.inf if limits[0] is None else float(limits[0])
    high = math.inf if limits[1] is None else float(limits[1])
    for row in ages:
        if row.value < low or row.value >= high + 1:
            yield Hit(f"{tidy(row.value)} years, limits {limits[0]} to {limits[1]}", (row,))


def duplicate_arms(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield arms that are described alike, and means with SDs that arms share digit by digit."""
    if len(evidence.arms) < 2 or evidence.study.get("comparison") in ("case", "within_person"):
        raise NotApplicable("fewer than two arms of different people")
    arms = evidence.arms[_DESCRIPTION].astype("string")
    described = arms.notna().sum(axis=1) >= 3
    for index in arms.index[arms.fillna("").duplicated() & described]:
        arm = evidence.arms.loc[index]
        arithmetic = "; ".join(arms.loc[index].dropna())
        words = {"arm": arm["arm_id"]}
        yield Hit(arithmetic, split_ids(arm["quantity_ids"]), case="described", words=words)
    rows = evidence.results[evidence.results["mean"].notna() & evidence.results["sd"].notna()]
    for _, group in rows.groupby(["concept", "timepoint_weeks", "kind", "mean", "sd"], sort=True):
        names, row = group["arm_id"].unique(), each_row(group)[0]
        if len(names) > 1 and row.sd > 0:
            arithmetic = f"{tidy(row.mean)} ± {tidy(row.sd)} in {', '.join(names)}"
            words = {"arms": len(names)}
            yield Hit(arithmetic, listed_ids(group), (row.concept,), case="results", words=words)
