"""How the helpers read at the prompt: short right tables, hostile text as text, useful completion."""

from __future__ import annotations

import importlib

import pytest
from bs4 import BeautifulSoup

from helpers.appraisal.discrepancies import DiscrepancyList
from helpers.sheets.read import read_records
from metastats import pool
from trialfiles import SourceRecord

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">=1+1'
PACKAGES = ("metastats", "trialfiles", "helpers.tables")


def shown(thing) -> dict[str, str]:
    page = BeautifulSoup(thing._repr_html_(), "html.parser")
    assert len(page.find_all("table")) == 1 and page.caption.get_text()
    return {row.th.get_text(): row.td.get_text() for row in page.select("tbody tr") if row.th}


def test_a_source(checkout):
    (record,) = read_records(checkout / "data" / "raw" / "studies" / "chan2025.yaml")
    rows = shown(record)
    assert "Exosome" in rows["title"] and rows["quantities"] == str(len(record.quantities))


@pytest.mark.parametrize(
    "thing",
    [
        SourceRecord(sources=[{"source_id": HOSTILE}], studies=[{"title": HOSTILE}]),
        DiscrepancyList(
            [
                {
                    "study_id": HOSTILE,
                    "certain": True,
                    "concern": "serious",
                    "statement": HOSTILE,
                    "arithmetic": HOSTILE,
                }
            ]
        ),
    ],
)
def test_hostile_text_stays_text(thing):
    page = BeautifulSoup(thing._repr_html_(), "html.parser")
    assert not page.find(["script", "img"]) and HOSTILE in page.get_text()


def test_discrepancies_are_a_list_still():
    found = DiscrepancyList([{"certain": True, "concern": "serious"}, {"certain": False, "concern": "minor"}])
    assert found == [{"certain": True, "concern": "serious"}, {"certain": False, "concern": "minor"}]
    assert (
        BeautifulSoup(found._repr_html_(), "html.parser").caption.get_text() == "2 discrepancies, 1 certain"
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_completion_offers_what_is_meant_to_be_used(package: str):
    module = importlib.import_module(package)
    assert dir(module) == sorted(module.__all__)
    for name in dir(module):
        thing = getattr(module, name)
        assert not callable(thing) or thing.__doc__, f"{package}.{name} has no docstring"


def test_completion_of_a_fit_shows_its_results_and_no_machinery():
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.user_ns["fit"] = pool([0.2, 0.5, 0.3], [0.04, 0.05, 0.03])
    with provisionalcompleter():
        found = {match.text for match in shell.Completer.completions("fit.", 4)}
    offered = {text.removeprefix("fit.").removeprefix(".") for text in found}
    assert {"estimate", "ci_lower", "tau2", "prediction_interval"} <= offered
    assert not any(name.startswith("_") for name in offered)
