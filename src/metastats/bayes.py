"""Bayesian pooling of few studies: the normal-normal model, integrated and not sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from helpers.synthesis.inputs import level_between, one_of, studies
from helpers.synthesis.marginals import NormalMixture, TauMarginal
from helpers.synthesis.tau_posterior import TauPosterior
from helpers.tables.at_the_prompt import pairs_html, short

TAU_PRIORS = ("half-normal", "half-cauchy")


@dataclass(frozen=True, eq=False)
class BayesPooled:
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

    yi: np.ndarray
    vi: np.ndarray
    tau_prior: tuple[str, float]
    mu_prior: tuple[str, float, float] | None
    level: float
    dropped: int

    def _repr_html_(self) -> str:
        parts = {
            "mean effect": self.mu,
            "between-study SD": self.tau,
            "effect of a new study": self.predictive,
        }
        told = {
            name: f"{short(part.median)} ({short(part.lower)} to {short(part.upper)})"
            for name, part in parts.items()
        }
        prior = f"{self.tau_prior[0]}({self.tau_prior[1]:g}) on the between-study SD"
        title = f"Bayesian meta-analysis: median and {100 * self.level:g} % interval"
        return pairs_html(title, {"studies": self.k} | told | {"prior": prior})

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
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; k may be 1.
    tau_prior : (str, float)
        ("half-normal", scale) or ("half-cauchy", scale), the scale in the units of yi.
    mu_prior : ("normal", mean, sd), optional
        Prior of the mean effect; flat when None or "flat".
    level : float
        Probability of the intervals.
    missing : {"refuse", "drop"}
        As for `pool`.

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
    "Bayesian random-effects meta-analysis using the bayesmeta R package"; half-normal
    priors for few studies: Friede et
    al. (2017), Röver et al. (2021).

    """
    given = studies(yi, vi, missing)
    level_between(level)
    name, scale = prior_parts("tau_prior", tau_prior, 2, "('half-normal', 0.5)")
    one_of("tau_prior", name, TAU_PRIORS)
    if mu_prior in (None, "flat"):
        mu_prior = None
    else:
        kind, mean, sd = prior_parts("mu_prior", mu_prior, 3, "('normal', 0, 2) or None")
        one_of("mu_prior", kind, ("normal",))
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
