"""Single pairs before and after: the ends of the baseline range, and figures that do not move."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.change import mean_changes, result_rows
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import LIKELY, MINOR, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

_AT_THE_END = "it equals one of the two, so that nearly everybody would have to change like that end."


def value_pairs(evidence: StudyEvidence, concept: str | None = None) -> list[tuple]:
    """Return the row, the figure before and the figure after of each arm, outcome and site."""
    rows = [row for row in result_rows(evidence, "level") if concept in (None, row.concept)]
    found = []
    for row in rows:
        before = evidence.figure(row, "mean") or evidence.figure(row, "percent")
        if missing(row.timepoint_weeks) or row.timepoint_weeks != 0 or before is None:
            continue
        same = [r for r in rows if (r.arm_id, r.concept, r.site) == (row.arm_id, row.concept, row.site)]
        for later in (r for r in same if missing(r.timepoint_weeks) or r.timepoint_weeks > 0):
            after = evidence.figure(later, "mean") or evidence.figure(later, "percent")
            found += [(row, before, after)] if after else []
    return found


@dataclass(frozen=True)
class ChangeOfExtremes(Rule):
    """A mean change, or its SD, that the changes at both ends of the baseline range do not suggest."""

    name: str = "change-of-extremes"
    source: str = "Bhatia R, Davis C. Am Math Mon 2000;107:353-357; ends of the range as bounds of the change"
    severity: str = LIKELY
    inputs: str = "mean change, and the values before and after of those lowest and highest at baseline"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield a mean outside the changes of the extremes, and an SD too large for them."""
        tested = 0
        for row, change, sd in mean_changes(evidence):
            pairs = self._ends(evidence, row)
            if len(pairs) < 2:
                continue
            tested += 1
            changes = sorted(after.value - before.value for before, after in pairs)
            told = "; ".join(
                f"{tidy(before.value)} to {tidy(after.value)} is {tidy(after.value - before.value)}"
                for before, after in pairs
            )
            names = tuple(figure.quantity_id for pair in pairs for figure in pair)
            low, high = changes[0], changes[-1]
            if not low < change.value < high and not (low == change.value == high):
                outside = change.low > high or change.high < low
                yield Hit(
                    statement=f"The mean change in {label(row.concept)} is not between the changes of the "
                    "patients "
                    "lowest and highest at baseline; "
                    + ("those in between would have to change more than both." if outside else _AT_THE_END),
                    arithmetic=f"mean change {tidy(change.value)}; {told}",
                    quantity_ids=(change.quantity_id, *names),
                    concepts=(row.concept,),
                    severity=LIKELY if outside else MINOR,
                )
            yield from self._spread(evidence, row, sd, low, high, told, names)
        if not tested:
            raise NotApplicable("no mean change beside the values of the extremes before and after")

    @staticmethod
    def _spread(evidence, row, sd: PrintedFigure | None, low, high, told, names) -> Iterator[Hit]:
        n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled") or 2
        largest = (high - low) / 2 * math.sqrt(n / (n - 1)) if n > 1 else 0.0
        if sd is not None and sd.low > largest:
            yield Hit(
                statement=f"The SD of change in {label(row.concept)} is larger than changes between those "
                "of the "
                "extremes can give; other patients would have to change much more or much less than both "
                "ends.",
                arithmetic=f"{told}; largest SD between {tidy(low)} and {tidy(high)} with n = {n}: "
                f"({tidy(high)} - {tidy(low)}) / 2 x sqrt({n}/{n - 1}) = {largest:.2f}, printed "
                f"{tidy(sd.value)}",
                quantity_ids=(sd.quantity_id, *names),
                concepts=(row.concept,),
            )

    @staticmethod
    def _ends(evidence: StudyEvidence, row) -> list[tuple[PrintedFigure, PrintedFigure]]:
        """Return before and after of each subgroup that starts at an end of the baseline range."""
        place = {"arm_id": row.arm_id, "concept": row.concept}
        base = list(result_rows(evidence, "level", **place, timepoint_weeks=0.0))
        figures = [evidence.figure(r, end) for r in base for end in ("minimum", "maximum")]
        ends = {figure.value for figure in figures if figure}
        pairs = []
        for start in base:
            first = evidence.figure(start, "mean")
            after = result_rows(
                evidence, "level", **place, site=start.site, timepoint_weeks=row.timepoint_weeks
            )
            last = next((figure for r in after if (figure := evidence.figure(r, "mean"))), None)
            if first and last and first.value in ends and missing(start.sd):
                pairs.append((first, last))
        return pairs


@dataclass(frozen=True)
class NoChange(Rule):
    """A figure that stays the same while its companions improve."""

    name: str = "no-change"
    source: str = "internal consistency of the report (CARE 2013, item 10: outcomes as measured)"
    severity: str = MINOR
    inputs: str = "the same outcome, arm and site before and after, in more than one site or arm"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each pair that does not move although another pair of the outcome does."""
        pairs = value_pairs(evidence)
        if len(pairs) < 2:
            raise NotApplicable("fewer than two pairs of the same outcome before and after")
        for row, before, after in pairs:
            moved = [r for r, b, a in pairs if r.concept == row.concept and a.value != b.value]
            claimed = evidence.said("every_pair", row.concept)  # the rule on every pair tells of these
            if before.value == after.value and moved and not claimed:
                yield Hit(
                    statement=f"The {label(row.concept)} of {row.arm_id} ({row.site}) is the same before "
                    "and after, "
                    f"while {len(moved)} other {'pairs' if len(moved) > 1 else 'pair'} of this outcome "
                    "moved.",
                    arithmetic=f"{tidy(after.value)} - {tidy(before.value)} = 0",
                    quantity_ids=(before.quantity_id, after.quantity_id),
                    concepts=(row.concept,),
                )
