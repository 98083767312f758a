"""Likelihood of effects nested in studies, from sums over each study: no k x k matrix.

A study's covariance is ``diag(v + within) + between * J``; inverse and determinant follow from the sums of
``a = 1 / (v + within)`` over the study (Sherman and Morrison 1950).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize


class ThreeLevels:
    """Effects sorted by study; `starts` holds the first row of each study."""

    def __init__(self, y: np.ndarray, v: np.ndarray, starts: np.ndarray):
        self.y, self.v, self.starts = y, v, starts
        self.sizes = np.diff(np.append(starts, y.size))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum over each study."""
        return np.add.reduceat(values, self.starts)

    def at(self, between: float, within: float) -> ThreeLevelFit:
        """Mean and likelihood at two variances."""
        return ThreeLevelFit(self, between, within)


class ThreeLevelFit:
    """The model at given variances."""

    def __init__(self, model: ThreeLevels, between: float, within: float):
        self.model, self.between = model, between
        self.a = 1 / (model.v + within)
        self.sum_a = model.sums(self.a)
        self.shrink = 1 / (1 + between * self.sum_a)
        self.q = self.sum_a * self.shrink  # 1'S^-1 1 of each study
        self.precision = float(self.q.sum())
        self.estimate = float((model.sums(self.a * model.y) * self.shrink).sum() / self.precision)
        self.residual = model.y - self.estimate
        self.sum_ae = model.sums(self.a * self.residual)

    def log_likelihood(self, restricted: bool) -> float:
        """Log-likelihood, or the restricted one, with all constants."""
        k = self.model.y.size
        q = (self.a * self.residual**2).sum() - self.between * (self.shrink * self.sum_ae**2).sum()
        determinant = np.log(self.shrink).sum() + np.log(self.a).sum()
        value = 0.5 * (determinant - q - k * np.log(2 * np.pi))
        if restricted:
            value += 0.5 * (np.log(2 * np.pi) + np.log(k) - np.log(self.precision))
        return float(value)

    def slopes(self, restricted: bool) -> np.ndarray:
        """Slopes of the (restricted) log-likelihood in the variances between and within studies."""
        sum_a2 = self.model.sums(self.a**2)
        traces = [self.q.sum(), (self.sum_a - self.between * self.shrink * sum_a2).sum()]
        if restricted:
            traces[0] -= (self.q**2).sum() / self.precision
            traces[1] -= (sum_a2 * self.shrink**2).sum() / self.precision
        study_part = np.repeat(self.between * self.shrink * self.sum_ae, self.model.sizes)
        solved = self.a * (self.residual - study_part)
        fits = [((self.shrink * self.sum_ae) ** 2).sum(), (solved**2).sum()]
        return 0.5 * (np.array(fits) - np.array(traces))


def best_components(model: ThreeLevels, restricted: bool) -> tuple[float, float]:
    """Find the two variances (not below 0) with the highest likelihood, from several starts.

    Variances are searched in units of the spread of the effects, so that their own unit does not matter.
    """
    unit = max(float(np.var(model.y)), 1e-3 * float(model.v.min()))

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        fit = model.at(*(unit * x))
        return -fit.log_likelihood(restricted), -unit * fit.slopes(restricted)

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    bounds = [(0, None), (0, None)]
    starts = [(0.5, 0.5), (0.9, 0.05), (0.05, 0.9), (0.01, 0.01)]
    found = [
        minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options) for start in starts
    ]
    best = polished(min(found, key=lambda result: result.fun).x, lambda x: loss(x)[1])
    return float(unit * best[0]), float(unit * best[1])


def polished(x: np.ndarray, gradient) -> np.ndarray:
    """Finish by Newton steps on the gradient in the variances that are not at their bound of 0."""
    free = np.flatnonzero(x > 1e-8)
    x = np.where(x > 1e-8, x, 0.0)
    for _ in range(4):
        if free.size == 0:
            break
        steps = [1e-5 * x[j] * np.eye(2)[j] for j in free]
        hessian = [(gradient(x + s) - gradient(x - s))[free] / (2 * s.sum()) for s in steps]
        try:
            move = np.linalg.solve(np.array(hessian).T, gradient(x)[free])
        except np.linalg.LinAlgError:
            break
        if (np.abs(move) > 1e-3 * (x[free] + 1e-3)).any():  # not near the top: keep what the search found
            break
        x[free] = np.maximum(x[free] - move, 0.0)
    return x
