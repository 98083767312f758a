"""The committed report is what the code makes; looked at where EVIDENCE_REQUIRE_REPORT is set, as in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REMEDY = "run `evidence run` and commit reports/ with the change that made them differ"


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a report by its name, frozen releases left out."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith("releases/")}


def differences(committed: dict[str, bytes], fresh: dict[str, bytes]) -> str:
    """Return what to read when two reports differ: the files, how each differs, and the remedy; else nothing."""
    lines = [f"  committed, but no longer made: {name}" for name in sorted(set(committed) - set(fresh))]
    lines += [f"  made, but not committed: {name}" for name in sorted(set(fresh) - set(committed))]
    for name in sorted(set(fresh) & set(committed)):
        if fresh[name] != committed[name]:
            old, new = committed[name], fresh[name]
            at = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
            line = old[:at].count(b"\n") + 1
            lines.append(
                f"  out of date: {name}, first at line {line} ({len(old)} bytes committed, {len(new)} made)"
            )
    if not lines:
        return ""
    return "\n".join([f"{len(lines)} file(s) of reports/ are not what the code makes; {REMEDY}", *lines])


def test_the_committed_report_is_what_the_code_makes(made, checkout: Path):
    if not os.environ.get("EVIDENCE_REQUIRE_REPORT"):
        pytest.skip("set EVIDENCE_REQUIRE_REPORT to compare the committed reports/ with what the code makes")
    if told := differences(contents(checkout / "reports"), contents(made.reports)):
        pytest.fail(told, pytrace=False)


def test_a_difference_names_its_files_and_the_remedy(tmp_path: Path):
    for name, words in (("a", "1"), ("b", "2")):
        (tmp_path / name / "releases").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text(f"same\n{words}")
        (tmp_path / name / f"only-{name}.html").write_text("x")
        (tmp_path / name / "releases" / "x.html").write_text(words)
    told = differences(contents(tmp_path / "a"), contents(tmp_path / "b")).splitlines()
    assert told[0].startswith("3 file(s)") and told[0].endswith(REMEDY)
    assert told[1:] == [
        "  committed, but no longer made: only-a.html",
        "  made, but not committed: only-b.html",
        "  out of date: index.html, first at line 2 (6 bytes committed, 6 made)",
    ]
    assert differences(contents(tmp_path / "a"), contents(tmp_path / "a")) == ""


def test_ci_asks_for_it(checkout: Path):
    assert "EVIDENCE_REQUIRE_REPORT=1" in (checkout / ".ci" / "run").read_text(encoding="utf-8")
