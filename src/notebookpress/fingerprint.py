"""What changed? One answer: the sha256 of files, values and the code that a notebook imports."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from notebookpress.errors import PipelineError


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes; read again only when the file was written again."""
    stat = path.stat()
    return _file_hash(str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino)


@functools.lru_cache(maxsize=8192)
def _file_hash(path: str, modified: int, size: int, inode: int) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder by its path there; hidden files are left out."""
    return {name: file_hash(path) for name, path in folder_files(folder).items()}


def folder_files(folder: Path) -> dict[str, Path]:
    """Return every file below a folder by its path there; hidden files are left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path for name, path in named.items() if "/." not in f"/{name}"}


def content_hash(path: Path) -> str | None:
    """Return the sha256 of a file, or of all that is in a folder; None when it is not there."""
    try:
        return value_hash(folder_hashes(path)) if path.is_dir() else file_hash(path)
    except OSError:
        return None


def value_hash(value: Any) -> str:
    """Return the sha256 of a plain value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


OWN = "notebookpress"
# What runs a notebook and keeps it has a say in its outputs, whatever the notebook imports.
RUNS_NOTEBOOKS = ("notebookpress.execution", "notebookpress.workers")
_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]*)[ \t]+import[ \t]*(\([^)]*(?:\)|\Z)|[^\n]*)", re.M)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n]*)", re.M)
# A cell with one of these may import what no reader of its text can know.
_HIDDEN = re.compile(r"\b(?:importlib|__import__|exec|eval|runpy)\b|^[^\S\n]*[%!]", re.M)


class Code:
    """The code of a project: some packages, and which of their modules imports which.

    `packages` are names of importable ones, such as `helpers`; this one is always among them. Files are named
    as `helpers/tables/schema.yaml`, from the folder in which their package lies.
    """

    def __init__(self, packages: Iterable[str] = ()) -> None:
        self.packages = list(dict.fromkeys([*packages, OWN]))
        self.places: dict[str, Path] = {}
        for folder in filter(None, map(package_folder, self.packages)):
            start = len(str(folder.parent)) + 1
            for path in sorted(folder.rglob("*")):
                if "__pycache__" not in path.parts and path.is_file():
                    self.places[str(path)[start:].replace(os.sep, "/")] = path
        labels = (label for label in self.places if label.endswith(".py"))
        self.names = {label[:-3].replace("/", ".").removesuffix(".__init__"): label for label in labels}
        self._imports: dict[str, set[str]] = {}
        self.files = functools.cache(self._files)  # of each name; thousands of imports name the same

    @functools.cached_property
    def hashes(self) -> dict[str, str]:
        """The sha256 of every module, template and data file."""
        return {label: file_hash(path) for label, path in self.places.items()}

    def all(self) -> str:
        """Return one hash over all the code."""
        return value_hash(self.hashes)

    def used_by(self, names: Iterable[str]) -> str:
        """Return the hash of some modules and of everything that they import from the packages.

        Files that are no modules, such as templates, count where a module of their folder or of one above
        does, a package's own folder apart.
        """
        modules = self.modules(names)
        folders = tuple(
            {label.rpartition("/")[0] + "/" for label in modules} - {f"{name}/" for name in self.packages}
        )
        data = {label for label in self.places if not label.endswith(".py") and label.startswith(folders)}
        return value_hash({label: self.hashes[label] for label in modules | data})

    def used_by_notebook(self, path: Path) -> str:
        """Return the hash of the code that a notebook uses; of all code where its imports cannot be known."""
        try:
            cells = code_cells(path)
            for text in cells:
                ast.parse(text)
        except (SyntaxError, PipelineError):
            return self.all()
        if any(_HIDDEN.search(text) for text in cells):
            return self.all()
        return self.used_by([*imported_by_notebook(path), *RUNS_NOTEBOOKS])

    def modules(self, names: Iterable[str]) -> set[str]:
        """Return the files of modules and of all that they import from the packages, step by step."""
        waiting = [label for name in names for label in self.files(name)]
        found: set[str] = set()
        while waiting:
            label = waiting.pop()
            if label not in found:
                found.add(label)
                waiting += [other for name in self.imports(label) for other in self.files(name)]
        return found

    def _files(self, name: str) -> list[str]:
        """Return the files that importing a name runs: its module's and those of the packages around it."""
        parts = name.split(".")
        around = (".".join(parts[:number]) for number in range(1, len(parts) + 1))
        return [self.names[module] for module in around if module in self.names]

    def imports(self, label: str) -> set[str]:
        """Return the names that a module imports, of `from a import b` both `a` and `a.b`."""
        if label not in self._imports:
            package = label.rpartition("/")[0].replace("/", ".")
            self._imports[label] = _names_in(self.places[label].read_text(encoding="utf-8"), package)
        return self._imports[label]


def imported_by_notebook(path: Path) -> set[str]:
    """Return the modules that the code cells of a notebook import."""
    return {name for text in code_cells(path) for name in _names_in(text, "")}


def code_cells(path: Path, tag: str | None = None) -> list[str]:
    """Return the texts of a notebook's code cells, of those with a tag where one is named.

    Raises
    ------
    PipelineError
        When the file is not there or is no notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PipelineError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise PipelineError(
            f"{path}: not a notebook; open and save it in JupyterLab, or restore it"
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise PipelineError(f"{path}: not a notebook of format 4; open and save it in JupyterLab")
    cells = [cell for cell in content["cells"] if cell.get("cell_type") == "code"]
    chosen = [cell for cell in cells if tag is None or tag in cell.get("metadata", {}).get("tags", [])]
    return ["".join(cell.get("source", "")) for cell in chosen]


def _names_in(text: str, package: str) -> set[str]:
    """Return the names that the text of a module in a package imports; regular expressions are quick."""
    names: set[str] = set()
    for found in _FROM.finditer(text):
        source, listed = found.groups()
        dots = len(source) - len(source.lstrip("."))
        if dots:
            around = package.split(".")[: 1 - dots or None]
            source = ".".join(filter(None, [*around, source.lstrip(".")]))
        names.add(source)
        words = re.findall(r"\w+(?:[ \t]+as[ \t]+\w+)?", re.sub(r"#[^\n]*", "", listed))
        names |= {f"{source}.{word.split()[0]}" for word in words}
    for found in _IMPORT.finditer(text):
        names |= set(re.findall(r"[\w.]+", found.group(1)))
    return names


def package_folder(name: str) -> Path | None:
    """Return where a package lies, without importing it; None when it is not there."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found is not None and found.origin else None
