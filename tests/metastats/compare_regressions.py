"""Compare meta-regressions, subgroups and back-transformed effects of a reference case."""

from __future__ import annotations

import numpy as np
from compare_fits import compare_fit
from ledger import RTOL, Ledger

from metastats import back_transformed, meta_regression, pool, subgroup_test

NAMES = {
    "coef": "estimate", "se": "se", "stat": "stat", "pval": "p_value", "ci_lb": "ci_lower",
    "ci_ub": "ci_upper", "vcov": "vcov", "df": "df", "QM": "qm", "QM_df": "qm_df", "QMp": "qm_p_value",
    "QE": "q", "QE_df": "q_df", "QEp": "q_p_value", "se_tau2": "se_tau2", "H2": "h2", "k": "k",
}  # fmt: skip


def compare_regressions(ledger: Ledger, y: np.ndarray, v: np.ndarray) -> None:
    """Every fit with moderators.

    The BCG cases regress on the calendar year as it is: metafor solves X'WX, whose condition number of 1e10
    costs it digits (up to 1e-7). `test_uncentred_years_keep_their_digits` decides by exact fractions which of
    the two has lost them.
    """
    regression = ledger.at("meta_regression")
    loose = 1e-7 if "year" in regression["data"] and min(regression["data"]["year"]) > 1000 else RTOL
    data = ledger.take("meta_regression", "data")
    rows = np.arange(y.size)
    if "rows_used" in regression:
        rows = np.array(ledger.take("meta_regression", "rows_used")) - 1
    scale = float(np.var(y, ddof=1))
    for i, reference in enumerate(regression["fits"]):
        at = ("meta_regression", "fits", i)
        fit = meta_regression(y[rows], v[rows], data, reference["method"], reference["test"])
        for theirs, ours in NAMES.items():
            got = getattr(fit, ours)
            if theirs == "QM_df":
                got = [np.nan if value is None else value for value in got]
            # an error of the statistic grows in a p-value of chi-squared by half of the statistic
            rtol = loose * max(1.0, fit.q / 2) if theirs == "QEp" and loose > RTOL else loose
            ledger.agree((*at, theirs), got, rtol=rtol, atol=1e-14 if theirs == "vcov" else 0.0)
        ledger.agree((*at, "tau2"), fit.tau2, rtol=loose, atol=loose * scale)
        for name in ("I2", "R2"):
            ledger.agree((*at, name), getattr(fit, name.lower()), rtol=loose, atol=100 * loose)


def compare_subgroups(ledger: Ledger, y: np.ndarray, v: np.ndarray) -> None:
    """Each group's fit, and the test between them."""
    reference = ledger.at("subgroup")
    groups = np.array(reference["group"])
    result = subgroup_test(y, v, groups, method=reference["method"])
    ledger.agree(("subgroup", "Q_between"), result.q_between)
    ledger.agree(("subgroup", "Q_between_df"), result.q_between_df)
    ledger.agree(("subgroup", "Q_between_p"), result.q_between_p)
    for i, expected in enumerate(reference["fits"]):
        rows = groups == expected["level"]
        assert result.fits[expected["level"]].estimate == pool(y[rows], v[rows]).estimate
        compare_fit(ledger, ("subgroup", "fits", i), y[rows], v[rows])


def compare_back_transformed(ledger: Ledger, y: np.ndarray, v: np.ndarray, measure: str) -> None:
    """Pooled proportions on their own scale; the double arcsine at the harmonic mean of the group sizes."""
    sizes = ledger.at("inputs", "ni") if measure == "PFT" else None
    for method in ledger.at("back_transformed"):
        fit = pool(y, v, method=method)
        values = {"pred": fit.estimate, "ci_lb": fit.ci_lower, "ci_ub": fit.ci_upper}
        values |= dict(zip(("pi_lb", "pi_ub"), fit.prediction_interval("z"), strict=True))
        for name, value in values.items():
            at = ("back_transformed", method, name)
            ledger.agree(at, back_transformed(measure, value, sizes))
