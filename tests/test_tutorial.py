"""The tutorial, followed word by word: its files, its commands, and what it says the page will say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

BLOCK = re.compile(r"^```(\w+)(?: (file|page)=(\S+))?\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def steps(checkout: Path) -> list[tuple[str, str, str, str]]:
    return BLOCK.findall((checkout / "docs" / "tutorial.md").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_tutorial_leads_to_the_page_that_it_shows(three, steps):
    commands = pages = 0
    for kind, what, target, text in steps:
        if what == "file":
            path = three.root / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif what == "page":
            shown = BeautifulSoup((three.root / target).read_text(encoding="utf-8"), "html.parser").main
            for line in text.splitlines():
                assert line in shown.get_text(), line
            pages += 1
        elif kind == "console":
            for line in text.splitlines():
                command, *arguments = shlex.split(line)
                assert command == "evidence"
                result = three.evidence(*arguments)
                assert result.returncode == 0, result.stdout + result.stderr
                commands += 1
    assert (commands, pages) == (3, 1)
