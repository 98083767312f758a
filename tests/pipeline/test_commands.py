"""Releases, verification, sweeps, and the parts that need no kernel."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.pipeline import NotebookFailure, ParameterError, PipelineError, RunFolders
from helpers.pipeline.commands import cli
from helpers.pipeline.fingerprint import raw_hashes
from helpers.pipeline.gather import gather
from helpers.pipeline.grid import read_grid
from helpers.pipeline.manifest import as_text, complete
from helpers.pipeline.parameters import load_parameters
from helpers.pipeline.publish import publish
from helpers.pipeline.release import release, verify
from helpers.pipeline.set_run import SetRun, run_set
from helpers.pipeline.stages import evidence_stages
from helpers.pipeline.sweep import sweep
from helpers.pipeline.sweep_table import headline
from helpers.tables import TABLES, TableError, read_table, write_table
from notebookpress.notebook import canonical

FACTS = {"entity": {}, "wasGeneratedBy": {"data/processed/one.parquet": "01"}}


@pytest.fixture
def report(tmp_path: Path) -> RunFolders:
    """Return the folders of a small published report."""
    folders = RunFolders(tmp_path, tmp_path / "raw", tmp_path / "out")
    for path in (folders.tables / "one.parquet", folders.site / "index.html", folders.site / "a" / "b.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    assert publish(folders, FACTS) == 4
    return folders


def test_publishing_again_writes_nothing(report: RunFolders) -> None:
    """And a page that is gone from the site goes from the report, with its folder."""
    assert publish(report, FACTS) == 0
    (report.site / "a" / "b.html").unlink()
    assert publish(report, FACTS) == 2
    assert not (report.reports / "a").exists()


def test_a_page_may_not_touch_releases(report: RunFolders) -> None:
    """Releases are frozen."""
    (report.site / "releases").mkdir()
    (report.site / "releases" / "x.html").write_text("x")
    with pytest.raises(PipelineError, match="frozen"):
        publish(report, FACTS)


def test_a_release_is_made_once_and_only_of_a_whole_report(report: RunFolders) -> None:
    """Tables and pages are copied; a damaged file stops it."""
    target = release(report.out, "1.0")
    assert (target / "index.html").read_text() == "index.html"
    assert (target / "data" / "one.parquet").is_file()
    assert (target / "manifest.json").is_file()
    with pytest.raises(PipelineError, match="there already"):
        release(report.out, "1.0")
    with pytest.raises(PipelineError, match="not a version"):
        release(report.out, "../x")
    assert publish(report, FACTS) == 0
    assert target.is_dir()
    (report.reports / "index.html").write_text("edited")
    with pytest.raises(PipelineError, match="index.html: damaged or edited"):
        release(report.out, "1.1")
    assert not (report.reports / "releases" / "1.1").exists()


def test_verification_names_what_is_wrong(report: RunFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged, missing and unknown files; absent documents are said, and are no failure."""
    locators = SimpleNamespace(
        problems=[], present=["a.txt"], absent=["b.txt"], verified={"x": True}, agreed=1, words=2
    )
    last = SimpleNamespace(date="2026-01-31", figures=1, words=2, sha256="ab12")
    documents = SimpleNamespace(
        verify_locators=lambda raw: locators,
        record_verification=lambda raw, day: locators,
        read_verification=lambda raw: {"old2025": last, "b2026": last},
        stale=lambda raw: ["old2025"],
    )
    monkeypatch.setitem(sys.modules, "helpers.documents", documents)
    found = verify(report.out, report.raw)
    assert found.problems == []
    assert found.notes[0] == "outputs: 3 of 3 files match the manifest"
    assert "1 of 1 verified against 1 source text(s), and 2 other words" in found.notes[1]
    assert "not verified now" in found.notes[2] and "b.txt" in found.notes[2]
    assert (
        found.notes[3].startswith("last verified on 2026-01-31: b2026, 1 figures")
        and "ab12" in found.notes[3]
    )
    assert "never verified as the sheet stands now: old2025" in found.notes[4]
    locators.problems.append("a.yaml: wrong place")
    (report.reports / "index.html").write_text("edited")
    (report.processed / "one.parquet").unlink()
    found = verify(report.out, report.raw)
    assert ["missing" in problem for problem in found.problems] == [True, False, False]
    assert found.problems[2] == "a.yaml: wrong place"
    (report.reports / "data").mkdir()
    (report.reports / "data" / "more.csv").write_text("1")
    (report.processed / "more.parquet").write_text("1")
    found = verify(report.out, report.raw)
    assert [problem.partition(":")[0] for problem in found.problems[:4]] == [
        str(report.processed / "one.parquet"),
        str(report.reports / "index.html"),
        str(report.processed / "more.parquet"),
        str(report.reports / "data" / "more.csv"),
    ]
    assert "no run made it" in found.problems[2] and "no run made it" in found.problems[3]
    (report.reports / "manifest.json").write_text("{")
    assert "manifest.json: damaged" in verify(report.out, report.raw).problems[0]


def test_verification_tells_of_other_raw_data(report: RunFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files that changed, came or went since the report was made; the source texts are no part of it."""
    monkeypatch.setattr("helpers.pipeline.release._locators", lambda raw, record: ([], []))
    for name in ("a.yaml", "b.yaml", "documents/x.txt"):
        path = report.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    made_from = {f"data/raw/{name}": {"sha256": value} for name, value in raw_hashes(report.raw).items()}
    publish(report, FACTS | {"entity": made_from})
    found = verify(report.out, report.raw)
    assert found.notes[1] == "inputs: the report was made from the 2 raw files that are there"
    (report.raw / "a.yaml").write_text("other")
    (report.raw / "b.yaml").rename(report.raw / "c.yaml")
    (report.raw / "documents" / "x.txt").unlink()
    found = verify(report.out, report.raw)
    assert found.notes[1].startswith("inputs: changed since the report was made: a.yaml, b.yaml, c.yaml; run")
    assert found.problems == []


def test_the_manifest_of_the_same_files_is_the_same_text(report: RunFolders) -> None:
    """Whatever the order in which files are met."""
    files = {
        "reports/index.html": report.site / "index.html",
        "reports/a/b.html": report.site / "a" / "b.html",
    }
    assert as_text(complete(FACTS, files)) == as_text(complete(FACTS, dict(reversed(files.items()))))


def test_the_parts_of_the_studies_become_whole_tables(tmp_path: Path) -> None:
    """Rows of all studies, empty parts too; the parts of a study that is gone are deleted."""
    names = [name for name, spec in TABLES.items() if spec.per_study]
    row = {"check": "sum", "outcome": "passed"}
    for study in ("alpha", "beta", "gone"):
        folder = tmp_path / "parts" / study
        for name in names:
            write_table(name, [row | {"study_id": study}] if name == "checks" else [], folder)
    gather(tmp_path, ["alpha", "beta"])
    assert read_table("checks", tmp_path)["study_id"].tolist() == ["alpha", "beta"]
    assert read_table("findings", tmp_path).empty
    assert not (tmp_path / "parts" / "gone").exists()
    (tmp_path / "parts" / "beta" / "checks.parquet").unlink()
    with pytest.raises(TableError, match="is not there"):
        gather(tmp_path, ["alpha", "beta"])


def test_the_graph_knows_every_table() -> None:
    """Each table is written by one notebook, and a notebook reads only what earlier ones write."""
    stages = evidence_stages()
    assert sorted(name for stage in stages for name in stage.writes) == sorted(TABLES)
    there: set[str] = set()
    for stage in stages:
        assert set(stage.reads) <= there
        there |= set(stage.writes)
    assert [stage.notebook for stage in stages if stage.per_study] == ["03_study_evidence"]


def test_a_notebook_is_the_same_however_its_prints_were_cut() -> None:
    """Streams are joined, times and process numbers go, pictures stay as they are."""

    def executed(*streams: tuple[str, str]) -> str:
        outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in streams]
        picture = nbformat.v4.new_output(
            "display_data", data={"image/png": "/tmp/out", "text/plain": "/tmp/out/x"}
        )
        cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[*outputs, picture], id="one")
        cell.metadata["papermill"] = {"start_time": str(len(streams))}
        cell.metadata["tags"] = []
        notebook = nbformat.v4.new_notebook(cells=[cell])
        return nbformat.writes(canonical(notebook, {"/tmp/out": "."}, {}))

    whole = executed(("stdout", "ab /tmp/ipykernel_77/123.py\n"), ("stderr", "e"))
    cut = executed(("stdout", "a"), ("stderr", "e"), ("stdout", "b /tmp/ipykernel_1234/123.py\n"))
    assert whole == cut
    assert '"image/png": "/tmp/out"' in whole
    assert '"./x"' in whole


def test_a_large_picture_takes_no_time() -> None:
    """The search for paths is linear in the length of a word."""
    page = nbformat.v4.new_output("display_data", data={"text/html": "a" * 3_000_000})
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[page])
    begun = time.perf_counter()
    canonical(nbformat.v4.new_notebook(cells=[cell]), {"/tmp/out": "."}, {})
    assert time.perf_counter() - begun < 1


def test_a_grid_is_checked_whole(project: Path) -> None:
    """Every wrong name and value of every set, at once."""
    declared = load_parameters(project)
    grid = project / "grid.yaml"
    grid.write_text(
        "grid: {rounds: [1, 2], evidence: [core, published]}\nlist:\n- {shown: false}\n- {rounds: 1}\n"
    )
    assert len(read_grid(grid, declared)) == 6
    grid.write_text("grid: {rounds: [0], evidenec: [core]}\n")
    with pytest.raises(ParameterError) as caught:
        read_grid(grid, declared)
    assert len(caught.value.problems) == 2
    grid.write_text("grids: {}\n")
    with pytest.raises(ParameterError, match="did you mean 'grid'"):
        read_grid(grid, declared)


def test_a_sweep_resumes_and_survives_a_failed_set(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each set in its own folder; the failed one is run again, the others are not."""
    started = []

    def here(working: object, run: SetRun, stopping: object) -> dict:
        chosen = (run.folder / "parameters.yaml").read_text()
        started.append((run.jobs, run.store))
        for name in ["manifest.json", *(["index.html"] if run.pages else [])]:
            (run.folder / "reports").mkdir(exist_ok=True)
            (run.folder / "reports" / name).write_text("{}")
        failed = "rounds: 2" in chosen
        return {
            "status": "failed" if failed else "ok",
            "seconds": 1.0,
            "message": "it broke" if failed else "",
        }

    monkeypatch.setattr("helpers.pipeline.sweep._here", here)
    declared, out = load_parameters(project), project / "sweep"
    sets = [{"rounds": 1}, {"rounds": 2}, {"names": ["x", "y"]}]
    raw, store = project / "data" / "raw", out / ".store"
    result = sweep(project, sets, declared, out, raw, 2, pages=False)
    assert (result.failed, "href" in (out / "index.html").read_text()) == (1, False)
    assert started == [(2, store), (1, store), (1, store)]  # the first one alone, on both cores
    for expected in (6, 7):  # pages are asked for now; then only the failed set is run again
        result = sweep(project, sets, declared, out, raw)
        assert (result.failed, len(started)) == (1, expected)
    assert sweep(project, sets[:1], declared, out, raw, pages=False).failed == 0
    assert len(started) == 7  # a set with pages is done, too, where none are asked for
    result = sweep(project, sets, declared, out, raw)
    table = pd.read_parquet(result.table)
    assert table["status"].tolist() == ["ok", "failed", "ok"]
    assert table["message"].tolist() == ["", "it broke", ""]
    assert (out / "sweep.csv").read_text().splitlines()[0] == ",".join(table.columns)
    assert table["names"].tolist()[2] == "x;y"
    page = (out / "index.html").read_text()
    assert "2 succeeded, 1 failed" in page
    assert f'href="{table["set"][0]}/reports/index.html"' in page


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("no such column"), "KeyError: 'no such column'; the traceback: "),
        (OSError(errno.ENOSPC, "No space left on device"), ": No space left on device; make room there"),
        (PipelineError("it broke"), "it broke"),
    ],
    ids=["unforeseen", "full disk", "foreseen"],
)
def test_whatever_stops_a_set_is_its_row(
    project: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    """So that the other sets go on."""

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("helpers.pipeline.runner.run", failing)
    (project / "set").mkdir()
    (project / "set" / "parameters.yaml").write_text("rounds: 3\n")
    row = run_set(SetRun(project, project / "set", project / "data" / "raw", "state", project / "store"))
    assert row["status"] == "failed"
    assert said in row["message"]


def test_headline_results_of_a_set(tmp_path: Path) -> None:
    """Each estimate with its interval, a pooled one before a single one; nothing without the table."""
    assert headline(tmp_path) == {}
    one = {"concept": "density", "contrast": "within_arm", "estimate": 3.0, "ci_lower": 1.0, "ci_upper": 5.0}
    rows = [one | {"pooled": True}, one | {"pooled": False, "estimate": 9.0}]
    pd.DataFrame(rows).to_parquet(tmp_path / "pooled.parquet")
    found = headline(tmp_path)
    assert (found["estimates"], found["pooled"], found["density within_arm"]) == (2, 1, 3.0)
    assert found["density within_arm upper"] == 5.0


def test_a_publication_that_was_broken_off_is_finished(
    report: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two moves: verification finds a whole report, the new one."""
    before = (report.reports / "manifest.json").read_text()
    (report.site / "index.html").write_text("new")
    (report.site / "a" / "b.html").unlink()
    (report.site / "c.html").write_text("c")
    moved = []

    def killed(copy: Path, target: Path) -> None:
        moved.append(target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("helpers.pipeline.publish._move", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(report, FACTS)
    assert moved and (report.reports / "manifest.json").read_text() == before
    monkeypatch.setattr("helpers.pipeline.release._locators", lambda raw, record: ([], []))
    assert verify(report.out, report.raw).problems == []
    assert (report.reports / "index.html").read_text() == "new"
    assert not (report.reports / "a").exists()
    assert not (report.work / "publish").exists()


@pytest.mark.parametrize("command", ["run", "sweep", "check", "add", "new", "export", "release", "verify"])
def test_each_command_helps_with_an_example(command: str) -> None:
    """`--help` on each."""
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: evidence {command}" in result.output


def test_the_module_is_the_command() -> None:
    """`python -m helpers`, and wrong usage ends with 2."""
    command = [sys.executable, "-m", "helpers"]
    assert "evidence" in subprocess.run([*command, "--version"], capture_output=True, text=True).stdout
    assert subprocess.run([*command, "nonsense"], capture_output=True, text=True).returncode == 2


def test_a_failure_reads_like_this() -> None:
    """Notebook, cell, first line, error, where to look."""
    failure = NotebookFailure(
        "a-x", "notebooks/a.ipynb", "code cell 1 of 2 (cell 3 of 4)", "x = 1", "E: m", "f"
    )
    assert str(failure).splitlines() == [
        "notebooks/a.ipynb (a-x): code cell 1 of 2 (cell 3 of 4)",
        "  first line: x = 1",
        "  E: m",
        "  the half-run notebook, with the traceback: f",
    ]
