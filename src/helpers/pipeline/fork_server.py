"""A process that has the packages imported and forks from itself whatever a run needs: kernels, work.

Each connection is one process: the request starts it, its end is told on the connection, and a
connection that closes ends it with all that it started. So nothing outlives the run: when the runner
dies, however it dies, its connections close and the pipe that holds this server closes.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers.pipeline import preload
from helpers.pipeline.forked import LIBC, Wanted, become, receive

SOCKET = "s"
PR_SET_CHILD_SUBREAPER = 36


class ForkServer:
    """The server's loop; `folder` is private and holds the socket and a folder for each process."""

    def __init__(self, folder: Path, listener: socket.socket, owner: int) -> None:
        self.folder, self.loaded = folder, 0
        self.numbers = itertools.count(1)
        self.waiting: list[Wanted] = []
        self.running: dict[int, Wanted] = {}
        self.selector = selectors.DefaultSelector()
        self.listener = listener
        if LIBC is not None:
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
        ended, self.wake = socket.socketpair()
        for end in (ended, self.wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self.wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(ended, selectors.EVENT_READ, lambda: ended.recv(4096))
        self.selector.register(owner, selectors.EVENT_READ, self.end)

    def run(self) -> None:
        """Import step by step, forking in between what is ready; then fork on request, for ever."""
        gc.disable()  # nothing that is imported is ever garbage: looking for it takes a sixth of the time
        for number, step in enumerate(preload.STEPS, 1):
            self._turn(0)
            if problem := preload.load(step):
                print(f"not preloaded: {problem}", file=sys.stderr, flush=True)
            self.loaded = number
        self._turn(0)  # forks what waited for the last step
        while True:
            self._turn(None)

    def end(self) -> None:
        """End every process, remove the folder, and go."""
        for wanted in self.running.values():
            _end_group(wanted.pid)
        with contextlib.suppress(ChildProcessError):
            while LIBC is not None:
                self._end_strays(())
                os.waitpid(-1, 0)
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)

    def _turn(self, timeout: float | None) -> None:
        for key, _ in self.selector.select(timeout):
            key.data()
        self._reap()
        ready = [wanted for wanted in self.waiting if wanted.ready_after <= self.loaded]
        self.waiting = [wanted for wanted in self.waiting if wanted.ready_after > self.loaded]
        for wanted in ready:
            self._fork(wanted)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        try:
            wanted = receive(connection)
        except (OSError, ValueError):
            connection.close()
            return
        self.waiting.append(wanted)
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._dropped(wanted))

    def _dropped(self, wanted: Wanted) -> None:
        """End what belongs to a connection that has closed."""
        self.selector.unregister(wanted.connection)
        if wanted in self.waiting:
            self.waiting.remove(wanted)
            _close(wanted.handles)
            wanted.connection.close()
        else:
            wanted.dropped = True
            _end_group(wanted.pid)

    def _fork(self, wanted: Wanted) -> None:
        wanted.folder = self.folder / str(next(self.numbers))
        wanted.folder.mkdir(mode=0o700)
        server = os.getpid()
        wanted.pid = os.fork()
        if wanted.pid == 0:
            try:
                self._leave(wanted)
                become(wanted, self.folder / SOCKET, server)
            except BaseException:
                traceback.print_exc()  # to where the process says things: its last words
            finally:
                os._exit(70)  # not reached by a process that ends well
        _close(wanted.handles)
        self.running[wanted.pid] = wanted
        _tell(wanted.connection, {"pid": wanted.pid})

    def _leave(self, wanted: Wanted) -> None:
        """Close in a forked process what belongs to the server and to other processes."""
        signal.set_wakeup_fd(-1)
        for other in [*self.waiting, *self.running.values(), wanted]:
            other.connection.close()
        for other in self.waiting:
            _close(other.handles)
        self.listener.close()
        self.selector.close()

    def _reap(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            wanted = self.running.pop(pid, None)
            if wanted is None:
                continue
            _end_group(pid)  # what it may have started
            self._end_strays(self.running)
            _tell(wanted.connection, {"status": os.waitstatus_to_exitcode(status)})
            if not wanted.dropped:
                self.selector.unregister(wanted.connection)
            wanted.connection.close()
            shutil.rmtree(wanted.folder, ignore_errors=True)

    def _end_strays(self, known: Iterable[int]) -> None:
        """End what ended processes have started and let go of; the system makes it this one's child."""
        for children in Path("/proc/self/task").glob("*/children"):
            for pid in {int(number) for number in children.read_text().split()} - set(known):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _tell(connection: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # whoever asked may be gone
        connection.sendall(json.dumps(message).encode() + b"\n")


def _close(handles: list[int]) -> None:
    for handle in handles:
        os.close(handle)


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Serve on the socket that is handed over, for as long as standard input is open.

    Arguments: the private folder, the number of the listening socket, more modules to import.
    """
    preload.STEPS += tuple(sys.argv[3:])
    folder, listener = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    ForkServer(folder, listener, owner=0).run()


if __name__ == "__main__":
    main()
