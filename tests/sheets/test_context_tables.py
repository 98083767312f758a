"""Comparators, pools, thresholds, trials and searches: every row sourced, every mistake named with its line."""

from __future__ import annotations

import csv

import pytest
from case_files import cases_of

from helpers.sheets.context import read_context
from helpers.sheets.raw import check_raw
from trialfiles import SourceError

CASES = cases_of(__file__)

ESTABLISHED = "comparators/established_treatments.csv"


def change(raw, name: str, row: int, **cells: str) -> None:
    """Change cells of a row, counted from 0, of one of the files."""
    path = raw / name
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    rows[row] |= cells
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def problems(raw) -> list[tuple[str, str, int | None]]:
    with pytest.raises(SourceError) as caught:
        read_context(raw)
    return [(one.field, one.problem, one.line) for one in caught.value.problems]


def test_every_row_says_where_it_was_seen_and_whether_it_is_second_hand(raw):
    context = read_context(raw)
    assert set(context) == {"comparators", "published_pools", "thresholds", "trials", "searches"}
    for name in ("comparators", "published_pools", "thresholds", "trials"):
        for row in context[name]:
            assert row["address"] and row["access"] and row["confidence"]
            assert row["second_hand"] is (row["access"] == "secondary")


def test_every_figure_of_the_evidence_file_on_other_treatments_is_kept_as_printed(raw, shared):
    """No figure is lost or repaired: the rows' numbers are those of the file that they come from."""
    given = list(csv.DictReader((shared / "evidence" / "published_studies.csv").open(encoding="utf-8")))
    ours = read_context(raw)["comparators"]
    names = ("baseline_sd", "followup_mean", "followup_sd", "change_mean", "change_sd", "timepoint_weeks")

    def numbers(rows, arms) -> list[tuple]:
        kept = [row for row in rows if row["arm"] in arms]
        return sorted(
            (row["arm"], *(float(row[name]) if row[name] not in ("", None) else -1e9 for name in names))
            for row in kept
        )

    arms = {row["arm"] for row in ours}
    assert len(ours) == sum(row["arm"] in arms for row in given) == 59
    assert numbers(ours, arms) == numbers(given, arms)


def test_the_threshold_of_a_visible_difference_is_data_and_second_hand(raw):
    (row,) = [row for row in read_context(raw)["thresholds"] if row["row_id"] == "visible"]
    assert (row["value"], row["unit"], row["second_hand"]) == (43.36, "hairs/cm2", True)


@pytest.mark.parametrize(("name", "cells", "field", "problem"), CASES["mistakes"])
def test_a_mistake_is_named_with_its_line(raw, name, cells, field, problem):
    change(raw, name, 0, **cells)
    found = [(one, line) for one, said, line in problems(raw) if problem in said]
    assert (field, 2) in found
    assert any(one.file.endswith(name) for one in check_raw(raw))


def test_a_missing_and_an_unknown_column_are_named(raw):
    path = raw / ESTABLISHED
    path.write_text(path.read_text(encoding="utf-8").replace("row_id,study_id", "row_id,study", 1))
    told = {(field, said) for field, said, _ in problems(raw)}
    assert told == {("study_id", "missing column"), ("study", "unknown column")}


def test_a_row_that_stands_twice_is_named(raw):
    path = raw / ESTABLISHED
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    assert [(field, said) for field, said, _ in problems(raw)] == [("row_id", "'olsen2002.01' stands twice")]


def test_a_stray_file_among_the_comparators_is_named(raw):
    (raw / "comparators" / "notes.csv").write_text("a,b\n")
    assert [said for _, said, _ in problems(raw)] == ["no table has this name"]


def test_a_raw_folder_without_context_has_empty_tables(tmp_path):
    assert read_context(tmp_path) == {
        name: [] for name in ("comparators", "published_pools", "thresholds", "trials", "searches")
    }
