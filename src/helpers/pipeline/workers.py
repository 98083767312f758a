"""Where a run is done: in processes forked from a server, or right here where that is not possible."""

from __future__ import annotations

import errno
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers.pipeline.environment import private_settings, run_environment
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.fingerprint import code_hash
from helpers.pipeline.fork_server import SOCKET
from helpers.pipeline.forked import named
from helpers.pipeline.forked_process import ForkedProcess
from helpers.pipeline.kernels import Kernels, ended_in_words
from helpers.pipeline.server_process import start_server

SWITCH = "EVIDENCE_FORK"  # 0: plain kernels everywhere; 1: forked ones also where that is not the default
SHARED = "EVIDENCE_FORK_SERVER"  # folder of a server that several runs share


class ProcessEndedError(PipelineError):
    """A process that was to do a piece of work and is gone."""


def workers(more: tuple[str, ...] = ()) -> PlainWorkers | ForkedWorkers:
    """Return the workers of a run: forked ones where that is safe.

    Linux only unless the environment says otherwise: a forked process may not use the system's
    libraries on macOS, and Windows has no fork. `more` are modules to have ready beside the usual ones.
    """
    switch = os.environ.get(SWITCH, "")
    able = hasattr(os, "fork") and hasattr(socket, "send_fds")
    if switch == "0" or not able or (switch != "1" and sys.platform != "linux"):
        return PlainWorkers()
    shared = os.environ.get(SHARED)
    if shared and _same_code(Path(shared)):
        return ForkedWorkers(Path(shared))
    return ForkedWorkers(more=more)


class PlainWorkers:
    """Work in this process, on the thread that asks for it; notebooks in kernels of their own."""

    def __init__(self) -> None:
        self.kernels = Kernels()
        self._importing = threading.Lock()

    def call(self, function: str, *arguments: Any, needs: Iterable[str] = ()) -> Any:
        """Call a function named as `module:function` and return what it returns."""
        with self._importing:  # several threads may need a package for the first time at once
            found = named(function)
        return found(*arguments)

    def run_notebook(self, run: Any) -> Path:
        """Run a notebook; see `notebook_run.run_notebook`."""
        with self._importing:
            found = named("helpers.pipeline.notebook_run:run_notebook")
        return found(run, self.kernels)

    def end_all(self) -> None:
        """End everything that runs, and let nothing more begin."""
        self.kernels.end_all()

    def close(self) -> None:
        """Let go of everything."""
        self.kernels.end_all()


class ForkedWorkers:
    """Work in processes forked from a server that has the packages imported.

    Parameters
    ----------
    shared : pathlib.Path, optional
        The folder of a server that is there already; a new one is started when left out.

    """

    def __init__(self, shared: Path | None = None, more: tuple[str, ...] = ()) -> None:
        self.kernels = Kernels()
        self.server: subprocess.Popen | None = None
        self._lock, self._running, self._closed = threading.Lock(), set(), False
        # Until the server is there, which removes the folder when this process is gone, a kill would leave
        # it: so what takes time comes before.
        code, environment = "" if shared else code_hash(), run_environment()
        self.folder = shared or self.kernels.new_folder()
        self.environment = environment | private_settings(self.folder)
        if shared is None:
            try:
                self.server = start_server(self.folder, self.environment, code, more)
            except OSError:
                self.kernels.remove_folder(self.folder)
                raise

    @property
    def address(self) -> Path:
        """The server's socket."""
        return self.folder / SOCKET

    def call(self, function: str, *arguments: Any, needs: Iterable[str] = ()) -> Any:
        """Call a function named as `module:function` in a forked process; return or raise what it did.

        Raises
        ------
        ProcessEndedError
            When the process is killed, or the server is.

        """
        module = function.partition(":")[0]
        request = self._request("call", [module, *needs])
        data, process = self._result(request, pickle.dumps((function, arguments)))
        if not data:
            raise ProcessEndedError(
                f"{function}: the process that did it {ended_in_words(process.returncode)}; run it again"
            )
        kind, value = pickle.loads(data)
        if kind == "error":
            raise value
        return value

    def _request(self, kind: str, needs: list[str], *arguments: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "needs": needs,
            "environment": self.environment,
            "cwd": os.getcwd(),
            "arguments": arguments,
            "memory": None,
        }

    def _result(self, request: dict[str, Any], payload: bytes) -> tuple[bytes, ForkedProcess]:
        """Start a process, wait for its end, and return what it wrote."""
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as said, os.fdopen(reading, "rb") as stream:
            try:
                process = ForkedProcess(self.address, request, [said.fileno(), writing], payload)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ECONNREFUSED, errno.EPIPE, errno.ECONNRESET):
                    raise
                raise ProcessEndedError("the process that forks the kernels is gone; run it again") from None
            finally:
                os.close(writing)
            with self._lock:
                self._running.add(process)
                closed = self._closed
            if closed:
                process.kill()
            try:
                data = stream.read()
                process.wait()
            finally:
                process.close()
                with self._lock:
                    self._running.discard(process)
        return data, process

    def run_notebook(self, run: Any) -> Path:
        """Run a notebook; see `notebook_run.run_notebook`."""
        return self.call("helpers.pipeline.notebook_run:run_forked", run)

    def end_all(self) -> None:
        """End everything that runs, and let nothing more begin."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            process.kill()

    def close(self) -> None:
        """End the server and remove its folder; a shared one stays."""
        self.end_all()
        if self.server is not None:
            self.server.stdin.close()
            try:
                self.server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
            self.kernels.remove_folder(self.folder)


def _same_code(folder: Path) -> bool:
    """Return whether a shared server is there and has the same code as this process."""
    try:
        return (folder / "code").read_text(encoding="ascii") == code_hash()
    except OSError:
        return False
