"""Independent calls in several processes, in two rounds: what was made in the first is kept for the second.

Each process takes the next call that nobody has taken yet, so that all end at about the same time. What it
made stays with it: only what the others must know of it crosses, so no page is sent to and fro.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

NUMBER = struct.Struct("!H")  # of a call; so few bytes are read from a pipe whole or not at all
PR_SET_PDEATHSIG = 1
Failure = tuple[int, Exception] | None  # the first call that failed, with its error
Share = tuple[dict[int, Any], Failure]  # what one process made, by the numbers of the calls


class HelperEndedError(RuntimeError):
    """A process that did a share of the work and is gone."""


def in_two_rounds(
    calls: Sequence[Callable[[], Any]],
    show: Callable[[Any], Any],
    between: Callable[[list[Any]], Any],
    finish: Callable[[Any, Any], Any],
    jobs: int = 1,
    order: Sequence[int] | None = None,
    also: Callable[[], Any] | None = None,
) -> list[Any]:
    """Make what the calls make, then finish each when it is known what all of them have made.

    Parameters
    ----------
    calls : sequence of callable
        The first round, each call apart from the others.
    show : callable
        Given what a call returned, returns what the second round must know of it.
    between : callable
        Given all that is shown, in the order of the calls, returns what `finish` is told; done once, here.
    finish : callable
        The second round: given what a call returned and what `between` returned.
    jobs : int
        How many processes; with 1, or where none can be forked, everything is done right here.
    order : sequence of int, optional
        The calls in the order in which they are begun: long ones first, so that none is left for the end.
    also : callable, optional
        One more call of the second round, which is done here.

    Returns
    -------
    list
        What `finish` returned, in the order of the calls, and what `also` returned as the last.

    Raises
    ------
    Exception
        What the first call that failed has raised, as if all were made here one after the other; or
        `HelperEndedError` when a process was killed.

    """
    count = min(jobs, len(calls))
    if count < 2 or not hasattr(os, "fork"):
        made = [call() for call in calls]
        told = between([show(value) for value in made])
        return [finish(value, told) for value in made] + ([also()] if also else [])
    queue = _queue(range(len(calls)) if order is None else order)
    helpers: list[_Helper] = []
    try:
        for _ in range(count - 1):
            helpers.append(_Helper(helpers, queue, calls, show, finish))
        kept, failure = _first_round(queue, calls)
        shown = {number: show(value) for number, value in kept.items()}
        told = between(_together(shown, failure, [helper.hear() for helper in helpers]))
        for helper in helpers:
            helper.tell(told)
        rest = {number: partial(finish, value, told) for number, value in kept.items()}
        done, failure = _second_round(rest | ({len(calls): also} if also else {}))
        return _together(done, failure, [helper.hear() for helper in helpers])
    finally:
        os.close(queue)
        for helper in helpers:
            helper.end()


class _Helper:
    """A process that takes calls from the queue, seen from the one that forked it."""

    def __init__(self, others: list[_Helper], queue: int, calls: Sequence, show: Any, finish: Any) -> None:
        self.pipe, theirs = Pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for pipe in [self.pipe, *(other.pipe for other in others)]:
                    pipe.close()  # a process that is gone must be seen to be gone
                _help(theirs, parent, queue, calls, show, finish)
            except BaseException:
                traceback.print_exc()  # its last words
            finally:
                os._exit(70)  # not reached by a process that ends well
        theirs.close()

    def tell(self, message: Any) -> None:
        """Send something; a process that is gone is noticed when it should answer."""
        with contextlib.suppress(ConnectionError):
            self.pipe.send(message)

    def hear(self) -> Share:
        """Return what the process has made, and how it failed."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = 0
            raise HelperEndedError(f"a process that made pages ended with {status}; run it again") from None

    def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self.pipe.close()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def _help(pipe: Connection, parent: int, queue: int, calls: Sequence, show: Any, finish: Any) -> NoReturn:
    """Do a share of both rounds in a forked process, which ends when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(EOFError, ConnectionError):  # nobody waits for it any more
        if os.getppid() == parent:
            kept, failure = _first_round(queue, calls)
            pipe.send(({number: show(value) for number, value in kept.items()}, _sendable(failure)))
            told = pipe.recv()
            rest = {number: partial(finish, value, told) for number, value in kept.items()}
            done, failure = _second_round(rest)
            pipe.send((done, _sendable(failure)))
    os._exit(0)


def _queue(numbers: Sequence[int]) -> int:
    """Return a pipe from which each process reads the number of the call that it makes next."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream:
        stream.write(b"".join(map(NUMBER.pack, numbers)))
    return reading


def _first_round(queue: int, calls: Sequence[Callable[[], Any]]) -> Share:
    """Make calls until none is left; after a failure only those that come before it, which may fail, too."""
    made: dict[int, Any] = {}
    failure: Failure = None
    while data := os.read(queue, NUMBER.size):
        (number,) = NUMBER.unpack(data)
        if failure is None or number < failure[0]:
            try:
                made[number] = calls[number]()
            except Exception as error:
                failure = number, error
    return made, failure


def _second_round(rest: dict[int, Callable[[], Any]]) -> Share:
    """Finish what was kept, in order."""
    done: dict[int, Any] = {}
    for number in sorted(rest):
        try:
            done[number] = rest[number]()
        except Exception as error:
            return done, (number, error)
    return done, None


def _together(own: dict[int, Any], failure: Failure, heard: list[Share]) -> list[Any]:
    """Return what all processes made, in order; raise what the first call that failed has raised."""
    failures = [found for found in (failure, *(item[1] for item in heard)) if found is not None]
    if failures:
        raise min(failures, key=lambda found: found[0])[1]
    made = own | {number: value for item in heard for number, value in item[0].items()}
    return [made[number] for number in sorted(made)]


def _sendable(failure: Failure) -> Failure:
    """Return a failure whose error can be sent; as a plain error where its own kind cannot."""
    if failure is None:
        return None
    number, error = failure
    error.add_note("".join(traceback.format_exception(error)))  # the traceback itself cannot be sent
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    return number, error
