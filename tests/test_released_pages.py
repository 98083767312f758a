"""A release, read from where it is frozen: its pages, its files, and the ways between releases and the report."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

VERSIONS = ("1.0", "2.0")


def pages_of(folder: Path) -> dict[Path, BeautifulSoup]:
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(folder.glob("*.html"))
    }


def broken(pages: dict[Path, BeautifulSoup], anchors: dict[Path, set[str]]) -> list[str]:
    """Return the links, pictures, style sheets and scripts that lead nowhere from where their page lies."""
    found = []
    for path, soup in pages.items():
        for tag in soup.find_all(True):
            for key in ("href", "src"):
                target, _, anchor = unquote(str(tag.get(key) or "")).partition("#")
                if "://" in target or tag.get(key) is None:
                    continue
                place = (path.parent / target).resolve() if target else path
                if not place.is_file() or (anchor and place in anchors and anchor not in anchors[place]):
                    found.append(f"{path.parent.name}/{path.name}: {tag[key]}")
    return found


@pytest.fixture(scope="module")
def released(made, tmp_path_factory):
    """Two releases, each followed by a run, as they come about in time; not to be changed."""
    project = type(made)(tmp_path_factory.mktemp("released") / "project")
    shutil.copytree(made.root, project.root, symlinks=True)
    for version in VERSIONS:
        frozen = project.evidence("release", version)
        assert frozen.returncode == 0, frozen.stdout + frozen.stderr
        run = project.evidence("run")
        assert run.returncode == 0, run.stdout + run.stderr
    return project


def test_pages_of_releases_and_report_lead_somewhere_and_to_each_other(released):
    folders = [released.reports, *(released.reports / "releases" / version for version in VERSIONS)]
    pages = {path.resolve(): soup for folder in folders for path, soup in pages_of(folder).items()}
    anchors = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    assert len(pages) > 3 * 50
    assert broken(pages, anchors) == []
    newest = pages[(released.reports / "index.html").resolve()]
    assert newest.find("a", href="releases/2.0/index.html")
    second = pages[(released.reports / "releases" / "2.0" / "index.html").resolve()]
    assert second.find("a", href="../1.0/index.html")
    assert not pages[(released.reports / "releases" / "1.0" / "index.html").resolve()].find(
        "a", href="../1.0/index.html"
    )


def test_what_a_release_says_of_its_files_is_true(released):
    for version in VERSIONS:
        folder = released.reports / "releases" / version
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
        named = {entry["@id"]: entry["sha256"] for entry in crate["@graph"] if entry["@type"] == "File"}
        pages = {f"reports/{path.name}" for path in folder.glob("*.html")}
        assert pages <= set(manifest["entity"])
        for name, said in named.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == said, (version, name)
        for label in pages:
            assert manifest["entity"][label]["sha256"] == named[label.removeprefix("reports/")]
        listed = BeautifulSoup((folder / "data.html").read_text(encoding="utf-8"), "html.parser")
        for item in listed.select("ul.files li"):
            file = folder / item.a["href"]
            assert hashlib.sha256(file.read_bytes()).hexdigest() == item.code.get_text(), (version, file.name)


def test_a_broken_link_is_seen(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html">x</a><a href="#no">y</a><img src="c.svg"><p id="yes">z</p>'
    )
    pages = pages_of(tmp_path)
    assert len(broken(pages, {path: {"yes"} for path in pages})) == 3
