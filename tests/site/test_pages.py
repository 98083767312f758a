"""The pages between the answer and the notebooks: counts, links, what is there when little is there."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from made_world import write_world

from helpers.narrative.phrases import load_tables
from helpers.site.build import build_site
from helpers.site.flow import flow_groups
from helpers.site.methods import MODULES, checklists, module_source
from helpers.site.outcomes import outcomes_table
from helpers.tables import validate, write_table

PAGES = (
    "index", "studies", "outcomes", "outcome-hair-density", "findings", "certainty", "risk-of-bias", "flow", "horizon",
    "methods", "data", "provenance", "checklists", "code",
)  # fmt: skip
SCREENING = [
    ("r1", "article", "included", "made1"),
    ("r2", "registration", "included", "NCT00000001"),
    ("r3", "article", "awaiting", None),
    ("r4", "review", "excluded", None),
    ("r5", "review", "excluded", None),
]


def screening_rows() -> list[dict]:
    keys = ("record_id", "kind", "decision", "study_id")
    more = {"record": "A record <b>", "found_through": "a search", "seen": "abstract", "reason": "as it is"}
    return [dict(zip(keys, row, strict=True)) | more for row in SCREENING]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    world = write_world(folder / "processed")
    write_table("screening", screening_rows(), world)
    build_site({}, world, folder / "site", {"version": "0.1.0"})
    return folder / "site"


def soup_of(site, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_there_and_the_index_lists_it(site, name: str):
    assert (site / f"{name}.html").is_file()
    assert soup_of(site, "index").find("a", href=f"{name}.html") or name == "index"


def test_the_flow_counts_every_record_once(site):
    page = soup_of(site, "flow")
    boxes = [text.get_text() for text in page.select("svg text.head")]
    assert boxes[:5] == [
        "Records found: 5",
        "Records screened: 5",
        "Records excluded: 2",
        "Records waiting for their source: 1",
        "Studies included: 2",
    ]
    told = {row.th.get_text(): row.find_all("td")[-1].get_text() for row in page.select("#flow-table tbody tr")
            if row.td.get_text() == "all"}  # fmt: skip
    assert [f"{name}: {count}" for name, count in told.items()] == boxes
    for link in page.select("svg a"):
        assert page.find(id=link["href"].removeprefix("#"))
    assert len(page.select("tr[id^=record-]")) == len(SCREENING)


def test_the_flow_of_nothing_has_no_diagram(tmp_path):
    groups = flow_groups(load_tables(tmp_path))
    assert [group.count for group in groups.values()] == [0] * 7


def test_every_finding_is_on_one_page_and_the_certain_ones_come_first(site):
    page = soup_of(site, "findings")
    weights = [row.find_all("td")[0].get_text() for row in page.select("#findings-table tbody tr")]
    assert weights == sorted(weights, key=["certain", "likely", "minor"].index) and len(weights) == 3
    assert page.find(id="finding-made1.a").find_parent(class_="filterable")
    index = soup_of(site, "index")
    assert index.find("a", href="findings.html#finding-made1.a").get_text() == "1"


def test_an_outcome_page_holds_its_lines_and_its_certainty(site):
    page = soup_of(site, "outcome-hair-density")
    assert "very low" in page.get_text() and "no comparison group" in page.get_text()
    row = page.find(id="line-made1.hair_density.exo")
    assert "35" in row.get_text()
    certainty = soup_of(site, "certainty")
    assert certainty.find(id="certainty-core.hair_density")


def test_checklists_answer_every_item_and_lead_somewhere(site):
    names = {path.name for path in site.glob("*.html")}
    for guide in checklists():
        items = [str(entry["item"]) for entry in guide["items"]]
        assert len(set(items)) == len(items)
        for entry in guide["items"]:
            assert entry["answer"] in ("yes", "partly", "no", "not applicable"), entry
            assert entry["answer"] in ("no", "not applicable") or entry.get("where"), entry
            assert entry["answer"] == "yes" or entry.get("remark"), entry  # what is not done says why
            for target in (entry.get("where") or {}).values():
                if target.startswith("#"):  # of a notebook's page: held to the report itself
                    continue
                name, _, anchor = target.partition("#")
                assert name in names, target
                assert not anchor or soup_of(site, name[:-5]).find(id=anchor), target
    prisma = [str(entry["item"]) for entry in checklists()[0]["items"]]
    assert {re.sub(r"\D", "", item) for item in prisma} == {str(number) for number in range(1, 28)}
    assert len(prisma) == 42


def test_every_module_named_for_a_number_is_there():
    assert [name for name in MODULES.values() if module_source(name) is None] == []


def test_downloads_hold_what_the_page_says(site):
    page = soup_of(site, "data")
    for link in page.select("ul.files a"):
        path = site / link["href"]
        digest = link.find_next("code", class_="hash").get_text()
        import hashlib

        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest, path
    frame = pd.read_parquet(site / "data" / "findings.parquet")
    assert len(frame) == 3


def test_an_outcome_of_published_studies_alone_has_their_certainty(tmp_path):
    tables = load_tables(write_world(tmp_path, 1))
    graded = tables["certainty"].to_dict("records")
    core = graded[0] | {"concept": "hair_count", "certainty": "no evidence"}
    rows = [*graded, core, core | {"evidence": "published", "certainty": "low"}]
    rows += [row | {"evidence": "published"} for row in graded]
    tables["certainty"] = validate("certainty", rows)
    line = tables["comparisons"].iloc[0].to_dict() | {
        "concept": "hair_count",
        "tier": "published",
        "line_id": "x",
    }
    tables["comparisons"] = validate("comparisons", [*tables["comparisons"].to_dict("records"), line])
    (row,) = [
        row for row in BeautifulSoup(str(outcomes_table(tables)), "html.parser").select("tbody tr")
        if "hair count" in row.get_text()
    ]  # fmt: skip
    assert "low" in row.get_text() and "no evidence" not in row.get_text()
