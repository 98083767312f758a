"""How a study was conducted: its dates, blocks, sessions, masking and comparison cannot stand together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import pandas as pd

from helpers.appraisal.evidence import StudyEvidence, each_row, listed_ids, missing, quantity_weeks, tidy
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, MINOR, Hit, NotApplicable, needed
from trialfiles.times import weeks

_ISO = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
# Earlier event, later event, which sentence says that they are the other way round, how sure that is.
_ORDER = (
    ("ethics_date", "recruitment_start", "recruited before ethics", DOUBTFUL),
    ("registration_date", "recruitment_start", "registered late", DOUBTFUL),
    ("ethics_date", "registration_date", "registered before ethics", DOUBTFUL),
    ("recruitment_start", "recruitment_end", "ended before start", CERTAIN),
)
_REGISTERED_DATES = {"registered_on": "of registration", "starts_on": "of the start", "ends_on": "of the end"}
_OPEN = re.compile(r"\b(not blinded|not masked|unblinded|unmasked|open[ -]label|none)\b", re.IGNORECASE)
_BLIND = re.compile(r"(?<!un)(?<!not )\b(blind(ed)?|masked)\b", re.IGNORECASE)
_SITE = r"\b(?:area|site|side|half|scalp)\b"
_LATE = 0.1  # a month of 28 or 31 days, a visit some days late


def control_group(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the results of a comparison group in a study that says it has none."""
    comparison = evidence.study.get("comparison")
    if missing(comparison) or evidence.results.empty:
        raise NotApplicable("no stated comparison, or no results")
    if comparison not in ("single_arm", "case"):
        return
    others = evidence.arms[evidence.arms["role"].isin(["placebo", "untreated", "active"])]["arm_id"]
    rows = evidence.results[evidence.results["arm_id"].isin(others)].sort_values("result_id")
    if not rows.empty:
        arms = evidence.results["arm_id"].nunique()
        arithmetic = f"arms by its own account: 1; arms with results: {arms}; "
        arithmetic += f"results of the comparison group: {len(rows)}"
        rests_on = (*listed_ids(rows), *evidence.statements_on("control_group"))
        yield Hit(arithmetic, rests_on, list(rows["concept"].unique()))


def block_size(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a block that the ratio does not divide, and a sample that is no whole number of blocks."""
    blocks = [row for row in evidence.quantities_of("design", "block_size") if not missing(row.value)]
    ratios = evidence.quantities_of("design", "allocation_ratio")
    ratio = re.fullmatch(r"\d+(\s*:\s*\d+)+", ratios[0].printed.strip()) if ratios else None
    parts = sum(map(int, re.findall(r"\d+", ratio[0]))) if ratio else len(evidence.arms)
    planned = evidence.count("n_planned")
    for row in needed(blocks, "no block size is stated"):
        if parts and row.value % parts:
            arithmetic = f"{tidy(row.value)} / {parts} = {tidy(row.value / parts)}"
            yield Hit(arithmetic, (row, *ratios), case="ratio")
        if planned and planned % row.value:
            arithmetic = f"{planned} / {tidy(row.value)} = {tidy(planned / row.value)}"
            yield Hit(arithmetic, (row,), weight=MINOR, case="sample")


def masking(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome whose measure is called blinded although the study says that nobody is."""
    field: Any = evidence.study.get("masking")
    if missing(field) or evidence.outcomes.empty:
        raise NotApplicable("no masking field, or no outcomes")
    if not _OPEN.search(field) or _BLIND.search(_OPEN.sub("", field)):
        return
    for row in each_row(evidence.outcomes.sort_values("outcome_id")):
        if not missing(row.measure) and _BLIND.search(row.measure):
            rests_on = evidence.statements_on("assessor_masking")
            words = {"field": field, "priority": row.priority}
            yield Hit(f"masking: {field}; measure: {row.measure}", rests_on, (row.concept,), words=words)


def design_field(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a design called crossover in which two sites of one person are treated at the same time."""
    design: Any = evidence.study.get("design")
    comparison = evidence.study.get("comparison")
    if missing(design) or missing(comparison):
        raise NotApplicable("no design or no comparison is stated")
    sites = evidence.arms["label"].fillna("").str.contains(_SITE, case=False)
    crossover = re.search(r"cross-?over", design, re.IGNORECASE)
    if crossover and comparison == "within_person" and sites.sum() >= 2:
        outcomes = evidence.outcomes[evidence.outcomes["priority"].isin(["primary", "secondary"])]
        concepts = [name for name in dict.fromkeys(outcomes["concept"]) if name != "adverse_events"]
        arithmetic = f"arms: {'; '.join(evidence.arms['label'].dropna())}"
        rests_on = evidence.statements_on("comparison_design")
        yield Hit(arithmetic, rests_on, concepts, CERTAIN if all(sites) else DOUBTFUL)


def session_times(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield numbered sessions at the wrong time, and courses that do not fit their length."""
    sessions = [row for row in evidence.quantities_of("design", "sessions") if not missing(row.value)]
    numbered = [row for row in sessions if not missing(row.timepoint_printed)]
    counts = [row for row in sessions if missing(row.timepoint_printed)]
    intervals = _stated_weeks(evidence, "session_interval")
    lengths = _stated_weeks(evidence, "treatment_duration")
    if not intervals or not (numbered or (lengths and counts)):
        raise NotApplicable(
            "no interval with numbered sessions, or with their number and the length of treatment"
        )
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


def _stated_weeks(evidence: StudyEvidence, concept: str) -> list[tuple[float, Any]]:
    rows = evidence.quantities_of("design", concept)
    return [(value, row) for row in rows if (value := quantity_weeks(row))]


@dataclass(frozen=True)
class PrintedDate:
    """A date with the quantity that holds it; a month alone is its first and last day."""

    first: date
    last: date
    quantity_id: str


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


def dates(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each pair of dates, or status and date, in an order in which they cannot have happened."""
    printed: dict[str, list[PrintedDate]] = {}
    for row in evidence.quantities_of("design", kind="date"):
        if span := day(row.printed):
            printed.setdefault(row.concept, []).append(PrintedDate(*span, row.quantity_id))
    if sum(map(len, printed.values())) < 2:
        raise NotApplicable("fewer than two dates")
    first = {event: min(known, key=lambda d: d.first) for event, known in printed.items()}
    last = {event: max(known, key=lambda d: d.last) for event, known in printed.items()}
    for before, after, case, weight in _ORDER:
        if before in first and after in last and first[before].first > last[after].last:
            early, late = first[before], last[after]
            days = (early.first - late.last).days
            arithmetic = f"{early.first} is {days} days after {late.last}"
            yield Hit(arithmetic, (early, late), weight=weight, case=case)
    registered, published = last.get("registration_date"), last.get("publication_date")
    start, status = first.get("recruitment_start"), str(evidence.study.get("status") or "").lower()
    recruiting = re.search(r"\brecruiting\b|\bcompleted\b", status) and not status.startswith("not")
    if recruiting and registered and start and registered.last < start.first:
        days = (start.first - registered.last).days
        arithmetic = f"{registered.last} is {days} days before {start.first}"
        yield Hit(arithmetic, (registered, start), case="recruiting", words={"status": status})
    longest = evidence.results["timepoint_weeks"].max()
    weeks_passed = (published.last - start.first).days / 7 if start and published else math.inf
    if start and published and not missing(longest) and weeks_passed < longest:
        arithmetic = f"{start.first} to {published.last} is {weeks_passed:.1f} weeks; "
        arithmetic += f"results to week {longest:.1f}"
        yield Hit(arithmetic, (start, published), weight=CERTAIN, case="published")


def dates_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the dates that a registration without results lacks."""
    if evidence.study["has_results"] or missing(evidence.study.get("registration")):
        raise NotApplicable("no registration without results")
    lacking = [field for field in _REGISTERED_DATES if missing(evidence.study.get(field))]
    if lacking:
        unclear = "registered_on" in lacking or len(lacking) > 1
        so = "; whether it was registered before the start cannot be told" if unclear else ""
        dates_ = " or ".join(_REGISTERED_DATES[field] for field in lacking)
        arithmetic = f"{len(lacking)} of {len(_REGISTERED_DATES)} dates missing"
        weight = CERTAIN if len(lacking) == len(_REGISTERED_DATES) else DOUBTFUL
        yield Hit(arithmetic, weight=weight, words={"dates": dates_, "so": so})
