"""Steps that runs share, and the memory of a folder: trusted only where everything that decides them is equal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from station_project import snapshot

from notebookpress.folders import RunFolders
from notebookpress.graph import Step
from notebookpress.parameters import load_parameters, merge_parameters
from notebookpress.progress import RunReport
from notebookpress.run import run
from notebookpress.scheduler import RunCache, Scheduler, SharedCache


def made(project: Path, out: Path, store: Path | None, **options: Any) -> RunReport:
    """Run the small project into a folder."""
    force, pages = bool(options.pop("force", False)), bool(options.pop("pages", True))
    values = merge_parameters(load_parameters(project), values=options)
    report = run(
        project, out=out, parameters=values, watch=lambda *_: None, store=store, force=force, pages=pages
    )
    assert report.succeeded, report.failures
    return report


def files(out: Path) -> dict[str, bytes]:
    """Return the bytes of all that a run publishes."""
    return {name: content for name, (content, _) in snapshot(out, "reports", "data").items()}


def test_a_set_runs_only_what_its_parameters_touch_and_gives_the_same_bytes(
    project: Path, tmp_path: Path
) -> None:
    """From the store or from nothing: the same report, also where two sets share what a third does not."""
    store = tmp_path / "store"
    assert len(made(project, tmp_path / "a", store).ran) == 8
    assert list(made(project, tmp_path / "b", store, rounds=5).ran) == ["03_last", "site"]
    third = made(project, tmp_path / "c", store, factor=0.5)
    assert sorted(third.ran) == ["02_each-alpha", "02_each-beta", "03_last", "pages", "site"]
    fourth = made(project, tmp_path / "d", store, factor=0.5, season="winter")
    assert list(fourth.ran) == ["03_last", "site"]
    assert len(made(project, tmp_path / "e", None, factor=0.5, season="winter").ran) == 8
    assert files(tmp_path / "d") == files(tmp_path / "e")
    assert list(made(project, tmp_path / "f", store).ran) == ["site"]
    assert len(made(project, tmp_path / "g", store, force=True).ran) == 8


def test_without_pages_there_are_tables_and_a_manifest(project: Path, tmp_path: Path) -> None:
    """Pages may be made later, and go when they are not asked for."""
    out = tmp_path / "a"
    assert not {"pages", "site"} & set(made(project, out, None, pages=False).ran)
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]
    assert (out / "data" / "processed" / "overview.parquet").is_file()
    assert list(made(project, out, None).ran) == ["pages", "site"]
    assert (out / "reports" / "index.html").is_file()
    made(project, out, None, pages=False)
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]
    assert not (out / ".evidence" / "pages" / "pages.json").exists()


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


def ended(step: Step, work: Path, shared: SharedCache | None = None, force: bool = False) -> str:
    """Run a graph of one step; say what became of it."""
    outcome = Scheduler(plan(work, force), [step], RunCache(work), shared, lambda *_: None).run(WORKERS)
    return next(kind for kind in ("ran", "up_to_date", "failures", "not_run") if getattr(outcome, kind))


@pytest.mark.parametrize(
    "damage", ["changed", "gone", "no list", "another input", "another identity", "nothing"]
)
def test_what_is_not_unharmed_or_not_equal_is_done_anew(step: Step, tmp_path: Path, damage: str) -> None:
    store, [target] = SharedCache(tmp_path / "store"), step.outputs
    assert ended(step, tmp_path / "a", store) == "ran"
    target.unlink()
    [kept], [listed] = (tmp_path / "store" / "objects").iterdir(), (tmp_path / "store" / "steps").iterdir()
    if damage == "changed":
        kept.write_text("TAXT")
    elif damage == "gone":
        kept.unlink()
    elif damage == "no list":
        listed.write_text("[")
    elif damage == "another input":
        step.inputs[0].write_text("other")
    elif damage == "another identity":
        step.identity = "two"
    assert ended(step, tmp_path / "b", store) == ("up_to_date" if damage == "nothing" else "ran")
    assert step.parameters["done"] == 1 + (damage != "nothing")
    assert target.read_text() == ("OTHER" if damage == "another input" else "TEXT")
    assert ended(step, tmp_path / "c", store) == "up_to_date"  # what was harmed has been put right


def test_a_store_that_cannot_be_written_stops_nothing(step: Step, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    assert ended(step, tmp_path / "a", SharedCache(tmp_path / "store")) == "ran"
    assert step.outputs[0].read_text() == "TEXT"


def test_a_folder_remembers_by_content(step: Step, tmp_path: Path) -> None:
    """An output that was edited, or is a folder now, is made again; a new time of the same bytes is no change."""
    work, [target] = tmp_path / "a", step.outputs
    assert [ended(step, work), ended(step, work), ended(step, work, force=True)] == [
        "ran",
        "up_to_date",
        "ran",
    ]
    target.write_text("edited")
    assert ended(step, work) == "ran"
    step.inputs[0].write_text("text")
    assert ended(step, work) == "up_to_date"
    target.unlink()
    target.mkdir()
    assert ended(step, work) == "ran"
    assert target.read_text() == "TEXT"


def test_a_step_that_leaves_out_what_it_should_make_has_failed(step: Step, tmp_path: Path) -> None:
    step.work = lambda workers: None
    after = Step(name="t", title="t", identity="", work=lambda workers: None, inputs=step.outputs, outputs=[])
    outcome = Scheduler(plan(tmp_path), [step, after], RunCache(tmp_path), None, lambda *_: None).run(WORKERS)
    assert "did not write" in outcome.failures["s"]
    assert outcome.not_run == ["t"]
