"""Pooling the effects of several studies."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from helpers.synthesis.inputs import level_between, one_of, studies
from helpers.synthesis.pooled import Pooled
from helpers.synthesis.tau2 import METHODS, estimate_tau2
from helpers.synthesis.weighted_mean import WeightedMean

TESTS = ("z", "knha", "adhoc")


def pool(
    yi: Any,
    vi: Any,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    missing: str = "refuse",
) -> Pooled:
    """Pool the effects of k studies by an equal-effects or a random-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances (squared standard errors).
    method : {"EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of tau2; EE takes it as 0. See `helpers.synthesis.tau2` for the papers.
    test : {"z", "knha", "adhoc"}
        Normal; Hartung and Knapp (2001) with k - 1 degrees of freedom; the same with its variance factor not
        below 1 (Röver, Knapp and Friede 2015).
    level : float
        Confidence level.
    missing : {"refuse", "drop"}
        Rows with NaN: refuse them, or leave them out and say how many in `.notes` and `.dropped`.

    Returns
    -------
    Pooled
        One study gives that study, tau2 0 and a normal interval, and says so in `.notes`.

    Raises
    ------
    ValueError
        Unequal lengths, no study, NaN, a variance not above zero (with its position), an unknown word.

    Notes
    -----
    Results agree with metafor's ``rma`` at tight convergence settings. Iterations stop on a step relative to
    tau2 and the sampling variances, so that the units of yi do not matter.

    Examples
    --------
    >>> fit = pool([0.1, 0.3, 0.2], [0.01, 0.02, 0.04], method="DL")
    >>> round(fit.estimate, 4)
    0.1714

    """
    one_of("method", method, METHODS)
    one_of("test", test, TESTS)
    level_between(level)
    given = studies(yi, vi, missing)
    return pool_checked(given.yi, given.vi, method, test, level, given.kept, given.dropped)


def pool_checked(
    y: np.ndarray,
    v: np.ndarray,
    method: str,
    test: str,
    level: float,
    kept: np.ndarray | None = None,
    dropped: int = 0,
) -> Pooled:
    """Fit studies that were checked already."""
    k = y.size
    notes = (f"{dropped} of {k + dropped} rows left out: NaN",) if dropped else ()
    if k == 1:
        notes += ("one study only: its own result, tau2 = 0, normal interval",)
        return Pooled(method, test, level, y, v, 0.0, float(y[0]), sqrt(v[0]), None, kept, dropped, notes)
    model = WeightedMean(y, v)
    tau2 = float(estimate_tau2(model, method))
    profile = model.profile(tau2)
    variance, df = 1.0 / float(profile.sum_w), None
    if test != "z":
        df = k - 1
        factor = float(profile.q()) / df
        variance *= factor if test == "knha" else max(1.0, factor)
    return Pooled(
        method, test, level, y, v, tau2, float(profile.estimate), sqrt(variance), df, kept, dropped, notes
    )
