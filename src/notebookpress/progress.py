"""What a run says while it works, what it did, and the log that is kept of it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from notebookpress.errors import CLOSED, FULL, PipelineError, in_one_line, system_problem
from notebookpress.files import RunFolders, write_atomic
from notebookpress.graph import Step

StepWatcher = Callable[[str, Step, int, int], None]  # "started", "ran", "failed" ..., step, number, total


class Progress:
    """Writes `[3/14] 03_study_evidence wan2025 … 4.2 s`; on a terminal also what is running now."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty()
        self.running: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, kind: str, step: Step, number: int, total: int) -> None:
        """Take note of a step that starts or ends."""
        with self._lock:
            if kind == "started":
                self.running.append(step.title)
            elif step.title in self.running:
                self.running.remove(step.title)
            place = f"[{number:>{len(str(total))}}/{total}]"
            words = {
                "ran": f"{step.seconds:.1f} s",
                "failed": f"FAILED after {step.seconds:.1f} s",
                "not_run": "not run: what it needs has failed",
            }
            clear = "\r\x1b[K" if self.live else ""
            if kind in words:
                self.stream.write(f"{clear}{place} {step.title} … {words[kind]}\n")
            if self.live:  # a line that the next one replaces
                running = f"{place} running: {', '.join(self.running)}" if self.running else ""
                self.stream.write(f"{clear}{running[:100]}")
            self.stream.flush()


@dataclass
class RunReport:
    """What a run did.

    `ran` holds the steps that ran with their seconds; `failures` the messages of those that failed; `written`
    counts the published files that changed; `refused` names the sources that were left out; `notes` say what
    was found damaged and made again.
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
