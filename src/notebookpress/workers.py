"""Where the work of a run is done: in fresh processes, forked from one that has the packages imported.

The fork server is the standard library's. Every process that it forks watches the pipe to whoever asked for
it: when that closes, it ends with all that it has started. So nothing outlives the run, however it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
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
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from notebookpress import preload
from notebookpress.errors import PipelineError
from notebookpress.files import lock_file
from notebookpress.notebook import NotebookRun
from notebookpress.pipeline import load_callable

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends; Linux only."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(71)


def end_children() -> None:
    """Kill every child of this process, and what it had started in turn, until none is left; Linux only."""
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> list[int]:
    tasks = Path("/proc/self/task")
    found: list[int] = []
    for task in tasks.iterdir() if tasks.is_dir() else ():
        with contextlib.suppress(OSError):  # a thread that has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def ended_in_words(code: int | None) -> str:
    """Return how a process ended; `code` as `subprocess.Popen.returncode`."""
    if code is None or code >= 0:
        return f"ended with status {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        return f"was ended by {name}" + (" (killed, or out of memory)" if name == "SIGKILL" else "")
    return f"was ended by signal {-code}"


if sys.platform == "linux":
    import resource
else:  # elsewhere nothing is limited
    resource = None

MEGABYTE = 1 << 20
RESERVE = 48 * MEGABYTE  # beyond the limit, for telling that it was reached


def limit_memory(megabytes: int, shell: Any) -> None:
    """Let this kernel's process take so much more than it holds now; beyond that, Python raises MemoryError.

    The system counts what is private and writable (`RLIMIT_DATA`), which is what arrays and tables are;
    Linux only, elsewhere it has no effect. What filled the memory often is still there when the error is
    told. Without a reserve the telling can fail as well, in any thread of the kernel, and whoever waits for
    the answer waits for ever.
    """
    if resource is None:
        return
    held = 0
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        held = int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024
    limit = held + megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit + RESERVE))

    def show(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> Any:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((MemoryError,), show)


OMITTED = "EVIDENCE_LEFT_OUT"  # keys of failed runs, by blanks: later notebooks read none of their rows
GATHERED_BY_RUNNER = "EVIDENCE_GATHERS"  # is set where a step of the run puts parts together
FIXED = {
    # as every IPython kernel has it; named here because matplotlib is imported before there is a kernel
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    GATHERED_BY_RUNNER: "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "SOURCE_DATE_EPOCH": "0",
    # One thread a kernel: the order of sums, and so the last bit, does not depend on the machine's cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
# A user's own settings of matplotlib would change every figure; a kernel under pytest loses output; whom a
# run leaves out it decides alone.
NOT_TAKEN_OVER = (
    OMITTED,
    "LANGUAGE",
    "MATPLOTLIBRC",
    "PYTEST_CURRENT_TEST",
    "PYTHONOPTIMIZE",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
)


def run_environment(folder: Path) -> dict[str, str]:
    """Return the environment of kernels and workers: the runner's, what decides results fixed.

    Matplotlib keeps its list of fonts in `folder` when the user has no place for it. Left alone it would make
    one among the temporary files, and leave it there when the run is killed.
    """
    kept = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin:
        kept["MATPLOTLIBRC"] = str(Path(found.origin).parent / "mpl-data" / "matplotlibrc")
        homes = (("XDG_CONFIG_HOME", "~/.config"), ("XDG_CACHE_HOME", "~/.cache"))
        usual = [Path(os.environ.get(name) or os.path.expanduser(home)) for name, home in homes]
        if "MPLCONFIGDIR" not in kept and not all(_can_be_written(home / "matplotlib") for home in usual):
            kept["MPLCONFIGDIR"] = str(folder)
    return kept | FIXED


def _can_be_written(folder: Path) -> bool:
    """Return whether matplotlib has its folder there; it is made, as matplotlib does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


SWITCH = "EVIDENCE_FORK"  # 0: plain kernels everywhere; 1: forked ones also where that is not the default
RUN_NOTEBOOK = "notebookpress.execution:run_notebook"
GONE = 255  # what multiprocessing says of a process whose server is gone
LONGEST_START = 60  # seconds; a server that has forked nothing by then hangs, for want of memory for example
LONGEST_FOLDER, SHORT_FOLDER = 70, "/tmp"  # bytes of a temporary folder in which a socket still has a path


_SERVER: Any = forkserver._forkserver  # type: ignore[attr-defined]
_STARTING = threading.Lock()


class ProcessEndedError(PipelineError):
    """A process that was to do a piece of work and is gone."""


class Workers(contextlib.AbstractContextManager):
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
                before, asked = dict(os.environ), sys.warnoptions[:]
                sys.warnoptions.clear()  # they would go to the server as options: see NOT_TAKEN_OVER
                resource_tracker.ensure_running()  # which lets signals through again
                masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it is this process's
                try:
                    set_environment(self.environment | own)
                    _SERVER.ensure_running()
                finally:
                    set_environment(before)
                    sys.warnoptions[:] = asked
                    signal.pthread_sigmask(signal.SIG_SETMASK, masked)
                _SERVER.ensure_running = lambda: None  # one that is killed has no other in its place
            Workers._users += 1

    def __exit__(self, *_: object) -> None:
        self.end_all()

    def run_notebook(self, run: NotebookRun) -> Path:
        """Run a notebook in a process of its own; see `execution.run_notebook`."""
        return self.call(RUN_NOTEBOOK, run, self.environment, self.forked)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function named as `module:function`, in a process of its own; return what it does.

        Raises
        ------
        ProcessEndedError
            When the process is killed.
        """
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
            except (EOFError, ConnectionError, FileNotFoundError):  # the last is of the server's socket
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
                    _end_server()
                    _SERVER._stop()
                    del _SERVER.ensure_running
            self._closed = True


def _end_server() -> None:
    with contextlib.suppress(ProcessLookupError, TypeError):  # it was killed; there is none
        os.kill(_SERVER._forkserver_pid, signal.SIGKILL)


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
    """Return the folder of multiprocessing's sockets, which it removes at the end; those of killed runs go.

    The path of a socket may have some 100 bytes, so where the temporary folder has a long name this one
    lies in the system's.
    """
    usual = tempfile.gettempdir()
    with _STARTING:
        if len(os.fsencode(usual)) > LONGEST_FOLDER and Path(SHORT_FOLDER).is_dir():
            tempfile.tempdir = SHORT_FOLDER
        try:
            folder = Path(util.get_temp_dir())
        finally:
            tempfile.tempdir = usual
    if hasattr(os, "getuid") and not (folder / MARK).exists():
        for other in folder.parent.glob(f"{folder.name.partition('-')[0]}-*"):
            if _is_left(other):
                shutil.rmtree(other, ignore_errors=True)
        mark = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT, 0o600)  # open, and so locked, until the end
        with contextlib.suppress(OSError):  # a full disk is met where it is told of
            lock_file(mark)
            os.write(mark, _identity(folder))
    return folder


MARK = "of-a-run"  # in the private folder of a run, which holds a lock on it while it lives


def _identity(folder: Path) -> bytes:
    """Return what a mark says: no copy of the folder, nor one that was unpacked, has the same."""
    own = folder.lstat()
    return f"{own.st_dev} {own.st_ino} {own.st_uid}".encode()


def _is_left(folder: Path) -> bool:
    """Return whether a run of this user made a folder and is gone, whatever it is called."""
    with contextlib.suppress(OSError):
        mark = os.open(folder / MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            lock_file(mark)
            return os.read(mark, 100) == _identity(folder) and folder.lstat().st_uid == os.getuid()
        finally:
            os.close(mark)
    return False


@contextlib.contextmanager
def _without_script() -> Iterator[None]:
    """Let a process begin without the script run here, it may have no guard; end a server that hangs."""
    late = threading.Timer(LONGEST_START, _end_server)
    late.daemon = True
    with _STARTING:
        late.start()
        script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            yield
        finally:
            late.cancel()
            sys.modules["__main__"] = script


def set_environment(wanted: Mapping[str, str]) -> None:
    """Give this process an environment, and no other variable."""
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _work(
    pipe: Connection, folder: Path, environment: Mapping[str, str], function: str, arguments: tuple
) -> None:
    """Do a piece of work in a process of its own, and send what it gives."""
    if hasattr(os, "setsid"):
        os.setsid()
    if LIBC is not None:  # become the parent of whatever is started below this process and let go of
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # this and the other are the server's, see `preload`
    set_environment(environment)
    tempfile.tempdir = None
    if hasattr(time, "tzset"):
        time.tzset()
    threading.Thread(target=_end_with, args=(pipe, folder), daemon=True).start()
    try:
        words = (folder / "said").open("ab", buffering=0)
    except FileNotFoundError:  # whoever asked has removed it, and is gone
        os._exit(1)
    with words as said:
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
