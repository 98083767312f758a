"""A sweep on a real Dask cluster: a scheduler and two workers as processes, one of them killed half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from station_project import LAST, LAST_PARAMETERS, write_cells

from notebookpress.errors import PipelineError
from notebookpress.parameters import load_parameters
from notebookpress.sweep import sweep

pytest.importorskip("distributed")


@pytest.fixture
def cluster(project: Path, tmp_path: Path):
    """Start a scheduler and two workers; give its address and the workers."""
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False"}
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", *common]
        )
    ]
    while not file.exists():
        assert started[0].poll() is None
        time.sleep(0.1)
    options = ["--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(tmp_path), *common]
    for _ in range(2):
        command = [sys.executable, "-m", "distributed.cli.dask_worker", *options]
        started.append(subprocess.Popen(command, env=environment, start_new_session=True))
    import json

    yield json.loads(file.read_text())["address"], started[1:]
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(project: Path, cluster: tuple) -> None:
    address, workers = cluster
    write_cells(project / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, "import time; time.sleep(3)", LAST)
    killed = []

    def watch(number: int, total: int, row: dict) -> None:
        if number == 1:
            return
        if not killed:
            killed.append(workers[0].pid)
            workers[0].send_signal(signal.SIGKILL)

    sets = [{"rounds": number} for number in (1, 2, 3, 4)]
    declared = load_parameters(project)
    sweep(project, sets, declared, project / "sweep", project / "data" / "raw", 1, watch, address)
    table = pd.read_parquet(project / "sweep" / "sweep.parquet")
    assert killed
    assert table["status"].tolist() == ["ok"] * 4, table["message"].tolist()
    assert sorted(table["rounds"]) == [1, 2, 3, 4]
    for name in table["set"]:
        assert (project / "sweep" / name / "reports" / "manifest.json").is_file()


def test_a_scheduler_that_is_not_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notebookpress.sweep.WAIT", "1s")
    declared = load_parameters(project)
    with pytest.raises(PipelineError, match="no scheduler answers there"):
        sweep(
            project, [{}], declared, project / "sweep", project / "data" / "raw", 1, None, "tcp://127.0.0.1:9"
        )
