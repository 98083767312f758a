"""The script that makes the reference anew says what it needs, and sees a difference."""

import subprocess
import sys
from pathlib import Path

import pytest
from remake_reference import SCRIPTS, differences

SCRIPT = Path(__file__).with_name("remake_reference.py")


def run(*arguments, **environment):
    """Run the script."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_without_r_it_says_so(tmp_path):
    done = run(str(tmp_path / "new"), PATH=str(tmp_path), EVIDENCE_SHARED=str(tmp_path))
    assert done.returncode == 1
    assert "is missing: see the head of this file" in done.stdout
    assert run(PATH=str(tmp_path)).returncode == 2


def test_it_names_scripts_that_are_there(shared):
    for name, script in SCRIPTS.items():
        assert (shared / "reference" / name).exists()
        assert (shared / "reference" / script).exists()


def test_differences_are_counted_and_measured():
    stored = [{"a": 1.0, "b": [2.0, 4.0], "metafor_5_1_12": {"yi": [9.0]}}]
    assert differences(stored, [{"a": 1.0, "b": [2.0, 4.0]}]) == (3, 0, 0.0)
    both, lonely, far = differences(stored, [{"a": 1.0, "b": [2.0, 5.0], "c": 3.0}])
    assert (both, lonely) == (3, 1)
    assert far == pytest.approx(0.25)
