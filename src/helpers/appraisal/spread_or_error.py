"""A standard deviation that is far too small: a standard error under another name, or a misprint."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from scipy import stats

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

RATIO = 3.0  # how many times smaller than its neighbour an SD must be to be looked at
CHANCE = 1e-5  # two-sided F test of equal variances
_ALIKE = 1.6  # SE x sqrt(n) within this factor of the neighbour counts as an SE


@dataclass(frozen=True)
class _Spread:
    row: Any
    mean: PrintedFigure
    sd: PrintedFigure
    n: int

    @property
    def who(self) -> str:
        """Group and time in words."""
        time = "" if missing(self.row.timepoint_printed) else f", {self.row.timepoint_printed}"
        return f"{self.row.arm_id}{time}"


@dataclass(frozen=True)
class SdOrSe(Rule):
    """SDs that are improbably small beside the other groups, the range or the posted p value."""

    name: str = "sd-or-se"
    source: str = (
        "Higgins JPT et al. Cochrane Handbook 6.5.2.3 (standard errors given as SDs); F test of variances; "
        "smallest SD of n values with a given range, R / sqrt(2 (n - 1))"
    )
    severity: str = LIKELY
    inputs: str = "means and SDs with the number of participants, beside another group, a range or a p value"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each SD that is too small to be one."""
        groups: dict[tuple, list[_Spread]] = {}
        tested = False
        for row in evidence.observed():
            mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
            if mean is None or sd is None or missing(row.n) or int(row.n) < 3 or not missing(row.se):
                continue
            spread = _Spread(row, mean, sd, int(row.n))
            key = (row.concept, row.site, row.kind, _word(row.measure), _word(row.category))
            groups.setdefault(key, []).append(spread)
            if not missing(row.minimum) and not missing(row.maximum):
                tested = True
                yield from _below_range(spread)
        for spreads in groups.values():
            tested = tested or len(spreads) > 1
            yield from _beside_others(spreads)
            yield from _against_p(evidence, spreads)
        if not tested:
            raise NotApplicable("no two SDs of one outcome, and no SD beside a range")


def _word(cell: Any) -> str:
    return "" if missing(cell) else str(cell)


def _named(row: Any) -> str:
    """Return what was measured, in the source's words where the vocabulary has none."""
    if row.concept != "other_outcome":
        return label(row.concept)
    return _word(row.measure) or (row.site if row.site != "all" else label(row.concept))


def _beside_others(spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare each SD with the others of the outcome; the one that most others disown is named once."""
    found: dict[str, tuple[_Spread, _Spread, float]] = {}
    for one, other in combinations(spreads, 2):
        small, large = sorted((one, other), key=lambda item: item.sd.value)
        if small.sd.value <= 0 or large.sd.value < RATIO * small.sd.value:
            continue
        ratio = (large.sd.low / small.sd.high) ** 2
        chance = 2 * float(stats.f.sf(ratio, large.n - 1, small.n - 1))
        same_time = small.row.timepoint_weeks == large.row.timepoint_weeks
        if chance < CHANCE and (small.row.result_id not in found or same_time):
            found[small.row.result_id] = (small, large, chance)
    for small, large, chance in found.values():
        scaled = small.sd.value * math.sqrt(small.n)
        alike = large.sd.value / _ALIKE <= scaled <= large.sd.value * _ALIKE
        guess = "which is what a standard error would be" if alike else "a misprint, or another quantity"
        times = large.sd.value / small.sd.value
        yield Hit(
            statement=f"{_named(small.row)}: the SD of {tidy(small.sd.value)} ({small.who}) is improbable "
            f"beside {tidy(large.sd.value)} ({large.who}): {times:.1f} times smaller, {guess}.",
            arithmetic=f"{tidy(small.sd.value)} x sqrt({small.n}) = {scaled:.3g}, beside "
            f"{tidy(large.sd.value)}; F test of equal variances, n = {small.n} and {large.n}: "
            f"p = {chance:.1g}",
            quantity_ids=(small.sd.quantity_id, large.sd.quantity_id),
            concepts=(small.row.concept,),
        )


def _below_range(spread: _Spread) -> Iterator[Hit]:
    """Compare an SD with the smallest that n values with a given range can have."""
    width = float(spread.row.maximum) - float(spread.row.minimum)
    least = width / math.sqrt(2 * (spread.n - 1)) if width > 0 else 0.0
    if spread.sd.widest[1] < least:
        yield Hit(
            statement=f"{_named(spread.row)}: an SD of {tidy(spread.sd.value)} ({spread.who}) is smaller "
            f"than any {spread.n} values that range over {tidy(width)} can have.",
            arithmetic=f"smallest SD: {tidy(width)} / sqrt(2 x {spread.n - 1}) = {least:.3g}; "
            f"{tidy(spread.sd.value)} x sqrt({spread.n}) = {spread.sd.value * math.sqrt(spread.n):.3g}",
            quantity_ids=(spread.mean.quantity_id, spread.sd.quantity_id),
            concepts=(spread.row.concept,),
            severity=CERTAIN,
        )


def _against_p(evidence: StudyEvidence, spreads: list[_Spread]) -> Iterator[Hit]:
    """Compare a posted p of two groups with the p that their SDs give, read as SDs and as SEs."""
    if len(spreads) != 2 or spreads[0].row.arm_id == spreads[1].row.arm_id:
        return
    one, other = spreads
    outcome = str(one.row.result_id).rpartition(".c")[0]
    posted = [
        row
        for row in evidence.quantities.itertuples()
        if outcome and row.kind == "p_value" and str(row.quantity_id).startswith(f"{outcome}.a")
    ]
    if len(posted) != 1 or missing(posted[0].value) or not 0 < posted[0].value < 1:
        return
    if "<" in posted[0].printed or ">" in posted[0].printed:
        return
    as_sd = _welch(one, other, 1.0)
    as_se = _welch(one, other, None)
    p = float(posted[0].value)
    if as_sd < p / 100 and p / 5 <= as_se <= min(1.0, p * 5):
        yield Hit(
            statement=f"{_named(one.row)}: the SDs of {tidy(one.sd.value)} and {tidy(other.sd.value)} "
            f"give p = {as_sd:.1g}, far below the posted {tidy(p)}; read as standard errors they give "
            f"{as_se:.2g}.",
            arithmetic=f"Welch t test of {tidy(one.mean.value)} and {tidy(other.mean.value)}, "
            f"n = {one.n} and {other.n}",
            quantity_ids=(one.sd.quantity_id, other.sd.quantity_id, posted[0].quantity_id),
            concepts=(one.row.concept,),
        )


def _welch(one: _Spread, other: _Spread, scale: float | None) -> float:
    """Return the p of two groups; `scale` None multiplies each spread by the root of its n."""
    sds = [item.sd.value * (math.sqrt(item.n) if scale is None else scale) for item in (one, other)]
    result = stats.ttest_ind_from_stats(
        one.mean.value, sds[0], one.n, other.mean.value, sds[1], other.n, equal_var=False
    )
    return float(result.pvalue) if result.pvalue == result.pvalue else 1.0
