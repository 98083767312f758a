"""The committed report is what the code makes; looked at where EVIDENCE_REQUIRE_REPORT is set, as in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a report by its name, frozen releases left out."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith("releases/")}


def test_the_committed_report_is_what_the_code_makes(made, checkout: Path):
    if not os.environ.get("EVIDENCE_REQUIRE_REPORT"):
        pytest.skip("set EVIDENCE_REQUIRE_REPORT to compare the committed reports/ with what the code makes")
    committed, fresh = contents(checkout / "reports"), contents(made.reports)
    assert sorted(set(committed) - set(fresh)) == [], "committed, and the code makes no such file"
    assert sorted(set(fresh) - set(committed)) == [], "made by the code, and not committed: evidence run"
    assert [name for name in fresh if fresh[name] != committed[name]] == [], "out of date: evidence run"


def test_a_difference_is_seen(tmp_path: Path):
    for name, words in (("a", "1"), ("b", "2")):
        (tmp_path / name / "releases").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text(words)
        (tmp_path / name / "releases" / "x.html").write_text(words)
    one, two = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert set(one) == {"index.html"} and one != two
