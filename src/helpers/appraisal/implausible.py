"""A mean change that is larger, in its own standard deviations, than any treatment of hair loss shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from scipy import optimize, stats

from helpers.appraisal.change import mean_changes
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

CHANCE = 0.025  # of each side of the 95 % interval of a standardised change


@dataclass(frozen=True)
class ImplausibleChange(Rule):
    """A standardised mean change beyond what the arms of comparators show.

    The limit is the largest change, in SDs of change, of any comparator arm that states both, of the same
    outcome where there is one. A study is named when the whole 95 % interval of its own standardised
    change, rounding included, lies above that limit.
    """

    name: str = "implausible-change"
    source: str = (
        "Morris SB, DeShon RP. Psychol Methods 2002;7:105-125 (standardised mean change); Steiger JH. "
        "Psychol Methods 2004;9:164-182 (its exact interval, by the noncentral t); limit from the table "
        "comparators"
    )
    severity: str = LIKELY
    inputs: str = "mean change with its SD, beside comparator arms with theirs"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each mean change that lies beyond all comparators."""
        changes = [item for item in mean_changes(evidence) if item[2] is not None and item[2].value > 0]
        if not changes:
            raise NotApplicable("no mean change with its SD")
        arms = standardised_comparators(evidence.comparators)
        if arms.empty:
            raise NotApplicable("no comparator arm with a mean change and its SD")
        for row, change, sd in changes:
            alike = arms[arms["concept"] == row.concept]
            beside = arms if alike.empty else alike
            n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled")
            least = smallest_change(change, sd, n)
            if least > beside["standardised"].max():
                yield _hit(row, change, sd, n, least, beside)


def standardised_comparators(comparators: pd.DataFrame) -> pd.DataFrame:
    """Return the comparator arms that state a mean change and its SD, with the ratio as `standardised`.

    Parameters
    ----------
    comparators : pandas.DataFrame
        Rows of the table `comparators`.

    Returns
    -------
    pandas.DataFrame
        Those rows, the largest ratio last, equal ones by their name.

    """
    changes = comparators[(comparators["statistic"] == "change") & (comparators["change_sd"] > 0)]
    sizes = (changes["change_mean"] / changes["change_sd"]).abs()
    return changes.assign(standardised=sizes).sort_values(["standardised", "row_id"])


def smallest_change(change: PrintedFigure, sd: PrintedFigure, n: int | None) -> float:
    """Return the lower limit of a standardised mean change, in SDs of change.

    Parameters
    ----------
    change, sd : PrintedFigure
        The mean change and its SD; the rounding that gives the smallest ratio is taken.
    n : int or None
        Participants; with fewer than two, or None, the ratio itself is returned, without an interval.

    Returns
    -------
    float
        Lower 95 % limit by the noncentral t distribution, never below 0.

    """
    ratio = max(abs(change.value) - change.unit / 2, 0) / sd.high
    if n is None or n < 2 or ratio == 0:
        return ratio
    t = ratio * math.sqrt(n)

    def beyond(shift: float) -> float:
        return float(stats.nct.sf(t, n - 1, shift)) - CHANCE

    return 0.0 if beyond(0.0) > 0 else optimize.brentq(beyond, 0.0, t) / math.sqrt(n)


def _hit(row, change, sd, n: int | None, least: float, beside: pd.DataFrame) -> Hit:
    top, low = beside.iloc[-1], beside["standardised"].iloc[0]
    counted = "the number of participants is not stated" if n is None else f"n = {n}"
    as_se = ""
    if n:
        spread, rest = tidy(sd.value * math.sqrt(n)), change.value / sd.value / math.sqrt(n)
        as_se = f"; were it an SE of {n} people, the SD would be {spread} and the ratio {rest:.2f}"
    return Hit(
        statement=f"The change in {label(row.concept)} ({row.arm_id}) is so even over patients that, in its "
        f"standard deviations, it exceeds that of each of {len(beside)} arms of other treatments and "
        "placebo; an SE printed as SD would look like this.",
        arithmetic=f"{tidy(change.value)} / {tidy(sd.value)} = {change.value / sd.value:.2f}; at least "
        f"{least:.2f} ({counted}, 95 % limit, rounding included); comparators {low:.2f} to "
        f"{top['standardised']:.2f}, the largest {top['study_id']} ({top['treatment']}, "
        f"{tidy(top['change_mean'])} / {tidy(top['change_sd'])}){as_se}",
        quantity_ids=(change.quantity_id, sd.quantity_id),
        concepts=(row.concept,),
    )
