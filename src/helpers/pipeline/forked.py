"""A process forked from the server: what it is asked to be, and how it becomes that."""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pickle
import random
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from helpers.pipeline import preload, private
from helpers.pipeline.forked_process import HEADER
from helpers.pipeline.memory import limit_memory

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


@dataclass(eq=False)
class Wanted:
    """A process that was asked for, with what it was given.

    `handles` are where it writes what it says and, for a call, where it writes the result;
    `ready_after` is how many steps must be preloaded before it is forked.
    """

    connection: socket.socket
    request: dict[str, Any]
    payload: bytes
    handles: list[int]
    ready_after: int
    pid: int = 0
    folder: Path | None = None
    dropped: bool = False  # whether whoever asked has let go of it


def receive(connection: socket.socket) -> Wanted:
    """Read a request: two lengths with the handles, the JSON, the payload."""
    first, handles, _, _ = socket.recv_fds(connection, HEADER.size, 4)
    sizes = HEADER.unpack(first + _exactly(connection, HEADER.size - len(first)))
    request = json.loads(_exactly(connection, sizes[0]))
    after = preload.steps_before(set(request["needs"]))
    return Wanted(connection, request, _exactly(connection, sizes[1]), handles, after)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 16))
        if not part:
            raise ValueError("the connection closed within a request")
        parts += part
    return bytes(parts)


def become(wanted: Wanted, address: Path, server: int) -> NoReturn:
    """Turn a freshly forked process into what was asked for: a kernel, or the call of a function."""
    os.setsid()
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(71)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take_place(wanted)
    if wanted.request["kind"] == "kernel":
        _kernel(wanted.request["arguments"], wanted.request["memory"])
    else:
        private.ADDRESS, private.FOLDER = address, wanted.folder
        _call(wanted.payload, wanted.handles[1])


def _take_place(wanted: Wanted) -> None:
    """Take streams, environment and folder from the request, and chance from the system."""
    nothing, said = os.open(os.devnull, os.O_RDONLY), wanted.handles[0]
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(said)
    os.environ.clear()
    os.environ.update(wanted.request["environment"])
    time.tzset()
    os.chdir(wanted.request["cwd"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    gc.freeze()  # what was imported before is never garbage: a collection need not look at it
    gc.enable()


def _kernel(arguments: list[str], memory: int | None) -> NoReturn:
    """Be an IPython kernel, as `python -m ipykernel_launcher` would."""
    from ipykernel.kernelapp import IPKernelApp

    if memory:
        limit_memory(memory)
        arguments = [*arguments, f"--IPKernelApp.extensions={limit_memory.__module__}"]
    sys.argv = ["ipykernel_launcher", *arguments]
    IPKernelApp.launch_instance(argv=arguments)
    os._exit(0)


def _call(payload: bytes, result: int) -> NoReturn:
    """Call a function and write what it returns, or raises, to the result's pipe."""
    name, arguments = pickle.loads(payload)
    try:
        data = pickle.dumps(("value", named(name)(*arguments)))
    except BaseException as error:
        data = _pickled_error(error)
    with os.fdopen(result, "wb") as stream:
        stream.write(data)
    os._exit(0)


def named(name: str) -> Any:
    """Return the function that `module:function` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _pickled_error(error: BaseException) -> bytes:
    """Return an exception as bytes, its traceback as a note; as a plain one when it cannot be sent."""
    told = "".join(traceback.format_exception(error))
    error.__traceback__ = error.__cause__ = error.__context__ = None
    error.add_note(told)
    try:
        data = pickle.dumps(("error", error))
        pickle.loads(data)
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.add_note(told)
        data = pickle.dumps(("error", plain))
    return data
