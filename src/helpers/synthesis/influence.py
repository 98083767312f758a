"""Influence of single studies on the synthesis: outliers, leverage, and how far the result would move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtr

from helpers.synthesis.deletion import fitted, refit, study_names


def influence(
    yi: Any, vi: Any = None, method: str = "REML", test: str = "z", level: float = 0.95, labels: Any = None
) -> pd.DataFrame:
    """Compute the case-deletion diagnostics of each study.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; or a fit of `pool` in the place of `yi` alone.
    method, test, level, labels
        As for `leave_one_out`.

    Returns
    -------
    DataFrame
        One row a study: `rstandard` and `rstudent` (standardised residual, with the study and without it),
        `dffits`, `cook_d`, `cov_r` (ratio of the variances of the estimate), `tau2_del` and `q_del` (without
        the study), `hat`, `weight` (percent), `dfbetas`, and `influential`, metafor's rule of thumb.

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than three studies.

    Notes
    -----
    Viechtbauer and Cheung (2010), as in metafor's ``influence`` and ``rstandard``. A study counts as
    influential when ``|dffits| > 3 / sqrt(k - 1)``, ``hat > 3 / k``, ``|dfbetas| > 1``, or Cook's distance
    exceeds the median of chi-squared with one degree of freedom.

    """
    fit = fitted(yi, vi, method, test, level)
    k = fit.k
    if k < 3:
        raise ValueError(f"yi: {k} studies; the influence of one is not defined with fewer than three")
    everyone = np.arange(k)
    without = [refit(fit, everyone != i) for i in everyone]
    estimate, se, tau2 = (
        np.array([getattr(f, name) for f in without]) for name in ("estimate", "se", "tau2")
    )
    factor = np.array([variance_factor(f) for f in without])
    hat = fit.weights / 100
    moved = fit.estimate - estimate
    residual_variance = fit.vi + fit.tau2 - 1 / np.sum(1 / (fit.vi + fit.tau2))
    # dfbetas: the weights of all studies, at the tau2 found without the study
    sum_w = (1 / (fit.vi[:, None] + tau2)).sum(axis=0)
    table = pd.DataFrame(
        {
            "rstandard": (fit.yi - fit.estimate) / np.sqrt(residual_variance),
            "rstudent": (fit.yi - estimate) / np.sqrt(fit.vi + tau2 + se**2),
            "dffits": moved / np.sqrt(factor * hat * (fit.vi + tau2)),
            "cook_d": (moved / fit.se) ** 2,
            "cov_r": (se / fit.se) ** 2,
            "tau2_del": tau2,
            "q_del": [f.q for f in without],
            "hat": hat,
            "weight": fit.weights,
            "dfbetas": moved / np.sqrt(factor / sum_w),
        },
        index=study_names(labels, k),
    )
    far = (np.abs(table.dffits) > 3 / np.sqrt(k - 1)) | (np.abs(table.dfbetas) > 1)
    return table.assign(influential=far | (table.hat > 3 / k) | (chdtr(1, table.cook_d) > 0.5))


def variance_factor(fit: Any) -> float:
    """Factor by which the test of `fit` multiplies the variance of the estimate (1 for the normal test)."""
    return fit.se**2 * float(np.sum(1 / (fit.vi + fit.tau2)))
