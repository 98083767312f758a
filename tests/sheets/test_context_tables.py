"""Comparators, pools, thresholds, trials and searches: every row sourced, every mistake named with its line."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest
from case_files import cases_of

from helpers.sheets.context import last_search, read_certainty_overrides, read_context, read_review_facts
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


CHAN = Path(__file__).parents[2] / "data" / "raw" / "studies" / "chan2025.yaml"
GOOD = CASES["override"]


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "studies").mkdir(exist_ok=True)
    shutil.copy(CHAN, tmp_path / "studies")
    (tmp_path / "certainty_overrides.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_no_file_no_override(tmp_path: Path):
    assert read_certainty_overrides(tmp_path) == []
    assert read_review_facts(tmp_path).searches == ()


def test_an_override_is_read_with_its_name(tmp_path: Path):
    [row] = read_certainty_overrides(written(tmp_path, GOOD))
    assert (row["override_id"], row["steps"], row["by"]) == ("core.hair_density.imprecision", 1, "a reviewer")


@pytest.mark.parametrize(("old", "new", "line", "words"), CASES["overrides"])
def test_a_wrong_override_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, words: str
):
    folder = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        read_certainty_overrides(folder)
    [problem] = caught.value.problems
    assert problem.line == line and words in str(problem)
    assert str(problem) in [str(one) for one in check_raw(folder)]


def test_the_same_domain_twice_is_refused(tmp_path: Path):
    twice = GOOD + GOOD.removeprefix("overrides:\n")
    with pytest.raises(SourceError, match="stands twice"):
        read_certainty_overrides(written(tmp_path, twice))


def with_facts(folder: Path, text: str) -> Path:
    (folder / "review.yaml").write_text(text, encoding="utf-8")
    return folder


SEARCH = "{on: %s, extent: %s, where: a, what: b}"


def test_a_search_of_single_records_is_no_search_for_studies(tmp_path, checkout):
    assert read_review_facts(checkout / "data" / "raw").searches[0].on == "2026-11"
    searches = [("2026-11-22", "single records"), ("2026-10", "broad"), ("2025", "systematic")]
    text = "status: living\nprotocol: null\nsearches:\n" + "".join(f"- {SEARCH % one}\n" for one in searches)
    facts = read_review_facts(with_facts(tmp_path, text))
    assert [(search.on, search.extent) for search in facts.searches] == searches
    assert facts.last_search.on == "2026-10" and facts.due is None
    assert (facts.status, facts.protocol) == ("living", None)
    rows = read_context(tmp_path)["searches"]
    assert [row["search_id"] for row in rows] == ["search-1", "search-2", "search-3"]
    assert last_search(pd.DataFrame(rows)) == "2026-10"
    assert last_search(None) is None and last_search(pd.DataFrame(rows[:0])) is None
    assert last_search(pd.DataFrame(rows[:1])) is None


@pytest.mark.parametrize(
    ("days", "due"), [([], None), (["2026-08-31", "2026-08"], "2027-02-28"), (["2025"], "2025-07-01")]
)
def test_the_next_search_is_due_months_after_the_last(tmp_path, days, due):
    searches = ", ".join(SEARCH % (day, "broad") for day in days)
    policy = (
        f"searches: [{searches}]\nupdates: {{every_months: 6, trigger: a, read_again: b, retire: c, who: d}}"
    )
    facts = read_review_facts(with_facts(tmp_path, f"status: living\n{policy}\n"))
    assert (facts.due and facts.due.isoformat()) == due
    assert read_review_facts(with_facts(tmp_path, f"status: retired\n{policy}")).due is None


@pytest.mark.parametrize(("text", "words"), CASES["refused"])
def test_refused_with_the_place_and_the_remedy(tmp_path, text: str, words: str):
    with pytest.raises(SourceError, match=f"review.yaml.*{words}"):
        read_review_facts(with_facts(tmp_path, text))
