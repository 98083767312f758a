"""Estimators of the between-study variance tau2, and the standard error of each.

Sources: DerSimonian and Laird (1986, DL), Hedges and Olkin (1985, HE), Hunter and Schmidt (1990, HS), Sidik
and Jonkman (2005, SJ), Paule and Mandel (1982, PM), Morris (1983, EB); ML and REML as in Viechtbauer (2005);
standard errors as in Viechtbauer (2005) and in metafor, whose conventions are followed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.synthesis.tau2_roots import likelihood_root, q_root

METHODS = ("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")


def estimate_tau2(model: Any, method: str) -> np.ndarray | float:
    """Estimate tau2 by `method`; never below zero, and zero where one study leaves nothing to compare.

    Parameters
    ----------
    model : WeightedMean or Moderators
        The studies and what is fitted to them.
    method : str
        One of `METHODS`.

    Returns
    -------
    float or ndarray
        One tau2 for each meta-analysis of the model, in squared units of yi.

    """
    if model.y.ndim == 1 and model.df > 0:  # one meta-analysis: plain numbers cost a third of arrays of one
        tau2 = ESTIMATORS[method](model)
        return tau2 if tau2 > 0 else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        tau2 = np.asarray(ESTIMATORS[method](model))
    return np.where((model.df > 0) & (tau2 > 0), tau2, 0.0)


def equal_effects(model: Any) -> np.ndarray:
    """EE: no heterogeneity by assumption."""
    return np.zeros(np.shape(model.smallest_v()))


def dersimonian_laird(model: Any) -> np.ndarray:
    """DL: the tau2 at which Q with inverse-variance weights has its expected value."""
    profile = model.profile(0.0)
    return (profile.q() - model.df) / profile.trace_p()


def hedges(model: Any) -> np.ndarray:
    """HE: the unweighted variance of the effects less their mean sampling variance."""
    rss, trace_pv, _ = model.unweighted()
    return (rss - trace_pv) / model.df


def hunter_schmidt(model: Any) -> np.ndarray:
    """HS: as DL, with k in the place of the degrees of freedom and no correction of the weights."""
    profile = model.profile(0.0)
    return (profile.q() - model.k) / profile.sum_w


def sidik_jonkman_start(model: Any) -> np.ndarray:
    """First guess of SJ: the variance of the effects with divisor k, whatever the moderators."""
    return model.spread_about_mean() / model.k


def sidik_jonkman(model: Any) -> np.ndarray:
    """SJ: one step from the first guess; above zero unless all effects are equal."""
    start = sidik_jonkman_start(model)
    return start * model.profile(start).q() / model.df


def paule_mandel(model: Any) -> np.ndarray:
    """PM, and EB which has the same root: the tau2 at which Q equals its degrees of freedom."""
    return q_root(model, model.df)


ESTIMATORS = {
    "EE": equal_effects,
    "DL": dersimonian_laird,
    "HE": hedges,
    "HS": hunter_schmidt,
    "SJ": sidik_jonkman,
    "ML": lambda model: likelihood_root(model, restricted=False),
    "REML": lambda model: likelihood_root(model, restricted=True),
    "EB": paule_mandel,
    "PM": paule_mandel,
}


def tau2_standard_error(model: Any, method: str, tau2: np.ndarray) -> np.ndarray:
    """Compute the standard error of an estimated tau2; NaN for EE and where no degree of freedom is left."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.asarray(VARIANCES[method](model, tau2), float)
        return np.where(model.df > 0, np.sqrt(variance), np.nan)


def quadratic_form_variance(df: Any, excess: Any, trace_p: Any, trace_pp: Any) -> np.ndarray:
    """Variance of y'Py when the true variances exceed the weights' by `excess`."""
    return 2.0 * (df + 2.0 * excess * trace_p + excess**2 * trace_pp)


def moment_variance(model: Any, tau2: np.ndarray, divisor: str) -> np.ndarray:
    """Variance for the estimators that come from Q with inverse-variance weights (DL, HS)."""
    profile = model.profile(0.0)
    trace_p, trace_pp = profile.traces()
    form = quadratic_form_variance(model.df, tau2, trace_p, trace_pp)
    return form / (trace_p if divisor == "trace_p" else profile.sum_w) ** 2


def hedges_variance(model: Any, tau2: np.ndarray) -> np.ndarray:
    """Variance of HE."""
    _, trace_pv, trace_pvpv = model.unweighted()
    return 2.0 * (trace_pvpv + 2.0 * tau2 * trace_pv + tau2**2 * model.df) / model.df**2


def sidik_jonkman_variance(model: Any, tau2: np.ndarray) -> np.ndarray:
    """Variance of SJ, its first guess taken as fixed."""
    start = sidik_jonkman_start(model)
    form = quadratic_form_variance(model.df, tau2 - start, *model.profile(start).traces())
    return start**2 * form / model.df**2


def empirical_bayes_variance(model: Any, tau2: np.ndarray) -> np.ndarray:
    """Variance of EB, which metafor gives for PM too (the two have the same root)."""
    return 2.0 * model.k**2 / np.asarray(model.df, float) / model.profile(tau2).sum_w ** 2


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


def typical_variance(model: Any) -> np.ndarray:
    """Typical sampling variance of Higgins and Thompson (2002), the within-study part of I2 and H2."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return model.df / model.profile(0.0).trace_p()
