"""Many meta-analyses at once, as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from metastats.checks import (
    LARGEST,
    SMALLEST,
    Array,
    as_floats,
    check_choice,
    check_level,
    refuse,
    refuse_unusable,
)
from metastats.heterogeneity import METHODS, WeightedMean, estimate_tau2
from metastats.pooling import INTERVAL_TESTS, variance_factor
from metastats.results import Heterogeneous

BATCH_CELLS = 16_384  # effects worked on at a time: few enough to stay in the cache of the processor
BATCH_COLUMNS = (
    "k", "estimate", "se", "ci_lower", "ci_upper", "p_value", "tau2", "i2", "h2", "q", "q_p_value",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class PooledMany(Heterogeneous):
    """Fits of n meta-analyses; every attribute is an array with one value for each, named as in `Pooled`.

    `yi` and `vi` hold the studies, one meta-analysis a row; one left out has effect 0 and infinite variance.
    """

    method: str
    test: str
    level: float
    yi: Array
    vi: Array
    estimate: Array
    se: Array
    tau2: Array
    k: Array

    @cached_property
    def df(self) -> Array | None:
        """Degrees of freedom of the test; None for z, and infinite for a meta-analysis of one study."""
        return None if self.test == "z" else np.where(self.k > 1, self.k - 1.0, np.inf)

    @cached_property
    def _model(self) -> WeightedMean:
        y, v = np.moveaxis(self.yi, -1, 0), np.moveaxis(self.vi, -1, 0)
        return WeightedMean(y, v, np.isfinite(v))

    def to_frame(self) -> pd.DataFrame:
        """Table with one row a meta-analysis."""
        return pd.DataFrame({name: np.ravel(getattr(self, name)) for name in BATCH_COLUMNS})

    def _content(self) -> tuple[str, pd.DataFrame]:
        title = f"Meta-analyses, {self.method}, {100 * self.level:g} % intervals ({self.test})"
        return title, self.to_frame()


def models(y: Array, v: Array) -> Iterator[tuple[slice, WeightedMean]]:
    """Give the rows in blocks of about `BATCH_CELLS` effects, as models with studies along the first axis."""
    step = max(1, BATCH_CELLS // y.shape[1])
    ragged = not isfinite(v.max())
    for start in range(0, len(y), step):
        rows = slice(start, start + step)
        block = np.ascontiguousarray(v[rows].T)
        present = np.isfinite(block) if ragged else None
        yield rows, WeightedMean(np.ascontiguousarray(y[rows].T), block, present)


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
    check_choice("method", method, METHODS)
    check_choice("test", test, INTERVAL_TESTS)
    check_choice("missing", missing, ("refuse", "drop"))
    check_level(level)
    y, v, k = check_rows(yi, vi, missing)
    shape = y.shape[:-1]
    found = np.empty((3, y[..., 0].size))
    for rows, model in models(y.reshape(-1, y.shape[-1]), v.reshape(-1, y.shape[-1])):
        found[:, rows] = fit_block(model, method, test)
    estimate, se, tau2 = found.reshape(3, *shape)
    return PooledMany(method, test, level, y, v, estimate, se, tau2, np.broadcast_to(k, shape))


def check_rows(yi: Any, vi: Any, missing: str) -> tuple[Array, Array, Array | int]:
    """Check rows of studies; an absent study gets effect 0 and infinite variance, that is no weight."""
    y, v = as_floats("yi", yi), as_floats("vi", vi)
    try:
        if y.shape[-1:] != v.shape[-1:] or y.ndim == 0:
            raise ValueError
        y, v = np.broadcast_arrays(y, v)
    except ValueError:
        shapes = f"shapes {y.shape} and {v.shape} do not fit together"
        raise ValueError(f"yi, vi: {shapes}; give one variance for each effect, (n, k) each") from None
    if y.size == 0:
        raise ValueError(f"yi: shape {y.shape} holds no study; give at least one meta-analysis of one study")
    if v.min() > SMALLEST and v.max() < LARGEST and y.max() < LARGEST**0.5 and y.min() > -(LARGEST**0.5):
        return y, v, y.shape[-1]
    present = ~(np.isnan(y) | np.isnan(v)) if missing == "drop" else np.ones(y.shape, bool)
    refuse_unusable(y, v, present)
    k = present.sum(axis=-1)
    refuse("yi", k == 0, "has no study left", "leave the row out")
    return np.where(present, y, 0.0), np.where(present, v, np.inf), k


def fit_block(model: WeightedMean, method: str, test: str) -> tuple[Array, Array, Array]:
    """Estimate, standard error and tau2 of every meta-analysis of a block."""
    tau2 = np.asarray(estimate_tau2(model, method))
    profile = model.profile(tau2)
    factor = np.where(model.df > 0, variance_factor(profile, np.maximum(model.df, 1), test), 1.0)
    return profile.estimate, np.sqrt(factor / profile.sum_w), tau2
