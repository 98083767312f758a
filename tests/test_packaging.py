"""One truth about what the project needs: pyproject.toml, environment.yml and the locks agree, and pip takes them."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

LOCKS = ("requirements.lock", "requirements-dev.lock")
OLDEST_PIP = {(3, 11): "22.3", (3, 12): "23.2.1", (3, 13): "24.2"}  # of the first release of each Python
NAME = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]*\])?(.*)$")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> tuple[str, str]:
    name, bounds = NAME.match(text.split("#")[0].strip()).groups()
    return plain(name), ",".join(sorted(bounds.replace(" ", "").split(",")))


def declared(checkout: Path, *extras: str) -> dict[str, str]:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    optional = [need for extra in extras for need in project["optional-dependencies"][extra]]
    return dict(map(requirement, project["dependencies"] + optional))


def test_environment_yml_has_the_same_needs_and_bounds(checkout: Path):
    entries = yaml.safe_load((checkout / "environment.yml").read_text())["dependencies"]
    conda = [entry for entry in entries if isinstance(entry, str) and not entry.startswith("pip")]
    [pip] = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    [python] = [entry for entry in conda if entry.startswith("python")]
    pip.remove("-e .")
    conda.remove(python)
    assert dict(map(requirement, conda + pip)) == declared(checkout, "build")
    # Binder starts from the version after one equals sign, else from an older one
    version = python.removeprefix("python=")
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(f"{version}.0")


def test_every_need_is_bounded_on_both_sides(checkout: Path):
    for name, bounds in declared(checkout, "build", "cluster", "dev").items():
        assert ">=" in bounds and "<" in bounds.replace(">=", ""), name


def test_binder_gets_names_that_conda_forge_has_and_a_made_report(checkout: Path):
    entries = yaml.safe_load((checkout / "environment.yml").read_text())
    assert entries["channels"][0] == "conda-forge"
    names = [re.split("[<>=]", entry)[0] for entry in entries["dependencies"] if isinstance(entry, str)]
    assert "jupyter_client" in names and "jupyterlab" in names and len(set(names)) == len(names)
    assert not any((checkout / name).exists() for name in ("binder", ".binder"))  # they would hide the file
    made = checkout / "postBuild"
    assert made.stat().st_mode & 0o111 and "evidence run" in made.read_text()


def pinned(*files: Path) -> list[Requirement]:
    """Return the requirements of lock files."""
    lines = [line for file in files for line in file.read_text().splitlines() if "==" in line.split(";")[0]]
    return [Requirement(line.rstrip("\\ ")) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("locks", "extras"), [(LOCKS[:1], ["build"]), (LOCKS, ["cluster", "dev"])])
def test_the_locks_pin_every_need_within_its_bounds(checkout: Path, locks, extras):
    found = {plain(pin.name): pin.specifier for pin in pinned(*(checkout / lock for lock in locks))}
    for name, bounds in declared(checkout, *extras).items():
        assert name in found, f"{name} is not in {locks[-1]}: make lock"
        assert SpecifierSet(bounds).contains(str(found[name]).lstrip("=")), name


def test_no_package_is_pinned_twice(checkout: Path):
    """All Pythons and both environments have the same versions, so the same bytes."""
    names = [plain(pin.name) for pin in pinned(*(checkout / lock for lock in LOCKS))]
    assert {name for name in names if names.count(name) > 1} == set()


def test_what_is_needed_with_extras_is_pinned_with_them(checkout: Path):
    """Older pips take `name[extra]` for another package than `name` and refuse it without a hash of its own."""
    pins = {plain(pin.name): pin.extras for pin in pinned(*(checkout / lock for lock in LOCKS))}
    pins |= {"exosome-hair-evidence": set()}
    wrong = []
    for distribution in distributions():
        name = plain(distribution.metadata["Name"])
        for need in map(Requirement, distribution.requires or [] if name in pins else []):
            extras = {"", *pins[name]}
            asked = not need.marker or any(need.marker.evaluate({"extra": extra}) for extra in extras)
            if asked and need.extras and need.extras != pins.get(plain(need.name)):
                wrong.append(f"{name} needs {need}")
    assert wrong == [], "make lock"


def test_the_licence_of_every_pin_is_known(checkout: Path):
    """And is what the package itself states, where it states one in the standard form."""
    with (checkout / "docs" / "licences.csv").open(newline="") as stream:
        listed = {row["package"]: row["licence"] for row in csv.DictReader(stream)}
    assert list(listed) == sorted({plain(pin.name) for pin in pinned(*(checkout / lock for lock in LOCKS))})
    assert [name for name, said in listed.items() if said.upper() in ("", "UNKNOWN", "NONE")] == []
    for name, said in listed.items():
        with contextlib.suppress(metadata.PackageNotFoundError):  # of another system
            assert metadata.metadata(name).get("License-Expression", said) in said, name


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_has_a_hash_and_no_address(checkout: Path, lock: str):
    text = (checkout / lock).read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 1)[1]):
        assert "--hash=sha256:" in block, block[:60]


@pytest.mark.slow
def test_the_oldest_pip_takes_the_locks(checkout: Path, tmp_path: Path):
    """Pip of the first release of this Python, in hash mode, in a folder whose name has a space."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    base = Path(sys.base_prefix, "Scripts" if os.name == "nt" else "bin", f"python{sys.version_info[0]}")
    run(str(base), "-m", "venv", "an environment")
    python = str(tmp_path / "an environment" / "bin" / "python")
    old = run(python, "-m", "pip", "install", f"pip=={OLDEST_PIP[sys.version_info[:2]]}")
    if old.returncode and not os.environ.get("EVIDENCE_REQUIRE_INDEX"):
        pytest.skip("no package index is within reach")
    assert old.returncode == 0, old.stderr
    needs = [argument for lock in LOCKS for argument in ("-r", str(checkout / lock))]
    taken = run(python, "-m", "pip", "install", "--dry-run", "--require-hashes", *needs)
    assert taken.returncode == 0, taken.stderr


def test_no_path_tricks_in_package_or_notebooks(checkout: Path):
    files = [*checkout.glob("src/**/*.py"), *checkout.glob("notebooks/*.ipynb")]
    assert files
    assert [file.name for file in files if "sys.path" in file.read_text(encoding="utf-8")] == []


def test_versions_agree(checkout: Path):
    import helpers

    cff = yaml.safe_load((checkout / "CITATION.cff").read_text())
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    assert cff["version"] == project["version"] == helpers.__version__
    assert f"## {project['version']}" in (checkout / "CHANGELOG.md").read_text()
