"""A sweep on a real Dask cluster: a scheduler and two workers as processes, one of them killed half-way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from station_project import LAST, LAST_PARAMETERS, write_cells

from notebookpress.errors import PipelineError
from notebookpress.parameters import load_parameters
from notebookpress.sweep import sweep

pytest.importorskip("distributed")


@pytest.fixture
def cluster(checkout: Path, project: Path, tmp_path: Path):
    """Start a scheduler and two workers with the documented key; give its address and the workers."""
    text = (checkout / "docs" / "cluster.md").read_text()
    (tmp_path / "dask.yaml").write_text(
        re.search(r"```yaml\n(.*?)```", text, re.S)[1].replace("/home/me", str(tmp_path))
    )
    key = re.search(r"^\(umask.*\)$", text, re.M)[0]
    subprocess.run(
        ["sh", "-c", key], env=os.environ | {"HOME": str(tmp_path)}, check=True, capture_output=True
    )
    assert (tmp_path / "sweep-tls" / "key.pem").stat().st_mode & 0o077 == 0
    environment = os.environ | {
        "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False",
        "DASK_CONFIG": str(tmp_path / "dask.yaml"),
    }
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"),
                *("--host", "127.0.0.1", "--no-dashboard", *common),
            ],
            env=environment,
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

    import dask

    settings = yaml.safe_load((tmp_path / "dask.yaml").read_text())
    with dask.config.set(dask.config.merge(dask.config.config, settings)):
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
    assert killed and address.startswith("tls://127.0.0.1:")
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
