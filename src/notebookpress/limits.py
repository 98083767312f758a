"""How much memory a notebook may take; an IPython extension, loaded by the kernel of every run."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

if sys.platform == "linux":
    import resource
else:  # elsewhere nothing is limited
    resource = None

MEMORY = "NOTEBOOKPRESS_MEMORY"  # environment variable: megabytes that a kernel may take
MEGABYTE = 1 << 20
RESERVE = 48 * MEGABYTE  # beyond the limit, for telling that it was reached


def load_ipython_extension(shell: Any) -> None:
    """Limit the memory of a kernel, and let it draw on a reserve when a cell runs out of memory.

    What filled the memory often is still there when the error is told. Without a reserve the telling can fail
    as well, in any thread of the kernel, and whoever waits for the answer waits for ever.
    """
    megabytes = os.environ.pop(MEMORY, "")
    if resource is None or not megabytes:
        return
    limit_memory(int(megabytes))

    def show(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> Any:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((MemoryError,), show)


def limit_memory(megabytes: int) -> None:
    """Let this process take so much more than it holds now; beyond that, Python raises MemoryError.

    The system counts what is private and writable (`RLIMIT_DATA`), which is what arrays and tables are;
    Linux only, elsewhere it has no effect.
    """
    held = 0
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        held = int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024
    limit = held + megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit + RESERVE))
