"""One run of the report: check everything, run what is out of date, publish when all of it is there."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.pipeline import engine, manifest
from helpers.pipeline.errors import PipelineError, system_problem
from helpers.pipeline.folder_lock import folder_lock
from helpers.pipeline.graph import RunPlan, Stage, build_steps, evidence_stages, run_names, study_ids
from helpers.pipeline.kernels import Kernels
from helpers.pipeline.parameter_cells import check_cells
from helpers.pipeline.parameters import load_parameters, merge_parameters
from helpers.pipeline.paths import RunFolders
from helpers.pipeline.progress import Progress
from helpers.pipeline.publish import publish

TIMEOUT = 600
_IMPORTING = threading.Lock()  # several threads may need papermill for the first time at once


@dataclass
class RunReport:
    """What a run did.

    `ran` holds the steps that ran with their seconds; `failures` the messages of those that failed;
    `written` counts the published files that changed.
    """

    ran: dict[str, float] = field(default_factory=dict)
    up_to_date: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    written: int = 0
    index: Path | None = None
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether every step ran or was up to date, and the report was published."""
        return not self.failures and not self.not_run

    def summary(self) -> str:
        """Return the run in one line."""
        counts = f"{len(self.ran)} run, {len(self.up_to_date)} up to date"
        if not self.succeeded:
            counts += f", {len(self.failures)} failed, {len(self.not_run)} not run"
            return f"{counts}, {self.seconds:.1f} s; the earlier report, if there is one, was left as it was"
        place = f"; open {self.index}" if self.index else ""
        return f"{counts}, {self.written} file(s) written, {self.seconds:.1f} s{place}"


def run(
    root: Path,
    raw: Path | None = None,
    out: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    jobs: int = 1,
    force: bool = False,
    timeout: int = TIMEOUT,
    stages: Sequence[Stage] | None = None,
    watch: engine.Watcher | None = None,
) -> RunReport:
    """Run the notebooks that are out of date and publish tables and pages.

    Parameters
    ----------
    root : pathlib.Path
        The project's root.
    raw, out : pathlib.Path, optional
        The raw data, `data/raw` when left out, and the folder for the results, the root when left out.
    parameters : mapping, optional
        As `merge_parameters` returns them; the defaults when left out.
    jobs : int
        How many notebooks may run at once.
    force : bool
        Whether to run everything, up to date or not.
    timeout : int
        Seconds that one cell may take.
    stages : sequence of Stage, optional
        The notebooks; those of this collection when left out.
    watch : callable, optional
        Told of every step that starts and ends; prints a line a step when left out.

    Returns
    -------
    RunReport
        What was done; look at `succeeded`.

    Raises
    ------
    PipelineError
        When the run cannot begin: wrong raw data or parameters, a notebook that is not in step with
        `parameters.yaml`, a folder in use. Nothing has been written then.

    """
    begun = time.perf_counter()
    root = Path(root).resolve()
    folders = RunFolders(root, Path(raw or root / "data" / "raw").resolve(), Path(out or root).resolve())
    chosen = evidence_stages() if stages is None else tuple(stages)
    declared = load_parameters(root)
    values = merge_parameters(declared) if parameters is None else dict(parameters)
    _refuse_wrong_input(folders, declared, chosen)
    folders.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder_lock(folders.work):
        kernels, facts = Kernels(folders.rooms), {}
        kernels.remove_left_over()
        plan = _plan(folders, chosen, declared, values, timeout, kernels, facts)
        steps = build_steps(plan)
        facts |= manifest.provenance(folders, steps, values)
        _remove_stale(folders, plan)
        watch = Progress() if watch is None else watch
        report = _report(
            engine.execute(steps, folders.work, max(1, jobs), force, watch, kernels.end_all), folders
        )
        if report.succeeded:
            report.written = publish(folders, facts)
            index = folders.reports / "index.html"
            report.index = index if index.is_file() else None
        report.seconds = time.perf_counter() - begun
        if report.ran or report.written or not report.succeeded:
            _write_log(folders, report, values, jobs)
    return report


def _refuse_wrong_input(folders: RunFolders, declared: Mapping[str, Any], stages: Sequence[Stage]) -> None:
    """Raise with everything that is wrong in the raw data or the notebooks' parameter cells."""
    from helpers.sources import check_raw

    if not folders.raw.is_dir():
        raise PipelineError(f"{folders.raw}: no such folder; name the raw data with --raw DIR")
    problems = [str(problem) for problem in check_raw(folders.raw)]
    if problems:
        raise PipelineError(
            *problems, f"{len(problems)} problem(s) in the raw data; nothing was run or written"
        )
    problems = check_cells(
        declared, [folders.root / "notebooks" / f"{stage.notebook}.ipynb" for stage in stages]
    )
    if problems:
        raise PipelineError(
            *problems, f"{len(problems)} problem(s) in the notebooks; nothing was run or written"
        )


def _plan(
    folders: RunFolders,
    stages: tuple[Stage, ...],
    declared: Mapping[str, Any],
    values: Mapping[str, Any],
    timeout: int,
    kernels: Kernels,
    facts: Mapping[str, Any],
) -> RunPlan:
    """Return the plan of a run; papermill and the site are imported when they are first needed."""

    def execute(name: str, notebook: Path, given: dict, shown: dict, executed: Path) -> None:
        with _IMPORTING:
            from helpers.pipeline.notebook_run import NotebookRun, run_notebook

        wanted = NotebookRun(name, notebook, given, shown, executed, folders.root, folders.labels, timeout)
        run_notebook(wanted, kernels)

    def build_site(executed: dict[str, Path], destination: Path) -> None:
        from helpers.site import build_site as build

        build(executed, folders.tables, destination, manifest.for_site(facts))

    return RunPlan(folders, stages, tuple(study_ids(folders.raw)), declared, values, execute, build_site)


def _remove_stale(folders: RunFolders, plan: RunPlan) -> None:
    """Delete what the work folder holds of earlier failures, and of studies and tables that are gone."""
    runs = set(run_names(plan.stages, plan.studies))
    for path in folders.executed.glob("*.ipynb"):
        if path.name.removesuffix(".ipynb") not in runs:  # those of failures, too: a new one says it anew
            path.unlink()
    tables = {table for stage in plan.stages for table in stage.writes}
    for path in folders.tables.glob("*.parquet"):
        if path.stem not in tables:
            path.unlink()
    for folder in folders.tables.glob("parts/*"):
        if folder.name not in plan.studies:
            shutil.rmtree(folder)


def _report(outcome: engine.Outcome, folders: RunFolders) -> RunReport:
    report = RunReport(
        ran={step.name: round(step.seconds, 3) for step in outcome.ran},
        up_to_date=[step.name for step in outcome.up_to_date],
        not_run=[step.name for step in outcome.not_run],
    )
    for step, error in outcome.failed:
        if isinstance(error, PipelineError):
            report.failures[step.name] = str(error)
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES):
            report.failures[step.name] = f"{step.title}: {system_problem(error)}"
        else:
            saved = save_traceback(error, folders.log, step.name)
            first = next(iter(str(error).splitlines()), "")
            report.failures[step.name] = (
                f"{step.title}: {type(error).__name__}: {first}\n  the traceback: {saved}"
            )
    return report


def save_traceback(error: BaseException, folder: Path, name: str) -> Path:
    """Write a traceback to a file, for whoever mends the code; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.traceback.txt"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def _write_log(folders: RunFolders, report: RunReport, values: Mapping[str, Any], jobs: int) -> None:
    """Keep times and machine facts of a run that did something, outside the report."""
    now = datetime.now(UTC)
    folders.log.mkdir(parents=True, exist_ok=True)
    facts = {
        "ended": now.isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "steps": report.ran,
        "up_to_date": report.up_to_date,
        "failures": report.failures,
        "not_run": report.not_run,
        "parameters": dict(values),
        "jobs": jobs,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
    }
    name = f"run-{now:%Y%m%dT%H%M%S}-{os.getpid()}.json"
    (folders.log / name).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
