"""The memory of a folder: trusted only where everything that decides a step is equal."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from station_project import EACH, EACH_PARAMETERS, write_cells

from notebookpress.files import RunFolders
from notebookpress.graph import Step
from notebookpress.parameters import load_parameters, merge_parameters
from notebookpress.run import run
from notebookpress.scheduler import RunCache, RunReport, Scheduler


def made(project: Path, out: Path | None = None, **options: Any) -> RunReport:
    """Run the small project into a folder."""
    pages = bool(options.pop("pages", True))
    values = merge_parameters(load_parameters(project), values=options)
    report = run(project, out=out, parameters=values, watch=lambda *_: None, pages=pages)
    assert report.succeeded, report.failures
    return report


def test_without_pages_there_are_tables_and_a_manifest(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "a"
    assert "site" not in made(project, out, pages=False).ran
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]
    assert (out / "data" / "processed" / "overview.parquet").is_file()
    assert list(made(project, out).ran) == ["site"]
    assert (out / "reports" / "index.html").is_file()
    made(project, out, pages=False)
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step that writes its input in capitals, and counts."""
    source, target = tmp_path / "in.txt", tmp_path / "work" / "out.txt"
    source.write_text("text")

    def work(workers: object) -> None:
        target.parent.mkdir(exist_ok=True)
        target.write_text(source.read_text().upper())
        step.parameters["done"] = step.parameters.get("done", 0) + 1

    step = Step(name="s", title="s", identity="one", work=work, inputs=[source], outputs=[target])
    return step


WORKERS = SimpleNamespace(end_all=lambda: None)


def plan(folder: Path, force: bool = False) -> SimpleNamespace:
    """Return what a scheduler asks of a plan."""
    return SimpleNamespace(folders=RunFolders(folder, folder, folder), jobs=2, force=force)


def ended(step: Step, work: Path, force: bool = False) -> str:
    """Run a graph of one step; say what became of it."""
    outcome = Scheduler(plan(work, force), [step], RunCache(work), lambda *_: None).run(WORKERS)
    return next(kind for kind in ("ran", "up_to_date", "failures", "not_run") if getattr(outcome, kind))


def test_a_folder_remembers_by_content(step: Step, tmp_path: Path) -> None:
    work, [target] = tmp_path / "a", step.outputs
    assert [ended(step, work), ended(step, work)] == ["ran", "up_to_date"]
    assert ended(step, work, force=True) == "ran"
    target.write_text("edited")
    assert ended(step, work) == "ran"
    step.inputs[0].write_text("text")
    assert ended(step, work) == "up_to_date"
    target.unlink()
    target.mkdir()
    assert ended(step, work) == "ran"
    assert target.read_text() == "TEXT"
    step.identity = "two"
    assert [ended(step, work), ended(step, work)] == ["ran", "up_to_date"]
    step.inputs[0].write_text("other")
    assert (ended(step, work), target.read_text()) == ("ran", "OTHER")


def test_a_step_that_leaves_out_what_it_should_make_has_failed(step: Step, tmp_path: Path) -> None:
    step.work = lambda workers: None
    after = Step(name="t", title="t", identity="", work=lambda workers: None, inputs=step.outputs, outputs=[])
    outcome = Scheduler(plan(tmp_path), [step, after], RunCache(tmp_path), lambda *_: None).run(WORKERS)
    assert "did not write" in outcome.failures["s"]
    assert outcome.not_run == ["t"]


def test_the_pages_are_made_anew_when_a_notebook_or_a_table_differs(project: Path) -> None:
    """Of a table that no notebook shows, too; the manifest says that they used every table."""
    made(project)
    manifest = json.loads((project / "reports" / "manifest.json").read_text())
    used = [f"data/processed/{name}.parquet" for name in ("overview", "readings", "stations", "sums")]
    assert manifest["used"]["site"] == used and manifest["wasGeneratedBy"]["reports/index.html"] == "site"
    assert list(made(project, rounds=5).ran) == ["03_last", "site"]
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, "print(2)")
    assert {"02_each-alpha", "02_each-beta", "site"} <= set(made(project, rounds=5).ran)
    path = project / "data" / "raw" / "stations" / "alpha.yaml"
    path.write_text(path.read_text().replace("name", "nome"))
    assert sorted(made(project, rounds=5).ran) == ["01_first", "02_each-alpha", "rows", "site"]
