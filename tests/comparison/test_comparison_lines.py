"""The picture of an outcome: whose line is in it, its direction, and why a line stands alone."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from case_files import cases_of
from hypothesis import given
from hypothesis import strategies as st
from real_tables import tables_to_effects

from helpers.comparison import UNCOMPARED, alike, claimed_direction, comparison_lines, effect_direction
from helpers.formats import show_estimate, show_with_unit
from helpers.narrative.pooled import with_both_analyses
from helpers.narrative.study import with_interval
from helpers.tables import as_frame, validate
from helpers.tables.vocabulary import tiers_of
from notebookpress.tables import TableError, records

CASES = cases_of(__file__)


def effect(study: str, **fields: Any) -> dict[str, Any]:
    """Return a headline effect of the treated arm with an interval."""
    row = {
        "effect_id": f"{study}.e1", "study_id": study, "estimand": "between_group", "concept": "hair_density",
        "arm_id": "treated", "site": "all", "timepoint_weeks": 24.0, "measure": "MD", "effect": 10.0, "se": 3.0,
        "ci_lower": 4.0, "ci_upper": 16.0, "n": 40, "unit": "hairs/cm2", "headline": "yes",
        "quantity_ids": f"{study}.q",
    }  # fmt: skip
    return row | fields


def made(*effects: dict, results: list = (), outcomes: list = (), tiers: dict | None = None):
    """Return the tables of some studies, each with an exosome arm and a control arm."""
    studies = {row["study_id"] for rows in (effects, results, outcomes) for row in rows}
    arms = [{"study_id": study, "arm_id": name, "role": role} for study in studies
            for name, role in (("treated", "exosome"), ("control", "placebo"))]  # fmt: skip
    tier = dict.fromkeys(studies, "core") | (tiers or {})
    sources = [{"source_id": name, "study_id": name, "tier": tier[name], "format": "f"} for name in studies]
    tables = {"sources": sources, "arms": arms, "outcomes": list(outcomes), "results": list(results)}
    tables |= {"effects": list(effects)}
    frames = {name: as_frame(name, rows) for name, rows in tables.items()}
    frames["effects"]["n"] = frames["effects"]["n"].astype("Int64")
    return frames


def pictured(*effects: dict, **others: Any) -> dict[str, dict[str, Any]]:
    """Return the lines of some studies by their name."""
    frames = made(*effects, **others)
    lines = comparison_lines(frames, overall={"a": "high"})
    validate("comparisons", lines)
    return {line["line_id"]: line for line in lines}


def test_two_studies_alike_in_everything_are_comparable_and_two_lines_of_one_are_no_partners():
    lines = pictured(effect("a"), effect("b"))
    assert [(line["comparable"], line["why_not"]) for line in lines.values()] == [(True, None)] * 2
    assert lines["a.hair_density.1"]["risk_of_bias"] == "high"
    own = pictured(effect("a"), effect("a", effect_id="a.e2", site="vertex"))
    assert [line["comparable"] for line in own.values()] == [False] * 2


@pytest.mark.parametrize(("other", "reason"), CASES["reasons"])
def test_a_line_without_a_partner_says_why(other, reason):
    line = pictured(effect("a"), effect("b", **other))["a.hair_density.1"]
    assert line["comparable"] is False
    assert reason in line["why_not"]


def test_active_comparators_are_partners_by_name_and_placebos_whatever_theirs():
    active = {"comparator": "active", "comparator_name": "minoxidil"}
    placebo = {"comparator": "placebo", "comparator_name": "saline"}
    for first, second, partners in (
        (active, active, True),
        (active, active | {"comparator_name": "finasteride"}, False),
        (placebo, placebo | {"comparator_name": "vehicle"}, True),
    ):
        lines = pictured(effect("a", **first), effect("b", **second))
        assert [line["comparable"] for line in lines.values()] == [partners] * 2


def test_the_line_of_combined_arms_is_shown_where_all_are_exosome_arms():
    arms = {"arm_id": "low;high", "comparator_id": "control"}
    frames = made(effect("a", **arms), effect("b"))
    more = [{"study_id": "a", "arm_id": name, "role": "exosome"} for name in ("low", "high")]
    frames["arms"] = pd.concat([frames["arms"], as_frame("arms", more)], ignore_index=True)
    assert {line["arm_id"] for line in comparison_lines(frames, overall={})} >= {"low;high"}
    frames["arms"].loc[frames["arms"]["arm_id"] == "low", "role"] = "active"
    assert "low;high" not in {line["arm_id"] for line in comparison_lines(frames, overall={})}


@pytest.mark.parametrize(
    ("measure", "value", "way"),
    [("CLES", 0.7, "better"), ("CLES", 0.3, "worse"), ("CLES", 0.5, "no change"), ("SMD", 0.3, "better")],
)
def test_the_probability_of_superiority_points_away_from_a_half_and_no_other(measure, value, way):
    lines = pictured(effect("a", measure=measure, unit="probability", effect=value))
    assert lines["a.hair_density.1"]["direction"] == way


def test_a_line_without_an_interval_is_not_comparable_itself():
    lines = pictured(effect("a", ci_lower=None, ci_upper=None, se=None), effect("b"), effect("c"))
    assert "no interval" in lines["a.hair_density.1"]["why_not"]
    assert lines["b.hair_density.1"]["comparable"] is True


@pytest.mark.parametrize(("weeks", "comparable"), [(18.0, True), (17.9, False), (32.0, True), (32.1, False)])
def test_times_may_differ_by_a_quarter_of_the_longer_one(weeks, comparable):
    lines = pictured(effect("a"), effect("b", timepoint_weeks=weeks))
    assert lines["a.hair_density.1"]["comparable"] is comparable


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 1))
def test_being_alike_in_time_is_mutual_and_holds_for_oneself(a, b, tolerance):
    assert alike(a, b, tolerance) == alike(b, a, tolerance)
    assert alike(a, a, tolerance)
    assert not alike(a, None, tolerance)
    assert not alike(None, None, tolerance)


@pytest.mark.parametrize(("effect", "concept", "stated", "expected"), CASES["directions"])
def test_the_direction_is_the_patients(effect, concept, stated, expected):
    assert effect_direction(effect, concept, stated) == expected


@pytest.mark.parametrize(("words", "concept", "expected"), CASES["claims"])
def test_the_direction_of_a_claim_in_words(words, concept, expected):
    assert claimed_direction(words, concept) == expected


@pytest.mark.parametrize(
    ("concept", "value", "limits", "words"),
    [
        ("hair_density_relative", 0.2, (0.1, 0.3), "+20 % of baseline (10 to 30)"),
        ("hair_density_relative", 0.0, (None, 0.3), "0 % of baseline (no interval)"),
        ("vellus_share", 0.2, (0.1, None), "20 percentage points (no interval)"),
    ],
)
def test_a_change_is_told_as_a_share_of_what_it_is_of(concept, value, limits, words):
    assert show_with_unit(value, *limits, "proportion", "uncontrolled_change", concept) == words


@pytest.mark.parametrize(("p", "fits"), [(0.0, True), (1.0, True), (-0.01, False), (1.01, False)])
def test_a_p_value_lies_from_0_to_1(p, fits):
    if fits:
        assert pictured(effect("a", p_value=p))["a.hair_density.1"]["p_value"] == p
        return
    with pytest.raises(TableError, match="p_value"):
        pictured(effect("a", p_value=p))


@pytest.mark.parametrize(
    ("printed", "unit", "concept", "words"),
    [
        (
            {"median": 12.5, "minimum": 3.0, "maximum": 20.0},
            "hairs/cm2",
            "hair_density",
            "median 12.5 hairs/cm2",
        ),
        ({"minimum": 3.0, "maximum": 20.0}, "hairs/cm2", "hair_density", "3 to 20 hairs/cm2"),
        ({"minimum": -0.1, "maximum": 0.2}, "proportion", "hair_density_relative", "-10 to 20 % of baseline"),
        ({"minimum": 0.1, "maximum": 0.2}, "proportion", "hair_density_relative", "+10 to +20 % of baseline"),
        ({"minimum": 0.0, "maximum": 0.2}, "proportion", "hair_density_relative", "0 to 20 % of baseline"),
        ({"minimum": 0.1, "maximum": 0.2}, "proportion", "vellus_share", "10 to 20 %"),
        (
            {"median": 0.125, "iqr": 0.25},
            "proportion",
            "vellus_share",
            "median 12.5 % (interquartile range 25 wide)",
        ),
        ({"minimum": 0.1}, "proportion", "vellus_share", None),
        ({"maximum": 0.1}, "proportion", "vellus_share", None),
        ({"median": 2.0, "iqr": 3.0}, None, "severity_stage", "median 2 (interquartile range 3 wide)"),
    ],
)
def test_what_is_printed_in_the_place_of_an_effect_is_told(printed, unit, concept, words):
    row = BARE | {"quantity_ids": "q", "concept": concept, "unit": unit, "estimand": "uncontrolled_change"}
    rows = [observed("a", concept=concept, kind="change", quantity_ids="q", **printed)]
    (line,) = pictured(effect("a", **row), results=rows).values()
    assert line["printed_range"] == words


def test_a_share_of_people_has_no_direction():
    share = {"estimand": "proportion", "measure": "PR", "concept": "satisfaction", "effect": 0.9}
    (line,) = pictured(effect("a", **share)).values()
    assert line["direction"] == "unclear"


def observed(study: str, **fields: Any) -> dict[str, Any]:
    row = {"result_id": f"{study}.r1", "study_id": study, "source_id": study, "arm_id": "treated"}
    row["site"] = "all"
    row |= {"concept": "hair_density", "kind": "level", "quantity_ids": f"{study}.q", "timepoint_weeks": 24.0}
    return row | fields


BARE = {"effect": None, "se": None, "ci_lower": None, "ci_upper": None}
PLANNED = {"study_id": "a", "outcome_id": "o1", "concept": "hair_density", "priority": "primary"}


def test_a_planned_outcome_without_a_figure_is_not_reported():
    (line,) = pictured(outcomes=[PLANNED, PLANNED | {"outcome_id": "o2"}]).values()
    assert (line["direction"], line["comparable"]) == ("not reported", False)
    assert "no figure reported" in line["why_not"]


@pytest.mark.parametrize(("fields", "expected", "reason"), CASES["unclear"])
def test_a_figure_after_treatment_without_a_comparison_is_reported_and_unclear(fields, expected, reason):
    (line,) = pictured(outcomes=[PLANNED], results=[observed("a", **fields)]).values()
    assert line["direction"] == expected
    assert reason in line["why_not"]


def test_a_planned_outcome_with_an_effect_has_that_line_only():
    assert list(pictured(effect("a"), outcomes=[PLANNED])) == ["a.hair_density.1"]


def test_adverse_events_stand_with_their_interval_or_say_why_there_is_none():
    event = {"concept": "adverse_events", "estimand": "proportion", "measure": "PR", "unit": "proportion"}
    kinds = {
        "a": {"term": "any adverse event", "effect": 0.0, "ci_lower": 0.0, "ci_upper": 0.11},
        "b": {"term": "redness", "why_not": "listed without the number of people who had it"} | BARE,
        "c": {"term": "severe adverse event", "effect": 0.0, "headline": "no"},
    }
    lines = pictured(*(effect(study, **event | kind) for study, kind in kinds.items()))
    told = {line["study_id"]: (line["effect"], line["ci_upper"], line["why_not"]) for line in lines.values()}
    assert told == {
        "a": (0.0, 0.11, "no other study reports adverse events with an interval"),
        "b": (None, None, "listed without the number of people who had it"),
        "c": (None, None, "some kind of event is said not to have happened; others are not spoken of"),
    }


def test_certain_discrepancies_are_counted_and_numbers_of_people_worded():
    sizes = {"b": "8 + 8 (assumed)", "c": "16", "d": None}
    others = [effect(study, n=None, n_assumed=words) for study, words in sizes.items()]
    lines = pictured(effect("a", discrepancy_ids="a.x;a.y"), *others)
    assert [line["certain_discrepancies"] for line in lines.values()] == [2, 0, 0, 0]
    assert [line["n"] for line in lines.values()] == ["40", "8 + 8 (assumed)", "16 (assumed)", None]


@pytest.fixture
def five() -> dict[str, pd.DataFrame]:
    return tables_to_effects()


def test_no_control_arm_of_the_five_studies_has_a_line_and_none_is_comparable(five):
    lines = comparison_lines(five, overall={})
    roles = five["arms"].set_index(["study_id", "arm_id"])["role"]
    shown = {(line["study_id"], line["arm_id"]) for line in lines if line["arm_id"]}
    assert shown
    assert {roles[key].split("_")[0] for key in shown} == {"exosome"}
    assert not any(line["comparable"] for line in lines)
    assert all(line["why_not"] for line in lines)


def test_every_study_and_planned_outcome_of_the_five_has_a_line(five):
    told = {(line["study_id"], line["concept"]) for line in comparison_lines(five, overall={})}
    later = records(five["outcomes"][five["outcomes"]["timepoint_weeks"].ne(0).fillna(True)])  # 0: no outcome
    assert {(row["study_id"], row["concept"]) for row in later} <= told


def test_a_claim_in_words_has_the_one_time_of_its_outcome(five):
    lines = {(line["study_id"], line["concept"]): line for line in comparison_lines(five, overall={})}
    claim = lines["chan2025", "scalp_visibility"]
    assert (claim["timepoint_printed"], claim["effect"]) == ("Month 5", None)
    assert claim["why_not"] == "told in words alone, without a figure"
    assert (claim["direction"], claim["estimand"]) == (
        "better",
        "uncontrolled_change",
    )  # it says "than before"
    for concept in ("anagen_share", "hair_density"):  # which name no state before, as no vote has them
        line = lines["lepekhova2025", concept]
        assert (line["direction"], line["estimand"], line["contrast_doubt"]) == ("unclear", None, UNCOMPARED)
    again = five["outcomes"].assign(timepoint_printed="Month 9")
    several = pd.concat([five["outcomes"], again], ignore_index=True)
    lines = comparison_lines(five | {"outcomes": several}, overall={})
    assert not any(line["timepoint_printed"] for line in lines if line["concept"] == "scalp_visibility")


def test_a_difference_of_final_values_has_that_of_changes_beside_it(five):
    lines = as_frame("comparisons", comparison_lines(five, overall={}))
    told = with_both_analyses(with_interval(lines), five["effects"])
    rows = records(told[told["origins"].notna()])
    effects = {row["effect_id"]: row for row in records(five["effects"])}
    for row in rows:
        own, other = effects[row["effect_id"]], effects[row["origins"].removeprefix("effect-")]
        assert {own["compared"], other["compared"]} == {"changes", "final values"}
        assert own["n_assumed"] == other["n_assumed"] and own["arm_id"] == other["arm_id"]
        assert f"by {own['compared']}; {show_estimate(other['effect'])} " in row["interval"]
    assert [row["study_id"] for row in rows] == ["wan2025"]
    final = five["effects"][five["effects"]["compared"].ne("changes").fillna(True)]
    assert with_both_analyses(with_interval(lines), final)["origins"].isna().all()


def test_only_the_tiers_asked_for_have_lines_and_partners():
    tables = made(effect("a"), effect("b"), tiers={"b": "published"})
    everything = {line["study_id"]: line for line in comparison_lines(tables, overall={})}
    assert {name: line["tier"] for name, line in everything.items()} == {"a": "core", "b": "published"}
    assert all(line["comparable"] for line in everything.values())
    (core,) = comparison_lines(tables, overall={}, tiers=tiers_of("core"))
    assert (core["study_id"], core["comparable"]) == ("a", False)


def test_second_hand_lines_are_marked_and_can_be_left_out():
    tables = made(effect("a"), effect("b", second_hand=True))
    marked = {line["study_id"]: line["second_hand"] for line in comparison_lines(tables, overall={})}
    assert marked == {"a": False, "b": True}
    (left,) = comparison_lines(tables, overall={}, second_hand=False)
    assert (left["study_id"], left["comparable"]) == ("a", False)


def test_a_median_and_a_direction_in_words_have_a_direction_and_no_size():
    words = BARE | {"estimand": "uncontrolled_change"}
    lines = pictured(
        effect("a", stated="higher", quantity_ids="", **words),
        effect("b", stated="lower", quantity_ids="q", **words),
        results=[observed("b", kind="change", median=-9.5, iqr=16.88, quantity_ids="q")],
    )
    told = [(line["direction"], line["effect"], line["printed_range"]) for line in lines.values()]
    printed = "median -9.5 hairs/cm2 (interquartile range 16.88 wide)"
    assert told == [("better", None, None), ("worse", None, printed)]


@pytest.mark.parametrize(("evidence", "tiers"), [("core", ("core",)), ("published", ("core", "published")),
                                                 ("both", ("core", "published"))])  # fmt: skip
def test_established_treatments_take_part_in_no_answer(evidence, tiers):
    assert tiers_of(evidence) == tiers
    with pytest.raises(ValueError, match="is not one of core, published, both"):
        tiers_of("comparator")
