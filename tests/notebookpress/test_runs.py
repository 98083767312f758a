"""Whole runs of the small project: what is made, kept, made again, and said when something fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from station_project import (
    EACH,
    EACH_PARAMETERS,
    FIRST,
    FIRST_PARAMETERS,
    LAST,
    LAST_PARAMETERS,
    Evidence,
    contents,
    evidence_command,
    processes_below,
    snapshot,
    write_cells,
)


def test_a_report_is_made_and_then_up_to_date(project: Path, evidence: Evidence) -> None:
    status, said = evidence("run", "--jobs", "2")
    assert status == 0, said
    assert "[1/7] 01_first … " in said
    assert str(project / "reports" / "index.html") in said
    assert (project / ".evidence").stat().st_mode & 0o777 == 0o700
    before = snapshot(project)
    manifest = json.loads((project / "reports" / "manifest.json").read_text())
    assert manifest["wasGeneratedBy"]["data/processed/overview.parquet"] == "03_last"
    assert str(project) not in (project / "reports" / "manifest.json").read_text()

    status, said = evidence("run")
    assert (status, "0 run, 7 up to date, 0 file(s) written" in said) == (0, True), said
    assert snapshot(project) == before

    (project / "reports" / "index.html").unlink()
    (project / "data" / "processed" / "readings.parquet").write_text("edited")
    status, said = evidence("run")
    assert "0 run, 7 up to date, 2 file(s) written" in said
    assert contents(project) == {name: content for name, (content, _) in before.items()}

    (project / ".evidence" / "processed" / "overview.parquet").unlink()
    (project / ".evidence" / "site" / "index.html").write_text("edited")
    status, said = evidence("run")
    assert status == 0
    assert "] 03_last … " in said
    assert "] 01_first … " not in said
    assert (project / ".evidence" / "site" / "index.html").read_bytes() == before["reports/index.html"][0]


def test_what_changes_is_run_again(made: Path, evidence: Evidence) -> None:
    status, said = evidence("run", "-p", "season=winter")
    assert (status, "2 run, 5 up to date" in said) == (0, True), said
    write_cells(made / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, "print('other')")
    status, said = evidence("run", "-p", "season=winter")
    assert (status, "3 run, 4 up to date" in said) == (0, True), said
    (made / "data" / "raw" / "stations" / "beta.yaml").unlink()
    assert evidence("run")[0] == 0
    assert not (made / "reports" / "stations" / "02_each-beta.html").exists()
    assert not (made / ".evidence" / "executed" / "02_each-beta.ipynb").exists()
    (made / "reports" / "notes.txt").write_text("not ours")
    (made / "data" / "raw" / "stations" / "gamma.yaml").write_text("name: gamma\n")
    assert evidence("run")[0] == 0
    assert (made / "reports" / "stations" / "02_each-gamma.html").exists()
    assert (made / "reports" / "notes.txt").exists()


def test_another_schema_makes_everything_again(made: Path, evidence: Evidence) -> None:
    """Also where it stands in no package: a table may be refused by it, or read otherwise."""
    path = made / "notebooks" / "schema.yaml"
    path.write_text(path.read_text().replace("meaning: A station", "meaning: Where it is read"))
    status, said = evidence("run")
    assert (status, "7 run, 0 up to date" in said) == (0, True), said


def test_a_notebook_that_differs_in_its_kept_output_only_is_on_the_pages_too(
    made: Path, evidence: Evidence
) -> None:
    """It gives the same tables and outputs, but a page tells the hash of its run."""
    path = made / "notebooks" / "03_last.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kept"] = "another output"
    path.write_text(json.dumps(notebook))
    status, said = evidence("run")
    assert (status, "2 run, 5 up to date, 2 file(s) written" in said) == (0, True), said


FAILURES = {
    "raises": ("# count them\n1 / 0", "ZeroDivisionError: division by zero"),
    "ends itself": ("import sys; sys.exit(0)", "SystemExit: 0 - the cell ended the notebook"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    "hangs": ("import time; time.sleep(60)", "when its 6 s were over"),
    "writes no table": ("print('nothing')", "did not write stations, readings"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_names_the_place_and_keeps_the_report(made: Path, evidence: Evidence, case: str) -> None:
    source, error = FAILURES[case]
    before = snapshot(made, "reports", "data")
    cells = [source] if case in ("writes no table", "hangs") else [FIRST, source, "print('never')"]
    notebook = write_cells(made / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, *cells)
    status, said = evidence("run", *(("--timeout", "6") if case == "hangs" else ()))
    assert (status, str(notebook) in said, error in said) == (1, True, True), said
    assert "1 failed, 6 not run" in said and "Traceback" not in said
    assert snapshot(made, "reports", "data") == before
    assert processes_below(made) == []
    failed = made / ".evidence" / "executed" / "01_first.failed.ipynb"
    if case != "writes no table":
        assert ("code cell 2 of 2" if case == "hangs" else "code cell 3 of 4 (cell 4 of 5)") in said
        assert f"first line: {source.splitlines()[0]}" in said
        assert str(failed) in said and failed.is_file()
    write_cells(made / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, FIRST)
    assert evidence("run")[0] == 0
    assert not failed.exists()


def test_all_failures_are_listed(project: Path, evidence: Evidence) -> None:
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, "raise ValueError(station_id)")
    status, said = evidence("run", "--jobs", "2")
    assert status == 1
    assert "ValueError: alpha" in said
    assert "ValueError: beta" in said
    assert "02_each-beta" in said
    assert "[7/7] the pages … not run" in said
    assert not (project / "reports").exists()


def test_one_that_fails_is_left_out_unless_all_are_asked_for(made: Path, evidence: Evidence) -> None:
    each = LAST.replace('int(found["sums"]["lines"].sum())', 'len(found["stations"])')
    write_cells(made / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, each)  # counts what it can read
    assert evidence("run")[0] == 0
    before, whole = snapshot(made, "reports", "data"), contents(made, "reports", "data")
    fails = "assert station_id != 'beta', 'no sun'"
    write_cells(made / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, fails, EACH)
    status, said = evidence("run", "--strict")
    assert (status, "the earlier report" in said) == (1, True), said
    assert snapshot(made, "reports", "data") == before
    for again in (False, True):  # what was made without it is not made a second time
        status, said = evidence("run")
        assert (status, "made without beta" in said, "no sun" in said) == (1, True, True), said
        assert ("03_last …" in said.replace("03_last … not run", "")) is not again
    read = {
        name: pd.read_parquet(made / "data/processed" / f"{name}.parquet") for name in ("sums", "overview")
    }
    assert (list(read["sums"]["station_id"]), list(read["overview"]["total"])) == (["alpha"], [2])
    manifest = json.loads((made / "reports" / "manifest.json").read_text())
    assert list(manifest["left_out"]) == ["beta"] and "AssertionError: no sun" in manifest["left_out"]["beta"]
    assert str(made) not in manifest["left_out"]["beta"]
    assert evidence("verify")[0] == 0
    write_cells(made / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH)
    assert evidence("run", "--strict")[0] == 0
    assert contents(made, "reports", "data") == whole


def test_wrong_usage_starts_nothing(project: Path, evidence: Evidence) -> None:
    before = snapshot(project, ".")
    status, said = evidence("run", "-p", "saeson=summer", "-p", "rounds=x")
    assert (status, "did you mean 'season'?" in said, "whole number" in said) == (2, True, True)
    assert evidence("run", "--jobs", "0")[0] == 2
    assert evidence("run", "--no-such-option")[0] == 2
    assert evidence("sweep", "grid.yaml", "--jobs", "0")[0] == 2
    assert snapshot(project, ".") == before


def test_wrong_raw_data_starts_nothing(project: Path, evidence: Evidence) -> None:
    sheet = project / "data" / "raw" / "stations" / "beta.yaml"
    sheet.write_text("broken")
    status, said = evidence("run")
    assert (status, "mend it" in said, (project / ".evidence").exists()) == (1, True, False)
    sheet.write_text("name: beta\n")
    write_cells(project / "notebooks" / "03_last.ipynb", LAST_PARAMETERS.replace("= 2", "= 3"), LAST)
    status, said = evidence("run")
    assert (status, "is 3 here and 2 in parameters.yaml" in said) == (1, True)
    status, said = evidence("run", "--raw", "nowhere")
    assert (status, "no such folder" in said) == (1, True)


def test_a_broken_site_keeps_the_report(
    made: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(made, "reports", "data")

    monkeypatch.setenv("STUB_BROKEN", "1")
    (made / ".evidence" / "site" / "index.html").unlink()
    status, said = evidence("run")
    assert (status, "KeyError" in said, "Traceback" in said) == (1, True, False)
    assert "KeyError" in (made / ".evidence" / "log" / "site.traceback.txt").read_text()
    assert snapshot(made, "reports", "data") == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX")
def test_an_interruption_ends_the_kernels(project: Path) -> None:
    import signal

    begun = str(project.parent / "at work")
    write_cells(
        project / "notebooks" / "02_each.ipynb",
        EACH_PARAMETERS,
        f"open({begun!r}, 'w').close()\nimport time; time.sleep(120)",
    )
    command = [*evidence_command(project), "run", "--jobs", "2"]
    running = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
    assert "01_first" in running.stderr.readline()
    while not os.path.exists(begun):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=120)[1]
    assert running.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert processes_below(project) == []
    assert not (project / "reports").exists()
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH)
    again = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)
    assert "5 run, 2 up to date" in again.stdout, again.stdout + again.stderr
