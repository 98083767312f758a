"""The small project as fixtures: bare, and with its report made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pipeline_project import Evidence, install_stubs, make_project, stub_check

from helpers.pipeline.cli import main


def put_stubs(patch: pytest.MonkeyPatch) -> None:
    """Let the runner see the small project's stages and stubs of the other rooms."""
    install_stubs(patch.setattr)
    patch.setattr("helpers.sheets.raw.check_raw", stub_check)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the small project, with the other rooms stubbed and the working folder in it."""
    put_stubs(monkeypatch)
    root = make_project(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def report_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose report is made, for copying."""
    from helpers.pipeline.runner import run

    root = make_project(tmp_path_factory.mktemp("made") / "project")
    with pytest.MonkeyPatch.context() as patch:
        put_stubs(patch)
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
        said = capfd.readouterr()
        return ended.value.code or 0, said.out + said.err

    return call
