"""A Dask cluster that a sweep sends its sets to; needs the extra `cluster`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from helpers.pipeline.errors import PipelineError

WAIT = "10s"


@contextlib.contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler, and let go of what was sent when the sweep ends or is broken off.

    A set whose worker is killed is given to another worker by the scheduler.

    Raises
    ------
    PipelineError
        When `distributed` is not installed, or no scheduler answers at the address.

    """
    try:
        from distributed import Client
    except ImportError:
        raise PipelineError(
            f"--scheduler {scheduler}: the package distributed is not installed; "
            "install this project with its extra `cluster`"
        ) from None
    try:
        client = Client(scheduler, timeout=WAIT)
    except (OSError, ValueError, TimeoutError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise PipelineError(
            f"--scheduler {scheduler}: no scheduler answers there ({first}); start one with "
            "`dask scheduler`, or leave --scheduler out to run the sets on this machine"
        ) from None
    try:
        yield client
    finally:
        client.close()
