"""Counts pooled as counts, and single shares, against R (make_references.R)."""

import numpy as np
import pytest
from reference_values import FROM_R

from metastats import back_transformed, effect_size, pool, pool_counts, proportion_interval

TABLES = FROM_R["tables"]
NUMBERS = ("estimate", "se", "ci_lower", "ci_upper", "p_value", "q", "q_p_value")


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
@pytest.mark.parametrize("name", list(TABLES))
def test_mantel_haenszel_and_peto_are_those_of_metafor(name, measure):
    fit = pool_counts(measure, **TABLES[name]["inputs"])
    for number in NUMBERS:
        assert getattr(fit, number) == pytest.approx(TABLES[name][measure][number], rel=1e-9), number
    assert (fit.method, fit.tau2) == ("PETO" if measure == "PETO" else "MH", 0)


def test_peto_of_one_table_has_no_correction():
    empty = dict(ai=[0], n1i=[10], ci=[3], n2i=[20])
    assert effect_size("PETO", **empty).yi == pytest.approx([-1.6111111])
    assert effect_size("PETO", **empty).vi == pytest.approx([1.6111111])
    assert pool_counts("PETO", **empty).estimate == pytest.approx(-1.6111111)
    assert effect_size("PETO", **empty, add=0.5).yi == pytest.approx([-1.0736], abs=1e-4)
    nothing = effect_size("PETO", ai=[0, 1], n1i=[25, 9], ci=[0, 2], n2i=[25, 9])
    assert np.isnan(nothing.yi).tolist() == [True, False]
    assert "1 without an effect" in nothing.note


@pytest.mark.parametrize("case", FROM_R["logits"].values(), ids=list(FROM_R["logits"]))
def test_the_binomial_normal_model(case):
    fit, glmm, exact = pool_counts("PLO", **case["inputs"]), case["glmm"], case["exact"]
    for number in ("estimate", "se", "tau2"):
        # R's integrate() and optim(); metafor's own search stops earlier
        assert getattr(fit, number) == pytest.approx(exact[number], rel=3e-6, abs=1e-9), number
        assert getattr(fit, number) == pytest.approx(glmm[number], rel=2e-4, abs=1e-9), number
    assert (fit.q, fit.q_p_value) == pytest.approx((glmm["q"], glmm["q_p_value"]), rel=1e-6)
    by_t = pool_counts("PLO", **case["inputs"], test="t")
    assert (by_t.ci_lower, by_t.ci_upper) == pytest.approx((glmm["t_lower"], glmm["t_upper"]), rel=2e-4)
    shares = back_transformed("PLO", [fit.ci_lower, fit.estimate, fit.ci_upper])
    assert 0 < shares[0] < shares[1] < shares[2] < 1


def test_shares_of_everyone_stay_in():
    whole, counts = FROM_R["logits"]["full"]["inputs"], dict(xi=[14, 20, 27], ni=[16, 20, 30])
    assert back_transformed("PLO", pool_counts("PLO", **whole).estimate) == pytest.approx(61 / 66)
    effects = effect_size("PLO", **counts)
    assert effects.yi[1] == pytest.approx(np.log(20.5 / 0.5))  # 1/2 to this row alone, and the note says so
    assert effects.corrected.tolist() == [False, True, False]
    assert "1 of 3 rows with 0.5 added" in effects.note
    fit = pool(effects.yi, effects.vi, test="adhoc")
    assert fit.k == 3
    assert 0 < back_transformed("PLO", fit.ci_lower) < back_transformed("PLO", fit.ci_upper) < 1


@pytest.mark.parametrize("case", FROM_R["single"], ids=lambda case: f"{case['x']}/{case['n']}")
def test_limits_of_one_share(case):
    x, n = case["x"], case["n"]
    assert proportion_interval(x, n, "exact") == pytest.approx(case["exact"], rel=1e-9, abs=1e-12)
    assert proportion_interval(x, n, "exact", 0.9) == pytest.approx(case["exact90"], rel=1e-9, abs=1e-12)
    assert proportion_interval([x, x], [n, n])[1] == pytest.approx([case["wilson"][1]] * 2, rel=1e-9)
    assert proportion_interval(x, n)[0] == pytest.approx(case["wilson"][0], rel=1e-9, abs=1e-12)


def test_a_prediction_interval_is_wider_and_says_its_degrees_of_freedom():
    fit = pool_counts("PLO", **FROM_R["logits"]["uneven"]["inputs"])
    low, high = fit.prediction_interval("t")
    assert high - low == pytest.approx(2 * 3.182446305 * np.sqrt(fit.tau2 + fit.se**2))
