"""The step that makes pages before the last notebooks have run: when it is made anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from station_project import EACH, EACH_PARAMETERS, LAST, LAST_PARAMETERS, write_cells

from notebookpress.parameters import load_parameters, merge_parameters
from notebookpress.run import run
from notebookpress.scheduler import RunReport


def made(project: Path, out: Path | None = None, **options: Any) -> RunReport:
    values = merge_parameters(load_parameters(project), values=options.pop("values", {}))
    report = run(project, out=out, parameters=values, watch=lambda *_: None, **options)
    assert report.succeeded, report.failures
    return report


def test_it_is_given_what_the_first_notebooks_wrote_and_nothing_else(project: Path) -> None:
    """Their runs and tables; the manifest says that it used them, and pages are still the last step's."""
    assert "pages" in made(project, jobs=2).ran
    runs, tables, version = json.loads((project / ".evidence" / "pages" / "pages.json").read_text())
    assert runs == ["01_first", "02_each-alpha", "02_each-beta"]
    assert list(tables) == ["stations", "readings", "sums"]
    manifest = json.loads((project / "reports" / "manifest.json").read_text())
    assert version == manifest["generator"]["version"]
    assert manifest["used"]["pages"] == [f"data/processed/{name}.parquet" for name in sorted(tables)]
    assert manifest["wasGeneratedBy"]["reports/index.html"] == "site"


def test_it_is_made_anew_when_a_first_notebook_changes_and_only_then(project: Path) -> None:
    made(project)
    assert list(made(project, values={"rounds": 5}).ran) == ["03_last", "site"]
    write_cells(project / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, LAST, "print(1)")
    assert "pages" in made(project, values={"rounds": 5}).up_to_date
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, EACH, "print(2)")
    again = made(project, values={"rounds": 5})
    assert {"02_each-alpha", "02_each-beta", "pages", "site"} <= set(again.ran)
    early = project / ".evidence" / "pages" / "pages.json"
    kept = early.read_bytes()
    early.write_text("edited")
    assert "pages" in made(project, values={"rounds": 5}).ran
    assert early.read_bytes() == kept


def test_it_is_made_anew_when_a_table_differs_and_no_notebook_shows_it(project: Path) -> None:
    made(project)
    path = project / "data" / "raw" / "stations" / "alpha.yaml"
    path.write_text(path.read_text().replace("name", "nome"))
    assert sorted(made(project).ran) == ["01_first", "02_each-alpha", "pages", "rows", "site"]
    _, tables, _ = json.loads((project / ".evidence" / "pages" / "pages.json").read_text())
    assert "nome" in tables["readings"]


def test_a_table_left_out_does_not_make_it_anew(project: Path) -> None:
    path = project / "notebooks" / "pipeline.yaml"
    path.write_text(
        path.read_text().replace(
            "notebooks: [01_first, 02_each]", "notebooks: [01_first], without: [readings]"
        )
    )
    made(project)
    station = project / "data" / "raw" / "stations" / "alpha.yaml"
    station.write_text(station.read_text().replace("name", "nome"))
    assert "pages" in made(project).up_to_date
