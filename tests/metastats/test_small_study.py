"""Small-study tests: theory and refusals (metafor's values: test_reference.py)."""

import numpy as np
import pytest

from metastats import egger_test, pool, rank_test, trim_and_fill

Y, V = [0.1, 0.9, 0.4, -0.2, 0.6], [0.02, 0.05, 0.01, 0.08, 0.09]


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


def test_what_has_no_meaning_or_no_root_is_refused():
    with pytest.raises(ValueError, match="Q0 has no real root"):
        trim_and_fill([0.1, 0.5, 0.9], [0.01, 0.05, 0.2], estimator="Q0")
    with pytest.raises(ValueError, match="no meaning for the model 'lm'"):
        egger_test(Y, V, method="DL")
    with pytest.raises(ValueError, match="the effects are equal"):
        rank_test([1, 1, 1], [1, 2, 3])
    with pytest.raises(ValueError, match="method: 'DL' beside a fit by 'PM'"):
        trim_and_fill(pool(Y, V, "PM"), method="DL")
    assert trim_and_fill(pool(Y, V, "PM"), method="PM").k0 == trim_and_fill(Y, V, "PM").k0


@pytest.mark.parametrize("test", [egger_test, rank_test, trim_and_fill])
def test_refusals(test):
    with pytest.raises(ValueError, match="equally precise"):
        test([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    with pytest.raises(ValueError, match="three"):
        test([0.1, 0.2], [0.1, 0.2])
