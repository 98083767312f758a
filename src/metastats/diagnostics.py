"""Leave-one-out, cumulative analysis and influence of single studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtr

from metastats.checks import Array, label_codes
from metastats.pooling import Pooled, fit_of, pool_arrays

DELETION_COLUMNS = (
    "k", "estimate", "se", "stat", "p_value", "ci_lower", "ci_upper", "q", "q_p_value", "tau2", "i2", "h2",
)  # fmt: skip


def leave_one_out(
    yi: Any, vi: Any = None, method: str = "REML", test: str = "z", level: float = 0.95, labels: Any = None
) -> pd.DataFrame:
    """Pool k times, each time without one study (metafor's ``leave1out``; Viechtbauer and Cheung 2010).

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; or a fit of `pool` in the place of `yi` alone.
    method, test, level
        As for `pool` (a fit brings its own).
    labels : sequence, optional
        Names of the studies, the index of the result.

    Returns
    -------
    DataFrame
        One row for each study left out: k, estimate, se, stat, p_value, ci_lower, ci_upper, q, q_p_value,
        tau2, i2 (percent), h2.

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than two studies.
    """
    fit = fit_of(yi, vi, method, test, level)
    if fit.k < 2:
        raise ValueError("yi: one study; leaving it out leaves nothing, give at least two")
    everyone = np.arange(fit.k)
    return deletion_table([refit(fit, everyone != i) for i in everyone], study_names(labels, fit.k))


def cumulative(
    yi: Any,
    vi: Any = None,
    order: Any = None,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    labels: Any = None,
) -> pd.DataFrame:
    """Pool the first study, the first two, and so on (metafor's ``cumul``; Lau et al. 1992).

    Parameters
    ----------
    yi, vi, method, test, level, labels
        As for `leave_one_out`.
    order : array_like, shape (k,), optional
        Values to sort by, such as years; ties keep the given order. Without it the order is as given.

    Returns
    -------
    DataFrame
        Columns as of `leave_one_out`; the index names the study that each row adds.

    Raises
    ------
    ValueError
        What `pool` refuses; an order of another length, or with a missing value.
    """
    fit = fit_of(yi, vi, method, test, level)
    rows: Array = np.arange(fit.k)
    if order is not None:
        code, values = label_codes("order", order, fit.k)
        try:
            rank = pd.Series(values).rank().to_numpy()
        except TypeError as error:
            raise ValueError(f"order: cannot be sorted ({error}); give values of one kind") from None
        rows = rank[code].argsort(kind="stable")
    names = study_names(labels, fit.k)
    return deletion_table([refit(fit, rows[: i + 1]) for i in range(fit.k)], [names[row] for row in rows])


def influence(
    yi: Any, vi: Any = None, method: str = "REML", test: str = "z", level: float = 0.95, labels: Any = None
) -> pd.DataFrame:
    """Compute the case-deletion diagnostics of each study.

    Parameters
    ----------
    yi, vi, method, test, level, labels
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
    fit = fit_of(yi, vi, method, test, level)
    k = fit.k
    if k < 3:
        raise ValueError(f"yi: {k} studies; the influence of one is not defined with fewer than three")
    everyone = np.arange(k)
    without = [refit(fit, everyone != i) for i in everyone]
    estimate, se, tau2 = (
        np.array([getattr(f, name) for f in without]) for name in ("estimate", "se", "tau2")
    )
    # by which the test multiplies the variance of the estimate
    factor = np.array([f.se**2 * np.sum(1 / (f.vi + f.tau2)) for f in without])
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


def study_names(labels: Any, k: int) -> list:
    """Labels of the studies, or their positions."""
    if labels is None:
        return list(range(k))
    if len(labels) != k:
        raise ValueError(f"labels: {len(labels)} names but {k} effects; give one for each effect")
    return list(labels)


def refit(fit: Pooled, rows: Array) -> Pooled:
    """Pool some of the studies of a fit in the same way."""
    return pool_arrays(fit.yi[rows], fit.vi[rows], fit.method, fit.test, fit.level)


def deletion_table(fits: list[Pooled], index: list) -> pd.DataFrame:
    """One row a fit, one column a result."""
    columns = {name: [getattr(fit, name) for fit in fits] for name in DELETION_COLUMNS}
    return pd.DataFrame(columns, index=index)
