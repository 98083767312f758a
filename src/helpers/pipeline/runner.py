"""One run of the report: check everything, run what is out of date, publish when all of it is there."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.pipeline import engine, manifest
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.folder_lock import folder_lock
from helpers.pipeline.graph import RunPlan, build_steps
from helpers.pipeline.kernels import Kernels
from helpers.pipeline.parameter_cells import check_cells
from helpers.pipeline.parameters import load_parameters, merge_parameters
from helpers.pipeline.paths import RunFolders
from helpers.pipeline.progress import Progress
from helpers.pipeline.publish import publish
from helpers.pipeline.release import newest_release
from helpers.pipeline.run_report import RunReport, report_of, write_log
from helpers.pipeline.stages import Stage, evidence_stages, run_names, study_ids

TIMEOUT = 600
_IMPORTING = threading.Lock()  # several threads may need papermill for the first time at once


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
    refused = _refuse_wrong_input(folders, declared, chosen)
    folders.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder_lock(folders.work):
        kernels, facts = Kernels(folders.rooms), {}
        kernels.remove_left_over()
        plan = _plan(folders, chosen, declared, values, timeout, kernels, facts)
        steps = build_steps(plan)
        facts |= manifest.provenance(folders, steps, values)
        _remove_stale(folders, plan)
        watch = Progress() if watch is None else watch
        report = report_of(
            engine.execute(steps, folders.work, max(1, jobs), force, watch, kernels.end_all), folders
        )
        if report.succeeded:
            report.written = publish(folders, facts)
            index = folders.reports / "index.html"
            report.index = index if index.is_file() else None
        report.refused = refused
        report.seconds = time.perf_counter() - begun
        if report.ran or report.written or not report.succeeded:
            write_log(folders, report, values, jobs)
    return report


def _refuse_wrong_input(
    folders: RunFolders, declared: Mapping[str, Any], stages: Sequence[Stage]
) -> list[str]:
    """Raise with everything that is wrong in the raw data or the notebooks' parameter cells.

    Returns what is wrong with sources that are left out alone, without stopping the run.
    """
    from helpers.sources import check_raw

    if not folders.raw.is_dir():
        raise PipelineError(f"{folders.raw}: no such folder; name the raw data with --raw DIR")
    found = check_raw(folders.raw)
    problems = [str(problem) for problem in found]
    if any(getattr(problem, "stops", True) for problem in found):
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
    return [str(problem) for problem in found]


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
        from helpers.sources.review_facts import read_review_facts

        release = newest_release(folders.reports)
        more = {"previous": release, "previous_version": release.name if release else None}
        more["review"] = read_review_facts(folders.raw)
        build(executed, folders.tables, destination, manifest.for_site(facts) | more)

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
