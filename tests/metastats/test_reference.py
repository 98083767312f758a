"""Every number of metafor's reference file against ours, and none left out.

A ledger holds all numbers of a case. What is compared, given to us as an input or excused by name is struck
out; the test fails on the first number that is left, so that a key added to the file cannot go unseen.
"""

import numpy as np
import pytest
from ledger import Ledger, leaves
from metafor_comparison import (
    compare_back_transformed,
    compare_deletions,
    compare_escalc,
    compare_fit,
    compare_heterogeneity_intervals,
    compare_inputs,
    compare_regressions,
    compare_small_study,
    compare_subgroups,
)
from reference_values import METAFOR, by_id

ALL = METAFOR["cases"]


def compared(case: dict) -> Ledger:
    """Compare a whole case."""
    ledger = Ledger(case)
    y, v = np.array(ledger.take("yi")), np.array(ledger.take("vi"))
    ledger.take("k_given") if "k_given" in case else None
    if "k" in case:
        ledger.agree(("k",), y.size)
    if "inputs" in case:
        compare_inputs(ledger, case, y, v)
    for i in range(len(case.get("fits", []))):
        compare_fit(ledger, ("fits", i), y, v)
    if "confint_qprofile" in case:
        compare_heterogeneity_intervals(ledger, y, v)
        compare_deletions(ledger, y, v)
        compare_small_study(ledger, y, v)
    if "meta_regression" in case:
        compare_regressions(ledger, y, v)
    if "subgroup" in case:
        compare_subgroups(ledger, y, v)
    if "back_transformed" in case:
        compare_back_transformed(ledger, y, v, case["measure"])
    return ledger


@pytest.mark.parametrize("case", by_id(ALL))
def test_every_number_of_a_case_agrees_with_metafor(case):
    ledger = compared(case)
    ledger.assert_empty()


@pytest.mark.parametrize("table", METAFOR["escalc"], ids=lambda t: f"{t['measure']}-{t['options'] or ''}")
def test_every_number_of_an_escalc_table_agrees_with_metafor(table):
    ledger = Ledger(table)
    compare_escalc(ledger, table)
    ledger.assert_empty()


def test_the_file_holds_nothing_beside_cases_and_tables():
    assert set(METAFOR) == {"header", "cases", "escalc", "prepost_note"}
    assert not list(leaves(METAFOR["header"]))


def test_a_number_that_nobody_looks_at_is_noticed():
    ledger = compared(ALL[0] | {"news": {"estimate": [1.0]}})
    with pytest.raises(AssertionError, match="1 numbers .* not looked at, first .*news/estimate/0"):
        ledger.assert_empty()


def test_a_number_that_differs_in_the_eighth_digit_is_noticed():
    fits = [ALL[0]["fits"][0] | {"se": ALL[0]["fits"][0]["se"] * (1 + 3e-8)}, *ALL[0]["fits"][1:]]
    with pytest.raises(AssertionError, match="fits/0/se"):
        compared(ALL[0] | {"fits": fits})
