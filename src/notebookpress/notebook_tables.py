"""What a notebook needs around its story: its folders, the tables it reads, the list of what it wrote."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from helpers.pipeline.gather import gather, part_folder
from helpers.pipeline.parameters import check_parameters
from helpers.pipeline.paths import project_root
from helpers.pipeline.stages import READS
from helpers.tables import TABLES, TableError, read_table, records, write_table

GATHERED_BY_RUNNER = "EVIDENCE_GATHERS"


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
        check_parameters(notebook, parameters)
        self.notebook = notebook
        self.root = project_root()
        self.processed = self.root / parameters["processed"]
        self.raw = self.root / parameters["raw"] if "raw" in parameters else None
        self.study_id: str | None = parameters.get("study_id")
        self._written: list[dict[str, Any]] = []
        self._known: dict[str, pd.DataFrame] = {}

    def read(self, *names: str) -> dict[str, pd.DataFrame]:
        """Return tables by name.

        Raises
        ------
        TableError
            When a table is not there (the message names the notebook that writes it), or is none that this
            notebook is known to read: a run would not do the notebook again when that table changes.

        """
        for name in names:
            if name in TABLES and name not in self._readable():
                raise TableError(
                    f"{self.notebook} reads the table {name}, but READS in src/helpers/pipeline/stages.py "
                    "does not say so; name it there, so that a run knows when to do the notebook again"
                )
        found = {name: read_table(name, self.processed) for name in names}
        self._known |= found
        return found

    def known(self) -> dict[str, pd.DataFrame]:
        """Return every table that this notebook has read or written until now."""
        return dict(self._known)

    def _readable(self) -> set[str]:
        own = {name for name, spec in TABLES.items() if spec.notebook == self.notebook}
        return own | set(READS[self.notebook][1] if self.notebook in READS else TABLES)

    def read_study(self, *names: str) -> dict[str, pd.DataFrame]:
        """Return the rows of this run's study in tables by name."""
        tables = self.read(*(name for name in names if name not in self._known))
        tables = {name: self._known[name] for name in names} | tables
        return {
            name: frame[frame["study_id"] == self.study_id].reset_index(drop=True)
            for name, frame in tables.items()
        }

    def study(self) -> dict[str, Any]:
        """Return this run's study as a row of `studies`.

        Raises
        ------
        TableError
            When there is no such study; the message names those there are.

        """
        known = self._known if "studies" in self._known else self.read("studies")
        studies = known["studies"]
        found = studies[studies["study_id"] == self.study_id]
        if found.empty:
            known = ", ".join(studies["study_id"]) or "none"
            raise TableError(f"study_id {self.study_id!r} is not in the table studies; known: {known}")
        return records(found)[0]

    def write(self, name: str, rows: Any) -> pd.DataFrame:
        """Check and write a table of this notebook; return what was written.

        A run for one study writes its part, then brings all parts at hand together, so that the
        table is whole also when the notebook is run by hand.

        Raises
        ------
        TableError
            When a row breaks the schema.
        ValueError
            When the table belongs to another notebook.

        """
        spec = TABLES[name]
        if spec.notebook != self.notebook:
            raise ValueError(f"table {name} is written by {spec.notebook}, not by {self.notebook}")
        folder = part_folder(self.processed, str(self.study_id)) if spec.per_study else self.processed
        path = write_table(name, rows, folder)
        frame = self._known[name] = read_table(name, folder)
        self._written.append({"table": name, "meaning": spec.meaning, "rows": len(frame), "file": path.name})
        return frame

    def gather(self) -> None:
        """Bring the parts of all studies at hand together; under the runner this is a step of its own."""
        if os.environ.get(GATHERED_BY_RUNNER):
            return
        studies = read_table("studies", self.processed)["study_id"]
        gather(self.processed, [study for study in studies if part_folder(self.processed, study).is_dir()])

    def written(self) -> pd.DataFrame:
        """Return the list of tables that this run wrote."""
        return pd.DataFrame(self._written, columns=["table", "meaning", "rows", "file"])
