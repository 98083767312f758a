"""effect_size against hand arithmetic, and its refusals (metafor's values: test_reference.py)."""

import numpy as np
import pandas as pd
import pytest

from metastats import back_transformed, effect_size

TWO = dict(m1i=[10.0, 12.0], sd1i=[2.0, 3.0], n1i=[20, 25], m2i=[8.0, 9.0], sd2i=[2.5, 3.5], n2i=[22, 24])
PAIR = dict(m1i=[105.0], m2i=[100.0], sd1i=[10.0], sd2i=[10.0], ni=[16])


def test_smd_by_hand():
    es = effect_size("SMD", m1i=1, sd1i=1, n1i=10, m2i=0, sd2i=1, n2i=10)
    # Hedges' factor for 18 degrees of freedom is 0.9576 (Hedges and Olkin 1985, table 2)
    assert es.yi[0] == pytest.approx(0.9576, abs=5e-5)
    assert es.vi[0] == pytest.approx(0.2 + es.yi[0] ** 2 / 40)


def test_columns_of_a_table_and_its_names():
    frame = pd.DataFrame({name: values for name, values in TWO.items()})
    by_name = effect_size("SMD", data=frame, **{name: name for name in TWO})
    np.testing.assert_array_equal(by_name.yi, effect_size("SMD", **TWO).yi)
    np.testing.assert_array_equal(by_name.yi, effect_size("SMD", **frame.to_dict("series")).yi)
    assert by_name.to_frame().shape == (2, 4)


def test_pandas_missing_values():
    frame = pd.DataFrame({"x": pd.array([1, None], dtype="Int64"), "n": [10, 10]})
    assert np.isnan(effect_size("PR", data=frame, xi="x", ni="n").yi).tolist() == [False, True]


def test_correlation_as_number_array_and_grid():
    pair = {name: values * 3 for name, values in PAIR.items()}
    one = effect_size("SMCC", **pair, ri=0.5)
    np.testing.assert_array_equal(one.vi, effect_size("SMCC", **pair, ri=[0.5] * 3).vi)
    grid = effect_size("SMCC", **pair, ri=np.array([[0.3], [0.5], [0.9]]))
    assert grid.yi.shape == (3, 3)
    np.testing.assert_array_equal(grid.yi[1], one.yi)


def test_zero_cells_are_corrected_and_said():
    es = effect_size("OR", ai=[0, 3], n1i=[10, 10], ci=[2, 4], n2i=[10, 10])
    assert es.corrected.tolist() == [True, False]
    assert es.yi[0] == pytest.approx(np.log((0.5 / 10.5) / (2.5 / 8.5)))
    assert "1 of 2" in es.note


@pytest.mark.parametrize(
    ("measure", "inputs"),
    [
        ("ROM", {**TWO, "m2i": [0.5, 9.0]}),
        ("CVR", {**TWO, "m1i": [0.4, 9.0]}),
        ("ROMC", {**PAIR, "m2i": [2.4], "ri": 0.5}),
        ("MNLN", dict(mi=[0.4, 9.0], sdi=2.0, ni=20)),
    ],
)
def test_a_ratio_to_a_mean_that_may_be_zero_is_warned_of(measure, inputs):
    with pytest.warns(UserWarning, match=f"{measure}: m.* less than its standard error in row 0"):
        effect_size(measure, **inputs)


def test_refusals_of_pairs_and_counts():
    with pytest.raises(ValueError, match=r"ri\[0\]: is not between -1 and 1"):
        effect_size("MC", **PAIR, ri=[1.5])
    with pytest.raises(ValueError, match=r"ni\[0\]: fewer than 3"):
        effect_size("SMCC", **{**PAIR, "ni": [2]}, ri=0.5)
    with pytest.raises(ValueError, match=r"xi\[1\]: is more than ni"):
        effect_size("PR", xi=[1, 11], ni=[10, 10])
    with pytest.raises(ValueError, match=r"ai\[0\]: is negative"):
        effect_size("RR", ai=[-1], bi=[3], ci=[3], di=[3])
    mixed = dict(ai=[1], bi=[3], ci=[3], n2i=[9])
    with pytest.raises(ValueError, match="non-events of both groups.*or both sizes"):
        effect_size("RR", **mixed)
    with pytest.raises(ValueError, match="drop00: has no meaning for PR"):
        effect_size("PR", xi=[1], ni=[3], drop00=True)
    for add in (-1, np.nan, np.inf, "half"):
        with pytest.raises(ValueError, match="add: .* is not zero or more"):
            effect_size("RR", ai=[0], bi=[3], ci=[3], di=[3], add=add)
    with pytest.raises(ValueError, match="ni: has no meaning for RR"):
        back_transformed("RR", 0.3, ni=[4])
    with pytest.raises(ValueError, match="no column 'x'"):
        effect_size("PR", xi="x", ni=[10])
