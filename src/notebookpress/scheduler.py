"""The loop of a run: steps out of date, several at once; and the memory of what was made from what."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path

from notebookpress.files import write_atomic
from notebookpress.graph import Plan, Step
from notebookpress.processes import signals_as_exception
from notebookpress.progress import RunReport, StepWatcher, failure_words
from notebookpress.workers import Workers

MEMORY_FILE, RAW = "steps.json", "raw data"


class RunCache:
    """The memory of a work folder: of each step its fingerprint and the hashes of what it made.

    A file that cannot be read counts as none, with a word in `note`: everything is made again.
    """

    def __init__(self, work: Path) -> None:
        self.path, self.note = work / MEMORY_FILE, ""
        self.steps: dict[str, list] = {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            self.steps = {str(name): list(made) for name, made in known.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError, TypeError):
            self.note = f"{self.path}: damaged; everything is made again"

    def current(self, step: Step, fingerprint: str) -> bool:
        """Return whether a step has made from the same what lies there now."""
        made = step.made()
        return None not in made and self.steps.get(step.name) == [fingerprint, *made]

    def remember(self, step: Step, fingerprint: str) -> None:
        """Keep what a step has just made; where the disk has no room for that, it is made again next time."""
        self.steps[step.name] = [fingerprint, *step.made()]
        self._save()

    def forget(self, step: Step) -> None:
        """Forget a step that has failed, so that it is done again."""
        self.steps.pop(step.name, None)
        self._save()

    def raw_problems(self, state: str) -> list[str] | None:
        """Return what the last check of the same raw data found and let pass; None when it must be done."""
        known, *found = self.steps.get(RAW, [None])
        return found if known == state else None

    def remember_raw(self, state: str, refused: list[str]) -> None:
        """Keep what a check of raw data found and let pass."""
        self.steps[RAW] = [state, *refused]
        self._save()

    def _save(self) -> None:
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
            self.cache.forget(step)
            self._close("failed", step)
        else:
            self.cache.remember(step, fingerprint)
            self._close("ran", step)

    def _close(self, kind: str, step: Step) -> None:
        self.ended[step.name] = kind in ("ran", "up_to_date")
        if kind == "ran":
            self.report.ran[step.name] = round(step.seconds, 3)
        elif kind != "failed":
            getattr(self.report, kind).append(step.name)
        self.watch(kind, step, len(self.ended), len(self.steps))
