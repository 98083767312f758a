"""A collection of notebooks as `notebooks/pipeline.yaml` declares it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from notebookpress.code import package_folder
from notebookpress.errors import PipelineError, did_you_mean
from notebookpress.folders import PIPELINE_FILE
from notebookpress.yaml_files import read_mapping

RAW = ("all", "own", "none")


@dataclass(frozen=True)
class ForEach:
    """What a notebook runs once for each of: `files` is a pattern below the raw folder.

    A file's name without its ending is its key: the notebook gets it as the parameter `key`, and a table's
    column of that name says whose a row is. `name` is what people call them, such as `studies`.
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
class PageStep:
    """A step that makes pages: from which notebooks (all when empty), without which of their tables."""

    name: str
    title: str
    make: str
    notebooks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """All that the runner knows of the notebooks; `check_raw` and the like are named `module:function`."""

    notebooks: tuple[Notebook, ...]
    title: str
    description: str = ""
    license: str = ""
    package: str = ""
    lock: str = ""
    code: tuple[str, ...] = ()
    schema: str = ""
    pages: tuple[PageStep, ...] = ()
    check_raw: str = ""
    verification: str = ""
    headline: str = ""
    preload: tuple[str, ...] = ()

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

    @property
    def repeated(self) -> Notebook | None:
        """The notebook that runs once for each of something; None when there is none."""
        return next((notebook for notebook in self.notebooks if notebook.for_each), None)

    def notebook(self, name: str) -> Notebook | None:
        """Return a notebook by its name; None when it is not one of these."""
        return next((notebook for notebook in self.notebooks if notebook.name == name), None)

    def keys(self, raw: Path) -> dict[str, list[Path]]:
        """Return what the repeated notebook runs for, with the files of each."""
        return self.repeated.for_each.found(raw) if self.repeated and self.repeated.for_each else {}

    def runs(self, keys: Sequence[str]) -> dict[str, tuple[Notebook, str | None]]:
        """Return the name of every notebook run with its notebook and key."""
        return {
            f"{notebook.name}-{key}" if key else notebook.name: (notebook, key)
            for notebook in self.notebooks
            for key in (keys if notebook.for_each else [None])
        }


def load_pipeline(root: Path) -> Collection:
    """Return the collection that `notebooks/pipeline.yaml` declares.

    Raises
    ------
    PipelineError
        When the file is wrong; every problem is listed.

    """
    path = root / PIPELINE_FILE
    content = read_mapping(path)
    problems: list[str] = []
    listed = content.get("notebooks") or {}
    if not isinstance(listed, dict):
        raise PipelineError(
            f"{path}: notebooks: not a mapping; write `name: {{reads: [...], writes: [...]}}`"
        )
    notebooks = [_notebook(name, entry or {}, problems) for name, entry in listed.items()]
    pages = [
        _record(PageStep, entry, f"pages, entry {n}", problems)
        for n, entry in enumerate(content.get("pages") or [], 1)
    ]
    whole = content | {"notebooks": notebooks, "pages": pages}
    collection = _record(Collection, whole, "", problems)
    if not problems:
        problems += _order_problems(collection.notebooks)
        problems += _page_problems(collection)
    if problems:
        raise PipelineError(*(f"{path}: {problem}" for problem in problems))
    return collection


def load_callable(name: str) -> Callable[..., Any]:
    """Return what `module:function` names.

    Raises
    ------
    PipelineError
        When there is no such module or function.

    """
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        raise PipelineError(
            f"{PIPELINE_FILE.as_posix()}: {name}: {error}; name it as module:function"
        ) from None


def _notebook(name: str, entry: Any, problems: list[str]) -> Notebook:
    place = f"notebooks: {name}"
    if isinstance(entry, dict) and isinstance(entry.get("for_each"), dict):
        entry = entry | {"for_each": _record(ForEach, entry["for_each"], f"{place}: for_each", problems)}
    notebook = _record(
        Notebook, {"name": name} | entry if isinstance(entry, dict) else entry, place, problems
    )
    if notebook is not None and notebook.raw not in RAW:
        problems.append(f"{place}: raw {notebook.raw!r} is none of {', '.join(RAW)}")
    return notebook


def _record(kind: type, entry: Any, place: str, problems: list[str]) -> Any:
    """Return a mapping as a record of a kind; None, with what is wrong, when it is none."""
    place = f"{place}: " if place else ""
    if not isinstance(entry, Mapping):
        problems.append(f"{place}is no mapping; write one `name: value` a line")
        return None
    known = {field.name: field for field in fields(kind)}
    wrong = [
        f"{place}unknown key {key!r}; {did_you_mean(str(key), known)}" for key in entry if key not in known
    ]
    for name, field in known.items():
        is_list = str(field.type).startswith("tuple")
        if name not in entry:
            wrong += [f"{place}{name} is missing"] if field.default is MISSING else []
        elif is_list != isinstance(entry[name], list):
            what = "no list; write [a, b]" if is_list else "a list; write one value"
            wrong.append(f"{place}{name} is {what}")
    problems += wrong
    if wrong:
        return None
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})


def _order_problems(notebooks: Sequence[Notebook]) -> list[str]:
    """Return where a notebook reads what no earlier one writes, and tables that two of them write."""
    problems: list[str] = []
    writers: dict[str, str] = {}
    for notebook in notebooks:
        place = f"notebooks: {notebook.name}"
        problems += [
            f"{place} reads {table}, which no notebook before it writes"
            for table in notebook.reads
            if table not in writers
        ]
        problems += [
            f"{place} writes {table}, and so does {writers[table]}"
            for table in notebook.writes
            if table in writers
        ]
        writers |= dict.fromkeys(notebook.writes, notebook.name)
    if len([notebook for notebook in notebooks if notebook.for_each]) > 1:
        problems.append("notebooks: more than one has for_each; one may run once for each of something")
    return problems


def _page_problems(collection: Collection) -> list[str]:
    known = {notebook.name for notebook in collection.notebooks}
    return [
        f"pages: {step.name}: no notebook {name!r}; {did_you_mean(name, known)}"
        for step in collection.pages
        for name in step.notebooks
        if name not in known
    ]
