"""The run graph: a step a notebook run, one that gathers the studies' tables, two that make the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.pipeline.code_used import code_used, notebook_code
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.fingerprint import file_hash, raw_hashes, value_hash
from helpers.pipeline.page_steps import page_steps
from helpers.pipeline.parameter import Parameter
from helpers.pipeline.paths import LOCK_FILE, RunFolders
from helpers.pipeline.stages import Stage, run_names
from helpers.pipeline.steps import FileNode, FolderNode, Step
from helpers.pipeline.study_rows import rows_file

PARTS = "parts"  # folder of the tables that each study's notebook writes


@dataclass(frozen=True)
class RunPlan:
    """Everything that decides what the steps are.

    `execute` runs a notebook: it is given the run's name, notebook, parameters, shown parameters and
    the place of the executed notebook. `divide` writes down which rows each study has in tables, `gather`
    puts the studies' parts of tables together. `make_early` makes what follows from some runs and tables in a
    file, `build_site` all pages in a folder, with that file where it is made.
    """

    folders: RunFolders
    stages: tuple[Stage, ...]
    studies: tuple[str, ...]
    declared: Mapping[str, Parameter]
    values: Mapping[str, Any]
    execute: Callable[..., Any]
    divide: Callable[[tuple[str, ...]], Any]
    gather: Callable[[tuple[str, ...]], Any]
    make_early: Callable[[dict[str, Path], tuple[str, ...], Path], Any]
    build_site: Callable[[dict[str, Path], Path, Path | None], Any]

    def notebook(self, stage: Stage) -> Path:
        """Return the file of a stage's notebook."""
        return self.folders.root / "notebooks" / f"{stage.notebook}.ipynb"

    def table(self, name: str, study: str | None = None) -> Path:
        """Return where a table is made: whole, or the part of one study."""
        folder = self.folders.tables if study is None else self.folders.tables / PARTS / study
        return folder / f"{name}.parquet"

    def executed(self, run: str) -> Path:
        """Return where an executed notebook is kept."""
        return self.folders.executed / f"{run}.ipynb"

    def given(self, stage: Stage, study: str | None, *, shown: bool) -> dict[str, Any]:
        """Return the parameters of a run; shown, the folders have the names that the report uses."""
        near = self.folders.near
        runner = {
            "raw": "data/raw" if shown else near(self.folders.raw),
            "processed": "data/processed" if shown else near(self.folders.tables),
            "study_id": study,
        }
        wanted = [name for name, entry in self.declared.items() if stage.notebook in entry.notebooks]
        return {name: runner[name] if name in runner else self.values[name] for name in wanted}

    def identity(self, code: str, *facts: Any) -> str:
        """Return the hash of what a step depends on and is no input: its code, facts, the lock file."""
        return value_hash([code, facts, *self._same_for_all])

    @cached_property
    def _same_for_all(self) -> tuple[Any, ...]:
        lock = self.folders.root / LOCK_FILE
        return file_hash(lock) if lock.is_file() else None, sys.version_info[:2]


def build_steps(plan: RunPlan, pages: bool = True) -> list[Step]:
    """Return the steps of a run: each notebook, once a study where it says so, the gathering, the pages."""
    runs = run_names(plan.stages, plan.studies)
    begun = run_names(plan.stages, _longest_first(plan))
    steps = []
    for stage in plan.stages:
        code = notebook_code(plan.notebook(stage))
        if stage.per_study and stage.reads:
            steps.append(_divide_step(plan, stage))
        steps += [
            _notebook_step(plan, stage, name, study, code)
            for name, (other, study) in begun.items()
            if other is stage
        ]
        if stage.per_study and stage.writes:
            steps.append(_gather_step(plan, stage))
    return [*steps, *page_steps(plan, runs)] if pages else steps


def _longest_first(plan: RunPlan) -> list[str]:
    """Return the studies in the order in which they are best begun, no long one left for the end."""
    sizes = {path.stem: path.stat().st_size for path in (plan.folders.raw / "studies").glob("*.y*ml")}
    return sorted(plan.studies, key=lambda study: (-sizes.get(study, 0), study))


def _notebook_step(plan: RunPlan, stage: Stage, name: str, study: str | None, code: str) -> Step:
    notebook = plan.notebook(stage)
    inputs: list[FileNode | FolderNode] = [FileNode(path=notebook)]
    used = [f"notebooks/{notebook.name}"]
    if stage.raw == "all":
        inputs.append(FolderNode(folder=plan.folders.raw, name="data/raw/"))
        used += [f"data/raw/{file}" for file in raw_hashes(plan.folders.raw)]
    elif stage.raw == "sheet" and study is not None:
        sheets = [path for path in (plan.folders.raw / "studies").glob(f"{study}.y*ml") if path.stem == study]
        inputs += [FileNode(path=sheet) for sheet in sheets]
        used += [f"data/raw/studies/{sheet.name}" for sheet in sheets]
    if study and stage.reads:
        inputs.append(FileNode(path=rows_file(plan.folders.work, study)))
    else:
        inputs += [FileNode(path=plan.table(table)) for table in stage.reads]
    tables = {table: plan.table(table, study) for table in stage.writes}
    part = f"parts/{study}/" if study else ""
    shown = plan.given(stage, study, shown=True)

    def work() -> None:
        for path in tables.values():
            path.unlink(missing_ok=True)  # a table left from an earlier run must not pass for a new one
        plan.execute(name, notebook, plan.given(stage, study, shown=False), shown, plan.executed(name))
        missing = [table for table, path in tables.items() if not path.is_file()]
        if missing:
            raise PipelineError(
                f"{notebook} ({name}): ran to its end and did not write {', '.join(missing)}",
                f"  write each with write_table(NAME, rows, folder), even without rows, to processed/{part}",
            )

    return Step(
        name=name,
        title=f"{stage.notebook} {study}" if study else stage.notebook,
        identity=plan.identity(code, name, shown),
        function=work,
        inputs=inputs,
        outputs=[FileNode(path=plan.executed(name)), *(FileNode(path=path) for path in tables.values())],
        used=used + [f"data/processed/{table}.parquet" for table in stage.reads],
        generated=[f"data/processed/{part}{table}.parquet" for table in stage.writes],
        parameters=shown,
    )


def _divide_step(plan: RunPlan, stage: Stage) -> Step:
    """Return the step that tells the studies' rows apart, so that a study depends on its own only."""
    return Step(
        name="rows",
        title="tell the studies' rows apart",
        identity=plan.identity(code_used(["helpers.pipeline.study_rows"]), "rows", plan.studies),
        function=lambda: plan.divide(stage.reads),
        inputs=[FileNode(path=plan.table(table)) for table in stage.reads],
        outputs=[FileNode(path=rows_file(plan.folders.work, study)) for study in plan.studies],
        used=[f"data/processed/{table}.parquet" for table in stage.reads],
    )


def _gather_step(plan: RunPlan, stage: Stage) -> Step:
    parts = [(table, study) for table in stage.writes for study in plan.studies]
    return Step(
        name="gather",
        title="gather the studies' tables",
        identity=plan.identity(code_used(["helpers.pipeline.gather"]), "gather", plan.studies),
        function=lambda: plan.gather(stage.writes),
        inputs=[FileNode(path=plan.table(table, study)) for table, study in parts],
        outputs=[FileNode(path=plan.table(table)) for table in stage.writes],
        used=[f"data/processed/parts/{study}/{table}.parquet" for table, study in parts],
        generated=[f"data/processed/{table}.parquet" for table in stage.writes],
    )
