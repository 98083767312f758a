"""The two ways of having a kernel for a notebook: forked from this process, or started as any other."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from notebookpress.processes import end_with_parent
from notebookpress.shell import IOPUB, KEY, OPTIONS, SHELL, run_shell

SOCKET_PATH_LIMIT = 90  # the system allows 104 to 108 bytes, and jupyter_client appends a number


class _Channel:
    """One channel of a kernel on a pipe, as nbclient uses it."""

    def __init__(self, client: ForkedKernelClient) -> None:
        self.client = client
        self.received: asyncio.Queue = asyncio.Queue()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the kernel; one that has died is noticed by whoever waits for its answer."""
        session = self.client.session
        try:
            self.client.pipe.send([bytes(part) for part in session.serialize(message)])
        except OSError:
            self.client.end()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message; raise `queue.Empty` when there is none in so many seconds."""
        try:
            message = await asyncio.wait_for(self.received.get(), timeout)
        except TimeoutError:
            raise Empty from None
        if message is None:
            raise DeadKernelError("Kernel died")
        return message


class ForkedKernelClient(AsyncKernelClient):
    """A client whose kernel is at the other end of a pipe."""

    def __init__(self, pipe: Any) -> None:
        super().__init__()
        self.session.key = KEY
        self.pipe = pipe
        self.channels = {SHELL: _Channel(self), IOPUB: _Channel(self)}

    shell_channel = property(lambda self: self.channels[SHELL])
    iopub_channel = property(lambda self: self.channels[IOPUB])

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Take in what the kernel says as soon as it says it."""
        asyncio.get_running_loop().add_reader(self.pipe.fileno(), self._receive)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Do nothing: a pipe is there from the beginning."""

    def _receive(self) -> None:
        try:
            channel, frames = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            return
        _, frames = self.session.feed_identities(frames)
        self.channels[channel].received.put_nowait(self.session.deserialize(frames))

    def end(self) -> None:
        """Tell whoever waits for an answer that there will be none."""
        asyncio.get_running_loop().remove_reader(self.pipe.fileno())
        self.channels[SHELL].received.put_nowait(None)

    def stop_channels(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self.pipe.fileno())
        self.pipe.close()


class ForkedKernel:
    """A kernel forked from this process; what nbclient uses of a kernel manager."""

    process: Any = None

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started."""
        return self.process is not None

    def start_kernel(self, cwd: str, env: dict[str, str], **_: Any) -> None:
        """Fork the kernel; it ends at the latest when this process does."""
        fork = multiprocessing.get_context("fork")
        self.pipe, theirs = fork.Pipe()
        self.process = fork.Process(target=_become_shell, args=(self.pipe, theirs, cwd, env))
        self.process.start()
        theirs.close()

    def client(self) -> ForkedKernelClient:
        """Return the client of the kernel."""
        return ForkedKernelClient(self.pipe)

    def is_alive(self) -> bool:
        """Return whether the kernel's process lives."""
        return self.process.is_alive()

    def exit_code(self) -> int | None:
        """Return how the kernel's process ended, as `subprocess.Popen.returncode`; None while it lives."""
        self.process.join(1)
        return self.process.exitcode

    def shutdown_kernel(self, now: bool = True) -> None:
        """End the kernel."""
        self.process.kill()
        self.process.join()

    def cleanup_resources(self) -> None:
        """Do nothing: the client closes the pipe."""


def _become_shell(pipe: Any, theirs: Any, cwd: str, env: dict[str, str]) -> None:
    """Run a shell in the process that was just forked."""
    end_with_parent(multiprocessing.parent_process().pid)
    pipe.close()
    run_shell(theirs, cwd, env)


class _OwnInterpreter(KernelSpecManager):
    """The one kernel there is: the interpreter that runs this code, whatever is installed elsewhere."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", *OPTIONS]
        return KernelSpec(
            argv=[*argv, "-f", "{connection_file}"], display_name="Python 3 (ipykernel)", language="python"
        )


class PlainKernel(AsyncKernelManager):
    """A kernel as any other, with sockets in a private folder where the system has such."""

    def __init__(self, folder: Path) -> None:
        super().__init__(kernel_name="python3", kernel_spec_manager=_OwnInterpreter())
        self.connection_file = str(folder / "connection.json")
        sockets = str(folder / "s")
        if sys.platform != "win32" and len(os.fsencode(sockets)) < SOCKET_PATH_LIMIT:
            self.transport, self.ip = "ipc", sockets

    def exit_code(self) -> int | None:
        """Return how the kernel's process ended, as `subprocess.Popen.returncode`; None while it lives."""
        process = getattr(self.provisioner, "process", None)
        try:
            return process.wait(1) if process else None
        except subprocess.TimeoutExpired:
            return None
