"""Effects of ranks and of ordered categories: probability of superiority, Cliff's delta, proportional odds.

The probability of superiority is that of a higher value in group 1 than in group 2, ties counted as half; it
is Mann and Whitney's U over n1 n2, the area under the ROC curve, and (1 + Cliff's delta) / 2. Sources: Mann
and Whitney (1947), Cliff (1993), Feng and Cliff (2004), Newcombe (2006), McCullagh (1980).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import comb, sqrt
from typing import Any

import numpy as np
import scipy
from scipy.special import expit, logit

from metastats.checks import Array, as_finite, check_level, refuse
from metastats.conversions import statistic_from_p
from metastats.heterogeneity import critical_value, two_sided_p
from metastats.results import Estimated, Printed, short


@dataclass(frozen=True, eq=False, repr=False)
class RankEffect(Printed):
    """Probability of superiority `auc` and Cliff's `delta` of group 1 over group 2, from Mann-Whitney's `u`.

    `se` is the standard error of delta (half of it that of auc), `ci_lower` and `ci_upper` the limits of
    delta, which need not be symmetric; `assumption` says from what they come.
    """

    u: float
    n1: float
    n2: float
    se: float
    ci_lower: float
    ci_upper: float
    p_value: float
    level: float
    assumption: str

    @property
    def auc(self) -> float:
        """Probability of superiority."""
        return self.u / (self.n1 * self.n2)

    @property
    def delta(self) -> float:
        """Cliff's delta, from -1 to 1."""
        return 2 * self.auc - 1

    @property
    def auc_limits(self) -> tuple[float, float]:
        """Limits of the probability of superiority."""
        return (1 + self.ci_lower) / 2, (1 + self.ci_upper) / 2

    def _content(self) -> tuple[str, dict[str, Any]]:
        limits = " to ".join(short(limit) for limit in self.auc_limits)
        rows = {
            "probability of superiority": f"{short(self.auc)} ({limits})",
            "Cliff's delta": f"{short(self.delta)} ({short(self.ci_lower)} to {short(self.ci_upper)})",
            "p": self.p_value,
            "assumption": self.assumption,
        }
        return f"Rank effect, {100 * self.level:g} % interval, {self.n1:g} and {self.n2:g} people", rows


def rank_effect(counts1: Any, counts2: Any, level: float = 0.95) -> RankEffect:
    """Compute the rank effect of two groups from their counts on an ordered scale.

    Parameters
    ----------
    counts1, counts2 : array_like, shape (categories,)
        People of each group in each category, from the lowest to the highest; every value of raw data may be
        a category of its own.
    level : float
        Confidence level.

    Returns
    -------
    RankEffect
        Limits of Feng and Cliff (2004) with t of n1 + n2 - 2 degrees of freedom; p of the Mann-Whitney test
        with ties and continuity. Groups that do not overlap get the limits of `rank_effect_from_u`.

    Raises
    ------
    ValueError
        Unequal numbers of categories, a negative or broken count, a group of fewer than 2.
    """
    check_level(level)
    first, second = ordered_counts(counts1, counts2)
    n1, n2, both = first.sum(), second.sum(), first + second
    n = n1 + n2
    sign = np.sign(np.arange(first.size)[:, None] - np.arange(first.size))
    above, below = sign @ second / n2, first @ sign / n1  # mean sign against the other group
    delta = float(first @ above / n1)
    u = (1 + delta) / 2 * n1 * n2
    ties = float(np.sum(both**3 - both)) / (n * (n - 1))
    p_value = mann_whitney_p(u, n1, n2, ties)
    if abs(delta) == 1:
        return replace(rank_effect_from_u(u, n1, n2, level), p_value=p_value)
    squares = n2**2 * (first @ (above - delta) ** 2) + n1**2 * (second @ (below - delta) ** 2)
    variance = (squares - first @ (sign - delta) ** 2 @ second) / (n1 * n2 * (n1 - 1) * (n2 - 1))
    # unbiased, it may be negative: Cliff (1993) puts this floor to it
    variance = max(float(variance), (1 - delta**2) / (n1 * n2 - 1))
    z = critical_value(level, n - 2) * sqrt(variance)
    middle, half = delta - delta**3, z * sqrt((1 - delta**2) ** 2 + z**2)
    lower, upper = ((middle + side * half) / (1 - delta**2 + z**2) for side in (-1, 1))
    assumption = "counts of both groups: Cliff's unbiased variance, limits of Feng and Cliff"
    return RankEffect(u, n1, n2, sqrt(variance), lower, upper, p_value, level, assumption)


def ordered_counts(counts1: Any, counts2: Any) -> tuple[Array, Array]:
    """Check the counts of two groups on one scale; categories that nobody chose are left out."""
    first, second = as_finite("counts1", counts1), as_finite("counts2", counts2)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError("counts1, counts2: give both groups' counts for the same categories in one order")
    for name, counts in (("counts1", first), ("counts2", second)):
        refuse(name, ~(counts >= 0) | (counts % 1 != 0), "is not a count", "give whole numbers of people")
        if counts.sum() < 2:
            raise ValueError(f"{name}: fewer than 2 people; a rank effect needs more")
    chosen = first + second > 0
    return first[chosen], second[chosen]


def mann_whitney_p(u: float, n1: float, n2: float, ties: float = 0.0) -> float:
    """Two-sided p-value of U by the normal approximation with continuity, as R's ``wilcox.test``."""
    spread = sqrt(n1 * n2 / 12 * (n1 + n2 + 1 - ties))
    distance = abs(u - n1 * n2 / 2)
    return float(two_sided_p(max(distance - 0.5, 0) / spread, None)) if spread > 0 else 1.0


def rank_effect_from_u(u: float, n1: float, n2: float, level: float = 0.95) -> RankEffect:
    """Compute the rank effect from a printed Mann-Whitney U: the pairs in which group 1 is higher, ties half.

    (R's W: the rank sum less its least value.) Limits by method 5 of Newcombe (2006), which needs no more
    than U and the sizes of the groups.
    """
    u, n1, n2 = checked_sizes("u", u, n1, n2)
    if not 0 <= u <= n1 * n2:
        raise ValueError(f"u: {u:g} is not between 0 and {n1 * n2:g}; give U, not the rank sum")
    theta, critical = u / (n1 * n2), critical_value(check_level(level), None)

    def error(x: float) -> float:
        both = (1 - x) / (2 - x) + x / (1 + x)
        return sqrt(x * (1 - x) * (1 + ((n1 + n2) / 2 - 1) * both) / (n1 * n2))

    def limit(end: float) -> float:
        start = theta + 1e-9 * (end - theta)  # at 0 and 1 theta itself is a root
        if theta == end:
            return end
        return scipy.optimize.brentq(lambda x: abs(theta - x) - critical * error(x), start, end)

    lower, upper = 2 * limit(0.0) - 1, 2 * limit(1.0) - 1
    se = 2 * error(theta) or (upper - lower) / (2 * critical)
    p_value, assumption = mann_whitney_p(u, n1, n2), "U and group sizes: variance and limits of Newcombe"
    return RankEffect(u, n1, n2, se, lower, upper, p_value, level, assumption)


def rank_effect_from_p(p: float, n1: float, n2: float, higher: int, level: float = 0.95) -> RankEffect:
    """Compute the rank effect from the exact p-value of a Mann-Whitney test, as of groups told by medians.

    Parameters
    ----------
    p : float
        Exact two-sided p-value.
    n1, n2 : float
        People in the groups.
    higher : {1, 2}
        Group with the higher values (the higher median); p does not tell it.
    level : float
        Confidence level.

    Returns
    -------
    RankEffect
        As `rank_effect_from_u` for the U that has this p by the normal approximation with continuity.

    Raises
    ------
    ValueError
        A p that is not above 0 and at most 1, or smaller than groups of these sizes can give.

    Notes
    -----
    Mann and Whitney (1947). Ties, which are not known, would bring the effect nearer to none.
    """
    if higher not in (1, 2):
        raise ValueError(f"higher: {higher!r}; say which group has the higher values, 1 or 2")
    p, n1, n2 = checked_sizes("p", p, n1, n2)
    smallest = 2 / comb(int(n1 + n2), int(n1))
    if p < 0.9 * smallest:
        raise ValueError(f"p: is below {smallest:.2g}, the least there can be; check the test")
    distance = 0.0 if p == 1 else float(statistic_from_p(p, None)) * sqrt(n1 * n2 * (n1 + n2 + 1) / 12) + 0.5
    distance = min(distance, n1 * n2 / 2)
    u = n1 * n2 / 2 + (distance if higher == 1 else -distance)
    assumption = "exact p of a Mann-Whitney test without ties; variance and limits of Newcombe"
    return replace(rank_effect_from_u(u, n1, n2, level), p_value=p, assumption=assumption)


def checked_sizes(name: str, value: Any, n1: Any, n2: Any) -> tuple[float, float, float]:
    """Check what a Mann-Whitney test printed, and the sizes of its groups."""
    value, n1, n2 = (float(as_finite(key, x)) for key, x in ((name, value), ("n1", n1), ("n2", n2)))
    if not (min(n1, n2) >= 2 and n1 % 1 == n2 % 1 == 0):
        raise ValueError("n1, n2: not numbers of people, 2 or more; give the sizes analysed")
    return value, n1, n2


@dataclass(frozen=True, eq=False, repr=False)
class ProportionalOdds(Estimated):
    """Log odds ratio of a higher category in group 1 than in group 2, the same at every cut of the scale."""

    estimate: float
    se: float
    level: float
    log_likelihood: float
    df: None = None

    def _content(self) -> tuple[str, dict[str, Any]]:
        return "Proportional odds, log odds ratio", self._interval() | {"log-likelihood": self.log_likelihood}


def proportional_odds(counts1: Any, counts2: Any, level: float = 0.95) -> ProportionalOdds:
    """Fit proportional odds to the counts of two groups (McCullagh 1980; R's ``MASS::polr``).

    Parameters
    ----------
    counts1, counts2, level
        As for `rank_effect`.

    Returns
    -------
    ProportionalOdds
        `estimate` above 0 where group 1 is higher; with `se` it can be pooled like a log odds ratio.

    Raises
    ------
    ValueError
        What `rank_effect` refuses; fewer than two categories in use; groups that do not overlap.
    """
    first, second = ordered_counts(counts1, counts2)
    cuts = first.size - 1
    below1, below2 = first.cumsum()[:-1], second.cumsum()[:-1]
    n1, n2 = first.sum(), second.sum()
    if cuts < 1 or min((below1 * (n2 - below2)).max(), (below2 * (n1 - below1)).max()) == 0:
        raise ValueError("counts1, counts2: the groups do not overlap, so that no odds ratio is finite")
    counts = np.concatenate([first, second])
    # upper and lower end of each category, as rows of coefficients of the cuts and of the effect of group 1
    cut = np.vstack([np.eye(cuts), np.zeros((1, cuts))])
    upper = np.vstack([np.column_stack([cut, np.full(cuts + 1, x)]) for x in (-1.0, 0.0)])
    lower = np.vstack([np.column_stack([np.roll(cut, 1, axis=0), np.full(cuts + 1, x)]) for x in (-1.0, 0.0)])
    start = np.append(logit((first + second).cumsum()[:-1] / (n1 + n2)), 0.0)
    parts = partial(ordinal_loss, upper=upper, lower=lower, counts=counts)
    # a search by Newton's method within a region of trust; the likelihood has one summit
    by_newton = {"jac": True, "hess": lambda at: parts(at)[2], "method": "trust-exact", "tol": 1e-9}
    at = scipy.optimize.minimize(lambda at: parts(at)[:2], start, **by_newton).x
    loss, _, information = parts(at)
    se = sqrt(np.linalg.inv(information)[-1, -1])
    return ProportionalOdds(float(at[-1]), se, check_level(level), -loss)


def ordinal_loss(at: Array, upper: Array, lower: Array, counts: Array) -> tuple[float, Array, Array]:
    """Minus the log-likelihood at cuts and effect, its slopes and their slopes (the observed information)."""
    ends = len(at)  # categories of one group
    top, bottom = expit(upper @ at), expit(lower @ at)
    top[ends - 1 :: ends], bottom[0::ends] = 1.0, 0.0
    p = top - bottom
    if (p <= 0).any():  # cuts out of order
        return np.inf, np.zeros_like(at), np.eye(ends)
    slope_top, slope_bottom = top * (1 - top), bottom * (1 - bottom)
    slopes = (slope_top[:, None] * upper - slope_bottom[:, None] * lower) / p[:, None]
    bend_top, bend_bottom = slope_top * (1 - 2 * top), slope_bottom * (1 - 2 * bottom)
    information = slopes.T @ (counts[:, None] * slopes)
    information -= upper.T @ ((counts / p * bend_top)[:, None] * upper)
    information += lower.T @ ((counts / p * bend_bottom)[:, None] * lower)
    return -float(counts @ np.log(p)), -slopes.T @ counts, information
