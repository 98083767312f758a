"""Dates, design fields and sessions that cannot stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from helpers.appraisal.contradictions import agree
from helpers.appraisal.evidence import (
    CERTAIN,
    LIKELY,
    MINOR,
    Hit,
    NotApplicable,
    Rule,
    StudyEvidence,
    missing,
    place_words,
    quantity_weeks,
    tidy,
)
from helpers.tables import split_ids
from helpers.tables.vocabulary import label
from trialfiles.times import weeks

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


_COMPARATORS = ("placebo", "untreated", "active")
_OPEN = re.compile(r"\b(not blinded|not masked|unblinded|unmasked|open[ -]label|none)\b", re.IGNORECASE)
_BLIND = re.compile(r"(?<!un)(?<!not )\b(blind(ed)?|masked)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ControlGroup(Rule):
    """A comparison group in the results of a study that says it has none."""

    name: str = "control-group"
    source: str = "Sterne JAC et al. BMJ 2016;355:i4919 (ROBINS-I: what was compared)"
    severity: str = CERTAIN
    inputs: str = "the stated comparison, the roles of the arms, the results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the results of a comparison group in a single-arm study."""
        if missing(evidence.study.get("comparison")) or evidence.results.empty:
            raise NotApplicable("no stated comparison, or no results")
        if evidence.study["comparison"] not in ("single_arm", "case"):
            return
        others = evidence.arms[evidence.arms["role"].isin(_COMPARATORS)]["arm_id"]
        rows = evidence.results[evidence.results["arm_id"].isin(others)].sort_values("result_id")
        if not rows.empty:
            names = [name for ids in rows["quantity_ids"] for name in split_ids(ids)]
            yield Hit(
                statement="The study describes itself as one without a control group and prints results of "
                "one.",
                arithmetic="arms by its own account: 1; arms with results: "
                f"{evidence.results['arm_id'].nunique()}; "
                f"results of the comparison group: {len(rows)}",
                quantity_ids=tuple(names),
                concepts=tuple(dict.fromkeys(rows["concept"])),
                statement_ids=tuple(row.statement_id for row in evidence.said("control_group")),
            )


@dataclass(frozen=True)
class BlockSize(Rule):
    """Randomisation blocks that do not go with the arms, the ratio or the sample size."""

    name: str = "block-size"
    source: str = "Schulz KF, Grimes DA. Lancet 2002;359:515-519 (blocks and allocation)"
    severity: str = CERTAIN
    inputs: str = "block size, allocation ratio, number of arms, planned participants"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield a block that the ratio does not divide, and a sample that is no whole number of blocks."""
        blocks = evidence.figures(role=("design",), concept="block_size")
        blocks = blocks[blocks["value"].notna()]
        if blocks.empty:
            raise NotApplicable("no block size is stated")
        ratios = evidence.figures(role=("design",), concept="allocation_ratio")
        ratio = next((self._parts(row.printed) for row in ratios.itertuples()), 0) or len(evidence.arms)
        names = tuple(ratios["quantity_id"])
        for row in blocks.itertuples():
            if ratio and row.value % ratio:
                yield Hit(
                    statement="A block cannot be divided among the arms in the stated ratio.",
                    arithmetic=f"{tidy(row.value)} / {ratio} = {tidy(row.value / ratio)}",
                    quantity_ids=(row.quantity_id, *names),
                )
            planned = evidence.count("n_planned")
            if planned and planned % row.value:
                yield Hit(
                    statement="The planned sample is no whole number of blocks, so that the last block "
                    "stays open.",
                    arithmetic=f"{planned} / {tidy(row.value)} = {tidy(planned / row.value)}",
                    quantity_ids=(row.quantity_id,),
                    severity=MINOR,
                )

    @staticmethod
    def _parts(printed: str) -> int:
        """Return the sum of a ratio such as 1:1:1 or 2:1; 0 when it is none."""
        return (
            sum(map(int, re.findall(r"\d+", printed)))
            if re.fullmatch(r"\d+(\s*:\s*\d+)+", printed.strip())
            else 0
        )


@dataclass(frozen=True)
class RegistryConflict(Rule):
    """A trial phase that stands in a record with two values."""

    name: str = "registry-conflict"
    source: str = "WHO trial registration data set 1.3.1; De Angelis C et al. N Engl J Med 2004;351:1250-1251"
    severity: str = CERTAIN
    inputs: str = "phases printed in the fields and the text of a source"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each phase that differs from the first one printed."""
        rows = list(evidence.figures(role=("design",), concept="phase").itertuples())
        if not rows:
            raise NotApplicable("no phase is printed")
        for row in rows[1:]:
            if not agree(rows[0], row):
                yield Hit(
                    statement="The trial phase stands in the source with two different values.",
                    arithmetic=f"{rows[0].printed} ({place_words(rows[0])}) against "
                    f"{row.printed} ({place_words(row)})",
                    quantity_ids=(rows[0].quantity_id, row.quantity_id),
                )


@dataclass(frozen=True)
class Masking(Rule):
    """An outcome called blinded in a study that is not."""

    name: str = "masking"
    source: str = "Schulz KF, Grimes DA. Lancet 2002;359:696-700 (blinding); CONSORT 2010, item 11a"
    severity: str = LIKELY
    inputs: str = "the masking field and the wording of the outcomes"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome whose measure is called blinded although the study says nobody is."""
        masking = evidence.study.get("masking")
        if missing(masking) or evidence.outcomes.empty:
            raise NotApplicable("no masking field, or no outcomes")
        if not _OPEN.search(masking) or _BLIND.search(_OPEN.sub("", masking)):
            return
        for row in evidence.outcomes.sort_values("outcome_id").itertuples():
            if not missing(row.measure) and _BLIND.search(row.measure):
                yield Hit(
                    statement=f"Nobody is masked by the study's own field ({masking}); its {row.priority} "
                    "outcome, "
                    f"{label(row.concept)}, is called blinded.",
                    arithmetic=f"masking: {masking}; measure: {row.measure}",
                    concepts=(row.concept,),
                    statement_ids=tuple(said.statement_id for said in evidence.said("assessor_masking")),
                )


@dataclass(frozen=True)
class DesignField(Rule):
    """A design called crossover in which two sites of one person are treated at the same time."""

    name: str = "design-field"
    source: str = "Cochrane Handbook 23.1.1 (within-person and crossover designs)"
    severity: str = LIKELY
    inputs: str = "the design in words, the comparison, the labels of the arms"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the contradiction between the design field and the arms."""
        design = evidence.study.get("design")
        if missing(design) or missing(evidence.study.get("comparison")):
            raise NotApplicable("no design or no comparison is stated")
        sites = (
            evidence.arms["label"].fillna("").str.contains(r"\b(?:area|site|side|half|scalp)\b", case=False)
        )
        within = evidence.study["comparison"] == "within_person" and sites.sum() >= 2
        if within and re.search(r"cross-?over", design, re.IGNORECASE):
            outcomes = evidence.outcomes[evidence.outcomes["priority"].isin(["primary", "secondary"])]
            concepts = [name for name in dict.fromkeys(outcomes["concept"]) if name != "adverse_events"]
            yield Hit(
                statement="The design field says crossover, while the arms are two areas of the same scalp "
                "treated "
                "side by side: no area changes over.",
                arithmetic=f"arms: {'; '.join(evidence.arms['label'].dropna())}",
                concepts=tuple(concepts),
                severity=CERTAIN if all(sites) else LIKELY,
                statement_ids=tuple(row.statement_id for row in evidence.said("comparison_design")),
            )


_SHARE = 0.1  # a month of 28 or 31 days, a visit some days late


@dataclass(frozen=True)
class SessionTimes(Rule):
    """Sessions that do not fall where their number and interval put them."""

    name: str = "session-times"
    source: str = "Hoffmann TC et al. BMJ 2014;348:g1687 (TIDieR, item 8: when and how much)"
    severity: str = LIKELY
    inputs: str = "numbered sessions with their times, the interval between sessions, the length of treatment"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield numbered sessions at the wrong time, and courses that do not fit their length."""
        intervals = self._weeks(evidence, "session_interval")
        numbered = [row for row in self._sessions(evidence) if not missing(row.timepoint_printed)]
        lengths = self._weeks(evidence, "treatment_duration")
        counts = [row for row in self._sessions(evidence) if missing(row.timepoint_printed)]
        if not intervals or not (numbered or (lengths and counts)):
            raise NotApplicable(
                "no interval with numbered sessions, or with their number and the length of treatment"
            )
        step, source = intervals[0]
        late = [(row, weeks(row.timepoint_printed), (row.value - 1) * step) for row in numbered]
        late = [
            (row, at, due)
            for row, at, due in late
            if at is not None and abs(at - due) > _SHARE * max(at, due)
        ]
        if late:
            told = "; ".join(
                f"session {tidy(row.value)}: {tidy(due)}, told at {tidy(at)}" for row, at, due in late
            )
            yield Hit(
                statement="Numbered sessions are told at times that their interval does not give, counted "
                "from a first "
                "session at the start.",
                arithmetic=f"interval {tidy(step)} weeks; in weeks from the start, {told}",
                quantity_ids=(source, *(row.quantity_id for row, _, _ in late)),
            )
        yield from self._course(counts, lengths, step, source)

    @staticmethod
    def _course(counts, lengths, step: float, source: str) -> Iterator[Hit]:
        for row in counts:
            for length, name in lengths:
                if (row.value - 1) * step * (1 - _SHARE) > length:
                    yield Hit(
                        statement="The sessions do not fit into the time over which treatment is said to be "
                        "given.",
                        arithmetic=f"({tidy(row.value)} - 1) x {tidy(step)} weeks > {tidy(length)} weeks",
                        quantity_ids=(row.quantity_id, source, name),
                        severity=CERTAIN,
                    )

    @staticmethod
    def _sessions(evidence: StudyEvidence) -> list:
        rows = evidence.figures(role=("design",), concept="sessions")
        return list(rows[rows["value"].notna()].itertuples())

    @staticmethod
    def _weeks(evidence: StudyEvidence, concept: str) -> list[tuple[float, str]]:
        rows = evidence.figures(role=("design",), concept=concept)
        found = [(quantity_weeks(row), row.quantity_id) for row in rows.itertuples()]
        return [(value, name) for value, name in found if value]
