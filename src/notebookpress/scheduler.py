"""The loop of a run: steps out of date, several at once; and the memory of what was made from what."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from notebookpress.files import write_atomic
from notebookpress.fingerprint import file_hash
from notebookpress.graph import Plan, Step
from notebookpress.processes import signals_as_exception
from notebookpress.progress import RunReport, StepWatcher, failure_words
from notebookpress.workers import Workers

MEMORY_FILE = "steps.json"


class RunCache:
    """The memory of a work folder: of each step its fingerprint and the hashes of what it made.

    A file that cannot be read counts as none, with a word in `note`: everything is made again.
    """

    def __init__(self, work: Path) -> None:
        self.path, self.note = work / MEMORY_FILE, ""
        self.steps: dict[str, Any] = {}
        self.checked: dict[str, Any] = {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            self.steps, self.checked = dict(known["steps"]), dict(known["checked"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError):
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
        found = self.checked.get("refused") if self.checked.get("state") == state else None
        return [str(line) for line in found] if isinstance(found, list) else None

    def remember_raw(self, state: str, refused: list[str]) -> None:
        """Keep what a check of raw data found and let pass."""
        self.checked = {"state": state, "refused": refused}
        self._save()

    def _save(self) -> None:
        with contextlib.suppress(OSError):
            known = {"steps": dict(sorted(self.steps.items())), "checked": self.checked}
            write_atomic(self.path, json.dumps(known, indent=1) + "\n")


class SharedCache:
    """A folder of finished steps that runs share: a run takes over what another has done.

    Outputs lie there by the hash of their own bytes, so that equal ones are kept once. Files come to be whole
    or not at all and are never changed, so runs on several machines may use one folder at once; the worst
    that two of them can do is the same work twice.
    """

    def __init__(self, folder: Path) -> None:
        self.steps, self.objects = folder / "steps", folder / "objects"

    def take(self, step: Step, fingerprint: str) -> bool:
        """Put a step's outputs in place; False when they are not all there, unharmed."""
        try:
            names = json.loads((self.steps / f"{fingerprint}.json").read_text(encoding="ascii"))
            contents = [(self.objects / name).read_bytes() for name in names]
        except (OSError, ValueError, TypeError):
            return False
        whole = [hashlib.sha256(data).hexdigest() for data in contents] == names
        if not whole or len(names) != len(step.outputs):
            return False
        for path, data in zip(step.outputs, contents, strict=True):
            write_atomic(path, data)
        return True

    def keep(self, step: Step, fingerprint: str) -> None:
        """Keep a step's outputs where they are files; a folder that is full is no reason to fail."""
        if any(path.is_dir() for path in step.outputs):
            return
        with contextlib.suppress(OSError):
            for folder in (self.steps, self.objects):
                folder.mkdir(parents=True, exist_ok=True)
            names = [file_hash(path) for path in step.outputs]
            for name, path in zip(names, step.outputs, strict=True):
                self._keep_file(name, path)
            write_atomic(self.steps / f"{fingerprint}.json", json.dumps(names) + "\n")

    def _keep_file(self, name: str, path: Path) -> None:
        """Keep a file by its hash: as a second name of the same bytes where the file system can."""
        kept = self.objects / name
        try:
            os.link(path, kept)
        except FileExistsError:
            if file_hash(kept) != name:  # damaged since
                write_atomic(kept, path.read_bytes())
        except OSError:
            write_atomic(kept, path.read_bytes())


# A signal may reach any thread, but only the main thread obeys it, and not while it waits for a lock.
TURN = 0.2  # seconds


class Scheduler:
    """The steps of one run, and what has become of each.

    They are begun in their order where there is a choice; `shared` holds finished steps of other runs, and
    `watch` is called with every step that starts and ends.
    """

    def __init__(
        self, plan: Plan, steps: list[Step], cache: RunCache, shared: SharedCache | None, watch: StepWatcher
    ) -> None:
        self.plan, self.steps, self.cache, self.shared, self.watch = plan, steps, cache, shared, watch
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
            future = pool.submit(self._done, step, fingerprint, workers)
            self.running[future] = step, fingerprint
        return True

    def _done(self, step: Step, fingerprint: str, workers: Workers) -> str:
        """Take a step over from another run, or do it; in a thread."""
        if self.shared and not self.plan.force and self.shared.take(step, fingerprint):
            return "up_to_date"
        step.run(workers)
        if self.shared:
            self.shared.keep(step, fingerprint)
        return "ran"

    def _end(self, step: Step, fingerprint: str, future: Future) -> None:
        """Close a step that has come back from its thread."""
        error = future.exception()
        if error is not None:
            self.report.failures[step.name] = failure_words(step, error, self.plan.folders)
            self.cache.forget(step)
            self._close("failed", step)
        else:
            self.cache.remember(step, fingerprint)
            self._close(future.result(), step)

    def _close(self, kind: str, step: Step) -> None:
        self.ended[step.name] = kind in ("ran", "up_to_date")
        if kind == "ran":
            self.report.ran[step.name] = round(step.seconds, 3)
        elif kind != "failed":
            getattr(self.report, kind).append(step.name)
        self.watch(kind, step, len(self.ended), len(self.steps))
