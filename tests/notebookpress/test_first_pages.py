"""The step that makes pages before the last notebooks have run: when there is one, and when it is made anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pipeline_project import EACH_PARAMETERS, LAST, LAST_PARAMETERS, STAGES, write_cells

from helpers.pipeline.page_steps import first_stages
from helpers.pipeline.parameters import load_parameters, merge_parameters
from helpers.pipeline.run_report import RunReport
from helpers.pipeline.runner import run
from helpers.pipeline.stages import Stage, evidence_stages

EACH = """\
from pathlib import Path
part = Path(processed) / "parts" / study_id
part.mkdir(parents=True, exist_ok=True)
(part / "two.parquet").write_text(study_id)"""
WRITING = (
    STAGES[0],
    Stage("02_each", reads=("one",), writes=("two",), raw="sheet", per_study=True),
    Stage("03_last", reads=("one", "two"), writes=("three",)),
)


def stub_gather(workers: object, processed: Path, studies: tuple[str, ...], tables: tuple[str, ...]) -> None:
    """Put the parts one after the other."""
    for table in tables:
        parts = [(processed / "parts" / study / f"{table}.parquet").read_text() for study in studies]
        (processed / f"{table}.parquet").write_text("".join(parts))


def stub_early(
    workers: object,
    executed: Mapping[str, Path],
    processed: Path,
    tables: tuple[str, ...],
    destination: Path,
    facts: Mapping[str, Any],
) -> None:
    """Write down what was given."""
    texts = {table: (processed / f"{table}.parquet").read_text() for table in tables}
    destination.write_text(json.dumps([sorted(executed), texts, facts["version"]]))


@pytest.fixture
def writing(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project, with a notebook of each study that writes a table."""
    monkeypatch.setattr("helpers.pipeline.rooms.gather", stub_gather)
    monkeypatch.setattr("helpers.pipeline.rooms.make_early", stub_early)
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH)
    return project


def made(
    project: Path, out: Path | None = None, stages: tuple[Stage, ...] = WRITING, **options: Any
) -> RunReport:
    values = merge_parameters(load_parameters(project), values=options.pop("values", {}))
    report = run(project, out=out, parameters=values, stages=stages, watch=lambda *_: None, **options)
    assert report.succeeded, report.failures
    return report


def test_it_is_given_what_the_first_notebooks_wrote_and_nothing_else(writing: Path) -> None:
    """Their runs and tables; the manifest says that it used them, and pages are still the site's."""
    assert "pages" in made(writing, jobs=2).ran
    runs, tables, version = json.loads((writing / ".evidence" / "early.json").read_text())
    assert runs == ["01_first", "02_each-alpha", "02_each-beta"]
    assert tables == {"one": "study_id: alpha\nstudy_id: beta\n", "two": "alphabeta"}
    manifest = json.loads((writing / "reports" / "manifest.json").read_text())
    assert version == manifest["generator"]["version"]
    assert manifest["used"]["pages"] == ["data/processed/one.parquet", "data/processed/two.parquet"]
    assert manifest["wasGeneratedBy"]["reports/index.html"] == "site"


def test_it_is_made_anew_when_a_first_notebook_changes_and_only_then(writing: Path) -> None:
    """Not for the last notebook's parameters or cells; for a study's cells, and for a file that is edited."""
    made(writing)
    assert list(made(writing, values={"rounds": 5}).ran) == ["03_last", "site"]
    write_cells(writing / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, LAST, "print(1)")
    assert "pages" in made(writing, values={"rounds": 5}).up_to_date
    write_cells(writing / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, "print(2)")
    again = made(writing, values={"rounds": 5})
    assert {"02_each-alpha", "02_each-beta", "pages", "site"} <= set(again.ran)
    early = writing / ".evidence" / "early.json"
    kept = early.read_bytes()
    early.write_text("edited")
    assert "pages" in made(writing, values={"rounds": 5}).ran
    assert early.read_bytes() == kept


def test_it_is_made_anew_when_a_table_differs_and_no_notebook_shows_it(writing: Path) -> None:
    """The notebooks of the small project print nothing of their tables."""
    made(writing)
    sheet = writing / "data" / "raw" / "studies" / "alpha.yaml"
    sheet.write_text(sheet.read_text() + "# seen\n")
    assert "pages" in made(writing).ran
    _, tables, _ = json.loads((writing / ".evidence" / "early.json").read_text())
    assert "# seen" in tables["one"]


def test_code_that_a_notebook_uses_reruns_it_and_code_of_pages_reruns_pages(
    writing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(writing)
    changed = lambda path: f"changed for {path.stem}" if path.stem == "03_last" else "code"  # noqa: E731
    monkeypatch.setattr("helpers.pipeline.graph.notebook_code", changed)
    monkeypatch.setattr("helpers.pipeline.up_to_date.code_hash", lambda: "of all")  # another state
    assert list(made(writing).ran) == ["03_last"]
    monkeypatch.setattr("helpers.pipeline.page_steps.code_used", lambda starts: "changed")
    monkeypatch.setattr("helpers.pipeline.page_steps.code_hash", lambda: "of all")
    monkeypatch.setattr("helpers.pipeline.up_to_date.code_hash", lambda: "of all again")
    assert list(made(writing).ran) == ["pages", "site"]


def test_runs_share_it(writing: Path, tmp_path: Path) -> None:
    """A set of a sweep takes it from the store."""
    store = tmp_path / "store"
    made(writing, tmp_path / "a", store=store)
    assert list(made(writing, tmp_path / "b", store=store, values={"rounds": 5}).ran) == ["03_last", "site"]


def test_there_is_none_where_nothing_comes_after_or_no_pages_are_made(writing: Path) -> None:
    """Without pages it goes; the collection has it after the studies' notebooks."""
    made(writing)
    assert "pages" not in made(writing, pages=False).ran
    assert not (writing / ".evidence" / "early.json").exists()
    assert [first_stages(stages) for stages in (STAGES, WRITING[:2], WRITING)] == [(), (), WRITING[:2]]
    names = [stage.notebook for stage in first_stages(evidence_stages())]
    assert names == ["01_ingestion", "02_cleaning", "03_study_evidence"]
