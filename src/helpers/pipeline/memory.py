"""How much memory a notebook may take."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

if sys.platform == "linux":
    import resource
else:  # elsewhere nothing is limited
    resource = None

MEGABYTE = 1 << 20
RESERVE = 48 * MEGABYTE  # beyond the limit, for telling that it was reached


def limit_memory(megabytes: int) -> None:
    """Let this process take so much more than it holds now; beyond that, Python raises MemoryError.

    The system counts what is private and writable (`RLIMIT_DATA`), which is what arrays and tables are;
    Linux only, elsewhere it has no effect. A reserve stands behind the limit: see `load_ipython_extension`.
    """
    if resource is None:
        return
    held = 0
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        held = int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024
    limit = held + megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit + RESERVE))


def load_ipython_extension(shell: Any) -> None:
    """Let a kernel draw on its reserve when a cell runs out of memory.

    What filled the memory often is still there when the error is told. Without a reserve the telling can fail
    as well, in any thread of the kernel, and whoever waits for the answer waits for ever.
    """

    def told(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> Any:
        draw_on_reserve()
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((MemoryError,), told)


def draw_on_reserve() -> None:
    """Raise the limit of this process to what stands behind it."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def limit_memory_of(process: int, megabytes: int) -> None:
    """Let another process, just begun, take so much in all; Linux only."""
    if resource is not None:
        with contextlib.suppress(OSError):
            resource.prlimit(process, resource.RLIMIT_DATA, (megabytes * MEGABYTE,) * 2)
