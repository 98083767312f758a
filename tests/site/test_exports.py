"""Exports: what other tools would read from them is what the tables hold."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
import yaml
from case_files import cases_of
from made_world import write_world
from real_tables import cleaned_tables

from helpers.narrative.answer import load_tables
from helpers.site.build import build_site
from helpers.site.data import annotations, revman_rows
from helpers.site.references import printed_references
from helpers.tables import TABLES, write_table
from trialfiles import read_sources

CASES = cases_of(__file__)
TITLE = "A made-up & <small> study: p < 0.05"

EFFECT = {"study_id": "made1", "estimand": "uncontrolled_change", "concept": "hair_density", "arm_id": "exo", "measure": "MC",
          "unit": "hairs/cm2", "headline": "yes", "quantity_ids": "made1.1"}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    item = {"type": "article-journal", "title": TITLE, "container-title": "A journal", "page": "12-18"}
    item |= {"author": [{"family": "Made", "given": "Anna"}, {"family": "Up", "given": "B"}]}
    reference = json.dumps(item | {"issued": {"date-parts": [[2025, 3]]}})
    world = write_world(folder / "processed", sources={"reference": reference, "doi": "10.1000/made"})
    rows = [
        EFFECT | {"effect_id": "made1.e1", "effect": -8.0, "se": 2.0, "ci_lower": -12.0, "ci_upper": -4.0},
        EFFECT | {"effect_id": "made1.e2", "effect": 1.0, "se": 2.0, "headline": "no"},
        EFFECT | {"effect_id": "made1.e3", "effect": 3.0, "concept": "vellus_share", "unit": "proportion"},
    ]
    write_table("effects", rows, world)
    build_site({}, world, folder / "site", {"version": "0.1.0"})
    return folder / "site"


@pytest.mark.parametrize("name", ["references.ris", "references.csl.json"])
def test_references_are_read_back(site, name):
    """Friction 15: records lost their authors, DOI or address."""
    cited = {row["title"]: row for record in read_sources(site / "data" / name) for row in record.references}
    assert len(cited) == 3
    names = ("authors", "doi", "year", "journal", "pages")
    assert [cited[TITLE][name] for name in names] == [
        ["Made, Anna", "Up, B"], "10.1000/made", "2025", "A journal", "12-18",
    ]  # fmt: skip


def test_a_reference_is_printed_and_linked_and_its_signs_stay_signs(site):
    index = (site / "index.html").read_text("utf-8")
    text = "Made A, Up B, 2025. A made-up &amp; &lt;small&gt; study: p &lt; 0.05. A journal, 12–18."
    link = '<a href="https://doi.org/10.1000/made">doi:10.1000/made</a>'
    assert f"<li>{text} {link}</li>" in re.sub(r"\s+(?=<)", " ", index).replace(" </li>", "</li>")


@pytest.mark.parametrize(("item", "text"), CASES["printed"])
def test_references_in_our_style(item, text):
    items = [{"id": "other", "type": "document", "title": "Another"}, {"id": "one"} | item]
    assert printed_references(items) == ["Another.", text]


def test_revman_rows_keep_sign_and_leave_out_what_has_no_interval(site, tmp_path):
    text = (site / "data/revman.csv").read_text("utf-8")
    assert text.startswith("\ufeff")
    [row] = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (row["Study"], row["GIV Mean"], row["GIV SE"]) == ("made1", "-8", "2")
    assert row["Analysis name"] == "hair density, uncontrolled change, hairs/cm2"
    assert revman_rows(load_tables(tmp_path)) == []
    tables = load_tables(site.parent / "processed")
    others = tables["sources"].assign(tier="comparator")
    assert len(revman_rows(tables)) == 1 and revman_rows(tables | {"sources": others}) == []


def test_the_data_package_describes_the_files_beside_it(site):
    package = json.loads((site / "data/datapackage.json").read_text("utf-8"))
    assert re.fullmatch(r"[a-z0-9._-]+", package["name"])
    assert {resource["title"] for resource in package["resources"]} == set(TABLES)
    readers = {
        "string": str,
        "integer": int,
        "number": float,
        "boolean": lambda text: {"True": True, "False": False}[text],
    }
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        content = (site / "data" / resource["path"]).read_bytes()
        assert len(content) == resource["bytes"]
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
        assert rows.fieldnames == list(fields)
        assert set(resource["schema"]["primaryKey"]) <= set(fields)
        for row in rows:
            for name, text in row.items():
                assert text or not fields[name]["constraints"]["required"], (resource["name"], name)
                if text:
                    readers[fields[name]["type"]](text)


def test_citation_file_is_what_github_reads(checkout):
    cited = yaml.safe_load((checkout / "CITATION.cff").read_text("utf-8"))
    for field in ("cff-version", "message", "title", "authors"):
        assert cited[field], field
    assert cited["cff-version"] == "1.2.0" and cited["type"] in ("software", "dataset")
    assert all(author.get("name") or author.get("family-names") for author in cited["authors"])
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(cited["date-released"]))
    allowed = {"cff-version", "message", "title", "authors", "type", "version", "date-released", "license", "keywords",
               "abstract", "url", "repository-code", "doi", "identifiers", "references", "preferred-citation", "contact",
               "commit", "license-url", "repository", "repository-artifact"}  # fmt: skip
    assert set(cited) <= allowed
    import helpers

    assert str(cited["version"]) == helpers.__version__


def test_each_annotation_finds_its_token_in_the_text_that_its_hash_names(shared):
    """Every figure that has a place is there, and no other."""
    texts = {hashlib.sha256(path.read_bytes()).hexdigest(): path.read_bytes().decode("utf-8")
             for path in (shared / "documents").glob("*.txt")}  # fmt: skip
    tables = cleaned_tables()
    page, placed = annotations(tables), tables["quantities"].dropna(subset="char_start")
    assert {item["body"]["value"] for item in page["items"]} == set(placed["quantity_id"]) and len(
        placed
    ) > 200
    for item in page["items"]:
        where, quote = item["target"]["selector"]
        text = texts[item["target"]["source"]["id"].removeprefix("urn:sha256:")]
        assert text[where["start"] : where["end"]] == quote["exact"], item["id"]
