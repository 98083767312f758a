"""The front door at the prompt: every table of a review, a study, an outcome, a figure's place, another run.

Needs no notebook around it, and nothing declared in `notebooks/pipeline.yaml`.
"""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet

from helpers.formats import is_missing
from helpers.places import read_document
from helpers.tables import TABLES, read_rows, read_table
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label
from notebookpress.errors import did_you_mean
from notebookpress.files import project_root
from notebookpress.tables import TableError, records
from notebookpress.workers import GATHERED_BY_RUNNER
from trialfiles import SourceError

HOMES = (".", "data/processed", "data", "reports/data")  # of tables below a run's, a release's or any folder
_MOST_NAMED = 15  # names in a message
_AROUND = 160  # characters of the text shown before and after a token
WIDTH = 110  # characters of a line
USES = {
    "review.effects, review['effects']": "a table from the list, as a pandas DataFrame of your own",
    "review.results('hair_density')": "the observations of an outcome",
    "review.study('wan2025')": "a study's rows in each table",
    "review.where('wan2025.n_methods')": "where a figure is printed, with the text around it",
    "review.compare(FOLDER)": "what differs in another run or release",
}


class UnknownNameError(AttributeError, KeyError):
    """A table, study, outcome or figure that is not there; the message suggests the nearest one."""

    def __str__(self) -> str:
        return str(self.args[0])

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook."""
        return [f"{type(self).__name__}: {self}"]


def checked_name(name: str, known: Iterable[str], what: str) -> str:
    """Return a name that is known; raises `UnknownNameError` for another."""
    names = list(map(str, known))
    if isinstance(name, str) and name in names:
        return name
    begun = [one for one in names if one.lower().startswith(str(name).lower() or "\0")]
    near = f"did you mean {begun[0]!r}?" if len(begun) == 1 else did_you_mean(str(name), names)
    if len(begun) > 1 or near.startswith("known: "):
        shown = begun or names
        more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
        near = f"known: {', '.join(shown[:_MOST_NAMED])}{more}"
    raise UnknownNameError(f"no {what} is called {name!r}; {near}")


class ResultsTable(pd.DataFrame):
    """The table `results`; called with an outcome, it gives that outcome's rows."""

    def __call__(self, outcome: str) -> pd.DataFrame:
        """Return the observations of an outcome, named as in the tables or in words.

        Raises
        ------
        UnknownNameError
            When no outcome has that name.
        """
        named = {label(name): name for name in OUTCOME_CONCEPTS}
        known = {*OUTCOME_CONCEPTS, *self["concept"].dropna()}
        concept = checked_name(named.get(outcome, outcome), known, "outcome")
        return pd.DataFrame(self[self["concept"] == concept]).reset_index(drop=True)


class Review:
    """The tables of a run or a release, to be looked at and computed with.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Folder of another run (`evidence run --out FOLDER`), of a release, or of tables; the project's own
        tables when left out, and those of its report where it was not run here yet.

    Raises
    ------
    TableError
        When no table is there.

    Notes
    -----
    Each access gives a copy: what is changed in it changes nothing else.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        if folder is None and os.environ.get(GATHERED_BY_RUNNER):
            raise TableError(
                "Review() opens the tables of the last run; in a notebook of the run use tables.read(...), "
                "and name the table under `reads` in notebooks/pipeline.yaml"
            )
        self.folder = _folder_of_tables(project_root() if folder is None else Path(folder).expanduser())
        files = {name: self.folder / f"{name}.parquet" for name in TABLES}
        self._rows = {name: _count(path) for name, path in files.items() if path.is_file()}
        self._read: dict[str, pd.DataFrame] = {}

    @property
    def tables(self) -> list[str]:
        """Names of the tables, in the order in which the notebooks write them."""
        return list(self._rows)

    def __getitem__(self, name: str) -> pd.DataFrame:
        checked_name(name, self._rows, "table")
        if name not in self._read:
            try:
                self._read[name] = read_table(name, self.folder)
            except TableError as error:  # a release of another version, say
                rows, keys = read_rows(name, self.folder), list(TABLES[name].keys)
                if not {*keys} <= {*rows} or rows[keys].duplicated().any():
                    raise  # of no version: whose its rows are is not told
                self._read[name] = rows.reindex(columns=list(dict.fromkeys([*rows, *TABLES[name].columns])))
                warnings.warn(f"shown as it is: {error}", stacklevel=3)
        frame = self._read[name].copy()
        return ResultsTable(frame) if name == "results" else frame

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        return sorted({*self._rows, "compare", "folder", "study", "tables", "where"})

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._rows)

    def __repr__(self) -> str:
        lines = [f"Review of {self.folder}: {len(self._rows)} tables"]
        notebook = ""
        for name, rows in self._rows.items():
            if TABLES[name].notebook != notebook:
                lines.append(notebook := TABLES[name].notebook)
            meaning = textwrap.shorten(TABLES[name].meaning, WIDTH - 38, placeholder=" …")
            lines.append(f"  {name:<28}{rows:>5}  {meaning}")
        return "\n".join([*lines, "What to ask:", *(f"  {use:<36}{words}" for use, words in USES.items())])

    def study(self, study_id: str) -> StudyRows:
        """Return a study, with its rows in each table; see `StudyRows`.

        Raises
        ------
        UnknownNameError
            When no study has that name.
        """
        checked_name(study_id, self["studies"]["study_id"], "study")
        found = {name: self[name] for name in self._rows if "study_id" in TABLES[name].columns}
        own = {name: frame[frame["study_id"] == study_id] for name, frame in found.items()}
        return StudyRows(study_id, {name: frame.reset_index(drop=True) for name, frame in own.items()})

    def where(self, quantity_id: str) -> PrintedPlace:
        """Return where a figure was printed, with the text around it where the text is at hand.

        Raises
        ------
        UnknownNameError
            When no figure has that name.
        """
        quantities, sources = self["quantities"], self["sources"].set_index("source_id")
        checked_name(quantity_id, quantities["quantity_id"], "figure")
        [row] = records(quantities[quantities["quantity_id"] == quantity_id])
        source = sources.loc[row["source_id"]]
        told = {name: row[name] for name in ("printed", "section", "line", "char_start", "char_end")}
        told |= {"document": None if is_missing(source["document"]) else source["document"]}
        told["seen_at"] = None if is_missing(row["address"]) else f"{row['address']} ({row['access']})"
        return PrintedPlace(quantity_id, **told, **_text_around(told, source["sha256"]))

    def compare(self, other: Review | str | Path) -> Differences:
        """Return what differs in another run or release: rows added, removed and changed, by their keys."""
        after = other if isinstance(other, Review) else Review(other)
        return Differences.between(self, after)


@dataclass(frozen=True, repr=False, eq=False)
class StudyRows:
    """A study with its rows in each table: `study.effects`, `study['effects']`."""

    study_id: str
    rows: dict[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        checked_name(name, self.rows, f"table of {self.study_id}")
        return self.rows[name].copy()

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        return sorted({*self.rows, "rows", "study_id"})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.rows)

    def __repr__(self) -> str:
        title = next(iter(self.rows["studies"]["title"].dropna()), "title not stated")
        lines = [textwrap.shorten(f"{self.study_id}: {title}", WIDTH, placeholder=" …")]
        return "\n".join(
            [*lines, *(f"  {name:<28}{len(own):>5}" for name, own in self.rows.items() if len(own))]
        )


@dataclass(frozen=True, repr=False, eq=False)
class PrintedPlace:
    """Where a figure was printed; `line` counts from 1, characters from 0 with the end left out.

    `before` and `after` are the text around the token where it is at hand; `not_shown` says why it is not.
    """

    quantity_id: str
    printed: str | None
    document: str | None
    section: str | None
    line: int | None
    char_start: int | None
    char_end: int | None
    seen_at: str | None
    before: str | None = None
    after: str | None = None
    not_shown: str | None = None

    def __repr__(self) -> str:
        where = [f"section {self.section}"] if self.section else []
        where += [f"line {self.line}"] if self.line else []
        where += [f"characters {self.char_start} to {self.char_end}"] if self.char_end else []
        place = ", ".join([self.document or self.seen_at or "no place is stated", *where])
        text = self.not_shown if self.before is None else f"… {self.before}»{self.printed}«{self.after} …"
        head = f"{self.quantity_id}: '{self.printed}'\n  {place}"
        return f"{head}\n{textwrap.fill(text or '', WIDTH, initial_indent='  ', subsequent_indent='  ')}"


def _text_around(place: Mapping[str, Any], sha256: Any) -> dict[str, Any]:
    """Return the text before and after a token, or why it is not shown."""
    if place["document"] is None or place["char_end"] is None:
        return {"not_shown": "The sheet names no place in a text."}
    path = project_root() / "data" / "raw" / "documents" / Path(place["document"]).name
    if not path.is_file():
        return {"not_shown": f"The text is not at hand: put it at {path}."}
    try:
        document = read_document(path)
    except SourceError as error:
        return {"not_shown": str(error)}
    start, end = place["char_start"], place["char_end"]
    if document.sha256 != sha256 or document.text[start:end] != place["printed"]:
        return {"not_shown": f"{path} is another text than the one that was read; see `evidence verify`."}
    before = " ".join(document.text[max(0, start - _AROUND) : start].splitlines())
    return {"before": before, "after": " ".join(document.text[end : end + _AROUND].splitlines())}


class DifferingTables(dict[str, pd.DataFrame]):
    """Frames by the name of a table; one without a difference is empty."""

    def __missing__(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(columns=list(TABLES[checked_name(name, TABLES, "table")].columns))


@dataclass(frozen=True, repr=False, eq=False)
class Differences:
    """What differs between two folders of tables; only tables with a difference have an entry.

    `added` holds the rows that only the other folder has, `removed` those that it lacks, and `changed` a row
    for each cell: the key columns, `column`, `before`, `after`.
    """

    before: Path
    after: Path
    added: dict[str, pd.DataFrame]
    removed: dict[str, pd.DataFrame]
    changed: dict[str, pd.DataFrame]

    @classmethod
    def between(cls, first: Review, second: Review) -> Differences:
        """Compare every table that one of two reviews has, row by row under the keys of its schema."""
        found = DifferingTables(), DifferingTables(), DifferingTables()
        for name in TABLES:
            old, new = (one[name] if name in one else pd.DataFrame() for one in (first, second))
            for home, part in zip(found, _differing(old, new, TABLES[name].keys), strict=True):
                if len(part):
                    home[name] = part
        return cls(first.folder, second.folder, *found)

    @property
    def summary(self) -> pd.DataFrame:
        """How many rows of each table were added, removed and changed."""
        rows = []
        for name in TABLES:
            changed = self.changed.get(name, pd.DataFrame(columns=list(TABLES[name].keys)))
            own = changed[[key for key in TABLES[name].keys if key in changed]].drop_duplicates()
            counts = len(self.added.get(name, ())), len(self.removed.get(name, ())), len(own)
            if any(counts):
                rows.append((name, *counts))
        return pd.DataFrame(rows, columns=["table", "added", "removed", "changed"])

    def __repr__(self) -> str:
        head = f"From {self.before}\n  to {self.after}"
        if self.summary.empty:
            return f"{head}\nno table differs"
        frames = "rows: .added[TABLE], .removed[TABLE]; cells: .changed[TABLE]"
        return f"{head}\n{self.summary.to_string(index=False)}\n{frames}"


def _differing(before: pd.DataFrame, after: pd.DataFrame, keys: tuple[str, ...]) -> tuple[pd.DataFrame, ...]:
    """Return the rows only of `after`, those only of `before`, and the cells that differ between the two."""
    rows = [[(tuple(row.get(key) for key in keys), row) for row in records(one)] for one in (before, after)]
    old, new = map(dict, rows)
    cells = [
        dict(zip(keys, name, strict=True))
        | {"column": column, "before": old[name].get(column), "after": new[name].get(column)}
        for name in old
        if name in new
        for column in dict.fromkeys([*old[name], *new[name]])
        if old[name].get(column) != new[name].get(column)
    ]
    added = after[[name not in old for name, _ in rows[1]]].reset_index(drop=True)
    removed = before[[name not in new for name, _ in rows[0]]].reset_index(drop=True)
    return added, removed, pd.DataFrame(cells, columns=[*keys, "column", "before", "after"], dtype=object)


def _folder_of_tables(folder: Path) -> Path:
    """Return where the tables lie in a folder, or below it."""
    for home in HOMES:
        if any((folder / home / f"{name}.parquet").is_file() for name in TABLES):
            return (folder / home).resolve()
    problem = "holds no tables of a review" if folder.is_dir() else "no such folder"
    remedy = "make them with `evidence run`, or name the folder of a run (--out) or of a release"
    raise TableError(f"{folder}: {problem}; {remedy}")


def _count(path: Path) -> int:
    """Return how many rows a table has, without reading them."""
    try:
        return int(parquet.read_metadata(path).num_rows)
    except (OSError, ValueError) as error:  # Arrow's own errors are ValueErrors
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise TableError(f"{path}: not a readable Parquet file ({first}); delete it and run again") from None
