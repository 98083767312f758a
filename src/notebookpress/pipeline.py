"""A collection of notebooks as `notebooks/pipeline.yaml` declares it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from notebookpress.errors import PipelineError
from notebookpress.files import PIPELINE_FILE
from notebookpress.fingerprint import package_folder
from notebookpress.yaml_files import YamlFile, entries_of

RAW_KINDS = ("all", "own", "none")


@dataclass(frozen=True)
class ForEach:
    """What a notebook runs once for each of: `files` is a pattern below the raw folder.

    A file's name without its ending is its key: the notebook gets it as the parameter `key`, and a table's
    column of that name says whose a row is. `name` is what people call them, such as `studies`, and the table
    with a row for each.
    """

    name: str
    key: str
    files: str

    def found(self, raw: Path) -> dict[str, list[Path]]:
        """Return the files below a raw folder by key, in order."""
        keys: dict[str, list[Path]] = {}
        for path in sorted(raw.glob(self.files)):
            if not path.name.startswith("."):
                keys.setdefault(path.stem, []).append(path)
        return dict(sorted(keys.items()))


@dataclass(frozen=True)
class Notebook:
    """A notebook: the tables that it reads and writes, the raw files that it reads (all, own, none).

    Where it runs `for_each` of something, each run reads the rows of its own, and all rows of the tables in
    `reads_whole`; it writes its part of each table.
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    raw: str = "none"
    for_each: ForEach | None = None
    reads_whole: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """All that the runner knows of the notebooks; `pages` and the like are named `module:function`."""

    title: str
    notebooks: tuple[Notebook, ...]
    description: str = ""
    license: str = ""
    package: str = ""
    lock: str = ""
    code: tuple[str, ...] = ()
    schema: str = ""
    pages: str = ""
    check_raw: str = ""
    verification: str = ""
    headline: str = ""
    names: str = ""  # of all that a parameter may name, asked of the raw folder
    preload: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def schema_file(self, root: Path) -> Path:
        """Return the file that declares the tables: below the project, or in a package."""
        package, _, rest = self.schema.partition("/")
        folder = package_folder(package) if rest and not (root / self.schema).is_file() else None
        return folder / rest if folder else root / self.schema

    @property
    def version(self) -> str:
        """The version of the installed package."""
        try:
            return metadata.version(self.package) if self.package else ""
        except metadata.PackageNotFoundError:  # a source tree that was never installed
            return "0+unknown"

    def keys(self, raw: Path) -> dict[str, list[Path]]:
        """Return what the repeated notebook runs for, with the files of each."""
        each = [notebook.for_each for notebook in self.notebooks if notebook.for_each]
        return each[0].found(raw) if each else {}

    def known_names(self, raw: Path) -> set[str]:
        """Return what a value of a parameter may name: keys, and what `names` finds in the raw folder."""
        more = load_callable(self.names)(raw) if self.names else ()
        return {*self.keys(raw), *more}

    def runs(self, keys: Sequence[str]) -> dict[str, tuple[Notebook, str | None]]:
        """Return the name of every notebook run with its notebook and key."""
        return {
            f"{notebook.name}-{key}" if key else notebook.name: (notebook, key)
            for notebook in self.notebooks
            for key in (keys if notebook.for_each else [None])
        }


def load_pipeline(root: Path) -> Collection:
    """Return the collection that `notebooks/pipeline.yaml` declares.

    Raises `YamlError` at the first mistake in the file, with its line and the remedy.
    """
    file = YamlFile(root / PIPELINE_FILE)
    top = file.entries((), *entries_of(Collection, notebooks=dict))
    notebooks: list[Notebook] = []
    for name in top["notebooks"]:
        notebooks.append(_notebook(file, name, notebooks))
    return Collection(**(top | {"notebooks": tuple(notebooks)}))


def load_callable(name: str) -> Callable[..., Any]:
    """Return what `module:function` names; `PipelineError` when there is no such module or function."""
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        where = PIPELINE_FILE.as_posix()
        raise PipelineError(f"{where}: {name}: {error}; name it as module:function") from None


def _notebook(file: YamlFile, name: str, earlier: Sequence[Notebook]) -> Notebook:
    """Return a notebook, which reads only what an earlier one writes and writes what no other does."""
    place = ("notebooks", name)
    entries = dict(file.entries(place, *entries_of(Notebook, "name")))
    if entries.get("raw", "none") not in RAW_KINDS:
        raise file.error(
            (*place, "raw"), f"{name}: raw {entries['raw']!r}", f"use one of {', '.join(RAW_KINDS)}"
        )
    writers = {table: notebook.name for notebook in earlier for table in notebook.writes}
    if unknown := [table for table in entries.get("reads", ()) if table not in writers]:
        problem = f"{name} reads {unknown[0]}, which no notebook before it writes"
        raise file.error((*place, "reads"), problem, "write it earlier, or leave it out")
    if twice := [table for table in entries.get("writes", ()) if table in writers]:
        problem = f"{name} writes {twice[0]}, and so does {writers[twice[0]]}"
        raise file.error((*place, "writes"), problem, "keep one of them")
    if "for_each" in entries:
        if other := next((notebook for notebook in earlier if notebook.for_each), None):
            raise file.error(place, f"{name} has for_each, and so has {other.name}", "keep one of them")
        entries["for_each"] = ForEach(**file.entries((*place, "for_each"), *entries_of(ForEach)))
    return Notebook(name=name, **entries)
