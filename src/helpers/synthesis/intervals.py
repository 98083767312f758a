"""Intervals around a pooled effect and its heterogeneity."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy.special import chdtrc, chdtri, ndtr, ndtri, stdtr, stdtrit

from helpers.synthesis.tau2 import typical_variance
from helpers.synthesis.tau2_roots import q_root

PREDICTION_KINDS = ("z", "t", "riley", "simple")
Interval = tuple[float, float]


@dataclass(frozen=True)
class HeterogeneityInterval:
    """Q-profile limits (lower, upper): tau2 in squared units, tau in units, i2 in percent, h2 a ratio.

    `empty` says that no tau2 fits: the effects are closer to each other than their errors let expect.
    """

    tau2: Interval
    tau: Interval
    i2: Interval
    h2: Interval
    level: float
    empty: bool = False


def critical_value(level: float, df: float | None) -> float:
    """Two-sided critical value of the normal (df None) or t distribution."""
    upper = 0.5 + level / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def two_sided_p(stat: Any, df: float | None) -> Any:
    """Two-sided p-value of a normal (df None) or t statistic."""
    return 2.0 * (ndtr(-np.abs(stat)) if df is None else stdtr(df, -np.abs(stat)))


def chi2_p(q: Any, df: Any) -> Any:
    """Upper tail of the chi-squared distribution; 1 where no degree of freedom is left."""
    with np.errstate(invalid="ignore"):
        return np.where(np.asarray(df) > 0, chdtrc(np.maximum(df, 1), q), 1.0)


def prediction_limits(
    estimate: float, se: float, tau2: float, k: int, kind: str, level: float, p: int = 1
) -> Interval:
    """Limits for the effect of a new study: normal ("z"), t with k - p ("t") or k - p - 1 ("riley").

    "simple" takes the mean as known: normal, from tau alone. NaN, with a warning, where no degree of freedom
    is left; but "riley" then takes one, with a warning, as metafor does while k - p is 1.
    """
    df = {"z": None, "simple": None, "t": k - p, "riley": k - p - 1}[kind]
    if kind == "riley" and df == 0:
        warnings.warn(
            f"riley: no degree of freedom with k = {k}; one is taken, as metafor does", stacklevel=3
        )
        df = 1
    if df is not None and df < 1:
        warnings.warn(
            f"no prediction interval of kind {kind!r} with k = {k}: no degree of freedom", stacklevel=3
        )
        return float("nan"), float("nan")
    spread = sqrt(tau2 if kind == "simple" else tau2 + se * se)
    half = critical_value(level, df) * spread
    return estimate - half, estimate + half


def q_profile(model: Any, level: float) -> HeterogeneityInterval:
    """Q-profile limits of Viechtbauer (2007): the tau2 at which Q meets the quantiles of chi-squared.

    Where even tau2 = 0 makes Q smaller than the lower quantile, no tau2 fits; both limits are then 0, as in
    metafor. One study (or as many as coefficients) gives NaN with a warning.
    """
    if model.df < 1:
        warnings.warn("no heterogeneity interval: the studies leave no degree of freedom", stacklevel=3)
        nothing = (float("nan"), float("nan"))
        return HeterogeneityInterval(nothing, nothing, nothing, nothing, level)
    tail = (1 - level) / 2
    lower, upper = (float(q_root(model, chdtri(model.df, p))) for p in (tail, 1 - tail))
    typical = float(typical_variance(model))
    i2 = tuple(100 * t / (t + typical) for t in (lower, upper))
    h2 = tuple(1 + t / typical for t in (lower, upper))
    empty = float(model.profile(0.0).q()) < chdtri(model.df, 1 - tail)
    return HeterogeneityInterval((lower, upper), (sqrt(lower), sqrt(upper)), i2, h2, level, bool(empty))
