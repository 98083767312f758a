"""What is not the estimand that it looks like: by the design, by the start, by the outcome; from the sheets."""

from __future__ import annotations

import pytest
from made_lines import line
from made_study import effects, result

from helpers.effects.study import NO_GROUP, NO_START, contrast_doubt
from helpers.pooling.groups import Options, rows_of_lines


@pytest.mark.parametrize(
    ("design", "estimand", "doubt"),
    [
        ("single_arm", "between_group", NO_GROUP),
        ("case", "within_participant", NO_GROUP),
        ("parallel", "between_group", None),
        ("within_person", "within_participant", None),
        (None, "between_group", None),  # a design that is not stated speaks against nothing
        ("single_arm", "uncontrolled_change", None),
    ],
)
def test_a_comparison_needs_a_design_with_one(design, estimand, doubt):
    effect = {"estimand": estimand, "concept": "hair_density"}
    assert contrast_doubt(effect, {"comparison": design}) == doubt


def one_study(concept: str, **more) -> dict:
    """Return the only effect of a study that says in words that an outcome was higher."""
    words = result(concept=concept, kind="change", stated="higher", **more)
    (effect,) = effects(words, study={"comparison": "single_arm", "n_enrolled": 30})
    return effect


def test_a_change_from_a_later_visit_is_none_from_the_start():
    doubt = one_study("hair_density", p_value=0.04, p_value_against="the fourth week")["contrast_doubt"]
    assert doubt == "counted from a later visit (the fourth week), not from the start"
    assert one_study("hair_density", p_value=0.04, p_value_against="baseline")["contrast_doubt"] is None
    assert one_study("hair_density", p_value=0.04, p_value_against="the control")["contrast_doubt"] is None


def test_what_is_asked_after_treatment_has_no_change_unless_both_values_are_printed():
    assert one_study("satisfaction")["contrast_doubt"] == NO_START
    assert one_study("investigator_global")["contrast_doubt"] is None
    level = {"estimand": "uncontrolled_change", "concept": "satisfaction"}
    assert contrast_doubt(level, {"comparison": "single_arm"}) is None


def test_a_stray_control_group_is_never_pooled_and_does_not_hide_the_change():
    lines = [line("a", 10.0, 2.0), line("b", 12.0, 2.0), line("stray", 90.0, 2.0, contrast_doubt=NO_GROUP)]
    lines.append(line("stray", 35.0, 2.0, name="stray.2", estimand="uncontrolled_change", comparator="none"))
    rows = rows_of_lines(lines, Options())
    (fit,) = [row for row in rows if row["pooled"]]
    assert fit["studies"] == "a;b" and fit["estimate"] == pytest.approx(11.0)
    alone = {row["estimand"]: row for row in rows if row["studies"] == "stray"}
    assert alone["between_group"]["reason"] == f"no meta-analysis: {NO_GROUP}"
    assert alone["uncontrolled_change"]["estimate"] == 35.0
