"""The grammar, kind by kind: sentences written for these tests, each with all that it prints."""

import pytest
from review_readers import find_quantities


def readings(text: str) -> list[tuple]:
    """Return kind, printed token, and the numbers in it, for each quantity in a text."""
    return [(one.kind, one.printed, *one.values) for one in find_quantities(text)]


SPREADS = [
    ("It rose from 121.7 ± 37.2 on.", ("mean_sd", "121.7 ± 37.2", 121.7, 37.2)),
    ("It was 27.56±4.20.", ("mean_sd", "27.56±4.20", 27.56, 4.2)),
    ("It was 80\u2009±\u200910 hairs/cm².", ("mean_sd", "80\u2009±\u200910 hairs/cm²", 80, 10)),
    ("It was 80\u00a0+/-\u00a010.", ("mean_sd", "80\u00a0+/-\u00a010", 80, 10)),
    ("A change of \u22123.5 ± 1.2 mm.", ("mean_sd", "\u22123.5 ± 1.2 mm", -3.5, 1.2)),
    ("It was 64.0 (SD 12.1).", ("mean_sd", "64.0 (SD 12.1)", 64, 12.1)),
    ("It was 64.0 (s.d. = 12.1).", ("mean_sd", "64.0 (s.d. = 12.1)", 64, 12.1)),
    ("It was 64.0 (±12.1).", ("mean_sd", "64.0 (±12.1)", 64, 12.1)),
    ("It was M = 64.0, SD = 12.1.", ("mean_sd", "M = 64.0, SD = 12.1", 64, 12.1)),
    ("The mean (SD) width was 64.0 (12.1) µm.", ("mean_sd", "64.0 (12.1) µm", 64, 12.1)),
    ("a standard deviation of 6.5 hairs/cm²", ("sd", "6.5 hairs/cm²", 6.5)),
    ("with SD = 6.5", ("sd", "6.5", 6.5)),
    ("Values were 12.3 ± 1.1 (SEM).", ("mean_se", "12.3 ± 1.1", 12.3)),
    ("Median age was 41 (IQR 33–52) years.", ("median_iqr", "41 (IQR 33–52) years", 41, 33, 52)),
    ("median (IQR) 12 [8, 15]", ("median_iqr", "12 [8, 15]", 12, 8, 15)),
    ("a median of 40.2 (IQR 25)", ("median", "40.2", 40.2)),
    ("The mean thickness was 3.4 in all.", ("mean", "3.4", 3.4)),
    ("average gain of 12 hairs/cm²", ("mean", "12 hairs/cm²", 12)),
]
INFERENCE = [
    ("(P < 0.001)", ("p_value", "P < 0.001", 0.001)),
    ("(p=.002)", ("p_value", "p=.002", 0.002)),
    ("P ≤ 0,05", ("p_value", "P ≤ 0,05", 0.05)),
    ("a P value of 0.03", ("p_value", "P value of 0.03", 0.03)),
    ("p<1×10−5", ("p_value", "p<1×10−5", 1e-5)),
    ("*P* \\< 0.01", ("p_value", "P* \\< 0.01", 0.01)),
    ("(95% CI 17.1 to 33.5)", ("ci", "95% CI 17.1 to 33.5", 17.1, 33.5)),
    ("95 %CI [−0.2; 3.1]", ("ci", "95 %CI [−0.2; 3.1]", -0.2, 3.1)),
    ("95% confidence interval: 0.88–0.95", ("ci", "95% confidence interval: 0.88–0.95", 0.88, 0.95)),
    ("ICC = 0.92", ("coefficient", "ICC = 0.92", 0.92)),
    ("the ICC was 0.92", ("coefficient", "0.92", 0.92)),
    ("F(1,58) = 4.51", ("statistic", "F(1,58) = 4.51", 4.51)),
    ("[95% CI 0.2, 1.1]", ("ci", "95% CI 0.2, 1.1", 0.2, 1.1)),
    ("OR 1.5 in all", ("effect", "1.5", 1.5)),
    ("HR 0.5 (0.3–0.9)", ("ci", "0.3–0.9", 0.3, 0.9)),
    ("The OR (95% CI) was 1.4 (1.1 to 1.9).", ("ci", "1.1 to 1.9", 1.1, 1.9)),
    ("rates (95% CI) of 22 [15; 31] and 9 [4; 16]", ("ci", "4; 16", 4, 16)),
    ("p values of 0.03 and 0.04", ("p_value", "0.04", 0.04)),
    ("Cohen's d = 0.71", ("effect", "Cohen's d = 0.71", 0.71)),
]
MEASURES = [
    ("with 80% of them", ("percent", "80%", 80)),
    ("a gain of 20-25% in density", ("range", "20-25%", 20, 25)),
    ("vellus hair fell to 21/12% there", ("pair", "21/12%", 21, 12)),
    ("dryness ≥ 5%", ("percent", "≥ 5%", 5)),
    ("≤ 190 hair/cm² at entry", ("density", "≤ 190 hair/cm²", 190)),
    ("densities of 75 hairs per square centimetre", ("density", "75 hairs per square centimetre", 75)),
    ("ranging from 70 hairs/cm² to 90 hairs/cm²", ("range", "70 hairs/cm² to 90 hairs/cm²", 70, 90)),
    ("5E8 \\~5E9 particles/cm² each", ("dose", "5E8 \\~5E9 particles/cm²", 5e8, 5e9)),
    ("3cc were given", ("dose", "3cc", 3)),
    ("10 billion particles per vial", ("dose", "10 billion particles per vial", 1e10)),
    ("1 × 10⁹ particles/mL", ("dose", "1 × 10⁹ particles/mL", 1e9)),
    ("2.5 mg/day by mouth", ("dose", "2.5 mg/day", 2.5)),
    ("5 mg/kg/day of it", ("dose", "5 mg/kg/day", 5)),
    ("1x10^9 were given", ("dose", "1x10^9", 1e9)),
    ("at 2×10^10/mL", ("dose", "2×10^10/mL", 2e10)),
    ("12–34", ("range", "12–34", 12, 34)),
    ("1.5 cm × 1.5 cm fields", ("area", "1.5 cm × 1.5 cm", 1.5)),
    ("a 4 cm2 field", ("area", "4 cm2", 4)),
    ("a 1.5-mm roller", ("length", "1.5-mm", 1.5)),
    ("seen at ×60", ("magnification", "×60", 60)),
    ("a score of 2.5", ("score", "2.5", 2.5)),
]
PEOPLE_AND_TIME = [
    ("(n = 30)", ("n", "n = 30", 30)),
    ("N=1,200", ("n", "N=1,200", 1200)),
    ("with 16 Korean men", ("n", "16 Korean men", 16)),
    ("Thirty patients came", ("n", "Thirty patients", 30)),
    ("All\nTarget Sample Size\n60\nNext", ("n", "60", 60)),
    ("in 12 of 16 of them", ("ratio", "12 of 16", 12, 16)),
    ("allocated 2:1:1 (ratio 2:1:1)", ("ratio", "2:1:1", 2, 1)),
    ("18 Years and older", ("age", "18 Years", 18)),
    ("adults ≥18 years", ("age", "≥18 years", 18)),
    ("hair loss for ≥ 20 years", ("duration", "≥ 20 years", 20)),
    ("twelve (75%) of them", ("count", "twelve", 12)),
    ("at 2-week intervals", ("duration", "2-week", 2)),
    ("Grade 2–3 hair loss", ("grade", "Grade 2–3", 2, 3)),
    ("in blocks of 6", ("count", "6", 6)),
    ("5 treatment sessions", ("count", "5 treatment sessions", 5)),
    ("a 5-point scale", ("count", "5-point", 5)),
    ("aged 36–45 years", ("age", "36–45 years", 36, 45)),
    ("18~75 years old", ("age", "18~75 years", 18, 75)),
    ("a 60-year-old man", ("age", "60-year-old", 60)),
    ("From **18 years** old to **60 years** old", ("age", "18 years** old to **60 years", 18, 60)),
    ("the 12-month follow-up", ("timepoint", "12-month", 12)),
    ("seen at week 24", ("timepoint", "week 24", 24)),
    ("density3rd month", ("timepoint", "3rd month", 3)),
    ("once more for three months", ("duration", "three months", 3)),
    ("after twenty four hours", ("timepoint", "twenty four hours", 24)),
    ("gone within 48 hours", ("duration", "48 hours", 48)),
    ("Norwood–Hamilton stages III–V", ("grade", "Norwood–Hamilton stages III–V", 3, 5)),
    ("Ludwig Grade I to II", ("grade", "Ludwig Grade I to II", 1, 2)),
    ("BASP grade (M2 to M3)", ("grade", "M2 to M3", 2, 3)),
    ("a phase 2-3 trial", ("phase", "phase 2-3", 2, 3)),
]


@pytest.mark.parametrize(("text", "expected"), SPREADS + INFERENCE + MEASURES + PEOPLE_AND_TIME)
def test_every_spelling(text, expected):
    assert expected in readings(text)
    assert len([one for one in readings(text) if one[0] == expected[0]]) <= 2


def test_enumerations_share_their_unit():
    found = find_quantities("Seen at 1, 3, 6, and 12 months; doses of 5, 10 and 20 mg.")
    assert [(one.kind, one.value, one.unit) for one in found] == [
        *[("timepoint", value, "months") for value in (1, 3, 6, 12)],
        *[("dose", value, "mg") for value in (5, 10, 20)],
    ]
    found = find_quantities("Seen at 1 month, 3 months, and 6 months after it.")
    assert {one.kind for one in found} == {"timepoint"}


def test_unit_of_the_second_mean_holds_for_the_first():
    found = find_quantities("It rose from 121.7 ± 37.2 to 146.6 ± 41.1 hairs/cm².")
    assert [one.unit for one in found] == ["hairs/cm²", "hairs/cm²"]


def test_lists_after_their_unit():
    found = find_quantities("Visits at weeks 4, 8, and 12.")
    assert [(one.kind, one.printed, one.unit) for one in found] == [
        ("timepoint", "weeks 4", "weeks"),
        ("timepoint", "8", "weeks"),
        ("timepoint", "12", "weeks"),
    ]


def test_change_is_not_a_range():
    found = find_quantities("It rose from 75 to 110 hairs/cm².")
    assert [(one.kind, one.value) for one in found] == [("density", 75), ("density", 110)]
    found = find_quantities("The index changed from 2.1 to 3.4 there.")
    assert [(one.kind, one.value) for one in found] == [("estimate", 2.1), ("estimate", 3.4)]


def test_a_share_before_its_interval_is_a_percent():
    assert readings("a response of 80% (95% CI 70% to 88%)")[0] == ("percent", "80%", 80)


def test_relations():
    found = {one.printed: one.relation for one in find_quantities("P < 0.01; about 80%; less than 0.03 mm")}
    assert found == {"P < 0.01": "<", "80%": "≈", "0.03 mm": "<"}


def test_wrapped_lines_and_tags():
    wrapped = "The density in the treated area of the scalp was 80 ±\n10 hairs/cm² after it."
    assert ("mean_sd", "80 ±\n10 hairs/cm²", 80, 10) in readings(wrapped)
    tagged = "<p><italic>P</italic> &#x0003c; 0.01 in 4&#x02009;cm<sup>2</sup> fields</p>"
    assert [one[2] for one in readings(tagged)] == [0.01, 4]


NOTHING = [
    "Their values were 64.0 (12.1) in one half.",
    "Known since long [1, 2], and again [7–11].",
    "Smith A. Hair. J Hair. 2019;46(3):212–219. doi: 10.1000/xyz123.5",
    "Smith and others (2019) and Jones (2020, 2021)",
    "Call +44 20 7946 0018 or fax 011-7946-0018",
    "Town 01234, and 12345 67890, and 123456",
    "mail person90@example7.org or see https://host.org/12/34%205",
    "ORCID 0000-0001-2345-6789, ISSN: 3048-8206",
    "IL-6, IGF-1, 5α-reductase, C57BL/6, NCT06932393, L64",
    "Figures 1, 2, 3, 4 and Table 2 and Fig. 3",
    "between 2010 and 2020, in 2015",
    "on 25 November 2024 and on 2025-08-23, 1404/05/11",
    "from January 2020 to 4 March 2021; then no more",
    "the Canon SD 4500 camera",
    "CC BY 4.0, Attribution 4.0, at 10:30",
    "Level of Evidence IV",
    "p = NS",
    "pages 12–34 or 12 to 34 of it",
    "Their values were 5.1 [1.2; 3.4] in one half.",
    "",
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_quantity(text):
    assert [one for one in readings(text) if one[1] != "one half"] == []


def test_reference_list_is_skipped_until_the_next_part():
    text = (
        "Of 12 patients\n\nReferences\n\n1. Doe J. A 5% lotion in 40 patients.\n\nSupplementary files\n\n×60"
    )
    assert [one[1] for one in readings(text)] == ["12 patients", "×60"]


TABLE = """Table 1 Counts (hairs/cm²) of both arms

Visit\tActive mean (SD)\tControl\tP-value
Week 4\t95 ± 12\t85 ± 14\t0.021
Week 8\t178.3 (7.8)\t150.0 (8.1)\t0.043*
"""


def test_table_cells_take_their_meaning_from_headers():
    found = find_quantities(TABLE)
    assert [(one.kind, *one.values) for one in found if one.kind != "timepoint"] == [
        ("mean_sd", 95, 12),
        ("mean_sd", 85, 14),
        ("p_value", 0.021),
        ("mean_sd", 178.3, 7.8),
        ("mean_sd", 150.0, 8.1),
        ("p_value", 0.043),
    ]
    assert {one.unit for one in found if one.kind == "mean_sd"} == {"hairs/cm²"}


def test_counts_with_percent_in_a_table():
    table = "Event | Active N (%) | Control N (%)\nItch | 31 (68.9) | 29(64.4)\n"
    assert readings(table) == [
        ("count", "31", 31),
        ("percent", "68.9", 68.9),
        ("count", "29", 29),
        ("percent", "64.4", 64.4),
    ]


def test_table_without_a_promise_is_left_alone():
    assert readings("Item\tA\tB\nShine\t4.60 (1.00)\t4.37 (0.77)\n") == []
