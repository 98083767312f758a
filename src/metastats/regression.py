"""Meta-regression and subgroup analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from metastats.checks import Array, as_floats, check_choice, check_level, check_studies, label_codes, refuse
from metastats.heterogeneity import (
    METHODS,
    PREDICTION_KINDS,
    MeanProfile,
    WeightedMean,
    chi2_p,
    critical_value,
    estimate_tau2,
    prediction_limits,
)
from metastats.pooling import INTERVAL_TESTS, Pooled, pool, pool_arrays, variance_factor
from metastats.results import Heterogeneous, Printed, short

INTERCEPT = "intercept"


@dataclass(frozen=True, eq=False, repr=False)
class MetaRegression(Heterogeneous):
    """A fitted meta-regression.

    Attributes
    ----------
    names, estimate, se, vcov : list, ndarray
        Coefficients and their covariance, in units of yi per unit of the moderator.
    tau2, se_tau2, i2, h2 : float
        Residual heterogeneity (i2 in percent).
    r2 : float
        Share of the heterogeneity that the moderators account for, in percent; 0 where there is none.
    q, q_df, q_p_value : float
        Test of residual heterogeneity.
    qm, qm_df, qm_p_value : float
        Omnibus test of all coefficients but the intercept: chi-squared with `qm_df` = (m, None), or F with
        (m, k - p) for the tests knha and adhoc.
    """

    method: str
    test: str
    level: float
    names: list[str]
    estimate: Array
    vcov: Array
    tau2: float
    _model: Moderators
    dropped: int

    def _content(self) -> tuple[str, pd.DataFrame]:
        rest = f"tau² {short(self.tau2)}, I² {short(self.i2)} %, R² {short(self.r2)} %"
        title = f"Meta-regression, {self.method}, {self.k} studies: {rest}"
        return title, self.coefficients.rename_axis("coefficient").reset_index()

    @property
    def k(self) -> int:
        """Number of effects."""
        return self._model.k

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the tests; None for the normal distribution."""
        return None if self.test == "z" else int(self._model.df)

    @property
    def se(self) -> Array:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.vcov))

    @cached_property
    def r2(self) -> float:
        """Heterogeneity accounted for, in percent of that without moderators (Raudenbush 1994).

        For EE, which has no tau2, the fall of h2 is taken instead, as metafor does.
        """
        plain = WeightedMean(self._model.y, self._model.v)
        if self.method == "EE":
            alone, left = float(plain.profile(0.0).q()) / max(self.k - 1, 1), self.q / self.q_df
        else:
            alone, left = float(estimate_tau2(plain, self.method)), self.tau2
        return 100 * max(0.0, (alone - left) / alone) if alone > 0 else 0.0

    @cached_property
    def _tested(self) -> Array:
        slopes = [j for j, name in enumerate(self.names) if name != INTERCEPT]
        return np.array(slopes if slopes else range(len(self.names)))

    @cached_property
    def qm(self) -> float:
        """Omnibus statistic: chi-squared, or F for knha and adhoc."""
        b, v = self.estimate[self._tested], self.vcov[np.ix_(self._tested, self._tested)]
        # scaled, so that moderators of very different units do not spoil the solution
        size = np.sqrt(np.diag(v))
        wald = float((b / size) @ np.linalg.solve(v / np.outer(size, size), b / size))
        return wald if self.df is None else wald / len(self._tested)

    @property
    def qm_df(self) -> tuple[int, int | None]:
        """Degrees of freedom of qm."""
        return len(self._tested), self.df

    @property
    def qm_p_value(self) -> float:
        """P-value of qm."""
        m = len(self._tested)
        return float(chi2_p(self.qm, m)) if self.df is None else float(fdtrc(m, self.df, self.qm))

    @property
    def coefficients(self) -> pd.DataFrame:
        """Table of the coefficients, indexed by name."""
        names = ("estimate", "se", "stat", "p_value", "ci_lower", "ci_upper")
        return pd.DataFrame({name: getattr(self, name) for name in names}, index=self.names)

    def predict(self, x: Any, kind: str = "t") -> pd.DataFrame:
        """Give the mean effect at moderator values `x`, with confidence and prediction limits.

        Parameters
        ----------
        x : array_like, shape (n, p - 1) or (n, p)
            Values in the order of `names`, the intercept left out or included as ones.
        kind : {"t", "z", "riley"}
            Degrees of freedom of the prediction limits: k - p, none, k - p - 1.
        """
        check_choice("kind", kind, PREDICTION_KINDS)
        x = np.atleast_2d(as_floats("x", x))
        if x.shape[1] == len(self.names) - 1 and self.names[0] == INTERCEPT:
            x = np.column_stack([np.ones(len(x)), x])
        if x.shape[1] != len(self.names):
            raise ValueError(f"x: {x.shape[1]} columns; give one for each of {', '.join(self.names)}")
        mean, se = x @ self.estimate, np.sqrt(np.einsum("ij,jk,ik->i", x, self.vcov, x))
        half = critical_value(self.level, self.df) * se
        args = (self.tau2, self.k, kind, self.level, self._model.p)
        limits = [prediction_limits(m, s, *args) for m, s in zip(mean, se, strict=True)]
        columns = {"estimate": mean, "se": se, "ci_lower": mean - half, "ci_upper": mean + half}
        lower, upper = zip(*limits, strict=True)
        return pd.DataFrame({**columns, "pi_lower": lower, "pi_upper": upper})


def meta_regression(
    yi: Any,
    vi: Any,
    mods: Any,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    intercept: bool = True,
    missing: str = "refuse",
) -> MetaRegression:
    """Fit a mixed-effects meta-regression.

    Parameters
    ----------
    mods : DataFrame, Series, dict or array_like, shape (k,) or (k, m)
        Moderators; text and categories become indicators against their first level.
    yi, vi, method, test, level, missing
        As for `pool`; knha and adhoc use k - p degrees of freedom. A row with a missing moderator counts as
        missing too.
    intercept : bool
        Add an intercept, the first coefficient.

    Returns
    -------
    MetaRegression
        Coefficients with their tests, residual heterogeneity, R2 and the omnibus test.

    Raises
    ------
    ValueError
        What `pool` refuses; a moderator that is not a number, of another length, or collinear (named); not
        more studies than coefficients.

    Notes
    -----
    Agrees with metafor's ``rma(yi, vi, mods=...)``; weighted least squares by QR decomposition, without any
    k x k matrix. Source: Raudenbush (1994); Knapp and Hartung (2003); Viechtbauer (2010).
    """
    check_choice("method", method, METHODS)
    check_choice("test", test, INTERVAL_TESTS)
    check_level(level)
    y, v = np.atleast_1d(as_floats("yi", yi)), np.atleast_1d(as_floats("vi", vi))
    x, names = design_matrix(mods, y.size, intercept)
    bad = np.isnan(x).any(axis=1) if missing == "drop" else np.zeros(y.size, bool)
    given = check_studies(np.where(bad, np.nan, y), v, missing)
    x = x[given.kept]
    refuse_collinear(x, names)
    model = Moderators(given.yi, given.vi, x)
    tau2 = float(estimate_tau2(model, method))
    profile = model.profile(tau2)
    vcov = variance_factor(profile, model.df, test) * profile.covariance()
    return MetaRegression(method, test, level, names, profile.coefficients, vcov, tau2, model, given.dropped)


NO_MODERATORS = "mods: no moderators; give one value, or one row, for each effect (or use pool)"


def design_matrix(mods: Any, k: int, intercept: bool = True) -> tuple[Array, list[str]]:
    """Build the design matrix, one row a study, and name its columns.

    Text and categories become indicators of every level but the first in sorted order (of the categories'
    own order), as R codes a factor; the intercept is a column of ones, the first.
    """
    frame = moderator_frame(mods)
    if len(frame) != k:
        raise ValueError(f"mods: {len(frame)} rows but {k} effects; give one row for each effect")
    names, columns = ([INTERCEPT], [np.ones(k)]) if intercept else ([], [])
    for name, values in frame.items():
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            names.append(str(name))
            columns.append(as_floats(f"mods {name}", values))
            continue
        factor = pd.Categorical(values)
        for level in factor.categories[1:]:
            names.append(f"{name}[{level}]")
            columns.append(np.where(pd.isna(values), np.nan, factor == level))
    if not columns:
        raise ValueError(NO_MODERATORS)
    return np.column_stack(columns), names


def moderator_frame(mods: Any) -> pd.DataFrame:
    """Turn what was given as moderators into a table with named columns."""
    if isinstance(mods, pd.DataFrame):
        return mods.reset_index(drop=True)
    if isinstance(mods, pd.Series):
        return mods.reset_index(drop=True).to_frame(mods.name or "moderator")
    if isinstance(mods, dict):
        return pd.DataFrame(mods)
    values = np.asarray(mods)
    if values.ndim not in (1, 2):
        raise ValueError(NO_MODERATORS)
    if values.ndim == 1:
        return pd.DataFrame({"moderator": values})
    return pd.DataFrame(values, columns=[f"moderator{j + 1}" for j in range(values.shape[1])])


def refuse_collinear(x: Array, names: list[str]) -> None:
    """Refuse NaN, more coefficients than studies can bear, and moderators that others already determine."""
    remedy = "leave the study out or pass missing='drop'"
    for name, column in zip(names, x.T, strict=True):
        refuse(f"mods {name}", ~np.isfinite(column), "is not a number", remedy)
    if x.shape[0] <= x.shape[1]:
        raise ValueError(f"mods: {x.shape[1]} coefficients for {x.shape[0]} studies; use fewer moderators")
    size = np.sqrt((x**2).sum(axis=0))
    scaled = x / np.where(size > 0, size, 1)
    for j, name in enumerate(names):
        others = scaled[:, :j]
        rest = scaled[:, j] - others @ np.linalg.lstsq(others, scaled[:, j], rcond=None)[0]
        if np.sqrt(rest @ rest) < 1e-10:
            cause = "is zero for every study" if size[j] == 0 else f"is determined by {', '.join(names[:j])}"
            raise ValueError(f"mods {name}: {cause}, so that its coefficient is not defined; leave it out")


class Moderators(WeightedMean):
    """Studies with a design matrix in the place of the plain mean."""

    most_at_once = 0

    def __init__(self, y: Array, v: Array, x: Array):
        super().__init__(y, v)
        self.x, self.p = x, x.shape[1]

    def profile(self, tau2: Array | float) -> RegressionProfile:
        """Compute the sums at one tau2."""
        return RegressionProfile(self.y, self.v, self.x, float(tau2))

    def unweighted(self) -> tuple[Array, Array, Array]:
        """Residual sum of squares of the unweighted fit, tr(PV) and tr(PVPV) with its P."""
        basis = np.linalg.qr(self.x)[0]
        residual = self.y - basis @ (basis.T @ self.y)
        leverage = (basis**2).sum(axis=1)
        middle = basis.T @ (self.v[:, None] * basis)
        trace_pvpv = self.v**2 @ (1 - 2 * leverage) + (middle**2).sum()
        return residual @ residual, self.v @ (1 - leverage), trace_pvpv


class RegressionProfile(MeanProfile):
    """The sums at one value of tau2; ``basis`` spans the weighted moderators, orthonormal."""

    def __init__(self, y: Array, v: Array, x: Array, tau2: float):
        self.x, self.w = x, 1.0 / (v + tau2)
        self.sum_w, self.root_w = self.w.sum(), np.sqrt(self.w)
        self.basis, self.triangle = np.linalg.qr(self.root_w[:, None] * x)
        self.leverage = (self.basis**2).sum(axis=1)
        self.coefficients = np.linalg.solve(self.triangle, self.basis.T @ (self.root_w * y))
        self.residual = y - x @ self.coefficients

    def covariance(self) -> Array:
        """Covariance of the coefficients, the inverse of X'WX."""
        inverse = np.linalg.inv(self.triangle)
        return inverse @ inverse.T

    def ypp_yppp(self) -> tuple[Array, Array]:
        """Y'PPy and y'PPPy."""
        weighted = self.root_w * self.py
        inside = self.basis.T @ weighted
        return self.ypp(), weighted @ weighted - inside @ inside

    def trace_p(self) -> Array:
        """Trace of P."""
        return self.w @ (1 - self.leverage)

    def traces(self) -> tuple[Array, Array]:
        """Traces of P and of PP."""
        middle = self.basis.T @ (self.w[:, None] * self.basis)
        return self.trace_p(), self.sum_w2() - 2 * self.w**2 @ self.leverage + (middle**2).sum()

    def log_likelihood(self, restricted: bool) -> Array:
        """Log-likelihood at the coefficients that are best for this tau2."""
        k, p = self.x.shape
        value = 0.5 * (np.log(self.w).sum() - self.q() - k * np.log(2 * np.pi))
        if restricted:
            value += 0.5 * (p * np.log(2 * np.pi) + np.linalg.slogdet(self.x.T @ self.x)[1])
            value -= np.log(np.abs(np.diag(self.triangle))).sum()
        return value


@dataclass(frozen=True, eq=False, repr=False)
class Subgroups(Printed):
    """Fits by group, and the test that all groups share one effect (`q_between`, chi-squared)."""

    fits: dict[Any, Pooled]
    q_between: float
    q_between_df: int
    q_between_p: float

    def _content(self) -> tuple[str, pd.DataFrame]:
        test = f"Q = {short(self.q_between)}, df = {self.q_between_df}, p = {short(self.q_between_p)}"
        return f"Subgroups, difference: {test}", self.to_frame().rename_axis("group").reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Table with one row a group."""
        names = ("k", "estimate", "se", "ci_lower", "ci_upper", "p_value", "tau2", "i2", "q", "q_p_value")
        rows = {group: {name: getattr(fit, name) for name in names} for group, fit in self.fits.items()}
        return pd.DataFrame.from_dict(rows, orient="index")


def subgroup_test(
    yi: Any, vi: Any, groups: Any, method: str = "REML", test: str = "z", level: float = 0.95
) -> Subgroups:
    """Pool each subgroup and test whether the groups differ, each with a tau2 of its own.

    Parameters
    ----------
    yi, vi, method, test, level
        As for `pool`; method, test and level for the fit of each group.
    groups : array_like, shape (k,)
        Group of each study; a missing one is refused.

    Returns
    -------
    Subgroups
        Groups in the order of their first study.

    Raises
    ------
    ValueError
        What `pool` refuses, a missing group, or fewer than two groups.

    Notes
    -----
    Borenstein and Higgins (2013); Cochrane Handbook 10.11.3.1. Group estimates enter the test (their Q) with
    their normal standard errors, whatever `test` is. With one tau2 for all groups it is the omnibus test of
    `meta_regression` on the groups.
    """
    check_choice("method", method, METHODS)
    check_choice("test", test, INTERVAL_TESTS)
    check_level(level)
    given = check_studies(yi, vi)
    code, levels = label_codes("groups", groups, given.yi.size)
    if len(levels) < 2:
        raise ValueError(f"groups: only '{levels[0]}'; a test of difference needs at least two groups")
    rows = [code == i for i in range(len(levels))]
    fits = [pool_arrays(given.yi[r], given.vi[r], method, test, level) for r in rows]
    plain = [pool_arrays(given.yi[r], given.vi[r], method, "z", level) for r in rows]
    q = pool([fit.estimate for fit in plain], [fit.se**2 for fit in plain], "EE").q
    df = len(levels) - 1
    return Subgroups(dict(zip(levels, fits, strict=True)), q, df, float(chi2_p(q, df)))
