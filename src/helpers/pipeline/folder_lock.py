"""One run at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from helpers.pipeline.errors import PipelineError


@contextlib.contextmanager
def folder_lock(work: Path) -> Iterator[None]:
    """Hold a work folder for this process; the system lets go of it however the process ends.

    Raises
    ------
    PipelineError
        When another run holds it.

    """
    handle = os.open(work / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(handle)
        except OSError:
            remedy = "wait for its end, or choose another folder with --out"
            raise PipelineError(f"{work.parent}: another run is at work in this folder; {remedy}") from None
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
