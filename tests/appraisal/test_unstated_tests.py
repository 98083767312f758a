"""P values whose test is not stated, and means of several counts: certain only where nothing honest is left."""

from __future__ import annotations

import numpy as np
import pytest
from case_files import cases_of
from frames import RULE, evidence, quantity, result, rounded, weight
from scipy import stats

from helpers.appraisal.counts import grim, grimmer
from helpers.appraisal.evidence import Group, NotApplicable, PrintedFigure
from helpers.appraisal.p_values import (
    CORRELATIONS,
    _paired_changes_p,
    adjusted_p,
    rank_sum_p,
    signed_rank_p,
    variance_p,
)
from helpers.appraisal.p_values import test_family as family_of


def groups(own, other, n, p, before=(), against="control", stated=(), study=None, token=None):
    """Return what is found in two groups (mean, SD) of n with a p value, perhaps with their baseline."""
    printed = {"e": own, "c": other} | dict(zip(("be", "bc"), before, strict=False))
    arms = {"e": "exosome", "c": "control", "be": "exosome", "bc": "control"}
    density = {"concept": "hair_density", "kind": "mean_sd"}
    figures = [quantity(name, f"{m} ± {sd}", value=m, sd=sd, **density) for name, (m, sd) in printed.items()]
    arm = "exosome" if before else None
    figures.append(quantity("p", token or f"{p}", "hair_density", value=p, kind="p_value", arm_id=arm))
    own_p = {"p_value": p, "p_value_against": against}
    rows = [
        result(number, ids=[name, *(["p"] if name == "e" else [])], arm_id=arms[name], mean=mean, sd=sd, n=n,
               timepoint_weeks=0.0 if name.startswith("b") else 24.0, **(own_p if name == "e" else {}))
        for number, (name, (mean, sd)) in enumerate(printed.items())
    ]  # fmt: skip
    asked = {"topic": "statistical_test", "about": "hair_density"}
    said = [asked | {"says": test, "printed": test} for test in stated]
    study = study or {"n_enrolled": 2 * (n or 10)}
    found = RULE["p-value"].run(evidence(figures, rows, study, statements=said))
    return [(weight(row), row["statement"]) for row in found]


ADJUSTED = ((92.6, 12.9), (89.3, 9.6), 20)  # its analysis of covariance gave 0.001, the t test 0.358


def test_a_p_value_adjusted_for_baseline_is_never_certain():
    ((how, statement),) = groups(*ADJUSTED, 0.001)
    assert how == "minor" and "analysis of covariance" in statement
    ((how, statement),) = groups(*ADJUSTED, 0.001, before=((80, 12.9), (80, 9.6)))
    assert how == "minor" and "t test of the changes" in statement


def test_the_tests_that_give_a_p_value_are_named():
    assert groups(*ADJUSTED, 0.358) == []
    ((how, statement),) = groups(*ADJUSTED, 0.179)
    assert how == "minor" and "one-sided Student's t test" in statement
    assert groups((95, 2), (85, 2), 8, 0.05, token="P < 0.05") == []
    assert groups((95, 12), (85, 14), 8, 0.05, token="P < 0.05")[0][1].startswith("P < 0.05 beside")


def test_sizes_that_the_text_leaves_open():
    assert groups((95, 12), (85, 14), None, 0.15, study={"n_enrolled": 16}) == []
    alone = {"n_enrolled": 16, "comparison": "single_arm"}
    arms = groups((95, 12), (85, 14), None, 0.021, study=alone)
    assert arms[0][0] == "minor" and "Welch's t test" in arms[0][1]
    assert stats.ttest_ind_from_stats(95, 12, 16, 85, 14, 24, False).pvalue == pytest.approx(0.021, abs=1e-3)


def test_what_no_test_gives_stays_certain():
    far = groups((95, 2), (60, 2), 50, 0.9, before=((60, 2), (60, 2)))
    assert far == [("certain", far[0][1])] and "cannot be" in far[0][1]
    # a t test of changes from a baseline that is nowhere spoken of hardly occurs
    assert groups(*ADJUSTED, 0.001, stated=["t test"])[0][0] == "doubtful"
    same = ((80, 12.9), (80, 9.6))
    assert groups((92.6, 2), (62.6, 2), 20, 0.9, before=same, stated=["t test"])[0][0] == "certain"
    assert groups(*ADJUSTED, 0.001, stated=["analysis of covariance"])[0][0] == "minor"
    few = groups((81, 20), (80, 10), 5, 1e-6, against="baseline", before=((80, 10),))
    assert few[0][0] == "certain"  # of five pairs no test by ranks comes below 0.03


@pytest.mark.parametrize(("name", "family"), cases_of(__file__)["names"])
def test_a_test_is_known_by_its_names(name, family):
    assert family_of(name) == family


def test_sites_of_one_scalp_are_paired():
    split = {"n_enrolled": 8, "comparison": "within_person"}
    assert groups((95, 12), (85, 14), 8, 0.021, study=split) == []
    assert "Wilcoxon" in groups((95, 12), (85, 14), 8, 0.4, study=split)[0][1]
    told = {"before": ((80, 2), (80, 2)), "study": split, "stated": ["paired t test"]}
    assert groups((180, 2), (80, 2), 8, 0.9, **told)[0][0] == "certain"
    ((how, statement),) = groups((82, 2), (80, 2), 8, 0.9, **told)
    assert how == "minor" and "paired t test of the changes" in statement


def found_in(concept: str, mean: str, n: int, sd: str | None = None, site="vertex", measure=None, extra=()):
    """Return weight and words of what is found in one printed mean."""
    figures = [quantity("m", mean, concept, value=float(mean)), *extra]
    row = {"concept": concept, "mean": float(mean), "n": n, "site": site, "ids": ["m"]}
    row |= {"timepoint_weeks": 16.0}
    if sd:
        figures.append(quantity("s", sd, concept, value=float(sd), kind="sd"))
        row |= {"sd": float(sd), "ids": ["m", "s"]}
    outcomes = [{"concept": concept, "measure": measure}] if measure else []
    study = evidence(figures, [result(1, **row)], outcomes=outcomes)
    return [(weight(row), row["statement"]) for row in RULE["granularity"].run(study)]


def test_a_figure_may_be_the_mean_of_two_counts():
    ((how, statement),) = found_in("hair_count", "120.25", 10)  # 2405 / 20
    assert how == "minor" and "of 120.25 cannot" in statement and "the mean of 2 counts" in statement
    assert found_in("hair_count", "120.25", 10, site="frontal and vertex") == []
    readers = quantity("a", "Two", "assessors", value=2, role="design", kind="n")
    assert found_in("hair_count", "120.25", 10, extra=[readers]) == []
    assert found_in("hair_count", "120.31", 7)[0][0] == "certain"


def test_means_of_several_counts_are_whole_in_their_parts():
    assert not grim(PrintedFigure(5.25, 2, "q"), 2) and grim(PrintedFigure(5.25, 2, "q"), 2, counts=2)
    rng = np.random.default_rng(2)
    for _ in range(300):
        n, counts = int(rng.integers(2, 30)), int(rng.integers(1, 5))
        values = rng.integers(80, 140, (n, counts)).mean(axis=1)
        printed = rounded(values)
        assert grim(printed.mean, n, True, counts) and grimmer(printed.mean, printed.sd, n, True, counts)


@pytest.mark.parametrize(("mean", "sd", "measure", "found"), cases_of(__file__)["scales"])
def test_a_stated_scale_bounds_mean_and_sd(mean, sd, measure, found):
    assert [how for how, _ in found_in("patient_global", mean, 10, sd, measure=measure)] == found


def test_an_analysis_of_variance_of_three_groups_holds_scipys_value():
    rng = np.random.default_rng(3)
    for _ in range(40):
        samples = [rng.normal(rng.uniform(78, 84), 10, n) for n in rng.integers(3, 30, 3)]
        low, high = variance_p([rounded(sample) for sample in samples], [len(sample) for sample in samples])
        assert low <= stats.f_oneway(*samples).pvalue <= high


def test_three_arms_have_more_honest_tests():
    printed = {"e": ("exosome", 92), "c": ("control", 86), "d": ("active", 80)}
    density = {"concept": "hair_density", "kind": "mean_sd", "sd": 9}
    figures = [
        quantity(name, f"{mean}.00 ± 9.00", value=mean, **density) for name, (_, mean) in printed.items()
    ]
    figures.append(quantity("p", "0.0004", "hair_density", value=0.0004, kind="p_value"))
    rows = [
        result(number, ids=[name, "p"] if name == "e" else [name], arm_id=arm, mean=mean, sd=9, n=20,
               timepoint_weeks=24.0, **({"p_value": 0.0004} if name == "e" else {}))
        for number, (name, (arm, mean)) in enumerate(printed.items())
    ]  # fmt: skip
    assert RULE["p-value"].run(evidence(figures, rows)) == []  # that of all three
    rows[0]["p_value_against"] = "baseline, by the heading"
    (found,) = RULE["p-value"].run(evidence(figures, rows))
    assert weight(found) == "minor" and "analysis of variance" in found["statement"]


@pytest.mark.parametrize(("n", "fields"), [
    (1, {}), (20, {"against": "the fourth week"}),
    (20, {"against": "baseline", "before": ((80, 2),), "stated": ["analysis of covariance"]}),
])  # fmt: skip
def test_of_one_person_another_visit_or_a_test_that_was_not_tried_nothing_is_said(n, fields):
    with pytest.raises(NotApplicable):
        groups((92, 9), (86, 9), n, 0.9, **fields)


@pytest.mark.parametrize(
    ("concept", "found"), [("investigator_global", ["minor"]), ("satisfaction", ["certain"])]
)
def test_a_share_may_count_readings_where_it_does_not_count_people(concept, found):
    figures = [quantity("p", "78%", concept, value=78, kind="percent")]  # 25 of 32, and of no 16
    row = result(1, ids=["p"], concept=concept, percent=0.78, n=16, kind="count", timepoint_weeks=16.0)
    assert [weight(hit) for hit in RULE["percent-of-n"].run(evidence(figures, [row]))] == found


@pytest.mark.parametrize(
    "name", ["student", "one-sided", "ranks", "covariance", "changes", "paired", "signed ranks"]
)
def test_no_honest_p_value_is_more_than_minor(name):
    rng = np.random.default_rng(len(name))
    for _ in range(5):
        sizes, r = rng.integers(5, 25, 2), rng.uniform(0, 0.95)
        before = [80 + 10 * (rng.exponential(1, n) - 1) for n in sizes]
        after = [80 + gain + r * (x - 80) + 10 * np.sqrt(1 - r**2) * rng.normal(size=len(x))
                 for x, gain in zip(before, (rng.uniform(0, 20), 0), strict=True)]  # fmt: skip
        p = {
            "student": lambda a, b, _a, _b: stats.ttest_ind(a, b).pvalue,
            "one-sided": lambda a, b, _a, _b: stats.ttest_ind(a, b, alternative="greater").pvalue,
            "ranks": lambda a, b, _a, _b: stats.mannwhitneyu(a, b).pvalue,
            "covariance": lambda a, b, a0, b0, r=r: stats.ttest_ind(a - r * a0, b - r * b0).pvalue,
            "changes": lambda a, b, a0, b0: stats.ttest_ind(a - a0, b - b0).pvalue,
            "paired": lambda a, _, a0, _b: stats.ttest_rel(a, a0).pvalue,
            "signed ranks": lambda a, _, a0, _b: stats.wilcoxon(a, a0).pvalue,
        }[name](*after, *before)
        printed = [(round(x.mean(), 1), round(x.std(ddof=1), 1)) for x in (*after, *before)]
        against = "baseline" if name in ("paired", "signed ranks") else "control"
        token = f"{p:.3f}" if p >= 0.001 else "< 0.001"
        n = int(sizes[0]) if against == "baseline" else None
        study = {"n_enrolled": int(sizes.sum())}
        told = groups(*printed[:2], n, float(token[-5:]), printed[2:], against, study=study, token=token)
        assert {how for how, _ in told} <= {"minor"}, (name, p, told)


def test_the_smallest_and_the_largest_p_that_pairs_can_have():
    n = np.array([3.0, 20.0])
    z = n * (n + 1) / 4 / np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    assert signed_rank_p(n) == pytest.approx(np.minimum(0.5**n, stats.norm.sf(z)))
    printed = [(92, 3), (86, 2), (81, 3), (80, 4)]
    groups = [Group(PrintedFigure(m, 0, "m"), PrintedFigure(sd, 0, "sd")) for m, sd in printed]
    # means and SDs may be off by one each: at least 6 - 2 - (1 + 2), with SDs of 4, 3, 4 and 5
    t = 1 / (16 / np.sqrt(30))
    assert _paired_changes_p(groups[:2], groups[2:], 30) == pytest.approx(2 * stats.t.sf(t, 29), rel=1e-6)
    assert _paired_changes_p(groups[:2], [groups[2], None], 30) == 1


def test_the_smallest_and_the_largest_p_that_ranks_can_have():
    apart = [Group(PrintedFigure(mean, 0, "m"), PrintedFigure(1, 0, "sd")) for mean in (100, 0)]
    low, high = rank_sum_p(*apart, [10, 3, 10], [10, 3, 5])
    # one order of 184756 or of 3003; of two times three the normal tail is smaller than one of 20
    assert low == pytest.approx([1 / 184756, stats.norm.sf(4.5 / np.sqrt(5.25)), 1 / 3003])
    # by rounding 99 apart with SDs of 1.5: half of the way lies 33 of them from either mean
    most = 2 * stats.norm.sf(((1 / (1 + 1 / 33**2)) ** 2 - 0.5) * 100 / np.sqrt(175))
    assert high[0] == pytest.approx(most, rel=1e-9)
    assert rank_sum_p(apart[0], apart[0], [10], [10])[1] == 1


def exactly(
    n: int, mean: float, sd: float, r: float, start: float, early: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return values after and before of n people, a multiple of four, with these means, SDs and correlation."""
    parts = (np.tile(part, n // 4) for part in ([-1.0, -1, 1, 1], [-1.0, 1, -1, 1]))
    x, z = (part / part.std(ddof=1) for part in parts)
    return mean + sd * (r * x + np.sqrt(1 - r**2) * z), start + early * x


def test_a_comparison_that_uses_the_baseline_holds_scipys_values():
    """Of data with a correlation of exactly 0.6 in both groups and unlike baselines."""
    n1, n2 = 8, 12
    (a, a0), (b, b0) = exactly(n1, 92, 9, 0.6, 80, 10), exactly(n2, 85, 4.5, 0.6, 77, 5)
    after, before = ([rounded(x, 9) for x in both] for both in ((a, b), (a0, b0)))
    group = np.repeat([1.0, 0.0], (n1, n2))
    y, x = np.concatenate([a, b]), np.concatenate([a0, b0])
    design = np.column_stack([np.ones(n1 + n2), group, x])
    beta, (squares,), *_ = np.linalg.lstsq(design, y)
    error = np.sqrt(squares / (n1 + n2 - 3) * np.linalg.inv(design.T @ design)[1, 1])
    wanted = {
        True: 2 * stats.t.sf(abs(beta[1] / error), n1 + n2 - 3),
        False: stats.ttest_ind(a - a0, b - b0).pvalue,
    }
    at = int(np.flatnonzero(np.isclose(CORRELATIONS, 0.6))[0]) - 1
    for covariance, p in wanted.items():
        low, high = (limit[0, at] for limit in adjusted_p(after, before, [n1], [n2], covariance))
        assert (low, high) == pytest.approx((p, p), rel=1e-4) and low <= p <= high
