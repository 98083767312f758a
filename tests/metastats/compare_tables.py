"""Compare leave-one-out, cumulative, influence and the small-study tests of a reference case."""

from __future__ import annotations

import numpy as np
from ledger import Ledger
from loose_metafor import trim_and_fill_by_default_control

from metastats import cumulative, egger_test, fail_safe_n, influence, leave_one_out, rank_test, trim_and_fill

COLUMNS = {
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
        compare_table(ledger, ("leave1out", i), table, COLUMNS, y)
    for i, reference in enumerate(ledger.at("cumul")):
        at = ("cumul", i)
        order = ledger.take(*at, "order_values") or None
        table = cumulative(y, v, order, reference["method"], reference["test"])
        ledger.agree((*at, "added_row"), table.index.to_numpy() + 1)
        compare_table(ledger, at, table, COLUMNS, y)
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
