"""Tests for small-study effects: whether small studies show other effects than large ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import kendalltau

from helpers.synthesis.inputs import level_between, one_of, studies
from helpers.synthesis.meta_regression import meta_regression

EXACT_BELOW = 50


@dataclass(frozen=True)
class EggerTest:
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


@dataclass(frozen=True)
class RankTest:
    """Kendall's tau of standardised effects and variances; `exact` says how p was computed."""

    tau: float
    p_value: float
    exact: bool
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
    one_of("model", model, ("lm", "rma"))
    one_of("predictor", predictor, ("sei", "vi"))
    given = studies(yi, vi)
    k = given.yi.size
    if k < 3:
        raise ValueError(f"yi: {k} studies; a regression on precision needs at least three")
    precision = np.sqrt(given.vi) if predictor == "sei" else given.vi
    if np.ptp(precision) <= 1e-10 * precision.max():
        raise ValueError(
            "vi: the studies are equally precise, so that asymmetry cannot show; there is no test"
        )
    # weighted least squares with its own error variance is the equal-effects fit with a Knapp-Hartung factor
    how = ("EE", "knha") if model == "lm" else (method, test)
    fit = meta_regression(given.yi, given.vi, {predictor: precision}, *how, level=level)
    return EggerTest(
        slope=float(fit.estimate[1]),
        se=float(fit.se[1]),
        stat=float(fit.stat[1]),
        df=fit.df,
        p_value=float(fit.p_value[1]),
        limit_estimate=float(fit.estimate[0]),
        limit_lower=float(fit.ci_lower[0]),
        limit_upper=float(fit.ci_upper[0]),
        model=model,
        predictor=predictor,
        k=k,
    )


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
    given = studies(yi, vi)
    k = given.yi.size
    if k < 3:
        raise ValueError(f"yi: {k} studies; a rank correlation needs at least three")
    if np.ptp(given.vi) == 0:
        raise ValueError(
            "vi: the studies are equally precise, so that asymmetry cannot show; there is no test"
        )
    w = 1 / given.vi
    mean = np.sum(w * given.yi) / np.sum(w)
    standardised = (given.yi - mean) / np.sqrt(given.vi - 1 / np.sum(w))
    tied = len(np.unique(standardised)) < k or len(np.unique(given.vi)) < k
    exact = k < EXACT_BELOW and not tied
    tau, p_value = kendalltau(standardised, given.vi, method="exact" if exact else "asymptotic")
    return RankTest(float(tau), float(p_value), exact, k)


def fail_safe_n(yi: Any, vi: Any, alpha: float = 0.05) -> int:
    """Count the studies without effect that would make the combined one-sided p-value exceed `alpha`.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    alpha : float
        One-sided level.

    Returns
    -------
    int
        0 where the combined p-value is above `alpha` as it is.

    Raises
    ------
    ValueError
        What `pool` refuses; a level not between 0 and 1.

    Notes
    -----
    Rosenthal (1979), as metafor's ``fsn``; here to check published figures. It measures significance, not the
    size of an effect, and should not be used as evidence against publication bias (Cochrane Handbook 13.3).

    """
    given = studies(yi, vi)
    critical = float(ndtri(1 - level_between(alpha, "alpha")))
    combined = float(np.abs(np.sum(given.yi / np.sqrt(given.vi))))
    return max(0, int(np.ceil((combined / critical) ** 2 - given.yi.size)))
