"""What the fork server has ready before a notebook asks for it, in the order in which a run needs it."""

from __future__ import annotations

import importlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import helpers

# A step is a module, or `module:function` of something that is slow the first time it is done.
STEPS: tuple[str, ...] = (
    "helpers.tables",
    "helpers.pipeline.stages",
    "helpers.sheets.raw",
    "helpers.pipeline.preload:_without_grammar",
    "helpers.pipeline.notebook_run",
    "helpers.pipeline.preload:_notebook_checked_once",
    "helpers.pipeline.preload:_without_debugger",
    "ipykernel.kernelapp",
    "helpers.pipeline.preload:_parts_of_a_kernel",
    "ipykernel.ipkernel",
    "helpers.places",
    "helpers.cleaning",
    "helpers.figures",
    "helpers.pipeline.notebook_tables",
    "helpers.pipeline.preload:_table_used_once",
    "seaborn",
    "helpers.pipeline.preload:_figure_drawn_once",
    "scipy.stats",
    "helpers.appraisal",
    "metastats",
    "helpers.effects",
    "helpers.comparison",
    "helpers.pooling.groups",
    "helpers.pooling.ongoing",
    "helpers.pipeline.gather",
    "helpers.site",
)
# Slow, and in no notebook of ours: ready only where a notebook imports them.
ON_REQUEST = ("statsmodels.api", "statsmodels.formula.api")
KERNEL_PARTS = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "sqlite3",
    "tornado.platform.asyncio",
)
TABLE_PARTS = ("pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pandas.io.formats.string")


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


def more_for(imports: Iterable[str]) -> tuple[str, ...]:
    """Return what to have ready beside the steps, for notebooks that import these names."""
    wanted = set(imports) - set(STEPS)
    own = sorted(name for name in wanted if name.startswith("helpers.") and _is_module(name))
    return (*(name for name in ON_REQUEST if name in wanted), *own)


def _is_module(name: str) -> bool:
    """Return whether a name in this package is a module's, without importing anything."""
    place = Path(helpers.__file__).parent.joinpath(*name.split(".")[1:])
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def steps_before(needs: set[str]) -> int:
    """Return how many of the steps come before the last one that is needed, that one included."""
    places = [number for number, step in enumerate(STEPS, 1) if step.partition(":")[0] in needs]
    return max(places, default=0)


def _without_grammar() -> None:
    """Import nbformat's validator without the grammar of international addresses, a second of work.

    jsonschema takes the package `rfc3987_syntax` when it is there; no notebook holds such an address.
    """
    _import_without("rfc3987_syntax", "jsonschema")


def _without_debugger() -> None:
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


def _notebook_checked_once() -> None:
    """Check an empty notebook: nbformat turns its schema into code when first used."""
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())


def _parts_of_a_kernel() -> None:
    """Import what IPython imports only when a kernel starts or runs its first cell."""
    for name in KERNEL_PARTS:
        importlib.import_module(name)


def _table_used_once() -> None:
    """Write and read a table without rows: the first time takes longer, also by what pandas imports late."""
    for name in TABLE_PARTS:
        importlib.import_module(name)
    from helpers.tables import read_table, write_table

    with tempfile.TemporaryDirectory() as folder:
        write_table("arms", [], folder)
        read_table("arms", folder)


def _figure_drawn_once() -> None:
    """Draw a figure with text: matplotlib looks for its fonts when first used."""
    figure: Callable = importlib.import_module("matplotlib.figure").Figure
    drawn = figure()
    drawn.subplots().set_title("±")
    drawn.savefig(io.BytesIO(), format="svg")
