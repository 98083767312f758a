"""An IPython kernel that talks through a pipe, in a process forked from one that has the packages.

It is ipykernel's own kernel, with its streams, display hooks and magics: only its sockets are
replaced, so what a cell gives is what it gives in any kernel.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipykernel
import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait

SHELL, IOPUB = "shell", "iopub"
KEY = b"private"  # the pipe is; but ipykernel complains of messages that are not signed
# No history: it would need a database, and a notebook's cells are the history.
OPTIONS = ("--HistoryManager.enabled=False", "--IPKernelApp.extensions=notebookpress.limits")


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

    def init_poller(self) -> None:
        """Do nothing: the system ends this process with its parent."""

    def init_connection_file(self) -> None:
        """Do nothing."""

    write_connection_file = log_connection_info = init_heartbeat = init_connection_file

    def init_sockets(self) -> None:
        """Put the pipe in the place of the sockets."""
        self.session = Session(parent=self, key=KEY)
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


def run_shell(pipe: Connection, cwd: str, environment: Mapping[str, str]) -> None:
    """Be a kernel on a pipe until the pipe closes; for a process that has just been forked.

    Parameters
    ----------
    pipe : multiprocessing.connection.Connection
        Requests come in as lists of frames; (channel, frames) go out, channel `shell` or `iopub`.
    cwd : str
        The folder in which the cells run.
    environment : mapping of str to str
        The environment of the cells.

    """
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
