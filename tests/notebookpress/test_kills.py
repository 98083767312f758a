"""Runs that are killed or interrupted at random moments; `tests/benchmarks/kill_runs.py` does fifty by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_run_leaves_a_whole_report_and_nothing_else(checkout: Path) -> None:
    script = checkout / "tests" / "benchmarks" / "kill_runs.py"
    done = subprocess.run([sys.executable, script, "4", "2"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("; 0 with a broken promise") == 2, done.stdout
