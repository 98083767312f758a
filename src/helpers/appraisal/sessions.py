"""Treatment sessions against the times at which they are said to have happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence, quantity_weeks
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.sources import weeks

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
