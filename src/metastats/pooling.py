"""One meta-analysis: the pooled effect, its interval, heterogeneity and prediction interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, log, sqrt
from typing import Any

import numpy as np
import pandas as pd

from metastats.checks import Array, check_choice, check_level, check_studies
from metastats.heterogeneity import (
    METHODS,
    PREDICTION_KINDS,
    HeterogeneityInterval,
    WeightedMean,
    critical_value,
    estimate_tau2,
    prediction_limits,
    q_profile,
)
from metastats.results import Heterogeneous

INTERVAL_TESTS = ("z", "knha", "adhoc")


@dataclass(frozen=True, eq=False, repr=False)
class Pooled(Heterogeneous):
    """A fitted meta-analysis; effects and limits are in the units of yi, tau2 in those units squared.

    Attributes
    ----------
    estimate, se, ci_lower, ci_upper, stat, df, p_value
        Pooled effect, its standard error, interval and test; `df` is None for the normal distribution.
    tau2, se_tau2, tau, i2, h2
        Heterogeneity: i2 in percent, h2 a ratio, both from tau2 (from Q for EE), as metafor defines them.
    q, q_df, q_p_value
        Cochran's test of homogeneity.
    weights
        Share of each study in percent, in the order given.
    notes
        What the reader has to know: one study only, rows dropped, an interval narrower than that of equal
        effects or without width.
    """

    method: str
    test: str
    level: float
    yi: Array
    vi: Array
    tau2: float
    estimate: float
    se: float
    dropped: int = 0

    def _content(self) -> tuple[str, dict[str, Any]]:
        rows = {"studies": self.k} | self._interval() | {"tau²": self.tau2, "I², %": self.i2}
        notes = {"note": " ".join(self.notes)} if self.notes else {}
        return f"Meta-analysis, {self.method}", rows | notes

    def _test_named(self) -> str:
        return f" ({self.test})"

    @property
    def k(self) -> int:
        """Number of studies pooled."""
        return self.yi.size

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the test; None for the normal distribution."""
        return None if self.test == "z" or self.k == 1 else self.k - 1

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the reader has to know."""
        notes = [f"{self.dropped} of {self.k + self.dropped} rows left out: NaN"] if self.dropped else []
        if self.k == 1:
            notes.append("one study only: its own result, tau2 = 0, normal interval")
        elif self.test == "knha":
            half = self.se * self._critical
            least = critical_value(self.level, None) / sqrt(float((1 / self.vi).sum()))
            if half < least:  # Jackson et al. (2017)
                width = "has no width" if half <= 1e-12 * least else "is narrower than that of equal effects"
                notes.append(f"the Knapp-Hartung interval {width}: use test='adhoc'")
        return tuple(notes)

    @cached_property
    def _model(self) -> WeightedMean:
        return WeightedMean(self.yi, self.vi)

    @property
    def tau(self) -> float:
        """Between-study standard deviation."""
        return sqrt(self.tau2)

    @cached_property
    def weights(self) -> Array:
        """Weight of each study in percent."""
        w = 1 / (self.vi + self.tau2)
        return 100 * w / w.sum()

    @cached_property
    def log_likelihood(self) -> float:
        """Log-likelihood at the fit; the restricted one for REML."""
        return float(self._model.profile(self.tau2).log_likelihood(self.method == "REML"))

    @property
    def _parameters(self) -> int:
        return 1 if self.method == "EE" else 2

    @property
    def _effective_k(self) -> int:
        """Number of effects that the likelihood counts: a restricted one has lost one to the mean."""
        return self.k - 1 if self.method == "REML" else self.k

    @property
    def aic(self) -> float:
        """Akaike's information criterion; smaller is better, as for the next two."""
        return -2 * self.log_likelihood + 2 * self._parameters

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for few studies as in Hurvich and Tsai (1989)."""
        n = max(self._effective_k, self._parameters + 2)
        return -2 * self.log_likelihood + 2 * self._parameters * n / (n - self._parameters - 1)

    @property
    def bic(self) -> float:
        """Bayesian information criterion."""
        n = self._effective_k
        return -2 * self.log_likelihood + self._parameters * log(n) if n > 0 else inf

    def prediction_interval(self, kind: str = "t", level: float | None = None) -> tuple[float, float]:
        """Give the limits within which the effect of a new study is expected.

        Parameters
        ----------
        kind : {"t", "z", "riley", "simple"}
            Degrees of freedom: k - 1, none (normal), or k - 2 (Riley, Higgins and Deeks 2011); "simple" is
            normal and leaves the uncertainty of the mean out, which is too narrow for few studies.
        level : float, optional
            Coverage; that of the fit unless given.

        Returns
        -------
        (float, float)
            Lower and upper limit; NaN with a warning where no degree of freedom is left ("riley" of two
            studies takes one, with a warning, as metafor does).
        """
        check_choice("kind", kind, PREDICTION_KINDS)
        level = self.level if level is None else check_level(level)
        return prediction_limits(self.estimate, self.se, self.tau2, self.k, kind, level)

    def heterogeneity_interval(self, level: float | None = None) -> HeterogeneityInterval:
        """Give Q-profile limits (Viechtbauer 2007) of tau2, tau, i2 and h2, each (lower, upper)."""
        return q_profile(self._model, self.level if level is None else check_level(level))

    def blups(self) -> pd.DataFrame:
        """Best linear unbiased predictions of the studies' own effects (Raudenbush and Bryk 1985).

        Returns
        -------
        DataFrame
            estimate, se, lower, upper; one row a study, drawn towards the pooled effect as tau2 and vi say.
        """
        own = self.tau2 / (self.tau2 + self.vi)
        predicted = own * self.yi + (1 - own) * self.estimate
        error = np.sqrt(own * self.vi + (1 - own) ** 2 * self.se**2)
        half = self._critical * error
        return pd.DataFrame(
            {"estimate": predicted, "se": error, "lower": predicted - half, "upper": predicted + half}
        )


def pool(
    yi: Any, vi: Any, method: str = "REML", test: str = "z", level: float = 0.95, missing: str = "refuse"
) -> Pooled:
    """Pool the effects of k studies by an equal-effects or a random-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances (squared standard errors).
    method : {"EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of tau2; EE takes it as 0. See `metastats.heterogeneity` for the papers.
    test : {"z", "knha", "adhoc"}
        Normal; Hartung and Knapp (2001) with k - 1 degrees of freedom; the same with its variance factor not
        below 1 (Röver, Knapp and Friede 2015).
    level : float
        Confidence level.
    missing : {"refuse", "drop"}
        Rows with NaN: refuse them, or leave them out and say how many in `.notes` and `.dropped`.

    Returns
    -------
    Pooled
        One study gives that study, tau2 0 and a normal interval, and says so in `.notes`.

    Raises
    ------
    ValueError
        Unequal lengths, no study, NaN, a variance not above zero (with its position), an unknown word.

    Notes
    -----
    Results agree with metafor's ``rma`` at tight convergence settings. Iterations stop on a step relative to
    tau2 and the sampling variances, so that the units of yi do not matter.

    Examples
    --------
    >>> fit = pool([0.1, 0.3, 0.2], [0.01, 0.02, 0.04], method="DL")
    >>> round(fit.estimate, 4)
    0.1714
    """
    if method in ("MH", "PETO"):
        raise ValueError(f"method: {method} pools counts, not effects; use pool_counts")
    check_choice("method", method, METHODS)
    check_choice("test", test, INTERVAL_TESTS)
    check_level(level)
    given = check_studies(yi, vi, missing)
    return pool_arrays(given.yi, given.vi, method, test, level, given.dropped)


def pool_arrays(y: Array, v: Array, method: str, test: str, level: float, dropped: int = 0) -> Pooled:
    """Pool the studies of two arrays that were checked already."""
    if y.size == 1:
        return Pooled(method, test, level, y, v, 0.0, float(y[0]), sqrt(v[0]), dropped)
    model = WeightedMean(y, v)
    tau2 = float(estimate_tau2(model, method))
    profile = model.profile(tau2)
    se = sqrt(variance_factor(profile, y.size - 1, test) / float(profile.sum_w))
    return Pooled(method, test, level, y, v, tau2, float(profile.estimate), se, dropped)


def variance_factor(profile: Any, df: Any, test: str) -> Any:
    """Factor of Hartung and Knapp (2001) on the variance of the estimate; not below 1 for "adhoc"."""
    if test == "z":
        return 1.0
    factor = profile.q() / df
    return factor if test == "knha" else np.maximum(factor, 1.0)


def fit_of(yi: Any, vi: Any, method: str, test: str, level: float) -> Pooled:
    """Return the fit that was given in the place of `yi`, or pool the given studies."""
    if not isinstance(yi, Pooled):
        return pool(yi, vi, method, test, level)
    if vi is not None:
        raise ValueError("vi: not wanted beside a fit; give either a fit or effects with their variances")
    for name, value, default in (("method", method, "REML"), ("test", test, "z"), ("level", level, 0.95)):
        if value not in (default, getattr(yi, name)):
            raise ValueError(f"{name}: {value!r} beside a fit by {getattr(yi, name)!r}, which brings its own")
    return yi
