"""egger_test, rank_test and trim_and_fill against metafor, and their refusals."""

import numpy as np
import pytest
from synthesis_reference import CASES, agree, by_id, data_of

from helpers.synthesis import egger_test, rank_test, trim_and_fill

Y, V = [0.1, 0.9, 0.4, -0.2, 0.6], [0.02, 0.05, 0.01, 0.08, 0.09]


def results_of(case, kind):
    """Reference tests of one kind, with the words of their key."""
    return [(key.split("_")[1:], value) for key, value in case["small_study"].items() if key.startswith(kind)]


@pytest.mark.parametrize("case", by_id(CASES))
def test_egger_agrees_with_metafor(case):
    y, v, scale = data_of(case)
    for (model, predictor), expected in results_of(case, "regtest"):
        result = egger_test(y, v, model=model, predictor=predictor)
        pairs = (("stat", "stat"), ("p_value", "pval"), ("slope", "slope"), ("limit_estimate", "limit_est"))
        for ours, theirs in pairs:
            agree(getattr(result, ours), expected[theirs], ours)
        agree(
            (result.limit_lower, result.limit_upper), expected["limit_ci"], "limits", atol=1e-8 * scale**0.5
        )
        assert result.df == (expected["df"] if model == "lm" else None)


@pytest.mark.parametrize("case", by_id(CASES))
def test_rank_test_agrees_with_metafor(case):
    y, v, _ = data_of(case)
    expected = case["small_study"]["ranktest"]
    result = rank_test(y, v)
    agree((result.tau, result.p_value), (expected["tau"], expected["pval"]), "rank test")
    assert result.exact is not bool(expected["warnings"])


@pytest.mark.parametrize("case", by_id(CASES))
def test_trim_and_fill_agrees_with_metafor(case):
    y, v, scale = data_of(case)
    for (estimator, method), expected in results_of(case, "trimfill"):
        result = trim_and_fill(y, v, method=method, estimator=estimator)
        assert (result.k0, result.side) == (expected["k0"], expected["side"])
        # metafor fits the filled REML model with its own loose settings (about 1e-4 of tau2), DL and EE not
        loose = 3e-4 if method == "REML" else 1e-8
        agree(result.se_k0, expected["se_k0"], "se_k0")
        agree(result.tau2, expected["tau2"], "tau2", rtol=loose, atol=1e-8 * scale)
        for ours, theirs in (
            ("estimate", "estimate"),
            ("se", "se"),
            ("ci_lower", "ci_lb"),
            ("ci_upper", "ci_ub"),
        ):
            agree(getattr(result, ours), expected[theirs], ours, rtol=loose, atol=loose * 1e-1 * scale**0.5)
        if estimator == "R0":
            agree(result.p_k0, expected["p_k0"], "p_k0")


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_do_not_matter(unit):
    y, v = np.array(Y) * unit, np.array(V) * unit**2
    assert egger_test(y, v).p_value == pytest.approx(egger_test(Y, V).p_value)
    assert rank_test(y, v).p_value == rank_test(Y, V).p_value
    assert trim_and_fill(y, v).estimate == pytest.approx(trim_and_fill(Y, V).estimate * unit)


def test_sign_swaps_the_side():
    mirrored = trim_and_fill(-np.array(Y), V)
    plain = trim_and_fill(Y, V)
    assert {mirrored.side, plain.side} == {"left", "right"}
    assert mirrored.estimate == pytest.approx(-plain.estimate)


def test_filled_studies_mirror_the_trimmed_ones():
    result = trim_and_fill([0.0, 0.1, 0.2, 0.8, 1.0, 1.2], [0.01, 0.01, 0.01, 0.3, 0.4, 0.5], side="left")
    assert result.filled.sum() == result.k0 > 0
    assert result.vi[result.filled].tolist() == [0.3, 0.4, 0.5][3 - result.k0 :]


@pytest.mark.parametrize("test", [egger_test, rank_test, trim_and_fill])
def test_refusals(test):
    with pytest.raises(ValueError, match="equally precise"):
        test([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    with pytest.raises(ValueError, match="three"):
        test([0.1, 0.2], [0.1, 0.2])
