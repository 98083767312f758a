"""The small collection as fixtures: bare, and with its report made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from station_project import Evidence, make_project

from helpers.cli import main
from notebookpress.workers import Workers


@pytest.fixture(scope="session", autouse=True)
def calls() -> Iterator[None]:
    """Let every process find what the small collection names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory, calls: None) -> Iterator[None]:
    """Have one fork server for all runs in this process, begun in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("server"))
        workers = Workers(("notebookpress.notebook_tables", "station_calls"))
    yield
    workers.end_all()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork_server: None) -> Path:
    """Return the small project, with the working folder in it."""
    root = make_project(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def report_once(tmp_path_factory: pytest.TempPathFactory, fork_server: None) -> Path:
    """Return a project whose report is made, for copying."""
    from notebookpress.run import run

    root = make_project(tmp_path_factory.mktemp("made") / "project")
    assert run(root, jobs=2).succeeded
    return root


@pytest.fixture
def made(project: Path, report_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the small project with its report; it was made elsewhere and is up to date here, too."""
    shutil.rmtree(project)
    shutil.copytree(report_once, project)
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def evidence(project: Path, capfd: pytest.CaptureFixture) -> Evidence:
    """Return a function that calls the command and gives its exit status and all that it said."""

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capfd.readouterr()
        return ended.value.code or 0, printed.out + printed.err

    return call
