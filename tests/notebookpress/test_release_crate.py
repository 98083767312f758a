"""The RO-Crate of a release: every file once, every run with what it used and made."""

from __future__ import annotations

import json
from datetime import date

from case_files import cases_of

from notebookpress.pipeline import Collection
from notebookpress.publish import crate_text

COLLECTION = Collection((), title="Weather", description="Readings", license="https://spdx.org/licenses/MIT")
MANIFEST = cases_of(__file__)


def graph() -> dict[str, dict]:
    entries = json.loads(crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION))["@graph"]
    assert len({entry["@id"] for entry in entries}) == len(entries)
    return {entry["@id"]: entry for entry in entries}


def test_files_of_the_release_are_its_parts_and_inputs_are_not():
    crate = graph()
    parts = {part["@id"] for part in crate["./"]["hasPart"]}
    assert parts == {"data/studies.parquet", "index.html"}
    assert crate["index.html"]["sha256"] == "4" * 64 and crate["index.html"]["encodingFormat"] == "text/html"
    assert crate["#data/raw/studies/a.yaml"]["@type"] == "CreativeWork"
    assert crate["./"]["datePublished"] == "2026-11-26" and crate["./"]["license"]


def test_a_run_names_its_notebook_its_inputs_and_its_results():
    run = graph()["#run-01_ingestion"]
    assert run["@type"] == "CreateAction"
    assert run["instrument"]["@id"] == "#notebooks/01_ingestion.ipynb"
    assert {"@id": "#data/raw/studies/a.yaml"} in run["object"]
    assert run["result"] in ({"@id": "data/studies.parquet"}, [{"@id": "data/studies.parquet"}])


def test_every_reference_in_the_crate_is_an_entry_of_it():
    crate = graph()

    def named(value):
        if isinstance(value, dict) and set(value) == {"@id"}:
            yield value["@id"]
        elif isinstance(value, list | dict):
            for part in value.values() if isinstance(value, dict) else value:
                yield from named(part)

    for entry in crate.values():
        for key, value in entry.items():
            for name in named(value) if key != "@id" else ():
                assert name in crate or name.startswith("https://"), (entry["@id"], key, name)


def test_the_text_is_the_same_each_time():
    first = crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION)
    assert crate_text(MANIFEST, "1.0", date(2026, 11, 26), COLLECTION) == first
