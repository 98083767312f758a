"""The arithmetic of the checks on examples from their papers and the packages of their authors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from case_files import cases_of

from helpers.appraisal.counts import fitting_sizes, grim, grimmer, share_fit
from helpers.appraisal.evidence import Group, PrintedFigure, covers, decimals_of, tails, tidy
from helpers.appraisal.p_values import two_sample_p
from helpers.appraisal.spread import largest_sd, sd_fits

CASES = cases_of(__file__)


def printed(token: str) -> PrintedFigure:
    """Return a token as a printed figure."""
    value = float(token)
    return PrintedFigure(value, decimals_of(token, value), "q", token)


@pytest.mark.parametrize(("token", "value", "places"), CASES["decimals"])
def test_decimals_are_those_of_the_token(token, value, places):
    assert decimals_of(token, value) == places


@pytest.mark.parametrize(("token", "low", "high", "meets"), CASES["meets"])
def test_a_printed_p_meets_what_is_recomputed_by_rounding(token, low, high, meets):
    assert covers(PrintedFigure(0.05, 2, "q", token), low, high) == meets


@pytest.mark.parametrize(("value", "words"), CASES["tidy"])
def test_a_number_in_a_sentence(value, words):
    assert tidy(value) == words


def test_limits_of_figures():
    assert tails(0.02, 0.1) == ((0.02, 0.1), (0.01, 0.05), (0.95, 0.99))
    figure = printed("6.5")
    assert (figure.low, figure.high) == pytest.approx((6.45, 6.55)) and figure.unit == pytest.approx(0.1)
    assert figure.interval(wide=True) == pytest.approx((6.4, 6.6))
    assert (str(figure), str(PrintedFigure(6.54321, 1, "q"))) == ("6.5", "6.54321")
    assert group("80", "0").sd_ends() == pytest.approx((1e-6, 0.5))
    assert group("80", "10").sd_ends(wide=True) == pytest.approx((9, 11))


@pytest.mark.parametrize(("mean", "n", "possible"), CASES["grim"])
def test_grim(mean, n, possible):
    assert grim(printed(mean), n) is possible


# The R package rsprite2, to which the author of GRIMMER contributed the code.
@pytest.mark.parametrize(("mean", "sd", "n", "possible"), CASES["grimmer"])
def test_grimmer(mean, sd, n, possible):
    assert grimmer(printed(mean), printed(sd), n) is possible


@pytest.mark.parametrize(("sd", "possible"), [("0.18", False), ("0.49", True)])
def test_debit(sd, possible):
    assert grimmer(printed("0.35"), printed(sd), 20, binary=True) is possible


@pytest.mark.parametrize(("percent", "places", "n", "fit"), CASES["shares"])
def test_shares_of_people(percent, places, n, fit):
    assert share_fit(percent, places, n) == fit


def test_shares_that_fit_together():
    assert fitting_sizes([(80, 0), (87, 0)], 16) == [15]
    assert fitting_sizes([(100, 0)], 2) == [1, 2]


def test_largest_sd_is_reached_by_values_and_never_passed():
    values = np.array([95, 75, 75, 75])
    assert largest_sd(75, 95, 80, 4) == pytest.approx(np.std(values, ddof=1))
    assert math.isnan(largest_sd(75, 95, 100, 4))
    for n in (2, 3, 7, 16):  # the bound of Bhatia and Davis, for a sample, is not smaller
        means = np.linspace(75, 95, 41)
        bound = np.sqrt((95 - means) * (means - 75) * n / (n - 1))
        assert np.all(largest_sd(75, 95, means, n) <= bound + 1e-9)


def test_sd_against_range_by_size():
    ends = printed("75"), printed("95")
    assert not sd_fits(group("80", "10"), *ends, 16)
    assert sd_fits(group("80", "10"), *ends, 4)  # 75, 75, 75 and 95
    assert [n for n in range(2, 17) if sd_fits(group("82", "12"), *ends, n)] == [3]  # 75, 75 and 95


def group(mean: str, sd: str) -> Group:
    """Return a printed mean and SD."""
    return Group(printed(mean), printed(sd))


def test_no_split_of_sixteen_gives_the_printed_p():
    n1 = np.arange(2, 15)
    for welch in (True, False):
        low, high = two_sample_p(group("95", "12"), group("85", "14"), n1, 16 - n1, welch)
        assert not covers(printed("0.021"), low, high).any()
        assert low.min() > 0.09
