"""What a run says while it works: one plain line a step, on standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TextIO

from helpers.pipeline.steps import Step

Watcher = Callable[[str, Step, int, int], None]  # "started", "ran", "failed" ..., step, number, total


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
            if kind == "ran":
                self._line(f"{place} {step.title} … {step.seconds:.1f} s")
            elif kind == "failed":
                self._line(f"{place} {step.title} … FAILED after {step.seconds:.1f} s")
            elif kind == "not_run":
                self._line(f"{place} {step.title} … not run: what it needs has failed")
            if self.live:
                self._show(f"{place} running: {', '.join(self.running)}" if self.running else "")

    def _line(self, text: str) -> None:
        clear = "\r\x1b[K" if self.live else ""
        self.stream.write(f"{clear}{text}\n")
        self.stream.flush()

    def _show(self, text: str) -> None:
        """Write a line that the next one replaces."""
        self.stream.write(f"\r\x1b[K{text[:100]}")
        self.stream.flush()
