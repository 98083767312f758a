"""The kernels of a run that are alive, how to end them, and the folders they live in."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

PREFIX = "evidence-"


class Kernels:
    """The kernels of one run that are alive, so that all of them can be ended at once.

    Their private folders lie in the system's folder for temporary files, because the path of a socket
    must be short, or `inside` another private folder; `notes` is where the run writes down which they are,
    for the case that it is killed.
    """

    def __init__(self, notes: Path | None = None, inside: Path | None = None) -> None:
        self.notes, self.inside = notes, inside
        self._lock = threading.Lock()
        self._processes: set[Any] = set()
        self.folders: set[Path] = set()
        self.closed = False

    def add(self, process: Any) -> None:
        """Take note of a started kernel; end it at once when the run is over already."""
        with self._lock:
            self._processes.add(process)
            closed = self.closed
        if closed:
            end_process(process)

    def remove(self, process: Any) -> None:
        """Forget a kernel, and end what may be left of its process group."""
        end_process(process)
        with self._lock:
            self._processes.discard(process)

    def new_folder(self) -> Path:
        """Return a new private folder for a kernel, and write it down."""
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self.inside))
        self.folders.add(folder)
        self._write_down(folder)
        return folder

    def write_down(self, notes: Path) -> None:
        """Remove the folders of an earlier run that was killed, and write down those of this one."""
        self.notes = notes
        for note in notes.glob(f"{PREFIX}*"):
            folder = Path(note.read_text(encoding="utf-8"))
            if folder.name == note.name:
                self.remove_folder(folder)
        for folder in self.folders:
            self._write_down(folder)

    def _write_down(self, folder: Path) -> None:
        if self.notes is not None:
            self.notes.mkdir(parents=True, exist_ok=True)
            (self.notes / folder.name).write_text(str(folder), encoding="utf-8")

    def remove_folder(self, folder: Path) -> None:
        """Remove a kernel's folder and what was written down of it."""
        shutil.rmtree(folder, ignore_errors=True)
        self.folders.discard(folder)
        if self.notes is not None:
            (self.notes / folder.name).unlink(missing_ok=True)

    def end_all(self) -> None:
        """End every kernel, and let no other start."""
        with self._lock:
            self.closed = True
            processes = list(self._processes)
        for process in processes:
            end_process(process)


def end_process(process: Any) -> None:
    """Kill a kernel and everything it started; a kernel leads its own process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()


def ended_in_words(code: int | None) -> str:
    """Return how a process ended."""
    if code is None or code >= 0:
        return f"ended with status {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        return f"was ended by {name}" + (" (killed, or out of memory)" if name == "SIGKILL" else "")
    return f"was ended by signal {-code}"
