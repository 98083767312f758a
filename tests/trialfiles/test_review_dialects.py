"""Reviews and extraction tables that no sample shows; values fixed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_readers import read_extraction, read_source, read_sources

from trialfiles import SourceError, write_web_rows

MONTH = 365.25 / 12 / 7


@pytest.fixture
def review():
    return read_source(Path(__file__).with_name("review.rm5"))


def test_times_of_a_review_and_an_sd_that_was_not_entered(review):
    found = [(row["kind"], row["timepoint_printed"], row["sd"]) for row in review.results]
    assert found == [
        ("level", "Week 12", 22.0), ("level", "Week 12", None),
        ("count", "6 months", None), ("count", "6 months", None),
    ]  # fmt: skip
    assert [row["timepoint_weeks"] for row in review.results][1:3] == [12, pytest.approx(6 * MONTH)]


def test_the_logarithm_of_a_ratio_keeps_its_standard_error_and_no_kind_is_dropped(review):
    generic, survival = review.effects[2:]
    assert (generic["giv_effect"], generic["giv_se"], generic["effect"]) == (-0.5, 0.2, 0.607)
    assert (survival["o_e"], survival["variance"], survival["kind"]) == (-1.2, 2.3, "generic")
    exported = write_web_rows([review]).splitlines()
    names = exported[0].lstrip("\ufeff").split(",")
    row = dict(zip(names, exported[3].split(","), strict=True))
    assert (row["GIV Mean"], row["GIV SE"]) == ("-0.5", "0.2")


def test_a_table_with_decimal_commas_and_times_under_a_unit(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Study;Arm;Outcome;Week;N;Mean;SD\nLee;PRP;Hair density;12;20;1.140,2;22,125\n")
    columns = {"study_id": "Study", "arm": "Arm", "outcome": "Outcome", "time": "Week", "n": "N"}
    (record,) = read_extraction(path, {"columns": columns | {"mean": "Mean", "sd": "SD"}})
    (row,) = record.results
    assert (row["timepoint_weeks"], row["n"], row["mean"], row["sd"]) == (12, 20, 1140.2, 22.125)


def test_a_table_that_mixes_points_and_commas_is_not_guessed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("study_id;arm;mean\nLee;PRP;140,2\nLee;Placebo;130.1\n")
    with pytest.raises(SourceError, match="'140,2' is no number"):
        list(read_sources(path))
