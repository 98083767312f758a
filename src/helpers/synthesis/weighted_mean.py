"""The weighted mean as a function of tau2: every estimator of tau2 is built from these few sums.

With weights ``w = 1 / (v + tau2)`` let P be the matrix that takes the weighted mean out of y and weights what
is left. Q = y'Py, y'PPy, y'PPPy, tr P and tr PP are all that the moment, likelihood and Q-profile methods
need; none of them asks for a k x k matrix. `moderators.py` gives the same sums for a meta-regression.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

total = np.add.reduce  # sum over the studies, which always lie along the first axis


class MeanProfile:
    """The sums at one value of tau2 (or at one value a meta-analysis)."""

    def __init__(self, y: np.ndarray, v: np.ndarray, tau2: np.ndarray | float):
        self.y, self.w = y, 1.0 / (v + tau2)
        self.sum_w = total(self.w)
        self.estimate = total(self.w * y) / self.sum_w

    @cached_property
    def residual(self) -> np.ndarray:
        """Effects less the mean."""
        return self.y - self.estimate

    @cached_property
    def py(self) -> np.ndarray:
        """Py: the residuals, weighted."""
        return self.w * self.residual

    def q(self) -> np.ndarray:
        """y'Py: Cochran's Q at these weights."""
        return total(self.py * self.residual)

    def ypp(self) -> np.ndarray:
        """y'PPy, minus the slope of Q in tau2."""
        return total(self.py * self.py)

    def ypp_yppp(self) -> tuple[np.ndarray, np.ndarray]:
        """Y'PPy and y'PPPy; the slope of the first in tau2 is minus twice the second."""
        wpy = self.w * self.py
        return self.ypp(), total(wpy * self.py) - total(wpy) ** 2 / self.sum_w

    def sum_w2(self) -> np.ndarray:
        """Sum of the squared weights."""
        return total(self.w * self.w)

    def trace_p(self) -> np.ndarray:
        """Trace of P."""
        return self.sum_w - self.sum_w2() / self.sum_w

    def traces(self) -> tuple[np.ndarray, np.ndarray]:
        """Traces of P and of PP; the slope of the first in tau2 is minus the second."""
        w2 = self.w * self.w
        sum_w2 = total(w2)
        share = sum_w2 / self.sum_w
        return self.sum_w - share, sum_w2 - 2.0 * total(w2 * self.w) / self.sum_w + share * share

    def log_likelihood(self, restricted: bool) -> np.ndarray:
        """Log-likelihood at the mean that is best for this tau2; restricted as metafor states it."""
        present = self.w > 0
        k = total(present.astype(float))
        log_w = total(np.log(np.where(present, self.w, 1.0)))
        value = 0.5 * (log_w - self.q() - k * np.log(2 * np.pi))
        if restricted:
            value = value + 0.5 * (np.log(2 * np.pi) + np.log(k) - np.log(self.sum_w))
        return value


class WeightedMean:
    """Effects and variances of one meta-analysis (k,) or of n at once (k, n): studies along the first axis.

    An infinite variance marks an absent study (weight zero), so that analyses of unequal size share an array.
    """

    p = 1  # coefficients in the model

    def __init__(self, y: np.ndarray, v: np.ndarray, present: np.ndarray | None = None):
        self.y, self.v, self.present = y, v, present
        self.k = y.shape[0] if present is None else total(present.astype(float))

    @property
    def df(self) -> np.ndarray | float:
        """Degrees of freedom, k - 1."""
        return self.k - 1

    def profile(self, tau2: np.ndarray | float) -> MeanProfile:
        """Compute the sums at `tau2`: a number, or one a meta-analysis."""
        return MeanProfile(self.y, self.v, tau2)

    def profiles(self, tau2: np.ndarray) -> MeanProfile:
        """Compute the sums at several tau2 at once, given along the first axis of `tau2`."""
        return MeanProfile(self.y[:, None], self.v[:, None], tau2)

    def smallest_v(self) -> np.ndarray:
        """Smallest sampling variance."""
        return self.v.min(axis=0)

    def largest_v(self) -> np.ndarray:
        """Largest sampling variance of the studies that are present."""
        return (self.v if self.present is None else np.where(self.present, self.v, 0.0)).max(axis=0)

    def unweighted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Residual sum of squares about the plain mean, tr(PV) and tr(PVPV) with that mean's P."""
        here = 1.0 if self.present is None else self.present
        v = self.v if self.present is None else np.where(self.present, self.v, 0.0)
        residual = (self.y - total(self.y * here) / self.k) * here
        sum_v = total(v)
        trace_pvpv = total(v * v) * (1 - 2 / self.k) + (sum_v / self.k) ** 2
        return total(residual * residual), sum_v * (1 - 1 / self.k), trace_pvpv

    def spread(self) -> np.ndarray:
        """Residual sum of squares of the unweighted fit, here about the plain mean."""
        return self.unweighted()[0]

    spread_about_mean = spread

    def column(self, j: int) -> WeightedMean:
        """Take one meta-analysis out of many."""
        return WeightedMean(self.y[:, j], self.v[:, j], None if self.present is None else self.present[:, j])
