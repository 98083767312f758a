"""Meta-regression: effects explained by moderators of the studies."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.synthesis.inputs import as_floats, level_between, one_of, studies
from helpers.synthesis.moderators import Moderators, design_matrix, refuse_collinear
from helpers.synthesis.pooling import TESTS
from helpers.synthesis.regression_fit import MetaRegression
from helpers.synthesis.tau2 import METHODS, estimate_tau2


def meta_regression(
    yi: Any,
    vi: Any,
    mods: Any,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    intercept: bool = True,
    missing: str = "refuse",
) -> MetaRegression:
    """Fit a mixed-effects meta-regression.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    mods : DataFrame, Series, dict or array_like, shape (k,) or (k, m)
        Moderators; text and categories become indicators against their first level.
    method, test, level, missing
        As for `pool`; knha and adhoc use k - p degrees of freedom. A row with a missing moderator counts as
        missing too.
    intercept : bool
        Add an intercept, the first coefficient.

    Returns
    -------
    MetaRegression
        Coefficients with their tests, residual heterogeneity, R2 and the omnibus test.

    Raises
    ------
    ValueError
        What `pool` refuses; a moderator that is not a number, of another length, or collinear (named); not
        more studies than coefficients.

    Notes
    -----
    Agrees with metafor's ``rma(yi, vi, mods=...)``; weighted least squares by QR decomposition, without any
    k x k matrix. Source: Raudenbush (1994); Knapp and Hartung (2003); Viechtbauer (2010).

    """
    one_of("method", method, METHODS)
    one_of("test", test, TESTS)
    level_between(level)
    y, v = np.atleast_1d(as_floats("yi", yi)), np.atleast_1d(as_floats("vi", vi))
    x, names = design_matrix(mods, y.size, intercept)
    bad = np.isnan(x).any(axis=1) if missing == "drop" else np.zeros(y.size, bool)
    given = studies(np.where(bad, np.nan, y), v, missing)
    x = x if given.kept is None else x[given.kept]
    refuse_collinear(x, names)
    model = Moderators(given.yi, given.vi, x)
    tau2 = float(estimate_tau2(model, method))
    profile = model.profile(tau2)
    factor = profile.q() / model.df
    factor = {"z": 1.0, "knha": factor, "adhoc": max(1.0, factor)}[test]
    df = None if test == "z" else model.df
    vcov = factor * profile.covariance()
    return MetaRegression(
        method, test, level, names, profile.coefficients, vcov, tau2, df, model, given.dropped
    )
