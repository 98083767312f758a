"""Counts pooled as counts, without a correction of zero cells; limits of a single share.

Sources: Mantel and Haenszel (1959) with the variances of Robins, Breslow and Greenland (1986, OR), Greenland
and Robins (1985, RR) and Sato, Greenland and Robins (1989, RD); Yusuf et al. (1985, PETO); Hamza, van
Houwelingen and Stijnen (2008, the binomial-normal model of PLO); Wilson (1927), Clopper and Pearson (1934).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import Any

import numpy as np
import pandas as pd
import scipy
from scipy.special import betaincinv, expit, log_expit, logit, ndtri, xlogy

from metastats.checks import Array, as_finite, check_choice, check_level, plain_result, refuse, refuse_events
from metastats.effect_sizes import as_column, effect_size, group_cells
from metastats.heterogeneity import Interval, chi2_p, prediction_limits
from metastats.results import Estimated

METHOD_OF = {"OR": "MH", "RR": "MH", "RD": "MH", "PETO": "PETO", "PLO": "ML"}
NODES = np.linspace(-15, 15, 801)[:, None]  # of the trapezoid rule, in units of the width of the integrand
LARGEST_TAU = 20.0  # of logits: beyond it the shares are all or nothing and the likelihood climbs for ever


@dataclass(frozen=True, eq=False, repr=False)
class PooledCounts(Estimated):
    """A meta-analysis of counts: a log ratio (OR, RR, PETO), a difference (RD) or a logit (PLO).

    Attributes
    ----------
    method : str
        MH (Mantel-Haenszel) and PETO take one effect for all studies; ML is the binomial-normal model.
    estimate, se, ci_lower, ci_upper, stat, df, p_value
        As for `Pooled`.
    tau2 : float
        Variance of the logits between studies (ML); 0 for MH and PETO, which have none.
    q, q_df, q_p_value
        Test of homogeneity: Cochran's about the estimate, for ML the likelihood ratio test.
    k : int
        Studies given; `q_df` is one less than those with information.
    """

    measure: str
    method: str
    level: float
    estimate: float
    se: float
    df: int | None
    tau2: float
    q: float
    q_df: int
    k: int
    notes: tuple[str, ...]

    def _content(self) -> tuple[str, dict[str, Any]]:
        rows = {"studies": self.k} | self._interval() | {"tau²": self.tau2}
        notes = {"note": " ".join(self.notes)} if self.notes else {}
        return f"Meta-analysis of counts, {self.measure}, {self.method}", rows | notes

    @property
    def q_p_value(self) -> float:
        """P-value of the test of homogeneity."""
        return float(chi2_p(self.q, self.q_df))

    def prediction_interval(self, kind: str = "t") -> Interval:
        """Give the limits within which a new study is expected, as `Pooled.prediction_interval`."""
        return prediction_limits(self.estimate, self.se, self.tau2, self.k, kind, self.level)


def pool_counts(
    measure: str, *, data: pd.DataFrame | None = None, test: str = "z", level: float = 0.95, **inputs: Any
) -> PooledCounts:
    """Pool counts by Mantel-Haenszel, Peto or the exact binomial-normal model, without corrections.

    Parameters
    ----------
    measure : {"OR", "RR", "RD", "PETO", "PLO"}
        OR, RR and RD by Mantel-Haenszel; the odds ratio by Peto; PLO, proportions of single groups, by the
        logistic model with a normal distribution of the logits between studies (maximum likelihood).
    data : DataFrame, optional
        Table in which an input given as text is looked up.
    test : {"z", "t"}
        For PLO: normal, or t with k - 1 degrees of freedom.
    level : float
        Confidence level.
    **inputs : array_like, shape (k,)
        Counts by the names of `effect_size`: ``ai, bi, ci, di`` or ``ai, n1i, ci, n2i``; for PLO ``xi, ni``
        or ``xi, mi``.

    Returns
    -------
    PooledCounts
        `back_transformed` gives ratios, or proportions within 0 and 1.

    Raises
    ------
    ValueError
        What `effect_size` refuses, a missing count, counts that leave the estimate infinite or undefined.

    Notes
    -----
    Cochrane Handbook 10.4; as metafor's ``rma.mh``, ``rma.peto`` and ``rma.glmm(measure="PLO")``, whose
    quadrature has 7 nodes and this one 801. A table without events has no weight, but for RD.
    """
    check_choice("measure", measure, tuple(METHOD_OF))
    check_choice("test", test, ("z", "t"))
    check_level(level)
    columns = {name: as_column(name, value, data) for name, value in inputs.items() if value is not None}
    cells = group_cells(measure, columns)
    for cell in cells:
        refuse(next(iter(columns)), np.isnan(cell), "or a count beside it is missing", "leave the row out")
        if cell.ndim != 1 or cell.size == 0:
            raise ValueError(f"{measure}: shape {cell.shape}; give one row of studies, one at least")
    if measure == "PLO":
        xi, mi = cells
        return pool_logits(xi, mi, test, level)
    if test != "z":
        raise ValueError(f"test: {test!r} has no meaning for {measure}; leave it out")
    ai, bi, ci, di = cells
    # each study's own: zero cells are corrected (of PETO they need not be) for the test of homogeneity alone
    own = effect_size(measure, ai=ai, bi=bi, ci=ci, di=di, drop00=True)
    if measure == "PETO":
        information = float(np.nansum(1 / own.vi)) or np.nan
        estimate, se = float(np.nansum(own.yi / own.vi)) / information, 1 / sqrt(information)
    else:
        estimate, se = mantel_haenszel(measure, ai, bi, ci, di)
    if not (np.isfinite(estimate) and 0 < se < np.inf):
        raise ValueError(f"{measure}: too few events for a finite estimate; try PETO, or RD")
    q = float(np.nansum((own.yi - estimate) ** 2 / own.vi))
    method, informative = METHOD_OF[measure], int(np.isfinite(own.yi).sum())
    k = ai.size
    idle = k - informative if measure != "RD" else 0
    notes = (f"{idle} of {k} studies without events (or non-events) have no weight",) if idle else ()
    return PooledCounts(measure, method, level, estimate, se, None, 0.0, q, informative - 1, k, notes)


def mantel_haenszel(measure: str, ai: Array, bi: Array, ci: Array, di: Array) -> tuple[float, float]:
    """Estimate of Mantel and Haenszel with its standard error, on the log scale for OR and RR."""
    n1, n2 = ai + bi, ci + di
    n = n1 + n2
    if measure == "RD":
        weight = np.sum(n1 * n2 / n)
        difference = float(np.sum((ai * n2 - ci * n1) / n) / weight)
        slope = np.sum(ci * (n1 / n) ** 2 - ai * (n2 / n) ** 2 + n1 * n2 * (n2 - n1) / (2 * n**2))
        variance = difference * slope + np.sum(ai * di / n + ci * bi / n) / 2
        return difference, sqrt(variance) / weight
    if measure == "OR":
        r, s, p = ai * di / n, bi * ci / n, (ai + di) / n
    else:
        r, s = ai * n2 / n, ci * n1 / n
    sum_r, sum_s = float(r.sum()), float(s.sum())
    if sum_r == 0 or sum_s == 0:
        return np.nan, np.inf
    if measure == "OR":
        mixed = np.sum(p * s + (1 - p) * r) / (sum_r * sum_s)
        variance = (np.sum(p * r) / sum_r**2 + mixed + np.sum((1 - p) * s) / sum_s**2) / 2
    else:
        variance = np.sum(n1 * n2 * (ai + ci) / n**2 - ai * ci / n) / (sum_r * sum_s)
    return log(sum_r / sum_s), sqrt(variance)


def pool_logits(xi: Array, mi: Array, test: str, level: float) -> PooledCounts:
    """Binomial-normal model: logits are normal about their mean, events binomial given the logit."""
    k, events, others = xi.size, float(xi.sum()), float(mi.sum())
    if events == 0 or others == 0:
        problem = "no one" if events == 0 else "everyone"
        raise ValueError(f"xi: {problem} has the event, so that no logit is finite; use proportion_interval")
    start = logit(events / (events + others))
    starts = ((start, tau) for tau in (0.2, 1.5))
    fits = [scipy.optimize.minimize(negative, at, args=(xi, mi), jac=True, tol=1e-9) for at in starts]
    best = min(fits, key=lambda fit: fit.fun)
    saturated = float(np.sum(xlogy(xi, xi / (xi + mi)) + xlogy(mi, mi / (xi + mi))))
    plain, _ = negative((start, 0.0), xi, mi)
    df, q = (None if test == "z" or k == 1 else k - 1), max(0.0, 2 * (saturated + plain))
    if k == 1 or plain <= best.fun + 1e-9:
        notes = ("one study only: its own result",) if k == 1 else ()
        se = sqrt(1 / events + 1 / others)
        return PooledCounts("PLO", "ML", level, float(start), se, df, 0.0, q, k - 1, k, notes)
    if abs(best.x[1]) > LARGEST_TAU:
        raise ValueError("xi: shares of all or nothing leave no finite estimate; show them side by side")
    step = 1e-4 * np.eye(2)
    slopes = [negative(best.x + h, xi, mi)[1] - negative(best.x - h, xi, mi)[1] for h in step]
    se = sqrt(np.linalg.inv(np.array(slopes) / 2e-4)[0, 0])
    tau2 = float(best.x[1] ** 2)
    return PooledCounts("PLO", "ML", level, float(best.x[0]), se, df, tau2, q, k - 1, k, ())


def negative(at: Any, xi: Array, mi: Array) -> tuple[float, Array]:
    """Minus the log-likelihood (without binomial coefficients) at mean and SD of the logits, and its slopes.

    The integral over the logits, in units of their SD, is centred and scaled for each study at the mode of
    its integrand; the trapezoid rule is exact to rounding for a smooth one that fades on both sides. Newton's
    search for the mode starts at a logit of 0, where its curve bends: from there its steps go one way.
    """
    mean, tau = at
    ni, shift = xi + mi, np.full(xi.shape, -float(mean))  # the shift of the logit from the mean
    while True:
        p, rest = expit(mean + shift), expit(-mean - shift)
        curvature = 1 + tau**2 * ni * p * rest
        step = (tau**2 * (xi * rest - mi * p) - shift) / curvature
        shift += step
        if not np.any(abs(step) > 1e-6 * abs(tau) / np.sqrt(curvature)):
            break
    mode, scale = shift / (tau or 1.0), 1 / np.sqrt(curvature)
    z = mode + scale * NODES
    theta = mean + tau * z
    height = xi * log_expit(theta) + mi * log_expit(-theta) - z**2 / 2
    top = height.max(axis=0)
    mass = np.exp(height - top)
    integral = mass.sum(axis=0)
    excess = mass / integral * (xi - ni * expit(theta))
    width = (NODES[1, 0] - NODES[0, 0]) / sqrt(2 * np.pi)
    value = np.sum(np.log(integral * scale * width) + top)
    return -float(value), -np.array([excess.sum(), (excess * z).sum()])


def proportion_interval(x: Any, n: Any, method: str = "wilson", level: float = 0.95) -> tuple[Any, Any]:
    """Give the confidence limits of single proportions, within 0 and 1 for 0 and 100 percent too.

    Parameters
    ----------
    x, n : float or array_like
        Events and group sizes.
    method : {"wilson", "exact"}
        The score interval of Wilson (1927), or that of Clopper and Pearson (1934), which is wider.
    level : float
        Confidence level.

    Returns
    -------
    (lower, upper)
        Numbers, or arrays for arrays.

    Raises
    ------
    ValueError
        A negative count, more events than people, a group of nobody.
    """
    check_choice("method", method, ("wilson", "exact"))
    x, n = np.broadcast_arrays(as_finite("x", x), as_finite("n", n))
    tail = (1 - check_level(level)) / 2
    refuse("n", n <= 0, "is not above zero", "a group of nobody has no proportion")
    refuse_events("x", x, n)
    if method == "exact":
        lower = np.where(x == 0, 0.0, betaincinv(x, n - x + 1, tail))
        upper = np.where(x == n, 1.0, betaincinv(x + 1, n - x, 1 - tail))
        return plain_result(lower), plain_result(upper)
    z2 = ndtri(tail) ** 2
    centre, half = x + z2 / 2, np.sqrt(z2 * (x * (n - x) / n + z2 / 4))
    lower = (centre - half) / (n + z2)
    upper = np.where(x == n, 1.0, (centre + half) / (n + z2))
    return plain_result(lower), plain_result(upper)
