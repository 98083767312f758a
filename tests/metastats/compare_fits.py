"""Compare the fits of a reference case with `pool`, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from ledger import Ledger

from metastats import Pooled, pool

EXACT = {
    "se": "se", "stat": "stat", "pval": "p_value", "se_tau2": "se_tau2", "H2": "h2", "Q": "q", "Q_df": "q_df",
    "Qp": "q_p_value", "vt": "typical_variance", "k": "k", "weights_pct": "weights", "df": "df",
    "logLik": "log_likelihood", "AIC": "aic", "AICc": "aicc", "BIC": "bic",
}  # fmt: skip


def compare_fit(ledger: Ledger, at: tuple, y: np.ndarray, v: np.ndarray) -> None:
    """One fit. tau2, the effect and i2 may be 0: their absolute error is judged by the spread of the effects."""
    reference = ledger.at(*at)
    fit = pool(y, v, method=reference["method"], test=reference["test"])
    scale = float(np.var(y, ddof=1))
    ledger.agree((*at, "tau2"), fit.tau2, atol=1e-8 * scale)
    ledger.agree((*at, "I2"), fit.i2, atol=1e-8)
    for theirs, ours in (("estimate", "estimate"), ("ci_lb", "ci_lower"), ("ci_ub", "ci_upper")):
        ledger.agree((*at, theirs), getattr(fit, ours), atol=1e-8 * scale**0.5)
    for theirs, ours in EXACT.items():
        if theirs in reference:
            ledger.agree((*at, theirs), getattr(fit, ours))
    if "pi" in reference:
        compare_predictions(ledger, (*at, "pi"), fit, scale**0.5)
    if "blup" in reference:
        blups = fit.blups()
        ledger.agree((*at, "blup", "pred"), blups.estimate, atol=1e-8 * scale**0.5)
        ledger.agree((*at, "blup", "se"), blups.se, atol=1e-8 * scale**0.5)
    ledger.excuse(*at, "tau2_default_control")  # metafor's own loose result, stored to show the difference


def compare_predictions(ledger: Ledger, at: tuple, fit: Pooled, spread: float) -> None:
    """Prediction intervals by metafor's names.

    With two studies Riley's interval has no degree of freedom; one is taken, as in metafor, with a warning.
    """
    kinds = {"default": "z" if fit.test == "z" else "t", "t": "t", "riley": "riley", "simple": "simple"}
    assert set(ledger.at(*at)) == set(kinds)
    for theirs, kind in kinds.items():
        if kind == "riley" and fit.k == 2:
            with pytest.warns(UserWarning, match="no degree of freedom"):
                limits = fit.prediction_interval(kind)
        else:
            limits = fit.prediction_interval(kind)
        for name, limit in zip(("lb", "ub"), limits, strict=True):
            ledger.agree((*at, theirs, name), limit, atol=1e-8 * spread)
        if "df" in ledger.at(*at, theirs):
            ledger.agree((*at, theirs, "df"), {"t": fit.k - 1, "riley": max(1, fit.k - 2), "z": np.nan}[kind])


def compare_heterogeneity_intervals(ledger: Ledger, y: np.ndarray, v: np.ndarray) -> None:
    """Q-profile limits, and whether metafor too says that the interval is empty."""
    units = {"tau2": float(np.var(y, ddof=1)), "tau": float(np.std(y, ddof=1)), "I2": 100.0, "H2": 1.0}
    for i, reference in enumerate(ledger.at("confint_qprofile")):
        at = ("confint_qprofile", i)
        fit = pool(y, v, method=reference["method"])
        limits = fit.heterogeneity_interval()
        for theirs, unit in units.items():
            ours = theirs.lower()
            ledger.agree((*at, theirs, "est"), getattr(fit, ours), atol=1e-8 * unit)
            for j, name in enumerate(("lb", "ub")):
                ledger.agree((*at, theirs, name), getattr(limits, ours)[j], atol=1e-8 * unit)
        ledger.agree((*at, "ci_null"), limits.empty)
