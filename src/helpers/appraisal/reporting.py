"""What a source announces, omits or claims beyond its figures, and how the study was conducted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from helpers.appraisal.evidence import (
    Hit,
    StudyEvidence,
    each_row,
    listed_ids,
    needed,
    quantity_weeks,
    tidy,
    tidy_week,
)
from helpers.appraisal.p_values import names_baseline, of_one_arm, two_sample_p
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label
from trialfiles.times import in_weeks, weeks

_EXACT = 0.01  # share of a time by which two spellings of it may differ
_NEAR = 0.1  # as 4 weeks stand for 1 month and 12 weeks for 3
_LATER = 1.05
_YEAR = 52.0  # weeks; a hair cycle of the scalp takes years, six months are the least that trials ask for
_NOT_STATED = re.compile(r"\bnot (stated|named|given|reported)\b|\bunknown\b", re.IGNORECASE)
_REGISTERED_DATES = {"registered_on": "of registration", "starts_on": "of the start", "ends_on": "of the end"}
_TREATMENT = {"exosome_source": "source", "dose": "dose", "route": "route", "sessions": "number of sessions"}
_PART = "only an abstract, or a page of a third party, was read"


def _near(week: float, weeks: list[float], share: float) -> list[float]:
    """Return the times that equal a time but for a share of it."""
    return [other for other in weeks if abs(week - other) <= share * max(week, other, 1e-9)]


def _times(weeks: pd.Series) -> list[float]:
    """Return times in weeks, sorted, each once."""
    return sorted(map(float, weeks.dropna().unique()))


def announced_weeks(row: Any) -> list[float]:
    """Return the times that a quantity announces, in weeks; several for `1, 3, 6, and 12 months`."""
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.printed)]
    times = [in_weeks(number, row.unit) for number in numbers] if len(numbers) > 1 else [None]
    return [week for week in ([quantity_weeks(row)] if None in times else times) if week is not None]


def time_point_not_reported(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each announced time without a result, then each outcome that misses a time others have."""
    needed(evidence.study["has_results"], "no results yet")
    reported, announced = _times(evidence.results["timepoint_weeks"]), _announced(evidence)
    needed(announced and any(week > 0 for week in reported), "no announced time, or no dated result")
    needed(not evidence.seen_in_part, _PART)
    # 24 weeks may stand for 6 months, unless both are announced.
    own = [week for week in reported if _near(week, list(announced), _EXACT)]
    free = [week for week in reported if week not in own]
    missing = [week for week in sorted(announced) if not _near(week, own, _EXACT)]
    lacking = [week for week in missing if not _near(week, free, _NEAR)]
    for week in lacking:
        yield _no_result_at(evidence, week, announced[week], reported)
    yield from _outcomes_without(evidence, lacking)


def _announced(evidence: StudyEvidence) -> dict[float, list]:
    """Return the announced times after baseline with the quantities that announce them."""
    rows = evidence.quantities_of("design", "follow_up", "timepoint")
    times = [(week, [row]) for row in rows for week in announced_weeks(row)]
    times += [(float(week), []) for week in evidence.outcomes["timepoint_weeks"].dropna()]
    found: dict[float, list] = {}
    for week, by in times:
        if week > 0:
            same = _near(week, list(found), _EXACT)
            found.setdefault(same[0] if same else week, []).extend(by)
    return found


def _no_result_at(evidence: StudyEvidence, week: float, announced: list, reported: list[float]) -> Hit:
    # No outcome counts as touched: a visit left out does not make the figures of other visits impossible.
    outcomes = evidence.outcomes[(evidence.outcomes["timepoint_weeks"] - week).abs() <= _EXACT * week]
    printed = [row.printed for row in announced if len(announced_weeks(row)) == 1]
    printed = [*printed, *outcomes["timepoint_printed"].dropna(), f"{tidy_week(week)} weeks"][0]
    near = sorted(_near(week, reported, _NEAR), key=lambda other: abs(other - week))
    close = f"; the nearest, {tidy_week(near[0])} weeks, is announced as a time of its own" if near else ""
    arithmetic = f"{printed} = {tidy_week(week)} weeks; figures are printed for weeks "
    arithmetic += f"{', '.join(map(tidy_week, reported))}{close}"
    weight = "minor" if evidence.is_case else "doubtful" if near else "certain"
    return Hit(arithmetic, announced, weight=weight, case="time", words={"time": printed})


def _outcomes_without(evidence: StudyEvidence, lacking: list[float]) -> Iterator[Hit]:
    """Yield outcomes without figures at planned times at which other outcomes have them."""
    results, outcomes = evidence.results, evidence.outcomes
    reported = _times(results["timepoint_weeks"])
    for concept in outcomes["concept"].unique():
        own = _times(results.loc[results["concept"] == concept, "timepoint_weeks"])
        planned = _times(outcomes.loc[outcomes["concept"] == concept, "timepoint_weeks"])
        others = [week for week in planned if week > 0 and _near(week, reported, _NEAR)]
        others = [week for week in others if not _near(week, lacking, _EXACT)]
        without = [week for week in others if not _near(week, own, _NEAR)]
        if own and without:
            arithmetic = f"planned without a figure: weeks {', '.join(map(tidy_week, without))}; "
            arithmetic += f"printed: weeks {', '.join(map(tidy_week, own))}"
            yield Hit(arithmetic, (), (concept,), "doubtful", "outcome")


def outcome_not_reported(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is planned or named and for which no figure is printed."""
    needed(evidence.study["has_results"], "no results yet")
    needed(not evidence.seen_in_part, _PART)
    reported = {*evidence.results["concept"], *(["adverse_events"] if len(evidence.adverse_events) else [])}
    for name, rows in needed(evidence.outcomes, "no outcome is named").groupby("concept"):
        concept = str(name)
        if concept in reported or concept not in OUTCOME_CONCEPTS:
            continue
        planned = rows["priority"].isin(["primary", "secondary", "safety"]).any()
        words = [*evidence.statements_on("measurement", concept), *evidence.statements_on("claim", concept)]
        # a case may be told in words
        weight = "minor" if evidence.is_case else "certain" if planned else "doubtful"
        yield Hit(f"outcomes named: {len(rows)}; results printed: 0", words, (concept,), weight)


def outcome_not_planned(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is reported and that no plan names."""
    needed(len(evidence.results) and len(evidence.outcomes), "no results, or no planned outcome")
    unplanned = evidence.results[~evidence.results["concept"].isin(evidence.outcomes["concept"])]
    for concept, rows in unplanned.groupby("concept"):
        arithmetic = f"results printed: {len(rows)}; outcomes announced: 0"
        yield Hit(arithmetic, listed_ids(rows), (str(concept),))


def group_sizes_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the outcomes whose groups have means and no size."""
    needed(evidence.comparison not in ("case", "within_person"), "not several groups of people")
    rows = evidence.results.dropna(subset=["mean", "sd"])
    needed(rows["arm_id"].nunique() > 1, "no means of two or more arms")
    for concept, group in rows.groupby("concept"):
        bare = group[group["n"].isna() & ~group["arm_id"].isin(evidence.arm_sizes)]
        names = sorted(bare["arm_id"].unique())
        if names and group["arm_id"].nunique() > 1:
            arithmetic = f"groups without n: {', '.join(names)}; means without n: {len(bare)}"
            yield Hit(arithmetic, listed_ids(bare), (str(concept),), words={"groups": len(names)})


def p_value_owner(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each p value against baseline that stands beside several groups and would need one for each."""
    rows = [row for row in evidence.results_where() if row.p_value is not None]
    for row in needed(rows, "no p value"):
        p = evidence.figure(row, "p_value")
        if p is None or not names_baseline(row) or of_one_arm(evidence, p):
            continue
        place = {"concept": row.concept, "site": row.site, "timepoint_weeks": row.timepoint_weeks}
        same_time = evidence.results_where(**place, kind=row.kind)
        arms = {other.arm_id for other in same_time}
        if len(arms) > 1 and len({other.arm_id for other in same_time if other.p_value is not None}) == 1:
            arithmetic = f"groups with figures at this time: {len(arms)}; p values: 1"
            yield Hit(arithmetic, (p,), (row.concept,))


def treatment_not_described(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield what the exosome arms leave open of their treatment, once for the study."""
    given = evidence.arms["role"].isin(["exosome", "exosome_combination"])
    arms = needed(evidence.arms[given], "no exosome arm")
    needed(not evidence.seen_in_part, _PART)
    stated = {name: [v for v in arms[name].dropna() if not _NOT_STATED.search(str(v))] for name in _TREATMENT}
    lacking = [words for name, words in _TREATMENT.items() if not stated[name]]
    if lacking:
        told = "1 arm" if len(arms) == 1 else f"{len(arms)} arms"
        arithmetic = f"{len(lacking)} of {len(_TREATMENT)} particulars missing in {told}"
        yield Hit(arithmetic, words={"lacking": ", ".join(lacking)})


def registration_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a prospective study of a treatment that names no registration."""
    of_groups = evidence.comparison and not evidence.is_case
    needed(evidence.study["has_results"] and of_groups, "no study of a group with results")
    needed(not evidence.seen_in_part, _PART)
    prospective = "prospective" in (evidence.study["design"] or "").lower()
    unregistered = prospective and not evidence.study["registration"]
    needed(unregistered, "a registration is named, or the study is not called prospective")
    yield Hit("registration numbers: 0")


def dates_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the dates that a registration without results lacks."""
    article = "article" in evidence.study["format"]  # which only names a registration
    planned = not evidence.study["has_results"] and evidence.study["registration"] and not article
    needed(planned, "no registration without results")
    needed(not evidence.seen_in_part, _PART)
    lacking = [field for field in _REGISTERED_DATES if not evidence.study[field]]
    if lacking:
        unclear = "registered_on" in lacking or len(lacking) > 1
        so = "; whether it was registered before the start cannot be told" if unclear else ""
        dates_ = " or ".join(_REGISTERED_DATES[field] for field in lacking)
        arithmetic = f"{len(lacking)} of {len(_REGISTERED_DATES)} dates missing"
        weight = "certain" if len(lacking) == len(_REGISTERED_DATES) else "doubtful"
        yield Hit(arithmetic, weight=weight, words={"dates": dates_, "so": so})


def later_than_follow_up(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each time given with a result that lies after every assessment."""
    visits, times = (
        [(week, row) for row in evidence.quantities_of(role, "follow_up", "timepoint")
         if (week := quantity_weeks(row)) is not None]
        for role in ("design", "result")
    )  # fmt: skip
    reported = _times(evidence.results["timepoint_weeks"])
    needed(times and visits and reported, "no time told with a result beside dated results and assessments")
    last_visit, visit = max(visits, key=lambda dated: dated[0])
    for week, row in times:
        if week > max(last_visit, *reported) * _LATER:
            arithmetic = f"{row.printed} = week {tidy_week(week)}; last assessment: {visit.printed} = week "
            arithmetic += f"{tidy_week(last_visit)}; last dated result: week {tidy_week(reported[-1])}"
            yield Hit(arithmetic, (row, visit), words={"time": row.printed})


def long_term_claim(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each claim of lasting benefit or safety from less than a year of results."""
    rows, times = evidence.statements_on("long_term"), _times(evidence.results["timepoint_weeks"])
    needed(rows and times, "no long-term claim, or no dated result")
    for row in rows if times[-1] < _YEAR / _LATER else ():
        yield Hit(f"last result at week {tidy_week(times[-1])}, less than a year", (row,), (row.about,))


def claim_without_figure(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome said to have changed of which no figure is printed."""
    matters = needed(evidence.by_matter("claim"), "no effect is told in words alone")
    # outcome_not_reported speaks of those named
    known = {*evidence.outcomes["concept"], *evidence.results["concept"]}
    for about, claims in matters.items():
        if about not in known:
            arithmetic = f"places that claim it: {len(claims)}; results printed: 0"
            yield Hit(arithmetic, claims, (about,), words={"claim": claims[0].says})


def significance_without_test(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome whose change is called significant and was not tested at its last time."""
    matters = needed(evidence.by_matter("significance"), "no change is called significant")
    for about, claims in matters.items():
        results = evidence.results[evidence.results["concept"] == about]
        last = max(_times(results["timepoint_weeks"]), default=0)
        if (results["p_value"].notna() & (results["timepoint_weeks"] >= last / _LATER)).any():
            continue
        people = evidence.people()
        size = f"; n = {people}" if people else ""
        if evidence.is_case and len(evidence.arms) == 1:
            size = "; n = 1, no test is possible"
        arithmetic = f"places that call it so: {len(claims)}; p values at week {tidy_week(last)}: 0{size}"
        yield Hit(arithmetic, claims, (about,))


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
        equal = sizes and len(sizes) == len(evidence.arms) == parts and not row.value % parts
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
        yield Hit(arithmetic, rests_on, concepts, "certain" if all(sites) else "doubtful")


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
    stated = [(row, at, due) for row, at, due in dated if at is not None]
    wrong = [(row, at, due) for row, at, due in stated if abs(at - due) > _LATE * max(at, due)]
    if wrong:
        told = (f"session {tidy(row.value)}: {tidy(due)}, told at {tidy(at)}" for row, at, due in wrong)
        times = "; ".join(told)
        arithmetic = f"interval {tidy(step)} weeks; in weeks from the start, {times}"
        yield Hit(arithmetic, (source, *(row for row, *_ in wrong)), case="numbered")
    for row, (length, duration) in product(counts, lengths):
        if (row.value - 1) * step * (1 - _LATE) > length:
            arithmetic = f"({tidy(row.value)} - 1) x {tidy(step)} weeks > {tidy(length)} weeks"
            yield Hit(arithmetic, (row, source, duration), weight="certain", case="course")


_MANY_TIMES = {"publication_date", "record_updated"}  # events of which there may be several


class PrintedDate(NamedTuple):
    """A date with the quantity that holds it; a month alone is its first and last day."""

    first: date
    last: date
    quantity_id: str
    seen_at: str = ""


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
            printed.setdefault(row.concept, []).append(PrintedDate(*span, row.quantity_id, row.address or ""))
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
    if people and days > 0 and (rate := people * 365.25 / 12 / days) > limit:
        arithmetic = f"{people} people in {days} days: {tidy(rate)} a month; {tidy(limit)} would be fast"
        yield Hit(arithmetic, (*first, *last, *sites))


def baseline_balance(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome in which randomised groups differ at baseline by more than chance can."""
    by_chance = evidence.randomised and evidence.comparison == "parallel"
    needed(by_chance, "no groups of people made by chance")
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
            yield Hit(arithmetic, (*first, *second), (row.concept,))


def dates(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield two sources' dates of one event, and dates, or status and date, that cannot follow each other."""
    printed = _printed_dates(evidence)
    for event in sorted(printed.keys() - _MANY_TIMES):
        for one, other in combinations(sorted(printed[event]), 2):
            if one.seen_at != other.seen_at and one.last < other.first:
                arithmetic = f"{one.first} is not {other.first} ({one.seen_at or other.seen_at})"
                yield Hit(arithmetic, (one, other), case="two sources", words={"event": label(event)})
    if {"recruitment_start", "recruitment_end"} <= set(printed):
        for hit in _in_wrong_order(evidence, "recruitment_start", "recruitment_end"):
            yield replace(hit, weight="certain", case="ended before start")
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
            yield Hit(arithmetic, (start, end), weight="doubtful" if of_plan else "certain", case=case)
