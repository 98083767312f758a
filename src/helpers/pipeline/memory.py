"""How much memory a notebook may take."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

MEGABYTE = 1 << 20


def limit_memory(megabytes: int) -> None:
    """Let this process take so much more than it holds now; beyond that, Python raises MemoryError.

    The system counts what is private and writable (`RLIMIT_DATA`), which is what arrays and tables are;
    Linux only, elsewhere it has no effect.
    """
    if sys.platform != "linux":
        return
    import resource

    held = 0
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        held = int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + megabytes * MEGABYTE,) * 2)


def limit_memory_of(process: int, megabytes: int) -> None:
    """Let another process, just begun, take so much in all; Linux only."""
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError):
            resource.prlimit(process, resource.RLIMIT_DATA, (megabytes * MEGABYTE,) * 2)
