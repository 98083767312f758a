"""Mean changes and their SDs against the levels before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label


def mean_changes(evidence: StudyEvidence) -> list[tuple]:
    """Return the rows of mean change with their printed mean and, where stated, SD."""
    rows = [
        (row, evidence.figure(row, "mean"), evidence.figure(row, "sd"))
        for row in result_rows(evidence, "change")
    ]
    return [item for item in rows if item[1]]


def result_rows(evidence: StudyEvidence, kind: str, **wanted):
    """Return an iterator over the result rows of a kind whose columns equal the given values."""
    return iter(evidence.observed(kind=kind, **wanted))


@dataclass(frozen=True)
class ChangeOfLevels(Rule):
    """A mean change that is not the difference of the printed means, or an SD that no correlation gives."""

    name: str = "change-of-levels"
    source: str = (
        "Cochrane Handbook for Systematic Reviews of Interventions 6.5.2.8 (SD of change and correlation)"
    )
    severity: str = CERTAIN
    inputs: str = "mean change with the means, and SDs, before and after in the same group"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each change that contradicts its levels."""
        tested = 0
        for row, change, sd in mean_changes(evidence):
            place = {"arm_id": row.arm_id, "concept": row.concept, "site": row.site}
            before = next(result_rows(evidence, "level", **place, timepoint_weeks=0.0), None)
            after = next(result_rows(evidence, "level", **place, timepoint_weeks=row.timepoint_weeks), None)
            if before is None or after is None or missing(row.timepoint_weeks):
                continue
            pairs = [(evidence.figure(r, "mean"), evidence.figure(r, "sd")) for r in (before, after)]
            (m0, s0), (m1, s1) = pairs
            if m0 and m1:
                tested += 1
                same_n = len({int(r.n) for r in (row, before, after) if not missing(r.n)}) == 1
                same_n = same_n and not any(missing(r.n) for r in (row, before, after))
                yield from self._mean(row, change, m0, m1, same_n)
                if sd and s0 and s1:
                    yield from self._sd(row, sd, s0, s1, same_n)
        if not tested:
            raise NotApplicable("no mean change beside the means before and after")

    def _mean(self, row, change, m0, m1, same_n: bool) -> Iterator[Hit]:
        expected = m1.value - m0.value
        room = [(f.interval(wide)[1] - f.value) for wide in (False, True) for f in (change, m0, m1)]
        if abs(change.value - expected) > sum(room[:3]):
            certain = same_n and abs(change.value - expected) > sum(room[3:])
            yield Hit(
                statement=f"The mean change in {label(row.concept)} is not the difference of the means "
                "before and "
                f"after ({row.arm_id}).",
                arithmetic=f"{tidy(m1.value)} - {tidy(m0.value)} = {tidy(expected)}, printed "
                f"{tidy(change.value)}",
                quantity_ids=(change.quantity_id, m0.quantity_id, m1.quantity_id),
                concepts=(row.concept,),
                severity=CERTAIN if certain else LIKELY,
            )

    def _sd(self, row, sd, s0, s1, same_n: bool) -> Iterator[Hit]:
        def fits(wide: bool) -> bool:
            (a, b), (c, d), (low, high) = (figure.interval(wide) for figure in (s0, s1, sd))
            return high >= max(a - d, c - b, 0) and low <= b + d

        if not fits(False):
            r = (s0.value**2 + s1.value**2 - sd.value**2) / max(2 * s0.value * s1.value, 1e-12)
            yield Hit(
                statement="No correlation between before and after gives the SD of change in "
                f"{label(row.concept)}.",
                arithmetic=f"({tidy(s0.value)}² + {tidy(s1.value)}² - {tidy(sd.value)}²) / (2 x "
                f"{tidy(s0.value)} x "
                f"{tidy(s1.value)}) = {r:.2f}, outside -1 to 1",
                quantity_ids=(sd.quantity_id, s0.quantity_id, s1.quantity_id),
                concepts=(row.concept,),
                severity=CERTAIN if same_n and not fits(True) else LIKELY,
            )
