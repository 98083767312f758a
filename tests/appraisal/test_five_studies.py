"""What the rules find in the five sources."""

from __future__ import annotations

import re

import pytest
from case_files import cases_of
from frames import weight

from helpers.appraisal.discrepancies import RULES, merge_discrepancies, rest_on_listed, run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.risk_of_bias import NOT_ASSESSABLE, check_judgements, judge, overall, tool_for
from helpers.tables import validate
from notebookpress.tables import records, split_ids

CASES = cases_of(__file__)

SILENT = {"no information", "unclear", "yes", "no"}  # judgements on what a source does not say
STUDIES = ("IRCT20160427027636N8", "NCT06932393", "chan2025", "lepekhova2025", "wan2025")


@pytest.fixture(scope="module")
def found(tables):
    """Return discrepancies and checks by study."""
    return {name: run_checks(StudyEvidence.from_tables(tables, name)) for name in STUDIES}


def by_check(found, study: str, check: str) -> list[dict]:
    """Return one rule's discrepancies in a study."""
    return [row for row in found[study][0] if row["check"] == check]


def figures(row: dict) -> set[str]:
    """Return the quantities of a discrepancy, without the study."""
    return {name.partition(".")[2] for name in split_ids(row["quantity_ids"])}


def test_every_rule_is_listed_for_every_study(found):
    for discrepancies, checks in found.values():
        assert [row["check"] for row in checks] == [rule.name for rule in RULES]
        found_by = {row["check"] for row in checks if row["outcome"] == "found"}
        assert {row["check"] for row in discrepancies} == found_by
        validate("discrepancies", discrepancies)
        validate("checks", checks)


def test_the_discrepancies_are_the_same_without_the_reported_rows(found, tables):
    fewer = {name: table for name, table in tables.items() if not name.startswith("reported_")}
    for name in STUDIES:
        assert run_checks(StudyEvidence.from_tables(fewer, name)) == found[name]


def test_every_figure_named_exists_and_has_its_place(found, tables):
    known = set(tables["quantities"]["quantity_id"])
    for discrepancies, _ in found.values():
        for row in discrepancies:
            assert set(split_ids(row["quantity_ids"])) <= known
            places = row["locators"].split("; ")
            assert places == ["all that was read"] or all(re.search(r", line \d+", place) for place in places)
            assert places != ["all that was read"] or not row["quantity_ids"]


@pytest.mark.parametrize(("study", "check", "discrepancies"), CASES["found"])
def test_what_a_rule_finds_in_a_source(found, study, check, discrepancies):
    rows = by_check(found, study, check)
    assert len(rows) == len(discrepancies)
    for row, (how, words, names) in zip(rows, discrepancies, strict=True):
        assert weight(row) == how and set(names) <= figures(row)
        assert all(text in f"{row['statement']} {row['arithmetic']}" for text in words)


def test_merged_discrepancies_keep_every_reviewer_discrepancy_once(found, tables):
    readers = records(tables["reviewer_discrepancies"])
    by_rule = [row for discrepancies, _ in found.values() for row in discrepancies]
    merged = merge_discrepancies(by_rule, readers)
    names = [row["discrepancy_id"] for row in merged]
    assert len(names) == len(set(names)) == len(validate("discrepancies", merged))
    dropped = {row["discrepancy_id"] for row in readers} - set(names)
    assert "IRCT20160427027636N8.phase-two-values" in dropped
    assert "wan2025.no-control-but-control" in dropped


def test_the_sheets_judge_risk_of_bias_in_the_words_of_their_tools(tables):
    assert check_judgements(tables["reader_judgements"]) == []
    wanted = {"wan2025": "critical", "chan2025": "checklist without an overall judgement", "lepekhova2025": NOT_ASSESSABLE,
              "NCT06932393": "not appraised"}  # fmt: skip
    for name, verdict in wanted.items():
        study = StudyEvidence.from_tables(tables, name)
        by_hand = tables["reader_judgements"].query("study_id == @name")
        rows, _ = judge(study.study, len(study.arms), (), records(by_hand))
        assert overall(rows) == verdict and check_judgements(rows) == []


CERTAIN_BY_RULE = CASES["certain by rule"]


@pytest.fixture(scope="module")
def merged(found, tables):
    """Return the discrepancies of rules and readers by study."""
    readers = tables["reviewer_discrepancies"]
    own = {name: records(readers[readers["study_id"] == name]) for name in found}
    return {name: merge_discrepancies(rows, own[name]) for name, (rows, _) in found.items()}


@pytest.mark.parametrize("study", CERTAIN_BY_RULE)
def test_contradictions_that_a_reader_without_the_sheets_called_certain_are_found_by_rule(merged, study):
    rows = [row for row in merged[study] if row["detected_by"] == "automated"]
    assert {row["check"] for row in rows if row["certain"]} >= set(CERTAIN_BY_RULE[study])


def test_no_sentence_stands_twice(merged):
    statements = [(row["study_id"], row["statement"]) for rows in merged.values() for row in rows]
    assert len(statements) == len(set(statements))


def test_each_study_is_judged_with_the_tool_of_its_design_and_on_discrepancies_that_are_listed(
    merged, tables
):
    for name, discrepancies in merged.items():
        judged = tables["reader_judgements"]
        judged = records(judged[judged["study_id"] == name])
        study = StudyEvidence.from_tables(tables, name)
        assert {row["tool"] for row in judged} <= {tool_for(study.study, len(study.arms))}
        listed = {row["discrepancy_id"] for row in discrepancies}
        rows = rest_on_listed(judged, discrepancies)
        assert all(set(split_ids(row["discrepancy_ids"])) <= listed for row in rows)
        silent = [row for row in rows if not (row["discrepancy_ids"] or row["quantity_ids"])]
        assert {row["judgement"] for row in silent} <= SILENT


def test_adverse_events_say_what_was_watched_for_how_long_and_how_frequent_they_may_be(tables):
    events = tables["adverse_events"]
    events = events[events["study_id"].isin(STUDIES)]
    assert events["monitored"].notna().all()
    assert events["monitored_weeks"].isna().all()  # no text gives the time
    absent = events[events["count"] == 0].set_index(["study_id", "term"])["upper_limit"]
    assert absent["wan2025", "significant adverse event"] == pytest.approx(1 - 0.05 ** (1 / 16))
    assert (absent["chan2025"] == 0.95).all() and len(absent["chan2025"]) == 5
