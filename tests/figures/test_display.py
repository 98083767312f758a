"""The three things a cell shows: a figure, a table, a sentence."""

import base64
import io
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from case_files import cases_of

from helpers.display import say, show, show_figure, table_html
from helpers.figures.canvas import Figure
from helpers.figures.study import before_after
from helpers.formats import is_missing, joined, plain_unit, show_interval, show_number, show_value
from helpers.panels import LIVE, RUNNER, WIDGET, NothingToDrawError, between, one_of, panel, some_of

CASES = cases_of(__file__)


def captured(function, *arguments, **options):
    """Return the data of the one output that a display function makes."""
    with patch("helpers.display.display") as display:
        function(*arguments, **options)
    (call,) = display.call_args_list
    assert call.kwargs == {"raw": True}
    return call.args[0]


def page_of(function, *arguments, **options):
    """Return the page that is in it."""
    return BeautifulSoup(captured(function, *arguments, **options)["text/html"], "html.parser")


def small_figure():
    """Return a figure with a hostile case name."""
    return before_after([{"case": '"><script>x', "before": 10, "after": 12.5}], title="One case")


def test_figure_is_one_html_output_with_words():
    data = captured(show_figure, small_figure(), label="one-case")
    page = BeautifulSoup(data["text/html"], "html.parser")
    image = page.find("img")
    assert page.find("figure")["id"] == "one-case" and page.find("script") is None
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert "10 → 12.5" in image["alt"] and page.find("source")["media"] == "(max-width: 48rem)"
    assert "12.5" in data["text/plain"]


def test_the_numbers_behind_a_figure_hang_under_it_as_csv():
    page = page_of(show_figure, small_figure(), label="one-case")
    link = page.select_one("figcaption a.csv")
    kind, _, content = link["href"].partition("base64,")
    assert (kind, link["download"]) == ("data:text/csv;", "one-case.csv")
    frame = pd.read_csv(io.BytesIO(base64.b64decode(content)))
    assert frame.loc[0, ["before", "after"]].tolist() == [10, 12.5]
    bare = Figure(small_figure().drawing, "alt", "caption")
    assert bare.csv() == b"" and "csv" not in captured(show_figure, bare, label="a")["text/html"]


def test_a_figure_of_a_whole_table_names_it():
    drawn = small_figure()
    figure = Figure(drawn.drawing, drawn.alt, drawn.caption, table="specifications")
    page = page_of(show_figure, figure, label="a")
    assert page.select_one("figcaption span.csv")["data-table"] == "specifications"


def test_a_csv_holds_plain_numbers_only_and_no_empty_column():
    first = {"a": 1 / 3, "_b": 2, "c": None, "d": ["x"], "e": np.float64(2)}
    rows = [first, {"a": 1, "f": "word", "c": float("nan")}]
    text = Figure(None, "alt", "caption", rows).csv().decode()
    assert text == "a,e,f\n0.333333333333,2,\n1,,word\n"


@pytest.mark.parametrize("gap", ["alt", "caption", "label"])
def test_figure_without_words_is_refused(gap):
    figure = small_figure()
    words = {"alt": figure.alt, "caption": figure.caption} | ({gap: " "} if gap != "label" else {})
    with pytest.raises(ValueError, match="empty"):
        show_figure(Figure(figure.drawing, **words), label="" if gap == "label" else "a")


def test_table_escapes_and_heads_its_rows():
    hostile = ["<script>alert(1)</script>", "b"]
    frame = pd.DataFrame({"study_id": hostile, "n": [35.0, np.nan], "ok": [True, None]})
    page = page_of(show, frame, caption="A & <b>")
    assert page.find("script") is None
    assert page.find("caption").get_text() == "A & <b>"
    region = page.find("div", class_="scroll")
    assert (region["role"], region["aria-label"], region["tabindex"]) == ("region", "A & <b>", "0")
    assert [cell["scope"] for cell in page.select("thead th")] == ["col"] * 3
    assert [cell["scope"] for cell in page.select("tbody th")] == ["row"] * 2
    assert page.select("tbody td")[0].get_text() == "35"
    missing = page.select("tbody td")[2].find("span")
    assert (missing.get_text(), missing["aria-label"]) == ("–", "not stated")


@pytest.mark.parametrize(("rows", "in_view"), [(15, 15), (18, 18), (19, 15), (40, 15)])
def test_a_long_table_is_folded_after_its_first_rows_with_a_count(rows, in_view):
    page = page_of(show, pd.DataFrame({"a": range(rows)}), caption="Rows", label="rows")
    assert len(page.select("table#rows tbody tr")) == in_view
    assert len(page.select("tbody tr")) == rows and len(page.find_all("details")) == (rows > in_view)
    if rows > in_view:
        fold = page.find("details")
        assert not fold.has_attr("open") and f"{rows - in_view} more" in fold.summary.get_text()
        heads = [[cell.get_text() for cell in table.select("thead th")] for table in page.find_all("table")]
        assert heads[0] == heads[1]


def test_text_is_left_and_numbers_are_right_also_in_jupyter():
    page = page_of(show, pd.DataFrame({"study": ["a"], "n": [3]}), caption="c")
    cells = page.find_all(["td", "th"])
    told = [("style" in cell.attrs, "number" in cell.get("class", [])) for cell in cells]
    assert told == [(True, False), (False, True)] * 2


def test_empty_table_and_unknown_column():
    frame = pd.DataFrame({"a": []})
    assert ">nothing here<" in table_html(frame, caption="c", empty="nothing here")
    with pytest.raises(KeyError, match="no column b"):
        table_html(frame, caption="c", columns={"b": "B"})
    with pytest.raises(ValueError, match="caption"):
        show(frame, caption="")


def test_a_tables_schema_gives_headings_units_and_formats():
    row = {"study_id": "a2020", "weight": 0.25, "unit": "hairs/cm2", "interval": "1 to 2"}
    frame = pd.DataFrame([row])
    chosen = {"headings": {"study_id": "left out"}, "names": lambda text: text.replace("a2020", "A 2020")}
    page = page_of(show, frame, "study_id weight interval unit", caption="c", of="pool_members", **chosen)
    heads = [cell.get_text() for cell in page.select("th[scope=col]")]
    assert heads == ["left out", "its weight", "interval", "unit"]
    cells = [cell.get_text() for cell in page.select("tbody :is(td, th)")]
    assert cells == ["A 2020", "25%", "1 to 2", "hairs/cm²"]
    assert page.find("table")["id"] == "pool_members"
    with pytest.raises(KeyError, match="no table members in the schema"):
        show(frame, caption="c", of="members")


def test_table_columns_formats_and_the_anchor_of_a_row():
    frame = pd.DataFrame({"quantity_id": ["w.1"], "share": [0.256], "p": [0.02]})
    formats, shown = {"share": ".0%", "p": lambda v: f"P={v}"}, {"share": "Share", "p": "P"}
    html = table_html(frame, caption="c", columns=shown, formats=formats, anchor_column="quantity_id")
    assert "26%" in html and "P=0.02" in html and "quantity" not in html and '<tr id="q-w.1"' in html


def test_sentence_escapes_values_and_keeps_its_own_markup():
    data = captured(say, "<strong>{{ n }}</strong> of {{ name }}", n=35.0, name="<i>")
    assert data["text/html"] == "<p><strong>35</strong> of &lt;i&gt;</p>"
    assert data["text/plain"] == "35 of <i>"


@pytest.mark.parametrize("values", [{}, {"n": None}, {"n": float("nan")}, {"n": pd.NA}])
def test_sentence_refuses_what_is_missing(values):
    with pytest.raises(ValueError, match="n' is undefined|missing"):
        say("{{ n }} studies", **values)


@pytest.mark.parametrize(("value", "text"), CASES["numbers"])
def test_numbers(value, text):
    assert show_number(value) == text


@pytest.mark.parametrize(("value", "text"), CASES["values"])
def test_a_cell_is_told(value, text):
    assert show_value(value) == text and is_missing(value) == (text == "–")


def test_lists_units_and_intervals_are_told():
    assert [joined(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert [plain_unit(unit) for unit in ("hairs/cm2", "um", "mm/cm2", None)] == [
        "hairs/cm²",
        "µm",
        "mm/cm²",
        "",
    ]
    assert show_interval(-0.12345, 123.45) == "−0.123 to 123"
    assert show_interval(4e-10, 6e-9) == "0 to 6.00 × 10^−9"  # what is left of a sum that is 0
    assert (show_value(np.bool_(False)), show_value(float("nan")), show_value(pd.NA)) == ("no", "–", "–")


@pytest.mark.parametrize(("length", "room"), [(10, None), (60, ["long", "fixed"]), (400, ["prose", "fixed"])])
def test_a_cell_has_the_room_that_its_text_wants(length, room):
    frame = pd.DataFrame({"study": ["a"], "reasons": [("word " * length)[:length]]})
    cell = BeautifulSoup(table_html(frame, caption="Made"), "html.parser").find("td")
    assert cell.get("class") == room


@pytest.mark.parametrize(("ids", "fixed"), [(None, True), ("w.1", False)])
def test_numbers_in_the_sentence_of_a_row_without_figures_are_no_links(ids, fixed):
    row = {"study": "a", "why": "phase 2 of one trial, seen in 2025", "quantity_ids": ids}
    frame = pd.DataFrame([row])
    html = table_html(frame, caption="Made", columns={"study": "study", "why": "why"})
    assert ("fixed" in BeautifulSoup(html, "html.parser").find("td").get("class", [])) == fixed


def cases(*, after: float, who: str = "a", included=()):
    if after == 0:
        raise NothingToDrawError("nothing <to> draw is left")
    return before_after([{"case": who, "before": 42, "after": after}], title="Cases")


CHOICES = {
    "after": between("After", 0, 60, 0.5, 31.5),
    "who": one_of("Who", ("a", "b"), "a"),
    "included": some_of("Studies", ("x", "y")),
}


def shown(monkeypatch, live: bool, **environment) -> dict:
    monkeypatch.delenv(RUNNER, raising=False)
    if live:
        monkeypatch.setenv(LIVE, "notebooks/03_study_evidence.ipynb")
    else:
        monkeypatch.delenv(LIVE, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with patch("helpers.panels.display") as display:
        panel(cases, label="panel", **CHOICES)
    (call,) = display.call_args_list
    return call.args[0]


def test_where_nobody_watches_the_default_stands_and_no_control_is_left(monkeypatch):
    bundle = shown(monkeypatch, live=False)
    assert set(bundle) == {"text/html", "text/plain"}
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert page.find("figure")["id"] == "panel" and "→ 31.5" in page.find("img")["alt"]
    assert WIDGET not in shown(monkeypatch, live=True, **{RUNNER: "1"})


def test_without_ipywidgets_the_default_stands(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert WIDGET not in shown(monkeypatch, live=True)


def test_a_control_draws_the_picture_anew(monkeypatch):
    pytest.importorskip("ipywidgets")
    bundle = shown(monkeypatch, live=True)
    from ipywidgets.widgets.widget import _instances

    box = _instances[bundle[WIDGET]["model_id"]]
    slider, who, included, picture = box.children
    assert slider.description == "After" and included.value == ("x", "y")
    first = picture.value
    slider.value = 20.0
    assert picture.value != first and "→ 20" in picture.value
    slider.value = 0.0
    assert "Nothing to show, because nothing &lt;to&gt; draw is left." in picture.value
    who.value, slider.value = "b", 31.5
    assert picture.value != first and "→ 31.5" in picture.value


def test_a_button_writes_the_state_as_options_of_a_run(monkeypatch):
    from ipywidgets.widgets.widget import _instances

    monkeypatch.delenv(RUNNER, raising=False)
    monkeypatch.setenv(LIVE, "notebooks/05_pooled_effect.ipynb")
    r, what = between("Correlation", 0, 0.99, 0.01, 0.7), one_of("Outcome", {"a": "an outcome"}, "a")
    with patch("helpers.panels.display") as display:
        panel(lambda **_: cases(after=6), label="panel", pre_post_correlation=r, concept=what)
    box = _instances[display.call_args.args[0][WIDGET]["model_id"]]
    slider, outcome, _, (button, command) = *box.children[:3], box.children[3].children
    assert outcome.options == (("an outcome", "a"),) and command.value == ""
    slider.value = 0.5
    button.click()
    assert command.value == "evidence run -p pre_post_correlation=0.5"
    slider.value = 0.6
    assert command.value == ""  # it told another state
