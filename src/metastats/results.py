"""What fitted models have in common: test and interval of an estimate, heterogeneity and its measures."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from metastats.checks import plain_result
from metastats.display import Printed, short
from metastats.heterogeneity import (
    chi2_p,
    critical_value,
    tau2_standard_error,
    two_sided_p,
    typical_variance,
)


class Estimated(Printed):
    """One estimate, or an array of them, with `estimate`, `se`, `df` (None: normal) and `level`."""

    estimate: Any
    se: Any
    df: Any
    level: float

    def _interval(self) -> dict[str, Any]:
        """Return the rows that print the estimate with its interval and test."""
        limits = f"{short(self.ci_lower)} to {short(self.ci_upper)}"
        named = f"{100 * self.level:g} % interval{self._test_named()}"
        return {"estimate": self.estimate, named: limits, "p": self.p_value}

    def _test_named(self) -> str:
        return "" if self.df is None else f" (t, df {short(self.df)})"

    @cached_property
    def stat(self) -> Any:
        """Test statistic of the hypothesis that the effect is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return plain_result(np.divide(self.estimate, self.se))

    @cached_property
    def p_value(self) -> Any:
        """Two-sided p-value of `stat`."""
        return plain_result(two_sided_p(self.stat, self.df))

    @cached_property
    def _critical(self) -> Any:
        return critical_value(self.level, self.df)

    @property
    def ci_lower(self) -> Any:
        """Lower confidence limit."""
        return self.estimate - self._critical * self.se

    @property
    def ci_upper(self) -> Any:
        """Upper confidence limit."""
        return self.estimate + self._critical * self.se


class Heterogeneous(Estimated):
    """A fit by `method` of the effects in `_model`, with `tau2` between the studies."""

    method: str
    tau2: float
    _model: Any

    @cached_property
    def se_tau2(self) -> float:
        """Standard error of tau2; NaN for EE and for one study."""
        return float(tau2_standard_error(self._model, self.method, np.asarray(self.tau2)))

    @cached_property
    def q(self) -> float:
        """Cochran's Q, with inverse-variance weights; of the residuals where there are moderators."""
        return float(self._model.profile(0.0).q()) if self.q_df > 0 else 0.0

    @property
    def q_df(self) -> int:
        """Degrees of freedom of q."""
        return self._model.df

    @cached_property
    def q_p_value(self) -> float:
        """P-value of q."""
        return float(chi2_p(self.q, self.q_df))

    @cached_property
    def typical_variance(self) -> float:
        """Typical sampling variance, the within-study part of i2; NaN for one study."""
        return float(typical_variance(self._model))

    @property
    def i2(self) -> float:
        """Share of the (unexplained) variation that is between studies, in percent; 0 for one study."""
        if self.q_df == 0:
            return 0.0
        if self.method == "EE":
            return 100 * max(0.0, (self.q - self.q_df) / self.q) if self.q > 0 else 0.0
        return 100 * self.tau2 / (self.tau2 + self.typical_variance)

    @property
    def h2(self) -> float:
        """Total (unexplained) variation as a multiple of the sampling variation; 1 for one study."""
        if self.q_df == 0:
            return 1.0
        return self.q / self.q_df if self.method == "EE" else 1 + self.tau2 / self.typical_variance
