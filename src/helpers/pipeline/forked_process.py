"""A process forked from the server, seen from the side that asked for it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path
from typing import Any

HEADER = struct.Struct("!II")  # lengths of a request's JSON and of its payload


class ForkedProcess:
    """A process that a fork server starts; what is used of `subprocess.Popen`, and `close`.

    Parameters
    ----------
    address : pathlib.Path
        The server's socket.
    request : dict
        `kind` (kernel, call), `needs` (modules that must be there), `environment`, `cwd`, `arguments`,
        `memory` (megabytes or None).
    handles : list of int
        Where the process writes what it says, and for a call where the result goes.
    payload : bytes
        The pickled call.

    """

    stdin = stdout = stderr = None

    def __init__(self, address: Path, request: dict[str, Any], handles: list[int], payload: bytes = b""):
        self.returncode: int | None = None
        self.pid = 0
        self._lock, self._heard = threading.Lock(), b""
        self.connection = socket.socket(socket.AF_UNIX)
        try:
            self.connection.connect(str(address))
            text = json.dumps(request).encode()
            socket.send_fds(self.connection, [HEADER.pack(len(text), len(payload))], handles)
            self.connection.sendall(text + payload)
        except OSError:
            self.connection.close()
            raise

    def started(self) -> int:
        """Wait until the process is there and return its number; 0 when it never came to be."""
        while not self.pid and self.returncode is None:
            self._listen(None)
        return self.pid

    def poll(self) -> int | None:
        """Return how the process ended, as `Popen.poll`; None while it lives."""
        if self.returncode is None:
            self._listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process."""
        while self.returncode is None:
            self._listen(timeout)
            if timeout is not None and self.returncode is None:
                raise subprocess.TimeoutExpired("forked process", timeout)
        return self.returncode

    def _listen(self, timeout: float | None) -> None:
        """Take in what the server says; a server that is gone has taken its processes with it."""
        with self._lock:
            try:
                self.connection.settimeout(timeout)
                said = self.connection.recv(4096)
            except (BlockingIOError, TimeoutError):
                return
            except OSError:
                said = b""
            *lines, self._heard = (self._heard + said).split(b"\n")
            for line in lines:
                told = json.loads(line)
                self.pid = told.get("pid", self.pid)
                self.returncode = told.get("status", self.returncode)
            if not said and self.returncode is None:
                self.returncode = -signal.SIGKILL

    def send_signal(self, number: int) -> None:
        """Send a signal to the process."""
        if self.pid and self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(OSError):  # the server ends what belongs to a closed connection
            self.connection.shutdown(socket.SHUT_WR)

    terminate = kill

    def close(self) -> None:
        """End the process and let go of it."""
        self.kill()
        self.connection.close()
