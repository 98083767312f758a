"""Reviews and extraction tables that no sample shows; values fixed by hand."""

from __future__ import annotations

import pytest
from review_readers import read_extraction, read_source, read_sources

from trialfiles import SourceError, write_web_rows

MONTH = 365.25 / 12 / 7
REVIEW = """<COCHRANE_REVIEW><STUDIES><STUDY ID="A" NAME="Lee 2010" YEAR="2010"/></STUDIES>
<COMPARISON NO="1"><NAME>PRP</NAME>
<CONT_OUTCOME NO="1" EFFECT_MEASURE="MD" METHOD="IV" RANDOM="YES"><NAME>Hair density at 6 months</NAME>
<GROUP_LABEL_1>PRP</GROUP_LABEL_1><GROUP_LABEL_2>Placebo</GROUP_LABEL_2>
<CONT_SUBGROUP NO="1"><NAME>Week 12</NAME><CONT_DATA STUDY_ID="A" MEAN_1="140.2" SD_1="22.0" TOTAL_1="20"
 MEAN_2="130.1" SD_2="0.0" TOTAL_2="21"/></CONT_SUBGROUP></CONT_OUTCOME>
<DICH_OUTCOME NO="2" EFFECT_MEASURE="RR"><NAME>Response at 6 months</NAME>
<DICH_DATA STUDY_ID="A" EVENTS_1="12" TOTAL_1="20" EVENTS_2="5" TOTAL_2="21"/></DICH_OUTCOME>
<IV_OUTCOME NO="3" EFFECT_MEASURE="HR"><NAME>Relapse</NAME>
<IV_DATA STUDY_ID="A" ESTIMATE="-0.5" SE="0.2" EFFECT_SIZE="0.607" TOTAL_1="20" TOTAL_2="21"/></IV_OUTCOME>
<IPD_OUTCOME NO="4" EFFECT_MEASURE="PETO_OR"><NAME>Survival</NAME>
<IPD_DATA STUDY_ID="A" O_E="-1.2" VAR="2.3" EVENTS_1="3" EVENTS_2="4" TOTAL_1="15" TOTAL_2="14"/></IPD_OUTCOME>
</COMPARISON></COCHRANE_REVIEW>"""


@pytest.fixture
def review(tmp_path):
    path = tmp_path / "review"
    path.write_text(REVIEW)
    return read_source(path)


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
