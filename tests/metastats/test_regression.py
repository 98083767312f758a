"""meta_regression and subgroup_test against exact fractions; refusals (metafor's values: test_reference.py)."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from reference_values import METAFOR, by_id

from metastats import meta_regression, pool, subgroup_test
from metastats.heterogeneity import METHODS

WITH_MODS = [case for case in METAFOR["cases"] if "meta_regression" in case]
Y, V = [0.1, 0.9, 0.4, -0.2, 0.6], [0.02, 0.05, 0.01, 0.08, 0.09]


@pytest.mark.parametrize("case", by_id([case for case in WITH_MODS if case["id"] == "bcg_RD"]))
def test_uncentred_years_keep_their_digits(case):
    data = case["meta_regression"]["data"]
    y, w = [Fraction(a) for a in case["yi"]], [1 / Fraction(a) for a in case["vi"]]
    rows = [[Fraction(1), Fraction(a), Fraction(b)] for a, b in zip(data["ablat"], data["year"], strict=True)]
    exact, q = exact_least_squares(rows, y, w)
    fit = meta_regression(case["yi"], case["vi"], data, method="EE")
    np.testing.assert_allclose(fit.estimate, [float(b) for b in exact], rtol=1e-11)
    assert fit.q == pytest.approx(float(q), rel=1e-12)


def exact_least_squares(rows, y, w):
    """Weighted least squares by Gaussian elimination in fractions."""
    p, k = len(rows[0]), len(rows)
    a = [
        [
            sum(w[i] * rows[i][r] * c(i) for i in range(k))
            for c in [*(lambda i, s=s: rows[i][s] for s in range(p)), y.__getitem__]
        ]
        for r in range(p)
    ]
    for i in range(p):
        a[i] = [value / a[i][i] for value in a[i]]
        for j in range(p):
            if j != i:
                a[j] = [value - a[j][i] * pivot for value, pivot in zip(a[j], a[i], strict=True)]
    b = [row[-1] for row in a]
    q = sum(w[i] * (y[i] - sum(x * c for x, c in zip(rows[i], b, strict=True))) ** 2 for i in range(k))
    return b, q


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_without_moderators_it_is_pool(method, test):
    fit, plain = meta_regression(Y, V, np.empty((5, 0)), method, test), pool(Y, V, method, test)
    assert fit.tau2 == pytest.approx(plain.tau2, rel=1e-9, abs=1e-12)
    assert fit.estimate[0] == pytest.approx(plain.estimate)
    assert fit.se[0] == pytest.approx(plain.se)
    assert fit._model.profile(0.1).log_likelihood(True) == pytest.approx(
        plain._model.profile(0.1).log_likelihood(True)
    )
    if method != "EE":
        assert fit.se_tau2 == pytest.approx(plain.se_tau2)


def test_text_becomes_indicators_and_prediction_uses_them():
    fit = meta_regression(Y, V, pd.DataFrame({"site": ["x", "x", "y", "y", "z"], "dose": [1, 2, 3, 4, 6]}))
    assert fit.names == ["intercept", "site[y]", "site[z]", "dose"]
    table = fit.predict([[0, 0, 1.0]])
    assert table.estimate[0] == pytest.approx(fit.estimate[0] + fit.estimate[3])
    assert table.pi_lower[0] < table.ci_lower[0]
    assert fit.coefficients.index.tolist() == fit.names


def test_missing_moderator_is_dropped_on_request():
    assert meta_regression(Y, V, [1, 2, 3, np.nan, 5], missing="drop").k == 4


def test_group_refusals():
    with pytest.raises(ValueError, match="at least two groups"):
        subgroup_test(Y, V, ["a"] * 5)
    with pytest.raises(ValueError, match=r"groups\[1\]: is missing"):
        subgroup_test(Y, V, ["a", None, "b", "b", "b"])
