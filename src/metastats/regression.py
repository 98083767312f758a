"""Moderators of a meta-regression: design matrix, and the sums of `weighted_mean` for more coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis.inputs import as_floats, refuse

INTERCEPT = "intercept"


def design_matrix(mods: Any, k: int, intercept: bool = True) -> tuple[np.ndarray, list[str]]:
    """Build the design matrix, one row a study.

    Parameters
    ----------
    mods : DataFrame, Series, dict or array_like, shape (k,) or (k, m)
        Numbers stand for themselves; columns of text or categories become indicators of every level but the
        first in sorted order (of the categories' own order), as R codes a factor.
    k : int
        Number of studies.
    intercept : bool
        Put a column of ones first.

    Raises
    ------
    ValueError
        Another number of rows than studies.

    """
    frame = as_frame(mods)
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
    return np.column_stack(columns) if columns else np.empty((k, 0)), names


def as_frame(mods: Any) -> pd.DataFrame:
    """Turn what was given as moderators into a table with named columns."""
    if isinstance(mods, pd.DataFrame):
        return mods.reset_index(drop=True)
    if isinstance(mods, pd.Series):
        return mods.reset_index(drop=True).to_frame(mods.name or "moderator")
    if isinstance(mods, dict):
        return pd.DataFrame(mods)
    values = np.asarray(mods)
    if values.ndim == 1:
        return pd.DataFrame({"moderator": values})
    return pd.DataFrame(values, columns=[f"moderator{j + 1}" for j in range(values.shape[1])])


def refuse_collinear(x: np.ndarray, names: list[str]) -> None:
    """Refuse NaN, more coefficients than studies can bear, and moderators that others already determine."""
    for j, name in enumerate(names):
        refuse(
            f"mods {name}",
            ~np.isfinite(x[:, j]),
            "is not a number",
            "leave the study out or pass missing='drop'",
        )
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


class RegressionProfile:
    """The sums at one value of tau2; ``basis`` spans the weighted moderators, orthonormal."""

    def __init__(self, y: np.ndarray, v: np.ndarray, x: np.ndarray, tau2: float):
        self.w = 1.0 / (v + tau2)
        self.root_w = np.sqrt(self.w)
        self.x = x
        self.basis, self.triangle = np.linalg.qr(self.root_w[:, None] * x)
        self.coefficients = np.linalg.solve(self.triangle, self.basis.T @ (self.root_w * y))
        self.residual = y - x @ self.coefficients
        self.py = self.w * self.residual
        self.leverage = (self.basis**2).sum(axis=1)
        self.sum_w = self.w.sum()

    def covariance(self) -> np.ndarray:
        """Covariance of the coefficients, the inverse of X'WX."""
        inverse = np.linalg.inv(self.triangle)
        return inverse @ inverse.T

    def q(self) -> float:
        """Y'Py."""
        return float(self.py @ self.residual)

    def ypp(self) -> float:
        """Y'PPy."""
        return float(self.py @ self.py)

    def ypp_yppp(self) -> tuple[float, float]:
        """Y'PPy and y'PPPy."""
        weighted = self.root_w * self.py
        inside = self.basis.T @ weighted
        return self.ypp(), float(weighted @ weighted - inside @ inside)

    def sum_w2(self) -> float:
        """Sum of the squared weights."""
        return float(self.w @ self.w)

    def trace_p(self) -> float:
        """Trace of P."""
        return float(self.w @ (1 - self.leverage))

    def traces(self) -> tuple[float, float]:
        """Traces of P and of PP."""
        middle = self.basis.T @ (self.w[:, None] * self.basis)
        return self.trace_p(), self.sum_w2() - 2 * float(self.w**2 @ self.leverage) + float((middle**2).sum())

    def log_likelihood(self, restricted: bool) -> float:
        """Log-likelihood at the coefficients that are best for this tau2."""
        k, p = self.x.shape
        value = 0.5 * (np.log(self.w).sum() - self.q() - k * np.log(2 * np.pi))
        if restricted:
            value += 0.5 * (p * np.log(2 * np.pi) + np.linalg.slogdet(self.x.T @ self.x)[1])
            value -= np.log(np.abs(np.diag(self.triangle))).sum()
        return float(value)


class SeveralProfiles:
    """Slopes of the likelihood at several tau2, one after the other."""

    def __init__(self, model: Moderators, tau2: np.ndarray):
        self.each = [model.profile(t) for t in tau2]
        self.sum_w = np.array([profile.sum_w for profile in self.each])

    def ypp(self) -> np.ndarray:
        """Y'PPy at each."""
        return np.array([profile.ypp() for profile in self.each])

    def trace_p(self) -> np.ndarray:
        """Trace of P at each."""
        return np.array([profile.trace_p() for profile in self.each])


class Moderators:
    """Studies with a design matrix; offers what `weighted_mean.WeightedMean` offers for the plain mean."""

    def __init__(self, y: np.ndarray, v: np.ndarray, x: np.ndarray):
        self.y, self.v, self.x = y, v, x
        self.k, self.p = x.shape

    @property
    def df(self) -> int:
        """Degrees of freedom, studies less coefficients."""
        return self.k - self.p

    def profile(self, tau2: float) -> RegressionProfile:
        """Compute the sums at one tau2."""
        return RegressionProfile(self.y, self.v, self.x, float(tau2))

    def profiles(self, tau2: np.ndarray) -> SeveralProfiles:
        """Compute the sums at several tau2."""
        return SeveralProfiles(self, tau2)

    def smallest_v(self) -> float:
        """Smallest sampling variance."""
        return self.v.min()

    def largest_v(self) -> float:
        """Largest sampling variance."""
        return self.v.max()

    def unweighted(self) -> tuple[float, float, float]:
        """Residual sum of squares of the unweighted fit, tr(PV) and tr(PVPV) with its P."""
        basis = np.linalg.qr(self.x)[0]
        residual = self.y - basis @ (basis.T @ self.y)
        leverage = (basis**2).sum(axis=1)
        middle = basis.T @ (self.v[:, None] * basis)
        trace_pvpv = self.v**2 @ (1 - 2 * leverage) + (middle**2).sum()
        return float(residual @ residual), float(self.v @ (1 - leverage)), float(trace_pvpv)

    def spread(self) -> float:
        """Residual sum of squares of the unweighted fit."""
        return self.unweighted()[0]

    def spread_about_mean(self) -> float:
        """Sum of squares about the plain mean."""
        return float(np.sum((self.y - self.y.mean()) ** 2))
