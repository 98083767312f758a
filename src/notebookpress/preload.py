"""What the fork server imports before any notebook asks for it; imported by the server, once.

A step is a module, or `module:function` for something that is slow the first time it is done.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import shutil
import signal
import sys

STEPS = "NOTEBOOKPRESS_PRELOAD"  # environment variable: the steps, separated by blanks
SERVER_FOLDER = "NOTEBOOKPRESS_FOLDER"  # environment variable: private folder of all that is forked
EXECUTION = "notebookpress.execution"  # the step that brings papermill and IPython
PAUSE = 0.002  # seconds between two steps, for what waits to be forked
OWN_STEPS = (
    "notebookpress.preload:without_what_nobody_needs",
    EXECUTION,
    "notebookpress.preload:validate_a_notebook",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)


def load(step: str) -> str:
    """Do one step; return what went wrong, empty when nothing did.

    A module that cannot be imported is left to the notebook that needs it: there the error has a cell.
    """
    module, _, function = step.partition(":")
    try:
        loaded = importlib.import_module(module)
        if function:
            getattr(loaded, function)()
    except Exception as error:
        return f"{step}: {type(error).__name__}: {error}"
    return ""


def without_what_nobody_needs() -> None:
    """Import what takes another package when it is there as if it were not.

    The grammar of international addresses, which no notebook holds, takes nbformat's validator a second;
    nobody attaches a debugger to an unattended run.
    """
    for unwanted, module in (("rfc3987_syntax", "jsonschema"), ("debugpy", "ipykernel.debugger")):
        if unwanted not in sys.modules:
            sys.modules[unwanted] = None  # type: ignore[assignment]
            try:
                importlib.import_module(module)
            finally:
                del sys.modules[unwanted]


def validate_a_notebook() -> None:
    """Check an empty notebook: nbformat turns its schema into code when first used."""
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())


def _serve() -> None:
    """Load what stands before `notebookpress.execution` now, and the rest step by step between forks.

    An alarm interrupts the server while it waits for requests; what is asked for during a step waits.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until here it waits, for it is blocked
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    wanted, server, runner = os.environ[STEPS].split(), os.getpid(), os.getppid()

    @atexit.register
    def remove_folder() -> None:  # of a runner that was killed; one that lives does it itself
        if os.getppid() != runner:
            shutil.rmtree(os.environ[SERVER_FOLDER], ignore_errors=True)

    place = wanted.index(EXECUTION) if EXECUTION in wanted else 0
    left = [*OWN_STEPS, *(step for step in wanted[place:] if step != EXECUTION)]
    gc.disable()
    for step in wanted[:place]:
        load(step)

    def load_next(*_: object) -> None:
        if os.getpid() != server:
            return
        if not left:
            gc.freeze()  # what is there now is never garbage: a collection need not look at it
            gc.enable()
            return
        if problem := load(left.pop(0)):
            print(f"not preloaded: {problem}", file=sys.stderr, flush=True)
        signal.setitimer(signal.ITIMER_REAL, PAUSE)

    signal.signal(signal.SIGALRM, load_next)
    signal.setitimer(signal.ITIMER_REAL, PAUSE)


if SERVER_FOLDER in os.environ:
    _serve()
