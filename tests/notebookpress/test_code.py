"""Which code a step uses, found in the text of modules: never less than what is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_project import write_cells

from helpers.pipeline import code_used as module
from helpers.pipeline.code_used import PACKAGE, code_used, modules_used, notebook_code
from helpers.pipeline.fingerprint import code_hash
from helpers.pipeline.imports import code_cells, imported, imported_by_notebook

CHECKOUT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("0*.ipynb"))
LOADED = "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'helpers' and m.__file__]))"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_is_found(path: Path) -> None:
    """Run the import lines of its cells in a new interpreter, and see what is loaded then."""
    lines = ["import json, sys"]
    for text in code_cells(path):
        lines += [f"import {name}" for name in sorted(imported(text)) if _is_module(name)]
    said = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, LOADED])], capture_output=True, text=True, check=True
    )
    loaded = {Path(name) for name in json.loads(said.stdout.splitlines()[-1])}
    assert len(loaded) > 50
    assert loaded <= modules_used(imported_by_notebook(path))


def _is_module(name: str) -> bool:
    place = PACKAGE.joinpath(*name.split(".")[1:])
    return name.startswith("helpers.") and (
        place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
    )


def test_every_import_that_python_sees_is_found_in_the_text() -> None:
    for path in PACKAGE.rglob("*.py"):
        seen = {name for name in imported(path.read_text(encoding="utf-8")) if name.startswith("helpers")}
        assert seen <= module._imports(path, "") | {"helpers"}, path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small package in the place of ours."""
    for name, text in {
        "__init__.py": "",
        "one/__init__.py": "from helpers.one.first import (\n    a,  # a comment, with commas\n    b as c,\n)\n",
        "one/first.py": "def a():\n    import helpers.two.lazy as lazy\n",
        "two/__init__.py": "",
        "two/lazy.py": "",
        "two/other.py": "from helpers import three\n",
        "three.py": "",
        "two/templates/page.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    for cached in (module._imports, module._files, module._data_files):
        cached.cache_clear()
    yield tmp_path
    for cached in (module._imports, module._files, module._data_files):
        cached.cache_clear()


def used(package: Path, *starts: str) -> set[str]:
    return {path.relative_to(package).as_posix() for path in modules_used(starts)}


def test_imports_are_followed_through_packages_functions_and_names(package: Path) -> None:
    start = {"__init__.py", "one/__init__.py", "one/first.py", "two/__init__.py", "two/lazy.py"}
    assert used(package, "helpers.one.a") == start  # a name, not a module
    assert used(package, "helpers.two.other") == {
        "__init__.py",
        "two/__init__.py",
        "two/other.py",
        "three.py",
    }
    assert used(package, "pandas", "helpersome") == set()


def test_a_change_changes_what_uses_it_and_nothing_else(package: Path) -> None:
    starts = (["helpers.one"], ["helpers.two.other"], ["helpers.three"])
    before = [code_used(start) for start in starts]
    (package / "three.py").write_text("changed = True")
    after = [code_used(start) for start in starts]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]
    (package / "two" / "templates" / "page.txt").write_text("changed")
    assert [old == new for old, new in zip(after, map(code_used, starts), strict=True)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("cell", ["%matplotlib inline", "import importlib", "exec(text)", "x = ("])
def test_where_imports_cannot_be_known_all_code_counts(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.ipynb"
    write_cells(path, "import helpers.tables.vocabulary", cell)
    assert notebook_code(path) == code_hash()
    write_cells(path, "import helpers.tables.vocabulary", "x = 1")
    assert notebook_code(path) != code_hash()
