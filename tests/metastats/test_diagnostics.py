"""leave_one_out, cumulative and influence: theory and refusals (metafor's values: test_reference.py)."""

import numpy as np
import pytest

from metastats import cumulative, influence, leave_one_out, pool

Y, V = [0.1, 0.9, 0.4, -0.2], [0.02, 0.05, 0.01, 0.08]


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
    with pytest.raises(ValueError, match=r"order\[1\]: is missing"):
        cumulative(Y, V, order=np.array(["2020", "NaT", "2021", "2022"], dtype="datetime64[ns]"))
    with pytest.raises(ValueError, match="order: cannot be sorted"):
        cumulative(Y, V, order=[1, "b", 3, 4])
    with pytest.raises(ValueError, match="labels: 1 names"):
        leave_one_out(Y, V, labels=["a"])
    with pytest.raises(ValueError, match="either a fit or effects"):
        leave_one_out(pool(Y, V), V)
