"""What the synthesis would be without a study, and what it was as the studies came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.inputs import level_between, one_of, studies
from helpers.synthesis.pooled import Pooled
from helpers.synthesis.pooling import TESTS, pool_checked
from helpers.synthesis.tau2 import METHODS

COLUMNS = (
    "k", "estimate", "se", "stat", "p_value", "ci_lower", "ci_upper", "q", "q_p_value", "tau2", "i2", "h2",
)  # fmt: skip


def fitted(yi: Any, vi: Any, method: str, test: str, level: float) -> Pooled:
    """Return the fit that was given in the place of `yi`, or pool the given studies."""
    if isinstance(yi, Pooled):
        if vi is not None:
            raise ValueError("vi: not wanted beside a fit; give either a fit or effects with their variances")
        return yi
    one_of("method", method, METHODS)
    one_of("test", test, TESTS)
    given = studies(yi, vi)
    return pool_checked(given.yi, given.vi, method, test, level_between(level))


def refit(fit: Pooled, rows: np.ndarray) -> Pooled:
    """Pool some of the studies of a fit in the same way."""
    return pool_checked(fit.yi[rows], fit.vi[rows], fit.method, fit.test, fit.level)


def as_table(fits: list[Pooled], index: Any) -> pd.DataFrame:
    """One row a fit."""
    return pd.DataFrame([{name: getattr(fit, name) for name in COLUMNS} for fit in fits], index=index)


def study_names(labels: Any, k: int) -> list:
    """Labels of the studies, or their positions."""
    if labels is None:
        return list(range(k))
    if len(labels) != k:
        raise ValueError(f"labels: {len(labels)} names but {k} effects; give one for each effect")
    return list(labels)


def leave_one_out(
    yi: Any, vi: Any = None, method: str = "REML", test: str = "z", level: float = 0.95, labels: Any = None
) -> pd.DataFrame:
    """Pool k times, each time without one study.

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

    Notes
    -----
    As metafor's ``leave1out`` (Viechtbauer and Cheung 2010).

    """
    fit = fitted(yi, vi, method, test, level)
    if fit.k < 2:
        raise ValueError("yi: one study; leaving it out leaves nothing, give at least two")
    everyone = np.arange(fit.k)
    return as_table([refit(fit, everyone != i) for i in everyone], study_names(labels, fit.k))


def cumulative(
    yi: Any,
    vi: Any = None,
    order: Any = None,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    labels: Any = None,
) -> pd.DataFrame:
    """Pool the first study, the first two, and so on.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; or a fit of `pool` in the place of `yi` alone.
    order : array_like, shape (k,), optional
        Values to sort by, such as years; ties keep the given order. Without it the order is as given.
    method, test, level, labels
        As for `leave_one_out`.

    Returns
    -------
    DataFrame
        Columns as of `leave_one_out`; the index names the study that each row adds.

    Raises
    ------
    ValueError
        What `pool` refuses; an order of another length, or with a missing value.

    Notes
    -----
    As metafor's ``cumul`` (Lau et al. 1992).

    """
    fit = fitted(yi, vi, method, test, level)
    rows = np.arange(fit.k)
    if order is not None:
        values = pd.Series(list(order))
        if len(values) != fit.k:
            raise ValueError(f"order: {len(values)} values but {fit.k} effects; give one for each effect")
        if values.isna().any():
            raise ValueError(
                f"order[{int(values.isna().to_numpy().argmax())}]: is missing; give a value to sort by"
            )
        rows = values.argsort(kind="stable").to_numpy()
    names = study_names(labels, fit.k)
    return as_table([refit(fit, rows[: i + 1]) for i in range(fit.k)], [names[row] for row in rows])
