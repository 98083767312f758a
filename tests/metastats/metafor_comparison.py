"""Compare a case of metafor's reference file with metastats: effect sizes, fits, regressions, tables."""

from __future__ import annotations

import numpy as np
import pytest
from ledger import RTOL, Ledger
from loose_metafor import trim_and_fill_by_default_control

from metastats import (
    Pooled,
    back_transformed,
    cumulative,
    effect_size,
    egger_test,
    influence,
    leave_one_out,
    meta_regression,
    pool,
    rank_test,
    subgroup_test,
    trim_and_fill,
)
from metastats.small_study import fail_safe_n

CLOSED_RTOL = 1e-11  # closed formulas: nothing is iterated
BIAS_CORRECTED_SINCE_5_0 = ("ROM", "ROMC")


def compare_escalc(ledger: Ledger, table: dict) -> None:
    """One table; where versions of metafor differ the file holds both, and the newer one is implemented."""
    newer = table.get("metafor_5_1_12")
    options = ledger.take("options") or {}
    if table["measure"] == "PETO":  # metafor corrects by default what needs no correction; we on request only
        options = {"add": 0.5, **options}
    es = effect_size(table["measure"], **options, **ledger.take("inputs"))
    at = ("metafor_5_1_12",) if newer else ()
    ledger.agree((*at, "yi"), es.yi, rtol=CLOSED_RTOL, atol=1e-14)
    ledger.agree((*at, "vi"), es.vi, rtol=CLOSED_RTOL)
    expected = newer or table
    np.testing.assert_array_equal(np.isnan(es.yi), np.isnan(np.array(expected["yi"], dtype=float)))
    if newer:  # the values of 3.8-1 beside them
        ledger.excuse("yi")
        ledger.excuse("vi")


def compare_inputs(ledger: Ledger, case: dict, y: np.ndarray, v: np.ndarray) -> None:
    """Effects of a case from its raw inputs; those of ROM and ROMC were made without the bias correction."""
    inputs, measure = ledger.take("inputs"), case["measure"]
    if "given" in measure:
        return
    es = effect_size(measure, **inputs)
    if measure not in BIAS_CORRECTED_SINCE_5_0:
        np.testing.assert_allclose(es.yi, y, rtol=CLOSED_RTOL, atol=1e-14)
    np.testing.assert_allclose(es.vi, v, rtol=CLOSED_RTOL)


FIT_NUMBERS = {
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
    for theirs, ours in FIT_NUMBERS.items():
        if theirs in reference:
            ledger.agree((*at, theirs), getattr(fit, ours))
    if "pi" in reference:
        compare_predictions(ledger, (*at, "pi"), fit, scale**0.5)
    if "blup" in reference:
        blups = fit.blups()
        ledger.agree((*at, "blup", "pred"), blups.estimate, atol=1e-8 * scale**0.5)
        ledger.agree((*at, "blup", "se"), blups.se, atol=1e-8 * scale**0.5)
        reach = (fit.ci_upper - fit.estimate) / fit.se * blups.se  # the quantile of the fit
        np.testing.assert_allclose(blups.lower, blups.estimate - reach, atol=1e-12)
        np.testing.assert_allclose(blups.upper, blups.estimate + reach, atol=1e-12)
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


COEFFICIENTS = {
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
        for theirs, ours in COEFFICIENTS.items():
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


DELETION_NUMBERS = {
    "estimate": "estimate", "se": "se", "stat": "stat", "pval": "p_value", "ci_lb": "ci_lower",
    "ci_ub": "ci_upper", "Q": "q", "Qp": "q_p_value", "tau2": "tau2", "I2": "i2", "H2": "h2",
}  # fmt: skip
DIAGNOSTICS = {
    "rstandard_z": "rstandard", "rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook_d",
    "cov_r": "cov_r", "tau2_del": "tau2_del", "QE_del": "q_del", "hat": "hat", "weight": "weight",
    "dfbetas": "dfbetas", "is_infl": "influential",
}  # fmt: skip
TINY = 1e-290  # where doubles lose digits before they reach 0, as R's p-values do


def compare_table(ledger: Ledger, at: tuple, table, columns: dict[str, str], y: np.ndarray) -> None:
    """Columns of a table; what may be 0 is judged by the spread of the effects, a shift by its own size."""
    scale = float(np.var(y, ddof=1))
    slack = {"tau2": scale, "tau2_del": scale, "I2": 100.0, "Q": 1.0, "QE_del": 1.0, "stat": 1.0}
    slack |= dict.fromkeys(("estimate", "ci_lb", "ci_ub"), scale**0.5)
    # a study whose removal moves nothing has a shift of 0 up to the rounding of both estimates
    slack |= dict.fromkeys(("dffits", "dfbetas", "rstudent", "rstandard_z"), 1.0) | {"cook_d": 1e-8}
    for theirs, ours in columns.items():
        if ledger.at(*at).get(theirs):  # metafor gives no tau2 for EE, and no stat column here and there
            ledger.agree((*at, theirs), table[ours], atol=1e-8 * slack.get(theirs, TINY))


def compare_deletions(ledger: Ledger, y: np.ndarray, v: np.ndarray) -> None:
    """leave_one_out, cumulative and influence."""
    for i, reference in enumerate(ledger.at("leave1out")):
        table = leave_one_out(y, v, method=reference["method"], test=reference["test"])
        compare_table(ledger, ("leave1out", i), table, DELETION_NUMBERS, y)
    for i, reference in enumerate(ledger.at("cumul")):
        at = ("cumul", i)
        order = ledger.take(*at, "order_values") or None
        table = cumulative(y, v, order, reference["method"], reference["test"])
        ledger.agree((*at, "added_row"), table.index.to_numpy() + 1)
        compare_table(ledger, at, table, DELETION_NUMBERS, y)
    for i, reference in enumerate(ledger.at("influence")):
        table = influence(y, v, method=reference["method"])
        compare_table(ledger, ("influence", i), table, DIAGNOSTICS, y)


def compare_small_study(ledger: Ledger, y: np.ndarray, v: np.ndarray) -> None:
    """egger_test, rank_test, trim_and_fill and fail_safe_n."""
    for key, reference in ledger.at("small_study").items():
        at, (kind, *words) = ("small_study", key), key.split("_")
        if kind == "regtest":
            compare_egger(ledger, at, egger_test(y, v, model=words[0], predictor=words[1]), y)
        elif kind == "ranktest":
            result = rank_test(y, v)
            ledger.agree((*at, "tau"), result.tau)
            ledger.agree((*at, "pval"), result.p_value)
            assert result.exact is not bool(reference["warnings"])
        elif kind == "trimfill":
            compare_trim_and_fill(ledger, at, y, v, *words)
        else:
            ledger.agree(at, fail_safe_n(y, v))


def compare_egger(ledger: Ledger, at: tuple, result, y: np.ndarray) -> None:
    """Statistic, slope and the effect at error zero."""
    spread = float(np.std(y, ddof=1))
    names = {"stat": "stat", "df": "df", "pval": "p_value", "slope": "slope", "limit_est": "limit_estimate"}
    for theirs, ours in names.items():
        ledger.agree((*at, theirs), getattr(result, ours))
    ledger.agree((*at, "limit_ci"), (result.limit_lower, result.limit_upper), atol=1e-8 * spread)


def compare_trim_and_fill(
    ledger: Ledger, at: tuple, y: np.ndarray, v: np.ndarray, estimator: str, method: str
) -> None:
    """trim_and_fill; REML against metafor's refit, which ignores the tight control it was given.

    That refit stops Fisher scoring at a step below 1e-5. Stopped at the same step, our filled studies give
    metafor's numbers to 1e-8; the fit to the end is compared with them at 3e-4, the size of what is left out.
    """
    scale = float(np.var(y, ddof=1))
    result = trim_and_fill(y, v, method=method, estimator=estimator)
    assert result.side == ledger.at(*at, "side")
    ledger.agree((*at, "k0"), result.k0)
    ledger.agree((*at, "se_k0"), result.se_k0)
    if estimator == "R0":
        ledger.agree((*at, "p_k0"), result.p_k0)
    names = {"estimate": "estimate", "se": "se", "ci_lb": "ci_lower", "ci_ub": "ci_upper", "pval": "p_value"}
    fit = result.fit
    if method == "REML" and result.k0:  # without a filled study there is no refit
        fit = trim_and_fill_by_default_control(result)
        np.testing.assert_allclose(result.tau2, fit.tau2, rtol=3e-4, atol=2e-5)
        np.testing.assert_allclose(result.estimate, fit.estimate, rtol=3e-4, atol=1e-4 * scale**0.5)
    ledger.agree((*at, "tau2"), fit.tau2, atol=1e-8 * scale)
    for theirs, ours in names.items():
        ledger.agree((*at, theirs), getattr(fit, ours), atol=1e-8 * scale**0.5)
