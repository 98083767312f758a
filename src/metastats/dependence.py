"""Dependent effects: three-level models and cluster-robust standard errors.

The covariance of a study's effects is ``diag(v + within) + between * J``. Inverse and determinant follow
from the sums of ``a = 1 / (v + within)`` over the study (Sherman and Morrison 1950), so that no k x k
matrix is made. Sources: Konstantopoulos (2011), Hedges, Tipton and Johnson (2010).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from metastats.checks import Array, check_choice, check_level, check_studies
from metastats.display import Printed
from metastats.heterogeneity import critical_value, two_sided_p
from metastats.pooling import Pooled


@dataclass(frozen=True, repr=False)
class ThreeLevel(Printed):
    """A fitted three-level model.

    `tau2_between` is the variance between studies, `tau2_within` that between the effects of one study; `i2`
    is the share of both in all variation, in percent, `icc` the share of the first in both (NaN where
    both are 0).
    """

    estimate: float
    se: float
    ci_lower: float
    ci_upper: float
    stat: float
    df: int | None
    p_value: float
    tau2_between: float
    tau2_within: float
    i2: float
    icc: float
    log_likelihood: float
    k: int
    n_studies: int
    method: str


def three_level(
    yi: Any, vi: Any, study: Any, method: str = "REML", test: str = "z", level: float = 0.95
) -> ThreeLevel:
    """Pool effects nested in studies, with one variance between studies and one within them.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; errors are taken as independent within a study.
    study : array_like, shape (k,)
        Study of each effect.
    method : {"REML", "ML"}
        Likelihood that is maximised.
    test : {"z", "t"}
        Normal, or t with as many degrees of freedom as studies less one.
    level : float
        Confidence level.

    Returns
    -------
    ThreeLevel

    Raises
    ------
    ValueError
        What `pool` refuses; fewer than two studies, or no study with two effects (then use `pool`).

    Notes
    -----
    Konstantopoulos (2011), Cheung (2014); the model of metafor's ``rma.mv(yi, vi, random = ~ 1 | study/id)``.

    """
    check_choice("method", method, ("REML", "ML"))
    check_choice("test", test, ("z", "t"))
    given = check_studies(yi, vi)
    code, n = cluster_codes("study", study, given.yi.size)
    if n < 2:
        raise ValueError("study: all effects are of one study; the variance between studies is not defined")
    if n == given.yi.size:
        raise ValueError("study: no study has two effects; the two variances cannot be told apart, use pool")
    order = np.argsort(code, kind="stable")
    model = NestedEffects(given.yi[order], given.vi[order], np.flatnonzero(np.diff(code[order], prepend=-1)))
    between, within = best_components(model, restricted=method == "REML")
    fit = model.at(between, within)
    se, df = 1 / sqrt(fit.precision), None if test == "z" else n - 1
    half = critical_value(check_level(level), df) * se
    w = 1 / given.vi
    typical = (w.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    total = between + within
    return ThreeLevel(
        estimate=fit.estimate,
        se=se,
        ci_lower=fit.estimate - half,
        ci_upper=fit.estimate + half,
        stat=fit.estimate / se,
        df=df,
        p_value=float(two_sided_p(fit.estimate / se, df)),
        tau2_between=between,
        tau2_within=within,
        i2=100 * total / (total + typical),
        icc=between / total if total > 0 else float("nan"),
        log_likelihood=fit.log_likelihood(method == "REML"),
        k=given.yi.size,
        n_studies=n,
        method=method,
    )


def cluster_codes(name: str, labels: Any, k: int) -> tuple[Array, int]:
    """Give each cluster a number; refuse missing labels and another number of them than effects."""
    codes, names = pd.factorize(np.asarray(labels, dtype=object))
    if codes.size != k:
        raise ValueError(f"{name}: {codes.size} labels but {k} effects; give one for each effect")
    if (codes < 0).any():
        raise ValueError(f"{name}[{int((codes < 0).argmax())}]: is missing; name the {name}")
    return codes, len(names)


class NestedEffects:
    """Effects sorted by study; `starts` holds the first row of each study."""

    def __init__(self, y: Array, v: Array, starts: Array):
        self.y, self.v, self.starts = y, v, starts
        self.sizes = np.diff(np.append(starts, y.size))

    def sums(self, values: Array) -> Array:
        """Sum over each study."""
        return np.add.reduceat(values, self.starts)

    def at(self, between: float, within: float) -> NestedFit:
        """Mean and likelihood at two variances."""
        return NestedFit(self, between, within)


class NestedFit:
    """The model at given variances."""

    def __init__(self, model: NestedEffects, between: float, within: float):
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

    def slopes(self, restricted: bool) -> Array:
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


def best_components(model: NestedEffects, restricted: bool) -> tuple[float, float]:
    """Find the two variances (not below 0) with the highest likelihood, from several starts.

    Variances are searched in units of the spread of the effects, so that their own unit does not matter.
    """
    unit = max(float(np.var(model.y)), 1e-3 * float(model.v.min()))

    def loss(x: Array) -> tuple[float, Array]:
        fit = model.at(*(unit * x))
        return -fit.log_likelihood(restricted), -unit * fit.slopes(restricted)

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    bounds = [(0, None), (0, None)]
    starts = [(0.5, 0.5), (0.9, 0.05), (0.05, 0.9), (0.01, 0.01)]
    found = [
        minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options) for start in starts
    ]
    best = newton_polish(min(found, key=lambda result: result.fun).x, lambda x: loss(x)[1])
    return float(unit * best[0]), float(unit * best[1])


def newton_polish(x: Array, gradient: Callable[[Array], Array]) -> Array:
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


@dataclass(frozen=True, repr=False)
class ClusterRobust(Printed):
    """A pooled effect with a cluster-robust standard error and t test."""

    estimate: float
    se: float
    ci_lower: float
    ci_upper: float
    stat: float
    df: int
    p_value: float
    n_clusters: int
    k: int


def cluster_robust(fit: Pooled, cluster: Any) -> ClusterRobust:
    """Give a pooled effect a standard error that holds whatever the dependence within clusters.

    Parameters
    ----------
    fit : Pooled
        A fit of `pool`; its estimate and weights stay.
    cluster : array_like, shape (k,)
        Cluster of each effect of the fit.

    Returns
    -------
    ClusterRobust
        Sandwich estimator with the factor m / (m - 1) for m clusters, and t with m - 1 degrees of freedom.

    Raises
    ------
    ValueError
        Another number of labels than effects, a missing label, fewer than two clusters.

    Notes
    -----
    Hedges, Tipton and Johnson (2010), as metafor's ``robust``. With fewer than about 10 clusters still
    optimistic.

    """
    code, m = cluster_codes("cluster", cluster, fit.k)
    if m < 2:
        raise ValueError("cluster: only one; the spread between clusters is not defined")
    w = 1 / (fit.vi + fit.tau2)
    score = np.bincount(code, weights=w * (fit.yi - fit.estimate))
    se = sqrt(m / (m - 1) * float(score @ score)) / float(w.sum())
    half = critical_value(fit.level, m - 1) * se
    stat = fit.estimate / se if se > 0 else float("nan")
    p_value = float(two_sided_p(stat, m - 1))
    limits = fit.estimate - half, fit.estimate + half
    return ClusterRobust(fit.estimate, se, *limits, stat, m - 1, p_value, m, fit.k)
