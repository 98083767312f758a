"""The pages made of the tables: what they hold, where they lead, what is there when little is there."""

from __future__ import annotations

import hashlib
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from made_world import write_notebook, write_world

from helpers.sheets.context import ReviewFacts
from helpers.site.build import build_site
from helpers.site.methods import CHECKLISTS, _checklist

PAGES = "index", "methods", "data", "study-made1"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    world = write_world(folder / "processed")
    run = write_notebook(folder / "made1.ipynb", title="# Study\n\n## Discrepancies")
    build_site({"03_study_evidence-made1": run}, world, folder / "site", {"version": "0.1.0"})
    return folder / "site"


def soup_of(site, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_there_and_the_index_lists_it(site, name: str):
    assert (site / f"{name}.html").is_file()
    assert soup_of(site, "index").find("a", href=f"{name}.html") or name == "index"


def test_the_index_leads_to_the_section_of_a_study_that_shows_what_it_says(site):
    """Without the study's page, or without such a section on it, there is no link."""
    _, first, second, total = soup_of(site, "index").select("#studies-table tbody tr")
    assert first.find("a", href="study-made1.html#discrepancies").get_text() == "1"
    assert first.find("a", href="study-made1.html").get_text() == "made1"
    assert not first.find("a", href="study-made1.html#risk-of-bias")
    assert [cell.get_text() for cell in first.find_all("td")][-2:] == ["serious", "1"]
    assert not second.find("a", href=re.compile("^study-"))
    assert total.find_all("td")[-1].get_text() == "1"


def test_checklists_answer_every_item_and_lead_somewhere(site):
    names = {path.name for path in site.glob("*.html")}
    for guide in CHECKLISTS.values():
        items = [str(entry["item"]) for entry in guide["items"]]
        assert len(set(items)) == len(items)
        for entry in guide["items"]:
            assert entry["answer"] in ("yes", "partly", "no", "not applicable"), entry
            assert entry["answer"] in ("no", "not applicable") or entry.get("where"), entry
            assert entry["answer"] == "yes" or entry.get("remark"), entry  # what is not done says why
            for target in (entry.get("where") or {}).values():
                if target.startswith(("#", "0")):  # of a notebook's page: held to the report itself
                    continue
                name, _, anchor = target.partition("#")
                assert name in names, target
                assert not anchor or soup_of(site, name[:-5]).find(id=anchor), target
    prisma = [str(entry["item"]) for entry in CHECKLISTS["prisma"]["items"]]
    assert {re.sub(r"\D", "", item) for item in prisma} == {str(number) for number in range(1, 28)}
    assert len(prisma) == 42


def test_downloads_hold_what_the_page_says(site):
    page = soup_of(site, "data")
    for link in page.select("ul.files a"):
        path = site / link["href"]
        digest = link.find_next("code", class_="hash").get_text()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, path
    frame = pd.read_parquet(site / "data" / "discrepancies.parquet")
    assert len(frame) == 3


def test_items_wait_for_a_version_before_and_for_what_nobody_states():
    asked = {"asks": "x", "answer": "yes"}
    guide = {"name": "x", "title": "x", "items": [
        asked | {"item": "1", "since_last": True}, asked | {"item": "2", "answer": "no", "remark": "y"},
        asked | {"item": "3", "stated": "status"}, asked | {"item": "4", "stated": "updates"},
        asked | {"item": "5", "of_pools": True},
    ]}  # fmt: skip
    for first, told in ((True, "not applicable"), (False, "yes")):
        html = _checklist(guide, first, first, ReviewFacts(status="living"))
        rows = BeautifulSoup(html, "html.parser").select("tbody tr")
        assert [row.select("td")[1].get_text() for row in rows] == [told, "no", "yes", "no", told]
