"""Exosomes beside placebo and other treatments: like times, what is left, what an eye can see."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.comparison import contextual_comparisons
from helpers.figures.outcome import context_rows
from helpers.sheets.context import read_context
from helpers.tables import as_frame, validate
from notebookpress.tables import records

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def context() -> dict:
    return {name: validate(name, rows) for name, rows in read_context(RAW).items()}


def change(weeks: float | None = 52.0, effect: float = 35.0, **more) -> dict:
    row = {"concept": "hair_density", "study_id": "a", "tier": "core", "direction": "better"}
    row["comparable"] = False
    row |= {"line_id": "a.1", "estimand": "uncontrolled_change", "unit": "hairs/cm2", "second_hand": False}
    return row | {"effect": effect, "timepoint_weeks": weeks} | more


def compared(context: dict, *lines: dict, **options) -> list[dict]:
    frame, parts = as_frame("comparisons", list(lines)), (context["comparators"], context["thresholds"])
    rows = contextual_comparisons(frame, *parts, **options)
    return records(validate("context", rows))


@pytest.mark.parametrize(
    ("sex", "drift"), [("male", (-3.8, 3.9)), ("female", (9.4, 9.4)), ("all", (-3.8, 9.4))]
)
def test_men_are_set_beside_men_and_women_beside_women(context, sex, drift):
    (row,) = compared(context, change(), sexes={"a": sex})
    assert (row["drift_low"], row["drift_high"]) == drift


def test_a_change_is_set_against_control_arms_of_a_like_time_only(context):
    (row,) = compared(context, change())
    assert set(row["controls"].split(";")) == {"olsen2002.03", "lucky2004.03", "stough_dutasteride.02"}
    assert (row["drift_low"], row["drift_high"]) == (-3.8, 9.4)
    assert (row["left_low"], row["left_high"]) == pytest.approx((25.6, 38.8))
    assert (row["visible_at"], row["visible"]) == (43.36, False)


@pytest.mark.parametrize(("weeks", "why"), [(None, "is not stated"), (2.0, "no control arm at a like time")])
def test_without_a_like_time_nothing_is_left_over(context, weeks, why):
    (row,) = compared(context, change(weeks))
    assert row["control_arms"] == 0 and row["left_low"] is None and why in row["why_not"]


def test_what_was_given_beside_exosomes_stands_beside_with_what_it_did_alone(context):
    needled, plain = (change(background=words) for words in ("microneedling in the exosome arm only", "none"))
    (row,) = compared(context, needled)
    assert row["background_arms"] is None  # at a time that is not stated
    assert row["background_why_not"].endswith("not stated: needling_prp_pmc7759059.01")
    arms = context["comparators"]
    timed = arms.assign(timepoint_weeks=arms["timepoint_weeks"].fillna(52.0))
    (row,) = compared(context | {"comparators": timed}, needled)
    assert (row["background_arms"], row["background_low"]) == ("needling_prp_pmc7759059.01", 10.8)
    assert row["background_high"] == 10.8 and row["left_low"] == pytest.approx(25.6)  # it is not taken off
    (row,) = compared(context, plain)
    assert row["background_arms"] is None and row["background_why_not"] is None


def test_a_change_without_a_single_figure_has_its_reason(context):
    (row,) = compared(context, change(effect=None, why_not="printed as a range"))
    assert (row["effect"], row["control_arms"], row["why_not"]) == (None, 0, "printed as a range")


def test_other_units_and_contrasts_are_not_mixed_in(context):
    (row,) = compared(context, change(unit="follicles/cm2"), change(estimand="between_group", line_id="a.2"))
    assert row["control_arms"] == 0 and row["visible"] is None


def test_without_second_hand_rows_none_is_used(context):
    seen = {name: context[name][~context[name]["second_hand"]] for name in ("comparators", "thresholds")}
    (row,) = compared(seen, change(16.0))
    assert row["controls_second_hand"] == 0 and row["visible_at"] is None
    drawn = context_rows(as_frame("context", [row]), seen["comparators"], "hairs/cm2")
    assert drawn and not any(one["second_hand"] for one in drawn)
