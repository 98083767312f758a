"""One truth about what the project needs: pyproject.toml, environment.yml and the lock agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

NAME = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]*\])?(.*)$")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> tuple[str, str]:
    name, bounds = NAME.match(text.split("#")[0].strip()).groups()
    return plain(name), ",".join(sorted(bounds.replace(" ", "").split(",")))


def declared(checkout: Path) -> dict[str, str]:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    return dict(map(requirement, project["dependencies"] + project["optional-dependencies"]["dev"]))


def test_environment_yml_has_the_same_needs_and_bounds(checkout: Path):
    entries = yaml.safe_load((checkout / "environment.yml").read_text())["dependencies"]
    conda = [
        entry for entry in entries if isinstance(entry, str) and not entry.startswith(("python=", "pip"))
    ]
    [pip] = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    assert "-e ." in pip
    found = dict(map(requirement, conda + [entry for entry in pip if entry != "-e ."]))
    assert found == declared(checkout)


def test_every_need_is_bounded_on_both_sides(checkout: Path):
    for name, bounds in declared(checkout).items():
        assert ">=" in bounds and "<" in bounds.replace(">=", ""), name


def test_environment_yml_takes_one_of_the_pythons_of_pyproject(checkout: Path):
    """Binder's builder starts from the version that it finds after one equals sign, else from an older one."""
    from packaging.specifiers import SpecifierSet

    entries = yaml.safe_load((checkout / "environment.yml").read_text())["dependencies"]
    [python] = [entry for entry in entries if isinstance(entry, str) and entry.startswith("python")]
    found = re.fullmatch(r"python=(3\.\d+)", python)
    assert found, python
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(f"{found[1]}.0")


def test_binder_gets_names_that_conda_forge_has_and_a_made_report(checkout: Path):
    entries = yaml.safe_load((checkout / "environment.yml").read_text())
    assert entries["channels"][0] == "conda-forge"
    names = [re.split("[<>=]", entry)[0] for entry in entries["dependencies"] if isinstance(entry, str)]
    assert "jupyter_client" in names and "jupyterlab" in names and len(set(names)) == len(names)
    assert (
        not (checkout / "binder").exists() and not (checkout / ".binder").exists()
    )  # they would hide the file
    made = checkout / "postBuild"
    assert made.stat().st_mode & 0o111 and "evidence run" in made.read_text()


def lock_entries(checkout: Path) -> dict[str, set[str]]:
    pinned: dict[str, set[str]] = {}
    for line in (checkout / "requirements.lock").read_text().splitlines():
        match = re.match(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", line)
        if match:
            pinned.setdefault(plain(match.group(1)), set()).add(match.group(2))
    return pinned


def test_the_lock_pins_every_need_within_its_bounds(checkout: Path):
    from packaging.specifiers import SpecifierSet

    pinned = lock_entries(checkout)
    for name, bounds in declared(checkout).items():
        assert name in pinned, f"{name} is not in requirements.lock: make lock"
        assert all(SpecifierSet(bounds).contains(found) for found in pinned[name]), name


def test_every_line_of_the_lock_has_a_hash_and_no_address(checkout: Path):
    text = (checkout / "requirements.lock").read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 1)[1]):
        assert "--hash=sha256:" in block, block[:60]


def test_the_environment_holds_what_the_lock_pins(checkout: Path):
    pinned = lock_entries(checkout)
    for name in declared(checkout):
        if version(name) not in pinned[name]:
            pytest.skip(
                f"{name} {version(name)} is not from the lock: this environment was made by other means"
            )


def test_helpers_imports_from_any_folder(tmp_path: Path):
    code = "import helpers, helpers.sheets.raw, helpers.cli, notebookpress.notebook_tables; print(helpers.__version__)"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_no_path_tricks_in_package_or_notebooks(checkout: Path):
    files = [*checkout.glob("src/**/*.py"), *checkout.glob("notebooks/*.ipynb")]
    assert files
    assert [file.name for file in files if "sys.path" in file.read_text(encoding="utf-8")] == []


def test_rooms_import_only_from_rooms_above(checkout: Path):
    rooms = [
        "tables",
        "sources",
        "documents",
        "cleaning",
        "appraisal",
        "synthesis",
        "figures",
        "site",
        "pipeline",
    ]
    wrong = []
    for number, room in enumerate(rooms):
        for file in (checkout / "src" / "helpers" / room).rglob("*.py"):
            for other in re.findall(
                r"^\s*(?:from|import) helpers\.(\w+)", file.read_text(encoding="utf-8"), re.M
            ):
                if other in rooms[number + 1 :]:
                    wrong.append(f"{room}/{file.name} imports {other}")
    assert wrong == []


def test_versions_agree(checkout: Path):
    import helpers

    cff = yaml.safe_load((checkout / "CITATION.cff").read_text())
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert cff["version"] == project["version"] == helpers.__version__
    assert f"## {project['version']}" in (checkout / "CHANGELOG.md").read_text()
