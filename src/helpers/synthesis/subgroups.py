"""Subgroups: one synthesis each, and the test of their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis import intervals
from helpers.synthesis.inputs import one_of, studies
from helpers.synthesis.meta_regression import meta_regression
from helpers.synthesis.pooled import Pooled
from helpers.synthesis.pooling import pool_checked
from helpers.synthesis.tau2 import METHODS
from helpers.synthesis.weighted_mean import WeightedMean


@dataclass(frozen=True, eq=False)
class Subgroups:
    """Fits by group, and the test that all groups share one effect (`q_between`, chi-squared)."""

    fits: dict[Any, Pooled]
    q_between: float
    q_between_df: int
    q_between_p: float
    tau2: str

    def to_frame(self) -> pd.DataFrame:
        """Table with one row a group."""
        names = ("k", "estimate", "se", "ci_lower", "ci_upper", "p_value", "tau2", "i2", "q", "q_p_value")
        rows = {group: {name: getattr(fit, name) for name in names} for group, fit in self.fits.items()}
        return pd.DataFrame.from_dict(rows, orient="index")


def subgroup_test(
    yi: Any,
    vi: Any,
    groups: Any,
    method: str = "REML",
    test: str = "z",
    level: float = 0.95,
    tau2: str = "separate",
) -> Subgroups:
    """Pool each subgroup and test whether the groups differ.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    groups : array_like, shape (k,)
        Group of each study; a missing one is refused.
    method, test, level
        As for `pool`, for the fit of each group.
    tau2 : {"separate", "common"}
        Whether the test of difference lets each group have its own tau2 (Q of the group estimates) or takes
        one for all (omnibus test of a meta-regression on the groups).

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
    Borenstein and Higgins (2013); Cochrane Handbook 10.11.3.1. Group estimates enter the test with their
    normal standard errors, whatever `test` is.

    """
    one_of("method", method, METHODS)
    one_of("tau2", tau2, ("separate", "common"))
    given = studies(yi, vi)
    labels = pd.Series(np.asarray(groups, dtype=object)) if not isinstance(groups, pd.Series) else groups
    labels = labels.reset_index(drop=True)
    if len(labels) != given.yi.size:
        raise ValueError(
            f"groups: {len(labels)} labels but {given.yi.size} effects; give one for each effect"
        )
    if labels.isna().any():
        raise ValueError(f"groups[{int(labels.isna().to_numpy().argmax())}]: is missing; name a group")
    levels = list(dict.fromkeys(labels))
    if len(levels) < 2:
        raise ValueError(f"groups: only {levels[0]!r}; a test of difference needs at least two groups")
    rows = {group: (labels == group).to_numpy() for group in levels}
    fits = {g: pool_checked(given.yi[r], given.vi[r], method, test, level) for g, r in rows.items()}
    if tau2 == "separate":
        plain = [pool_checked(given.yi[r], given.vi[r], method, "z", level) for r in rows.values()]
        estimates, variances = (
            np.array(x) for x in zip(*((f.estimate, f.se**2) for f in plain), strict=True)
        )
        q = float(WeightedMean(estimates, variances).profile(0.0).q())
    else:
        labels = pd.Categorical(labels, categories=levels)
        q = meta_regression(given.yi, given.vi, pd.DataFrame({"group": labels}), method=method).qm
    df = len(levels) - 1
    return Subgroups(fits, q, df, float(intervals.chi2_p(q, df)), tau2)
