"""The arithmetic of the checks on examples from their papers and the packages of their authors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from case_files import cases_of
from scipy import stats

from helpers.appraisal.evidence import PrintedFigure, decimals_of
from helpers.appraisal.granularity import debit, fitting_sizes, grim, grimmer, share_fit
from helpers.appraisal.p_values import Group, correlation_needed, covers, two_sample_p
from helpers.appraisal.spread import largest_sd, sd_fits

CASES = cases_of(__file__)


def printed(token: str) -> PrintedFigure:
    """Return a token as a printed figure."""
    value = float(token)
    return PrintedFigure(value, decimals_of(token, value), "q", token)


@pytest.mark.parametrize(("token", "value", "places"), CASES["decimals"])
def test_decimals_are_those_of_the_token(token, value, places):
    assert decimals_of(token, value) == places


@pytest.mark.parametrize(
    ("mean", "n", "possible"), [("5.19", 28, False), ("5.18", 28, True), ("5.21", 28, True)]
)
def test_grim_by_brown_and_heathers(mean, n, possible):
    assert grim(printed(mean), n) is possible


# Means and sizes of the example data of the R package scrutiny; consistency as its GRIM test gives it.
@pytest.mark.parametrize(
    ("mean", "n", "possible"), [("7.22", 32, True), ("4.74", 25, False), ("5.23", 29, False)]
)
def test_grim_of_scrutiny(mean, n, possible):
    assert grim(printed(mean), n) is possible


# Examples of the R package rsprite2, whose author of GRIMMER contributed the code.
@pytest.mark.parametrize(
    ("mean", "sd", "n", "possible"),
    [
        ("3.44", "2.47", 18, False),
        ("5.19", "1.5", 28, False),
        ("3.33", "1.234", 250, True),
        ("2", "1", 1, False),
    ],
)
def test_grimmer(mean, sd, n, possible):
    assert grimmer(printed(mean), printed(sd), n) is possible


@pytest.mark.parametrize(
    ("mean", "sd", "n", "possible"), [("0.35", "0.18", 20, False), ("0.35", "0.49", 20, True)]
)
def test_debit(mean, sd, n, possible):
    assert debit(printed(mean), printed(sd), n) is possible


@pytest.mark.parametrize(("percent", "places", "n", "fit"), CASES["shares"])
def test_shares_of_people(percent, places, n, fit):
    assert share_fit(percent, places, n) == fit


def test_shares_that_fit_together():
    assert fitting_sizes([(80, 0), (87, 0)], 16) == [15]


def test_largest_sd_is_reached_by_values_and_never_passed():
    values = np.array([95, 75, 75, 75])
    assert largest_sd(75, 95, 80, 4) == pytest.approx(np.std(values, ddof=1))
    assert math.isnan(largest_sd(75, 95, 100, 4))
    for n in (2, 3, 7, 16):  # the bound of Bhatia and Davis, for a sample, is not smaller
        means = np.linspace(75, 95, 41)
        bound = np.sqrt((95 - means) * (means - 75) * n / (n - 1))
        assert np.all(largest_sd(75, 95, means, n) <= bound + 1e-9)


def test_sd_against_range_by_size():
    figures = [printed(token) for token in ("80", "10", "75", "95")]
    assert not sd_fits(*figures, 16)
    assert sd_fits(*figures, 4)  # 75, 75, 75 and 95
    assert sd_fits(printed("82"), printed("12"), *figures[2:], 3)  # 75, 75 and 95
    assert [n for n in range(2, 17) if sd_fits(printed("82"), printed("12"), *figures[2:], n)] == [3]


def group(mean: str, sd: str) -> Group:
    """Return a printed mean and SD."""
    return Group(printed(mean), printed(sd))


def test_two_sample_p_holds_scipys_value_within_rounding():
    first, second = group("95", "12"), group("85", "14")
    for welch in (True, False):
        low, high = two_sample_p(first, second, np.array([8]), np.array([8]), welch)
        exact = stats.ttest_ind_from_stats(95, 12, 8, 85, 14, 8, equal_var=not welch).pvalue
        assert low[0] < exact < high[0]


def test_no_split_of_sixteen_gives_the_printed_p():
    n1 = np.arange(2, 15)
    for welch in (True, False):
        low, high = two_sample_p(group("95", "12"), group("85", "14"), n1, 16 - n1, welch)
        assert not covers(printed("0.021"), low, high).any()
        assert low.min() > 0.09


def test_correlation_needed_gives_the_p_back():
    rng = np.random.default_rng(5)
    before = rng.normal(80, 10, 12)
    after = before + rng.normal(4, 5, 12)
    p = stats.ttest_rel(before, after).pvalue
    figures = [PrintedFigure(value, 6, "q") for value in (before.mean(), before.std(ddof=1))]
    later = [PrintedFigure(value, 6, "q") for value in (after.mean(), after.std(ddof=1))]
    low, high = correlation_needed(Group(*figures), Group(*later), PrintedFigure(p, 9, "q"), np.array([12]))
    assert low[0] - 1e-4 <= np.corrcoef(before, after)[0, 1] <= high[0] + 1e-4
