"""Which code a step uses, found in the text of modules: never less than what is imported."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from station_project import write_cells

from notebookpress.fingerprint import Code, code_cells, imported_by_notebook
from notebookpress.pipeline import load_pipeline

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = load_pipeline(CHECKOUT).code
LOADED = f"""print(json.dumps([module.__file__ for name, module in sys.modules.items()
    if name.split('.')[0] in {[*PACKAGES, "notebookpress"]} and module.__file__]))"""


def imported(source: str) -> set[str]:
    """Return the modules that a text imports as Python sees it; of `from a import b` both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.fixture(scope="module")
def ours() -> Code:
    """Return the code of this project."""
    return Code(PACKAGES)


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "notebooks").glob("0*.ipynb")), ids=lambda path: path.stem
)
def test_what_a_notebook_imports_is_found(ours: Code, path: Path) -> None:
    lines = ["import json, sys"]
    for text in code_cells(path):
        lines += [f"import {name}" for name in sorted(imported(text)) if name in ours.names]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, LOADED])], capture_output=True, text=True, check=True
    )
    loaded = {Path(name) for name in json.loads(done.stdout.splitlines()[-1])}
    assert len(loaded) > 20
    assert loaded <= {ours.places[label] for label in ours.modules(imported_by_notebook(path))}


def test_every_import_that_python_sees_is_found_in_the_text(ours: Code) -> None:
    for label in ours.names.values():
        text = ours.places[label].read_text(encoding="utf-8")
        assert imported(text) <= ours.imports(label), label


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small package."""
    folder = tmp_path / "stations"
    for name, text in {
        "__init__.py": "",
        "one/__init__.py": "from stations.one.first import (\n    a,  # a comment, with commas\n    b as c,\n)\n",
        "one/first.py": "def a():\n    import stations.two.lazy as lazy\n",
        "two/__init__.py": "",
        "two/lazy.py": "",
        "two/other.py": "from .. import three\n",
        "two/near.py": "from .other import x\n",
        "three.py": "",
        "two/templates/page.txt": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def used(package: Path, *names: str) -> set[str]:
    return {label.removeprefix("stations/") for label in Code(["stations"]).modules(names)}


def test_imports_are_followed_through_packages_functions_and_names(package: Path) -> None:
    start = {"__init__.py", "one/__init__.py", "one/first.py", "two/__init__.py", "two/lazy.py"}
    assert used(package, "stations.one.a") == start  # a name, not a module
    other = {"__init__.py", "two/__init__.py", "two/other.py", "three.py"}
    assert used(package, "stations.two.other") == other
    assert used(package, "stations.two.near") == other | {"two/near.py"}
    assert used(package, "pandas", "stationsome") == set()


def test_a_change_changes_what_uses_it_and_nothing_else(package: Path) -> None:
    starts = (["stations.one"], ["stations.two.other"], ["stations.three"])

    def hashes() -> list[str]:
        code = Code(["stations"])
        return [code.used_by(start) for start in starts]

    before = hashes()
    (package / "three.py").write_text("changed = True")
    after = hashes()
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    (package / "two" / "templates" / "page.txt").write_text("changed")
    assert [old == new for old, new in zip(after, hashes(), strict=True)] == [False, False, True]


@pytest.mark.parametrize("cell", ["%matplotlib inline", "import importlib", "exec(text)", "x = ("])
def test_where_imports_cannot_be_known_all_code_counts(package: Path, tmp_path: Path, cell: str) -> None:
    code, path = Code(["stations"]), tmp_path / "a.ipynb"
    write_cells(path, "import stations.three", cell)
    assert code.used_by_notebook(path) == code.all()
    write_cells(path, "import stations.three", "x = 1")
    assert code.used_by_notebook(path) != code.all()
