"""Where a standard error comes from, and that every result ends in an effect or a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from case_files import cases_of
from made_study import TWO_ARMS, contrast, effects, result
from real_tables import tables_to_effects
from scipy import stats

from helpers.effects import study_effects
from notebookpress.tables import records, split_ids

CHANGES = {"kind": "change", "n": 20}
Z, Z90 = stats.norm.ppf(0.975), stats.norm.ppf(0.95)
FISHER = np.arctanh(0.89) - np.arctanh(0.41)


def compared(*rows: dict, **more: Any) -> dict:
    """Return the headline comparison of two arms."""
    made = effects(*rows, arms=more.pop("arms", TWO_ARMS), **more)
    (row,) = [row for row in made if row["comparator"] != "none" and row["headline"] == "yes"]
    return row


def two(treated: dict, control: dict, **shared: Any) -> tuple[dict, dict]:
    return result(**shared, **treated), result(arm_id="control", **shared, **control)


def test_a_posted_standard_error_is_used_as_one():
    row = compared(*two({"mean": 20.0, "se": 3.0}, {"mean": 8.0, "se": 3.0}, **CHANGES))
    assert (row["effect"], row["se"], row["se_basis"]) == (12, pytest.approx(np.sqrt(18)), "SE printed")


def test_an_arms_interval_gives_its_standard_error_by_t():
    t = stats.t.ppf(0.975, 19)
    printed = [{"mean": m, "ci_lower": m - t * 2, "ci_upper": m + t * 2} for m in (20.0, 8.0)]
    row = compared(*two(*printed, **CHANGES))
    assert (row["se"], row["se_basis"]) == (pytest.approx(np.sqrt(8)), "95 % interval printed")
    assert row["ci_method"] == "Welch's t"  # the limits are not those printed


# A comparison that a source prints, as (effect, ends of its interval), and what is made of it.
PRINTED = [
    ({"ci_level": 90.0}, (12.0, 12 - 2 * Z90, 12 + 2 * Z90), {"se": 2, "ci_upper": 12 + 2 * Z, "ci_method": "normal"}),
    ({"unit": "hairs/mm2"}, (0.12, 0.05, 0.19), {"effect": 12, "unit": "hairs/cm2", "se": 7 / Z}),
    ({"measure": "RR"}, (2.0, 1.0, 4.0), {"effect": np.log(2), "unit": "log risk ratio", "se": np.log(2) / Z}),
    ({"measure": "CLIFF"}, (0.73, 0.41, 0.89), {"se": FISHER / (2 * Z) * (1 - 0.73**2)}),
    ({"arm_id": "control", "against": "treated"}, (-12.0, -19.0, -5.0),
     {"arm_id": "treated", "comparator": "placebo", "effect": 12, "ci_lower": 5}),
    ({"arm_id": "control", "against": "treated", "measure": "RR"}, (0.5, 0.25, 1.0),
     {"effect": np.log(2), "ci_upper": np.log(4)}),
    ({}, (20.0, 5.0, 19.0), {"assumption": "no standard error: the printed interval does not hold the effect"}),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "values", "expected"), PRINTED)
def test_a_printed_comparison_is_told_in_its_unit_on_its_scale_at_its_level(fields, values, expected):
    numbers = dict(zip(("effect", "ci_lower", "ci_upper"), values, strict=True))
    row, *beside = effects(contrasts=[contrast(**numbers, **fields)], arms=TWO_ARMS)
    assert {name: row.get(name) for name in expected} == pytest.approx(expected)
    assert ("se" in row) != ("assumption" in expected)
    for other in beside:  # of Cliff's delta
        assert (other["measure"], other["headline"]) == ("CLES", "no")
        assert (other["effect"], other["ci_lower"]) == pytest.approx((0.865, 0.705))
        assert other["se"] == pytest.approx(row["se"] / 2)


@pytest.mark.parametrize("test", [None, "paired t"])
def test_a_paired_p_value_gives_the_standard_error_of_a_change(test):
    p = 2 * stats.t.sf(15 / (9 / 4), 15)
    printed = {"n": 16, "p_value": p, "p_value_against": "baseline", "p_value_test": test}
    (row,) = effects(result(kind="change", mean=15.0, **printed))
    assert row["se"] == pytest.approx(9 / 4)
    assert row["se_basis"] == f"p value printed ({test or 'paired t test assumed'})"
    assert bool(row["assumption"]) == (test is None)


@pytest.mark.parametrize("printed", cases_of(__file__)["not_exact"])
def test_a_p_value_that_is_no_exact_one_of_this_change_gives_nothing(printed):
    own = {"kind": "change", "mean": 15.0, "n": 16, "p_value_against": "baseline"} | printed
    (row,) = effects(result(**own))
    assert row.get("se") is None and "no interval" in row["assumption"]


def test_a_p_value_between_the_arms_gives_the_standard_error_of_their_difference():
    p = 2 * stats.t.sf(12 / 4, 38)
    printed = {"mean": 20.0, "p_value": p, "p_value_against": "control"}
    row = compared(*two(printed, {"mean": 8.0}, **CHANGES))
    assert (row["effect"], row["se"]) == (12, pytest.approx(4))
    assert row["se_basis"] == "p value printed (Student's t test assumed)"


def test_a_printed_difference_with_its_interval_is_the_headline():
    pair = two({"mean": 20.0, "sd": 10.0}, {"mean": 8.0, "sd": 10.0}, **CHANGES)
    rows = effects(*pair, arms=TWO_ARMS, contrasts=[contrast(effect=11.0, ci_lower=4.0, ci_upper=18.0, n=40)])
    shown = {row["effect"]: row for row in rows if row["estimand"] == "between_group"}
    assert (shown[11]["headline"], shown[12]["headline"]) == ("yes", "no")
    assert shown[11]["se"] == pytest.approx(7 / Z)


def test_a_printed_difference_that_cannot_be_weighed_leaves_the_headline_to_the_one_that_can():
    pair = two({"mean": 20.0, "sd": 10.0}, {"mean": 8.0, "sd": 10.0}, timepoint_printed="week 24", **CHANGES)
    rows = effects(*pair, arms=TWO_ARMS, contrasts=[contrast(effect=11.0, timepoint_printed="24 weeks")])
    shown = {row["effect"]: row["headline"] for row in rows if row["estimand"] == "between_group"}
    assert shown == {12: "yes", 11: "no"}


def levels(baseline: tuple, final: tuple, **shared: Any) -> list[dict]:
    """Return levels of both arms before and after, each (mean, sd) of the treated and the control."""
    return [
        result(arm_id=arm, mean=mean, sd=sd, timepoint_weeks=week, n=20, **shared)
        for week, pair in ((0.0, baseline), (24.0, final))
        for arm, (mean, sd) in zip(("treated", "control"), pair, strict=True)
    ]


def test_before_and_after_give_both_differences_and_the_gap_at_baseline():
    rows = effects(*levels(((80.0, 10.0), (84.0, 12.0)), ((100.0, 11.0), (90.0, 13.0))), arms=TWO_ARMS)
    found = {row["compared"]: row for row in rows if row["estimand"] == "between_group"}
    final, changes = found["final values"], found["changes"]
    assert (final["effect"], final["headline"], final["baseline_gap"]) == (10, "yes", -4)
    assert "baseline gap of -4" in final["assumption"]
    assert (changes["effect"], changes["headline"]) == (14, "no")
    own = [a**2 + b**2 - 2 * 0.7 * a * b for a, b in ((10, 11), (12, 13))]
    assert changes["se"] == pytest.approx(np.sqrt(sum(own) / 20))
    assert "pre-post correlation 0.7 assumed" in changes["se_basis"]


def test_a_studys_own_correlation_comes_before_the_assumed_one():
    sd_change = np.sqrt(10**2 + 12**2 - 2 * 0.9 * 10 * 12)
    rows = effects(
        result(mean=80, sd=10, timepoint_weeks=0.0, n=16),
        result(mean=95, sd=12, n=16),
        result(mean=97, sd=13, timepoint_weeks=12.0, n=16),
        result(kind="change", mean=15, sd=sd_change, n=16),
    )
    (row,) = [row for row in rows if row["timepoint_weeks"] == 12]
    assert row["se"] == pytest.approx(np.sqrt(10**2 + 13**2 - 2 * 0.9 * 10 * 13) / 4)
    assert "correlation 0.9 of the study's own SDs" in row["se_basis"]


def test_two_percentages_are_counts_too_and_zero_cells_are_corrected():
    shared = {"kind": "count", "concept": "satisfaction", "unit": "proportion", "n": 20}
    rows = effects(*two({"percent": 0.0}, {"percent": 0.4}, **shared), arms=TWO_ARMS)
    (odds,) = [row for row in rows if row["measure"] == "OR"]
    assert odds["effect"] == pytest.approx(np.log((0.5 / 20.5) / (8.5 / 12.5)))
    assert "1/2 added" in odds["se_basis"]


# Every confirmed result ends in an effect, or in a row that says why not.
def assert_all_told(rows: list[dict], names: set[str]) -> None:
    told = [row for row in rows if row.get("effect") is not None or row.get("why_not")]
    assert names <= {name for row in told for name in split_ids(row["result_ids"])}
    assert all((row.get("effect") is None) == bool(row.get("why_not")) for row in rows)


@pytest.fixture(scope="module")
def thirteen() -> dict[str, pd.DataFrame]:
    return tables_to_effects()


def test_every_result_of_the_thirteen_studies_ends_in_an_effect_or_a_reason(thirteen):
    assert len(thirteen["studies"]) >= 13
    names = set(thirteen["results"]["result_id"]) | set(thirteen["reported_contrasts"]["contrast_id"])
    assert_all_told(records(thirteen["effects"]), names)
    events, key = thirteen["adverse_events"], ["study_id", "arm_id", "term"]
    told = thirteen["effects"].dropna(subset="term")
    assert sorted(map(tuple, told[key].to_numpy())) == sorted(map(tuple, events[key].to_numpy()))
    counted = events["count"].notna() & events["n"].notna()
    assert told["ci_upper"].notna().sum() == counted.sum() and told["why_not"].isna().sum() == counted.sum()


def test_missing_columns_are_not_stated():
    arms = pd.DataFrame([{"study_id": "s", "arm_id": "exo", "role": "exosome"}])
    row = {"result_id": "r", "study_id": "s", "arm_id": "exo", "concept": "hair_density", "site": "all"}
    row |= {"timepoint_weeks": 24.0, "unit": "hairs/cm2", "kind": "change", "quantity_ids": "q", "mean": 5.0}
    none = pd.DataFrame(columns=["discrepancy_id", "certain", "concepts"])
    (effect,) = study_effects({"study_id": "s"}, arms, pd.DataFrame([row]), none)
    assert (effect["effect"], effect["assumption"]) == (5.0, "no interval: no SD")


def test_a_printed_change_meets_one_worked_out_from_levels():
    rows = effects(
        result(kind="change", mean=18.0, sd=10.0, n=20),
        result(arm_id="control", mean=80.0, sd=10.0, n=20, timepoint_weeks=0.0),
        result(arm_id="control", mean=84.0, sd=12.0, n=20),
        arms=TWO_ARMS,
    )
    (row,) = [row for row in rows if row["estimand"] == "between_group"]
    own = 10**2 + 12**2 - 2 * 0.7 * 10 * 12
    assert (row["effect"], row["compared"], row["headline"]) == (14, "changes", "yes")
    assert row["se"] == pytest.approx(np.sqrt((10**2 + own) / 20))


def test_a_share_without_people_keeps_its_printed_interval():
    (row,) = effects(result(kind="count", percent=0.5, ci_lower=0.4, ci_upper=0.6, concept="satisfaction"))
    assert (row["effect"], row["ci_lower"], row["ci_upper"]) == (0.5, 0.4, 0.6)
    assert row["se"] == pytest.approx(0.2 / (2 * stats.norm.ppf(0.975)))
    assert (row["se_basis"], row["ci_method"]) == ("95 % interval printed", "as printed, 95 %")


def test_a_paired_p_value_knows_the_correlation_of_the_sites():
    printed = {"mean": 20.0, "p_value": 2 * stats.t.sf(12 / 2.5, 17), "p_value_against": "control"}
    pair = two(printed, {"mean": 8.0}, kind="change", n=18, sd=20.0)
    row = compared(*pair, study={"comparison": "within_person"})
    assert row["se"] == pytest.approx(2.5) and "paired t test" in row["se_basis"]


def test_groups_whose_size_is_not_stated_share_who_is_left():
    arms = {"treated": ("exosome", None), "control": ("placebo", 12), "third": ("active", None)}
    pair = two({"mean": 95.0, "sd": 12.0}, {"mean": 85.0, "sd": 14.0})
    rows = effects(*pair, arms=arms, study={"n_enrolled": 40})
    (row,) = [row for row in rows if row["estimand"] == "between_group"]
    assert row["n_assumed"] == "14 + 12"
    assert "divided equally among 2 groups" in row["assumption"]


def test_sizes_that_leave_nobody_give_a_difference_without_an_interval():
    arms = {"treated": ("exosome", None), "control": ("placebo", 30)}
    pair = two({"mean": 95.0, "sd": 12.0}, {"mean": 85.0, "sd": 14.0})
    rows = effects(*pair, arms=arms, study={"n_enrolled": 20})
    (row,) = [row for row in rows if row["estimand"] == "between_group"]
    assert (row["effect"], row.get("se")) == (10, None)
