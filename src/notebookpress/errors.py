"""What can go wrong in a run, in words for the person who started it.

Each error is written for the terminal: file, place, problem, remedy. `exit_status` is what the
process ends with: 1 for a failure in the work, 2 for wrong usage, 130 for an interruption.
"""

from __future__ import annotations

import contextlib
import copyreg
import errno
import os
import reprlib
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)


class PipelineError(Exception):
    """A failure that a person can act on; its text is the whole message."""

    exit_status = 1

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple:
        """Travel between processes whatever the constructor of a subclass takes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class ParameterError(PipelineError, ValueError):
    """Parameters that cannot be used; the message lists every one of them."""

    exit_status = 2

    def __init__(self, problems: Sequence[str]) -> None:
        count = f"{len(problems)} problem(s) in the parameters; nothing was started"
        super().__init__(count, *(f"  {problem}" for problem in problems))
        self.problems = list(problems)


def system_problem(error: OSError, work: Path | None = None) -> str:
    """Return what the file system refused, in one line: a full disk, a read-only folder.

    `work` is the folder to name when the error names none, as after a write to an open file.
    """
    place = error.filename2 or error.filename or work or "the file system"
    return f"{place}: {error.strerror or error}; {system_remedy(error.errno)}"


def system_remedy(number: int | None) -> str:
    """Return what to do about an error of the file system."""
    if number not in FULL + CLOSED:
        return "see that it is there and may be read and written"
    do = "make room there" if number in FULL else "make it writable"
    return f"{do}, or choose another folder with --out; then run again: what had finished is kept"


def in_one_line(error: BaseException) -> str:
    """Return the type of an error and the first line of its message."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}".removesuffix(": ")


def abridged(value: Any) -> str:
    """Return a value as Python writes it, the middle of a long one left out."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number of thousands of digits"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 100
_SHORT.maxlevel = 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known name, or the list of all when none is near."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"


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
    except Exception as error:  # a library may have made another error of ours
        if asked:
            raise KeyboardInterrupt(*asked) from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
