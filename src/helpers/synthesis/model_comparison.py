"""The same estimates by each model, side by side: an assumption is best understood by what it changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.bayes import bayes_pool
from helpers.synthesis.inputs import studies
from helpers.synthesis.pooling import pool

MODELS = {
    "equal effects": ("EE", "z", "all studies share one true effect"),
    "random effects, normal": ("REML", "z", "true effects differ; their spread is taken as known"),
    "random effects, Knapp-Hartung": ("REML", "knha", "true effects differ; their spread is estimated"),
    "random effects, truncated": ("REML", "adhoc", "the same, and agreement by chance earns no credit"),
}
PRIORS = {
    "Bayesian, half-normal prior": 1.0,
    "Bayesian, prior half as wide": 0.5,
    "Bayesian, prior twice as wide": 2.0,
}
BAYES_TAKES = "true effects differ; their spread is unlikely to exceed twice {:.3g}"


def models_compared(yi: Any, vi: Any, tau_scale: float, level: float = 0.95) -> pd.DataFrame:
    """Pool the same estimates by each model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of at least two studies.
    tau_scale : float
        Scale of the half-normal prior of tau, in the units of yi.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row a model: `model`, `takes` (in words), `estimate`, `ci_lower`, `ci_upper`, `pi_lower`,
        `pi_upper` (none where effects are equal by assumption), `tau`. The prediction intervals use t with
        k - 1 degrees of freedom; the Bayesian row gives medians and equal-tailed limits.

    Raises
    ------
    ValueError
        What `pool` and `bayes_pool` refuse; a single study.

    Notes
    -----
    The models of `pool` and `bayes_pool`; Röver, Knapp and Friede (2015) for the truncation.

    """
    given = studies(yi, vi)
    if given.yi.size < 2:
        raise ValueError("yi: one study; models differ only with two or more")
    rows = []
    for model, (method, test, takes) in MODELS.items():
        fit = pool(given.yi, given.vi, method, test, level)
        ahead = (np.nan, np.nan) if method == "EE" else fit.prediction_interval("t")
        row = {"model": model, "takes": takes, "estimate": fit.estimate, "ci_lower": fit.ci_lower}
        rows.append(
            row | {"ci_upper": fit.ci_upper, "pi_lower": ahead[0], "pi_upper": ahead[1], "tau": fit.tau}
        )
    for model, share in PRIORS.items():
        scale = share * tau_scale
        post = bayes_pool(given.yi, given.vi, ("half-normal", scale), level=level)
        row = {"model": model, "takes": BAYES_TAKES.format(scale), "estimate": post.mu.median}
        row |= {"ci_lower": post.mu.lower, "ci_upper": post.mu.upper, "tau": post.tau.median}
        rows.append(row | {"pi_lower": post.predictive.lower, "pi_upper": post.predictive.upper})
    return pd.DataFrame(rows)
