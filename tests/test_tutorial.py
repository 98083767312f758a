"""The tutorial, followed word by word: its files, its commands, and what it says the page will say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

BLOCK = re.compile(r"^```(\w+)(?: (\w+)(?:=(\S+))?)?\n(.*?)^```$", re.M | re.S)
SHEET = "data/raw/studies/river2026.yaml"
LONGEST = 180  # seconds for all that a program does, also on a busy machine


def follow(project, kind: str, what: str, target: str, text: str, said: str) -> str:
    """Do what one block of the tutorial says; return what the program said."""
    path, sheet = project.root / target, project.root / SHEET
    if what == "file":
        path.write_text(text, encoding="utf-8")
    elif what == "append":
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    elif what == "after":
        sheet.write_text(sheet.read_text().replace(f"{target}\n", f"{target}\n{text}", 1))
    elif what == "said":
        assert text in said
    elif what == "page":
        shown = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").main.get_text()
        assert not [line for line in text.splitlines() if line not in shown]
    elif kind == "python":
        command = [sys.executable, "-c", text]
        return subprocess.run(command, cwd=project.root, check=True, capture_output=True, text=True).stdout
    elif kind == "console":
        command, *arguments = shlex.split(text)
        assert command == "evidence"
        result = project.evidence(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr
    else:
        raise AssertionError(f"nothing is known to do with a block {kind} {what}")
    return said


@pytest.mark.slow
def test_the_tutorial_leads_to_the_page_that_it_shows(three, checkout: Path):
    blocks = BLOCK.findall((checkout / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    assert sum(kind == "console" for kind, *_ in blocks) == 3
    said, begun = "", time.monotonic()
    for block in blocks:
        said = follow(three, *block, said)
    assert time.monotonic() - begun < LONGEST
