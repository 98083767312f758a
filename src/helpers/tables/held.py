"""Tables that are in memory already, for processes that are forked from the one that read them.

A run forks a process for each notebook, and most notebooks read the same tables. A file is known by all that
the system says of it, so that one that was written again is read again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd

MOST = 80  # tables; the oldest are let go of
Stamp = tuple[str, int, int, int, int]
_held: dict[Stamp, pd.DataFrame] = {}


def held(path: Path) -> pd.DataFrame | None:
    """Return a copy of the table in a file, checked when it was read; None when it must be read."""
    if not _held:
        return None
    with contextlib.suppress(OSError):
        found = _held.get(_stamp(path))
        return None if found is None else found.copy()
    return None


def hold(path: Path, read: Callable[[], pd.DataFrame]) -> None:
    """Keep what a function makes of a file; nothing when the file is not there or cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        stamp = _stamp(path)
        if stamp not in _held:
            _held[stamp] = read()
        while len(_held) > MOST:
            del _held[next(iter(_held))]


def _stamp(path: Path) -> Stamp:
    known = path.stat()
    return str(path.resolve()), known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns
