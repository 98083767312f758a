"""Steps that runs share: taken over when everything that decides them is equal, and only unharmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipeline_project import STAGES, snapshot

from helpers.pipeline.parameters import load_parameters, merge_parameters
from helpers.pipeline.run_report import RunReport
from helpers.pipeline.runner import run
from helpers.pipeline.step_store import StepStore
from helpers.pipeline.steps import FileNode, Step


def made(project: Path, out: Path, store: Path | None, **options: object) -> RunReport:
    """Run the small project into a folder."""
    force = bool(options.pop("force", False))
    pages = bool(options.pop("pages", True))
    values = merge_parameters(load_parameters(project), values=options)
    report = run(
        project, out=out, parameters=values, stages=STAGES, watch=lambda *_: None, store=store, force=force,
        pages=pages,
    )  # fmt: skip
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
    assert len(made(project, tmp_path / "a", store).ran) == 6
    assert list(made(project, tmp_path / "b", store, rounds=5).ran) == ["03_last", "site"]
    third = made(project, tmp_path / "c", store, correlation=0.5)
    assert sorted(third.ran) == ["02_each-alpha", "02_each-beta", "03_last", "site"]
    fourth = made(project, tmp_path / "d", store, correlation=0.5, evidence="published")
    assert list(fourth.ran) == ["03_last", "site"]
    assert len(made(project, tmp_path / "e", None, correlation=0.5, evidence="published").ran) == 6
    assert files(tmp_path / "d") == files(tmp_path / "e")
    assert list(made(project, tmp_path / "f", store).ran) == ["site"]
    assert len(made(project, tmp_path / "g", store, force=True).ran) == 6


def test_without_pages_there_are_tables_and_a_manifest(project: Path, tmp_path: Path) -> None:
    """Pages may be made later, and go when they are not asked for."""
    out = tmp_path / "a"
    assert "site" not in made(project, out, None, pages=False).ran
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]
    assert (out / "data" / "processed" / "three.parquet").is_file()
    assert list(made(project, out, None).ran) == ["site"]
    assert (out / "reports" / "index.html").is_file()
    made(project, out, None, pages=False)
    assert sorted(path.name for path in (out / "reports").rglob("*")) == ["manifest.json"]


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step that writes its input in capitals, and counts."""
    source, target = tmp_path / "in", tmp_path / "work" / "out"
    source.write_text("text")

    def work() -> None:
        target.parent.mkdir(exist_ok=True)
        target.write_text(source.read_text().upper())
        step.parameters["done"] = step.parameters.get("done", 0) + 1

    step = Step(
        name="s", title="s", identity="one", function=work, inputs=[FileNode(path=source)],
        outputs=[FileNode(path=target)],
    )  # fmt: skip
    return step


@pytest.mark.parametrize(
    "damage", ["changed", "gone", "no list", "another input", "another identity", "nothing"]
)
def test_what_is_not_unharmed_or_not_equal_is_done_anew(step: Step, tmp_path: Path, damage: str) -> None:
    store, [target] = StepStore(tmp_path / "store"), [node.path for node in step.outputs]
    store.serve(step)
    step.execute()
    target.unlink()
    [kept], [listed] = (tmp_path / "store" / "objects").iterdir(), (tmp_path / "store" / "steps").iterdir()
    if damage == "changed":
        kept.write_text("TAXT")
    elif damage == "gone":
        kept.unlink()
    elif damage == "no list":
        listed.write_text("[")
    elif damage == "another input":
        step.inputs[0].path.write_text("other")
    elif damage == "another identity":
        step.identity = "two"
    step.execute()
    assert step.taken == (damage == "nothing")
    assert step.parameters["done"] == 1 + (damage != "nothing")
    assert target.read_text() == ("OTHER" if damage == "another input" else "TEXT")
    step.execute()  # what was harmed has been put right
    assert (step.taken, step.parameters["done"]) == (True, 1 + (damage != "nothing"))


def test_a_store_that_cannot_be_written_stops_nothing(step: Step, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    StepStore(tmp_path / "store").serve(step)
    step.execute()
    assert (step.taken, step.outputs[0].path.read_text()) == (False, "TEXT")
