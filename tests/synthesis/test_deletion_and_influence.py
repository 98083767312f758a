"""leave_one_out, cumulative and influence against metafor, and their refusals."""

import numpy as np
import pytest
from synthesis_reference import CASES, agree, by_id, data_of

from helpers.synthesis import cumulative, influence, leave_one_out, pool

COLUMNS = {
    "estimate": "estimate", "se": "se", "stat": "stat", "p_value": "pval",
    "ci_lower": "ci_lb", "ci_upper": "ci_ub",
    "q": "Q", "q_p_value": "Qp", "tau2": "tau2", "i2": "I2", "h2": "H2",
}  # fmt: skip
DIAGNOSTICS = {
    "rstandard": "rstandard_z", "rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook_d",
    "cov_r": "cov_r",
    "tau2_del": "tau2_del", "q_del": "QE_del", "hat": "hat", "weight": "weight", "dfbetas": "dfbetas",
}  # fmt: skip
Y, V = [0.1, 0.9, 0.4, -0.2], [0.02, 0.05, 0.01, 0.08]


def agree_table(table, expected, columns, scale):
    """Compare columns; values that may be 0 are judged by the spread of the effects."""
    slack = {
        "estimate": scale**0.5,
        "ci_lower": scale**0.5,
        "ci_upper": scale**0.5,
        "tau2": scale,
        "tau2_del": scale,
    }
    for ours, theirs in columns.items():
        if expected.get(theirs) is not None:
            agree(
                table[ours],
                expected[theirs],
                ours,
                atol=1e-8 * slack.get(ours, 1.0 if ours == "i2" else 1e-4),
            )


@pytest.mark.parametrize("case", by_id(CASES))
def test_leave_one_out_agrees_with_metafor(case):
    y, v, scale = data_of(case)
    for expected in case["leave1out"]:
        table = leave_one_out(y, v, method=expected["method"], test=expected["test"])
        agree_table(table, expected, COLUMNS, scale)


@pytest.mark.parametrize("case", by_id(CASES))
def test_cumulative_agrees_with_metafor(case):
    y, v, scale = data_of(case)
    for expected in case["cumul"]:
        table = cumulative(y, v, expected["order_values"] or None, expected["method"], expected["test"])
        assert table.index.tolist() == [row - 1 for row in expected["added_row"]]
        agree_table(table, expected, COLUMNS, scale)


@pytest.mark.parametrize("case", by_id(CASES))
def test_influence_agrees_with_metafor(case):
    y, v, scale = data_of(case)
    for expected in case["influence"]:
        table = influence(y, v, method=expected["method"])
        agree_table(table, expected, DIAGNOSTICS, scale)
        assert table.influential.tolist() == expected["is_infl"]


def test_a_fit_can_be_given_and_labels_name_the_rows():
    fit = pool(Y, V, method="DL", test="knha")
    table = leave_one_out(fit, labels=list("abcd"))
    assert table.index.tolist() == list("abcd")
    assert table.loc["b", "estimate"] == pool([0.1, 0.4, -0.2], [0.02, 0.01, 0.08], "DL", "knha").estimate
    assert cumulative(fit).estimate.iloc[-1] == fit.estimate


def test_two_studies_leave_one_each():
    assert leave_one_out(Y[:2], V[:2]).estimate.tolist() == [0.9, 0.1]


def test_an_outlier_is_marked():
    table = influence([0.1, 0.12, 0.09, 0.11, 3.0], [0.01] * 5, method="EE")
    assert table.influential.iloc[-1]
    assert np.argmax(table.cook_d) == 4


def test_refusals():
    with pytest.raises(ValueError, match="at least two"):
        leave_one_out([0.1], [0.1])
    with pytest.raises(ValueError, match="fewer than three"):
        influence([0.1, 0.2], [0.1, 0.1])
    with pytest.raises(ValueError, match="order: 1 values but 4"):
        cumulative(Y, V, order=[1])
    with pytest.raises(ValueError, match=r"order\[1\]: is missing"):
        cumulative(Y, V, order=[1, None, 3, 4])
    with pytest.raises(ValueError, match="labels: 1 names"):
        leave_one_out(Y, V, labels=["a"])
    with pytest.raises(ValueError, match="either a fit or effects"):
        leave_one_out(pool(Y, V), V)
