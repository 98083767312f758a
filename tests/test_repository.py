"""What is committed: nobody else's text, no contact detail, clean code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


def tracked(checkout: Path) -> list[Path]:
    listing = subprocess.run(["git", "-C", str(checkout), "ls-files", "-z"], capture_output=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [checkout / name for name in listing.stdout.decode().split("\0") if name]


def test_no_source_text_is_committed(checkout: Path):
    inside = [
        path
        for path in tracked(checkout)
        if path.parent.name == "documents" and path.parent.parent.name == "raw"
    ]
    assert [path.name for path in inside if path.name != "README.md"] == []


def test_no_run_of_a_source_text_stands_in_the_repository(checkout: Path, shared: Path):
    script = shared / "checks" / "copied_text.py"
    if not script.is_file():
        pytest.skip(f"{script} is not there")
    result = subprocess.run([sys.executable, str(script), str(checkout)], capture_output=True, text=True)
    titles = printed_titles(checkout)
    found = [line for line in result.stdout.splitlines() if not of_a_title(titles, line)]
    assert [line for line in found if not of_a_decimal(checkout, line)] == []


def printed_titles(checkout: Path) -> list[list[str]]:
    """Return the words of each reference's title, and of the journal that is printed behind it."""
    sheets = [
        yaml.safe_load(path.read_text("utf-8")) for path in (checkout / "data/raw/studies").glob("*.yaml")
    ]
    cited = [sheet["source"]["reference"] for sheet in sheets]
    texts = [f"{item['title']} {item.get('container-title', '')}".lower() for item in cited]
    return [re.findall(r"[a-z0-9]+", text) for text in texts]


def of_a_title(titles: list[list[str]], line: str) -> bool:
    """Whether the words are no more than a title, which is a fact, with its field's name or its journal."""
    found = re.search(r": (\d+) words of .*“(?:title )?(.*) …”$", line)
    return bool(found) and any(
        int(found[1]) <= len(title) + 1 and " ".join(title).startswith(found[2]) for title in titles
    )


def test_only_a_whole_title_may_be_a_run_of_a_source_text():
    titles, start = [["a", "made", "up", "title", "j"]], "a: {} words of b.txt: “title a made up …”"
    assert of_a_title(titles, start.format(6)) and not of_a_title(titles, start.format(7))
    assert not of_a_title(titles, "a: 5 words of b.txt: “a made up story …”")


def of_a_decimal(checkout: Path, line: str) -> bool:
    """Whether the digits that look like a telephone number only stand behind a decimal point."""
    name, found, _ = line.partition(": contact detail: 09")
    return bool(found) and not re.search(
        r"(?<![.\d])09\d{9}\b", (checkout / name).read_text(encoding="utf-8")
    )


def test_raw_data_hold_no_contact_detail(checkout: Path):
    for path in (checkout / "data" / "raw").rglob("*"):
        if path.is_file() and path.parent.name != "documents":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"[\w.+-]+@[\w-]+\.\w", text), path.name
            assert not re.search(r"\+\d{2,3}[ -]\d", text), path.name


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_is_clean(checkout: Path, command: list[str]):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=checkout, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout[-3000:]
