"""Cleaning: one unit, one time scale, one scale of severity, and no figure lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from case_files import cases_of
from hypothesis import given
from hypothesis import strategies as st

from helpers.cleaning import Severity, clean_events, clean_results, conversion, parse_severity, quantity_use
from helpers.sheets.raw import read_raw
from helpers.tables import validate
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.tables import records, split_ids

CASES = cases_of(__file__)

RAW = Path(__file__).parents[2] / "data" / "raw"


def cleaned(**fields: Any) -> dict[str, Any]:
    """Return one cleaned observation from a reported one."""
    row = {"result_id": "s.r1", "study_id": "s", "source_id": "s", "arm_id": "a", "concept": "hair_density"}
    row |= {"site": "all", "kind": "level", "quantity_ids": "s.q", "figures": "mean=s.q"}
    row |= {"timepoint_printed": "4 weeks"}
    reported = validate("reported_results", [row | fields])
    return records(validate("results", clean_results(reported)))[0]


@pytest.mark.parametrize(("unit", "concept_unit", "reached", "factor"), CASES["units"])
def test_a_unit_is_converted_only_where_a_factor_exists(unit, concept_unit, reached, factor):
    change = conversion(unit, concept_unit)
    assert (change.unit, change.factor) == (reached, factor)


def test_every_conversion_and_every_refusal_is_said():
    assert conversion("hairs/mm2", "hairs/cm2").statement == "hairs/mm2 x 100 = hairs/cm2"
    assert "no factor to hairs/cm2" in conversion("follicles/cm2", "hairs/cm2").statement
    assert "cannot become um" in conversion("hairs/cm2", "um").statement
    assert conversion("hairs/cm2", "hairs/cm2").statement == conversion(None, "um").statement == ""


def test_every_figure_of_a_row_takes_the_same_factor():
    names = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum")
    row = cleaned(unit="hairs/mm2", n=8, **{name: index + 1.5 for index, name in enumerate(names)})
    assert [row[name] for name in names] == [(index + 1.5) * 100 for index in range(len(names))]
    assert (row["unit"], row["n"], row["timepoint_weeks"]) == ("hairs/cm2", 8, 4)
    assert "hairs/mm2 x 100" in row["converted"]


def test_a_unit_that_is_not_stated_is_not_made_up():
    row = cleaned(mean=80)
    assert (row["unit"], row["mean"]) == (None, 80)
    assert "unit not stated" in row["converted"]


@pytest.mark.parametrize(("fields", "mean", "percent", "unit"), [
    ({"concept": "satisfaction", "kind": "count", "percent": 87, "unit": "percent"}, None, 0.87, "proportion"),
    ({"concept": "vellus_share", "percent": 21, "unit": "percent"}, 0.21, 0.21, "proportion"),  # of one person's hairs
    ({"concept": "vellus_share", "percent": 21}, 0.21, 0.21, "proportion"),
    ({"kind": "change", "percent": -20, "unit": "percent"}, -0.2, None, "proportion"),  # and no density
    ({"kind": "change", "mean": 35, "percent": 40, "unit": "hairs/cm2"}, 35, 0.4, "hairs/cm2"),
    ({"kind": "change", "mean": 35, "percent": 140, "unit": "hairs/cm2"}, 35, None, "hairs/cm2"),
])  # fmt: skip
def test_a_percentage_becomes_a_proportion_where_it_belongs(fields, mean, percent, unit):
    row = cleaned(**fields)
    assert (row["mean"], row["percent"], row["unit"]) == (pytest.approx(mean), pytest.approx(percent), unit)
    told = "140 percent beside the value, not kept" in (row["converted"] or "")
    assert told == (fields["percent"] == 140)


@pytest.mark.parametrize(("printed", "weeks", "said"), CASES["times"])
def test_a_time_is_in_weeks_or_said_to_be_missing(printed, weeks, said):
    row = cleaned(mean=1, unit="hairs/cm2", timepoint_printed=printed)
    assert row["timepoint_weeks"] == weeks
    assert said in row["converted"]


@pytest.mark.parametrize(("value", "unit", "hours"), CASES["hours"])
def test_an_event_is_gone_after_hours(value, unit, hours):
    row = {"study_id": "s", "arm_id": "a", "term": "redness", "count": 2, "n": 9}
    row |= {"resolved": value, "resolved_unit": unit}
    (event,) = records(validate("adverse_events", clean_events(validate("reported_events", [row]))))
    assert event["resolved_hours"] == hours
    assert (event["count"], event["n"]) == (2, 9)


@pytest.mark.parametrize(("printed", "scale", "expected"), CASES["grades"])
def test_a_grade_is_read_on_its_own_scale_only(printed, scale, expected):
    assert parse_severity(printed, scale) == (expected and Severity(*expected))


@given(st.text(max_size=30), st.sampled_from(["Norwood", "Ludwig", "BASP", "", None]))
def test_any_text_is_a_grade_of_the_scale_or_none(printed, scale):
    found = parse_severity(printed, scale)
    last = {"Norwood-Hamilton": 7, "Ludwig": 3, "BASP": 3}
    assert found is None or 0 <= found.low <= found.high <= last[found.scale]


def quantities(*rows: dict[str, Any]) -> pd.DataFrame:
    base = {"study_id": "s", "source_id": "s", "printed": "x", "kind": "other", "role": "design"}
    base |= {"concept": "age"}
    return validate("quantities", [base | row for row in rows])


def test_a_figure_is_used_or_has_a_reason():
    frame = quantities(
        {"quantity_id": "s.used", "value": 5.0},
        {"quantity_id": "s.again", "value": 5.0},
        {"quantity_id": "s.cited", "role": "cited", "concept": "other_study"},
        {"quantity_id": "s.wash", "concept": "washout", "value": 6.0},
        {"quantity_id": "s.rest", "value": 7.0},
    )
    named = {"results": ["s.used;s.used", None], "arms": ["s.used"]}
    users = {name: pd.DataFrame({"quantity_ids": ids}) for name, ids in named.items()}
    rows = {row["quantity_id"]: row for row in quantity_use(frame, users)}
    used = rows.pop("s.used")
    assert (used["used_in"], used["reason_unused"]) == ("results;arms", None)
    assert all(row["used_in"] is None and row["reason_unused"] for row in rows.values())
    assert "printed again" in rows["s.again"]["reason_unused"]
    assert "context" in rows["s.cited"]["reason_unused"]
    assert "eligibility" in rows["s.wash"]["reason_unused"]


def test_another_range_or_other_words_are_not_the_same_figure():
    frame = quantities(
        {"quantity_id": "s.used", "value_low": 36.0, "value_high": 45.0},
        {"quantity_id": "s.other", "value_low": 36.0, "value_high": 50.0},
        {"quantity_id": "s.words", "printed": "mild", "concept": "severity_admitted"},
        {"quantity_id": "s.more", "printed": "severe", "concept": "severity_admitted"},
    )
    users = {"studies": pd.DataFrame({"quantity_ids": ["s.used;s.words"]})}
    reasons = {row["quantity_id"]: row["reason_unused"] for row in quantity_use(frame, users)}
    assert "printed again" not in reasons["s.other"]
    assert "printed again" not in reasons["s.more"]


def test_no_figure_of_the_five_sources_is_lost():
    record = read_raw(RAW).record
    frame = validate("quantities", record.quantities)
    names = ("studies", "arms", "results", "adverse_events", "reviewer_discrepancies", "reader_judgements")
    users = {name: getattr(record, name) for name in names}
    rows = quantity_use(frame, {name: pd.DataFrame(part) for name, part in users.items()})
    assert [row["quantity_id"] for row in rows] == frame["quantity_id"].tolist()
    assert all((row["used_in"] is None) != (row["reason_unused"] is None) for row in rows)
    named = {name for part in users.values() for row in part for name in split_ids(row["quantity_ids"])}
    assert named == {row["quantity_id"] for row in rows if row["used_in"]}


def test_every_observation_of_the_five_sources_is_in_the_unit_of_its_concept_or_says_why_not():
    reported = validate("reported_results", read_raw(RAW).record.results)
    for row in records(validate("results", clean_results(reported))):
        unit = OUTCOME_CONCEPTS[row["concept"]].unit
        figures = {pair.partition("=")[0] for pair in split_ids(row["figures"])}
        no_figure = not row["unit"] and figures <= {"p_value"}  # a direction or a p value alone has no unit
        assert not unit or row["unit"] == unit or no_figure or "kept" in row["converted"]


def test_no_event_in_n_people_still_allows_for_an_upper_limit():
    event = {"study_id": "s", "arm_id": "a", "quantity_ids": "", "timepoint_printed": "12 months"}
    rows = [
        event | {"term": "none of 16", "count": 0, "n": 16},
        event | {"term": "one of one", "count": 1, "n": 1},
        event | {"term": "one of ten", "count": 1, "n": 10},
        event | {"term": "not counted", "count": None, "n": 16, "timepoint_printed": None},
        event | {"term": "nobody", "count": 0, "n": 0},
    ]
    clean = {row["term"]: row for row in clean_events(validate("reported_events", rows))}
    assert clean["none of 16"]["upper_limit"] == pytest.approx(1 - 0.05 ** (1 / 16))
    assert clean["none of 16"]["monitored_weeks"] == pytest.approx(52.18, abs=0.01)
    assert clean["one of one"]["upper_limit"] == 1.0
    # 1 in 10: the proportion at which at most one event in ten has a probability of 5 %
    p = clean["one of ten"]["upper_limit"]
    assert (1 - p) ** 10 + 10 * p * (1 - p) ** 9 == pytest.approx(0.05)
    assert clean["not counted"]["upper_limit"] is None and clean["nobody"]["upper_limit"] is None
    validate("adverse_events", list(clean.values()))
