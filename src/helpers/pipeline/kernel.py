"""Private kernels: the runner's own interpreter, sockets that nobody else can reach, no side files.

A kernel talks over sockets in a folder of mode 0700 (or, where the path would be too long for that,
over authenticated loopback), so that kernels starting at once cannot take each other's ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from helpers.pipeline import private
from helpers.pipeline.environment import private_settings, run_environment
from helpers.pipeline.forked_process import ForkedProcess
from helpers.pipeline.kernel_client import ReadyClient
from helpers.pipeline.kernels import Kernels, ended_in_words
from helpers.pipeline.memory import limit_memory_of
from helpers.pipeline.notebook import NotebookRun

ENGINE = "evidence"
SOCKET_PATH_LIMIT = 90  # the system allows 104 to 108 bytes, and jupyter_client appends a number
FORKED = "evidence-forked"
ROOM = 1 << 16  # bytes that a kernel needs for its connection file and what it says
HISTORY_OFF = "--HistoryManager.enabled=False"


class _OwnInterpreter(KernelSpecManager):
    """The one kernel there is: the interpreter that runs this code, whatever is installed elsewhere."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        made = {"kernel_provisioner": {"provisioner_name": FORKED}} if private.ADDRESS else {}
        return KernelSpec(
            argv=[*argv, "-f", "{connection_file}", HISTORY_OFF],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata=made,
        )


class ForkedProvisioner(LocalProvisioner):
    """Has the kernel's process forked from the server that this process was forked from itself."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        """Ask the server for the kernel; the rest is as for a kernel started here."""
        request = {
            "kind": "kernel",
            "needs": ["ipykernel.ipkernel", *sorted(self.parent.run.needs)],
            "environment": options["env"],
            "cwd": options["cwd"],
            "arguments": cmd[cmd.index("ipykernel_launcher") + 1 :],
            "memory": self.parent.run.memory,
        }
        self.process = ForkedProcess(private.ADDRESS, request, [options["stderr"].fileno()])
        self.pid = self.pgid = self.process.started()
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end of the kernel: it is told at once, so there is no need to look again and again."""
        if self.process is None:
            return 0
        status = await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
        self.process = None  # as the base class does
        return status


KernelProvisionerFactory.instance().provisioners[FORKED] = EntryPoint(
    FORKED, f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME
)


class _KernelManager(AsyncKernelManager):
    """Starts a kernel and hands its process to the run's list."""

    kernels: Kernels
    run: NotebookRun
    process: Any = None  # subprocess.Popen or ForkedProcess

    async def start_kernel(self, **options: Any) -> None:
        await super().start_kernel(**options)
        self.process = self.provisioner.process
        self.kernels.add(self.process)
        if self.run.memory and not isinstance(self.process, ForkedProcess):
            limit_memory_of(self.process.pid, self.run.memory)


class KernelRoom:
    """A private folder for one kernel: connection file, sockets, IPython's files, its last words."""

    def __init__(self, kernels: Kernels, run: NotebookRun) -> None:
        self.kernels, self.run = kernels, run
        self.folder = kernels.new_folder()
        self.manager: _KernelManager | None = None

    def new_manager(self) -> _KernelManager:
        """Return a manager whose kernel lives in this room."""
        manager = _KernelManager(kernel_name="python3", kernel_spec_manager=_OwnInterpreter())
        manager.kernels, manager.run = self.kernels, self.run
        manager.client_factory = ReadyClient
        manager.connection_file = str(self.folder / "connection.json")
        sockets = str(self.folder / "s")
        if sys.platform != "win32" and len(os.fsencode(sockets)) < SOCKET_PATH_LIMIT:
            manager.transport, manager.ip = "ipc", sockets
        self.manager = manager
        return manager

    def environment(self) -> dict[str, str]:
        """Return the kernel's environment: as the runner's, without the user's IPython settings."""
        own = private_settings(self.folder) | {"IPYTHONDIR": str(self.folder / "ipython")}
        return run_environment() | own

    def ended_by(self) -> str:
        """Return how the kernel's process ended, in words; empty when it did not."""
        process = self.manager.process if self.manager else None
        code = process.poll() if process else None
        return "" if code is None else f"it {ended_in_words(code)}"

    def no_room(self) -> str:
        """Return that the disk of temporary files is full, with the remedy; empty when it is not."""
        full = shutil.disk_usage(self.folder).free < ROOM
        said = f"; {os.strerror(errno.ENOSPC)} in {tempfile.gettempdir()}: make room there, or set TMPDIR"
        return said if full else ""

    def last_words(self) -> str:
        """Return the last line that the kernel's process wrote to its own standard error."""
        path = self.folder / "stderr"
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
        spoken = [
            line.strip() for line in lines if line.strip() and "Parent appears to have exited" not in line
        ]
        return spoken[-1][:300] if spoken else ""

    def close(self) -> None:
        """End the kernel if it lives, and remove the folder."""
        if self.manager and self.manager.process:
            self.kernels.remove(self.manager.process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.manager.process.wait(timeout=5)
            if isinstance(self.manager.process, ForkedProcess):
                self.manager.process.close()
        self.kernels.remove_folder(self.folder)


class _Client(PapermillNotebookClient):
    """Papermill's client on a kernel of ours."""

    room: KernelRoom

    def create_kernel_manager(self) -> _KernelManager:
        self.km = self.room.new_manager()
        return self.km


class _Engine(NBClientEngine):
    """Papermill's engine with the kernel's room, folder and environment given from outside."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        room, root, progress = options["room"], options["root"], options["progress"]
        progress.notebook = nb_man.nb
        client = _Client(
            nb_man,
            kernel_name=kernel_name,
            startup_timeout=options["start_timeout"],
            timeout_func=options["seconds_left"],
            log=logging.getLogger("papermill"),
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            on_cell_start=progress.cell_started,
        )
        client.room = room
        with (room.folder / "stderr").open("ab") as said:
            return client.execute(cwd=str(root), env=room.environment(), stdout=said, stderr=said)


papermill_engines.register(ENGINE, _Engine)

if sys.platform == "win32":  # zmq needs a selector loop
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
