"""Dates in the order in which a study's events can happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule

_FORMS = ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%B %Y", "%b %Y", "%Y-%m")
_ISO = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
# Earlier event, later event, what it means when they are the other way round, how sure that is.
_ORDER = (
    ("ethics_date", "recruitment_start", "Recruitment starts before the ethics approval.", LIKELY),
    ("registration_date", "recruitment_start", "Registration comes after the start of recruitment.", LIKELY),
    ("ethics_date", "registration_date", "The record is older than its ethics approval.", LIKELY),
    ("recruitment_start", "recruitment_end", "Recruitment ends before it starts.", CERTAIN),
)  # fmt: skip


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
    for form in ("%Y-%m-%d", *_FORMS):
        try:
            found = datetime.strptime(text, form).date()
        except ValueError:
            continue
        if "%d" in form:
            return found, found
        following = date(found.year + found.month // 12, found.month % 12 + 1, 1)
        return found, date.fromordinal(following.toordinal() - 1)
    return None


@dataclass(frozen=True)
class DatesMissing(Rule):
    """A registration that does not say when it was made, or when the trial starts and ends."""

    name: str = "dates-missing"
    source: str = "WHO trial registration data set 1.3.1, items 1 and 16; ICMJE recommendations III.L"
    severity: str = CERTAIN
    inputs: str = "dates of registration, start and end of a registration without results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the dates that a registration lacks."""
        if evidence.study["has_results"] or missing(evidence.study.get("registration")):
            raise NotApplicable("no registration without results")
        fields = {"registered_on": "of registration", "starts_on": "of the start", "ends_on": "of the end"}
        lacking = [words for field, words in fields.items() if missing(evidence.study.get(field))]
        if lacking:
            first = "registered_on" in [field for field in fields if missing(evidence.study.get(field))]
            so = (
                "; whether it was registered before the start cannot be told"
                if first or len(lacking) > 1
                else ""
            )
            yield Hit(
                statement=f"The registration has no date {' or '.join(lacking)}{so}.",
                arithmetic=f"{len(lacking)} of {len(fields)} dates missing",
                severity=CERTAIN if len(lacking) == len(fields) else LIKELY,
            )


@dataclass(frozen=True)
class Dates(Rule):
    """Events of a study that stand in an order in which they cannot have happened."""

    name: str = "dates"
    source: str = "ICMJE recommendations III.L (prospective registration); WHO trial registration data set"
    severity: str = LIKELY
    inputs: str = "dates of ethics, registration, recruitment and publication, and the recruitment status"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each pair of dates, or status and date, in the wrong order."""
        dates = self._dates(evidence)
        if sum(map(len, dates.values())) < 2:
            raise NotApplicable("fewer than two dates")
        for before, after, statement, severity in _ORDER:
            early, late = dates.get(before, []), dates.get(after, [])
            if early and late and min(d.first for d in early) > max(d.last for d in late):
                first, second = min(early, key=lambda d: d.first), max(late, key=lambda d: d.last)
                days = (first.first - second.last).days
                arithmetic = f"{first.first} is {days} days after {second.last}"
                yield Hit(statement, arithmetic, (first.quantity_id, second.quantity_id), (), severity)
        yield from self._status(evidence, dates)
        yield from self._published(evidence, dates)

    @staticmethod
    def _dates(evidence: StudyEvidence) -> dict[str, list[PrintedDate]]:
        found: dict[str, list[PrintedDate]] = {}
        for row in evidence.figures(role=("design",), kind=("date",)).itertuples():
            span = day(row.printed)
            if span:
                found.setdefault(row.concept, []).append(PrintedDate(*span, row.quantity_id))
        return found

    @staticmethod
    def _status(evidence: StudyEvidence, dates: dict[str, list[PrintedDate]]) -> Iterator[Hit]:
        """Yield a record that recruits, when it was last touched, before its start."""
        status = str(evidence.study.get("status") or "").lower()
        recruiting = re.search(r"\brecruiting\b|\bcompleted\b", status) and not status.startswith("not")
        touched, starts = dates.get("registration_date", []), dates.get("recruitment_start", [])
        if recruiting and touched and starts:
            last, start = max(touched, key=lambda d: d.last), min(starts, key=lambda d: d.first)
            if last.last < start.first:
                yield Hit(
                    statement=f"The status was {status} when the record was last touched, before "
                    "recruitment was to "
                    "start.",
                    arithmetic=f"{last.last} is {(start.first - last.last).days} days before {start.first}",
                    quantity_ids=(last.quantity_id, start.quantity_id),
                )

    @staticmethod
    def _published(evidence: StudyEvidence, dates: dict[str, list[PrintedDate]]) -> Iterator[Hit]:
        """Yield results that would have been published before the last of them could be measured."""
        starts, published = dates.get("recruitment_start", []), dates.get("publication_date", [])
        reached = [float(week) for week in evidence.results["timepoint_weeks"] if not missing(week)]
        if starts and published and reached:
            start, out = min(starts, key=lambda d: d.first), max(published, key=lambda d: d.last)
            weeks = (out.last - start.first).days / 7
            if weeks < max(reached):
                yield Hit(
                    statement="Results are published sooner after the start than their longest follow-up.",
                    arithmetic=f"{start.first} to {out.last} is {weeks:.1f} weeks; results to week "
                    f"{max(reached):.1f}",
                    quantity_ids=(start.quantity_id, out.quantity_id),
                    severity=CERTAIN,
                )
