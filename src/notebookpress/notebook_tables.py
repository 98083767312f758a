"""What a notebook needs around its story: its folders, the tables it reads, the list of what it wrote."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from notebookpress.files import PIPELINE_FILE, project_root
from notebookpress.parameters import check_parameters, injected_names
from notebookpress.pipeline import Notebook, load_pipeline
from notebookpress.tables import TableError, gather_parts, part_folder, records, table_store
from notebookpress.workers import GATHERED_BY_RUNNER, OMITTED


class NotebookTables:
    """The tables of one notebook run.

    Parameters
    ----------
    notebook : str
        Name of the notebook, such as `02_cleaning`.
    **parameters
        All its parameters; a wrong name, type or value is refused here, also under the bare papermill
        command, which would let it pass.

    Raises
    ------
    ParameterError
        When a parameter is unknown, of the wrong type or out of range.
    """

    def __init__(self, notebook: str, **parameters: Any):
        check_parameters(notebook, parameters, injected_names())
        self.notebook = notebook
        self.root = project_root()
        collection = load_pipeline(self.root)
        self._schema_file = collection.schema_file(self.root)
        self.store = table_store(self._schema_file)
        self.processed = self.root / parameters["processed"]
        self.raw = self.root / parameters["raw"] if "raw" in parameters else None
        self._own = next((one for one in collection.notebooks if one.name == notebook), Notebook(notebook))
        self._each = next((one.for_each.key for one in collection.notebooks if one.for_each), "")
        each = self._own.for_each
        self._column, self._index = (each.key, each.name) if each else ("", "")
        self.key: str | None = parameters.get(self._column)
        self._known: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        key = f" for {self.key}" if self.key else ""
        reads, writes = (", ".join(names) or "none" for names in (self._own.reads, self._own.writes))
        return f"Tables of {self.notebook}{key} in {self.processed}\nreads: {reads}\nwrites: {writes}"

    def read(self, *names: str) -> dict[str, pd.DataFrame]:
        """Return tables by name.

        Raises
        ------
        TableError
            When a table is not there (the message names the notebook that writes it), or is none that this
            notebook is declared to read: a run would not do the notebook again when that table changes.
        """
        for name in names:
            if name in self.store.tables and name not in (*self._own.reads, *self._own.writes):
                raise TableError(
                    f"{self.notebook} reads the table {name}, but `reads` in {PIPELINE_FILE.as_posix()} "
                    "does not say so; name it there, so that a run knows when to do the notebook again; "
                    f"to look at it only: tables.store.read_table({name!r}, tables.processed)"
                )
        found = {name: self._without(self.store.read_table(name, self.processed)) for name in names}
        self._known |= found
        return found

    def _without(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table without the rows of what the runner has left out."""
        gone = os.environ.get(OMITTED, "").split()
        if not gone or self._each not in frame:
            return frame
        return frame[~frame[self._each].isin(gone)].reset_index(drop=True)

    def known(self) -> dict[str, pd.DataFrame]:
        """Return every table that this notebook has read or written until now."""
        return dict(self._known)

    def read_own(self, *names: str) -> dict[str, pd.DataFrame]:
        """Return the rows of what this run is for in tables by name."""
        self.read(*(name for name in names if name not in self._known))
        frames = {name: self._known[name] for name in names}
        return {
            name: frame[frame[self._column] == self.key].reset_index(drop=True)
            for name, frame in frames.items()
        }

    def own_row(self) -> dict[str, Any]:
        """Return the row of what this run is for, from the table with one row for each.

        Raises
        ------
        TableError
            When there is none; the message names those there are.
        """
        found = self.read_own(self._index)[self._index]
        if found.empty:
            known = ", ".join(self._known[self._index][self._column]) or "none"
            raise TableError(f"{self._column} {self.key!r} is not in the table {self._index}; known: {known}")
        return records(found)[0]

    def write(self, name: str, rows: Any) -> pd.DataFrame:
        """Check and write a table of this notebook; return what was written.

        A run for one of several writes its part; see `gather`.

        Raises
        ------
        TableError
            When a row breaks the schema.
        ValueError
            When the table belongs to another notebook.
        """
        if name not in self._own.writes:
            writer = self.store.tables[name].notebook
            raise ValueError(f"table {name} is written by {writer}, not by {self.notebook}")
        folder = part_folder(self.processed, str(self.key)) if self._column else self.processed
        self.store.write_table(name, rows, folder)
        frame = self._known[name] = self.store.read_table(name, folder)
        return frame

    def gather(self) -> None:
        """Bring all parts at hand together, so that tables are whole also when the notebook is run by hand.

        Under the runner this is a step of its own.
        """
        if not os.environ.get(GATHERED_BY_RUNNER):
            keys = self.store.read_table(self._index, self.processed)[self._column]
            there = [key for key in keys if part_folder(self.processed, key).is_dir()]
            gather_parts(self._schema_file, self.processed, there, self._own.writes)
