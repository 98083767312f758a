"""What a source announces, omits, or claims beyond its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from helpers.appraisal.evidence import (
    StudyEvidence,
    each_outcome,
    listed_ids,
    missing,
    quantity_weeks,
    tidy_week,
)
from helpers.appraisal.risk_of_bias import only_abstract
from helpers.appraisal.rules import CERTAIN, DOUBTFUL, MINOR, Hit, NotApplicable, needed
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from trialfiles.times import in_weeks

_EXACT = 0.01  # share of a time by which two spellings of it may differ
_NEAR = 0.1  # as 4 weeks stand for 1 month and 12 weeks for 3
_LATER = 1.05
_YEAR = 52.0  # weeks; a hair cycle of the scalp takes years, six months are the least that trials ask for
_NOT_STATED = re.compile(r"\bnot (stated|named|given|reported)\b|\bunknown\b", re.IGNORECASE)
_REGISTERED_DATES = {"registered_on": "of registration", "starts_on": "of the start", "ends_on": "of the end"}
_TREATMENT = {"exosome_source": "source", "dose": "dose", "route": "route", "sessions": "number of sessions"}


def _near(week: float, weeks: list[float], share: float) -> list[float]:
    """Return the times that equal a time but for a share of it."""
    return [other for other in weeks if abs(week - other) <= share * max(week, other, 1e-9)]


def _result_weeks(evidence: StudyEvidence) -> list[float]:
    """Return the times of the results in weeks, sorted, each once."""
    return sorted({float(week) for week in evidence.results["timepoint_weeks"].dropna()})


def _read_in_full(evidence: StudyEvidence) -> None:
    """Raise where an abstract or a page of a third party was read: it may leave out what was told."""
    access = str(evidence.study.get("access") or "").lower()
    if only_abstract(access) or "third party" in access:
        raise NotApplicable("only an abstract, or a page of a third party, was read")


def _is_case(evidence: StudyEvidence) -> bool:
    return evidence.study.get("comparison") == "case"


def announced_weeks(row: Any) -> list[float]:
    """Return the times that a quantity announces, in weeks; several for `1, 3, 6, and 12 months`."""
    unit = None if missing(row.unit) else str(row.unit)
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.printed)]
    times = [in_weeks(number, unit) for number in numbers] if len(numbers) > 1 else [None]
    if None in times:
        times = [quantity_weeks(row)]
    return [week for week in times if week is not None]


def time_point_not_reported(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each announced time without a result, then each outcome that misses a time others have."""
    needed(evidence.study["has_results"], "no results yet")
    reported, announced = _result_weeks(evidence), _announced(evidence)
    needed(announced and any(week > 0 for week in reported), "no announced time, or no dated result")
    _read_in_full(evidence)
    # 24 weeks may stand for 6 months, unless both are announced.
    own = [week for week in reported if _near(week, list(announced), _EXACT)]
    free = [week for week in reported if week not in own]
    lacking = [
        week for week in sorted(announced) if not _near(week, own, _EXACT) and not _near(week, free, _NEAR)
    ]
    for week in lacking:
        yield _no_result_at(evidence, week, announced, reported)
    yield from _outcomes_without(evidence, lacking)


def _announced(evidence: StudyEvidence) -> dict[float, list]:
    """Return the announced times after baseline with the quantities that announce them."""
    found: dict[float, list] = {}
    for row in evidence.quantities_of("design", "follow_up", "timepoint"):
        for week in announced_weeks(row):
            if week > 0:
                same = _near(week, list(found), _EXACT)
                found.setdefault(same[0] if same else week, []).append(row)
    for week in evidence.outcomes["timepoint_weeks"].dropna():
        if week > 0 and not _near(week, list(found), _EXACT):
            found[float(week)] = []
    return found


def _no_result_at(evidence: StudyEvidence, week: float, announced: dict, reported: list[float]) -> Hit:
    # No outcome counts as touched: a visit left out does not make the figures of other visits impossible.
    outcomes = evidence.outcomes[(evidence.outcomes["timepoint_weeks"] - week).abs() <= _EXACT * week]
    printed = [row.printed for row in announced[week] if len(announced_weeks(row)) == 1]
    printed = [*printed, *outcomes["timepoint_printed"].dropna(), f"{tidy_week(week)} weeks"][0]
    near = _near(week, reported, _NEAR)
    close = f"; the nearest, {tidy_week(near[0])} weeks, is announced as a time of its own" if near else ""
    arithmetic = f"{printed} = {tidy_week(week)} weeks; figures are printed for weeks "
    arithmetic += f"{', '.join(map(tidy_week, reported))}{close}"
    weight = MINOR if _is_case(evidence) else DOUBTFUL if near else CERTAIN
    return Hit(arithmetic, announced[week], weight=weight, case="time", words={"time": printed})


def _outcomes_without(evidence: StudyEvidence, lacking: list[float]) -> Iterator[Hit]:
    """Yield outcomes without figures at planned times at which other outcomes have them."""
    results = evidence.results[["concept", "timepoint_weeks"]].dropna()
    for concept in dict.fromkeys(evidence.outcomes["concept"]):
        own = results[results["concept"] == concept]["timepoint_weeks"].tolist()
        planned = evidence.outcomes[evidence.outcomes["concept"] == concept]["timepoint_weeks"].dropna()
        without = [
            week
            for week in sorted(set(planned))
            if week > 0
            and not _near(week, lacking, _EXACT)
            and _near(week, results["timepoint_weeks"].tolist(), _NEAR)
            and not _near(week, own, _NEAR)
        ]
        if own and without:
            arithmetic = f"planned without a figure: weeks {', '.join(map(tidy_week, without))}; "
            arithmetic += f"printed: weeks {', '.join(map(tidy_week, sorted(set(own))))}"
            yield Hit(arithmetic, (), (concept,), DOUBTFUL, "outcome")


def outcome_not_reported(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is planned or named and for which no figure is printed."""
    needed(evidence.study["has_results"], "no results yet")
    _read_in_full(evidence)
    reported = set(evidence.results["concept"])
    reported |= set() if evidence.adverse_events.empty else {"adverse_events"}
    for concept, rows in each_outcome(needed(evidence.outcomes, "no outcome is named")):
        if concept in reported or concept not in OUTCOME_CONCEPTS:
            continue
        planned = rows["priority"].isin(["primary", "secondary", "safety"]).any()
        weight = CERTAIN if planned else DOUBTFUL
        words = [*evidence.statements_on("measurement", concept), *evidence.statements_on("claim", concept)]
        weight = MINOR if _is_case(evidence) else weight  # a case may be told in words
        yield Hit(f"outcomes named: {len(rows)}; results printed: 0", words, (concept,), weight)


def outcome_not_planned(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome that is reported and that no plan names."""
    needed(len(evidence.results) and len(evidence.outcomes), "no results, or no planned outcome")
    planned = set(evidence.outcomes["concept"])
    for concept, rows in each_outcome(evidence.results):
        if concept not in planned:
            arithmetic = f"results printed: {len(rows)}; outcomes announced: 0"
            yield Hit(arithmetic, listed_ids(rows), (concept,))


def group_sizes_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the outcomes whose groups have means and no size."""
    needed(evidence.study.get("comparison") not in ("case", "within_person"), "not several groups of people")
    rows = evidence.results[evidence.results["mean"].notna() & evidence.results["sd"].notna()]
    needed(rows["arm_id"].nunique() > 1, "no means of two or more arms")
    sized = set(evidence.arms[evidence.arms["n"].notna()]["arm_id"])
    for concept, group in each_outcome(rows):
        bare = group[group["n"].isna() & ~group["arm_id"].isin(sized)]
        names = sorted(bare["arm_id"].unique())
        if names and group["arm_id"].nunique() > 1:
            arithmetic = f"groups without n: {', '.join(names)}; means without n: {len(bare)}"
            yield Hit(arithmetic, listed_ids(bare), (concept,), words={"groups": len(names)})


def treatment_not_described(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield what the exosome arms leave open of their treatment, once for the study."""
    given = evidence.arms["role"].isin(["exosome", "exosome_combination"])
    arms = needed(evidence.arms[given], "no exosome arm")
    _read_in_full(evidence)

    def stated(column: str) -> bool:
        return any(not missing(value) and not _NOT_STATED.search(str(value)) for value in arms[column])

    lacking = [words for column, words in _TREATMENT.items() if not stated(column)]
    if lacking:
        told = "1 arm" if len(arms) == 1 else f"{len(arms)} arms"
        arithmetic = f"{len(lacking)} of {len(_TREATMENT)} particulars missing in {told}"
        yield Hit(arithmetic, words={"lacking": ", ".join(lacking)})


def registration_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a prospective study of a treatment that names no registration."""
    comparison = evidence.study.get("comparison")
    if not evidence.study["has_results"] or missing(comparison) or comparison == "case":
        raise NotApplicable("no study of a group with results")
    _read_in_full(evidence)
    prospective = "prospective" in str(evidence.study.get("design") or "").lower()
    if not prospective or not missing(evidence.study.get("registration")):
        raise NotApplicable("a registration is named, or the study is not called prospective")
    yield Hit("registration numbers: 0")


def dates_missing(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield the dates that a registration without results lacks."""
    if evidence.study["has_results"] or missing(evidence.study.get("registration")):
        raise NotApplicable("no registration without results")
    _read_in_full(evidence)
    lacking = [field for field in _REGISTERED_DATES if missing(evidence.study.get(field))]
    if lacking:
        unclear = "registered_on" in lacking or len(lacking) > 1
        so = "; whether it was registered before the start cannot be told" if unclear else ""
        dates_ = " or ".join(_REGISTERED_DATES[field] for field in lacking)
        arithmetic = f"{len(lacking)} of {len(_REGISTERED_DATES)} dates missing"
        weight = CERTAIN if len(lacking) == len(_REGISTERED_DATES) else DOUBTFUL
        yield Hit(arithmetic, weight=weight, words={"dates": dates_, "so": so})


def later_than_follow_up(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each time given with a result that lies after every assessment."""
    visits, times = _dated(evidence, "design"), _dated(evidence, "result")
    reported = _result_weeks(evidence)
    needed(times and visits and reported, "no time told with a result beside dated results and assessments")
    last_visit, visit = max(visits, key=lambda dated: dated[0])
    for week, row in times:
        if week > max(last_visit, *reported) * _LATER:
            arithmetic = f"{row.printed} = week {tidy_week(week)}; last assessment: {visit.printed} = week "
            arithmetic += f"{tidy_week(last_visit)}; last dated result: week {tidy_week(reported[-1])}"
            yield Hit(arithmetic, (row, visit), words={"time": row.printed})


def _dated(evidence: StudyEvidence, role: str) -> list[tuple[float, Any]]:
    rows = evidence.quantities_of(role, "follow_up", "timepoint")
    return [(week, row) for row in rows if (week := quantity_weeks(row)) is not None]


def long_term_claim(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each claim of lasting benefit or safety from less than a year of results."""
    rows, times = evidence.statements_on("long_term"), _result_weeks(evidence)
    needed(rows and times, "no long-term claim, or no dated result")
    if times[-1] >= _YEAR / _LATER:
        return
    for row in rows:
        yield Hit(f"last result at week {tidy_week(times[-1])}, less than a year", (row,), (row.about,))


def claim_without_figure(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome said to have changed of which no figure is printed."""
    matters = needed(evidence.by_matter("claim"), "no effect is told in words alone")
    named = set(evidence.outcomes["concept"])  # outcome_not_reported speaks of these
    for about, claims in matters.items():
        if about not in named and not evidence.results_where(concept=about):
            arithmetic = f"places that claim it: {len(claims)}; results printed: 0"
            yield Hit(arithmetic, claims, (about,), words={"claim": claims[0].says})


def significance_without_test(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome whose change is called significant and was not tested at its last time."""
    matters = needed(evidence.by_matter("significance"), "no change is called significant")
    for about, claims in matters.items():
        results = evidence.results[evidence.results["concept"] == about]
        last = results["timepoint_weeks"].max()
        last = 0 if missing(last) else last
        if (results["p_value"].notna() & (results["timepoint_weeks"] >= last / _LATER)).any():
            continue
        people = evidence.people()
        size = f"; n = {people}" if people else ""
        if _is_case(evidence) and len(evidence.arms) == 1:
            size = "; n = 1, no test is possible"
        arithmetic = f"places that call it so: {len(claims)}; p values at week {tidy_week(last)}: 0{size}"
        yield Hit(arithmetic, claims, (about,))
