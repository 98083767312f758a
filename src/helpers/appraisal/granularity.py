"""Means and SDs of whole numbers against n: GRIM, GRIMMER and DEBIT."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

# What is counted in whole numbers for each person; grades are whole unless a scale has halves.
COUNTED = {"hair_count"}
GRADED = {"severity_stage", "investigator_global", "patient_global", "hair_density_grade"}
_SHOWN = 12  # sizes of a group that are listed as possible
PEOPLE = {"noticed_improvement", "satisfaction"}  # yes or no for each person


def grim(mean: PrintedFigure, n: int, wide: bool = False) -> bool:
    """Return whether n whole numbers can have a printed mean.

    Notes
    -----
    Brown NJL, Heathers JAJ. Social Psychological and Personality Science 2017;8:363-369. Halves may be
    rounded either way; `wide` allows cut-off digits too.

    """
    return bool(_sums(mean, n, wide))


def grimmer(mean: PrintedFigure, sd: PrintedFigure, n: int, wide: bool = False) -> bool:
    """Return whether n whole numbers can have a printed mean and sample SD.

    The sum of squares is a whole number, is odd when the sum is odd, and is at least that of the n
    whole numbers closest together.

    Notes
    -----
    Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1. Allard A. Analytic-GRIMMER, 2018.

    """
    if n < 2:
        return False
    low, high = sd.interval(wide)
    for total in _sums(mean, n, wide):
        base, rest = divmod(total, n)
        least = (n - rest) * base**2 + rest * (base + 1) ** 2
        first = max(least, math.ceil((n - 1) * max(low, 0) ** 2 + total**2 / n - 1e-6))
        last = math.floor((n - 1) * high**2 + total**2 / n + 1e-6)
        if last > first or (last == first and (first - total) % 2 == 0):
            return True
    return False


def debit(mean: PrintedFigure, sd: PrintedFigure, n: int, wide: bool = False) -> bool:
    """Return whether n values of 0 or 1 can have a printed mean and sample SD.

    Notes
    -----
    Heathers JAJ, Brown NJL. DEBIT: a simple consistency test for binary data. 2019.

    """
    low, high = sd.interval(wide)
    return any(
        low <= math.sqrt(count * (n - count) / (n * (n - 1))) <= high
        for count in _sums(mean, n, wide)
        if n > 1 and 0 <= count <= n
    )


def _sums(mean: PrintedFigure, n: int, wide: bool) -> range:
    """Return the whole sums that give the printed mean."""
    low, high = mean.interval(wide)
    return range(math.ceil(low * n - 1e-6), math.floor(high * n + 1e-6) + 1)


@dataclass(frozen=True)
class Granularity(Rule):
    """Means and SDs of counts or grades that no n whole numbers can have."""

    name: str = "granularity"
    source: str = (
        "Brown and Heathers 2017 (GRIM); Anaya 2016, Allard 2018 (GRIMMER); Heathers and Brown 2019 (DEBIT)"
    )
    severity: str = CERTAIN
    inputs: str = "means and SDs of whole-number outcomes with n"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each mean, or mean with SD, that whole numbers cannot have."""
        tested = 0
        for row in evidence.observed(kind="level"):
            mean, sd = evidence.figure(row, "mean"), evidence.figure(row, "sd")
            binary = row.concept in PEOPLE and sd is not None and mean is not None and mean.value < 1
            if mean is None or missing(row.n) or not (binary or row.concept in COUNTED | GRADED):
                continue
            tested += 1
            hit = self._judge(row, mean, sd, debit if binary else grimmer)
            if hit:
                yield hit
        if not tested:
            raise NotApplicable("no mean of a whole-number outcome with its n")

    def _judge(self, row, mean: PrintedFigure, sd: PrintedFigure | None, test) -> Hit | None:
        n = int(row.n)

        def passes(wide: bool) -> bool:
            return grim(mean, n, wide) and (sd is None or test(mean, sd, n, wide))

        if passes(False):
            return None
        spread = "" if sd is None else f" with SD {tidy(sd.value)}"
        near = sorted({math.floor(mean.value * n) / n, math.ceil(mean.value * n) / n})
        names = [mean.quantity_id, *([sd.quantity_id] if sd else [])]
        sizes = [k for k in range(2, 2 * n + 1) if grim(mean, k) and (sd is None or test(mean, sd, k))]
        fitting = ", ".join(map(str, sizes[:_SHOWN])) + (" ..." if len(sizes) > _SHOWN else "")
        # A scale may have half grades, and a count may be the mean of two areas.
        certain = not passes(True) and row.concept not in GRADED and " and " not in row.site
        return Hit(
            statement=f"A mean {label(row.concept)} of {tidy(mean.value)}{spread} cannot come from {n} "
            "whole numbers.",
            arithmetic=f"{tidy(mean.value)} x {n} = {tidy(mean.value * n)}; nearest means "
            + " and ".join(f"{value:.4f}" for value in near)
            + f"; of n = 2 to {2 * n} possible: {fitting or 'none'}",
            quantity_ids=tuple(names),
            concepts=(row.concept,),
            severity=CERTAIN if certain else LIKELY,
        )
