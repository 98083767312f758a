"""Each check finds the figure that was broken, weighs it rightly, and says what it lacks."""

from __future__ import annotations

import pytest
from case_files import cases_of
from frames import RULE, STUDY, evidence, frame, quantity, result, weight

from helpers.appraisal.discrepancies import RULES, run_checks
from helpers.appraisal.evidence import NotApplicable, StudyEvidence

CASES = cases_of(__file__)


def study_of(case: dict) -> StudyEvidence:
    """Return the study of a case: its figures, its results, and other rows that it has."""
    tables = {name: rows for name, rows in case.items() if name not in ("check", "found", "says")}
    figures = [row | {"name": row["id"]} for row in tables.pop("quantities", [])]
    figures = [quantity(**{key: value for key, value in row.items() if key != "id"}) for row in figures]
    rows = [result(number, **row) for number, row in enumerate(tables.pop("results", []), start=1)]
    return evidence(figures, rows, **tables)


@pytest.mark.parametrize("case", [
    pytest.param(case, id=f"{name}-{n}") for name, cases in CASES.items() for n, case in enumerate(cases, 1)
])  # fmt: skip
def test_a_check_weighs_what_it_finds(case):
    if case["found"] == "not applicable":
        with pytest.raises(NotApplicable):
            RULE[case["check"]].run(study_of(case))
        return
    rows = RULE[case["check"]].run(study_of(case))
    frame("discrepancies", rows)
    assert [weight(row) for row in rows] == case["found"]
    told = "; ".join(f"{row['statement']} {row['arithmetic']}; {row['locators']}" for row in rows)
    assert all(words in told for words in case.get("says", ()))


def test_rules_without_inputs_are_not_applicable():
    discrepancies, checks = run_checks(evidence(study={"comparison": None}, arms=[]))
    assert discrepancies == []
    assert {row["outcome"] for row in checks} <= {"not applicable", "passed"}
    assert len(frame("checks", checks)) == len(RULES)


def test_a_discrepancy_says_where_and_with_which_numbers():
    row = RULE["percent-of-n"].run(study_of(CASES["share_of_people"][0]))[0]
    assert row["discrepancy_id"] == f"{STUDY}.rule-percent-of-n-1"
    assert row["locators"] == "made.txt, line 7 (Results); made.txt, line 3 (Methods)"
    assert "12.8" in row["arithmetic"] and "n = " in row["arithmetic"]
    assert row["quantity_ids"] == f"{STUDY}.p;{STUDY}.n"
    assert row["concepts"] == "satisfaction"


def test_a_time_point_without_any_result_is_not_applicable():
    study = study_of(CASES["time_points"][0] | {"results": []})
    with pytest.raises(NotApplicable):
        RULE["time-point-not-reported"].run(study)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"section": "Methods", "line": 3}, "Methods"),
        ({"section": None, "line": 3}, "line 3"),
        ({"section": None, "line": None, "access": "abstract"}, "abstract"),
        ({"section": None, "line": None}, "place not stated"),
    ],
)
def test_the_place_of_a_figure_is_always_told(where, words):
    figures = [
        quantity("a", "20", "sample_size", value=20, kind="n", role="design", unit="people", **where),
        quantity("b", "24", "sample_size", value=24, kind="n", role="design", unit="people"),
    ]
    rows = RULE["printed-twice"].run(evidence(figures))
    assert any(f"20 ({words})" in row["arithmetic"] for row in rows)
