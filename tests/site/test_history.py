"""The versions table: this report and every release, by their data."""

from __future__ import annotations

import pandas as pd
from made_world import write_world

from helpers.narrative.answer import load_tables
from helpers.sheets.context import ReviewFacts, VersionNote
from helpers.site.data import changes_since, history_rows
from helpers.site.index import _changes, _status
from helpers.tables import as_frame
from notebookpress.tables import parquet_bytes


def released(folder, version: str, count: int, **changes):
    """Write a made-up world as a release and return its folder."""
    target = folder / "releases" / version
    tables = load_tables(write_world(folder / f"world-{version}", count, **changes))
    (target / "data").mkdir(parents=True)
    for name, frame in tables.items():
        (target / "data" / f"{name}.parquet").write_bytes(parquet_bytes(frame))
    return target, tables


def test_every_release_is_a_row_the_newest_first(tmp_path):
    released(tmp_path, "1.9", 1)
    newest, _ = released(tmp_path, "1.10", 2)
    now = load_tables(write_world(tmp_path / "now", 3))
    rows = history_rows(now, {"version": "2.0", "previous": newest})
    assert [row["version"] for row in rows] == ["this report, 2.0", "1.10", "1.9"]
    assert [row["studies"] for row in rows] == [3, 2, 1]
    assert rows[0]["certainty"] == "very low for 2"


def test_without_a_release_there_is_this_report_alone(tmp_path):
    now = load_tables(write_world(tmp_path / "now", 1))
    [row] = history_rows(now, {})
    assert row["version"] == "this report, not stated"


def test_the_conclusion_is_compared_within_each_tier(tmp_path):
    """A change in one tier is seen although the other tier still says the same."""
    release, tables = released(tmp_path, "1.0", 1)
    first = tables["certainty"]
    both = pd.concat([first, first.assign(evidence="published")], ignore_index=True)
    for level, words in (("very low", "unchanged"), ("low", "changed: certainty of")):
        both.to_parquet(release / "data" / "certainty.parquet")
        now = both.copy()
        now.loc[now["evidence"] == "core", "certainty"] = level
        said = changes_since(tables | {"certainty": now}, release)[-1]["named"]
        assert said.startswith(words), level


def test_what_changed_since_a_release(tmp_path):
    release, old = released(tmp_path, "1.0", 1)
    new = load_tables(write_world(tmp_path / "new", 2, certainty={"certainty": "low"}))
    assert changes_since(new, None) is None
    rows = {row["table"]: row for row in changes_since(new, release)}
    assert rows["studies"] == {"table": "studies", "new": 1, "changed": 0, "gone": 0, "named": "made2"}
    assert rows["conclusion"]["named"] == "changed: certainty of hair density"
    assert rows["certainty"]["changed"] == 1  # what stands in the table alone, and what the conclusion tells
    for name, key in (("votes", "vote_id"), ("ongoing_trials", "study_id")):
        (before, now), file = (
            (as_frame(name, [{key: word}]) for word in "ab"),
            release / "data" / f"{name}.parquet",
        )
        kept = file.read_bytes()
        file.write_bytes(parquet_bytes(before))
        [row] = (row for row in changes_since(old | {name: now}, release) if row["table"] == name)
        assert (row["new"], row["gone"], row["named"]) == (1, 1, "b")
        file.write_bytes(kept)
    missing = old["studies"].assign(
        n_enrolled=pd.array([12, *[None] * (len(old["studies"]) - 1)], dtype="Int64")
    )
    for frame in (missing, missing.assign(n_enrolled=pd.array([None] * len(missing), dtype="Int64"))):
        (release / "data" / "studies.parquet").write_bytes(parquet_bytes(frame))
        assert [row["table"] for row in changes_since(old | {"studies": frame}, release)] == ["conclusion"]
    (release / "data" / "studies.parquet").write_bytes(parquet_bytes(old["studies"]))
    kept = old["sources"].assign(verified_on="2030-01-01", provenance="read again", citation="anew")
    judged = old["certainty"].assign(reasons="in other words")
    same = changes_since(old | {"sources": kept, "certainty": judged}, release)
    assert [row["table"] for row in same] == ["conclusion"]  # how a source is kept, and words on levels
    same = changes_since(old, release)
    assert [row["table"] for row in same] == ["conclusion"] and same[0]["named"].startswith("unchanged")


def test_the_first_release_tells_of_no_change_since_itself(tmp_path):
    release, tables = released(tmp_path, "1.0", 1)
    facts = {"version": "1.0", "previous": release, "previous_version": "1.0"}
    notes = [VersionNote(version=name, trigger="a search", who="a team") for name in ("1.0", "2.0")]
    for now, count, said in ((facts, 1, "first version"), (facts, 2, "answer unchanged since 1.0"),
                             (facts | {"version": "2.0"}, 1, "answer unchanged since 1.0")):  # fmt: skip
        review = ReviewFacts(versions=tuple(notes[:count]))
        assert said in _status(review, now, changes_since(tables, release))
        first = now["version"] == "1.0"
        page = _changes(tables, now, changes_since(tables, release))
        assert ("This is the first version" in page) is first and ("this report" in page) is not first
