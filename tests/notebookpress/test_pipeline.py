"""The declaration of a collection: read, checked, and followed without our own package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from case_files import cases_of

from notebookpress.errors import PipelineError
from notebookpress.pipeline import load_callable, load_pipeline
from notebookpress.tables import TableStore

CHECKOUT = Path(__file__).resolve().parents[2]
ALONE = """\
import sys
from pathlib import Path
from notebookpress.run import run
report = run(Path.cwd(), jobs=2, watch=lambda *_: None)
print(report.summary(), report.failures)
print([name for name in sys.modules if name.split(".")[0] in ("helpers", "metastats", "trialfiles")])
"""


def test_a_collection_that_knows_no_hair_runs_alone(project: Path) -> None:
    notebook = project / "notebooks" / "03_last.ipynb"
    seen = "import sys\\nassert not [name for name in sys.modules if name.split('.')[0] in ('helpers', 'trialfiles')]"
    notebook.write_text(notebook.read_text().replace("from notebookpress", f"{seen}\\nfrom notebookpress", 1))
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=project, capture_output=True, text=True, check=True
    )
    first, modules = done.stdout.splitlines()
    assert first.startswith("7 run, 0 up to date") and first.endswith("{}")
    assert modules == "[]"
    overview = TableStore(project / "notebooks" / "schema.yaml").read_table(
        "overview", project / "data" / "processed"
    )
    assert overview["total"].tolist() == [4]


@pytest.mark.parametrize("case", cases_of(__file__), ids=lambda case: case["said"])
def test_a_mistake_is_named(project: Path, case: dict[str, str]) -> None:
    path = project / "notebooks" / "pipeline.yaml"
    text = path.read_text()
    assert case["was"] in text
    path.write_text(text.replace(case["was"], case["becomes"], 1))
    with pytest.raises(PipelineError) as caught:
        load_pipeline(project)
    assert case["said"] in str(caught.value) and str(path) in str(caught.value)


def test_a_callable_that_is_not_there_is_named() -> None:
    for name in ("no_such_module:f", "json:no_such"):
        with pytest.raises(PipelineError, match="name it as module:function"):
            load_callable(name)


def test_our_collection_writes_every_table_of_its_schema() -> None:
    collection = load_pipeline(CHECKOUT)
    tables = TableStore(collection.schema_file(CHECKOUT)).tables
    written = {table: notebook for notebook in collection.notebooks for table in notebook.writes}
    assert {table: notebook.name for table, notebook in written.items()} == {
        name: schema.notebook for name, schema in tables.items()
    }
    for name in (collection.pages, collection.check_raw, collection.verification, collection.headline):
        assert callable(load_callable(name))
