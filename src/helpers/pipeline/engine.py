"""pytask decides what is out of date and in which order; this drives it on threads.

pytask's own loop runs one task at a time. pytask-parallel's polls with pauses of up to a second, takes
Ctrl-C for the normal end of a run, and puts the work folder on the import path of every kernel; so
the loop is here, as a hook of pytask, and everything else is pytask's.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytask

from helpers.pipeline.errors import PipelineError
from helpers.pipeline.progress import Watcher
from helpers.pipeline.steps import Step
from notebookpress.interruption import signals_as_exception

# A signal may reach any thread, but only the main thread obeys it, and not while it waits for a lock.
TURN = 0.2  # seconds


@dataclass
class Outcome:
    """What became of the steps."""

    ran: list[Step] = field(default_factory=list)
    up_to_date: list[Step] = field(default_factory=list)
    failed: list[tuple[Step, BaseException]] = field(default_factory=list)
    not_run: list[Step] = field(default_factory=list)


class _Loop:
    """A pytask plugin: the loop over the ready steps."""

    def __init__(self, jobs: int, total: int, watch: Watcher, stop: Callable[[], None]) -> None:
        self.jobs, self.total, self.watch, self.stop = jobs, total, watch, stop
        self.outcome = Outcome()
        self.done = 0

    @pytask.hookimpl(tryfirst=True)
    def pytask_execute_build(self, session: Any) -> bool:
        """Run what is ready on threads until nothing is left."""
        running: dict[Future, Step] = {}
        # In the order of the graph where pytask leaves the choice, so that two runs say the same.
        session.scheduler.priorities = {task.signature: -place for place, task in enumerate(session.tasks)}
        with ThreadPoolExecutor(self.jobs, thread_name_prefix="step") as pool:
            try:
                while session.scheduler.is_active():
                    free = self.jobs - len(running)
                    for signature in reversed(session.scheduler.get_ready(free) if free else []):
                        self._begin(session, session.dag.nodes[signature], pool, running)
                    finished = wait(running, TURN, FIRST_COMPLETED).done if running else set()
                    for future in finished:
                        self._end(session, running.pop(future), future.exception())
            except BaseException:
                self.stop()  # ends the kernels, so that the threads come back
                while wait(running, TURN).not_done:
                    pass
                raise
        return True

    def _begin(self, session: Any, step: Step, pool: ThreadPoolExecutor, running: dict[Future, Step]) -> None:
        """Start a step, or close it when it is up to date or cannot run."""
        try:
            session.hook.pytask_execute_task_setup(session=session, task=step)
        except Exception:
            self._close(session, step, pytask.ExecutionReport.from_task_and_exception(step, sys.exc_info()))
        else:
            self.watch("started", step, self.done, self.total)
            running[pool.submit(step.execute)] = step

    def _end(self, session: Any, step: Step, error: BaseException | None) -> None:
        """Close a step that has come back from its thread."""
        if error is None:
            try:
                session.hook.pytask_execute_task_teardown(session=session, task=step)
            except Exception as missing:
                error = missing
        if error is None:
            report = pytask.ExecutionReport.from_task(step)
        else:
            report = pytask.ExecutionReport.from_task_and_exception(
                step, (type(error), error, error.__traceback__)
            )
        self._close(session, step, report)

    def _close(self, session: Any, step: Step, report: Any) -> None:
        session.hook.pytask_execute_task_process_report(session=session, report=report)
        session.execution_reports.append(report)
        session.scheduler.done(step.signature)
        self.done += 1
        kind = "up_to_date" if step.taken else _kind(report.outcome)
        if kind == "failed":
            self.outcome.failed.append((step, report.exc_info[1]))
        else:
            getattr(self.outcome, kind).append(step)
        self.watch(kind, step, self.done, self.total)


def _kind(outcome: Any) -> str:
    """Return in our words what became of a step."""
    kinds = {
        pytask.TaskOutcome.SUCCESS: "ran",
        pytask.TaskOutcome.SKIP_UNCHANGED: "up_to_date",
        pytask.TaskOutcome.FAIL: "failed",
    }
    return kinds.get(outcome, "not_run")


def execute(
    steps: list[Step], work: Path, jobs: int, force: bool, watch: Watcher, stop: Callable[[], None]
) -> Outcome:
    """Run the steps that are out of date, several at once.

    Parameters
    ----------
    steps : list of Step
        The graph.
    work : pathlib.Path
        Folder of pytask's fingerprints.
    jobs : int
        How many steps may run at once.
    force : bool
        Whether to run every step, up to date or not.
    watch : callable
        Told of every step that starts and ends.
    stop : callable
        Called once when the run is broken off; must make the running steps come back.

    Returns
    -------
    Outcome
        What ran, was up to date, failed, or could not be run.

    """
    for attempt in (1, 2):
        loop = _Loop(jobs, len(steps), watch, stop)
        with _quiet(), signals_as_exception(stop):
            session = _build(steps, work, force, loop)
        made = loop.outcome
        if len(made.ran) + len(made.up_to_date) + len(made.failed) + len(made.not_run) == len(steps):
            return made
        if attempt == 1 and session.exit_code == pytask.ExitCode.CONFIGURATION_FAILED:
            _forget(work)  # the fingerprints cannot be read: then everything is out of date
            continue
        detail = session.dag_report.exc_info[1] if session.dag_report else session.exit_code.name
        raise PipelineError(f"the run graph could not be followed: {detail}")
    raise AssertionError("not reached")


def _build(steps: list[Step], work: Path, force: bool, loop: _Loop) -> Any:
    """Call pytask with our loop."""
    settings = work / "pytask.toml"  # marks the work folder as pytask's root
    if not settings.exists():
        settings.write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    plugins = pytask.get_plugin_manager()
    plugins.register(loop)
    return pytask.build(
        tasks=steps,
        config=settings,
        paths=[],
        force=force,
        capture=pytask.CaptureMethod.NO,
        database_url="sqlite://",  # in memory: the lock file beside the settings holds the fingerprints
        disable_warnings=True,
        verbose=0,
        pm=plugins,
    )


def _forget(work: Path) -> None:
    for path in work.glob("pytask.lock*"):
        path.unlink()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep pytask's own tables and colours off the terminal."""
    before, pytask.console.quiet = pytask.console.quiet, True
    try:
        yield
    finally:
        pytask.console.quiet = before
