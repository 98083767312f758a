"""Releases, verification, sweeps, and the parts that need no kernel."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from case_files import cases_of
from click.testing import CliRunner
from station_project import FIRST_PARAMETERS, contents, evidence_command, gone, processes_below, write_cells

from helpers.cli import cli
from notebookpress.errors import ParameterError, PipelineError
from notebookpress.files import RunFolders, remove
from notebookpress.graph import raw_hashes
from notebookpress.notebook import canonical
from notebookpress.parameters import load_parameters
from notebookpress.pipeline import Collection
from notebookpress.publish import crate_text, finish_publication, publish, release, verify
from notebookpress.sweep import SetRun, read_grid, run_set, sweep

FACTS = {"entity": {}, "wasGeneratedBy": {"data/processed/one.parquet": "01"}, "activity": {"site": {}}}
WEATHER = Collection(title="Weather", notebooks=())


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
    assert publish(report, FACTS) == 0
    (report.site / "a" / "b.html").unlink()
    assert publish(report, FACTS) == 2
    assert not (report.reports / "a").exists()


def test_a_page_may_not_touch_releases(report: RunFolders) -> None:
    (report.site / "releases").mkdir()
    (report.site / "releases" / "x.html").write_text("x")
    with pytest.raises(PipelineError, match="frozen"):
        publish(report, FACTS)


def test_a_release_is_made_once_and_only_of_a_whole_report(report: RunFolders) -> None:
    part = report.tables / "parts" / "sea" / "rows" / "one.parquet"
    part.parent.mkdir(parents=True)
    part.write_text("of one key")
    made = {f"data/processed/{name}": "01" for name in ("one.parquet", "parts/sea/rows/one.parquet")}
    assert publish(report, FACTS | {"wasGeneratedBy": made})
    target = release(report.out, "1.0", WEATHER)
    assert [path.name for path in (target / "data").rglob("*")] == ["one.parquet"]
    assert sorted(path.name for path in target.iterdir()) == ["data", "report.zip", "zenodo.json"]
    assert json.loads((target / "zenodo.json").read_text())["metadata"]["title"] == "Weather, release 1.0"
    with zipfile.ZipFile(target / "report.zip") as archive:
        assert archive.read("index.html") == b"index.html"
        assert {"manifest.json", "ro-crate-metadata.json"} <= set(archive.namelist())
    assert (target / "data" / "one.parquet").is_file()
    with pytest.raises(PipelineError, match="there already"):
        release(report.out, "1.0", WEATHER)
    with pytest.raises(PipelineError, match="not a version"):
        release(report.out, "../x", WEATHER)
    assert publish(report, FACTS | {"wasGeneratedBy": made}) == 0
    assert target.is_dir()
    (report.reports / "index.html").write_text("edited")
    with pytest.raises(PipelineError, match="index.html: damaged or edited"):
        release(report.out, "1.1", WEATHER)
    assert not (report.reports / "releases" / "1.1").exists()


def test_verification_names_what_is_wrong(report: RunFolders) -> None:
    check = "station_calls:verify"
    found = verify(report.out, report.raw, None, check)
    assert found.problems == []
    assert found.notes == ["outputs: 3 of 3 files match the manifest", "looked at raw", "recorded: None"]
    (report.raw / "stations").mkdir(parents=True)
    (report.raw / "stations" / "a.yaml").write_text("wrong")
    (report.reports / "index.html").write_text("edited")
    (report.processed / "one.parquet").unlink()
    found = verify(report.out, report.raw, date(2026, 1, 31), check)
    assert ["missing" in problem for problem in found.problems] == [True, False, False]
    assert found.problems[2] == f"{report.raw / 'stations' / 'a.yaml'}: wrong"
    assert found.notes[-1] == "recorded: 2026-01-31"
    (report.reports / "data").mkdir()
    (report.reports / "data" / "more.csv").write_text("1")
    (report.processed / "more.parquet").write_text("1")
    found = verify(report.out, report.raw)
    tables, pages = report.processed, report.reports
    named = [
        tables / "one.parquet",
        pages / "index.html",
        tables / "more.parquet",
        pages / "data" / "more.csv",
    ]
    assert [problem.partition(":")[0] for problem in found.problems] == [str(path) for path in named]
    assert all("no run made it" in problem for problem in found.problems[2:])
    (report.reports / "manifest.json").write_text("{")
    assert "manifest.json: damaged" in verify(report.out, report.raw).problems[0]


def named(label: str) -> str:
    """Return a manifest of one file, with the hash of the page."""
    page = {"sha256": hashlib.sha256(b"index.html").hexdigest()}
    return json.dumps({"entity": {label: page}, "wasGeneratedBy": {label: "site"}})


OUTSIDE = ("reports/../../mine/index.html", "/etc/hostname", "reports/\0", "reports/./index.html")
FOREIGN = {  # what somebody else's report may hold: a manifest, or where a link leads out of it
    **dict.fromkeys(("reports", "reports/index.html", "reports/releases"), "a link"),
    **{label: named(label) for label in OUTSIDE},
    "deep": "[" * 100_000,
    "entries": '{"entity": {"reports/index.html": []}, "wasGeneratedBy": {"reports/index.html": "site"}}',
    "uses": '{"entity": {}, "wasGeneratedBy": {}, "used": {"site": 5}}',
}


@pytest.mark.parametrize(("name", "content"), FOREIGN.items(), ids=range(len(FOREIGN)))
def test_a_report_from_somebody_else_reaches_nothing_outside(
    report: RunFolders, tmp_path: Path, name: str, content: str
) -> None:
    """Verification changes nothing at all; a release is refused, in a line, and touches no other folder."""
    mine = shutil.copytree(report.out / "reports", tmp_path / "mine")
    (report.work / "publish.json").write_text('{"move": [], "gone": ["../mine/index.html"]}')
    if content == "a link":
        remove(report.out / name)
        (report.out / name).symlink_to(mine / "index.html" if name.endswith("html") else mine)
    else:
        (report.reports / "manifest.json").write_text(content)
    before = contents(tmp_path, ".")
    assert verify(report.out, report.raw).problems
    assert contents(tmp_path, ".") == before
    with pytest.raises(PipelineError, match=r"damaged; make|leads out of the folder"):
        release(report.out, "1.0", WEATHER)
    assert contents(tmp_path, ".") | {"out/.evidence/lock": b""} == before | {"out/.evidence/lock": b""}


def test_verification_tells_of_other_raw_data(report: RunFolders) -> None:
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


def test_a_notebook_is_the_same_however_its_prints_were_cut() -> None:
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
    page = nbformat.v4.new_output("display_data", data={"text/html": "a" * 300_000})
    cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[page])
    begun = time.process_time()
    canonical(nbformat.v4.new_notebook(cells=[cell]), {"/tmp/out": "."}, {})
    assert time.process_time() - begun < 20  # seconds of the processor; backtracking takes hours


def test_a_grid_is_checked_whole(project: Path) -> None:
    declared = load_parameters(project)
    grid = project / "grid.yaml"
    grid.write_text(
        "grid: {rounds: [1, 2], season: [summer, winter]}\nlist:\n- {shown: false}\n- {rounds: 1}\n"
    )
    assert len(read_grid(grid, declared)) == 6
    grid.write_text("grid: {rounds: [0], saeson: [summer]}\n")
    with pytest.raises(ParameterError) as caught:
        read_grid(grid, declared)
    assert len(caught.value.problems) == 2
    grid.write_text("grids: {}\n")
    with pytest.raises(PipelineError, match="line 1: grids is not known; use one of grid, list"):
        read_grid(grid, declared)


def test_a_failed_set_is_a_row(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sets run alone, on all cores, until one has succeeded; the page links what was made."""
    started = []

    def stub_set(run: SetRun) -> dict:
        folder = Path(run.folder)
        started.append(run.jobs)
        (folder / "reports").mkdir(exist_ok=True)
        (folder / "reports" / "index.html").touch()
        if "rounds: 2" in (folder / "parameters.yaml").read_text():
            return {"status": "failed", "seconds": 1.0, "message": "it broke"}
        return {"status": "ok", "seconds": 1.0, "message": ""}

    monkeypatch.setattr("notebookpress.sweep.run_in_process", stub_set)
    declared, out = load_parameters(project), project / "sweep"
    sets = [{"rounds": 2}, {"rounds": 1}, {"names": ["x", "y"]}]
    rows = sweep(project, sets, declared, out, project / "data" / "raw", 2)
    assert ([row["status"] for row in rows], started) == (["failed", "ok", "ok"], [2, 2, 1])
    table = pd.read_parquet(out / "sweep.parquet")
    assert table["message"].tolist() == ["it broke", "", ""]
    assert (out / "sweep.csv").read_text().splitlines()[0] == ",".join(table.columns)
    assert table["names"].tolist()[2] == "x;y"
    page = (out / "index.html").read_text()
    assert "2 succeeded, 1 failed" in page
    assert page.count("href=") == 2 and f'href="{table["set"][1]}/reports/index.html"' in page
    (project / "grid.yaml").write_text("list: [{rounds: 1}, {}]")
    said = CliRunner().invoke(cli, ["sweep", str(project / "grid.yaml")]).output  # friction 15: which set?
    assert f"] {table['set'][1]} (rounds=1): ok, 1.0 s" in said and " (defaults): ok" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("no such column"), "KeyError: 'no such column'\n  the traceback: "),
        (OSError(errno.ENOSPC, "No space left on device"), ": No space left on device; make room there"),
        (PipelineError("it broke"), "it broke"),
    ],
    ids=["unforeseen", "full disk", "foreseen"],
)
def test_whatever_stops_a_set_is_its_row(
    project: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("notebookpress.sweep.run", failing)
    (project / "set").mkdir()
    (project / "set" / "parameters.yaml").write_text("rounds: 3\n")
    row = run_set(SetRun(str(project), str(project / "set"), str(project / "data" / "raw")))
    assert row["status"] == "failed"
    assert said in row["message"]


@pytest.mark.slow
def test_a_sweep_runs_each_set_and_shares_what_is_equal(project: Path) -> None:
    declared, out = load_parameters(project), project / "sweep"
    (project / "data" / "raw" / "stations" / "alpha.yaml").write_text("one\ntwo\n")
    sets = [{"rounds": 1}, {"rounds": 3}, {"factor": 0.5}, {"factor": 0.5, "season": "winter"}]
    rows = sweep(project, sets, declared, out, project / "data" / "raw", pages=False)
    assert [(row["status"], row["rounds"], row["total"]) for row in rows[:2]] == [("ok", 1, 3), ("ok", 3, 9)]
    logs = [out / row["set"] / ".evidence" / "log" for row in rows]
    ran = [sorted(json.loads(next(log.iterdir()).read_text())["ran"]) for log in logs]
    each = ["02_each-alpha", "02_each-beta"]
    assert ran[0] == ["01_first", *each, "03_last", "gather", "rows"]
    assert ran[1:] == [["03_last"], [*each, "03_last"], ["03_last"]]  # the sums are the same
    again = sweep(project, sets[:2], declared, out, project / "data" / "raw", 2, pages=False)
    assert [row["total"] for row in again] == [3, 9]
    assert [len(list(log.iterdir())) for log in logs] == [1, 1, 1, 1]  # nothing was run again


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_interrupted_sweep_ends_its_sets(project: Path) -> None:
    write_cells(project / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, "import time; time.sleep(120)")
    (project / "grid.yaml").write_text("grid: {rounds: [1, 2]}\n")
    command = [*evidence_command(project), "sweep", "grid.yaml"]
    running = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
    while not list((project / "sweep").glob("*/.evidence/lock")):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=120)[1]
    assert (running.returncode, "interrupted" in said, "Traceback" in said) == (130, True, False), said
    assert gone(lambda: processes_below(project))


def test_a_publication_that_was_broken_off_is_finished(
    report: RunFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (report.reports / "manifest.json").read_text()
    (report.site / "index.html").write_text("new")
    (report.site / "a" / "b.html").unlink()
    (report.site / "c.html").write_text("c")
    moved = []

    def killed(copy: Path, target: Path) -> None:
        moved.append(target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("notebookpress.publish._move", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(report, FACTS)
    assert moved and (report.reports / "manifest.json").read_text() == before
    assert "publish.json: its publication is not at its end" in verify(report.out, report.raw).problems[0]
    assert (report.reports / "manifest.json").read_text() == before  # a verification changes nothing
    assert finish_publication(report) == ""
    assert verify(report.out, report.raw).problems == []
    assert (report.reports / "index.html").read_text() == "new"
    assert not (report.reports / "a").exists()
    assert not (report.work / "publish").exists()


@pytest.mark.parametrize("command", ["run", "sweep", "check", "add", "new", "export", "release", "verify"])
def test_each_command_helps_with_an_example(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: evidence {command}" in result.output


COLLECTION = Collection(
    notebooks=(), title="Weather", description="Readings", license="https://spdx.org/licenses/MIT"
)
MANIFEST = cases_of(__file__)


def graph() -> dict[str, dict]:
    entries = json.loads(crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION))["@graph"]
    assert len({entry["@id"] for entry in entries}) == len(entries)
    return {entry["@id"]: entry for entry in entries}


def test_files_of_the_release_are_its_parts_and_inputs_are_not():
    crate = graph()
    parts = {part["@id"] for part in crate["./"]["hasPart"]}
    assert parts == {"data/studies.parquet", "index.html"}
    assert crate["index.html"]["sha256"] == "4" * 64 and crate["index.html"]["encodingFormat"] == "text/html"
    assert crate["#data/raw/studies/a.yaml"]["@type"] == "CreativeWork"
    assert crate["./"]["datePublished"] == "2026-11-26" and crate["./"]["license"]


def test_a_run_names_its_notebook_its_inputs_and_its_results():
    run = graph()["#run-01_ingestion"]
    assert run["@type"] == "CreateAction"
    assert run["instrument"]["@id"] == "#notebooks/01_ingestion.ipynb"
    assert {"@id": "#data/raw/studies/a.yaml"} in run["object"]
    assert run["result"] in ({"@id": "data/studies.parquet"}, [{"@id": "data/studies.parquet"}])


def test_every_reference_in_the_crate_is_an_entry_of_it():
    crate = graph()

    def named(value):
        if isinstance(value, dict) and set(value) == {"@id"}:
            yield value["@id"]
        elif isinstance(value, list | dict):
            for part in value.values() if isinstance(value, dict) else value:
                yield from named(part)

    for entry in crate.values():
        for key, value in entry.items():
            for name in named(value) if key != "@id" else ():
                assert name in crate or name.startswith("https://"), (entry["@id"], key, name)


def test_the_text_is_the_same_each_time():
    first = crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION)
    assert crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION) == first
