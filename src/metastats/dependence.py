"""Several effects of one study: the three-level model, and standard errors that allow for clusters."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis import intervals
from helpers.synthesis.inputs import level_between, one_of, studies
from helpers.synthesis.pooled import Pooled
from helpers.synthesis.three_level_likelihood import ThreeLevels, best_components


@dataclass(frozen=True)
class ThreeLevel:
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


@dataclass(frozen=True)
class ClusterRobust:
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
    one_of("method", method, ("REML", "ML"))
    one_of("test", test, ("z", "t"))
    given = studies(yi, vi)
    code, n = cluster_codes("study", study, given.yi.size)
    if n < 2:
        raise ValueError("study: all effects are of one study; the variance between studies is not defined")
    if n == given.yi.size:
        raise ValueError("study: no study has two effects; the two variances cannot be told apart, use pool")
    order = np.argsort(code, kind="stable")
    model = ThreeLevels(given.yi[order], given.vi[order], np.flatnonzero(np.diff(code[order], prepend=-1)))
    between, within = best_components(model, restricted=method == "REML")
    fit = model.at(between, within)
    se, df = 1 / sqrt(fit.precision), None if test == "z" else n - 1
    half = intervals.critical_value(level_between(level), df) * se
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
        p_value=float(intervals.two_sided_p(fit.estimate / se, df)),
        tau2_between=between,
        tau2_within=within,
        i2=100 * total / (total + typical),
        icc=between / total if total > 0 else float("nan"),
        log_likelihood=fit.log_likelihood(method == "REML"),
        k=given.yi.size,
        n_studies=n,
        method=method,
    )


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
    half = intervals.critical_value(fit.level, m - 1) * se
    stat = fit.estimate / se if se > 0 else float("nan")
    p_value = float(intervals.two_sided_p(stat, m - 1))
    limits = fit.estimate - half, fit.estimate + half
    return ClusterRobust(fit.estimate, se, *limits, stat, m - 1, p_value, m, fit.k)


def cluster_codes(name: str, labels: Any, k: int) -> tuple[np.ndarray, int]:
    """Give each cluster a number; refuse missing labels and another number of them than effects."""
    codes, names = pd.factorize(np.asarray(labels, dtype=object))
    if codes.size != k:
        raise ValueError(f"{name}: {codes.size} labels but {k} effects; give one for each effect")
    if (codes < 0).any():
        raise ValueError(f"{name}[{int((codes < 0).argmax())}]: is missing; name the {name}")
    return codes, len(names)
