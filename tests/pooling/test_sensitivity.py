"""The sensitivity analysis: sets of one question, named, two studies or more; its numbers are those of plain pooling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from case_files import cases_of
from made_lines import line, share
from made_studies import change, reml, world
from scipy import stats

from helpers.pooling.groups import tier_lines
from helpers.pooling.specifications import (
    Levels,
    controlled_questions,
    estimate_sets,
    sensitivity,
    specification_rows,
    under_correlations,
)
from helpers.pooling.tiers import effects_anew, with_sd
from helpers.tables import as_frame, validate

ONE = Levels(
    tier=("core",), included="all", sd_use=("printed",), pre_post_correlation=(0.7,), site_correlation=(0.7,)
)
MODEL = {"tau2_method": "REML", "ci_method": "adhoc"}


def four() -> list[dict]:
    """Return four differences: one doubtful, one of another tier and without an SD."""
    return [
        line("a", 30.0, 3.0, n=32, n_comparator=16, certain_discrepancies=1),
        line("b", 18.0, 2.8, n=49, n_comparator=24),
        line("c", 12.0, 2.5, n=40, n_comparator=20, timepoint_weeks=26.0),
        line("d", 40.0, None, n=22, n_comparator=10, tier="published"),
    ]


def sets(lines: list[dict], tables: dict | None = None, **choice) -> list:
    (question,) = controlled_questions(lines, ONE)
    return list(estimate_sets(lines, question, replace(ONE, **choice), tables or {}))


def test_a_specification_is_the_pool_of_its_estimates():
    lines = four()
    (question,) = controlled_questions(lines, ONE)
    frame = specification_rows(sets(lines), question, estimators=["REML"], intervals=["adhoc"])
    mu, se, tau2 = reml(np.array([30, 18, 12.0]), np.array([3.0, 2.8, 2.5]) ** 2)
    half = stats.t.ppf(0.975, 2) * se
    row = frame.iloc[0]
    assert (row["estimate"], row["tau2"]) == (pytest.approx(mu, rel=1e-5), pytest.approx(tau2, rel=1e-4))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((mu - half, mu + half), rel=1e-4)
    for words in ("hair density", "against placebo", "hairs/cm2", "week 24 and 26"):
        assert words in row["question"]


@pytest.mark.parametrize(("choice", "studies"), cases_of(__file__)["choices"])
def test_each_choice_selects_its_studies(choice, studies):
    [one] = sets(four(), **choice)
    assert set(one.studies) == studies


def test_a_doubtful_sd_is_imputed_and_only_that():
    [one] = sets(four(), sd_use=("doubtful",), assumed_sd=(24.0,))
    variances = dict(zip(one.studies, one.scale.vi, strict=True))
    assert variances["a"] == pytest.approx(24**2 * (1 / 16 + 1 / 16))
    assert variances["b"] == pytest.approx(2.8**2)


def test_an_imputed_sd_of_a_split_scalp_takes_the_correlation_between_its_sites():
    lines = [line(name, 12.0, None, estimand="within_participant", n=18) for name in "ab"]
    [one] = sets(lines, sd_use=("missing",), site_correlation=(0.9,))
    assert one.scale.vi == pytest.approx([20**2 * 2 * 0.1 / 18] * 2)


def test_only_a_difference_of_hair_density_between_known_people_takes_an_imputed_sd():
    split = {"estimand": "within_participant", "n": 18}
    groups = {"n": 50, "n_comparator": 20}
    halves = [stats.t.ppf(0.975, 17) * 20 * np.sqrt(0.6 / 18), None]
    a, b = 400 / 30, 400 / 20
    halves[1] = stats.t.ppf(0.975, (a + b) ** 2 / (a**2 / 29 + b**2 / 19)) * np.sqrt(a + b)
    for more, half in zip((split, groups), halves, strict=True):
        (row,) = with_sd([line("a", 12.0, None, **more)], "missing", 20.0)
        assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((12 - half, 12 + half))
        assert row["se_basis"] == "SD 20 imputed (missing)"
    others = (
        {"measure": "SMD"},
        {"unit": "follicles/cm2"},
        {"effect": None},
        {"n": 21},
        {"n": None},
        split | {"n": 1},
    )
    for more in others:
        row = line("a", **{"effect": 12.0, "se": None} | groups | more)
        assert with_sd([row], "missing", 20.0) == [row]
    two = line("a", 12.0, None, n=4, n_comparator=2)
    assert with_sd([two], "missing", 20.0)[0]["se"] == pytest.approx(
        20
    )  # two people in each group are enough
    assert with_sd([line("a", 12.0, None, **split | {"n": 2})], "missing", 20.0)[0]["se"] == pytest.approx(
        20 * np.sqrt(0.3)
    )


def test_every_choice_is_varied_and_every_set_names_two_studies_or_more():
    found = sensitivity(four(), replace(ONE, tier=("core", "published")), MODEL, {}, sds=(14.6, 25.4))
    frame = validate("specifications", found.specifications)
    assert len(frame) > 100 and frame["k"].min() == 2 and frame["question"].nunique() == 1
    for name in ("tier", "included", "sd_use", "assumed_sd", "tau2_method", "ci_method"):
        assert frame[name].nunique() > 1, name
    assert (frame["studies"].str.split(";").str.len() == frame["k"]).all()
    validate("choice_effects", found.choice_effects)
    core, published = found.chosen
    assert (core["k"], published["k"]) == (3, 3)  # the SD that is not printed stays missing


def test_no_set_mixes_questions_and_uncontrolled_changes_and_proportions_make_none():
    plain = {"estimand": "uncontrolled_change", "comparator": "none", "measure": "MC"}
    lines = [
        line("a", 15.0), line("b", 11.0), line("c", 1.0, comparator="active", comparator_name="minoxidil"),
        line("d", 2.0, comparator="active", comparator_name="minoxidil"), line("e", 35.0, **plain), line("f", 67.0, **plain),
        share("a", 14, 16, name="a.2"), share("b", 9, 10, name="b.2"),
    ]  # fmt: skip
    found = sensitivity(lines, ONE, MODEL, {})
    assert {row["studies"] for row in found.specifications} == {"a;b", "c;d"}
    assert [row["estimate"] for row in found.chosen] == pytest.approx([13.0, 1.5])


def test_a_fall_is_a_gain_where_less_is_better():
    lines = [line(name, -9.0, 1.0, concept="hair_shedding", unit="hairs") for name in "ab"]
    found = sensitivity(lines, ONE, MODEL | {"ci_method": "z"}, {})
    assert [row["conclusion"] for row in found.chosen] == ["gain"]


def test_the_choice_that_moves_most_is_found():
    """Studies far apart: leaving one out moves more than any estimator can."""
    lines = [line("a", 60.0, 2.0), line("b", 5.0, 2.0), line("c", 5.0, 2.0)]
    found = sensitivity(lines, ONE, MODEL, {})
    first = found.choice_effects[0]
    assert first["choice"] == "included"
    assert first["largest_move"] == pytest.approx((60 + 5) / 2 - 5)
    assert first["sets"] <= 4 * 3  # estimators and intervals: what no estimate rests on makes no set
    still = {row["choice"] for row in found.choice_effects if not row.get("mean_move")}
    assert {"tier", "pre_post_correlation", "site_correlation", "assumed_sd"} <= still


def test_a_correlation_that_an_estimate_rests_on_is_varied():
    """The change of a control is worked out of levels, that of the exosome arm is printed."""
    before = {"kind": "level", "timepoint_weeks": 0.0, "number": 2}
    tables = world(*(row for name in "ab" for row in (
        change(name, "t", 18.0, 10.0, 20), change(name, "c", 80.0, 12.0, 20, **before),
        change(name, "c", 84.0, 12.0, 20, kind="level"),
    )))  # fmt: skip
    lines = tier_lines(tables["comparisons"], tables["effects"], "core")
    [low, high] = sets(lines, pre_post_correlation=(0.5, 0.9), tables=tables)
    own = [12**2 * 2 * (1 - r) for r in (0.5, 0.9)]
    assert low.scale.vi == pytest.approx([(100 + own[0]) / 20] * 2)
    assert high.scale.vi == pytest.approx([(100 + own[1]) / 20] * 2)


@pytest.mark.parametrize(
    "lines", [[], [line("a", 30.0)], [line("a", 30.0), line("b", 9.0, timepoint_weeks=4.0)]]
)
def test_without_two_answers_there_is_no_analysis(lines):
    found = sensitivity(lines, ONE, MODEL, {})
    assert (found.specifications, found.chosen) == ([], [])
    assert as_frame("specifications", []).empty


def test_estimates_worked_out_again_under_the_same_correlations_are_the_same():
    """Effects are joined by name: a printed comparison or an event among them must not shift the names."""
    levels = {"kind": "level", "site": "all"}
    tables = world(*(
        change("a", arm, mean, 9.0, 12, number=number, timepoint_weeks=weeks, **levels)
        for arm, first, last in (("t", 80.0, 95.0), ("c", 81.0, 84.0))
        for number, weeks, mean in ((1, 0.0, first), (2, 24.0, last))
    ), studies={"a": {"comparison": "within_person", "n_enrolled": 12}})  # fmt: skip
    contrast = {"contrast_id": "a.k", "study_id": "a", "source_id": "a", "arm_id": "t", "against": "c", "concept": "hair_count",
                "measure": "MD", "effect": 4.0, "ci_lower": 1.0, "ci_upper": 7.0, "unit": "hairs"}  # fmt: skip
    events = [{"study_id": "a", "arm_id": arm, "term": "itching", "count": count, "n": 12, "severity": "mild"}
              for arm, count in (("t", 3), ("c", 1))]  # fmt: skip
    tables |= {"reported_contrasts": as_frame("reported_contrasts", [contrast])}
    tables["adverse_events"] = as_frame("adverse_events", events)
    same = {"pre_post_correlation": 0.7, "site_correlation": 0.7}
    effects = list(effects_anew(tables, **same))
    assert {row["concept"] for row in effects} >= {"hair_density", "hair_count", "adverse_events"}
    lines = [dict.fromkeys(("effect", "se", "ci_lower", "ci_upper", "assumption")) | row for row in effects]
    assert any(
        "correlation" in (row["assumption"] or "") for row in lines if row["concept"] == "adverse_events"
    )
    assert under_correlations(lines, tables, **same) == lines
