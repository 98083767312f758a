"""Effects of one study against hand and scipy calculations, and the assumption that each row names."""

from __future__ import annotations

import numpy as np
import pytest
from case_files import cases_of
from made_study import TWO_ARMS, effects, result
from scipy import stats

from helpers.effects.means import same_people_difference, welch

MEN = {"n_enrolled": 16}
CASES = cases_of(__file__)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_a_printed_change_has_the_t_interval_of_its_own_sd(level):
    (row,) = effects(result(kind="change", mean=35, sd=6.5), study=MEN, level=level)
    assert (row["effect"], row["measure"], row["estimand"]) == (35, "MC", "uncontrolled_change")
    assert row["se"] == pytest.approx(6.5 / 4)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(stats.t.interval(level, 15, 35, 6.5 / 4))


@pytest.mark.parametrize(("study", "own", "arm", "used", "assumed"), CASES["people"])
def test_a_stated_number_of_people_beats_an_assumed_one(study, own, arm, used, assumed):
    observed = result(kind="change", mean=35, sd=6.5, n=own)
    (row,) = effects(observed, study=study, arms={"treated": ("exosome", arm)})
    if used is None:
        assert row.get("se") is row.get("n") is None
        assert "n not stated" in row["assumption"]
        return
    assert row["se"] == pytest.approx(6.5 / np.sqrt(used))
    assert row["n"] == (None if assumed else used)
    assert bool(row["n_assumed"]) == bool(row["assumption"]) == assumed


@pytest.mark.parametrize(("fields", "sizes", "why"), CASES["no_interval"])
def test_why_there_is_no_interval_is_told(fields, sizes, why):
    levels = result(mean=80, timepoint_weeks=0.0, **fields), result(mean=95, **fields)
    (row,) = effects(*levels, study=sizes)
    assert row["assumption"] == f"no interval: {why}"
    assert row["n"] == (1 if why == "one person" else fields.get("n"))


@pytest.mark.parametrize(("fields", "words", "way"), CASES["no_mean"])
def test_what_is_printed_in_place_of_a_mean_is_shown_and_not_turned_into_one(fields, words, way):
    (row,) = effects(result(**{"kind": "change"} | fields), study=MEN)
    assert (row.get("effect"), row.get("se"), row["stated"]) == (None, None, way)
    assert words in row["why_not"]
    assert "no mean with an interval" in row["why_not"]


def test_two_groups_differ_by_welch():
    pair = result(mean=95, sd=12, n=8), result(mean=85, sd=14, n=8, arm_id="control")
    (row,) = effects(*pair, arms=TWO_ARMS)
    a, b = 12**2 / 8, 14**2 / 8
    df = (a + b) ** 2 / (a**2 / 7 + b**2 / 7)
    half = stats.t.ppf(0.975, df) * np.sqrt(a + b)
    assert (row["estimand"], row["measure"], row["comparator_id"]) == ("between_group", "MD", "control")
    assert (row["effect"], row["se"]) == (10, pytest.approx(np.sqrt(a + b)))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((10 - half, 10 + half))
    reference = stats.ttest_ind_from_stats(95, 12, 8, 85, 14, 8, equal_var=False)
    assert 2 * stats.t.sf(row["effect"] / row["se"], df) == pytest.approx(reference.pvalue)
    assert (row["n"], row.get("n_assumed"), row["assumption"]) == (16, None, None)


def test_groups_without_spread_or_people_have_their_degrees_of_freedom():
    assert welch(0.0, 5, 0.0, 7) == (0, 10)
    assert welch(3.0, 2, 4.0, 2) == (5, pytest.approx(625 / (81 + 256)))
    assert welch(3.0, 1, 4.0, 2) == welch(3.0, 2, 4.0, 0) == (5, None)
    three = same_people_difference(np.array([10.0, 4.0, 6.0]), np.ones(3), 1, 0.0, 9)
    assert three == (5, pytest.approx(np.sqrt(1.5)), 8)


def test_unknown_group_sizes_are_run_through_with_the_halves_as_headline():
    pair = result(mean=95, sd=12), result(mean=85, sd=14, arm_id="control")
    rows = effects(*pair, arms=TWO_ARMS, study=MEN)
    assert [row["n_assumed"] for row in rows] == [f"{n} + {16 - n}" for n in range(2, 15)]
    assert [row["n_assumed"] for row in rows if row["headline"] == "yes"] == ["8 + 8"]
    assert all(row["n"] is None and "people in the groups" in row["assumption"] for row in rows)
    assert rows[2]["se"] == pytest.approx(np.sqrt(12**2 / 4 + 14**2 / 12))


@pytest.mark.parametrize(("enrolled", "assumed"), [(3, [None]), (4, ["2 + 2"]), (5, ["2 + 3", "3 + 2"])])
def test_fewer_than_two_in_each_group_are_cases(enrolled, assumed):
    pair = result(mean=95, sd=12), result(mean=85, sd=14, arm_id="control")
    rows = effects(*pair, arms=TWO_ARMS, study={"n_enrolled": enrolled})
    assert [row["n_assumed"] for row in rows] == assumed
    assert [row["n_assumed"] for row in rows if row["headline"] == "yes"] == assumed[:1]
    assert (rows[0].get("se") is None) == (assumed == [None])


@pytest.mark.parametrize(("sizes", "pair"), [((6, None), "6 + 10"), ((None, 6), "10 + 6")])
def test_one_stated_group_size_gives_the_other_by_subtraction_and_says_so(sizes, pair):
    observed = result(mean=95, sd=12, n=sizes[0]), result(mean=85, sd=14, n=sizes[1], arm_id="control")
    (row,) = effects(*observed, arms=TWO_ARMS, study=MEN)
    assert (row["n"], row["n_assumed"]) == (None, pair)
    assert "10 people in one group" in row["assumption"]
    first, second = map(int, pair.split(" + "))
    assert row["se"] == pytest.approx(np.sqrt(12**2 / first + 14**2 / second))


@pytest.mark.parametrize(
    ("design", "people"), [("parallel", "8"), (None, "8"), ("single_arm", "16 (all enrolled)")]
)
def test_a_change_in_one_of_two_groups_is_that_of_its_part_of_the_people(design, people):
    changes = result(kind="change", mean=10, sd=6), result(kind="change", mean=2, sd=6, arm_id="control")
    rows = effects(*changes, arms=TWO_ARMS, study=MEN | {"comparison": design})
    (own,) = (row for row in rows if row["estimand"] == "uncontrolled_change" and row["arm_id"] == "treated")
    assert (own["n"], own["n_assumed"]) == (None, people)
    assert own["se"] == pytest.approx(6 / np.sqrt(int(people.split()[0])))


def test_a_count_beyond_the_part_of_the_people_is_no_share():
    rows = effects(result(kind="count", count=9), arms=TWO_ARMS, study=MEN | {"comparison": "parallel"})
    assert [row.get("effect") for row in rows] == [None]
    assert "count with its number of people" in rows[0]["why_not"]


def test_a_change_of_levels_without_a_spread_names_all_enrolled():
    levels = result(mean=80, timepoint_weeks=0.0), result(mean=95)
    (row,) = effects(*levels, study=MEN | {"comparison": "single_arm"})
    assert (row["effect"], row["n"], row["n_assumed"]) == (15, None, "16 (all enrolled)")


@pytest.mark.parametrize("other", CASES["apart"])
def test_groups_are_compared_at_one_time_place_unit_and_outcome_only(other):
    pair = result(mean=95, sd=12, n=8), result(mean=85, sd=14, n=8, arm_id="control", **other)
    rows = effects(*pair, arms=TWO_ARMS)
    assert [row for row in rows if row["estimand"] == "between_group"] == []


def test_times_that_are_not_stated_are_one_time_only_when_the_words_are_the_same():
    first = result(mean=95, sd=12, n=8, timepoint_weeks=None, timepoint_printed="after treatment")
    for words, found in (("after treatment", 1), ("follow-up", 0)):
        second = result(mean=85, sd=14, n=8, arm_id="control", timepoint_weeks=None, timepoint_printed=words)
        rows = effects(first, second, arms=TWO_ARMS)
        assert len([row for row in rows if row["estimand"] == "between_group"]) == found


@pytest.mark.parametrize(
    ("role", "weeks", "when"), [("placebo", 0.0, "before"), ("exosome_combination", 24.0, "after")]
)
def test_baseline_is_no_difference_and_two_exosome_arms_are_no_comparison(role, weeks, when):
    first = result(mean=95, sd=12, n=8, timepoint_weeks=weeks)
    second = result(mean=85, sd=14, n=8, timepoint_weeks=weeks, arm_id="control")
    rows = effects(first, second, arms={"treated": ("exosome", None), "control": (role, None)})
    assert_only_reasons(rows, f"a value {when} treatment")


def assert_only_reasons(rows: list[dict], words: str) -> None:
    """Check that both results give no effect, and that each row says why."""
    assert [row.get("effect") for row in rows] == [None, None]
    assert all(row["why_not"].startswith(words) for row in rows)


def paired(r: float, n: int) -> tuple[float, tuple[float, float]]:
    se = np.sqrt(12**2 + 14**2 - 2 * r * 12 * 14) / np.sqrt(n)
    return se, stats.t.interval(0.95, n - 1, 10, se)


@pytest.mark.parametrize(
    ("design", "correlation"), [("within_person", 0.0), ("crossover", 0.5), ("within_person", 0.7)]
)
def test_two_sites_of_one_scalp_differ_as_pairs(design, correlation):
    pair = result(mean=95, sd=12, n=9), result(mean=85, sd=14, n=9, arm_id="control")
    options = {"site_correlation": correlation, "pre_post_correlation": 0.98}
    (row,) = effects(*pair, arms=TWO_ARMS, study={"comparison": design}, **options)
    se, interval = paired(correlation, 9)
    assert (row["estimand"], row["effect"], row["n"]) == ("within_participant", 10, 9)
    assert row["se"] == pytest.approx(se)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(interval)
    assert f"correlation {correlation:g} assumed between sites" in row["assumption"]
    assert f"correlation {correlation:g} assumed between sites" in row["se_basis"]


def test_two_sites_of_one_scalp_both_have_all_the_people():
    pair = result(mean=95, sd=12), result(mean=85, sd=14, arm_id="control")
    (row,) = effects(*pair, arms=TWO_ARMS, study=MEN | {"comparison": "within_person"})
    assert (row["se"], row["n"], row["n_assumed"]) == (pytest.approx(paired(0.7, 16)[0]), None, "16")


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.9])
def test_a_change_from_levels_takes_the_assumed_correlation(correlation):
    levels = result(mean=80, sd=10, timepoint_weeks=0.0, n=16), result(mean=95, sd=12, n=16)
    (row,) = effects(*levels, pre_post_correlation=correlation)
    sd = np.sqrt(10**2 + 12**2 - 2 * correlation * 10 * 12)
    assert (row["effect"], row["measure"], row["n"]) == (15, "MC", 16)
    assert row["se"] == pytest.approx(sd / 4)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(stats.t.interval(0.95, 15, 15, sd / 4))
    assert f"correlation {correlation:g}" in row["assumption"]


@pytest.mark.parametrize(
    "other", [{"site": "vertex"}, {"unit": "follicles/cm2"}, {"arm_id": "control"}, {"concept": "hair_count"}]
)
def test_levels_of_another_place_unit_arm_or_outcome_give_no_change(other):
    levels = result(mean=80, sd=10, timepoint_weeks=0.0, n=16, **other), result(mean=95, sd=12, n=16)
    assert_only_reasons(effects(*levels, arms=TWO_ARMS), "a value")


def test_a_change_of_some_people_stays_behind_the_change_of_the_whole_arm():
    man = result(mean=75, timepoint_weeks=0.0, site="one man"), result(mean=110, site="one man")
    rows = effects(result(kind="change", mean=35, sd=6.5), *man, study=MEN)
    assert [(row["site"], row["headline"]) for row in rows] == [("all", "yes"), ("one man", "no")]


@pytest.mark.parametrize(
    ("share", "n", "events"), [(0.8, 15, 12), (0.88, 16, 14), (0.0, 16, 0), (1.0, 16, 16), (0.333, 24, 8)]
)
def test_a_share_of_people_has_wilsons_interval_of_its_whole_number(share, n, events):
    (row,) = effects(result(kind="count", percent=share, n=n, unit="proportion", concept="satisfaction"))
    assert (row["estimand"], row["measure"], row["n"], row["events"]) == ("proportion", "PR", n, events)
    assert row["effect"] == share
    ends = stats.binomtest(events, n).proportion_ci(method="wilson")
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((ends.low, ends.high), abs=1e-12)


@pytest.mark.parametrize(("share", "n"), [(0.8, 16), (0.87, 16), (0.5, 1), (1.2, 10), (0.5, 300)])
def test_a_share_that_no_whole_number_of_people_gives_is_shown_without_an_interval(share, n):
    (row,) = effects(result(kind="count", percent=share, n=n, unit="proportion", concept="satisfaction"))
    assert (row["effect"], row.get("ci_lower"), row.get("events")) == (share, None, None)
    assert "no interval" in row["assumption"]


@pytest.mark.parametrize("share", [0.8, 0.87, 0.875, 0.5])
def test_a_percentage_of_people_who_are_not_counted_has_no_interval(share):
    (row,) = effects(result(kind="count", percent=share, concept="satisfaction"), study=MEN)
    assert (row["effect"], row["assumption"]) == (share, "no interval: n not stated with the percentage")
    assert {row.get(name) for name in ("se", "ci_lower", "ci_upper", "events", "n", "n_assumed")} == {None}
    pair = [result(kind="count", percent=share, concept="satisfaction", arm_id=arm) for arm in TWO_ARMS]
    assert {row["estimand"] for row in effects(*pair, arms=TWO_ARMS, study=MEN)} == {"proportion"}


def test_a_share_is_counted_where_only_people_are_printed():
    (row,) = effects(result(kind="count", count=3, concept="satisfaction"), study=MEN)
    assert (row["effect"], row["n_assumed"]) == (pytest.approx(3 / 16), "16 (all enrolled)")
    (row,) = effects(result(kind="count", count=3, concept="satisfaction"))
    assert row.get("effect") is None and "number of people" in row["why_not"]
    (row,) = effects(result(kind="count", count=20, n=16, concept="satisfaction"))
    assert (row["effect"], row.get("ci_lower")) == (1.25, None) and "more people than" in row["assumption"]


DISCREPANCY = {"study_id": "s", "check": "c", "detected_by": "automated", "statement": "w", "locators": "l"}
DISCREPANCY |= {"certain": True, "concern": "serious"}


def test_certain_discrepancies_touch_the_effects_of_their_outcome_only():
    own = ({"concepts": "hair_density;satisfaction"}, {"certain": False, "concepts": "hair_density"},
           {"concepts": "hair_thickness"}, {})  # fmt: skip
    named = [{"discrepancy_id": f"s.{name}"} for name in "abcd"]
    discrepancies = [DISCREPANCY | name | more for name, more in zip(named, own, strict=True)]
    (row,) = effects(result(kind="change", mean=35, sd=6.5), study=MEN, discrepancies=discrepancies)
    assert row["discrepancy_ids"] == "s.a"


def test_a_discrepancy_that_names_figures_touches_the_effects_that_rest_on_them():
    base = DISCREPANCY | {"concepts": "hair_density"}
    week_4 = base | {"discrepancy_id": "s.a", "quantity_ids": "s.early;s.p"}
    all_of_it = base | {"discrepancy_id": "s.b"}
    of_another = base | {"discrepancy_id": "s.c", "quantity_ids": "s.late", "concepts": "hair_thickness"}
    early, late = effects(
        result(kind="change", mean=15, timepoint_weeks=4.0, quantity_ids="s.early"),
        result(kind="change", mean=35, quantity_ids="s.late;s.sd"),
        discrepancies=[week_4, all_of_it, of_another],
    )
    assert (early["discrepancy_ids"], late["discrepancy_ids"]) == ("s.a;s.b", "s.b")


@pytest.mark.parametrize(
    ("printed", "why"),
    [({"ci_lower": 39.8, "ci_upper": 65.8}, "neither a mean nor a share"), ({}, "no figure is printed")],
)
def test_a_figure_of_another_kind_is_not_called_missing(printed, why):
    (row,) = effects(result(**printed), study=MEN)
    assert row.get("effect") is None and why in row["why_not"]


def test_a_change_with_a_standard_error_comes_before_a_bare_printed_one():
    levels = result(mean=80, sd=8, n=20, timepoint_weeks=0.0), result(mean=95, sd=9, n=20)
    rows = effects(*levels, result(kind="change", mean=15.2, n=20), study={"n_enrolled": 20})
    told = [(row["effect"], row["headline"], row.get("se") is not None) for row in rows]
    assert sorted(told) == [(15, "yes", True), (15.2, "no", False)]


def test_in_a_trial_without_exosomes_the_other_treatment_is_compared_with_placebo():
    arms = {"treated": ("active", 20), "control": ("placebo", 20)}
    rows = effects(
        result(mean=95, sd=9, n=20), result(mean=85, sd=9, n=20, arm_id="control"), study={}, arms=arms
    )
    (row,) = [row for row in rows if row["estimand"] == "between_group"]
    assert (row["effect"], row["comparator"]) == (10, "placebo")
    assert row["se"] == pytest.approx(9 * np.sqrt(2 / 20))
