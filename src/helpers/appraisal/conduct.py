"""How a study was conducted: its dates, blocks, sessions, masking and comparison cannot stand together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.appraisal.evidence import (
    CERTAIN,
    DOUBTFUL,
    Hit,
    NotApplicable,
    StudyEvidence,
    each_row,
    listed_ids,
    needed,
    quantity_weeks,
    tidy,
)
from helpers.appraisal.p_values import two_sample_p
from trialfiles.times import weeks

_ISO = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
# People a month above which recruitment is fast: for each centre, and where their number is not told.
_FAST = 40, 150
_UNLIKE = 1e-4  # p below which groups made by chance do not differ at baseline
_OPEN = re.compile(r"\b(not blinded|not masked|unblinded|unmasked|open[ -]label|none)\b", re.IGNORECASE)
_BLIND = re.compile(r"(?<!un)(?<!not )\b(blind(ed)?|masked)\b", re.IGNORECASE)
_SITE = r"\b(?:area|site|side|half|scalp)\b"
_LATE = 0.1  # a month of 28 or 31 days, a visit some days late


def control_group(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the results of a comparison group in a study that says it has none."""
    needed(evidence.comparison and len(evidence.results), "no stated comparison, or no results")
    if evidence.comparison not in ("single_arm", "case"):
        return
    others = evidence.arms.query("role in ('placebo', 'untreated', 'active')")["arm_id"]
    rows = evidence.results[evidence.results["arm_id"].isin(others)].sort_values("result_id")
    if not rows.empty:
        arms = evidence.results["arm_id"].nunique()
        arithmetic = f"arms by its own account: 1; arms with results: {arms}; "
        arithmetic += f"results of the comparison group: {len(rows)}"
        rests_on = (*listed_ids(rows), *evidence.statements_on("control_group"))
        yield Hit(arithmetic, rests_on, list(rows["concept"].unique()))


def block_size(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a block that the ratio does not divide, and arms further apart than one open block."""
    blocks = [row for row in evidence.quantities_of("design", "block_size") if row.value is not None]
    ratios = evidence.quantities_of("design", "allocation_ratio")
    ratio = re.fullmatch(r"\d+(\s*:\s*\d+)+", ratios[0].printed.strip()) if ratios else None
    parts = sum(map(int, re.findall(r"\d+", ratio[0]))) if ratio else len(evidence.arms)
    for row in needed(blocks, "no block size is stated"):
        if parts and row.value % parts:
            arithmetic = f"{tidy(row.value)} / {parts} = {tidy(row.value / parts)}"
            yield Hit(arithmetic, (row, *ratios), case="ratio")
        sizes = evidence.arm_sizes.values()
        equal = len(sizes) == len(evidence.arms) == parts and not row.value % max(parts, 1)
        # Whole blocks are even; the last one, where it stays open, can be one arm's alone.
        if equal and max(sizes) - min(sizes) > row.value / parts and len(blocks) == 1:
            arithmetic = f"arms {', '.join(map(str, sizes))}; of one open block of {tidy(row.value)} at most "
            arithmetic += f"{tidy(row.value / parts)} apart"
            yield Hit(arithmetic, (row, *listed_ids(evidence.arms)), case="sizes")


def masking(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome called blinded although nobody is, and two answers on whether its rater is."""
    field, said = evidence.study["masking"], evidence.statements_on("assessor_masking")
    needed(said or (field and len(evidence.outcomes)), "no masking field, or no outcomes")
    open_ = field and _OPEN.search(field) and not _BLIND.search(_OPEN.sub("", field))
    outcomes = evidence.outcomes.dropna(subset="measure").sort_values("outcome_id")
    named = [row for row in each_row(outcomes) if open_ and _BLIND.search(row.measure)]
    for row in named:
        words = {"field": field, "priority": row.priority}
        arithmetic = f"masking: {field}; measure: {row.measure}"
        yield Hit(arithmetic, said, (row.concept,), case="field", words=words)
    if not named and len({row.says for row in said}) > 1:
        yield Hit("; ".join(f"line {row.line}: {row.says}" for row in said), said, case="said")


def design_field(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a design called crossover in which two sites of one person are treated at the same time."""
    design = evidence.study["design"]
    needed(design and evidence.comparison, "no design or no comparison is stated")
    sites = evidence.arms["label"].fillna("").str.contains(_SITE, case=False)
    crossover = re.search(r"cross-?over", design, re.IGNORECASE)
    if crossover and evidence.comparison == "within_person" and sites.sum() >= 2:
        outcomes = evidence.outcomes[evidence.outcomes["priority"].isin(["primary", "secondary"])]
        concepts = [name for name in outcomes["concept"].unique() if name != "adverse_events"]
        arithmetic = f"arms: {'; '.join(evidence.arms['label'].dropna())}"
        rests_on = evidence.statements_on("comparison_design")
        yield Hit(arithmetic, rests_on, concepts, CERTAIN if all(sites) else DOUBTFUL)


def session_times(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield numbered sessions at the wrong time, and courses that do not fit their length."""
    sessions = [row for row in evidence.quantities_of("design", "sessions") if row.value is not None]
    numbered = [row for row in sessions if row.timepoint_printed]
    counts = [row for row in sessions if not row.timepoint_printed]
    intervals, lengths = (
        [(week, row) for row in evidence.quantities_of("design", concept) if (week := quantity_weeks(row))]
        for concept in ("session_interval", "treatment_duration")
    )
    lacking = "no interval with numbered sessions, or with their number and the length of treatment"
    needed(intervals and (numbered or (lengths and counts)), lacking)
    step, source = intervals[0]
    dated = [(row, weeks(row.timepoint_printed), (row.value - 1) * step) for row in numbered]
    wrong = [
        (row, stated, due)
        for row, stated, due in dated
        if stated is not None and abs(stated - due) > _LATE * max(stated, due)
    ]
    if wrong:
        times = "; ".join(
            f"session {tidy(row.value)}: {tidy(due)}, told at {tidy(stated)}" for row, stated, due in wrong
        )
        arithmetic = f"interval {tidy(step)} weeks; in weeks from the start, {times}"
        yield Hit(arithmetic, (source, *(row for row, *_ in wrong)), case="numbered")
    for row, (length, duration) in product(counts, lengths):
        if (row.value - 1) * step * (1 - _LATE) > length:
            arithmetic = f"({tidy(row.value)} - 1) x {tidy(step)} weeks > {tidy(length)} weeks"
            yield Hit(arithmetic, (row, source, duration), weight=CERTAIN, case="course")


class PrintedDate(NamedTuple):
    """A date with the quantity that holds it; a month alone is its first and last day."""

    first: date
    last: date
    quantity_id: str


@lru_cache
def day(printed: str) -> tuple[date, date] | None:
    """Return the first and last day that a printed date can mean; None when it is no date.

    Examples
    --------
    >>> day("December 08, 2025")[0].isoformat(), day("January 2025")[1].isoformat()
    ('2025-12-08', '2025-01-31')
    """
    iso = _ISO.search(printed)
    text = iso.group(0) if iso else printed.strip()
    if re.search("[/.]", text) or not re.search(r"\b\d{4}\b", text):  # 08/12 may be August or December
        return None
    try:
        period = pd.Period(text)
    except ValueError:
        return None
    return (period.start_time.date(), period.end_time.date()) if period.freqstr in ("D", "M") else None


def _printed_dates(evidence: StudyEvidence) -> dict[str, list[PrintedDate]]:
    printed: dict[str, list[PrintedDate]] = {}
    for row in evidence.quantities_of("design", kind="date"):
        if span := day(row.printed):
            printed.setdefault(row.concept, []).append(PrintedDate(*span, row.quantity_id))
    needed(sum(map(len, printed.values())) > 1, "fewer than two dates")
    return printed


def _first(known: list[PrintedDate]) -> PrintedDate:
    return min(known, key=lambda one: one.first)


def _last(known: list[PrintedDate]) -> PrintedDate:
    return max(known, key=lambda one: one.last)


def _in_wrong_order(evidence: StudyEvidence, before: str, after: str) -> Iterator[Hit]:
    """Yield two events of which the one that comes first is printed with the later date."""
    printed = _printed_dates(evidence)
    early = _first(needed(printed.get(before, []), f"no {before}"))
    late = _last(needed(printed.get(after, []), f"no {after}"))
    if early.first > late.last:
        days = (early.first - late.last).days
        yield Hit(f"{early.first} is {days} days after {late.last}", (early, late))


def ethics_date(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield an ethics approval that came after the start of recruitment."""
    yield from _in_wrong_order(evidence, "ethics_date", "recruitment_start")


def registration_date(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a registration that came after the start of recruitment."""
    yield from _in_wrong_order(evidence, "registration_date", "recruitment_start")


def recruitment_rate(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a recruitment of more people a month than centres of hair loss are known to reach."""
    printed, people = _printed_dates(evidence), evidence.count("n_enrolled", "n_analysed")
    first, last = (printed.get(f"recruitment_{end}", []) for end in ("start", "end"))
    needed(first and last and people, "no dates of recruitment, or no number of people")
    sites = [row for row in evidence.quantities_of("design", "sites") if row.value is not None]
    limit = _FAST[0] * max(row.value for row in sites) if sites else _FAST[1]
    days = (_last(last).last - _first(first).first).days + 1
    rate = (people or 0) * 365.25 / 12 / max(days, 1)
    if days > 0 and rate > limit:
        arithmetic = f"{people} people in {days} days: {tidy(rate)} a month; {tidy(limit)} would be fast"
        yield Hit(arithmetic, (*first, *last, *sites))


def baseline_balance(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome in which randomised groups differ at baseline by more than chance can."""
    if not evidence.randomised or evidence.comparison != "parallel":
        raise NotApplicable("no groups of people made by chance")
    rows = evidence.results_where(kind="level", timepoint_weeks=0.0)
    known = [(row, group, n) for row in rows if (group := evidence.group(row)) and (n := evidence.size(row))]
    pairs = [
        (one, other)
        for one, other in combinations(known, 2)
        if (one[0].concept, one[0].site, one[0].unit) == (other[0].concept, other[0].site, other[0].unit)
        and one[0].arm_id != other[0].arm_id and min(one[2], other[2]) > 1
    ]  # fmt: skip
    for (row, first, n1), (_, second, n2) in needed(pairs, "no two groups with SD and size at baseline"):
        most = two_sample_p(first, second, np.array([n1]), np.array([n2]), welch=True)[1].item()
        if most < _UNLIKE:
            arithmetic = f"{first} (n = {n1}) against {second} (n = {n2}); Welch's t test, p = {most:.2g}"
            yield Hit(arithmetic, (*first.figures, *second.figures), (row.concept,))


def dates(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each pair of dates, or status and date, in an order in which they cannot have happened."""
    printed = _printed_dates(evidence)
    if {"recruitment_start", "recruitment_end"} <= set(printed):
        for hit in _in_wrong_order(evidence, "recruitment_start", "recruitment_end"):
            yield replace(hit, weight=CERTAIN, case="ended before start")
    start = _first(printed["recruitment_start"]) if "recruitment_start" in printed else None
    last = {event: _last(known) for event, known in printed.items()}
    updated, status = last.get("record_updated"), evidence.study["status"].lower()
    recruiting = re.search(r"\brecruiting\b|\bcompleted\b", status) and not status.startswith("not")
    if recruiting and updated and start and updated.last < start.first:
        days = (start.first - updated.last).days
        arithmetic = f"{updated.last} is {days} days before {start.first}"
        yield Hit(arithmetic, (updated, start), case="recruiting", words={"status": status})
    seen, planned = (rows["timepoint_weeks"].max() for rows in (evidence.results, evidence.outcomes))
    stopped = re.search("terminat|withdraw|suspend|stopped|halted", status)
    of_plan = math.isnan(seen) and not stopped
    ends = [("publication_date", seen, "published"), ("study_end", planned if of_plan else seen, "ended")]
    for event, longest, case in ends:
        end = last.get(event)
        passed = (end.last - start.first).days / 7 if start and end else math.inf
        if start and end and 0 <= passed < longest * (1 - _LATE):
            span = f"{start.first} to {end.last} is {passed:.1f} weeks"
            arithmetic = f"{span}; {'planned' if of_plan else 'results'} to week {longest:.1f}"
            yield Hit(arithmetic, (start, end), weight=DOUBTFUL if of_plan else CERTAIN, case=case)
