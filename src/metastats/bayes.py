"""Bayesian random-effects meta-analysis of few studies: the normal-normal model, integrated and not sampled.

Given tau, the mean mu is normal, so that everything is a mixture over tau alone. It is integrated in
log(tau), over the range that has mass, by Gauss-Legendre panels: no sampling, and no unit in which it fails.
More data make a narrower posterior, but a narrower range too: the panels need not depend on them.
Sources: Röver (2020), Friede et al. (2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from scipy.special import ndtr

from metastats.checks import Array, check_choice, check_level, check_studies
from metastats.results import Printed, short

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)
NEGLIGIBLE = 80.0  # nats below the mode of log(tau) at which the integral ends
PANELS = 128
CELLS = 2_000_000  # nodes times studies held in memory at once
LOG_2PI = float(np.log(2 * np.pi))
TAU_PRIORS = ("half-normal", "half-cauchy")


@dataclass(frozen=True, eq=False, repr=False)
class BayesPooled(Printed):
    """Posterior of a random-effects meta-analysis.

    Attributes
    ----------
    mu, tau, predictive : Marginal
        The mean effect, the between-study SD and the effect of a new study: each with `.mean`, `.sd`,
        `.median`, `.lower`, `.upper` (equal-tailed), `.shortest`, `.quantile(q)`, `.cdf(x)`, `.density(x)`
        and `.probability_above(threshold)`.
    tau_prior, mu_prior
        The priors, as given.
    log_marginal_likelihood : float
        NaN under a flat prior on mu, for which it is not defined.
    """

    yi: Array
    vi: Array
    tau_prior: tuple[str, float]
    mu_prior: tuple[str, float, float] | None
    level: float
    dropped: int

    def _content(self) -> tuple[str, dict[str, Any]]:
        names = ("mean effect", "between-study SD", "effect of a new study")
        rows = {
            name: f"{short(part.median)} ({short(part.lower)} to {short(part.upper)})"
            for name, part in zip(names, (self.mu, self.tau, self.predictive), strict=True)
        }
        prior = f"{self.tau_prior[0]}({self.tau_prior[1]:g}) on the between-study SD"
        title = f"Bayesian meta-analysis: median and {100 * self.level:g} % interval"
        return title, {"studies": self.k} | rows | {"prior": prior}

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.yi.size

    @cached_property
    def _centre(self) -> float:
        # effects are held about their mean, so that a large common level costs no digits
        return float(np.mean(self.yi))

    @cached_property
    def _posterior(self) -> TauPosterior:
        normal = None if self.mu_prior is None else (self.mu_prior[1] - self._centre, self.mu_prior[2])
        return TauPosterior(self.yi - self._centre, self.vi, *self.tau_prior, normal)

    @cached_property
    def _moments(self) -> int:
        """Number of finite moments of tau (2 stands for two or more).

        The half-normal prior has all. Under the half-Cauchy prior the posterior falls as tau^-(k + 1) with a
        flat prior on mu and as tau^-(k + 2) with a normal one.
        """
        if self.tau_prior[0] == "half-normal":
            return 2
        return min(2, self.k - 1 + (self.mu_prior is not None))

    @cached_property
    def mu(self) -> NormalMixture:
        """Posterior of the mean effect."""
        _, weight, mean, variance, _ = self._posterior.nodes
        moments = 2 if self.mu_prior is not None else self._moments
        return NormalMixture(weight, mean + self._centre, np.sqrt(variance), self.level, moments)

    @cached_property
    def tau(self) -> TauMarginal:
        """Posterior of the between-study standard deviation."""
        return TauMarginal(self._posterior, self.level, self._moments)

    @cached_property
    def predictive(self) -> NormalMixture:
        """Posterior predictive distribution of the effect of a new study."""
        tau, weight, mean, variance, _ = self._posterior.nodes
        sd = np.sqrt(variance + tau * tau)
        return NormalMixture(weight, mean + self._centre, sd, self.level, self._moments)

    @property
    def log_marginal_likelihood(self) -> float:
        """Log of the probability density of the data under both priors."""
        return float("nan") if self.mu_prior is None else self._posterior.nodes[4]


def bayes_pool(
    yi: Any,
    vi: Any,
    tau_prior: tuple[str, float] = ("half-normal", 0.5),
    mu_prior: tuple[str, float, float] | str | None = None,
    level: float = 0.95,
    missing: str = "refuse",
) -> BayesPooled:
    """Pool k studies by the Bayesian normal-normal random-effects model.

    Parameters
    ----------
    yi, vi, missing
        As for `pool`; k may be 1.
    tau_prior : (str, float)
        ("half-normal", scale) or ("half-cauchy", scale), the scale in the units of yi.
    mu_prior : ("normal", mean, sd), optional
        Prior of the mean effect; flat when None or "flat".
    level : float
        Probability of the intervals.

    Returns
    -------
    BayesPooled
        Exact posteriors of mu, tau and the effect of a new study.

    Raises
    ------
    ValueError
        What `pool` refuses; an unknown prior, a scale or sd not above zero.

    Notes
    -----
    Deterministic: the same numbers on every run, in milliseconds, right to about 1e-9. Röver (2020),
    "Bayesian random-effects meta-analysis using the bayesmeta R package"; half-normal priors for few
    studies: Friede et al. (2017), Röver et al. (2021).
    """
    given = check_studies(yi, vi, missing)
    check_level(level)
    name, scale = prior_parts("tau_prior", tau_prior, 2, "('half-normal', 0.5)")
    check_choice("tau_prior", name, TAU_PRIORS)
    if mu_prior in (None, "flat"):
        mu_prior = None
    else:
        kind, mean, sd = prior_parts("mu_prior", mu_prior, 3, "('normal', 0, 2) or None")
        check_choice("mu_prior", kind, ("normal",))
        mu_prior = (kind, mean, sd)
    return BayesPooled(given.yi, given.vi, (name, scale), mu_prior, level, given.dropped)


def prior_parts(name: str, prior: Any, size: int, example: str) -> tuple:
    """Take a prior apart: its name, then finite numbers, the last of them above zero."""
    if isinstance(prior, str) or not hasattr(prior, "__len__") or len(prior) != size:
        raise ValueError(f"{name}: {prior!r} is not a prior; give for example {example}")
    kind, *numbers = prior
    numbers = [float(number) for number in numbers]
    if not np.isfinite(numbers).all() or numbers[-1] <= 0:
        raise ValueError(f"{name}: {prior!r} needs finite numbers and a scale above zero, in the units of yi")
    return (kind, *numbers)


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
    cdf, density, quantile
        Probability up to a value, density at a value, value up to which the probability is q.
    """

    cdf: Callable[[float], float]
    density: Callable[[float], float]
    quantile: Callable[[float], float]

    def __init__(self, mean: float, sd: float, level: float):
        self.mean, self.sd, self.level = mean, sd, level

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

        def difference(tail: float) -> float:
            return self.density(self.quantile(tail)) - self.density(self.quantile(tail + self.level))

        rest = 1 - self.level
        tail = scipy.optimize.brentq(difference, 1e-9 * rest, (1 - 1e-9) * rest, xtol=1e-14)
        return self.quantile(tail), self.quantile(tail + self.level)


class NormalMixture(Marginal):
    """Posterior of mu or of a new study's effect: normals with means and sds at the nodes of tau."""

    def __init__(self, weight: Array, means: Array, sds: Array, level: float, moments: int):
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
        return scipy.optimize.brentq(lambda x: self.cdf(x) - q, low, high, xtol=1e-14 * step, rtol=8.9e-16)


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
        x = min(x, edges[-1])
        j = int(np.searchsorted(edges, x)) - 1
        if j < 0:
            return 0.0
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
        root = scipy.optimize.brentq(lambda x: self._cdf_of_log(x) - q, low, high, xtol=1e-14, rtol=8.9e-16)
        return float(np.exp(root))

    @cached_property
    def shortest(self) -> tuple[float, float]:
        """Shortest interval; it begins at 0 where the density there is above that at its end."""
        end = self.quantile(self.level)
        if self.density(0.0) >= self.density(end):
            return 0.0, end
        return super().shortest


@dataclass(frozen=True, eq=False)
class TauPosterior:
    """Effects (centred by the caller), priors, and the posterior of tau.

    `mu_prior` is None (flat) or (mean, sd).
    """

    y: Array
    v: Array
    prior: str
    scale: float
    mu_prior: tuple[float, float] | None

    def log_prior(self, tau: Array) -> Array:
        """Log-density of the half-normal or half-Cauchy prior."""
        z = tau / self.scale
        if self.prior == "half-normal":
            return np.log(2 / self.scale) - 0.5 * LOG_2PI - 0.5 * z * z
        return np.log(2 / (np.pi * self.scale)) - np.log1p(z * z)

    def conditional(self, tau: Array) -> tuple[Array, Array, Array]:
        """Mean and variance of mu given tau, and the log of likelihood times prior with mu integrated out."""
        size = max(1, CELLS // self.y.size)
        pieces = [self._conditional(tau[i : i + size]) for i in range(0, tau.size, size)]
        mean, variance, log_density = (np.concatenate(part) for part in zip(*pieces, strict=True))
        return mean, variance, log_density

    def _conditional(self, tau: Array) -> tuple[Array, Array, Array]:
        variance = self.v[:, None] + tau * tau
        w = 1.0 / variance
        precision, weighted = w.sum(axis=0), (w * self.y[:, None]).sum(axis=0)
        if self.mu_prior is not None:
            prior_mean, prior_sd = self.mu_prior
            precision, weighted = precision + prior_sd**-2, weighted + prior_mean * prior_sd**-2
        mean = weighted / precision
        fit = np.log(variance).sum(axis=0) + (w * (self.y[:, None] - mean) ** 2).sum(axis=0)
        log_density = self.log_prior(tau) - 0.5 * (fit + self.y.size * LOG_2PI - LOG_2PI + np.log(precision))
        if self.mu_prior is not None:
            log_density -= 0.5 * LOG_2PI + np.log(prior_sd) + 0.5 * ((mean - prior_mean) / prior_sd) ** 2
        return mean, 1.0 / precision, log_density

    def log_mass(self, x: Array) -> Array:
        """Log-density in x = log(tau), not normalised."""
        return self.conditional(np.exp(x.ravel()))[2].reshape(x.shape) + x

    @cached_property
    def _range(self) -> tuple[float, float, float]:
        """Where log(tau) has mass, and the height of its mode."""
        scales = [self.scale, *np.sqrt([self.v.min(), self.v.max()])]
        low, high = np.log(min(scales)) - NEGLIGIBLE, np.log(max(scales)) + NEGLIGIBLE
        while True:
            x = np.linspace(low, high, 257)
            height = self.log_mass(x)
            inside = np.flatnonzero(height > height.max() - NEGLIGIBLE)
            narrower = x[max(inside[0] - 1, 0)], x[min(inside[-1] + 1, 256)]
            if narrower[1] - narrower[0] > 0.7 * (high - low):
                return *narrower, float(height.max())
            low, high = narrower

    @cached_property
    def edges(self) -> Array:
        """Edges, in log(tau), of panels so narrow that 16 nodes integrate each to rounding error."""
        return np.linspace(*self._range[:2], PANELS + 1)

    def panel_nodes(self, panels: Array) -> tuple[Array, Array]:
        """Nodes in log(tau) and their weights, one row a panel."""
        half = 0.5 * (panels[:, 1] - panels[:, 0])
        return panels.mean(axis=1)[:, None] + half[:, None] * NODES, half[:, None] * NODE_WEIGHTS

    @cached_property
    def nodes(self) -> tuple[Array, Array, Array, Array, float]:
        """tau, its probability, mean and variance of mu at every node, and the log of the whole integral."""
        x, weight = self.panel_nodes(np.column_stack([self.edges[:-1], self.edges[1:]]))
        x, weight = x.ravel(), weight.ravel()
        tau = np.exp(x)
        mean, variance, log_density = self.conditional(tau)
        mass = weight * np.exp(log_density + x - self._range[2])
        return tau, mass / mass.sum(), mean, variance, self._range[2] + float(np.log(mass.sum()))
