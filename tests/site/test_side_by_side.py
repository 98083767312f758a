"""Calls in several processes: in order, with their errors, and without a process that hangs or stays."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from helpers.site.build import HelperEndedError, in_two_rounds
from helpers.site.checks import SiteError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that forks itself")


def made(calls, jobs, **options):
    """Double what each call gives, and add how many there were."""
    return in_two_rounds(
        calls, str, len, lambda value, count: (2 * value, count, os.getpid()), jobs, **options
    )


def fail(number):
    raise SiteError(f"page {number}: it may not be published")


def end(other_process: int) -> int:
    """Kill the process that this is done in, if it is a helper."""
    if os.getpid() != other_process:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.5)  # so that the helper takes a call, too
    return 1


def children() -> set[str]:
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_are_in_order_and_come_from_several_processes(jobs):
    before = children()

    def call(number):
        time.sleep(0.02)
        return number

    done = made([partial(call, number) for number in range(20)], jobs, order=range(19, -1, -1))
    assert [item[:2] for item in done] == [(2 * number, 20) for number in range(20)]
    assert len({item[2] for item in done}) == jobs
    assert children() == before


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_first_error_is_the_one_that_is_raised(jobs):
    before = children()
    calls = [partial(fail, number) if number in (7, 3, 11) else partial(int, number) for number in range(12)]
    with pytest.raises(SiteError) as raised:
        made(calls, jobs, order=range(11, -1, -1))
    assert str(raised.value) == "page 3: it may not be published"
    with pytest.raises(SiteError, match="^page 5: "):
        in_two_rounds(
            [partial(int, number) for number in range(12)],
            str,
            len,
            lambda value, _: fail(value) if value >= 5 else value,
            jobs,
        )
    assert children() == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_more_call_of_the_second_round_is_the_last(jobs):
    """It is told with the others, and fails after them."""

    def finish(value, _):
        return fail(value) if value == 3 else value

    for last, first in ((2, 0), (4, 1)):
        calls = [partial(int, number) for number in range(first, last)]
        with pytest.raises(SiteError) as raised:
            in_two_rounds(calls, str, len, finish, jobs, also=partial(fail, 9))
        assert str(raised.value).startswith(f"page {9 if last == 2 else 3}:")
    done = in_two_rounds([partial(int, 1), partial(int, 2)], str, len, finish, jobs, also=lambda: "also")
    assert done == [1, 2, "also"]


def test_an_error_that_cannot_be_sent_is_told_in_words():
    class OddError(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def call():
        time.sleep(0.1)
        raise OddError("a", "b")

    with pytest.raises(Exception, match="a and b"):
        made([call, call], 2)


def test_a_killed_process_is_told():
    before = children()
    with pytest.raises(HelperEndedError, match="ended with -9; run it again"):
        made([partial(end, os.getpid())] * 4, 2)
    assert children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="a process that ends with its parent, as on Linux")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_when_this_one_ends(tmp_path, number):
    script = (
        "import os, time, sys\n"
        "from helpers.site.build import in_two_rounds\n"
        "def call():\n"
        "    open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()\n"
        "    time.sleep(60)\n"
        "in_two_rounds([call] * 4, str, len, str, 3)\n"
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
