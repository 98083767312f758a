"""The two ways of having a kernel for a notebook: forked from this process, or started as any other."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

import ipykernel
import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait

from notebookpress.processes import end_with_parent

SHELL, IOPUB = "shell", "iopub"
SESSION_KEY = b"private"  # the pipe is; but ipykernel complains of messages that are not signed
# No history: it would need a database, and a notebook's cells are the history.
OPTIONS = ("--HistoryManager.enabled=False", "--IPKernelApp.extensions=notebookpress.processes")


class _PipeSocket:
    """What ipykernel uses of a socket, on one end of a pipe that several of them share."""

    def __init__(self, channel: str, pipe: Connection, lock: threading.Lock, context: zmq.Context) -> None:
        self.channel, self.pipe, self.lock, self.context = channel, pipe, lock, context

    def send_multipart(self, parts: Sequence[Any], *_: Any, **__: Any) -> None:
        """Send a message, as the frames that a session makes of it."""
        with self.lock:
            self.pipe.send((self.channel, [bytes(part) for part in parts]))

    def flush(self, *_: Any) -> None:
        """Do nothing: a pipe holds nothing back."""

    def close(self) -> None:
        """Do nothing: the pipe is closed by the end of the process."""


class _PipeKernel(IPythonKernel):
    """IPython's kernel; its streams may be pipes, and nothing waits in them that could be aborted."""

    shell_stream = AnyTrait()
    control_stream = AnyTrait()
    shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())  # all is done in this one
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing: whoever asks waits for each answer."""


class _PipeKernelApp(IPKernelApp):
    """ipykernel's application without connection file, ports and threads for what nobody asks."""

    kernel_class = _PipeKernel
    pipe = AnyTrait()

    def init_poller(self, **_: Any) -> None:
        """Do nothing: the system ends this process with its parent, and no connection is described."""

    init_connection_file = write_connection_file = log_connection_info = init_heartbeat = init_poller

    def init_sockets(self) -> None:
        """Put the pipe in the place of the sockets."""
        self.session = Session(parent=self, key=SESSION_KEY)
        context, lock = zmq.Context(), threading.Lock()
        self.shell_socket = _PipeSocket(SHELL, self.pipe, lock, context)
        self.configure_tornado_logger()
        published = _PipeSocket(IOPUB, self.pipe, lock, context)
        self.iopub_thread = IOPubThread(published, pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_kernel(self) -> None:
        """Make the kernel on what stands for its sockets."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_stream=self.shell_socket,
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count


def _run_shell(ours: Connection, pipe: Connection, cwd: str, environment: Mapping[str, str]) -> None:
    """Be a kernel on a pipe, in the process that was just forked, until the pipe or the parent's life ends.

    Requests come in as lists of frames; (channel, frames) go out, channel `shell` or `iopub`.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        end_with_parent(parent.pid)
    ours.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.argv = [str(Path(ipykernel.__file__).parents[1] / "ipykernel_launcher.py"), *OPTIONS]
    application = _PipeKernelApp.instance(pipe=pipe)
    application.initialize(list(OPTIONS))
    asyncio.run(_serve(application.kernel, pipe))


async def _serve(kernel: Any, pipe: Connection) -> None:
    """Answer one request after the other; tasks of the cells go on meanwhile."""
    kernel.io_loop = IOLoop.current()
    requests: asyncio.Queue = asyncio.Queue()
    asyncio.get_running_loop().add_reader(pipe.fileno(), lambda: requests.put_nowait(pipe.recv()))
    while True:
        await kernel.dispatch_shell([zmq.Frame(part) for part in await requests.get()])


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
        self.session.key = SESSION_KEY
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
        self.process = fork.Process(target=_run_shell, args=(self.pipe, theirs, cwd, env))
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
