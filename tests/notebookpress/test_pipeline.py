"""The declaration of a collection: read, checked, and followed without our own package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    """Its own schema, parameters and callables; none of the other packages is imported, here or in a notebook."""
    notebook = project / "notebooks" / "03_last.ipynb"
    seen = "import sys\\nassert not [name for name in sys.modules if name.split('.')[0] in ('helpers', 'trialfiles')]"
    notebook.write_text(notebook.read_text().replace("from notebookpress", f"{seen}\\nfrom notebookpress", 1))
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=project, capture_output=True, text=True, check=True
    )
    first, modules = done.stdout.splitlines()
    assert first.startswith("8 run, 0 up to date") and first.endswith("{}")
    assert modules == "[]"
    overview = TableStore(project / "notebooks" / "schema.yaml").read_table(
        "overview", project / "data" / "processed"
    )
    assert overview["total"].tolist() == [4]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("title: Weather", "titel: Weather", "line 1: titel is not known; use one of title"),
        ("title: Weather", "", "the file has no title"),
        ("raw: all", "raw: some", "line 4: 01_first: raw 'some'; use one of all, own, none"),
        ("reads: [stations, readings]", "reads: stations", "line 8: reads: 'stations' is not a list"),
        (
            "reads: [stations, sums]",
            "reads: [overview]",
            "line 10: 03_last reads overview, which no notebook before it",
        ),
        ("writes: [overview]", "writes: [sums]", "line 10: 03_last writes sums, and so does 02_each"),
        ("key: station_id, ", "", "line 6: for_each has no key"),
        (
            "notebooks: [01_first, 02_each]",
            "notebooks: [01_frist]",
            "no notebook '01_frist'; did you mean '01_first'?",
        ),
        ("{reads: [stations, sums], writes: [overview]}", "1", "03_last is not a mapping"),
        (
            "raw: all",
            "raw: all, for_each: {name: x, key: y, files: z}",
            "02_each has for_each, and so has 01_first",
        ),
    ],
)
def test_a_mistake_is_named(project: Path, was: str, becomes: str, said: str) -> None:
    path = project / "notebooks" / "pipeline.yaml"
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    with pytest.raises(PipelineError) as caught:
        load_pipeline(project)
    assert said in str(caught.value) and str(path) in str(caught.value)


def test_a_callable_that_is_not_there_is_named() -> None:
    for name in ("no_such_module:f", "json:no_such"):
        with pytest.raises(PipelineError, match="name it as module:function"):
            load_callable(name)


def test_our_collection_writes_every_table_of_its_schema() -> None:
    """Each table is written by the notebook that its schema names, and only a study's by parts."""
    collection = load_pipeline(CHECKOUT)
    tables = TableStore(collection.schema_file(CHECKOUT)).tables
    written = {table: notebook for notebook in collection.notebooks for table in notebook.writes}
    assert {table: notebook.name for table, notebook in written.items()} == {
        name: schema.notebook for name, schema in tables.items()
    }
    assert {name for name, schema in tables.items() if schema.per_study} == {
        table for table, notebook in written.items() if notebook.for_each
    }
    for name in (collection.check_raw, collection.verification, collection.headline):
        assert callable(load_callable(name))
    for step in collection.pages:
        assert callable(load_callable(step.make))
