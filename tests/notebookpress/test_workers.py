"""Processes of a run: what they are given, what they give back, and that none outlives what it is for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from case_files import cases_of
from station_project import gone, processes_below, write_cells

from notebookpress.errors import PipelineError, signals_as_exception
from notebookpress.notebook import NotebookRun
from notebookpress.preload import OWN_STEPS, load
from notebookpress.workers import MARK, ProcessEndedError, Workers, _identity

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
JOBS, SCRIPT, SERVER_HANGS, SERVER_KILLED = cases_of(__file__).values()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a module of jobs that processes find."""
    (tmp_path / "work").mkdir()
    (tmp_path / "jobs.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def in_its_own_process(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def workers(place: Path) -> Iterator[Workers]:
    with Workers(["jobs", "no_such_module_here"]) as working:
        yield working


def test_a_call_gives_what_the_function_gives(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workers.call("jobs:add", [1], [2]) == [1, 2]
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    found, zone, number = workers.call(
        "jobs:environment", "EVIDENCE_GATHERS", "PYTHONHASHSEED", "PYTEST_CURRENT_TEST"
    )
    assert (found, zone) == (["1", "0", None], "UTC")
    assert workers.call("jobs:environment")[2] == number
    assert workers.call("os:getcwd") == os.getcwd()


def test_an_error_comes_back_with_its_traceback(workers: Workers) -> None:
    with pytest.raises(ValueError, match="as said") as raised:
        workers.call("jobs:fail", "as said")
    assert "in fail" in raised.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Local: cannot be sent"):
        workers.call("jobs:fail_oddly")


def test_a_process_that_ends_before_it_has_answered(workers: Workers) -> None:
    with pytest.raises(ProcessEndedError, match="jobs:end: the process that did it was ended by SIGKILL"):
        workers.call("jobs:end", int(signal.SIGKILL))
    assert workers.call("jobs:add", 1, 2) == 3


def test_a_server_that_hangs_is_not_waited_for(place: Path) -> None:
    ran = in_its_own_process(SERVER_HANGS)
    assert "is gone, with the server that forked it; run it again" in ran.stdout
    assert not ran.stderr


def test_a_server_that_is_killed_is_said(place: Path) -> None:
    """And no other takes its place without the environment that results depend on.

    In a process of its own: the tests beside this one may share the server of theirs.
    """
    ran = in_its_own_process(SERVER_KILLED)
    said, number = ran.stdout.splitlines()
    assert "is gone, with the server that forked it" in said, ran.stderr
    assert number == "3", ran.stderr


def test_a_temporary_folder_with_a_long_name(place: Path) -> None:
    """A socket's path has an end; what lies elsewhere is gone in the end, too."""
    long = place / ("t" * 120)
    long.mkdir()
    script = """from notebookpress.workers import Workers
with Workers(["jobs"]) as workers:
    print(workers.call("jobs:add", 1, 2), workers.folder)
"""
    ran = in_its_own_process(script, TMPDIR=str(long))
    assert ran.stdout.startswith("3 "), ran.stderr
    assert not Path(ran.stdout.split()[1]).exists() and list(long.iterdir()) == []


def test_what_a_killed_run_has_left_goes_and_nothing_else(place: Path) -> None:
    """Only what bears the mark that a run of this user gave it; a name, or a copy of the mark, is none."""
    left, thesis, copy = (place / "t" / f"pymp-{name}" for name in ("left", "thesis", "copy"))
    for folder in (left, thesis, copy):
        folder.mkdir(parents=True)
        (folder / "chapter.txt").write_text("years of work")
    for folder in (left, copy):
        (folder / MARK).write_bytes(_identity(left))
    script = "from notebookpress import workers; workers.LONGEST_FOLDER = 999; workers._private_folder()"
    assert in_its_own_process(script, TMPDIR=str(place / "t")).returncode == 0
    assert sorted((place / "t").iterdir()) == [copy, thesis]


def test_what_a_call_has_started_ends_with_it(workers: Workers) -> None:
    sleeper = workers.call("jobs:start_sleeper")
    assert not Path(f"/proc/{sleeper}").exists()


def test_everything_ends_at_once(workers: Workers, place: Path) -> None:
    said: list[BaseException] = []

    def work() -> None:
        try:
            workers.call("jobs:sleep", str(place / "at work"))
        except ProcessEndedError as error:
            said.append(error)

    at_work = threading.Thread(target=work)
    at_work.start()
    assert gone(lambda: not (place / "at work").exists())
    workers.end_all()
    at_work.join(60)
    assert len(said) == 1
    assert gone(lambda: sleepers(place))
    with pytest.raises(ProcessEndedError, match="the run has ended"):
        workers.call("jobs:add", 1, 2)


def sleepers(place: Path) -> list[int]:
    """Return the processes below a folder that sleep."""
    found = []
    for process in processes_below(place):
        try:
            name = Path(f"/proc/{process}/comm").read_text().strip()
        except OSError:
            continue
        found += [process] if name == "sleep" else []
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_runner(place: Path, number: int) -> None:
    """Neither process nor file; a script needs no guard against being imported by its processes."""
    (place / "t").mkdir()
    (place / "script.py").write_text(SCRIPT)
    environment = os.environ | {"TMPDIR": str(place / "t")}
    with subprocess.Popen(
        [sys.executable, str(place / "script.py")], env=environment, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout.readline() == b"3\n"
        assert gone(lambda: not (place / "work" / "at work").exists())
        assert len(processes_below(place)) >= 4  # runner, server, worker, what it has started
        running.send_signal(number)
    assert gone(lambda: processes_below(place))
    assert gone(lambda: list((place / "t").iterdir()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_is_stopped_while_it_is_imported(number: int) -> None:
    """In one line, and without a traceback."""
    script = f"""import os, sys
from helpers.__main__ import start
class Signal:
    def find_spec(self, name, *_):
        if name == "click": os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Signal())
start()"""
    ran = in_its_own_process(script)
    assert (ran.returncode, ran.stderr) == (128 + number, "interrupted\n")


def test_several_workers_have_one_server(workers: Workers) -> None:
    with Workers() as others:
        assert others.call("os:getppid") == workers.call("os:getppid")
    assert workers.call("jobs:add", 1, 2) == 3


@pytest.mark.parametrize("switch", ["1", "0"])
def test_a_notebook_fails_in_its_own_process(
    place: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("EVIDENCE_FORK", switch)
    cell = "import os, subprocess\nsubprocess.Popen(['sleep', '302'], start_new_session=True)\nos._exit(0)"
    notebook = write_cells(place / "a.ipynb", "x: int = 1", cell)
    run = NotebookRun("a", notebook, {"x": 2}, {"x": 2}, place / "out.ipynb", place / "work")
    with Workers() as workers, pytest.raises(PipelineError, match="it ended with status 0") as raised:
        before = set(workers.folder.iterdir())
        workers.run_notebook(run)
    assert "code cell 2 of 2" in str(raised.value)
    assert "first line: import os, subprocess" in str(raised.value)
    assert (run.failed.is_file(), run.executed.exists()) == (True, False)
    assert gone(lambda: sleepers(place))
    assert not workers.folder.exists() or set(workers.folder.iterdir()) <= before


def test_a_module_that_cannot_be_preloaded_is_left_to_the_notebook() -> None:
    assert load("no_such_module_here").startswith("no_such_module_here: ModuleNotFoundError")
    assert [step for step in OWN_STEPS if load(step)] == []


def test_a_request_to_stop_of_which_a_library_made_an_error_is_one() -> None:
    with pytest.raises(KeyboardInterrupt) as stop, signals_as_exception(lambda: None):
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as asked:
            raise ValueError("cannot build the class") from asked
    assert stop.value.args == (signal.SIGTERM,)
