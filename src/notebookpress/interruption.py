"""Requests to stop: Ctrl-C, and the signals that end a process politely."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class Interrupted(KeyboardInterrupt):  # noqa: N818 - a request, like KeyboardInterrupt
    """The run was asked to stop by a signal."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        super().__init__(f"signal {signal_number}")


@contextlib.contextmanager
def signals_as_exception(stop: Callable[[], None]) -> Iterator[None]:
    """Turn a request to stop into an exception of the main thread; obey a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked = []

    def interrupt(number: int, frame: Any) -> None:
        if asked:
            stop()
            os._exit(128 + number)
        asked.append(number)
        raise Interrupted(number)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, name): signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
