"""Small-study effects: Egger's test, rank correlation, fail-safe N, trim and fill.

Sources: Egger et al. (1997), Begg and Mazumdar (1994), Rosenthal (1979), Duval and Tweedie (2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from scipy.special import ndtri

from metastats.checks import Array, Studies, check_choice, check_level, check_studies
from metastats.pooling import Pooled, fit_of, pool_arrays
from metastats.regression import meta_regression
from metastats.results import Printed

EXACT_BELOW = 50
MOST_ROUNDS = 100


@dataclass(frozen=True, repr=False)
class EggerTest(Printed):
    """Slope of the effects on their standard errors; `limit_estimate` is the effect at error zero."""

    slope: float
    se: float
    stat: float
    df: int | None
    p_value: float
    limit_estimate: float
    limit_lower: float
    limit_upper: float
    model: str
    predictor: str
    k: int


def egger_test(
    yi: Any,
    vi: Any,
    model: str = "lm",
    predictor: str = "sei",
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
) -> EggerTest:
    """Test funnel asymmetry by regression of the effects on their precision.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances, at least three studies.
    model : {"lm", "rma"}
        "lm": Egger's test proper, weighted least squares with a multiplicative error and k - 2 degrees of
        freedom. "rma": mixed-effects meta-regression by `method` and `test`.
    predictor : {"sei", "vi"}
        Standard error or sampling variance.
    method, test, level
        For the model "rma", as for `meta_regression`; `level` for the limits at standard error zero.

    Returns
    -------
    EggerTest
        Slope with its test, and the effect at standard error zero with its limits.

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than three studies; no difference in precision between the studies.

    Notes
    -----
    Egger et al. (1997), Sterne and Egger (2005), as metafor's ``regtest``. Cochrane Handbook 13.3.5.2: of
    little use with fewer than 10 studies.
    """
    check_choice("model", model, ("lm", "rma"))
    check_choice("predictor", predictor, ("sei", "vi"))
    if model == "lm" and (method, test) != ("REML", "z"):
        raise ValueError("method, test: have no meaning for the model 'lm', Egger's own; use model='rma'")
    given = check_funnel(yi, vi, "a regression on precision")
    precision = np.sqrt(given.vi) if predictor == "sei" else given.vi
    # weighted least squares with its own error variance is the equal-effects fit with a Knapp-Hartung factor
    how = ("EE", "knha") if model == "lm" else (method, test)
    fit = meta_regression(given.yi, given.vi, {predictor: precision}, *how, level=level)
    at_zero, slope = (row for _, row in fit.coefficients.iterrows())
    tested = (slope["estimate"], slope["se"], slope["stat"], fit.df, slope["p_value"])
    limits = (at_zero["estimate"], at_zero["ci_lower"], at_zero["ci_upper"])
    return EggerTest(*tested, *limits, model, predictor, fit.k)


def check_funnel(yi: Any, vi: Any, test: str) -> Studies:
    """Check the studies of a test of asymmetry: at least three, not equally precise."""
    given = check_studies(yi, vi)
    if given.yi.size < 3:
        raise ValueError(f"yi: {given.yi.size} studies; {test} needs at least three")
    if equally_precise(given.vi):
        raise ValueError("vi: the studies are equally precise; asymmetry cannot show, there is no test")
    return given


def equally_precise(vi: Array) -> bool:
    """Whether the variances are the same but for rounding."""
    return bool(np.ptp(vi) <= 1e-10 * vi.max())


@dataclass(frozen=True, repr=False)
class RankTest(Printed):
    """Kendall's tau of standardised effects and variances; `exact` says how p was computed."""

    tau: float
    p_value: float
    exact: bool
    k: int


def rank_test(yi: Any, vi: Any) -> RankTest:
    """Test funnel asymmetry by the rank correlation of Begg and Mazumdar (1994).

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances, at least three studies.

    Returns
    -------
    RankTest
        Kendall's tau-b; p exact below 50 studies without ties, else normal, as metafor's ``ranktest`` in R.

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than three studies; equally precise studies.
    """
    given = check_funnel(yi, vi, "a rank correlation")
    k = given.yi.size
    w = 1 / given.vi
    mean = np.sum(w * given.yi) / np.sum(w)
    standardised = (given.yi - mean) / np.sqrt(given.vi - 1 / np.sum(w))
    if np.ptp(standardised) == 0:
        raise ValueError("yi: the effects are equal, so that asymmetry cannot show; there is no test")
    tied = len(np.unique(standardised)) < k or len(np.unique(given.vi)) < k
    exact = k < EXACT_BELOW and not tied
    tau, p_value = scipy.stats.kendalltau(standardised, given.vi, method="exact" if exact else "asymptotic")
    return RankTest(float(tau), float(p_value), exact, k)


def fail_safe_n(yi: Any, vi: Any, alpha: float = 0.05) -> int:
    """Count the studies without effect that would make the combined one-sided p-value exceed `alpha`.

    Rosenthal (1979), as metafor's ``fsn``; here to check published figures. It measures significance, not the
    size of an effect, and should not be used as evidence against publication bias (Cochrane Handbook 13.3).
    """
    given = check_studies(yi, vi)
    critical = float(ndtri(1 - check_level(alpha, "alpha")))
    combined = float(np.abs(np.sum(given.yi / np.sqrt(given.vi))))
    return max(0, int(np.ceil((combined / critical) ** 2 - given.yi.size)))


@dataclass(frozen=True, eq=False, repr=False)
class TrimAndFill(Printed):
    """Number of missing studies `k0`, the side they are missing on, and the fit with them filled in.

    `yi` and `vi` of the fit hold all studies, the filled ones last; `filled` marks them. `p_k0` (R0 only) is
    the p-value of the hypothesis that none is missing.
    """

    k0: int
    se_k0: float
    side: str
    estimator: str
    p_k0: float
    fit: Pooled
    filled: Array

    def __getattr__(self, name: str) -> Any:
        """Read estimate, se, ci_lower, tau2 and so on from the filled fit."""
        if name.startswith("_") or name == "fit":
            raise AttributeError(name)
        return getattr(self.fit, name)

    def _content(self) -> tuple[str, dict[str, Any]]:
        title, rows = self.fit._content()
        missing = {f"missing on the {self.side}": self.k0, "standard error of this number": self.se_k0}
        return f"Trim and fill, {self.estimator}: {title}", missing | rows


def trim_and_fill(
    yi: Any,
    vi: Any = None,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    estimator: str = "L0",
    side: str | None = None,
) -> TrimAndFill:
    """Estimate how many studies are missing from one side of the funnel, and pool with them filled in.

    Parameters
    ----------
    yi, vi, method, test, level
        As for `leave_one_out`.
    estimator : {"L0", "R0", "Q0"}
        Estimator of the number of missing studies.
    side : {"left", "right"}, optional
        Where studies are missing; without it, the side that the regression on the standard error points to.

    Returns
    -------
    TrimAndFill
        Estimate, limits and tau2 of the filled fit can be read from it directly.

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than three studies; equally precise studies without a `side`.

    Notes
    -----
    Duval and Tweedie (2000a, 2000b), as metafor's ``trimfill``. A sensitivity analysis: the filled studies
    are not evidence (Cochrane Handbook 13.3.5.6).
    """
    check_choice("estimator", estimator, tuple(COUNTERS))
    fit = fit_of(yi, vi, method, test, level)
    if fit.k < 3:
        raise ValueError(f"yi: {fit.k} studies; trim and fill needs at least three")
    side = emptier_side(fit) if side is None else check_choice("side", side, ("left", "right"))
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * fit.yi, kind="stable")
    y, v = sign * fit.yi[order], fit.vi[order]
    k0, se_k0, centre = missing_studies(y, v, fit.method, estimator)
    mirrored = sign * (2 * centre - y[fit.k - k0 :])
    all_y, all_v = np.concatenate([fit.yi, mirrored]), np.concatenate([fit.vi, v[fit.k - k0 :]])
    filled = np.arange(fit.k + k0) >= fit.k
    refit = pool_arrays(all_y, all_v, fit.method, fit.test, fit.level) if k0 else fit
    p_k0 = 0.5 ** (k0 + 1) if estimator == "R0" else float("nan")
    return TrimAndFill(k0, se_k0, side, estimator, p_k0, refit, filled)


def emptier_side(fit: Pooled) -> str:
    """Side of the funnel that lacks small studies: right where effects fall with the standard error."""
    if equally_precise(fit.vi):
        raise ValueError("side: the studies are equally precise and do not show it; give 'left' or 'right'")
    slope = meta_regression(fit.yi, fit.vi, {"sei": np.sqrt(fit.vi)}, fit.method).estimate[1]
    return "right" if slope < 0 else "left"


def missing_studies(y: Array, v: Array, method: str, estimator: str) -> tuple[int, float, float]:
    """Trim the largest effects and count again until the count stays; return it, its error and the centre."""
    k, k0 = y.size, 0
    for _ in range(MOST_ROUNDS):
        centre = pool_arrays(y[: k - k0], v[: k - k0], method, "z", 0.95).estimate
        count, error = COUNTERS[estimator](y - centre)
        before, k0 = k0, max(0, int(np.rint(count)))
        if k0 == before:
            return k0, error, centre
    raise ValueError(f"yi: trim and fill by {estimator} goes back and forth; use another estimator")


def count_l0(centred: Array) -> tuple[float, float]:
    """L0: linear in the rank sum."""
    k = centred.size
    k0 = (4 * signed_rank_sum(centred) - k * (k + 1)) / (2 * k - 1)
    return k0, 4 * np.sqrt(max(rank_sum_variance(k, k0), 0.0)) / (2 * k - 1)


def count_q0(centred: Array) -> tuple[float, float]:
    """Q0: quadratic in the rank sum."""
    k = centred.size
    under_root = 2 * k**2 - 4 * signed_rank_sum(centred) + 0.25
    if under_root < 0:
        raise ValueError("yi: Q0 has no real root for these studies; use the estimator L0 or R0")
    k0 = k - 0.5 - np.sqrt(under_root)
    scale = (k - 0.5) ** 2 - k0 * (2 * k - k0 - 1)
    return k0, 2 * np.sqrt(max(rank_sum_variance(k, k0), 0.0) / scale)


def count_r0(centred: Array) -> tuple[float, float]:
    """R0: the run of largest ranks that are all positive."""
    ranks = scipy.stats.rankdata(np.abs(centred), method="ordinal")
    k0 = centred.size - max(ranks[centred < 0], default=0) - 1
    return float(k0), float(np.sqrt(2 * max(0, k0) + 2))


def signed_rank_sum(centred: Array) -> float:
    """Wilcoxon's sum of the ranks of positive values."""
    return float(scipy.stats.rankdata(np.abs(centred), method="ordinal")[centred > 0].sum())


def rank_sum_variance(k: int, k0: float) -> float:
    """Variance of the rank sum when `k0` studies are missing."""
    polynomial = 10 * k0**3 + 27 * k0**2 + 17 * k0 - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0
    return (k * (k + 1) * (2 * k + 1) + polynomial) / 24


COUNTERS = {"L0": count_l0, "R0": count_r0, "Q0": count_q0}
