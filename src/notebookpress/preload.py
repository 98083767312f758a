"""What the fork server imports before any notebook asks for it; imported by the server, once.

A step is a module, or `module:function` for something that is slow the first time it is done.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import shutil
import sys

STEPS = "NOTEBOOKPRESS_PRELOAD"  # environment variable: the steps, separated by blanks
FOLDER = "NOTEBOOKPRESS_FOLDER"  # environment variable: the private folder of everything that is forked
OWN_STEPS = (
    "notebookpress.preload:without_address_grammar",
    "notebookpress.preload:without_debugger",
    "notebookpress.execution",
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


def without_address_grammar() -> None:
    """Import nbformat's validator without the grammar of international addresses, a second of work.

    jsonschema takes the package `rfc3987_syntax` when it is there; no notebook holds such an address.
    """
    _import_without("rfc3987_syntax", "jsonschema")


def without_debugger() -> None:
    """Import what debugs in a kernel without the debugger: nobody attaches one to an unattended run."""
    _import_without("debugpy", "ipykernel.debugger")


def _import_without(unwanted: str, module: str) -> None:
    """Import a module that takes another one when it is there as if it were not."""
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


def draw_a_figure() -> None:
    """Draw a figure with text: matplotlib looks for its fonts when first used."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("±")
    figure.savefig(io.BytesIO(), format="svg")


def _serve() -> None:
    """Load everything; what is there now is never garbage, so a collection need not look at it."""
    atexit.register(_tidy, os.environ[FOLDER], os.getppid())
    gc.disable()
    for step in (*OWN_STEPS, *os.environ[STEPS].split()):
        if problem := load(step):
            print(f"not preloaded: {problem}", file=sys.stderr, flush=True)
    gc.freeze()
    gc.enable()


def _tidy(folder: str, runner: int) -> None:
    """Remove the private folder when the runner was killed; this process is the last one to end."""
    if os.getppid() != runner:
        shutil.rmtree(folder, ignore_errors=True)


if FOLDER in os.environ:
    _serve()
