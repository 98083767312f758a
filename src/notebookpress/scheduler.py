"""The loop of a run: steps out of date, several at once; what it remembers of them, and what it says."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notebookpress.errors import (
    CLOSED,
    FULL,
    PipelineError,
    in_one_line,
    signals_as_exception,
    system_problem,
)
from notebookpress.files import RunFolders, write_atomic
from notebookpress.graph import Plan, Step
from notebookpress.workers import Workers

MEMORY_FILE, RAW = "steps.json", "raw data"


class RunCache:
    """The memory of a work folder: of each step its fingerprint and the hashes of what it made.

    A file that cannot be read counts as none, with a word in `note`: everything is made again.
    """

    def __init__(self, work: Path) -> None:
        self.path, self.note = work / MEMORY_FILE, ""
        self.steps: dict[str, list] = {}
        if not os.path.lexists(self.path):
            return
        try:
            known = json.loads(self.path.read_text(encoding="utf-8") if self.path.is_file() else "")
            self.steps = {str(name): list(made) for name, made in known.items()}
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            self.note = f"{self.path}: damaged; everything is made again"

    def current(self, step: Step, fingerprint: str) -> bool:
        """Return whether a step has made from the same what lies there now."""
        made = step.made()
        return None not in made and self.steps.get(step.name) == [fingerprint, *made]

    def raw_problems(self, state: str) -> list[str] | None:
        """Return what the last check of the same raw data found and let pass; None when it must be done."""
        known, *found = self.steps.get(RAW, [None])
        return found if known == state else None

    def keep(self, name: str, known: list | None) -> None:
        """Keep the fingerprint of a step, or of raw data, and what came of it; None forgets one that failed.

        Where the disk has no room for that, it is done again next time.
        """
        self.steps = {step: made for step, made in (self.steps | {name: known}).items() if made is not None}
        with contextlib.suppress(OSError):
            write_atomic(self.path, json.dumps(dict(sorted(self.steps.items())), indent=1) + "\n")


# A signal may reach any thread, but only the main thread obeys it, and not while it waits for a lock.
TURN = 0.2  # seconds


class Scheduler:
    """The steps of one run, and what has become of each.

    They are begun in their order where there is a choice; `watch` is called with every step that starts and
    ends.
    """

    def __init__(self, plan: Plan, steps: list[Step], cache: RunCache, watch: StepWatcher) -> None:
        self.plan, self.steps, self.cache, self.watch = plan, steps, cache, watch
        self.report = RunReport()
        self.running: dict[Future, tuple[Step, str]] = {}
        self.ended: dict[str, bool] = {}  # whether each that has ended gives what it should
        makers = {path: step.name for step in steps for path in step.outputs}
        self.needs = {step.name: {makers[path] for path in step.inputs if path in makers} for step in steps}

    def run(self, workers: Workers) -> RunReport:
        """Run what is out of date, several steps at once.

        When the run is broken off, all that the workers do is ended, so that the running steps come back.
        """
        running, waiting, jobs = self.running, list(self.steps), max(1, self.plan.jobs)
        with (
            signals_as_exception(workers.end_all),
            ThreadPoolExecutor(jobs, thread_name_prefix="step") as pool,
        ):
            try:
                while waiting or running:
                    waiting = [step for step in waiting if not self._begun(step, jobs, pool, workers)]
                    for future in wait(running, TURN, FIRST_COMPLETED).done:
                        self._end(*running.pop(future), future)
            except BaseException:
                workers.end_all()
                while wait(running, TURN).not_done:
                    pass
                raise
        return self.report

    def _begun(self, step: Step, jobs: int, pool: Executor, workers: Workers) -> bool:
        """Begin a step, or close it when it is up to date or cannot run; False when it must wait."""
        needs = self.needs[step.name]
        if not needs <= self.ended.keys():
            return False
        if not all(self.ended[name] for name in needs):
            self._close("not_run", step)
            return True
        if len(self.running) >= jobs:
            return False
        fingerprint = step.fingerprint()
        if not self.plan.force and self.cache.current(step, fingerprint):
            self._close("up_to_date", step)
        else:
            self.watch("started", step, len(self.ended), len(self.steps))
            future = pool.submit(step.run, workers)
            self.running[future] = step, fingerprint
        return True

    def _end(self, step: Step, fingerprint: str, future: Future) -> None:
        """Close a step that has come back from its thread."""
        error = future.exception()
        if error is not None:
            self.report.failures[step.name] = failure_words(error, self.plan.folders, step.name, step.title)
            self.cache.keep(step.name, None)
            self._close("failed", step)
        else:
            self.cache.keep(step.name, [fingerprint, *step.made()])
            self._close("ran", step)

    def _close(self, kind: str, step: Step) -> None:
        self.ended[step.name] = kind in ("ran", "up_to_date")
        if kind == "ran":
            self.report.ran[step.name] = round(step.seconds, 3)
        elif kind != "failed":
            getattr(self.report, kind).append(step.name)
        self.watch(kind, step, len(self.ended), len(self.steps))


StepWatcher = Callable[[str, Step, int, int], None]  # "started", "ran", "failed" ..., step, number, total


def say_step(kind: str, step: Step, number: int, total: int) -> None:
    """Write `[ 3/14] 03_study_evidence wan2025 … 4.2 s` when a step has ended."""
    words = {
        "ran": f"{step.seconds:.1f} s",
        "failed": f"FAILED after {step.seconds:.1f} s",
        "not_run": "not run: what it needs has failed",
    }
    if kind in words:
        place = f"[{number:>{len(str(total))}}/{total}]"
        print(f"{place} {step.title} … {words[kind]}", file=sys.stderr, flush=True)


@dataclass
class RunReport:
    """What a run did.

    `ran` holds the steps that ran with their seconds; `failures` the messages of those that failed; `written`
    counts the published files that changed; `refused` names the sources that were left out, `left_out` the
    keys whose run failed and without which the report was published; `notes` say what was found damaged and
    made again.
    """

    ran: dict[str, float] = field(default_factory=dict)
    up_to_date: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    written: int = 0
    index: Path | None = None
    seconds: float = 0.0
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether every step ran or was up to date, and the report was published."""
        return not self.failures and not self.not_run

    def without(self, keys: Iterable[str], rest: RunReport) -> RunReport:
        """Return what became of the run in which the rest was made without some keys."""
        failures, ran = self.failures | rest.failures, self.ran | rest.ran
        left_out = list(keys) if rest.succeeded else []
        return replace(self, ran=ran, failures=failures, not_run=rest.not_run, left_out=left_out)

    def summary(self) -> str:
        """Return the run in one line."""
        counts = f"{len(self.ran)} run, {len(self.up_to_date)} up to date"
        if self.left_out:
            counts += f", {len(self.failures)} failed; the report was made without {', '.join(self.left_out)}"
        elif not self.succeeded:
            counts += f", {len(self.failures)} failed, {len(self.not_run)} not run"
            return f"{counts}, {self.seconds:.1f} s; the earlier report, if there is one, was left as it was"
        place = f"; open {self.index}" if self.index else ""
        return f"{counts}, {self.written} file(s) written, {self.seconds:.1f} s{place}"


def failure_words(error: BaseException, folders: RunFolders, name: str, title: str = "") -> str:
    """Return in words why a step or a run failed; the traceback of what should not happen is kept."""
    if isinstance(error, PipelineError):
        return str(error)
    said = f"{title}: " if title else ""
    if isinstance(error, OSError) and error.errno in FULL + CLOSED:
        return said + system_problem(error, folders.work)
    return f"{said}{in_one_line(error)}\n  the traceback: {save_traceback(error, folders.log, name)}"


def save_traceback(error: BaseException, folder: Path, name: str) -> Path:
    """Write a traceback to a file, for whoever mends the code; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.traceback.txt"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def write_log(folders: RunFolders, report: RunReport, values: Mapping[str, Any], jobs: int) -> None:
    """Keep times and machine facts of a run that did something, outside the report.

    Where the disk is full there is no log, and the run says what it has to say all the same.
    """
    now = datetime.now(UTC)
    machine = {"python": platform.python_version(), "platform": platform.platform(), "cores": os.cpu_count()}
    facts = asdict(report) | {"ended": now, "parameters": values, "jobs": jobs} | machine
    name = f"run-{now:%Y%m%dT%H%M%S}-{os.getpid()}.json"
    with contextlib.suppress(OSError):
        write_atomic(folders.log / name, json.dumps(facts, indent=1, ensure_ascii=False, default=str) + "\n")
