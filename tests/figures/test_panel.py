"""The panels: still where nobody watches, live where somebody does, the same picture either way."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from bs4 import BeautifulSoup

from helpers.figures.study import before_after
from helpers.panels import LIVE, RUNNER, WIDGET, NothingToDrawError, between, one_of, panel, some_of


def cases(*, after: float, who: str = "a", included=()):
    if after == 0:
        raise NothingToDrawError("There is nothing <to> draw.")
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
    assert page.find("figure")["id"] == "panel" and "31.5 after" in page.find("img")["alt"]
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
    assert picture.value != first and "20 after" in picture.value
    slider.value = 0.0
    assert "nothing &lt;to&gt; draw" in picture.value
    who.value, slider.value = "b", 31.5
    assert picture.value != first and "31.5 after" in picture.value
