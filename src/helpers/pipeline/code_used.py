"""Which of the package's code a step uses: the modules that it imports, and those that these import.

So a change of a module reruns what uses it, and nothing else. Imports are found in the text of modules; one
that stands in a docstring counts as well, which makes a step run once too often at worst.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import helpers
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.fingerprint import code_hash, file_hash, value_hash
from helpers.pipeline.imports import code_cells, imported

PACKAGE = Path(helpers.__file__).parents[1]  # the folder of all packages
PACKAGES = ("helpers", "metastats", "trialfiles", "notebookpress")
# What runs a notebook and keeps it; the worker calls it by name.
RUNS_NOTEBOOKS = ("notebookpress.execution", "notebookpress.workers")
_OURS = f"(?:{'|'.join(PACKAGES)})"
_FROM = re.compile(rf"^[ \t]*from[ \t]+({_OURS}[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)", re.M)
_IMPORT = re.compile(rf"^[ \t]*import[ \t]+([^\n]*\b{_OURS}\b[^\n]*)", re.M)
_NAME = re.compile(rf"\b{_OURS}[\w.]*")
# A cell with one of these may import what no reader of its text can know.
_HIDDEN = re.compile(r"\b(?:importlib|__import__|exec|eval|runpy)\b|^\s*[%!]", re.M)


def notebook_code(path: Path) -> str:
    """Return the hash of the code that a notebook uses; of all code where its imports cannot be known."""
    names: set[str] = set()
    try:
        for text in code_cells(path):
            ast.parse(text)
            if _HIDDEN.search(text):
                return code_hash()
            names |= imported(text)
    except (SyntaxError, PipelineError):
        return code_hash()
    return code_used((*names, *RUNS_NOTEBOOKS))


def code_used(starts: Iterable[str]) -> str:
    """Return the hash of some modules of the package and of everything that they import from it.

    Files that are no modules, such as templates, count where a module of their folder or of one above does.
    """
    modules = modules_used(starts)
    folders = {path.parent for path in modules}
    data = {
        path
        for path in _data_files()
        if any(parent in folders for parent in path.parents if parent not in (PACKAGE, PACKAGE / "helpers"))
    }
    return value_hash({str(path.relative_to(PACKAGE)): file_hash(path) for path in modules | data})


def modules_used(starts: Iterable[str]) -> set[Path]:
    """Return the files of modules and of all that they import from the package, step by step."""
    waiting = [path for name in starts for path in _files(name)]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [other for name in _imports(path, file_hash(path)) for other in _files(name)]
    return found


@cache
def _imports(path: Path, content: str) -> frozenset[str]:
    """Return the names that a module imports from the package, of `from a import b` both `a` and `a.b`."""
    text = path.read_text(encoding="utf-8")
    names: set[str] = set()
    for found in _FROM.finditer(text):
        source, listed = found.groups()
        names.add(source)
        words = re.findall(r"\w+(?:[ \t]+as[ \t]+\w+)?", re.sub(r"#[^\n]*", "", listed))
        names |= {f"{source}.{word.split()[0]}" for word in words}
    for found in _IMPORT.finditer(text):
        names |= set(_NAME.findall(found.group(1)))
    return frozenset(names)


@cache
def _files(name: str) -> tuple[Path, ...]:
    """Return the files that importing a name runs: its module's and those of the packages around it."""
    first, *rest = name.split(".")
    if first not in PACKAGES:
        return ()
    place = PACKAGE / first
    files = [place / "__init__.py"]
    for part in rest:
        place = place / part
        if (place / "__init__.py").is_file():
            files.append(place / "__init__.py")
        elif place.with_suffix(".py").is_file():
            return (*files, place.with_suffix(".py"))
        else:
            break  # a name in the last package or module
    return tuple(files)


@cache
def _data_files() -> tuple[Path, ...]:
    files = (path for name in PACKAGES for path in (PACKAGE / name).rglob("*") if path.is_file())
    return tuple(path for path in files if path.suffix != ".py" and "__pycache__" not in path.parts)
