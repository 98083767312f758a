"""One run of the report: check everything, run what is out of date, publish when all of it is there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from notebookpress import scheduler
from notebookpress.errors import PipelineError
from notebookpress.files import LOCK, RunFolders, folder_lock, remove
from notebookpress.fingerprint import Code, folder_hashes, imported_by_notebook, value_hash
from notebookpress.graph import Plan, Step, build_steps
from notebookpress.parameters import check_cells, check_names, load_parameters, merge_parameters
from notebookpress.pipeline import load_pipeline
from notebookpress.publish import COMMITTED, differences, finish_publication, for_pages, provenance, publish
from notebookpress.scheduler import RunCache, RunReport, Scheduler, StepWatcher
from notebookpress.workers import OMITTED, Workers

TIMEOUT = 600


def run(
    root: Path,
    raw: Path | None = None,
    out: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    jobs: int = 1,
    force: bool = False,
    timeout: int = TIMEOUT,
    memory: int | None = None,
    watch: StepWatcher = scheduler.say_step,
    pages: bool = True,
    strict: bool = False,
) -> RunReport:
    """Run the notebooks that are out of date and publish tables and pages.

    Parameters
    ----------
    root, raw, out : pathlib.Path
        The project, the raw data (`data/raw` when left out), the folder for the results (`root`).
    parameters : mapping, optional
        As `merge_parameters` returns them; the defaults when left out.
    jobs, timeout, memory : int
        Notebooks at once; the seconds and the megabytes that one may take (no limit when None).
    force : bool
        Whether to run everything, up to date or not.
    watch : callable
        Is called with every step that starts and ends; writes a line a step when left out.
    pages : bool
        Whether to make the pages; without them only tables are published, and `reports/` holds no more than
        the manifest.
    strict : bool
        Whether to publish nothing where the notebook that runs for each of something fails for one of them.
        Otherwise the report is made without these; manifest and pages name them and the error.

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
    collection, declared = load_pipeline(root), load_parameters(root)
    if not folders.raw.is_dir():
        raise PipelineError(f"{folders.raw}: no such folder; name the raw data with --raw DIR")
    values = merge_parameters(declared) if parameters is None else dict(parameters)
    check_names(declared, values, lambda: collection.known_names(folders.raw))
    code = Code(collection.code)
    plan = Plan(collection, folders, declared, values, code, jobs, timeout, memory, force, pages)
    with contextlib.ExitStack() as ended:
        # Where nothing is remembered something will run: what it needs is imported meanwhile.
        workers = None if RunCache(folders.work).steps else ended.enter_context(_workers(plan))
        steps = build_steps(plan)
        facts = provenance(plan, steps)
        plan.facts.update(for_pages(facts))
        report = _up_to_date(plan, steps, facts)
        if report is None:
            workers = workers or ended.enter_context(_workers(plan))
            report = _run_steps(plan, steps, facts, workers, watch, strict)
    index = folders.reports / "index.html"
    report.index = index if (report.succeeded or report.left_out) and index.is_file() else None
    report.seconds = time.perf_counter() - begun
    if report.ran or report.written or not report.succeeded:
        scheduler.write_log(folders, report, values, jobs)
    return report


def _up_to_date(plan: Plan, steps: list[Step], facts: dict[str, Any]) -> RunReport | None:
    """Return the report of a run in which nothing is to be done, before anything is imported or started."""
    cache = RunCache(plan.folders.work)
    refused = cache.raw_problems(_raw_state(plan))
    if refused is None or plan.force or check_cells(plan.declared, plan.notebooks):
        return None
    if (plan.folders.work / COMMITTED).exists():  # a publication that is to be finished or dropped
        return None
    if not all(cache.current(step, step.fingerprint()) for step in steps):
        return None
    if any(differences(plan.folders, facts)):
        return None
    return RunReport(up_to_date=[step.name for step in steps], refused=refused)


def _raw_state(plan: Plan) -> str:
    """Return the hash of what a check of the raw data depends on."""
    checks = plan.code.used_by([plan.collection.check_raw.partition(":")[0]])
    return value_hash([folder_hashes(plan.folders.raw), checks])


def _run_steps(
    plan: Plan, steps: list[Step], facts: dict[str, Any], workers: Workers, watch: StepWatcher, strict: bool
) -> RunReport:
    """Run what is out of date in the folder of the run, alone there, and publish it."""
    folders, state = plan.folders, _raw_state(plan)
    refused = _refuse_wrong_input(plan, workers)
    with folder_lock(folders.work):
        note, cache = finish_publication(folders), RunCache(folders.work)
        _remove_stale(folders, steps)
        report = Scheduler(plan, steps, cache, watch).run(workers)
        if not strict and (left_out := _left_out(plan, report.failures)):
            plan = replace(plan, left_out=left_out, force=False)
            workers.environment[OMITTED] = " ".join(left_out)
            steps = build_steps(plan)
            facts = provenance(plan, steps)
            plan.facts.update(for_pages(facts))
            report = report.without(left_out, Scheduler(plan, steps, cache, watch).run(workers))
        report.refused, report.notes = refused, [said for said in (cache.note, note) if said]
        if report.succeeded or report.left_out:
            report.written = publish(folders, facts)
        if report.succeeded:
            cache.keep(scheduler.RAW, [state, *refused])
    return report


def _left_out(plan: Plan, failures: Mapping[str, str]) -> dict[str, str]:
    """Return each key whose run failed, and how; nothing where something else failed or no key is left."""
    [*repeated] = (notebook.name for notebook in plan.collection.notebooks if notebook.for_each)
    runs = {f"{name}-{key}": key for name in repeated for key in plan.keys}
    if not failures.keys() <= runs.keys() or len({runs[run] for run in failures}) == len(plan.keys):
        return {}
    found = {}
    for run, message in failures.items():
        for path, label in plan.folders.labels.items():
            message = message.replace(path, label)
        found[runs[run]] = " ".join(line.strip() for line in message.splitlines() if ".evidence/" not in line)
    return found


def _workers(plan: Plan) -> Workers:
    """Return the workers of a run: what the collection names, and what notebooks import, is ready in each."""
    names: set[str] = set()
    for notebook in plan.notebooks:
        with contextlib.suppress(PipelineError):  # said when the notebooks are looked at
            names |= imported_by_notebook(notebook)
    more = sorted(name for name in names if name in plan.code.names)
    return Workers(tuple(dict.fromkeys([*plan.collection.preload, *more])))


def _refuse_wrong_input(plan: Plan, workers: Workers) -> list[str]:
    """Raise with everything that is wrong in the raw data or the notebooks' parameter cells.

    Returns what is wrong with sources that are left out alone, without stopping the run.
    """
    check = plan.collection.check_raw
    found = workers.call(check, plan.folders.raw) if check else []
    refused = [str(problem) for problem in found]
    in_raw = refused if any(getattr(problem, "stops", True) for problem in found) else []
    for place, problems in (("raw data", in_raw), ("notebooks", check_cells(plan.declared, plan.notebooks))):
        if problems:
            count = f"{len(problems)} problem(s) in the {place}; nothing was run or written"
            raise PipelineError(*problems, count)
    return refused


def _remove_stale(folders: RunFolders, steps: list[Step]) -> None:
    """Delete what the work folder holds of earlier failures, and what is not made any more."""
    made = {path for step in steps for path in step.outputs}
    for path in (folders.work / scheduler.MEMORY_FILE, folders.work / COMMITTED, folders.log):
        if path.is_dir() != (path == folders.log):  # one in the other's place
            remove(path)
    if folders.site not in made:
        remove(folders.site)
    for path in folders.work.rglob("*"):
        kept = made.intersection([path, *path.parents]) or path.parent == folders.log
        own = path.is_file() and (kept or path.name in (LOCK, scheduler.MEMORY_FILE))
        if path.is_symlink() or not (path.is_dir() or own):  # a link would lead out of the folder
            path.unlink()
