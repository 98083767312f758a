"""Calls in several processes: in order, with their errors, and without a process that hangs or stays."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from helpers.site.build import side_by_side
from helpers.site.checks import SiteError
from notebookpress.workers import ProcessEndedError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that forks itself")


def fail(number):
    raise SiteError(f"page {number}: it may not be published")


def children() -> set[str]:
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_are_in_order_and_come_from_several_processes(jobs):
    before = children()

    def call(number):
        time.sleep(0.02)
        return number, os.getpid()

    done = side_by_side([partial(call, number) for number in range(20)], jobs)
    assert [number for number, _ in done] == list(range(20))
    assert len({process for _, process in done}) == jobs
    assert children() == before


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_first_error_is_the_one_that_is_raised(jobs):
    before = children()
    calls = [partial(fail, number) if number in (7, 3, 11) else partial(int, number) for number in range(12)]
    with pytest.raises(SiteError) as raised:
        side_by_side(calls, jobs)
    assert str(raised.value) == "page 3: it may not be published"
    assert children() == before


def test_a_killed_process_is_told():
    before = children()
    with pytest.raises(ProcessEndedError, match="was ended; run it again"):
        side_by_side([lambda: os.kill(os.getpid(), signal.SIGKILL)] * 4, 2)
    assert children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="a process that ends with its parent, as on Linux")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_when_this_one_ends(tmp_path, number):
    script = (
        "import os, time, sys\n"
        "from helpers.site.build import side_by_side\n"
        "def call():\n"
        "    open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()\n"
        "    time.sleep(60)\n"
        "side_by_side([call] * 4, 3)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while len(list(tmp_path.iterdir())) < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(20) != 0
    pids = [path.name for path in tmp_path.iterdir()]
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def alive(pid: str) -> bool:
    """Return whether a process is there and not only waits to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
