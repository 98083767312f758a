"""The fit of a meta-regression, and everything that is read from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from helpers.synthesis import intervals
from helpers.synthesis.inputs import as_floats, one_of
from helpers.synthesis.moderators import INTERCEPT, Moderators
from helpers.synthesis.tau2 import estimate_tau2, tau2_standard_error, typical_variance
from helpers.synthesis.weighted_mean import WeightedMean


@dataclass(frozen=True, eq=False)
class MetaRegression:
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
    estimate: np.ndarray
    vcov: np.ndarray
    tau2: float
    df: int | None
    model: Moderators
    dropped: int

    @property
    def k(self) -> int:
        """Number of effects."""
        return self.model.k

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def stat(self) -> np.ndarray:
        """Test statistics of the coefficients."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate / self.se

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p-values of the coefficients."""
        return intervals.two_sided_p(self.stat, self.df)

    @property
    def ci_lower(self) -> np.ndarray:
        """Lower confidence limits of the coefficients."""
        return self.estimate - intervals.critical_value(self.level, self.df) * self.se

    @property
    def ci_upper(self) -> np.ndarray:
        """Upper confidence limits of the coefficients."""
        return self.estimate + intervals.critical_value(self.level, self.df) * self.se

    @cached_property
    def se_tau2(self) -> float:
        """Standard error of tau2."""
        return float(tau2_standard_error(self.model, self.method, np.asarray(self.tau2)))

    @cached_property
    def q(self) -> float:
        """Q of the residuals, with inverse-variance weights."""
        return self.model.profile(0.0).q()

    @property
    def q_df(self) -> int:
        """Degrees of freedom of q."""
        return self.model.df

    @property
    def q_p_value(self) -> float:
        """P-value of q."""
        return float(intervals.chi2_p(self.q, self.q_df))

    @property
    def i2(self) -> float:
        """Share of the unexplained variation that is between studies, in percent."""
        if self.method == "EE":
            return 100 * max(0.0, (self.q - self.q_df) / self.q) if self.q > 0 else 0.0
        return 100 * self.tau2 / (self.tau2 + float(typical_variance(self.model)))

    @property
    def h2(self) -> float:
        """Unexplained variation as a multiple of the sampling variation."""
        return (
            self.q / self.q_df if self.method == "EE" else 1 + self.tau2 / float(typical_variance(self.model))
        )

    @cached_property
    def r2(self) -> float:
        """Heterogeneity accounted for, in percent of that without moderators (Raudenbush 1994).

        For EE, which has no tau2, the fall of h2 is taken instead, as metafor does.
        """
        plain = WeightedMean(self.model.y, self.model.v)
        if self.method == "EE":
            alone, left = float(plain.profile(0.0).q()) / max(plain.df, 1), self.q / self.q_df
        else:
            alone, left = float(estimate_tau2(plain, self.method)), self.tau2
        return 100 * max(0.0, (alone - left) / alone) if alone > 0 else 0.0

    @cached_property
    def _tested(self) -> np.ndarray:
        slopes = [j for j, name in enumerate(self.names) if name != INTERCEPT]
        return np.array(slopes if slopes else range(len(self.names)))

    @cached_property
    def qm(self) -> float:
        """Omnibus statistic: chi-squared, or F for knha and adhoc."""
        b, v = self.estimate[self._tested], self.vcov[np.ix_(self._tested, self._tested)]
        size = np.sqrt(
            np.diag(v)
        )  # scaled, so that moderators of very different units do not spoil the solution
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
        return float(intervals.chi2_p(self.qm, m)) if self.df is None else float(fdtrc(m, self.df, self.qm))

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
        one_of("kind", kind, intervals.PREDICTION_KINDS)
        x = np.atleast_2d(as_floats("x", x))
        if x.shape[1] == len(self.names) - 1 and self.names[0] == INTERCEPT:
            x = np.column_stack([np.ones(len(x)), x])
        if x.shape[1] != len(self.names):
            raise ValueError(f"x: {x.shape[1]} columns; give one for each of {', '.join(self.names)}")
        mean, se = x @ self.estimate, np.sqrt(np.einsum("ij,jk,ik->i", x, self.vcov, x))
        half = intervals.critical_value(self.level, self.df) * se
        args = (self.tau2, self.k, kind, self.level, self.model.p)
        limits = [intervals.prediction_limits(m, s, *args) for m, s in zip(mean, se, strict=True)]
        columns = {"estimate": mean, "se": se, "ci_lower": mean - half, "ci_upper": mean + half}
        lower, upper = zip(*limits, strict=True)
        return pd.DataFrame({**columns, "pi_lower": lower, "pi_upper": upper})
