"""Many meta-analyses at once: sensitivity grids and simulations."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from helpers.synthesis.inputs import as_floats, level_between, one_of, refuse, refuse_unusable
from helpers.synthesis.pooled_many import CELLS, PooledMany, models
from helpers.synthesis.pooling import TESTS
from helpers.synthesis.tau2 import METHODS, estimate_tau2
from helpers.synthesis.weighted_mean import WeightedMean


def pool_many(
    yi: Any, vi: Any, method: str = "REML", test: str = "z", level: float = 0.95, missing: str = "refuse"
) -> PooledMany:
    """Pool many meta-analyses of up to k studies each.

    Parameters
    ----------
    yi, vi : array_like, shape (n, k) or (..., k)
        Effects and sampling variances, one meta-analysis a row; a single row (k,) of either
        serves all rows of the other.
    method, test, level
        As for `pool`.
    missing : {"refuse", "drop"}
        With "drop" a study with NaN is left out of its row, so that rows may differ in length; `.k` says how
        many each has.

    Returns
    -------
    PooledMany
        Arrays of the leading shape, equal to what `pool` gives for each row.

    Raises
    ------
    ValueError
        As for `pool`, with row and column of the first fault; rows of unequal length; a row without a study.

    Notes
    -----
    The estimators of `pool` (DerSimonian and Laird 1986; Viechtbauer 2005), vectorised over the rows and
    worked through in blocks: time and memory grow with n times k.

    """
    one_of("method", method, METHODS)
    one_of("test", test, TESTS)
    one_of("missing", missing, ("refuse", "drop"))
    level_between(level)
    y, v, k = checked_rows(yi, vi, missing)
    shape = y.shape[:-1]
    y, v = y.reshape(-1, y.shape[-1]), v.reshape(-1, v.shape[-1])
    estimate, se, tau2 = (np.empty(len(y)) for _ in range(3))
    for rows, model in models(y, v, CELLS):
        estimate[rows], se[rows], tau2[rows] = fit_block(model, method, test)
    arrays = (part.reshape(shape) for part in (estimate, se, tau2))
    return PooledMany(method, test, level, y, v, *arrays, np.broadcast_to(k, shape))


def checked_rows(yi: Any, vi: Any, missing: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | int]:
    """Check rows of studies; an absent study gets effect 0 and infinite variance, that is no weight."""
    y, v = as_floats("yi", yi), as_floats("vi", vi)
    if y.ndim < 1 or v.ndim < 1 or y.shape[-1] != v.shape[-1]:
        raise ValueError(
            f"yi, vi: shapes {y.shape} and {v.shape}; give one variance for each effect, (n, k) each"
        )
    try:
        y, v = np.broadcast_arrays(y, v)
    except ValueError:
        raise ValueError(
            f"yi, vi: shapes {y.shape} and {v.shape} do not fit together; make both (n, k)"
        ) from None
    if y.size == 0:
        raise ValueError(f"yi: shape {y.shape} holds no study; give at least one meta-analysis of one study")
    if v.min() > 0 and isfinite(y.sum()) and isfinite(v.sum()):
        return y, v, y.shape[-1]
    present = ~(np.isnan(y) | np.isnan(v)) if missing == "drop" else np.ones(y.shape, bool)
    refuse_unusable(y, v, present)
    k = present.sum(axis=-1)
    refuse("yi", k == 0, "has no study left", "leave the row out")
    return np.where(present, y, 0.0), np.where(present, v, np.inf), k


def fit_block(model: WeightedMean, method: str, test: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, standard error and tau2 of every meta-analysis of a block."""
    tau2 = estimate_tau2(model, method)
    profile = model.profile(tau2)
    variance = 1.0 / profile.sum_w
    if test != "z":
        df = np.maximum(model.df, 1)
        factor = profile.q() / df
        factor = factor if test == "knha" else np.maximum(factor, 1.0)
        variance = variance * np.where(model.df > 0, factor, 1.0)
    return profile.estimate, np.sqrt(variance), tau2
