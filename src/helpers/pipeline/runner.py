"""One run of the report: check everything, run what is out of date, publish when all of it is there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.pipeline import manifest, rooms, up_to_date
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.folder_lock import folder_lock
from helpers.pipeline.graph import RunPlan, build_steps
from helpers.pipeline.parameter_cells import check_cells
from helpers.pipeline.parameters import load_parameters, merge_parameters
from helpers.pipeline.paths import RunFolders
from helpers.pipeline.progress import Progress, Watcher
from helpers.pipeline.publish import finish_publication, publish
from helpers.pipeline.release import newest_release
from helpers.pipeline.run_report import RunReport, report_of, write_log
from helpers.pipeline.stages import Stage, study_ids
from helpers.pipeline.step_store import StepStore
from helpers.pipeline.work_folder import remove_stale
from notebookpress.notebook import NotebookRun
from notebookpress.workers import Workers

TIMEOUT = 600
# What is ready in every process before it begins: modules, and what is slow when it is done the first time.
PRELOAD = (
    "helpers.tables",
    "helpers.pipeline.stages",
    "helpers.sheets.raw",
    "helpers.places",
    "helpers.cleaning",
    "helpers.figures",
    "helpers.pipeline.notebook_tables",
    "helpers.pipeline.warming:use_a_table",
    "seaborn",
    "notebookpress.preload:draw_a_figure",
    "scipy.stats",
    "helpers.appraisal",
    "metastats",
    "helpers.effects",
    "helpers.comparison",
    "helpers.pooling.groups",
    "helpers.pooling.ongoing",
    "helpers.pipeline.gather",
    "helpers.site",
)
ENVIRONMENT = {"EVIDENCE_GATHERS": "1"}  # the parts of the studies are put together by a step of the run


def run(
    root: Path,
    raw: Path | None = None,
    out: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    jobs: int = 1,
    force: bool = False,
    timeout: int = TIMEOUT,
    memory: int | None = None,
    stages: Sequence[Stage] | None = None,
    watch: Watcher | None = None,
    store: Path | None = None,
    pages: bool = True,
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
        Seconds that one notebook may take.
    memory : int, optional
        Megabytes that one notebook may take; no limit when left out.
    stages : sequence of Stage, optional
        The notebooks; those of this collection when left out.
    watch : callable, optional
        Told of every step that starts and ends; prints a line a step when left out.
    store : pathlib.Path, optional
        Folder of finished steps that runs share: what is there is taken over, the rest is put there.
    pages : bool
        Whether to make the pages; without them only tables are published, and `reports/` holds no more than
        the manifest.

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
    declared = load_parameters(root)
    values = merge_parameters(declared) if parameters is None else dict(parameters)
    state = None if stages else up_to_date.state_of(folders, values, pages)
    if state and not force and (report := up_to_date.unchanged(folders, state)):
        report.seconds = time.perf_counter() - begun
        return report
    if not folders.raw.is_dir():
        raise PipelineError(f"{folders.raw}: no such folder; name the raw data with --raw DIR")
    with Workers(PRELOAD, ENVIRONMENT) as working:
        from helpers.pipeline import engine  # while the workers import what they need

        chosen = rooms.evidence_stages(working) if stages is None else tuple(stages)
        refused = _refuse_wrong_input(folders, declared, chosen, working)
        folders.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with folder_lock(folders.work):
            finish_publication(folders)
            up_to_date.forget(folders)
            facts: dict[str, Any] = {}
            plan = _plan(folders, chosen, declared, values, timeout, memory, working, facts, jobs)
            steps = build_steps(plan, pages)
            for step in steps if store else ():
                StepStore(Path(store).resolve()).serve(step, take=not force)
            facts |= manifest.provenance(folders, steps, values)
            remove_stale(folders, plan, pages)
            watch = Progress() if watch is None else watch
            report = report_of(
                engine.execute(steps, folders.work, max(1, jobs), force, watch, working.end_all), folders
            )
            if report.succeeded:
                report.written = publish(folders, facts)
                up_to_date.remember(folders, state, steps, refused)
                index = folders.reports / "index.html"
                report.index = index if index.is_file() else None
            report.refused = refused
            report.seconds = time.perf_counter() - begun
            if report.ran or report.written or not report.succeeded:
                write_log(folders, report, values, jobs)
    return report


def _refuse_wrong_input(
    folders: RunFolders, declared: Mapping[str, Any], stages: Sequence[Stage], working: Workers
) -> list[str]:
    """Raise with everything that is wrong in the raw data or the notebooks' parameter cells.

    Returns what is wrong with sources that are left out alone, without stopping the run.
    """
    notebooks = [folders.root / "notebooks" / f"{stage.notebook}.ipynb" for stage in stages]
    refused, stops = rooms.check_raw(working, folders.raw)
    if stops:
        raise PipelineError(
            *refused, f"{len(refused)} problem(s) in the raw data; nothing was run or written"
        )
    problems = check_cells(declared, notebooks)
    if problems:
        raise PipelineError(
            *problems, f"{len(problems)} problem(s) in the notebooks; nothing was run or written"
        )
    return refused


def _plan(
    folders: RunFolders,
    stages: tuple[Stage, ...],
    declared: Mapping[str, Any],
    values: Mapping[str, Any],
    timeout: int,
    memory: int | None,
    working: Workers,
    facts: Mapping[str, Any],
    jobs: int,
) -> RunPlan:
    """Return the plan of a run; `facts` are filled in before the site is made."""
    studies = tuple(study_ids(folders.raw))

    def execute(name: str, notebook: Path, given: dict, shown: dict, executed: Path) -> None:
        wanted = NotebookRun(
            name,
            notebook,
            given,
            shown,
            executed,
            folders.root,
            folders.labels,
            timeout,
            memory,
        )
        working.run_notebook(wanted)

    def make_early(executed: dict[str, Path], tables: tuple[str, ...], destination: Path) -> None:
        known = manifest.for_site(facts)
        rooms.make_early(working, executed, folders.tables, tables, destination, known)

    def build_site(executed: dict[str, Path], destination: Path, early: Path | None) -> None:
        release = newest_release(folders.reports)
        more = {"previous": release, "previous_version": release.name if release else None}
        known = manifest.for_site(facts) | more
        rooms.build_site(working, executed, folders.tables, destination, folders.raw, known, early, jobs)

    return RunPlan(
        folders,
        stages,
        studies,
        declared,
        values,
        execute,
        lambda tables: rooms.divide(working, folders.tables, studies, tables),
        lambda tables: rooms.gather(working, folders.tables, studies, tables),
        make_early,
        build_site,
    )
