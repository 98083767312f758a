"""Marginal posteriors: their mean, quantiles, probabilities and intervals."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from helpers.synthesis.tau_posterior import NODES, TauPosterior


class Marginal:
    """One quantity's posterior.

    Attributes
    ----------
    mean, sd, median : float
        NaN or infinite where the posterior has no such moment.
    lower, upper : float
        Equal-tailed interval.
    shortest : (float, float)
        Shortest interval; for tau it may begin at 0.

    """

    def __init__(self, mean: float, sd: float, level: float):
        self.mean, self.sd, self.level = mean, sd, level

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        raise NotImplementedError

    def density(self, x: float) -> float:
        """Posterior density at `x`."""
        raise NotImplementedError

    def quantile(self, q: float) -> float:
        """Value below which the probability is `q`."""
        raise NotImplementedError

    def probability_above(self, threshold: float) -> float:
        """Probability of a value above `threshold`."""
        return 1.0 - self.cdf(threshold)

    @cached_property
    def median(self) -> float:
        """Middle of the posterior."""
        return self.quantile(0.5)

    @cached_property
    def lower(self) -> float:
        """Lower end of the equal-tailed interval."""
        return self.quantile((1 - self.level) / 2)

    @cached_property
    def upper(self) -> float:
        """Upper end of the equal-tailed interval."""
        return self.quantile((1 + self.level) / 2)

    @cached_property
    def shortest(self) -> tuple[float, float]:
        """Shortest interval, its ends of equal density (one mode, as nearly all have)."""
        return shortest_interval(self.quantile, self.density, self.level)


def shortest_interval(
    quantile: Callable[[float], float], density: Callable[[float], float], level: float
) -> tuple[float, float]:
    """Find the interval of probability `level` whose ends have the same density."""

    def difference(tail: float) -> float:
        return density(quantile(tail)) - density(quantile(tail + level))

    tail = brentq(difference, 1e-9 * (1 - level), (1 - 1e-9) * (1 - level), xtol=1e-14)
    return quantile(tail), quantile(tail + level)


class NormalMixture(Marginal):
    """Posterior of mu or of a new study's effect: normals with means and sds at the nodes of tau."""

    def __init__(self, weight: np.ndarray, means: np.ndarray, sds: np.ndarray, level: float, moments: int):
        keep = weight > 1e-25
        self.weight, self.means, self.sds = weight[keep], means[keep], sds[keep]
        mean = float(self.weight @ self.means)
        spread = float(np.sqrt(self.weight @ (self.sds**2 + (self.means - mean) ** 2)))
        super().__init__(mean if moments >= 1 else np.nan, spread if moments >= 2 else np.inf, level)

    def cdf(self, x: float) -> float:
        """Probability of a value up to `x`."""
        return float(self.weight @ ndtr((x - self.means) / self.sds))

    def probability_above(self, threshold: float) -> float:
        """Probability of a value above `threshold`, exact in the far tail too."""
        return float(self.weight @ ndtr((self.means - threshold) / self.sds))

    def density(self, x: float) -> float:
        """Posterior density at `x`."""
        z = (x - self.means) / self.sds
        return float(self.weight @ (np.exp(-0.5 * z * z) / self.sds)) / np.sqrt(2 * np.pi)

    def quantile(self, q: float) -> float:
        """Value below which the probability is `q`."""
        centre, step = float(np.median(self.means)), float(self.weight @ self.sds)
        low, high = centre - step, centre + step
        while self.cdf(low) > q:
            low, step = low - step, 2 * step
        while self.cdf(high) < q:
            high, step = high + step, 2 * step
        return brentq(lambda x: self.cdf(x) - q, low, high, xtol=1e-14 * step, rtol=8.9e-16)


class TauMarginal(Marginal):
    """Posterior of tau."""

    def __init__(self, posterior: TauPosterior, level: float, moments: int):
        self.posterior = posterior
        tau, weight, _, _, self.log_total = posterior.nodes
        mean = float(weight @ tau)
        spread = float(np.sqrt(weight @ (tau - mean) ** 2))
        super().__init__(mean if moments >= 1 else np.inf, spread if moments >= 2 else np.inf, level)
        # mass below each panel edge
        self.below = np.concatenate([[0.0], np.cumsum(weight.reshape(-1, NODES.size).sum(axis=1))])

    def density(self, x: float) -> float:
        """Posterior density of tau at `x`."""
        return float(np.exp(self.posterior.conditional(np.array([x]))[2][0] - self.log_total))

    def cdf(self, x: float) -> float:
        """Probability of a tau up to `x`."""
        return 0.0 if x <= 0 else self._cdf_of_log(float(np.log(x)))

    def _cdf_of_log(self, x: float) -> float:
        edges = self.posterior.edges
        j = int(np.searchsorted(edges, x)) - 1
        if j < 0:
            return 0.0
        if j >= edges.size - 1:
            return 1.0
        nodes, weight = self.posterior.panel_nodes(np.array([[edges[j], x]]))
        part = weight * np.exp(self.posterior.log_mass(nodes) - self.log_total)
        return float(self.below[j] + part.sum())

    def quantile(self, q: float) -> float:
        """Value of tau below which the probability is `q`."""
        edges = self.posterior.edges
        j = int(np.clip(np.searchsorted(self.below, q) - 1, 0, edges.size - 2))
        low, high = edges[j], edges[j + 1]
        if self._cdf_of_log(high) <= q:
            return float(np.exp(high))
        return float(np.exp(brentq(lambda x: self._cdf_of_log(x) - q, low, high, xtol=1e-14, rtol=8.9e-16)))

    @cached_property
    def shortest(self) -> tuple[float, float]:
        """Shortest interval; it begins at 0 where the density there is above that at its end."""
        end = self.quantile(self.level)
        if self.density(0.0) >= self.density(end):
            return 0.0, end
        return super().shortest
