"""The kernel of a notebook: IPython's own, in a process of its own, at the other end of a pipe.

Sockets would do as well, but a kernel is there sooner without their threads, and what a cell's widget sends
while the cell runs cannot get stuck between them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

import ipykernel
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait

from notebookpress.workers import end_with_parent, limit_memory, set_environment

SHELL, IOPUB = "shell", "iopub"
SESSION_KEY = b"private"  # the pipe is; but ipykernel complains of messages that are not signed


def _listen(pipe: Connection, take: Callable[[Any], None]) -> None:
    """Give the running loop what comes through a pipe, and None when it has closed."""
    loop = asyncio.get_running_loop()

    def listen() -> None:
        message: Any = ()
        while message is not None:
            try:
                message = pipe.recv()
            except (EOFError, OSError, TypeError):  # the last when it is closed meanwhile
                message = None
            if loop.is_closed():
                return
            loop.call_soon_threadsafe(take, message)

    threading.Thread(target=listen, daemon=True).start()


class _PipeSocket:
    """What ipykernel uses of a socket, on one end of a pipe that several of them share."""

    def __init__(self, channel: str, pipe: Connection, lock: threading.Lock) -> None:
        self.channel, self.pipe, self.lock = channel, pipe, lock
        self.context: zmq.Context = zmq.Context.instance()

    def send_multipart(self, parts: Sequence[Any], *_: Any, **__: Any) -> None:
        """Send a message, as the frames that a session makes of it."""
        with self.lock:
            self.pipe.send((self.channel, [bytes(part) for part in parts]))

    def flush(self, *_: Any) -> None:
        """Do nothing: a pipe holds nothing back."""

    close = flush


class _Kernel(IPythonKernel):
    """IPython's kernel; its streams may be pipes, and nothing waits in them that could be aborted."""

    shell_stream = AnyTrait()
    shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())  # all is done in this one
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing: whoever asks waits for each answer."""


class _Stream(OutStream):
    """What cells print; a flush, of which a cell has many, wakes a thread only when there is something."""

    def flush(self) -> None:
        """Send what was printed."""
        if self._buffers:
            super().flush()


class _KernelApp(IPKernelApp):
    """ipykernel's application without connection file, ports and threads for what nobody asks."""

    kernel_class = _Kernel
    outstream_class = f"{__name__}._Stream"
    pipe = AnyTrait()

    def init_poller(self, **_: Any) -> None:
        """Do nothing: the process ends with its parent, and no connection is described."""

    init_connection_file = write_connection_file = log_connection_info = init_heartbeat = init_poller

    def init_sockets(self) -> None:
        """Put the pipe in the place of the sockets."""
        lock = threading.Lock()
        self.session = Session(parent=self, key=SESSION_KEY)
        self.shell_socket = _PipeSocket(SHELL, self.pipe, lock)
        self.configure_tornado_logger()
        self.iopub_thread = IOPubThread(_PipeSocket(IOPUB, self.pipe, lock), pipe=True, session=self.session)
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

    async def serve(self) -> None:
        """Answer one request after the other; tasks of the cells go on meanwhile."""
        self.kernel.io_loop = IOLoop.current()
        requests: asyncio.Queue = asyncio.Queue()
        _listen(self.pipe, requests.put_nowait)
        while (request := await requests.get()) is not None:
            await self.kernel.dispatch_shell([zmq.Frame(part) for part in request])


def _be_kernel(pipe: Connection, cwd: str, environment: Mapping[str, str], memory: int | None) -> None:
    """Be a kernel, in the process that was just started; it ends at the latest when its parent does."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        end_with_parent(parent.pid)
    set_environment(environment)
    os.chdir(cwd)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.argv = [str(Path(ipykernel.__file__).parents[1] / "ipykernel_launcher.py")]
    application = _KernelApp.instance(pipe=pipe)
    application.initialize(["--HistoryManager.enabled=False"])  # it would need a database
    if memory:
        limit_memory(memory, application.shell)
    asyncio.run(application.serve())


class _Channel(asyncio.Queue):
    """One channel of a kernel on a pipe, as nbclient uses it: what has come and was not yet read."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message; raise `queue.Empty` when there is none in so many seconds."""
        try:
            message = await asyncio.wait_for(self.get(), timeout)
        except TimeoutError:
            raise Empty from None
        if message is None:
            raise DeadKernelError("Kernel died")
        return message


class _Client(AsyncKernelClient):
    """A client whose kernel is at the other end of a pipe."""

    shell_channel, iopub_channel = AnyTrait(), AnyTrait()

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self.session.key = SESSION_KEY
        self.pipe, self.shell_channel, self.iopub_channel = pipe, _Channel(), _Channel()
        self.shell_channel.send = self._send  # type: ignore[attr-defined]

    def start_channels(self, *_: Any, **__: Any) -> None:
        """Take in what the kernel says as soon as it says it."""
        _listen(self.pipe, self._receive)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.pipe.send([bytes(part) for part in self.session.serialize(message)])
        except OSError:
            self._receive(None)

    def _receive(self, message: tuple[str, list[bytes]] | None) -> None:
        if message is None:  # whoever waits for an answer shall know that there will be none
            self.shell_channel.put_nowait(None)
            return
        _, frames = self.session.feed_identities(message[1])
        channel = self.shell_channel if message[0] == SHELL else self.iopub_channel
        channel.put_nowait(self.session.deserialize(frames))

    def stop_channels(self) -> None:
        """Do nothing: the pipe closes with the kernel."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Do nothing: the pipe is there from the beginning."""


class Kernel:
    """A kernel in a process of its own; what nbclient uses of a manager of kernels."""

    process: Any = None

    def __init__(self, forked: bool, memory: int | None) -> None:
        self.context = multiprocessing.get_context("fork" if forked else "spawn")
        self.memory = memory

    @property
    def has_kernel(self) -> bool:
        """Whether the kernel was started."""
        return self.process is not None

    def start_kernel(self, cwd: str, env: dict[str, str], **_: Any) -> None:
        """Start the kernel."""
        self.pipe, theirs = self.context.Pipe()
        arguments = (theirs, cwd, env, self.memory)
        self.process = self.context.Process(target=_be_kernel, args=arguments)  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()

    def client(self) -> AsyncKernelClient:
        """Return the client of the kernel."""
        return _Client(self.pipe)

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
        """Do nothing: there is no file of a connection."""
