"""How the helpers read at the prompt: short right tables, hostile text as text, useful completion."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers import Review
from helpers.appraisal.discrepancies import DiscrepancyList
from helpers.sheets.read import read_records
from helpers.tables import TABLES
from metastats import pool
from notebookpress.tables import TableError
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


@pytest.fixture
def review(small, monkeypatch) -> Review:
    monkeypatch.chdir(small.root)
    return Review()


def test_a_review_lists_its_tables_and_what_to_ask(review: Review):
    text = repr(review)
    for name in TABLES:
        assert f"  {name:<28}{len(review[name]):>5}  " in text and getattr(review, name).equals(review[name])
    assert {*TABLES, "study", "where", "compare"} <= set(dir(review)) and "review.study(" in text
    assert review.effects is not review.effects  # a frame of one's own each time


def test_a_study_an_outcome_and_the_place_of_a_figure(review: Review):
    density = review.results("hair density")
    assert density.equals(review.results("hair_density")) and set(density["concept"]) == {"hair_density"}
    study = review.study("wan2025")
    assert set(study.effects["study_id"]) == {"wan2025"} and study.retractions.empty
    assert f"  effects{len(study.effects):>26}" in repr(study) and "retractions" not in repr(study)
    place = review.where("wan2025.n_methods")
    assert (place.document, place.line) == ("wan2025_prospective.txt", 81) and "line 81" in repr(place)
    if place.before is None:
        assert "not at hand" in place.not_shown
    else:
        assert f"{place.before[-9:]}»{place.printed}«" in repr(place)


def test_text_that_is_another_than_the_one_read_is_not_shown(three, monkeypatch):
    monkeypatch.chdir(three.root)
    text = three.raw / "documents" / "wan2025_prospective.txt"
    text.write_text("another text\n")
    assert "another text than the one that was read" in Review().where("wan2025.n_methods").not_shown
    text.unlink()
    assert f"put it at {text}" in Review().where("wan2025.n_methods").not_shown


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda review: review.efects, "effects"),
        (lambda review: review["quantites"], "quantities"),
        (lambda review: review.results("hair_densty"), "hair_density"),
        (lambda review: review.study("wan2024"), "wan2025"),
        (lambda review: review.study("wan2025").efects, "effects"),
        (lambda review: review.where("wan2025.n_method"), "wan2025.n_methods"),
        (lambda review: review.study("Wan"), "wan2025"),
        (lambda review: review.compare(review.folder).added["efects"], "effects"),
    ],
)
def test_an_unknown_name_suggests_a_near_one(review: Review, ask, near: str):
    """Friction 8: `tables.read("result")` was a bare KeyError."""
    with pytest.raises(AttributeError, match=f"did you mean '{near}'") as caught:
        ask(review)
    assert isinstance(caught.value, KeyError) and str(caught.value).startswith("no ")


def test_a_value_is_no_name_and_a_list_of_names_is_short(review: Review):
    for wrong in ("wan2025", 35, ""):
        with pytest.raises(KeyError) as caught:
            review.where(wrong)
        assert str(caught.value).endswith("more") and len(str(caught.value)) < 700
    assert list(review) == review.tables == review._ipython_key_completions_() and len(review) == len(
        review.tables
    )


def test_two_runs_are_compared_by_the_keys_of_their_rows(review: Review, tmp_path):
    assert "no table differs" in repr(review.compare(review.folder))
    effects = review.effects
    effects.loc[0, "se"] = 9.0
    more = effects.iloc[[1]].assign(effect_id="new")
    pd.concat([effects.drop(index=2), more], ignore_index=True).to_parquet(tmp_path / "effects.parquet")
    found = review.compare(tmp_path)
    assert found.summary.set_index("table").loc["effects"].tolist() == [1, 1, 1] and "added" in repr(found)
    assert found.added["effects"]["effect_id"].tolist() == ["new"]
    assert found.removed["effects"].equals(review.effects.loc[[2]].reset_index(drop=True))
    [cell] = found.changed["effects"].drop(columns="before").to_dict("records")
    assert cell == {"effect_id": review.effects["effect_id"][0], "column": "se", "after": 9.0}
    assert len(found.removed["quantities"]) == len(review.quantities)


def test_a_folder_without_tables_names_the_remedy(tmp_path, made, monkeypatch):
    for folder, problem in ((tmp_path, "holds no tables"), (tmp_path / "gone", "no such folder")):
        with pytest.raises(TableError, match=f"{problem}.*; make them with `evidence run`"):
            Review(folder)
    assert Review(made.reports).tables == Review(made.root).tables == list(TABLES)
    monkeypatch.setenv("EVIDENCE_GATHERS", "1")
    with pytest.raises(TableError, match="tables of the last run"):  # in a run they would not be its own
        Review()


def test_completion_at_the_way_in_loads_nothing():
    """Friction 8: `from helpers... <tab>` took eight seconds and offered a hundred names."""
    code = """if True:
        import sys
        from IPython.core.completerlib import module_completion
        offered = module_completion("from helpers import ")
        assert "Review" in offered and len(offered) < 30, offered
        loaded = {"pandas", "scipy", "statsmodels", "matplotlib"} & set(sys.modules)
        assert not loaded, loaded
        import helpers.review
        assert not {"scipy", "statsmodels", "matplotlib", "helpers.figures"} & set(sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
