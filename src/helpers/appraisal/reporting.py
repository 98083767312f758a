"""What a source announces, omits, or claims beyond its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from helpers.appraisal.evidence import (
    CERTAIN,
    DOUBTFUL,
    MINOR,
    Hit,
    StudyEvidence,
    each_outcome,
    listed_ids,
    needed,
    quantity_weeks,
    tidy_week,
)
from helpers.appraisal.p_values import names_baseline, of_one_arm
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from trialfiles.times import in_weeks

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
    lacking = [
        week for week in sorted(announced) if not _near(week, own, _EXACT) and not _near(week, free, _NEAR)
    ]
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
    near = _near(week, reported, _NEAR)
    close = f"; the nearest, {tidy_week(near[0])} weeks, is announced as a time of its own" if near else ""
    arithmetic = f"{printed} = {tidy_week(week)} weeks; figures are printed for weeks "
    arithmetic += f"{', '.join(map(tidy_week, reported))}{close}"
    weight = MINOR if evidence.is_case else DOUBTFUL if near else CERTAIN
    return Hit(arithmetic, announced, weight=weight, case="time", words={"time": printed})


def _outcomes_without(evidence: StudyEvidence, lacking: list[float]) -> Iterator[Hit]:
    """Yield outcomes without figures at planned times at which other outcomes have them."""
    results, outcomes = evidence.results, evidence.outcomes
    reported = _times(results["timepoint_weeks"])
    for concept in outcomes["concept"].unique():
        own = _times(results.loc[results["concept"] == concept, "timepoint_weeks"])
        planned = _times(outcomes.loc[outcomes["concept"] == concept, "timepoint_weeks"])
        without = [
            week
            for week in planned
            if week > 0
            and not _near(week, lacking, _EXACT)
            and _near(week, reported, _NEAR)
            and not _near(week, own, _NEAR)
        ]
        if own and without:
            arithmetic = f"planned without a figure: weeks {', '.join(map(tidy_week, without))}; "
            arithmetic += f"printed: weeks {', '.join(map(tidy_week, own))}"
            yield Hit(arithmetic, (), (concept,), DOUBTFUL, "outcome")


def outcome_not_reported(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is planned or named and for which no figure is printed."""
    needed(evidence.study["has_results"], "no results yet")
    needed(not evidence.seen_in_part, _PART)
    reported = {*evidence.results["concept"], *(["adverse_events"] if len(evidence.adverse_events) else [])}
    for concept, rows in each_outcome(needed(evidence.outcomes, "no outcome is named")):
        if concept in reported or concept not in OUTCOME_CONCEPTS:
            continue
        planned = rows["priority"].isin(["primary", "secondary", "safety"]).any()
        words = [*evidence.statements_on("measurement", concept), *evidence.statements_on("claim", concept)]
        # a case may be told in words
        weight = MINOR if evidence.is_case else CERTAIN if planned else DOUBTFUL
        yield Hit(f"outcomes named: {len(rows)}; results printed: 0", words, (concept,), weight)


def outcome_not_planned(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is reported and that no plan names."""
    needed(len(evidence.results) and len(evidence.outcomes), "no results, or no planned outcome")
    unplanned = evidence.results[~evidence.results["concept"].isin(evidence.outcomes["concept"])]
    for concept, rows in each_outcome(unplanned):
        arithmetic = f"results printed: {len(rows)}; outcomes announced: 0"
        yield Hit(arithmetic, listed_ids(rows), (concept,))


def group_sizes_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the outcomes whose groups have means and no size."""
    needed(evidence.comparison not in ("case", "within_person"), "not several groups of people")
    rows = evidence.results.dropna(subset=["mean", "sd"])
    needed(rows["arm_id"].nunique() > 1, "no means of two or more arms")
    for concept, group in each_outcome(rows):
        bare = group[group["n"].isna() & ~group["arm_id"].isin(evidence.arm_sizes)]
        names = sorted(bare["arm_id"].unique())
        if names and group["arm_id"].nunique() > 1:
            arithmetic = f"groups without n: {', '.join(names)}; means without n: {len(bare)}"
            yield Hit(arithmetic, listed_ids(bare), (concept,), words={"groups": len(names)})


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
    unregistered = (
        "prospective" in (evidence.study["design"] or "").lower() and not evidence.study["registration"]
    )
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
        weight = CERTAIN if len(lacking) == len(_REGISTERED_DATES) else DOUBTFUL
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
