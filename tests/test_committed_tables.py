"""What the notebooks' own cells compute from the committed tables is what stands in the committed tables."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import pandas as pd
import pytest
from approved import compare

from helpers.tables import TABLES, Tables, read_table, validate
from notebookpress.pipeline import load_pipeline
from notebookpress.tables import records

CHECKOUT = Path(__file__).resolve().parents[1]
DATA = CHECKOUT / "reports" / "data"
COMPUTES = re.compile(r"NotebookTables\(|tables\.write\(|^embed\(|^directed", re.MULTILINE)
UNSEEN = ("say", "show", "show_figure", "embed")  # what prints and draws
NOTEBOOKS = {entry.name: entry for entry in load_pipeline(CHECKOUT).notebooks}
committed = cache(lambda name: read_table(name, DATA))


class Committed:
    """In the place of a notebook's tables: reads what is committed, and keeps what is written."""

    def __init__(self, notebook: str, study_id: str = "", **_: Any) -> None:
        self.study_id, self.seen, self.written = study_id, {}, {}

    def _own(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["study_id"] == self.study_id].reset_index(drop=True)

    def read(self, *names: str) -> Tables:
        self.seen |= {name: committed(name) for name in names}
        return {name: self.seen[name] for name in names}

    def read_own(self, *names: str) -> Tables:
        return {name: self._own(frame) for name, frame in self.read(*names).items()}

    def own_row(self) -> dict:
        return records(self._own(committed("studies")))[0]

    def write(self, name: str, rows: Any) -> pd.DataFrame:
        self.seen[name] = self.written[name] = validate(name, rows)
        return self.written[name]

    def known(self) -> Tables:
        return dict(self.seen)


def run(name: str, **parameters: Any) -> tuple[Tables, list]:
    """Run the cells of a notebook that compute, in this process; return its tables and what it embeds."""
    names: dict[str, Any] = {}
    with mock.patch("notebookpress.notebook_tables.NotebookTables", Committed):
        unseen = {part: mock.Mock(return_value=None) for part in UNSEEN}
        with mock.patch.multiple("helpers.display", **unseen):
            for cell in nbformat.read(CHECKOUT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
                if cell.cell_type != "code":
                    continue
                tree, given = ast.parse(cell.source), "parameters" in cell.metadata.get("tags", [])
                if not (given or COMPUTES.search(cell.source)):
                    tree.body = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
                exec(compile(tree, f"{name} {cell.id}", "exec"), names)
                names |= parameters if given else {}
    return names["tables"].written, [call.args[0] for call in unseen["embed"].call_args_list]


def compare_tables(tables: Tables, study_id: str = "") -> None:
    for name, made in tables.items():
        known = committed(name)
        known = known[known["study_id"] == study_id] if study_id else known
        keys = list(TABLES[name].keys)
        by_key = (
            {"|".join(str(row[key]) for key in keys): row for row in records(one)} for one in (made, known)
        )
        compare(*({name: rows} for rows in by_key))


@pytest.mark.parametrize("study_id", sorted(committed("studies")["study_id"]))
def test_study(study_id: str):
    tables, _ = run("03_study_evidence", study_id=study_id)
    assert set(tables) == set(NOTEBOOKS["03_study_evidence"].writes)
    compare_tables(tables, study_id)


@pytest.mark.parametrize("name", ["02_cleaning", "04_outcome_comparison"])
def test_notebook(name: str):
    tables, _ = run(name)
    assert set(tables) == set(NOTEBOOKS[name].writes)
    compare_tables(tables)


def test_synthesis_and_the_data_of_its_panel():
    tables, (embedded,) = run("05_pooled_effect")
    assert set(tables) == set(NOTEBOOKS["05_pooled_effect"].writes)
    compare_tables(tables)
    page = (CHECKOUT / "reports" / "05_pooled_effect.html").read_text(encoding="utf-8")
    shown = re.search(r'id="what-if-data">(.*?)</script>', page)[1]
    compare(json.loads(json.dumps(embedded, default=float)), json.loads(shown))
