"""What a trial of a planned size can show, and how much it would teach, given how people differ.

What a trial teaches is the share of the uncertainty about the effect against a control that its planned
size would remove: prior variance / (prior variance + variance of its estimate). A trial without a control
carries the drift of people who are not treated as a further variance; one against another treatment, how
far that treatment's own effect differs between its trials, and all that is unknown where nobody knows it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from statsmodels.stats.power import TTestIndPower, TTestPower

from helpers.synthesis.beside_treatments import CONTROLS, comparator_changes, placebo_differences
from helpers.tables import records

CONTROLLED = ("parallel", "within_person")


@dataclass(frozen=True)
class Spread:
    """What is assumed of people: SD of the change, drift of the untreated, correlation of two sites."""

    sd: float = 20.0
    sd_low: float | None = None
    sd_high: float | None = None
    drift_sd: float | None = None
    site_correlation: float = 0.7
    prior_sd: float = 20.0
    active_sd: Mapping[str, float | None] = field(default_factory=dict)  # other treatments v placebo


def spread_of(comparators: pd.DataFrame | None, sd: float = 20.0, site_correlation: float = 0.7) -> Spread:
    """Return the spread that arms of established treatments show, hair density in hairs/cm².

    Parameters
    ----------
    comparators : pandas.DataFrame or None
        Table `comparators`: the SDs of change, and how far placebo arms drifted apart.
    sd : float
        SD of the change that the planned calculations use; also the prior SD of an effect.
    site_correlation : float
        Correlation between two sites of one scalp.

    """
    base = Spread(sd=sd, site_correlation=site_correlation, prior_sd=sd)
    if comparators is None or comparators.empty:
        return base
    rows = [
        row
        for row in records(comparators)
        if (row["concept"], row["unit"], row["statistic"]) == ("hair_density", "hairs/cm2", "change")
    ]
    sds = [row["change_sd"] for row in rows if row["change_sd"]]
    idle = [
        row["change_mean"]
        for row in rows
        if row["treatment"] in ("placebo", "untreated") and row["change_mean"] is not None
    ]
    drift = float(pd.Series(idle).std()) if len(idle) > 1 else None
    low, high = min(sds, default=None), max(sds, default=None)
    return Spread(sd, low, high, drift, site_correlation, sd, _active_sds(comparators))


def _active_sds(comparators: pd.DataFrame) -> dict[str, float | None]:
    """Return for each other treatment the SD of its differences from placebo; None from fewer than three."""
    found = [
        row for row in placebo_differences(comparator_changes(comparators)) if row["unit"] == "hairs/cm2"
    ]
    sizes: dict[str, list[float]] = {name: [] for name in comparators["treatment"] if name not in CONTROLS}
    for row in found:
        sizes[row["treatment"]].append(row["effect"])
    return {name: float(pd.Series(own).std()) if len(own) > 2 else None for name, own in sizes.items()}


def expected_se(comparison: str | None, n: int | None, groups: int, spread: Spread) -> float | None:
    """Return the standard error that a trial's estimate of hair density will have, hairs/cm²."""
    if not n or n < 4:
        return None
    if comparison == "within_person":
        return spread.sd * math.sqrt(2 * (1 - spread.site_correlation) / n)
    if comparison == "parallel":
        return spread.sd * math.sqrt(2 * groups / n)
    return spread.sd / math.sqrt(n)


def detectable(
    comparison: str | None, n: int | None, groups: int, power: float, alpha: float, site_correlation: float
) -> float | None:
    """Return the smallest difference that a t test can detect, in SDs of the change between people."""
    if not n or n < 4:
        return None
    if comparison == "parallel":
        return float(TTestIndPower().solve_power(nobs1=n / groups, alpha=alpha, power=power))
    size = float(TTestPower().solve_power(nobs=n, alpha=alpha, power=power))
    return size * math.sqrt(2 * (1 - site_correlation)) if comparison == "within_person" else size


def detectable_sizes(row: dict[str, Any], groups: int, spread: Spread, alpha: float) -> dict[str, Any]:
    """Return the differences detectable at 80 and 90 % power, and over the SDs that comparators show."""
    sizes = [
        detectable(row["comparison"], row["n_planned"], groups, power, alpha, spread.site_correlation)
        for power in (0.8, 0.9)
    ]
    if sizes[0] is None:
        return dict.fromkeys(("detectable_80", "detectable_90", "detectable_80_low", "detectable_80_high"))
    return {
        "detectable_80": sizes[0] * spread.sd,
        "detectable_90": sizes[1] * spread.sd,
        "detectable_80_low": None if spread.sd_low is None else sizes[0] * spread.sd_low,
        "detectable_80_high": None if spread.sd_high is None else sizes[0] * spread.sd_high,
    }


def teaches(
    comparison: str | None, se: float | None, spread: Spread, against: str | None = None
) -> float | None:
    """Return the share of the uncertainty about the effect against a control that a trial would remove."""
    if se is None:
        return None
    if comparison in CONTROLLED:
        extra = _unknown_of(against, spread)
    else:  # the drift without a control; where nobody measured it, it may be as large as an effect
        extra = spread.prior_sd if spread.drift_sd is None else spread.drift_sd
    return spread.prior_sd**2 / (spread.prior_sd**2 + se**2 + extra**2)


def _unknown_of(against: str | None, spread: Spread) -> float:
    """Return the SD of what is not known of another treatment's own effect; 0 for a control."""
    words = (against or "").lower()
    if words.endswith(("in both arms", "alone")):  # exosomes are added to it: it cancels
        return 0.0
    named = [sd for name, sd in spread.active_sd.items() if name.lower() in words]
    return max((spread.prior_sd if sd is None else sd for sd in named), default=0.0)
