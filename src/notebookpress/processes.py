"""Processes of a run: their environment, memory limit and end, and requests to stop."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends; Linux only."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(71)


def adopt_orphans() -> None:
    """Become the parent of whatever a process below this one has started and let go of; Linux only."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


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


@contextlib.contextmanager
def signals_as_exception(stop: Callable[[], None]) -> Iterator[None]:
    """Turn a request to stop into an exception of the main thread; obey a second one at once."""
    asked: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        if asked:
            stop()
            os._exit(128 + number)
        asked.append(number)
        raise KeyboardInterrupt(number)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
# A user's own settings of matplotlib would change every figure; a kernel under pytest loses output.
NOT_TAKEN_OVER = (
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
