"""The server that processes are forked from."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pipeline_project import short_environment

from helpers.pipeline import workers


def test_what_waits_for_the_last_import_is_forked_when_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else need happen: a lone notebook that needs the last package gets its kernel."""
    for name, value in short_environment(tmp_path / "project").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(workers.SHARED, raising=False)
    (tmp_path / "site" / "slow_to_import.py").write_text("import time; time.sleep(3)\nhere = str\n")
    working = workers.workers(more=("slow_to_import",))
    if not isinstance(working, workers.ForkedWorkers):
        pytest.skip("no fork server on this system")
    while not (working.folder / "said").is_file():
        time.sleep(0.01)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(working.call("slow_to_import:here", 7)))
    asking.start()
    asking.join(60)
    waits = asking.is_alive()
    working.close()  # lets go of what still waits
    asking.join(60)
    assert (waits, answers) == (False, ["7"])


def test_a_folder_is_made_only_when_the_server_is_about_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed before its server lives could not remove it: what takes time comes first."""
    environment = short_environment(tmp_path / "project")
    monkeypatch.setattr("tempfile.tempdir", environment["TMPDIR"])
    there = []

    def slow_hash() -> str:
        there.extend(Path(environment["TMPDIR"]).iterdir())
        return "code"

    monkeypatch.setattr("helpers.pipeline.workers.code_hash", slow_hash)
    monkeypatch.delenv(workers.SHARED, raising=False)
    workers.workers().close()
    assert there == []
    assert list(Path(environment["TMPDIR"]).iterdir()) == []
