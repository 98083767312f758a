"""A kernel for one notebook: forked from this process, or started anew where that is not possible."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

import ipykernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import LocalPortCache
from nbclient.exceptions import DeadKernelError

from notebookpress.processes import end_with_parent, limit_memory

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_PAUSE = 0.05  # seconds between two questions whether a kernel is there


class KernelProcess(IPKernelApp):
    """ipykernel's application, told where its sockets are: for a file about them there may be no room."""

    def init_connection_file(self, **_: Any) -> None:
        """Do nothing."""

    write_connection_file = init_connection_file


def _be_kernel(
    connection: Mapping[str, Any], key: str, cwd: str, environment: Mapping[str, str], memory: int | None
) -> None:
    """Be a kernel, in the process that was just started; it ends at the latest when its parent does."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        end_with_parent(parent.pid)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    asyncio.set_event_loop(asyncio.new_event_loop())  # the one of the parent, forked, seems to run
    sys.argv = [str(Path(ipykernel.__file__).parents[1] / "ipykernel_launcher.py")]
    application = KernelProcess.instance(parent_handle=os.getppid(), **connection)
    # No history: it would need a database, and a notebook's cells are the history.
    application.initialize([f"--Session.key={key}", "--HistoryManager.enabled=False"])
    if memory:
        limit_memory(memory, application.shell)
    application.start()


class _Client(AsyncKernelClient):
    """A kernel's client that takes its first word for a beginning, and does not wait for more to come."""

    kernel: Kernel

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until the kernel says something to everybody: from then on nothing is lost."""
        for _ in range(int((timeout or 60) / _PAUSE)):
            self.kernel_info()
            try:
                await self.iopub_channel.get_msg(timeout=_PAUSE)
                return
            except Empty:
                if not self.kernel.is_alive():
                    break
        raise DeadKernelError("Kernel did not start")

    async def is_alive(self) -> bool:
        """Return whether the kernel's process lives."""
        return self.kernel.is_alive()


class Kernel:
    """A kernel in a process of its own, its files in a private folder; what nbclient uses of a manager."""

    process: Any = None

    def __init__(self, folder: Path, forked: bool, memory: int | None) -> None:
        self.context = multiprocessing.get_context("fork" if forked else "spawn")
        self.key, self.memory = uuid4().hex, memory
        self.connection: dict[str, Any] = {"transport": "ipc", "ip": str(folder / "s")}
        ports: Iterable[int] = range(1, len(PORTS) + 1)
        if sys.platform == "win32":  # which has no sockets that are files
            self.connection = {"transport": "tcp", "ip": "127.0.0.1"}
            ports = [LocalPortCache.instance().find_available_port("127.0.0.1") for _ in PORTS]
        self.connection |= dict(zip(PORTS, ports, strict=True))
        self._client = _Client()
        self._client.kernel = self
        self._client.load_connection_info(self.connection | {"key": self.key})  # type: ignore[arg-type]

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started."""
        return self.process is not None

    def start_kernel(self, cwd: str, env: dict[str, str], **_: Any) -> None:
        """Start the kernel."""
        arguments = (self.connection, self.key, cwd, env, self.memory)
        self.process = self.context.Process(target=_be_kernel, args=arguments)  # type: ignore[attr-defined]
        self.process.start()

    def client(self) -> AsyncKernelClient:
        """Return the client of the kernel."""
        return self._client

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
        """Do nothing: the folder goes with what was done in it."""
