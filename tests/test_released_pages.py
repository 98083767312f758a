"""A release, unzipped where it is frozen: its pages, its files, and the ways between releases and the report."""

import hashlib
import json
import zipfile

import pytest
import yaml
from bs4 import BeautifulSoup
from page_links import LinksAndAnchors, broken_links
from test_further_study import sheet

from helpers.narrative.answer import load_tables
from helpers.site.data import changes_since

VERSIONS = ("1.0", "2.0")


@pytest.fixture(scope="module")
def released(small, tmp_path_factory):
    """Two releases, each followed by a run, as they come about in time; not to be changed."""
    project = small.copy(tmp_path_factory.mktemp("released") / "project")
    for version in VERSIONS:
        frozen = project.evidence("release", version)
        assert frozen.returncode == 0, frozen.stdout + frozen.stderr
        run = project.evidence("run")
        assert run.returncode == 0, run.stdout + run.stderr
    for version in VERSIONS:
        folder = project.reports / "releases" / version
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_000_000
        with zipfile.ZipFile(folder / "report.zip") as archive:
            archive.extractall(folder)
    return project


@pytest.mark.slow
def test_pages_of_releases_and_report_lead_somewhere_and_to_each_other(released):
    folders = [released.reports, *(released.reports / "releases" / version for version in VERSIONS)]
    pages = [path for folder in folders for path in sorted(folder.glob("*.html"))]
    assert len(pages) == 3 * (7 + 3)
    assert broken_links(pages) == []
    newest, first, second = (LinksAndAnchors(folder / "index.html").links for folder in folders)
    assert "releases/2.0/report.zip" in newest
    assert "../1.0/report.zip" in second and "../1.0/report.zip" not in first


@pytest.mark.slow
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
    page = tmp_path / "a.html"
    page.write_text('<a href="b.html">x</a><a href="#no">y</a><img src="c.svg"><a href="#yes" id="yes">z</a>')
    assert [said.rpartition(" ")[2] for said in broken_links([page])] == ["b.html", "#no", "c.svg"]


@pytest.mark.slow
def test_what_changed_between_two_releases_is_counted_by_hand(small, tmp_path):
    """A release; then a mean is mended, a study and a second export of a registration come; and a second release."""
    project = small.copy(tmp_path / "project")
    studies, registry = project.raw / "studies", project.raw / "registry"
    made = yaml.safe_dump(sheet("made1", "hair_density", "core", 12.0, 300))
    (studies / "made1.yaml").write_text(made)
    for command in (["run"], ["release", "1.0"]):
        assert project.evidence(*command).returncode == 0
    (studies / "made1.yaml").write_text(
        made.replace("printed: '12'", "printed: '13'").replace("value: 12.0", "value: 13.0")
    )
    (studies / "made2.yaml").write_text(yaml.safe_dump(sheet("made2", "hair_density", "core", 12.0, 300)))
    export = json.loads((registry / "NCT06932393.json").read_text())
    export["protocolSection"]["designModule"]["enrollmentInfo"]["count"] = 24  # of 18
    (registry / "NCT06932393-later.json").write_text(json.dumps(export))
    assert project.evidence("run").returncode == 0
    tables, releases = load_tables(project.processed), project.reports / "releases"
    *rows, answer = changes_since(tables, releases / "1.0")
    counted = {row["table"]: (row["new"], row["changed"], row["gone"]) for row in rows}
    assert counted == {
        "sources": (1, 1, 0),  # the new study; the registration, with two files
        "studies": (1, 0, 0),
        "quantities": (7, 1, 0),  # mean, SD and people of two arms, people in all; the mended mean
        "results": (2, 1, 0),
        "effects": (3, 2, 0),  # a change in each arm and a difference; those of the mended arm
        "votes": (0, 4, 0),  # of the difference and of the change, in both bodies of evidence
        "certainty": (0, 2, 0),  # of hair density, in both
        "discrepancies": (2, 0, 0),  # a treatment not described; a size that was changed
        "registry_versions": (0, 1, 0),
    }
    # 300 people are fewer than 400, and 600 are not: one level; two estimates are pooled
    said = "changed: certainty of hair density; pooling of hair density; meaning of hair density"
    assert answer["named"] == said
    assert "answer changed since 1.0" in (project.reports / "index.html").read_text()
    assert project.evidence("release", "2.0").returncode == 0
    assert [row["table"] for row in changes_since(tables, releases / "2.0")] == ["conclusion"]
