"""Where the work of a run is done: in fresh processes, forked from one that has the packages imported.

The fork server is the standard library's. Every process that it forks watches the pipe to whoever asked for
it: when that closes, it ends with all that it has started. So nothing outlives the run, however it ends.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing import forkserver, util
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from notebookpress import preload
from notebookpress.errors import PipelineError
from notebookpress.notebook import NotebookRun
from notebookpress.pipeline import load_callable
from notebookpress.processes import adopt_orphans, end_children, ended_in_words, run_environment

SWITCH = "EVIDENCE_FORK"  # 0: plain kernels everywhere; 1: forked ones also where that is not the default
RUN_NOTEBOOK = "notebookpress.execution:run_notebook"
GONE = 255  # what multiprocessing says of a process whose server is gone
LONGEST_FOLDER, SHORT_FOLDER = 70, "/tmp"  # bytes of a temporary folder in which a socket still has a path


_SERVER: Any = forkserver._forkserver  # type: ignore[attr-defined]
_STARTING = threading.Lock()


class ProcessEndedError(PipelineError):
    """A process that was to do a piece of work and is gone."""


class Workers:
    """The processes of a run; safe to use from several threads at once.

    `preload` names modules to have ready in every process, or `module:function` of what is slow the first
    time.

    Processes are forked on Linux only, unless `EVIDENCE_FORK` says otherwise: a forked process may not use
    the system's libraries on macOS, and Windows has no fork. All workers of a process share one server; what
    the first of them asks for is preloaded.
    """

    _users = 0  # of the server

    def __init__(self, preload: Iterable[str] = ()) -> None:
        switch = os.environ.get(SWITCH, "")
        self.forked = hasattr(os, "fork") and (switch == "1" or (switch != "0" and sys.platform == "linux"))
        self.context = multiprocessing.get_context("forkserver" if self.forked else "spawn")
        self._running: set[Connection] = set()
        self._lock = threading.RLock()  # a second Ctrl-C may come while it is held
        self._closed = False
        self.folder = _private_folder()
        self.environment = run_environment(self.folder)
        if self.forked:
            try:
                self._start_server(preload)
            except OSError as error:  # of a socket, which names no file
                raise OSError(error.errno, error.strerror, error.filename or str(self.folder)) from None

    def _start_server(self, steps: Iterable[str]) -> None:
        """Start the fork server when nobody uses it yet; all that it forks have its environment."""
        own = {preload.STEPS: " ".join(steps), preload.SERVER_FOLDER: str(self.folder), "PYTHONSAFEPATH": "1"}
        with _STARTING:
            if not Workers._users:
                _SERVER.set_forkserver_preload([preload.__name__])
                before = dict(os.environ)
                try:
                    _set_environment(self.environment | own)
                    _SERVER.ensure_running()
                finally:
                    _set_environment(before)
                _SERVER.ensure_running = lambda: None  # one that is killed has no other in its place
            Workers._users += 1

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_notebook(self, run: NotebookRun) -> Path:
        """Run a notebook in a process of its own; see `execution.run_notebook`."""
        return self._result(RUN_NOTEBOOK, run, self.environment, self.forked)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function named as `module:function`, in a process of its own; return what it does.

        Raises
        ------
        ProcessEndedError
            When the process is killed.

        """
        return self._result(function, *arguments)

    def _result(self, function: str, *arguments: Any) -> Any:
        """Start a process, wait for its end, and return or raise what it sent."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        ours, theirs = self.context.Pipe()
        work = (theirs, folder, self.environment, function, arguments)
        process = self.context.Process(target=_work, args=work)  # type: ignore[attr-defined]
        try:
            with self._lock:
                if self._closed:
                    raise ProcessEndedError(f"{function}: not begun, for the run has ended")
                self._running.add(ours)
            try:
                with _without_script():
                    process.start()  # waits until the server has preloaded everything
                theirs.close()
                kind, value = pickle.loads(ours.recv_bytes())
                process.join()
            except (EOFError, ConnectionError):
                raise ProcessEndedError(_ended(function, process, folder)) from None
        finally:
            with self._lock:
                self._running.discard(ours)
                ours.close()
            theirs.close()
            shutil.rmtree(folder, ignore_errors=True)
        if kind == "error":
            raise value
        return value

    def end_all(self) -> None:
        """End everything that runs and the server, and let nothing more begin."""
        with self._lock:
            for pipe in self._running:
                with contextlib.suppress(OSError):
                    pipe.send_bytes(b"end")
            if self.forked and not self._closed:
                Workers._users -= 1
                if not Workers._users:  # the next server shall have the code as it is then
                    with contextlib.suppress(ProcessLookupError):  # it was killed
                        os.kill(_SERVER._forkserver_pid, signal.SIGKILL)
                    _SERVER._stop()
                    del _SERVER.ensure_running
            self._closed = True

    close = end_all


def _ended(function: str, process: Any, folder: Path) -> str:
    """Return that a process is gone, and how it ended."""
    from notebookpress.execution import last_words

    if process.pid is not None:
        process.join()
    code = process.exitcode
    how = "is gone, with the server that forked it" if code in (None, GONE) else ended_in_words(code)
    said = last_words(folder / "said")
    return f"{function}: the process that did it {how}; run it again" + (f" ({said})" if said else "")


def _private_folder() -> Path:
    """Return the folder of multiprocessing's sockets, which it removes at the end.

    The path of a socket may have some 100 bytes, so where the temporary folder has a long name this one
    lies in the system's.
    """
    usual = tempfile.gettempdir()
    with _STARTING:
        if len(os.fsencode(usual)) > LONGEST_FOLDER and Path(SHORT_FOLDER).is_dir():
            tempfile.tempdir = SHORT_FOLDER
        try:
            return Path(util.get_temp_dir())
        finally:
            tempfile.tempdir = usual


@contextlib.contextmanager
def _without_script() -> Iterator[None]:
    """Let a process begin without importing the script that is run here: it may have no guard."""
    with _STARTING:
        script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = script


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _work(
    pipe: Connection, folder: Path, environment: Mapping[str, str], function: str, arguments: tuple
) -> None:
    """Do a piece of work in a process of its own, and send what it gives."""
    if hasattr(os, "setsid"):
        os.setsid()
    adopt_orphans()
    gc.freeze()
    gc.enable()
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the server's, see `preload`
    _set_environment(environment)
    tempfile.tempdir = None
    if hasattr(time, "tzset"):
        time.tzset()
    threading.Thread(target=_end_with, args=(pipe, folder), daemon=True).start()
    with (folder / "said").open("ab", buffering=0) as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
    if function == RUN_NOTEBOOK:  # its kernel has files there
        arguments = (*arguments, folder)
    try:
        data = pickle.dumps(("value", load_callable(function)(*arguments)))
    except BaseException as error:
        data = _pickled(error)
    end_children()
    with contextlib.suppress(OSError):  # whoever asked may be gone
        pipe.send_bytes(data)


def _end_with(pipe: Connection, folder: Path) -> None:
    """End this process and all that it has started when the pipe closes, or something comes through it."""
    with contextlib.suppress(OSError):
        pipe.poll(None)
    end_children()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _pickled(error: BaseException) -> bytes:
    """Return an exception as bytes, its traceback as a note; as a plain one when it cannot be sent."""
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    for sent in (error, plain):
        sent.add_note("".join(traceback.format_exception(error)))
        with contextlib.suppress(Exception):
            data = pickle.dumps(("error", sent))
            pickle.loads(data)
            break
    return data
