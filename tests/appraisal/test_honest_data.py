"""False alarms on simulated honest studies: none for what claims certainty."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from frames import rounded
from scipy import stats

from helpers.appraisal import changes
from helpers.appraisal.counts import CUT_OFF, FITS, grim, grimmer, share_fit
from helpers.appraisal.evidence import Group, PrintedFigure, covers
from helpers.appraisal.p_values import CORRELATIONS, covers_between, paired_p, two_sample_p
from helpers.appraisal.spread import sd_fits

STUDIES = 10_000


def honest(values: np.ndarray, places: int) -> list[PrintedFigure]:
    """Return values as they would be printed."""
    return [PrintedFigure(float(value), places, "q") for value in np.round(values, places)]


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    """Return a generator with a fixed seed."""
    return np.random.default_rng(20260)


def test_shares(rng):
    n = rng.integers(1, 400, STUDIES)
    counts = rng.binomial(n, rng.uniform(0, 1, STUDIES))
    places = rng.integers(0, 3, STUDIES)
    whole, rest = np.divmod(100 * 10**places * counts, n)  # integers: a share of 29 % is never 28.999
    half_up, half_down = whole + (2 * rest >= n), whole + (2 * rest > n)
    half_even = np.where(2 * rest == n, whole + whole % 2, half_down)
    for shares, worst in ((half_up, FITS), (half_even, FITS), (half_down, CUT_OFF), (whole, CUT_OFF)):
        shown = shares / 10.0**places
        fits = {share_fit(p, int(d), int(k)) for p, d, k in zip(shown, places, n, strict=True)}
        assert fits <= {FITS, worst}


def test_whole_numbers_and_ranges(rng):
    """GRIM, GRIMMER, DEBIT and the SD in its range, a fresh sample each."""
    sizes = rng.integers(2, 61, STUDIES)
    alarms = dict.fromkeys(("grim", "grimmer", "debit", "sd"), 0)
    for n in np.unique(sizes):
        k = int((sizes == n).sum())
        counts = rng.negative_binomial(4, 0.1, (k, n))
        means, sds = honest(counts.mean(1), 2), honest(counts.std(1, ddof=1), 2)
        lows, highs = honest(counts.min(1), 0), honest(counts.max(1), 0)
        binary = rng.binomial(1, rng.uniform(0.02, 0.98, (k, 1)), (k, n))
        shares, spreads = honest(binary.mean(1), 2), honest(binary.std(1, ddof=1), 2)
        for row in range(k):
            alarms["grim"] += not grim(means[row], int(n))
            alarms["grimmer"] += not grimmer(means[row], sds[row], int(n))
            alarms["debit"] += not grimmer(shares[row], spreads[row], int(n), binary=True)
            alarms["sd"] += not sd_fits(Group(means[row], sds[row]), lows[row], highs[row], int(n))
    assert alarms == dict.fromkeys(alarms, 0)


def test_ranges_of_two_clusters(rng):
    """The SD is largest when all values lie on the bounds, where the check is sharpest."""
    for _ in range(1000):
        n, low, high = int(rng.integers(2, 40)), 75.0, float(rng.integers(76, 120))
        values = np.where(rng.random(n) < rng.uniform(0.05, 0.95), low, high)
        assert sd_fits(rounded(values, 0), *honest(np.array([low, high]), 0), n)


@pytest.fixture(params=[1_000, pytest.param(STUDIES, marks=pytest.mark.slow)])
def studies(request) -> int:
    """Return how many studies are simulated where each takes a test of its own."""
    return request.param


def test_p_values(rng, studies):
    """Printed p values of honest tests meet the recomputed interval, and a correlation explains paired ones."""
    for n1, n2 in rng.integers(2, 40, (studies // 2, 2)):
        first, second = rng.normal(80, 10, n1), rng.normal(rng.uniform(75, 95), 12, n2)
        for welch in (True, False):
            p = float(stats.ttest_ind(first, second, equal_var=not welch).pvalue)
            shown = PrintedFigure(round(p, 3), 3, "q")
            low, high = two_sample_p(rounded(first, 0), rounded(second, 0), n1, n2, welch, wide=True)
            assert covers(shown, low, high, wide=True).all()


def test_paired_p_values(rng, studies):
    """At the correlation of honest paired data their p value is met, and the limits are no wider than rounding."""
    for n in rng.integers(3, 40, studies):
        before = rng.normal(80, 10, n)
        after = before + rng.normal(rng.uniform(0, 8), 6, n)
        p = float(stats.ttest_rel(before, after).pvalue)
        at = int(np.searchsorted(CORRELATIONS, np.corrcoef(before, after)[0, 1]))
        limits = paired_p(rounded(before), rounded(after), [n])
        assert covers_between(PrintedFigure(round(p, 3), 3, "q"), *limits)[0, at - 1]
        fine = paired_p(rounded(before, 6), rounded(after, 6), [n])
        low, high = (limit[0, at - 1 : at + 1] for limit in fine)
        assert low.min() - 1e-4 <= p <= high.max() + 1e-4 and np.allclose(low, high, atol=1e-3)


def test_changes_against_levels(rng):
    """Mean and SD of an honest change, printed to any number of places, are never called impossible."""
    row = SimpleNamespace(concept="hair_density", arm_id="exosome", unit="hairs/cm2")
    for n, places in zip(rng.integers(2, 40, STUDIES), rng.integers(0, 3, STUDIES), strict=True):
        before = rng.normal(80, 10, n)
        after = before + rng.normal(rng.uniform(-5, 30), rng.uniform(0.1, 12), n)
        samples = [rounded(x, int(places)) for x in (after - before, before, after)]
        means, sds = [x.mean for x in samples], [x.sd for x in samples]
        hits = [*changes._not_of_levels(row, *means, "certain")]
        hits += changes._no_correlation(row, *sds, "certain")
        assert [hit for hit in hits if hit.weight == "certain"] == []
