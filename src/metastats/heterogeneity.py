"""Heterogeneity between studies: the estimators of tau2 with errors and limits, Q, I2, prediction limits.

Given tau2, the weights are ``w = 1 / (v + tau2)``. Let P be the matrix that takes the weighted mean out of
y and weights what is left: Q = y'Py, y'PPy, y'PPPy, tr P and tr PP are all that the methods need, and none
of them asks for a k x k matrix. `WeightedMean` gives these sums for one or many meta-analyses,
`metastats.regression` for a model with moderators.

Sources: DerSimonian and Laird (1986, DL), Hedges and Olkin (1985, HE), Hunter and Schmidt (1990, HS), Sidik
and Jonkman (2005, SJ), Paule and Mandel (1982, PM), Morris (1983, EB), Viechtbauer (2005, ML, REML and the
standard errors; 2007, the Q-profile), Higgins and Thompson (2002, I2 and H2). Conventions are those of
metafor. A sum is squared by `np.square`: `**` of one number is pow(), whose last digit depends on the unit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import nan, sqrt
from typing import Any

import numpy as np
from scipy.special import chdtrc, chdtri, ndtr, ndtri, stdtr, stdtrit

from metastats.checks import Array, plain_result

PREDICTION_KINDS = ("z", "t", "riley", "simple")
# Newton's method squares its error: after a relative step of 1e-9 the rest is below rounding error.
SMALL_STEP = 1e-9
MOST_STEPS = 200
FEWEST_POINTS, MOST_POINTS = 6, 64
Interval = tuple[float, float]
total = np.add.reduce  # sum over the studies, which always lie along the first axis


class MeanProfile:
    """The sums at one value of tau2, or at one value a meta-analysis; P as in the head of this module."""

    def __init__(self, y: Array, v: Array, tau2: Array | float):
        self.y, self.w = y, 1.0 / (v + tau2)
        self.sum_w = total(self.w)
        self.estimate = total(self.w * y) / self.sum_w

    @cached_property
    def residual(self) -> Array:
        """Effects less the mean."""
        return self.y - self.estimate

    @cached_property
    def py(self) -> Array:
        """Py: the residuals, weighted."""
        return self.w * self.residual

    def q(self) -> Array:
        """y'Py: Cochran's Q at these weights."""
        return total(self.py * self.residual)

    def ypp(self) -> Array:
        """y'PPy, minus the slope of Q in tau2."""
        return total(self.py * self.py)

    def ypp_yppp(self) -> tuple[Array, Array]:
        """Y'PPy and y'PPPy; the slope of the first in tau2 is minus twice the second."""
        wpy = self.w * self.py
        return self.ypp(), total(wpy * self.py) - np.square(total(wpy)) / self.sum_w

    def sum_w2(self) -> Array:
        """Sum of the squared weights."""
        return total(self.w * self.w)

    def trace_p(self) -> Array:
        """Trace of P."""
        return self.sum_w - self.sum_w2() / self.sum_w

    def traces(self) -> tuple[Array, Array]:
        """Traces of P and of PP; the slope of the first in tau2 is minus the second."""
        w2 = self.w * self.w
        sum_w2 = total(w2)
        share = sum_w2 / self.sum_w
        return self.sum_w - share, sum_w2 - 2.0 * total(w2 * self.w) / self.sum_w + share * share

    def log_likelihood(self, restricted: bool) -> Array:
        """Log-likelihood at the mean that is best for this tau2; restricted as metafor states it."""
        present = self.w > 0
        k = total(present.astype(float))
        log_w = total(np.log(np.where(present, self.w, 1.0)))
        value = 0.5 * (log_w - self.q() - k * np.log(2 * np.pi))
        if restricted:
            value = value + 0.5 * (np.log(2 * np.pi) + np.log(k) - np.log(self.sum_w))
        return value


class WeightedMean:
    """Effects and variances of one meta-analysis (k,) or of n at once (k, n): studies along the first axis.

    An infinite variance marks an absent study (weight zero), so that analyses of unequal size share an array.
    """

    p = 1  # coefficients in the model
    most_at_once = 500  # studies up to which all values of the grid are tried in one array

    def __init__(self, y: Array, v: Array, present: Array | None = None):
        self.y, self.v, self.present = y, v, present
        self.k = y.shape[0] if present is None else total(present.astype(float))

    @property
    def df(self) -> Array | float:
        """Degrees of freedom, studies less coefficients."""
        return self.k - self.p

    def profile(self, tau2: Array | float) -> MeanProfile:
        """Compute the sums at `tau2`: a number, or one a meta-analysis."""
        return MeanProfile(self.y, self.v, tau2)

    def profiles(self, tau2: Array) -> MeanProfile:
        """Compute the sums at several tau2 at once, given along the first axis of `tau2`."""
        return MeanProfile(self.y[:, None], self.v[:, None], tau2)

    def smallest_v(self) -> Array:
        """Smallest sampling variance."""
        return self.v.min(axis=0)

    def largest_v(self) -> Array:
        """Largest sampling variance of the studies that are present."""
        return (self.v if self.present is None else np.where(self.present, self.v, 0.0)).max(axis=0)

    def unweighted(self) -> tuple[Array, Array, Array]:
        """Residual sum of squares about the plain mean, tr(PV) and tr(PVPV) with that mean's P."""
        here = 1.0 if self.present is None else self.present
        v = self.v if self.present is None else np.where(self.present, self.v, 0.0)
        residual = (self.y - total(self.y * here) / self.k) * here
        sum_v = total(v)
        trace_pvpv = total(v * v) * (1 - 2 / self.k) + np.square(sum_v / self.k)
        return total(residual * residual), sum_v * (1 - 1 / self.k), trace_pvpv

    def spread_about_mean(self) -> Array:
        """Sum of squares about the plain mean, whatever the moderators."""
        return WeightedMean.unweighted(self)[0]

    def column(self, j: int) -> WeightedMean:
        """Take one meta-analysis out of many."""
        return WeightedMean(self.y[:, j], self.v[:, j], None if self.present is None else self.present[:, j])


def estimate_tau2(model: Any, method: str) -> Array | float:
    """Estimate tau2 by `method`, one for each meta-analysis of the model, in squared units of yi.

    It is never below zero, and zero where one study leaves nothing to compare.
    """
    if model.y.ndim == 1 and model.df > 0:  # one meta-analysis: plain numbers cost a third of arrays of one
        tau2 = ESTIMATORS[method](model)
        return tau2 if tau2 > 0 else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        tau2 = np.asarray(ESTIMATORS[method](model))
    return np.where((model.df > 0) & (tau2 > 0), tau2, 0.0)


def dersimonian_laird(model: Any) -> Array:
    """DL: the tau2 at which Q with inverse-variance weights has its expected value."""
    profile = model.profile(0.0)
    return (profile.q() - model.df) / profile.trace_p()


def hedges(model: Any) -> Array:
    """HE: the unweighted variance of the effects less their mean sampling variance."""
    rss, trace_pv, _ = model.unweighted()
    return (rss - trace_pv) / model.df


def hunter_schmidt(model: Any) -> Array:
    """HS: as DL, with k in the place of the degrees of freedom and no correction of the weights."""
    profile = model.profile(0.0)
    return (profile.q() - model.k) / profile.sum_w


def sidik_jonkman(model: Any) -> Array:
    """SJ: one step from a first guess, the variance with divisor k; above zero unless all are equal."""
    start = model.spread_about_mean() / model.k
    return start * model.profile(start).q() / model.df


ESTIMATORS: dict[str, Callable[[Any], Any]] = {
    "EE": lambda model: np.zeros(np.shape(model.smallest_v())),
    "DL": dersimonian_laird,
    "HE": hedges,
    "HS": hunter_schmidt,
    "SJ": sidik_jonkman,
    "ML": lambda model: likelihood_root(model, restricted=False),
    "REML": lambda model: likelihood_root(model, restricted=True),
    # the tau2 at which Q equals its degrees of freedom
    "EB": lambda model: q_root(model, model.df),
    "PM": lambda model: q_root(model, model.df),
}
METHODS = tuple(ESTIMATORS)


def q_root(model: Any, target: Array | float) -> Array | float:
    """Find the tau2 at which the generalised Q equals `target`; 0 where Q is already below it at tau2 = 0.

    1/Q is concave and increasing in tau2 (Q is a sum of a_j / (d_j + tau2) with a_j >= 0, d_j > 0), so
    Newton's method on 1/Q climbs to the root from the left and never passes it.
    """
    floor = model.smallest_v()
    shape = np.broadcast_shapes(np.shape(floor), np.shape(target))
    tau2 = np.zeros(shape) if shape else 0.0
    for _ in range(MOST_STEPS):
        profile = model.profile(tau2)
        q, ypp = profile.q(), profile.ypp()
        if not shape:  # plain numbers for one meta-analysis: an array of one costs ten times as much
            moved = max(tau2 + (q / target - 1.0) * q / ypp, 0.0) if ypp > 0 and target > 0 else 0.0
            done = abs(moved - tau2) <= SMALL_STEP * (moved + floor)
        else:
            usable = (ypp > 0) & (target > 0)
            step = np.divide(
                (q / np.where(usable, target, 1.0) - 1.0) * q, ypp, out=np.zeros(shape), where=usable
            )
            moved = np.maximum(tau2 + step, 0.0)
            done = (np.abs(moved - tau2) <= SMALL_STEP * (moved + floor)).all()
        tau2 = moved
        if done:
            break
    return tau2


def likelihood_root(model: Any, restricted: bool) -> Array | float:
    """Find the tau2 >= 0 with the highest (restricted) likelihood, wherever on the grid it hides."""
    grid = likelihood_grid(model, restricted)
    slopes = slopes_on(model, grid, restricted)
    peaks = (slopes[:-1] > 0) & (slopes[1:] <= 0)
    if grid.ndim == 1:
        return highest_peak(model, restricted, grid, slopes, peaks)
    # the first peak of each column, bracketed; (0, 0) where there is none
    first, inside = peaks.argmax(axis=0), peaks.any(axis=0)
    low, high, rise, fall = (at(x, i) for x in (grid, slopes) for i in (first, first + 1))
    start = low + (high - low) * rise / np.where(inside, rise - fall, 1.0)
    tau2 = climb_many(model, restricted, *(np.where(inside, x, 0.0) for x in (low, high, start)))
    for (j,) in np.argwhere(peaks.sum(axis=0) + (slopes[0] <= 0) > 1):
        tau2[j] = highest_peak(model.column(j), restricted, grid[:, j], slopes[:, j], peaks[:, j])
    return tau2


def likelihood_grid(model: Any, restricted: bool) -> Array:
    """Values of tau2 from 0 to a bound above which the likelihood can only fall, even in log(v + tau2).

    The residual part of the slope is at most S / (v_min + t)^2 and the other at least d / (v_max + t), with S
    the unweighted residual sum of squares and d the degrees of freedom (k for ML): beyond the root of their
    equation the slope is negative.
    """
    count = np.maximum(model.df if restricted else model.k, 1)
    s2 = model.unweighted()[0] / count
    low = model.smallest_v()
    bound = 0.5 * (s2 + np.sqrt(s2 * s2 + 4.0 * s2 * (model.largest_v() - low)))
    ratio = np.maximum(bound * (1 + 1e-9) / low, 1.0)
    # the likelihood bends on the scale of v + tau2 itself: neighbours no more than a factor of 2 apart
    points = int(min(max(FEWEST_POINTS, 2 + np.log2(np.max(ratio))), MOST_POINTS))
    exponents = np.arange(points) / (points - 1)
    grid = low * (ratio ** (exponents if np.ndim(ratio) == 0 else exponents[:, None]) - 1.0)
    grid[0] = 0.0
    return grid


def slopes_on(model: Any, grid: Array, restricted: bool) -> Array:
    """Slope at every value of the grid: at once for one small meta-analysis, else one value after the other.

    The first saves calls, the second keeps the arrays in the cache of the processor and memory linear in k.
    """
    if grid.ndim == 1 and model.y.shape[0] <= model.most_at_once:
        return slope(model.profiles(grid), restricted)
    return np.array([slope(model.profile(tau2), restricted) for tau2 in grid])


def slope(profile: Any, restricted: bool) -> Array:
    """Slope of the (restricted) log-likelihood in tau2, times two."""
    return profile.ypp() - (profile.trace_p() if restricted else profile.sum_w)


def score(profile: Any, restricted: bool) -> tuple[Array, Array]:
    """Slope of the (restricted) log-likelihood in tau2, and the slope of that slope."""
    trace_p, trace_pp = profile.traces() if restricted else (profile.sum_w, profile.sum_w2())
    ypp, yppp = profile.ypp_yppp()
    return 0.5 * (ypp - trace_p), 0.5 * trace_pp - yppp


def at(grid: Array, index: Array) -> Array:
    """Take from each column of `grid` the row that `index` names."""
    return np.take_along_axis(grid, index[None], axis=0)[0]


def highest_peak(model: Any, restricted: bool, grid: Array, slopes: Array, peaks: Array) -> float:
    """Climb every peak of one meta-analysis, and 0 where the likelihood falls from it; keep the highest."""
    candidates = []
    for j in np.flatnonzero(peaks):
        low, high, rise, fall = (float(x) for x in (grid[j], grid[j + 1], slopes[j], slopes[j + 1]))
        candidates.append(climb_one(model, restricted, low, high, low + (high - low) * rise / (rise - fall)))
    if slopes[0] <= 0 or not candidates:
        candidates.append(0.0)
    if len(candidates) == 1:
        return candidates[0]
    heights = [float(model.profile(t).log_likelihood(restricted)) for t in candidates]
    return candidates[int(np.argmax(heights))]


def climb_one(model: Any, restricted: bool, low: float, high: float, tau2: float) -> float:
    """Newton's method from `tau2` for a slope of 0 between `low` (slope above 0) and `high`, or halving."""
    floor = float(model.smallest_v())
    for _ in range(MOST_STEPS):
        first, second = score(model.profile(tau2), restricted)
        low, high = (tau2, high) if first > 0 else (low, tau2)
        newton = tau2 - first / second if second < 0 else -1.0
        if not low <= newton <= high:
            newton = 0.5 * (low + high)
            near = high - low <= 4e-16 * (high + floor)
        else:
            near = abs(newton - tau2) <= SMALL_STEP * (newton + floor)
        tau2 = float(newton)
        if near:
            break
    return tau2


def climb_many(model: Any, restricted: bool, low: Array, high: Array, tau2: Array) -> Array:
    """Do as `climb_one` for many meta-analyses at once; those with `low` = `high` stay there."""
    floor = model.smallest_v()
    done = low >= high
    for _ in range(MOST_STEPS):
        first, second = score(model.profile(tau2), restricted)
        up = first > 0
        low, high = np.where(up, tau2, low), np.where(up, high, tau2)
        newton = tau2 - first / np.where(second < 0, second, -np.inf)
        usable = (second < 0) & (newton >= low) & (newton <= high)
        moved = np.where(done, tau2, np.where(usable, newton, 0.5 * (low + high)))
        near = np.abs(moved - tau2) <= SMALL_STEP * (moved + floor)
        done = done | (usable & near) | (high - low <= 4e-16 * (high + floor))
        tau2 = moved
        if done.all():
            break
    return tau2


def tau2_standard_error(model: Any, method: str, tau2: Array) -> Array:
    """Compute the standard error of an estimated tau2; NaN for EE and where no degree of freedom is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.asarray(VARIANCES[method](model, tau2), float)
        return np.where(model.df > 0, np.sqrt(variance), np.nan)


def quadratic_form_variance(df: Any, excess: Any, trace_p: Any, trace_pp: Any) -> Array:
    """Variance of y'Py when the true variances exceed the weights' by `excess`."""
    return 2.0 * (df + 2.0 * excess * trace_p + np.square(excess) * trace_pp)


def moment_variance(model: Any, tau2: Array, divisor: str) -> Array:
    """Variance for the estimators that come from Q with inverse-variance weights (DL, HS)."""
    profile = model.profile(0.0)
    trace_p, trace_pp = profile.traces()
    form = quadratic_form_variance(model.df, tau2, trace_p, trace_pp)
    return form / np.square(trace_p if divisor == "trace_p" else profile.sum_w)


def hedges_variance(model: Any, tau2: Array) -> Array:
    """Variance of HE."""
    _, trace_pv, trace_pvpv = model.unweighted()
    return 2.0 * (trace_pvpv + 2.0 * tau2 * trace_pv + np.square(tau2) * model.df) / np.square(model.df)


def sidik_jonkman_variance(model: Any, tau2: Array) -> Array:
    """Variance of SJ, its first guess taken as fixed."""
    start = model.spread_about_mean() / model.k
    form = quadratic_form_variance(model.df, tau2 - start, *model.profile(start).traces())
    return np.square(start) * form / np.square(model.df)


def empirical_bayes_variance(model: Any, tau2: Array) -> Array:
    """Variance of EB, which metafor gives for PM too (the two have the same root)."""
    return 2.0 * np.square(model.k) / np.asarray(model.df, float) / np.square(model.profile(tau2).sum_w)


VARIANCES = {
    "EE": lambda model, tau2: np.full(np.shape(tau2), np.nan),
    "DL": lambda model, tau2: moment_variance(model, tau2, "trace_p"),
    "HE": hedges_variance,
    "HS": lambda model, tau2: moment_variance(model, tau2, "sum_w"),
    "SJ": sidik_jonkman_variance,
    "ML": lambda model, tau2: 2.0 / model.profile(tau2).sum_w2(),
    "REML": lambda model, tau2: 2.0 / model.profile(tau2).traces()[1],
    "EB": empirical_bayes_variance,
    "PM": empirical_bayes_variance,
}


def typical_variance(model: Any) -> Array:
    """Typical sampling variance of Higgins and Thompson (2002), the within-study part of I2 and H2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return model.df / model.profile(0.0).trace_p()


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


def q_profile(model: Any, level: float) -> HeterogeneityInterval:
    """Q-profile limits of Viechtbauer (2007): the tau2 at which Q meets the quantiles of chi-squared.

    Where even tau2 = 0 makes Q smaller than the lower quantile, no tau2 fits; both limits are then 0, as in
    metafor. One study (or as many as coefficients) gives NaN with a warning.
    """
    if model.df < 1:
        warnings.warn("no heterogeneity interval: the studies leave no degree of freedom", stacklevel=3)
        nothing = (nan, nan)
        return HeterogeneityInterval(nothing, nothing, nothing, nothing, level)
    tail = (1 - level) / 2
    lower, upper = (float(q_root(model, chdtri(model.df, p))) for p in (tail, 1 - tail))
    typical = float(typical_variance(model))
    return HeterogeneityInterval(
        tau2=(lower, upper),
        tau=(sqrt(lower), sqrt(upper)),
        i2=(100 * lower / (lower + typical), 100 * upper / (upper + typical)),
        h2=(1 + lower / typical, 1 + upper / typical),
        level=level,
        empty=bool(float(model.profile(0.0).q()) < chdtri(model.df, 1 - tail)),
    )


def critical_value(level: float, df: Any) -> Any:
    """Two-sided critical value of the normal (df None) or t distribution; NaN without a degree of freedom.

    A number, or an array for an array of degrees of freedom. The values are those of `scipy.stats`, which
    checks its arguments for twenty times as long as it counts.
    """
    upper = 0.5 + level / 2
    return plain_result(ndtri(upper) if df is None else stdtrit(df, upper))


def two_sided_p(stat: Any, df: Any) -> Any:
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
    if df is not None and df < 1:
        one_taken = kind == "riley" and df == 0
        rest = "one is taken, as metafor does" if one_taken else "no prediction interval"
        warnings.warn(f"{kind}: no degree of freedom with k = {k}; {rest}", stacklevel=3)
        if not one_taken:
            return nan, nan
        df = 1
    spread = sqrt(tau2 if kind == "simple" else tau2 + se * se)
    half = critical_value(level, df) * spread
    return estimate - half, estimate + half
