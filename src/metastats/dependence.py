"""Dependent effects: sampling covariance, three-level models, cluster-robust errors, shared control arms.

The covariance of a study's effects is ``V + within I + between J`` with V their sampling covariance. Sources:
Konstantopoulos (2011), Hedges, Tipton and Johnson (2010), Tipton (2015), Pustejovsky and Tipton (2018),
Gleser and Olkin (2009), Cochrane Handbook 6.5.2.10 and 23.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy

from metastats.checks import (
    Array,
    as_finite,
    check_choice,
    check_level,
    check_studies,
    label_codes,
    refuse,
    refuse_events,
    refuse_negative,
)
from metastats.heterogeneity import WeightedMean, typical_variance
from metastats.pooling import Pooled
from metastats.results import Estimated


def sampling_covariance(
    vi: Any,
    study: Any,
    r: float | None = None,
    outcome: Any = None,
    time: Any = None,
    phi: float | None = None,
    shared: Any = None,
) -> Array:
    """Compute the sampling covariance of effects, several of which come from the same people.

    Parameters
    ----------
    vi : array_like, shape (k,)
        Sampling variances.
    study : array_like, shape (k,)
        Study (or sample of people) of each effect; effects of different studies are independent.
    r : float, optional
        Assumed correlation of the errors of two outcomes of a study; without `outcome` of any two effects.
    outcome : array_like, shape (k,), optional
        Outcome of each effect: `r` holds between different ones, 1 within one (at one time).
    time : array_like, shape (k,), optional
        Time of each effect; with it `phi` to the power of the distance in time multiplies the correlation.
    phi : float, optional
        Correlation of the errors over one unit of time.
    shared : array_like, shape (k,), optional
        For arms that share a control, instead of correlations: the control's part of each variance, such as
        ``sd2i**2 / n2i`` (MD), ``p (1 - p) / n2i`` (RD), ``1 / ci - 1 / n2i`` (RR), ``1 / ci + 1 / di`` (OR).

    Returns
    -------
    ndarray, shape (k, k)
        For `three_level`; zero between studies.

    Raises
    ------
    ValueError
        Neither or both of correlations and `shared`, an `r` outside -1 to 1 or a `phi` outside 0 to 1, a part
        larger than its variance, correlations that contradict each other (no covariance matrix).

    Notes
    -----
    As metafor's ``vcalc`` with rho, phi and grp2; the covariance of a shared control after Gleser and Olkin
    (2009). A correlation that nobody printed is an assumption: give a range of it.
    """
    v = check_studies(np.zeros(np.size(vi)), vi).vi
    code, _ = label_codes("study", study, v.size)
    same = code[:, None] == code
    if shared is not None:
        if any(given is not None for given in (r, outcome, time, phi)):
            raise ValueError("shared: not beside correlations; the shared control fixes the covariance")
        part = as_finite("shared", shared)
        if part.shape not in ((), v.shape):
            raise ValueError(f"shared: {part.size} values but {v.size} effects; give one for each effect")
        part = np.broadcast_to(part, v.shape)
        refuse("shared", ~((part >= 0) & (part < v)), "is not from 0 to its variance", "check the figures")
        return np.where(np.eye(v.size, dtype=bool), np.diag(v), same * np.sqrt(part[:, None] * part))
    correlation = same * correlations(v.size, r, outcome, time, phi)
    np.fill_diagonal(correlation, 1.0)
    if np.linalg.eigvalsh(correlation).min() < 1e-10:
        raise ValueError("r, phi: no covariance matrix has these correlations; lower them, or name outcomes")
    return correlation * np.sqrt(v[:, None] * v)


def correlations(k: int, r: float | None, outcome: Any, time: Any, phi: float | None) -> Array:
    """Correlation of any two effects, were they of one study."""
    if (time is None) != (phi is None) or (r is None and (outcome is not None or phi is None)):
        raise ValueError("r, phi: give r (for outcomes), or phi with time, or both")
    for name, value, least in (("r", r, -1), ("phi", phi, 0)):
        if value is not None and not (isinstance(value, Real) and least < value < 1):
            raise ValueError(f"{name}: {value!r} is not between {least} and 1; give a correlation")
    between = np.ones((k, k))
    if r is not None:
        kinds = np.arange(k) if outcome is None and time is None else np.zeros(k)
        if outcome is not None:
            kinds, _ = label_codes("outcome", outcome, k)
        between = np.where(kinds[:, None] == kinds, 1.0, r)
    if time is None or phi is None:
        return between
    when = as_finite("time", time)
    if when.shape != (k,) or np.isnan(when).any():
        raise ValueError(f"time: give one for each of the {k} effects")
    return between * phi ** np.abs(when[:, None] - when)


@dataclass(frozen=True, eq=False, repr=False)
class ThreeLevel(Estimated):
    """A fitted three-level model.

    `tau2_between` is the variance between studies, `tau2_within` that between the effects of one study; `i2`
    is the share of both in all variation, in percent, `icc` the share of the first in both (NaN where
    both are 0).
    """

    estimate: float
    se: float
    df: int | None
    level: float
    tau2_between: float
    tau2_within: float
    i2: float
    icc: float
    log_likelihood: float
    k: int
    n_studies: int
    method: str
    yi: Array
    sampling: Array
    code: Array

    def covariance(self) -> Array:
        """Covariance of the effects under the model, shape (k, k)."""
        sampling = np.diag(self.sampling) if self.sampling.ndim == 1 else self.sampling
        same = self.code[:, None] == self.code
        return sampling + self.tau2_between * same + self.tau2_within * np.eye(self.k)

    def _content(self) -> tuple[str, dict[str, Any]]:
        names = ("tau2_between", "tau2_within", "i2", "icc", "log_likelihood", "k", "n_studies")
        rows = {name: getattr(self, name) for name in names}
        return f"Three-level model, {self.method}", self._interval() | rows


def three_level(
    yi: Any, vi: Any, study: Any, method: str = "REML", test: str = "z", level: float = 0.95
) -> ThreeLevel:
    """Pool effects nested in studies, with one variance between studies and one within them.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances, their errors taken as independent; or for `vi` the covariance of
        `sampling_covariance`, shape (k, k).
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
        What `pool` refuses; a covariance that is not symmetric, not positive definite, or not zero between
        studies; fewer than two studies, or no study with two effects (then use `pool`).

    Notes
    -----
    Konstantopoulos (2011), Cheung (2014); the model of metafor's ``rma.mv(yi, V, random = ~ 1 | study/id)``.
    """
    check_choice("method", method, ("REML", "ML"))
    check_choice("test", test, ("z", "t"))
    check_level(level)
    covariance = as_finite("vi", vi) if np.ndim(vi) == 2 else None
    given = check_studies(yi, vi if covariance is None else np.diagonal(covariance))
    code, studies = label_codes("study", study, given.yi.size)
    k, n = given.yi.size, len(studies)
    if n < 2:
        raise ValueError("study: all effects are of one study; the variance between studies is not defined")
    if n == k:
        raise ValueError("study: no study has two effects; the two variances cannot be told apart, use pool")
    sampling = check_covariance(given.vi, covariance, code)
    model = NestedEffects(given.yi, sampling, code)
    between, within = best_components(model, restricted=method == "REML")
    fit = NestedFit(model, between, within)
    df = None if test == "z" else n - 1
    se, log_likelihood = 1 / sqrt(fit.precision), fit.log_likelihood(method == "REML")
    total = between + within
    i2 = 100 * total / (total + float(typical_variance(WeightedMean(given.yi, given.vi))))
    icc = between / total if total > 0 else float("nan")
    shares = (between, within, i2, icc, log_likelihood)
    return ThreeLevel(fit.estimate, se, df, level, *shares, k, n, method, given.yi, sampling, code)


def check_covariance(v: Array, covariance: Array | None, code: Array) -> Array:
    """Check a sampling covariance; where none is given the variances stand for it."""
    if covariance is None:
        return v
    if covariance.shape != (v.size, v.size) or not np.allclose(covariance, covariance.T):
        raise ValueError(f"vi: shape {covariance.shape}; give a symmetric covariance of {v.size} effects")
    refuse("vi", (covariance != 0) & (code[:, None] != code), "joins two studies", "make these one study")
    if np.linalg.eigvalsh(covariance / np.sqrt(v[:, None] * v)).min() <= 0:
        raise ValueError("vi: is not positive definite; check the correlations")
    return covariance


class NestedEffects:
    """Effects of each study as rows of equal length, `rows` their positions in what was given, -1 for none.

    An absent effect has variance 1 and no covariance, which leaves every determinant as it is.
    """

    def __init__(self, y: Array, covariance: Array, code: Array):
        self.rows = np.full((code.max() + 1, np.bincount(code).max()), -1)
        for study, row in enumerate(self.rows):
            where = np.flatnonzero(code == study)
            row[: where.size] = where
        self.here = self.rows >= 0
        self.joint = self.here[:, :, None] & self.here[:, None, :]
        one = np.eye(self.rows.shape[1])
        self.own = self.joint * one
        self.k, self.y = y.size, y[self.rows]
        across = self.rows[:, :, None], self.rows[:, None, :]
        v = covariance[across] if covariance.ndim == 2 else covariance[self.rows][:, :, None] * one
        self.v = np.where(self.joint, v, one)
        self.unit = max(float(np.var(y)), 1e-3 * float(self.v[self.own > 0].min()))


class NestedFit:
    """The model at given variances: covariance of each study's effects, its inverse, the mean."""

    def __init__(self, model: NestedEffects, between: float, within: float):
        self.model = model
        self.covariance = model.v + between * model.joint + within * model.own
        self.weights = np.linalg.inv(self.covariance) * model.joint
        self.sums = self.weights.sum(axis=2)
        self.precision = float(self.sums.sum())
        self.estimate = float((self.sums * model.y).sum() / self.precision)
        self.residual = model.y - self.estimate  # of an absent effect without weight
        self.solved = np.einsum("sij,sj->si", self.weights, self.residual)

    def log_likelihood(self, restricted: bool) -> float:
        """Log-likelihood, or the restricted one, with all constants."""
        k = self.model.k
        determinant = np.linalg.slogdet(self.covariance)[1].sum()
        value = -0.5 * (determinant + (self.residual * self.solved).sum() + k * np.log(2 * np.pi))
        if restricted:
            value += 0.5 * (np.log(2 * np.pi) + np.log(k) - np.log(self.precision))
        return float(value)

    def slopes(self, restricted: bool) -> Array:
        """Slopes of the (restricted) log-likelihood in the variances between and within studies."""
        share = 1 / self.precision if restricted else 0.0
        solved, sums = self.solved.sum(axis=1), self.sums.sum(axis=1)
        between = (solved**2 - sums + share * sums**2).sum()
        within = (self.solved**2 + share * self.sums**2).sum() - (self.weights * self.model.own).sum()
        return 0.5 * np.array([between, within])


def best_components(model: NestedEffects, restricted: bool) -> tuple[float, float]:
    """Find the two variances (not below 0) with the highest likelihood, from two starts.

    Variances are searched in units of the spread of the effects, so that their own unit does not matter.
    """

    def loss(x: Array) -> tuple[float, Array]:
        fit = NestedFit(model, *(model.unit * x))
        return -fit.log_likelihood(restricted), -model.unit * fit.slopes(restricted)

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    bounds = [(0, None), (0, None)]
    starts = [(0.5, 0.5), (0.01, 0.01)]
    found = [
        scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in starts
    ]
    best = min(found, key=lambda result: result.fun).x
    return float(model.unit * best[0]), float(model.unit * best[1])


@dataclass(frozen=True, repr=False)
class ClusterRobust(Estimated):
    """A pooled effect with a cluster-robust standard error and t test."""

    estimate: float
    se: float
    df: float
    level: float
    n_clusters: int
    k: int
    correction: str

    def _content(self) -> tuple[str, dict[str, Any]]:
        title = f"Cluster-robust, {self.correction}"
        return title, self._interval() | {"se": self.se, "clusters": self.n_clusters, "effects": self.k}


def cluster_robust(fit: Pooled | ThreeLevel, cluster: Any, correction: str = "CR1") -> ClusterRobust:
    """Give a pooled effect a standard error that holds whatever the dependence within clusters.

    Parameters
    ----------
    fit : Pooled or ThreeLevel
        A fit of `pool` or `three_level`; its estimate and weights stay.
    cluster : array_like, shape (k,)
        Cluster of each effect of the fit.
    correction : {"CR1", "CR2"}
        CR1: factor m / (m - 1) for m clusters and t with m - 1 degrees of freedom, optimistic below about 40
        clusters. CR2: bias-reduced linearization with Satterthwaite's degrees of freedom, for few clusters.

    Returns
    -------
    ClusterRobust

    Raises
    ------
    ValueError
        Another number of labels than effects, a missing label, fewer than two clusters, a study of a
        three-level fit in two clusters.

    Notes
    -----
    Hedges, Tipton and Johnson (2010), as metafor's ``robust``; CR2 of Tipton (2015) and Pustejovsky and
    Tipton (2018), as clubSandwich with the model's own covariance as its target. With degrees of freedom
    below 4 the test is not to be trusted (Tipton 2015).
    """
    check_choice("correction", correction, ("CR1", "CR2"))
    code, clusters = label_codes("cluster", cluster, fit.k)
    m = len(clusters)
    if m < 2:
        raise ValueError("cluster: only one; the spread between clusters is not defined")
    blocks = cluster_blocks(fit, code)
    precision = float(sum(np.linalg.inv(covariance).sum() for covariance, _ in blocks))
    if correction == "CR1":
        scores = [np.linalg.solve(covariance, e).sum() for covariance, e in blocks]
        se, df = sqrt(m / (m - 1) * float(np.sum(np.square(scores)))) / precision, float(m - 1)
    else:
        se, df = bias_reduced(blocks, precision)
    return ClusterRobust(fit.estimate, se, df, fit.level, m, fit.k, correction)


def cluster_blocks(fit: Pooled | ThreeLevel, code: Array) -> list[tuple[Array, Array]]:
    """Covariance and residuals of each cluster, as the fit has them."""
    residual = fit.yi - fit.estimate
    clusters = [code == c for c in range(code.max() + 1)]
    if isinstance(fit, Pooled):
        return [(np.diag(fit.vi[here] + fit.tau2), residual[here]) for here in clusters]
    of_first = code[np.unique(fit.code, return_index=True)[1]]
    refuse("cluster", code != of_first[fit.code], "parts a study of the fit", "give its effects one cluster")
    covariance = fit.covariance()
    return [(covariance[np.ix_(here, here)], residual[here]) for here in clusters]


def bias_reduced(blocks: list[tuple[Array, Array]], precision: float) -> tuple[float, float]:
    """CR2 standard error of the mean, and its degrees of freedom by Satterthwaite.

    The residuals of a cluster have covariance ``S - J / precision`` under the model; each cluster's are
    adjusted so that it becomes S.
    """
    scores, own, sums = [], [], []
    for covariance, residual in blocks:
        root = np.linalg.cholesky(covariance)
        values, vectors = np.linalg.eigh(root.T @ (covariance - 1 / precision) @ root)
        inverse_root = vectors @ np.diag(values**-0.5) @ vectors.T
        adjusted = root @ inverse_root @ root.T @ np.linalg.solve(covariance, np.ones(len(residual)))
        scores.append(adjusted @ residual)
        own.append(adjusted @ covariance @ adjusted)
        sums.append(adjusted.sum())
    gram = np.diag(own) - np.outer(sums, sums) / precision
    return float(np.linalg.norm(scores)) / precision, float(np.trace(gram) ** 2 / np.sum(gram**2))


def combine_groups(n: Any, mean: Any, sd: Any) -> tuple[float, float, float]:
    """Make one group of several, as if they had been analysed together (Handbook 6.5.2.10).

    Parameters
    ----------
    n, mean, sd : array_like, shape (g,)
        People, means and standard deviations of the groups. (Counts of events are simply added.)

    Returns
    -------
    (float, float, float)
        People, mean and standard deviation of the combined group.

    Raises
    ------
    ValueError
        Unequal lengths, a missing number, a negative standard deviation, fewer than 2 people in all.
    """
    given = {name: np.atleast_1d(as_finite(name, x)) for name, x in (("n", n), ("mean", mean), ("sd", sd))}
    n, mean, sd = given.values()
    if not n.shape == mean.shape == sd.shape == (n.size,):
        raise ValueError("n, mean, sd: unequal lengths; give one of each for each group")
    for name, values in given.items():
        refuse(name, np.isnan(values), "is missing", "combine groups of which all three are known")
    refuse("n", n < 1, "is below 1", "give the number of people analysed")
    refuse_negative("sd", sd)
    people = float(n.sum())
    if people < 2:
        raise ValueError("n: fewer than 2 people in all; a standard deviation needs more")
    centre = float(n @ mean) / people
    squares = float((n - 1) @ sd**2 + n @ (mean - centre) ** 2)
    return people, centre, sqrt(squares / (people - 1))


def split_group(n: Any, parts: int, events: Any = None) -> tuple[Any, Any]:
    """Split a control group that several arms share, so that no one is counted twice.

    Parameters
    ----------
    n : float or array_like
        People in the group.
    parts : int
        Comparisons that share it.
    events : float or array_like, optional
        People with the event.

    Returns
    -------
    (n, events)
        Of each part, fractions of people included; events None where none were given. Mean and standard
        deviation stay.

    Raises
    ------
    ValueError
        Fewer than two parts, more events than people, a part of less than one person.

    Notes
    -----
    Cochrane Handbook 23.3.4: only half a remedy, for the comparisons stay correlated; prefer `combine_groups`
    or `sampling_covariance`.
    """
    if not isinstance(parts, Integral) or parts < 2:
        raise ValueError(f"parts: {parts!r}; a group is split for two comparisons or more")
    n = as_finite("n", n)
    refuse("n", n < parts, f"is less than {parts}", "combine the arms instead")
    if events is None:
        return n / parts, None
    events = as_finite("events", events)
    refuse_events("events", events, n)
    return n / parts, events / parts
