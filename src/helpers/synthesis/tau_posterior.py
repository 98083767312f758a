"""The posterior of tau in the normal-normal model, on nodes of a deterministic quadrature.

Given tau, the mean mu is normal, so that everything is a mixture over tau alone. It is integrated in log(tau)
by Gauss-Legendre panels that are halved until the mass in each no longer changes: no sampling, no grid to
choose, and no unit in which it fails. Source of the model: Röver (2020), Friede et al. (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)
NEGLIGIBLE = 80.0  # nats below the mode of log(tau) at which the integral ends
MASS_ERROR = 1e-13
CELLS = 2_000_000  # nodes times studies held in memory at once
LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class TauPosterior:
    """Effects (centred by the caller), priors, and the posterior of tau.

    `mu_prior` is None (flat) or (mean, sd).
    """

    y: np.ndarray
    v: np.ndarray
    prior: str
    scale: float
    mu_prior: tuple[float, float] | None

    def log_prior(self, tau: np.ndarray) -> np.ndarray:
        """Log-density of the half-normal or half-Cauchy prior."""
        z = tau / self.scale
        if self.prior == "half-normal":
            return np.log(2 / self.scale) - 0.5 * LOG_2PI - 0.5 * z * z
        return np.log(2 / (np.pi * self.scale)) - np.log1p(z * z)

    def conditional(self, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean and variance of mu given tau, and the log of likelihood times prior with mu integrated out."""
        size = max(1, CELLS // self.y.size)
        pieces = [self._conditional(tau[i : i + size]) for i in range(0, tau.size, size)]
        return tuple(np.concatenate(part) for part in zip(*pieces, strict=True))

    def _conditional(self, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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

    def log_mass(self, x: np.ndarray) -> np.ndarray:
        """Log-density in x = log(tau), not normalised."""
        return self.conditional(np.exp(x.ravel()))[2].reshape(x.shape) + x

    @cached_property
    def _range(self) -> tuple[float, float, float]:
        """Where log(tau) has mass, and the height of its mode."""
        scales = [self.scale, *np.sqrt([self.v.min(), self.v.max()])]
        if np.ptp(self.y) > 0:
            scales.append(float(np.ptp(self.y)))
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
    def edges(self) -> np.ndarray:
        """Edges, in log(tau), of panels so narrow that 16 nodes integrate each to rounding error."""
        low, high, _ = self._range
        edges = np.linspace(low, high, 33)
        todo, done = np.column_stack([edges[:-1], edges[1:]]), []
        for _ in range(24):
            middle = todo.mean(axis=1)
            halves = np.stack([np.column_stack([todo[:, 0], middle]), np.column_stack([middle, todo[:, 1]])])
            coarse, fine = (
                self.panel_mass(todo),
                self.panel_mass(halves.reshape(-1, 2)).reshape(2, -1).sum(axis=0),
            )
            total = fine.sum() + sum(mass for _, mass in done)
            rough = np.abs(coarse - fine) > MASS_ERROR * total
            done += [(panel, mass) for panel, mass in zip(todo[~rough], fine[~rough], strict=True)]
            if not rough.any():
                break
            todo = halves[:, rough].reshape(-1, 2)
        else:
            done += [(panel, 0.0) for panel in todo]
        return np.sort(np.unique([edge for panel, _ in done for edge in panel]))

    def panel_nodes(self, panels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes in log(tau) and their weights, one row a panel."""
        half = 0.5 * (panels[:, 1] - panels[:, 0])
        return panels.mean(axis=1)[:, None] + half[:, None] * NODES, half[:, None] * NODE_WEIGHTS

    def panel_mass(self, panels: np.ndarray) -> np.ndarray:
        """Mass of each panel, relative to the height of the mode."""
        x, weight = self.panel_nodes(panels)
        return (weight * np.exp(self.log_mass(x) - self._range[2])).sum(axis=1)

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
        """tau, its probability, mean and variance of mu at every node, and the log of the whole integral."""
        x, weight = self.panel_nodes(np.column_stack([self.edges[:-1], self.edges[1:]]))
        x, weight = x.ravel(), weight.ravel()
        tau = np.exp(x)
        mean, variance, log_density = self.conditional(tau)
        mass = weight * np.exp(log_density + x - self._range[2])
        return tau, mass / mass.sum(), mean, variance, self._range[2] + float(np.log(mass.sum()))
