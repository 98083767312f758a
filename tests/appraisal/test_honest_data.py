"""False alarms on simulated honest studies: none for what claims certainty."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from frames import STUDY, evidence, quantity, result
from scipy import stats

from helpers.appraisal import changes
from helpers.appraisal.evidence import PrintedFigure
from helpers.appraisal.findings import run_checks
from helpers.appraisal.granularity import CUT_OFF, FITS, debit, grim, grimmer, share_fit
from helpers.appraisal.p_values import Group, correlation_needed, covers, two_sample_p
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
    for rounded, worst in ((half_up, FITS), (half_even, FITS), (half_down, CUT_OFF), (whole, CUT_OFF)):
        shown = rounded / 10.0**places
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
            alarms["debit"] += not debit(shares[row], spreads[row], int(n))
            alarms["sd"] += not sd_fits(means[row], sds[row], lows[row], highs[row], int(n))
    assert alarms == dict.fromkeys(alarms, 0)


def test_ranges_of_two_clusters(rng):
    """The SD is largest when all values lie on the bounds, where the check is sharpest."""
    for _ in range(1000):
        n, low, high = int(rng.integers(2, 40)), 75.0, float(rng.integers(76, 120))
        values = np.where(rng.random(n) < rng.uniform(0.05, 0.95), low, high)
        mean, sd = honest(np.array([values.mean(), values.std(ddof=1)]), 0)
        ends = honest(np.array([low, high]), 0)
        assert sd_fits(mean, sd, *ends, n)


@pytest.fixture(params=[1_000, pytest.param(STUDIES, marks=pytest.mark.slow)])
def studies(request) -> int:
    """Return how many studies are simulated where each takes a test of its own."""
    return request.param


def test_p_values(rng, studies):
    """Printed p values of honest tests meet the recomputed interval, and a correlation explains paired ones."""
    for n1, n2 in rng.integers(2, 40, (studies // 2, 2)):
        first, second = rng.normal(80, 10, n1), rng.normal(rng.uniform(75, 95), 12, n2)
        groups = [Group(*honest(np.array([x.mean(), x.std(ddof=1)]), 0)) for x in (first, second)]
        for welch in (True, False):
            p = stats_p(first, second, welch)
            shown = PrintedFigure(round(p, 3), 3, "q")
            low, high = two_sample_p(*groups, np.array([n1]), np.array([n2]), welch, wide=True)
            assert covers(shown, low, high, wide=True).all()


def test_paired_p_values(rng, studies):
    """The correlation of honest paired data lies in the interval that their p value needs."""
    for n in rng.integers(3, 40, studies):
        before = rng.normal(80, 10, n)
        after = before + rng.normal(rng.uniform(0, 8), 6, n)
        groups = [Group(*honest(np.array([x.mean(), x.std(ddof=1)]), 1)) for x in (before, after)]
        shown = PrintedFigure(round(float(stats.ttest_rel(before, after).pvalue), 3), 3, "q")
        low, high = correlation_needed(*groups, shown, np.array([n]), wide=True)
        assert low[0] <= np.corrcoef(before, after)[0, 1] <= high[0]


def test_the_interval_of_correlations_is_exact(rng):
    """No combination within the rounding lies outside, and some lie at both ends."""
    for n in rng.integers(3, 40, 60):
        figures = np.array([80, rng.integers(1, 15), 80 + rng.integers(1, 20), rng.integers(1, 15)], float)
        m0, s0, m1, s1 = honest(figures, 0)
        shown = PrintedFigure(float(np.round(rng.uniform(0.001, 0.2), 3)), 3, "q")
        (low,), (high,) = correlation_needed(Group(m0, s0), Group(m1, s1), shown, np.array([n]))
        ends = [(figure.interval(False)) for figure in (m0, s0, m1, s1, shown)]
        tried = [np.linspace(max(start, 1e-6), end, 21) for start, end in ends]
        p = tried[4][[0, -1]]
        gap = np.abs(tried[2][None, [0, -1, 10]] - tried[0][[0, -1, 10], None]).ravel()
        change = (gap[:, None] * np.sqrt(n) / stats.t.isf(p / 2, n - 1)).ravel()
        a, b, c = np.meshgrid(tried[1], tried[3], change)
        r = (a**2 + b**2 - c**2) / (2 * a * b)
        assert low <= r.min() + 1e-12 and r.max() - 1e-12 <= high
        assert r.min() - low < 0.02 * max(1, abs(low)) and high - r.max() < 1e-9


def test_changes_against_levels(rng):
    """Mean and SD of an honest change, printed to any number of places, are never called impossible."""
    row = SimpleNamespace(concept="hair_density", arm_id="exosome")
    for n, places in zip(rng.integers(2, 40, STUDIES), rng.integers(0, 3, STUDIES), strict=True):
        before = rng.normal(80, 10, n)
        after = before + rng.normal(rng.uniform(-5, 30), rng.uniform(0.1, 12), n)
        samples = (after - before, before, after)
        means = honest(np.array([x.mean() for x in samples]), int(places))
        sds = honest(np.array([x.std(ddof=1) for x in samples]), int(places))
        hits = [
            *changes._not_the_difference(row, *means, True),
            *changes._no_correlation(row, *sds, True),
        ]
        assert [hit for hit in hits if hit.severity == "certain"] == []


def stats_p(first, second, welch: bool) -> float:
    """Return scipy's p value."""
    return float(stats.ttest_ind(first, second, equal_var=not welch).pvalue)


def honest_study(rng: np.random.Generator):
    """Return a whole made-up trial whose every figure is computed from people."""
    n = int(rng.integers(6, 30))
    figures, rows, number = [], [], 0
    figures.append(quantity("n", str(2 * n), "sample_size", value=2 * n, kind="n", role="design"))
    for arm, gain in (("exosome", rng.uniform(0, 30)), ("control", 0.0)):
        before = rng.normal(80, 10, n)
        after = before + rng.normal(gain, 6, n)
        for kind, week, values in (
            ("level", 0, before),
            ("level", 24, after),
            ("change", 24, after - before),
        ):
            number += 1
            mean, sd = np.round([values.mean(), values.std(ddof=1)], 1)
            name = f"{arm}_{kind}_{week}"
            figures.append(
                quantity(
                    name, f"{mean} ± {sd}", "hair_density", value=mean, sd=sd, kind="mean_sd", arm_id=arm
                )
            )
            ends = np.round([values.min(), values.max()], 0)
            figures.append(
                quantity(f"{name}_range", f"{ends[0]:.0f} to {ends[1]:.0f}", "hair_density", kind="range",
                         value_low=ends[0], value_high=ends[1], arm_id=arm)
            )  # fmt: skip
            rows.append(
                result(number, ids=[name, f"{name}_range"], arm_id=arm, kind=kind, timepoint_weeks=week, n=n,
                       mean=mean, sd=sd, minimum=ends[0], maximum=ends[1], unit="hairs/cm2")
            )  # fmt: skip
        count = int(rng.integers(0, n + 1))
        percent = float(np.round(100 * count / n))
        number += 1
        figures.append(
            quantity(f"{arm}_share", f"{percent:.0f}%", "satisfaction", value=percent, kind="percent")
        )
        rows.append(
            result(number, ids=[f"{arm}_share"], arm_id=arm, concept="satisfaction", site="all", kind="count",
                   n=n, percent=percent / 100, timepoint_weeks=24)
        )  # fmt: skip
    arms = [
        {"arm_id": name, "role": role, "n": n}
        for name, role in (("exosome", "exosome"), ("control", "placebo"))
    ]
    outcomes = [
        {"concept": "hair_density", "timepoint_weeks": 24.0},
        {"concept": "satisfaction", "timepoint_weeks": 24.0},
    ]
    return evidence(
        figures, rows, study={"n_enrolled": 2 * n, "masking": "double blind"}, arms=arms, outcomes=outcomes
    )


def test_no_rule_calls_an_honest_trial_impossible(rng):
    for _ in range(12):
        study = honest_study(rng)
        findings, checks = run_checks(study)
        assert [row for row in findings if row["severity"] == "certain"] == []
        outcome = {row["check"]: row["outcome"] for row in checks}
        for name in ("percent-of-n", "sd-in-range", "change-of-levels", "totals", "control-group"):
            assert outcome[name] == "passed", name
        assert study.study_id == STUDY
