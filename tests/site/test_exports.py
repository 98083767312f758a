"""Exports: what other tools would read from them is what the tables hold."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
import rispy
import yaml
from case_files import cases_of
from made_world import write_world

from helpers.narrative.answer import load_tables
from helpers.site.build import build_site
from helpers.site.data import revman_rows, source_reference
from helpers.tables import TABLES, write_table

CASES = cases_of(__file__)

EFFECT = {"study_id": "made1", "estimand": "uncontrolled_change", "concept": "hair_density", "arm_id": "exo", "measure": "MC",
          "unit": "hairs/cm2", "headline": "yes", "quantity_ids": "made1.1"}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    citation = "Made A, Up B, et al. A made-up study. A journal, 2025."
    world = write_world(folder / "processed", sources={"citation": citation, "doi": "10.1000/made"})
    rows = [
        EFFECT | {"effect_id": "made1.e1", "effect": -8.0, "se": 2.0, "ci_lower": -12.0, "ci_upper": -4.0},
        EFFECT | {"effect_id": "made1.e2", "effect": 1.0, "se": 2.0, "headline": "no"},
        EFFECT | {"effect_id": "made1.e3", "effect": 3.0, "concept": "vellus_share", "unit": "proportion"},
    ]
    write_table("effects", rows, world)
    build_site({}, world, folder / "site", {"version": "0.1.0"})
    return folder / "site"


def test_references_are_read_back(site):
    [first, *_] = [entry for entry in rispy.loads((site / "data/references.ris").read_text("utf-8"))
                   if entry.get("doi") == "10.1000/made"]  # fmt: skip
    assert first["authors"] == ["Made, A", "Up, B"] and first["year"] == "2025"
    items = json.loads((site / "data/references.csl.json").read_text("utf-8"))
    assert len(items) == 3 and all(item["title"] and item["type"] for item in items)
    cited = next(item for item in items if item.get("DOI") == "10.1000/made")
    assert cited["author"] == [{"family": "Made", "given": "A"}, {"family": "Up", "given": "B"}]
    assert cited["issued"] == {"date-parts": [[2025]]}


@pytest.mark.parametrize(("citation", "authors", "year"), CASES["citations"])
def test_names_and_year_of_a_citation(tmp_path, citation, authors, year):
    source = {"citation": citation, "source_id": "s", "study_id": "none", "doi": None, "address": None, "registration": None,
              "has_results": True}  # fmt: skip
    reference = source_reference(source, load_tables(tmp_path))
    assert (reference.authors, reference.year) == (authors, year)


@pytest.mark.parametrize(("has_results", "title"), [(False, "NCT1: A trial"), (True, "A trial")])
def test_a_registration_is_cited_by_its_number(tmp_path, has_results, title):
    source = {"citation": "A trial. A register.", "source_id": "s", "study_id": "none", "doi": None, "address": "https://made.test/a (copy)",
              "registration": "NCT1", "has_results": has_results}  # fmt: skip
    assert source_reference(source, load_tables(tmp_path)).title == title


def test_revman_rows_keep_sign_and_leave_out_what_has_no_interval(site, tmp_path):
    text = (site / "data/revman.csv").read_text("utf-8")
    assert text.startswith("\ufeff")
    [row] = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (row["Study"], row["GIV Mean"], row["GIV SE"]) == ("made1", "-8", "2")
    assert row["Analysis name"] == "hair density, uncontrolled change, hairs/cm2"
    assert revman_rows(load_tables(tmp_path)) == []


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
