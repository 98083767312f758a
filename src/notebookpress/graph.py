"""The run graph: a step a notebook run, two around the notebook that runs for each of something, pages."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from notebookpress.errors import PipelineError
from notebookpress.files import RunFolders, newest_release, part_folder, remove, rows_file
from notebookpress.fingerprint import Code, content_hash, file_hash, folder_hashes, value_hash
from notebookpress.notebook import NotebookRun
from notebookpress.parameters import Parameter
from notebookpress.pipeline import Collection, ForEach, Notebook
from notebookpress.workers import Workers

DOCUMENTS = "documents"  # folder of other people's texts, which are on few machines

PARTS_MODULE = "notebookpress.tables"  # divides and gathers; called by name in a worker


@dataclass(kw_only=True)
class Step:
    """A step of a run.

    `identity` stands for everything that the step depends on and that is no file: parameters, code. `used`
    names files as the manifest does. An output without an ending is a folder.
    """

    name: str
    title: str
    identity: str
    work: Callable[[Workers], Any]
    inputs: list[Path]
    outputs: list[Path]
    used: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    where: str = ""  # of a notebook, for messages
    seconds: float = 0.0

    def fingerprint(self) -> str:
        """Return the hash of all that decides the outputs; the folder that it works in does not."""
        return value_hash([self.name, self.identity, [content_hash(path) for path in self.inputs]])

    def made(self) -> list[str | None]:
        """Return the hash of each output, None for one that is not there."""
        return [content_hash(path) for path in self.outputs]

    def run(self, workers: Workers) -> None:
        """Do the work in the workers' processes, and keep how long it took; all outputs are made, or none."""
        begun = time.perf_counter()
        self._remove_outputs()  # what is left from an earlier run must not pass for new
        try:
            self.work(workers)
            if missing := ", ".join(path.stem for path in self.outputs if not path.exists()):
                where = self.where or self.title
                raise PipelineError(f"{where}: ran to its end and did not write {missing}; write each")
        except BaseException:
            self._remove_outputs()  # they would fill a disk that is full
            raise
        finally:
            self.seconds = time.perf_counter() - begun

    def _remove_outputs(self) -> None:
        for path in self.outputs:
            remove(path)


@dataclass(frozen=True)
class Plan:
    """Everything that decides what the steps are."""

    collection: Collection
    folders: RunFolders
    declared: Mapping[str, Parameter]
    values: Mapping[str, Any]
    code: Code
    jobs: int = 1
    timeout: int = 600  # seconds that a notebook may take
    memory: int | None = None  # megabytes that it may take
    force: bool = False  # whether to run everything, up to date or not
    pages: bool = True  # whether to make the pages
    left_out: Mapping[str, str] = field(default_factory=dict)  # keys of failed runs, each with the error
    facts: dict[str, Any] = field(default_factory=dict)  # of the manifest, filled in when the steps are known

    @cached_property
    def keys(self) -> dict[str, list[Path]]:
        """What the repeated notebook runs for, with the files of each."""
        return self.collection.keys(self.folders.raw)

    @property
    def reported(self) -> list[str]:
        """The keys that are part of the report."""
        return [key for key in self.keys if key not in self.left_out]

    def notebook(self, notebook: Notebook) -> Path:
        """Return the file of a notebook."""
        return self.folders.root / "notebooks" / f"{notebook.name}.ipynb"

    @property
    def notebooks(self) -> list[Path]:
        """The files of all notebooks."""
        return [self.notebook(notebook) for notebook in self.collection.notebooks]

    def table(self, name: str, key: str | None = None) -> Path:
        """Return where a table is made: whole, or the part of one key."""
        folder = part_folder(self.folders.tables, key) if key else self.folders.tables
        return folder / f"{name}.parquet"

    def executed(self, run: str) -> Path:
        """Return where an executed notebook is kept."""
        return self.folders.executed / f"{run}.ipynb"

    def given(self, notebook: Notebook, key: str | None, *, shown: bool) -> dict[str, Any]:
        """Return the parameters of a run; shown, the folders have the names that the report uses."""
        folders = {"raw": self.folders.raw, "processed": self.folders.tables}
        runner: dict[str, Any] = {
            name: f"data/{name}" if shown else self.folders.near(path) for name, path in folders.items()
        }
        runner |= {notebook.for_each.key: key} if notebook.for_each and key else {}
        wanted = [name for name, entry in self.declared.items() if notebook.name in entry.notebooks]
        return {name: runner[name] if name in runner else self.values[name] for name in wanted}

    def identity(self, *facts: Any) -> str:
        """Return the hash of what a step depends on besides its inputs: facts, lock file, schema, Python."""
        schema = content_hash(self.collection.schema_file(self.folders.root))
        lock = lock_hash(self.collection, self.folders.root)
        return value_hash([facts, lock, schema, sys.version_info[:2]])

    @cached_property
    def release(self) -> Path | None:
        """The newest release: a page says what changed since."""
        return newest_release(self.folders.reports)


def lock_hash(collection: Collection, root: Path) -> str | None:
    """Return the hash of the lock file; None without one."""
    path = root / collection.lock
    return file_hash(path) if collection.lock and path.is_file() else None


def raw_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of the raw files that a report is made of, without the source texts.

    The texts are on few machines; which text the figures stand in is told by the sheets' own hashes and the
    record of the last verification, so that a report is the same with the texts and without them.
    """
    hashes = folder_hashes(folder)
    return {
        name: value
        for name, value in hashes.items()
        if not name.startswith(f"{DOCUMENTS}/") or name == f"{DOCUMENTS}/README.md"
    }


def build_steps(plan: Plan) -> list[Step]:
    """Return the steps of a run: each notebook, once for each where it says so, the gathering, the pages."""
    steps: list[Step] = []
    gone: list[str] = []
    for notebook in plan.collection.notebooks:
        code = plan.code.used_by_notebook(plan.notebook(notebook))
        each = notebook.for_each
        if each is None:
            steps.append(_notebook_step(plan, notebook, None, code, gone))
            continue
        steps += [_rows_step(plan, notebook, each)] if notebook.reads else []
        # No long one is left for the end.
        keys = sorted(plan.reported, key=lambda key: -sum(path.stat().st_size for path in plan.keys[key]))
        steps += [_notebook_step(plan, notebook, key, code) for key in keys]
        steps += [_gather_step(plan, notebook, each)] if notebook.writes else []
        gone = sorted(plan.left_out)  # later notebooks read none of their rows
    return [*steps, _page_step(plan)] if plan.pages and plan.collection.pages else steps


def _notebook_step(
    plan: Plan, notebook: Notebook, key: str | None, code: str, gone: Iterable[str] = ()
) -> Step:
    name = f"{notebook.name}-{key}" if key else notebook.name
    inputs, used = _notebook_inputs(plan, notebook, key)
    shown = plan.given(notebook, key, shown=True)
    run = NotebookRun(
        name=name,
        notebook=plan.notebook(notebook),
        parameters=plan.given(notebook, key, shown=False),
        shown=shown,
        executed=plan.executed(name),
        root=plan.folders.root,
        labels=plan.folders.labels,
        timeout=plan.timeout,
        memory=plan.memory,
    )

    return Step(
        name=name,
        title=f"{notebook.name} {key}" if key else notebook.name,
        identity=plan.identity(code, name, shown, *gone),
        work=lambda workers: workers.run_notebook(run),
        inputs=inputs,
        outputs=[run.executed, *(plan.table(table, key) for table in notebook.writes)],
        used=used + [f"data/processed/{table}.parquet" for table in notebook.reads],
        parameters=shown,
        where=f"{run.notebook} ({name})",
    )


def _notebook_inputs(plan: Plan, notebook: Notebook, key: str | None) -> tuple[list[Path], list[str]]:
    """Return the files that a notebook run depends on, and what the manifest calls notebook and raw files."""
    path, raw = plan.notebook(notebook), plan.folders.raw
    inputs, used = [path], [f"notebooks/{path.name}"]
    if notebook.raw == "all":
        inputs.append(raw)
        used += [f"data/raw/{file}" for file in raw_hashes(raw)]
    elif notebook.raw == "own" and key is not None:
        inputs += plan.keys[key]
        used += [f"data/raw/{file.relative_to(raw).as_posix()}" for file in plan.keys[key]]
    if key and notebook.reads:
        inputs.append(rows_file(plan.folders.work, key))
    else:
        inputs += [plan.table(table) for table in notebook.reads]
    return inputs, used


def _rows_step(plan: Plan, notebook: Notebook, each: ForEach) -> Step:
    """Return the step that tells the rows of each key apart, so that a run depends on its own only."""
    keys, code = list(plan.keys), plan.code.used_by([PARTS_MODULE])
    arguments = (plan.folders.tables, keys, notebook.reads, each.key, notebook.reads_whole)
    return Step(
        name="rows",
        title=f"tell the {each.name}' rows apart",
        identity=plan.identity(code, "rows", keys, notebook.reads_whole),
        work=lambda workers: workers.call(f"{PARTS_MODULE}:divide_rows", *arguments),
        inputs=[plan.table(table) for table in notebook.reads],
        outputs=[rows_file(plan.folders.work, key) for key in keys],
        used=[f"data/processed/{table}.parquet" for table in notebook.reads],
    )


def _gather_step(plan: Plan, notebook: Notebook, each: ForEach) -> Step:
    keys, code = plan.reported, plan.code.used_by([PARTS_MODULE])
    pairs = [(table, key) for table in notebook.writes for key in keys]
    arguments = (plan.collection.schema_file(plan.folders.root), plan.folders.tables, keys, notebook.writes)
    return Step(
        name="gather",
        title=f"gather the {each.name}' tables",
        identity=plan.identity(code, "gather", keys),
        work=lambda workers: workers.call(f"{PARTS_MODULE}:gather_parts", *arguments),
        inputs=[plan.table(table, key) for table, key in pairs],
        outputs=[plan.table(table) for table in notebook.writes],
        used=[f"data/processed/parts/{key}/{table}.parquet" for table, key in pairs],
    )


def _page_step(plan: Plan) -> Step:
    """Return the step that makes the folder of pages, which tell of everything."""
    tables = [table for notebook in plan.collection.notebooks for table in notebook.writes]
    executed = {run: plan.executed(run) for run in plan.collection.runs(plan.reported)}
    release = plan.release and plan.release.name
    made = plan.folders.site

    def make(workers: Workers) -> None:
        made.mkdir(parents=True)
        facts = plan.facts | {"raw": plan.folders.raw}
        facts |= {"previous": plan.release, "previous_version": release}
        workers.call(plan.collection.pages, executed, plan.folders.tables, made, facts)

    values, raw = [*plan.values.items(), *plan.left_out.items()], raw_hashes(plan.folders.raw)
    return Step(
        name="site",
        title="the pages",
        identity=plan.identity("site", list(executed), plan.code.all(), sorted(values), raw, release),
        work=make,
        inputs=[*executed.values(), *map(plan.table, tables)],
        outputs=[made],
        used=[f"data/processed/{table}.parquet" for table in tables],
    )
