"""The fits of many meta-analyses, and the blocks in which they are worked through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from helpers.synthesis import intervals
from helpers.synthesis.tau2 import tau2_standard_error, typical_variance
from helpers.synthesis.weighted_mean import WeightedMean

CELLS = 16_384  # effects worked on at a time: few enough to stay in the cache of the processor


@dataclass(frozen=True, eq=False)
class PooledMany:
    """Fits of n meta-analyses; every attribute is an array with one value for each, named as in `Pooled`.

    `yi` and `vi` hold the studies, one meta-analysis a row; one left out has effect 0 and infinite variance.
    """

    method: str
    test: str
    level: float
    yi: np.ndarray
    vi: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    tau2: np.ndarray
    k: np.ndarray

    @cached_property
    def df(self) -> np.ndarray | None:
        """Degrees of freedom of the test; None for z, and infinite for a meta-analysis of one study."""
        return None if self.test == "z" else np.where(self.k > 1, self.k - 1.0, np.inf)

    @cached_property
    def stat(self) -> np.ndarray:
        """Test statistics."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.se

    @cached_property
    def p_value(self) -> np.ndarray:
        """Two-sided p-values."""
        return intervals.two_sided_p(self.stat, self.df)

    @cached_property
    def _half_width(self) -> np.ndarray:
        upper = 0.5 + self.level / 2
        return (ndtri(upper) if self.df is None else stdtrit(self.df, upper)) * self.se

    @property
    def ci_lower(self) -> np.ndarray:
        """Lower confidence limits."""
        return self.estimate - self._half_width

    @property
    def ci_upper(self) -> np.ndarray:
        """Upper confidence limits."""
        return self.estimate + self._half_width

    @cached_property
    def _q_and_typical(self) -> tuple[np.ndarray, np.ndarray]:
        parts = [
            (model.profile(0.0).q(), typical_variance(model)) for _, model in models(self.yi, self.vi, CELLS)
        ]
        return tuple(np.concatenate(part).reshape(self.estimate.shape) for part in zip(*parts, strict=True))

    @cached_property
    def se_tau2(self) -> np.ndarray:
        """Standard errors of tau2; NaN for EE and for a meta-analysis of one study."""
        tau2 = self.tau2.ravel()
        parts = [
            tau2_standard_error(model, self.method, tau2[rows])
            for rows, model in models(self.yi, self.vi, CELLS)
        ]
        return np.concatenate(parts).reshape(self.estimate.shape)

    @property
    def q(self) -> np.ndarray:
        """Cochran's Q."""
        return np.where(self.k > 1, self._q_and_typical[0], 0.0)

    @property
    def q_p_value(self) -> np.ndarray:
        """P-values of Q."""
        return intervals.chi2_p(self.q, self.k - 1)

    @property
    def i2(self) -> np.ndarray:
        """Share of the variation between studies, in percent."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.method == "EE":
                share = np.maximum(0.0, 1 - (self.k - 1) / self.q)
            else:
                share = self.tau2 / (self.tau2 + self._q_and_typical[1])
        return 100 * np.where((self.k > 1) & np.isfinite(share), share, 0.0)

    @property
    def h2(self) -> np.ndarray:
        """Total variation as a multiple of the sampling variation."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.q / (self.k - 1) if self.method == "EE" else 1 + self.tau2 / self._q_and_typical[1]
        return np.where(self.k > 1, ratio, 1.0)

    def to_frame(self) -> pd.DataFrame:
        """Table with one row a meta-analysis."""
        names = (
            "k",
            "estimate",
            "se",
            "ci_lower",
            "ci_upper",
            "p_value",
            "tau2",
            "i2",
            "h2",
            "q",
            "q_p_value",
        )
        return pd.DataFrame({name: np.ravel(getattr(self, name)) for name in names})


def models(y: np.ndarray, v: np.ndarray, cells: int) -> Iterator[tuple[slice, WeightedMean]]:
    """Give the rows in blocks of about `cells` effects, as models with the studies along the first axis."""
    step = max(1, cells // y.shape[1])
    ragged = not isfinite(v.max())
    for start in range(0, len(y), step):
        rows = slice(start, start + step)
        block = np.ascontiguousarray(v[rows].T)
        present = np.isfinite(block) if ragged else None
        yield rows, WeightedMean(np.ascontiguousarray(y[rows].T), block, present)
