"""What a run did: for the person who started it, and for the log."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.pipeline.errors import CLOSED, FULL, PipelineError, system_problem
from helpers.pipeline.paths import RunFolders
from notebookpress.files import write_atomic

if TYPE_CHECKING:
    from helpers.pipeline.engine import Outcome


@dataclass
class RunReport:
    """What a run did.

    `ran` holds the steps that ran with their seconds; `failures` the messages of those that failed;
    `written` counts the published files that changed; `refused` names the sources that were left out.
    """

    ran: dict[str, float] = field(default_factory=dict)
    up_to_date: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    written: int = 0
    index: Path | None = None
    seconds: float = 0.0
    refused: list[str] = field(default_factory=list)

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


def report_of(outcome: Outcome, folders: RunFolders) -> RunReport:
    """Return the report of a run, with a message for each step that failed."""
    report = RunReport(
        ran={step.name: round(step.seconds, 3) for step in outcome.ran},
        up_to_date=[step.name for step in outcome.up_to_date],
        not_run=[step.name for step in outcome.not_run],
    )
    for step, error in outcome.failed:
        if isinstance(error, PipelineError):
            report.failures[step.name] = str(error)
        elif isinstance(error, OSError) and error.errno in FULL + CLOSED:
            report.failures[step.name] = f"{step.title}: {system_problem(error, folders.work)}"
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


def write_log(folders: RunFolders, report: RunReport, values: Mapping[str, Any], jobs: int) -> None:
    """Keep times and machine facts of a run that did something, outside the report.

    Where the disk is full there is no log, and the run says what it has to say all the same.
    """
    now = datetime.now(UTC)
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
    with contextlib.suppress(OSError):
        write_atomic(folders.log / name, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
