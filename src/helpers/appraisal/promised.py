"""What a study promises and does not give: time points and outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence, quantity_weeks
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, MINOR, Hit, NotApplicable, Rule
from helpers.sources import in_weeks
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label

_EXACT = 0.01  # share of a time by which two spellings of it may differ
_NEAR = 0.1  # as 4 weeks stand for 1 month and 12 weeks for 3


def promised_weeks(row) -> list[float]:
    """Return the times that a quantity announces, in weeks; several for `1, 3, 6, and 12 months`."""
    unit = None if missing(row.unit) else str(row.unit)
    listed = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.printed)]
    if len(listed) > 1 and in_weeks(1.0, unit) is not None:
        return [in_weeks(number, unit) for number in listed]
    single = quantity_weeks(row)
    return [] if single is None else [single]


def _same(first: float, second: float, share: float) -> bool:
    return abs(first - second) <= share * max(first, second, 1e-9)


def _full_text(evidence: StudyEvidence) -> bool:
    return "full text" in str(evidence.study.get("access") or "").lower()


@dataclass(frozen=True)
class TimePoints(Rule):
    """Times of assessment that are announced and for which nothing is printed."""

    name: str = "time-point-not-reported"
    source: str = "Chan AW et al. JAMA 2004;291:2457-2465 (incomplete reporting); CONSORT 2010, item 17a"
    severity: str = CERTAIN
    inputs: str = "times announced in the design, planned outcomes, and times of the results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each announced time without a result, then each outcome that misses a time others have."""
        if not evidence.study["has_results"]:
            raise NotApplicable("no results yet")
        reported = sorted({float(week) for week in evidence.results["timepoint_weeks"].dropna()})
        promised = self._promised(evidence)
        if not promised or not any(week > 0 for week in reported):
            raise NotApplicable("no announced time, or no dated result")
        taken = [week for week in reported if any(_same(week, other, _EXACT) for other in promised)]
        lacking = {
            w: rows for w, rows in promised.items() if not any(_same(w, other, _EXACT) for other in reported)
        }
        for week, rows in sorted(lacking.items()):
            yield self._hit(
                evidence, week, rows, [w for w in reported if _same(week, w, _NEAR)], taken, reported
            )
        yield from self._by_outcome(evidence, list(lacking))

    @staticmethod
    def _promised(evidence: StudyEvidence) -> dict[float, list]:
        """Return the announced times after baseline with the quantities that announce them."""
        found: dict[float, list] = {}
        for row in evidence.figures(role=("design",), concept="follow_up", kind=("timepoint",)).itertuples():
            for week in promised_weeks(row):
                key = next((known for known in found if _same(known, week, _EXACT)), week)
                if week > 0:
                    found.setdefault(key, []).append(row)
        for week in evidence.outcomes["timepoint_weeks"].dropna():
            if week > 0 and not any(_same(known, week, _EXACT) for known in found):
                found[float(week)] = []
        return found

    @staticmethod
    def _hit(evidence, week, rows, near, taken, reported) -> Hit:
        # No outcome counts as touched: a visit left out does not make the figures of other visits impossible.
        outcomes = evidence.outcomes[(evidence.outcomes["timepoint_weeks"] - week).abs() <= _EXACT * week]
        printed = next((row.printed for row in rows if len(promised_weeks(row)) == 1), None)
        printed = printed or next(iter(outcomes["timepoint_printed"].dropna()), f"{tidy(week)} weeks")
        times = ", ".join(tidy(other) for other in reported)
        free = [other for other in near if other not in taken]
        case = evidence.study.get("comparison") == "case"
        severity = MINOR if case or free else LIKELY if near or not _full_text(evidence) else CERTAIN
        close = (
            f"; the nearest, {tidy(near[0])} weeks, is announced as a time of its own"
            if near and not free
            else ""
        )
        return Hit(
            statement=f"An assessment at {printed} is named; no figure is printed for it.",
            arithmetic=f"{printed} = {tidy(week)} weeks; figures are printed for weeks {times}{close}",
            quantity_ids=tuple(row.quantity_id for row in rows),
            severity=severity,
        )

    @staticmethod
    def _by_outcome(evidence: StudyEvidence, told: list[float]) -> Iterator[Hit]:
        reported = evidence.results[["concept", "timepoint_weeks"]].dropna()
        for concept in dict.fromkeys(evidence.outcomes["concept"]):
            own = reported[reported["concept"] == concept]["timepoint_weeks"].tolist()
            plan = evidence.outcomes[evidence.outcomes["concept"] == concept]["timepoint_weeks"].dropna()
            others = reported["timepoint_weeks"].tolist()
            lacking = [
                week
                for week in sorted(set(plan))
                if week > 0
                and not any(_same(week, other, _EXACT) for other in told)
                and any(_same(week, other, _NEAR) for other in others)
                and not any(_same(week, other, _NEAR) for other in own)
            ]
            if own and lacking:
                yield Hit(
                    statement=f"Figures of {label(concept)} are lacking for planned times at which other "
                    "outcomes are "
                    "reported.",
                    arithmetic=f"planned without a figure: weeks {', '.join(map(tidy, lacking))}; printed: "
                    "weeks " + ", ".join(tidy(week) for week in sorted(set(own))),
                    concepts=(concept,),
                    severity=LIKELY,
                )


@dataclass(frozen=True)
class OutcomesReported(Rule):
    """Outcomes that are planned or named and for which no figure is printed."""

    name: str = "outcome-not-reported"
    source: str = "Chan AW et al. JAMA 2004;291:2457-2465; Kirkham JJ et al. BMJ 2010;340:c365"
    severity: str = CERTAIN
    inputs: str = "planned and named outcomes, results, adverse events"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome without a figure."""
        if not evidence.study["has_results"]:
            raise NotApplicable("no results yet")
        if evidence.outcomes.empty:
            raise NotApplicable("no outcome is named")
        given = set(evidence.results["concept"])
        given |= {"adverse_events"} if not evidence.adverse_events.empty else set()
        for concept, rows in evidence.outcomes.groupby("concept", sort=True):
            if concept in given or concept not in OUTCOME_CONCEPTS:
                continue
            planned = rows["priority"].isin(["primary", "secondary", "safety"]).any()
            case = evidence.study.get("comparison") == "case"  # a case may be told in words
            severity = MINOR if case else CERTAIN if planned and _full_text(evidence) else LIKELY
            yield Hit(
                statement=f"{label(concept).capitalize()} is named as an outcome; no figure of it is "
                "printed.",
                arithmetic=f"outcomes named: {len(rows)}; results printed: 0",
                concepts=(concept,),
                severity=severity,
                statement_ids=tuple(
                    said.statement_id
                    for topic in ("measurement", "claim")
                    for said in evidence.said(topic, concept)
                ),
            )


@dataclass(frozen=True)
class OutcomesPlanned(Rule):
    """Outcomes that are reported and were not planned."""

    name: str = "outcome-not-planned"
    source: str = "Kirkham JJ et al. BMJ 2010;340:c365 (outcome reporting bias)"
    severity: str = MINOR
    inputs: str = "planned outcomes and results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each reported outcome that no plan names."""
        if evidence.results.empty or evidence.outcomes.empty:
            raise NotApplicable("no results, or no planned outcome")
        planned = set(evidence.outcomes["concept"])
        for concept, rows in evidence.results.groupby("concept", sort=True):
            if concept not in planned:
                names = [name for ids in rows["quantity_ids"] for name in str(ids).split(";")]
                yield Hit(
                    statement=f"Figures are printed for {label(concept)}, which is not among the outcomes "
                    "announced.",
                    arithmetic=f"results printed: {len(rows)}; outcomes announced: 0",
                    quantity_ids=tuple(names),
                    concepts=(concept,),
                )
