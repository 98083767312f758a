"""The loop of a run: steps that are out of date, several at once, each when what it needs is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from notebookpress.cache import RunCache, SharedCache
from notebookpress.graph import Step
from notebookpress.interruption import signals_as_exception
from notebookpress.progress import Watcher
from notebookpress.workers import Workers

# A signal may reach any thread, but only the main thread obeys it, and not while it waits for a lock.
TURN = 0.2  # seconds


@dataclass
class Outcome:
    """What became of the steps."""

    ran: list[Step] = field(default_factory=list)
    up_to_date: list[Step] = field(default_factory=list)
    failed: list[tuple[Step, BaseException]] = field(default_factory=list)
    not_run: list[Step] = field(default_factory=list)


class Scheduler:
    """The steps of one run and what has become of each.

    Parameters
    ----------
    steps : list of Step
        The graph, in the order in which steps are begun where there is a choice.
    cache : RunCache
        The memory of the work folder.
    shared : SharedCache, optional
        Finished steps of other runs.
    force : bool
        Whether to run every step, up to date or not.
    watch : callable
        Is called with every step that starts and ends.

    """

    def __init__(
        self, steps: list[Step], cache: RunCache, shared: SharedCache | None, force: bool, watch: Watcher
    ) -> None:
        self.steps, self.cache, self.shared, self.force, self.watch = steps, cache, shared, force, watch
        self.outcome = Outcome()
        self.ended: dict[str, bool] = {}  # whether each that has ended gives what it should
        makers = {path: step.name for step in steps for path in step.outputs}
        self.needs = {step.name: {makers[path] for path in step.inputs if path in makers} for step in steps}

    def run(self, jobs: int, workers: Workers) -> Outcome:
        """Run what is out of date, so many steps at once.

        When the run is broken off, all that the workers do is ended, so that the running steps come back.
        """
        running: dict[Future, tuple[Step, str]] = {}
        waiting = list(self.steps)

        def begin(step: Step, fingerprint: str) -> Future:
            return pool.submit(self._done, step, fingerprint, workers)

        with (
            signals_as_exception(workers.end_all),
            ThreadPoolExecutor(jobs, thread_name_prefix="step") as pool,
        ):
            try:
                while waiting or running:
                    waiting = [step for step in waiting if not self._begun(step, jobs, begin, running)]
                    for future in wait(running, TURN, FIRST_COMPLETED).done:
                        self._end(*running.pop(future), future)
            except BaseException:
                workers.end_all()
                while wait(running, TURN).not_done:
                    pass
                raise
        return self.outcome

    def _begun(
        self,
        step: Step,
        jobs: int,
        begin: Callable[[Step, str], Future],
        running: dict[Future, tuple[Step, str]],
    ) -> bool:
        """Begin a step, or close it when it is up to date or cannot run; False when it must wait."""
        needs = self.needs[step.name]
        if not needs <= self.ended.keys():
            return False
        if not all(self.ended[name] for name in needs):
            self._close("not_run", step)
            return True
        if len(running) >= jobs:
            return False
        fingerprint = step.fingerprint()
        if not self.force and self.cache.current(step, fingerprint):
            self._close("up_to_date", step)
        else:
            self.watch("started", step, len(self.ended), len(self.steps))
            running[begin(step, fingerprint)] = step, fingerprint
        return True

    def _done(self, step: Step, fingerprint: str, workers: Workers) -> str:
        """Take a step over from another run, or do it; in a thread."""
        if self.shared and not self.force and self.shared.take(step, fingerprint):
            return "up_to_date"
        step.run(workers)
        if self.shared:
            self.shared.keep(step, fingerprint)
        return "ran"

    def _end(self, step: Step, fingerprint: str, future: Future) -> None:
        """Close a step that has come back from its thread."""
        error = future.exception()
        if error is not None:
            self.outcome.failed.append((step, error))
            self.cache.forget(step)
            self._close("failed", step)
        else:
            self.cache.remember(step, fingerprint)
            self._close(future.result(), step)

    def _close(self, kind: str, step: Step) -> None:
        self.ended[step.name] = kind in ("ran", "up_to_date")
        if kind != "failed":
            getattr(self.outcome, kind).append(step)
        self.watch(kind, step, len(self.ended), len(self.steps))
