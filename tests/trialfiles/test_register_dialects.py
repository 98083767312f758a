"""Ways in which registers fill the fields of ICTRP that no sample shows; values fixed by hand."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from case_files import cases_of
from review_readers import read_source

CASES = cases_of(__file__)

MONTH = 365.25 / 12 / 7


def trial(tmp_path, **fields):
    """Write and read an export of one trial."""
    fields = {"TrialID": "ISRCTN12345678"} | fields
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    path = tmp_path / "export.xml"
    path.write_text(f"<Trials_downloaded_from_ICTRP><Trial>{text}</Trial></Trials_downloaded_from_ICTRP>")
    return read_source(path)


@pytest.mark.parametrize(("printed", "arms"), CASES["arms"])
def test_arms_under_labels_are_several_and_prose_on_a_trial_is_no_placebo(tmp_path, printed, arms):
    found = trial(tmp_path, Intervention=printed).arms
    assert [[row["arm_id"], row["role"], row["label"]] for row in found] == arms


@pytest.mark.parametrize(
    ("printed", "outcomes"),
    [
        ("Change in hair densityTimepoint: 6 months", [("Change in hair density", "6 months", 6 * MONTH)]),
        ("Hair pull test at 6 months", [("Hair pull test at 6 months", "6 months", 6 * MONTH)]),
        ("1. DLQI at baseline, 12 and 24 weeks<br>2. Safety", [
            ("DLQI at baseline, 12 and 24 weeks", "baseline, 12 and 24 weeks", None), ("Safety", None, None)]),
        ("Pain at rest", [("Pain at rest", None, None)]),
        (
            "Secondary end point(s): 1. Change in SALT<br>2. PGA;"
            "Timepoint(s) of evaluation of this end point: week 24",
            [("Change in SALT", "week 24", 24), ("PGA", "week 24", 24)],
        ),
    ],
)  # fmt: skip
def test_the_time_of_an_outcome_is_found_where_a_register_puts_it(tmp_path, printed, outcomes):
    found = trial(tmp_path, Secondary_outcome=printed).outcomes
    assert [(row["measure"], row["timepoint_printed"], row["timepoint_weeks"]) for row in found] == [
        (measure, time, None if week is None else pytest.approx(week)) for measure, time, week in outcomes
    ]


def test_no_limit_a_dictionary_and_an_abbreviation(tmp_path):
    study = trial(
        tmp_path,
        Inclusion_agemax="0",
        Condition="Alopecia areata<br>MedDRA version: 20.0<br>Level: PT<br>Classification code 10001760",
        Study_design="Intervention Model : Parallel, Masking : Double Blind, Allocation : RCT",
    ).studies[0]
    assert study["age_max"] is None
    assert study["population"] == "Alopecia areata"
    assert study["allocation"] == "randomized"
