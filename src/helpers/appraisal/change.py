"""Mean changes against the levels before and after, and against what their size can be."""

from __future__ import annotations

import math
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


@dataclass(frozen=True)
class ImplausibleChange(Rule):
    """A standardised mean change beyond what hair trials show."""

    name: str = "implausible-change"
    source: str = "Morris SB, DeShon RP. Psychol Methods 2002;7:105-125 (standardised mean change)"
    severity: str = LIKELY
    inputs: str = "mean change with its SD"
    limit: float = 3.0  # SDs of change; trials of established hair treatments stay well below 2

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each mean change of more than `limit` SDs of change."""
        changes = [item for item in mean_changes(evidence) if item[2] is not None and item[2].value > 0]
        if not changes:
            raise NotApplicable("no mean change with its SD")
        for row, change, sd in changes:
            smallest = max(abs(change.value) - change.unit / 2, 0) / sd.high
            if smallest > self.limit:
                n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled")
                as_se = (
                    ""
                    if not n
                    else (
                        f"; were it an SE of {n} people, the SD would be {tidy(sd.value * math.sqrt(n))} "
                        "and the ratio "
                        f"{change.value / sd.value / math.sqrt(n):.2f}"
                    )
                )
                yield Hit(
                    statement=f"The change in {label(row.concept)} ({row.arm_id}) is so even over patients "
                    "that it "
                    f"exceeds {tidy(self.limit)} standard deviations; an SE printed as SD would look like "
                    "this.",
                    arithmetic=f"{tidy(change.value)} / {tidy(sd.value)} = {change.value / sd.value:.2f}; "
                    f"at least {smallest:.2f} with rounding; limit {tidy(self.limit)}{as_se}",
                    quantity_ids=(change.quantity_id, sd.quantity_id),
                    concepts=(row.concept,),
                )
