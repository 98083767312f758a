"""The confirmation room without a screen: what is asked, what an answer makes of the sheet, what comes of it."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from helpers.cli import _status
from helpers.confirm.forms import ConfirmationError
from helpers.confirm.readings import BlindReading, Confirmation, open_room, waiting_studies
from helpers.confirm.screen import excerpt
from helpers.sheets.write import add_source
from helpers.verification import read_second_reading


@pytest.fixture
def raw(tmp_path) -> Path:
    """Return a raw folder with an article just added, and a remark in its sheet."""
    _, sheet = add_source(Path(__file__).with_name("article.nxml"), tmp_path)
    sheet.write_text(sheet.read_text().replace("results:\n", "results:  # of table 1\n"))
    return tmp_path


def content(room) -> dict:
    return yaml.safe_load(room.sheet_path.read_text())


def confirm_all(raw: Path) -> Confirmation:
    room = Confirmation(raw, "brook2026")
    while room.proposal():
        room.accept()
    return room


def test_the_guesses_confirmed_as_they_stand_give_effects_and_change_nothing_else(raw):
    room, before = Confirmation(raw, "brook2026"), Confirmation(raw, "brook2026").file.read_text()
    assert waiting_studies(raw) == {"brook2026": 5} and room.progress() == "0 of 5"
    spans = room.proposal().spans  # what is marked stands there once
    assert len(spans) > 2 and all(end <= start for (_, end), (start, _) in pairwise(spans))
    room = confirm_all(raw)
    assert room.progress() == "5 of 5" and room.summary() == ["4 confirmed, 3 effects, 0 waiting"]
    sheet = content(room)
    facts = {"comparison": "parallel", "allocation": "randomised", "masking": "double-blind"}
    assert sheet["study"]["design"] == "double-blind, parallel trial"
    assert {fact["state"] for fact in sheet["facts"]} == {"confirmed"}
    assert facts.items() <= sheet["study"].items()
    printed = {one["id"]: one["printed"] for one in sheet["quantities"]}
    dates = [printed[sheet["study"][name]] for name in ("n_enrolled", "starts_on", "ends_on")]
    assert dates == ["48 people", "March 2024", "May 2025"]
    after = room.file.read_text().split("\n")
    gone = [line for line in before.split("\n") if line not in after]
    answered = ("id: p1", "arm_id: ", "state: proposed}")  # with the size of each arm
    assert len(gone) == 13 and all(any(words in line for words in answered) for line in gone)
    assert [arm["n"] for arm in sheet["arms"]] == ["n1", "n2"]


def test_a_correction_reaches_result_and_figure_and_a_wrong_one_writes_nothing(raw):
    room = Confirmation(raw, "brook2026")
    room.accept({"role saline": "untreated", "n_analysed": "24", "masking": "open label"})
    assert [arm["role"] for arm in content(room)["arms"]] == ["exosome", "untreated"]
    assert content(room)["study"]["masking"] == "open label"
    assert {one["field"] for one in content(room)["facts"] if one["state"] == "rejected"} == {"masking"}
    room.accept({"statistic": "mean and standard error", "concept": "hair_count", "unit": "hairs", "n": None})
    sheet = content(room)
    wanted = {"concept": "hair_count", "mean": "t1", "se": "t1.sd", "n": None, "state": "confirmed"}
    assert wanted.items() <= sheet["results"][0].items() and "sd" not in sheet["results"][0]
    assert {"concept": "hair_count", "unit": "hairs"}.items() <= sheet["quantities"][0].items()
    for wrong, said in ({"mean": "12.5"}, "not in the printed token"), ({"mean": "x"}, "no number"):
        with pytest.raises(ConfirmationError, match=said):
            room.accept(wrong)
    assert content(room) == sheet


def test_wrong_later_undo_and_going_on_where_it_stood(raw):
    room = Confirmation(raw, "brook2026")
    room.later()
    assert room.proposal().path == ("results", 0)
    room.reject()
    assert content(room)["results"][0]["state"] == "rejected"
    again = Confirmation(raw, "brook2026")  # the kernel died
    assert again.progress() == "1 of 5" and again.proposal().path == ("study",)
    with pytest.raises(ConfirmationError, match="nothing to undo"):
        again.undo()
    before = again.file.read_bytes()
    again.accept()
    again.undo()
    assert again.file.read_bytes() == before
    again.accept()
    again.file.write_text(again.file.read_text() + "# by hand\n")
    with pytest.raises(ConfirmationError, match="another hand"):
        again.undo()


def test_a_confirmed_result_without_an_effect_says_why(raw):
    room = Confirmation(raw, "brook2026")
    room.accept()
    room.accept()
    while room.proposal():
        room.reject()
    first, why = room.summary()
    assert first == "1 confirmed, 0 effects, 0 waiting"
    assert why.startswith("hair density, exosomes, Baseline: no effect, a value before treatment")


@pytest.mark.parametrize(
    ("prose", "asked"),
    [("Hair density was 138.5 (SD 22.1) hairs/cm2.", 0), ("Hair density was 138.6 (SD 22.1) hairs/cm2.", 1)],
)
def test_what_prose_repeats_of_a_table_is_not_asked_again(tmp_path, prose, asked):
    article = Path(__file__).with_name("article.nxml").read_text()
    file = tmp_path / "article.nxml"
    file.write_text(article.replace("<title>Results</title>", f"<title>Results</title><p>{prose}</p>"))
    _, sheet = add_source(file, tmp_path / "raw")
    assert waiting_studies(tmp_path / "raw") == {sheet.stem: 5 + asked}


def test_figures_of_a_plain_text_become_results_of_arms_that_a_person_names(tmp_path):
    text = "Exosomes in a made-up trial\n\nMethods\nIt began in 2024." + " All is made up." * 30
    text += "\n\nResults\nDensity rose by 18.4 hairs/cm2 (SD 11.2) in 24 people.\n"
    file = tmp_path / "article.txt"
    file.write_text(text)
    _, sheet = add_source(file, tmp_path / "raw")
    room = Confirmation(tmp_path / "raw", sheet.stem)
    with pytest.raises(ConfirmationError, match="is not in the text"):
        room.accept({"starts_on": "2023"})
    room.accept({"arm exosome": "topical exosomes", "starts_on": "2024"})
    room.accept({"concept": "hair_density", "kind": "change", "time": "24 weeks", "n": "p2"})
    assert content(room)["results"] == [
        {"arm": "topical_exosomes", "concept": "hair_density", "site": "all", "time": "24 weeks", "kind": "change",
         "mean": "p1", "sd": "p1.sd", "n": "p2", "state": "confirmed"}
    ]  # fmt: skip
    assert room.summary()[0] == "1 confirmed, 1 effects, 0 waiting"


def test_the_second_reader_sees_no_value_and_the_agreement_is_told_at_the_end(raw):
    confirm_all(raw)
    room = BlindReading(raw, "brook2026")
    asked = room.proposal()
    assert "Exosomes; Baseline" in asked.words and asked.spans == ()
    assert not any(character.isdigit() for character in f"{asked.words}{asked.entries}")
    room.later()
    room.undo()
    assert not room.file.exists()
    with pytest.raises(ConfirmationError, match=r"stands 2 times: tell its line \(6, 8\)"):
        room.accept({"printed": "24"})
    for printed in ("120.1 (20.2)", "118.4 (21.0)", "124.5 (20.9)"):
        assert room.summary() == [f"{len(room.waiting())} waiting; the agreement is told at the end"]
        room.accept({"printed": printed})
    for act in (room.reject, room.undo, room.reject):
        act()
    same, *others = room.summary()
    assert same == "2 of 4 the same in both readings"
    assert "138.5 (22.1) in the sheet, 124.5 (20.9) in the second reading" in others[0]
    assert "124.5 (20.9) in the sheet, not found in the second reading" in others[1]
    assert [one.values for one in read_second_reading(raw)][0] == (120.1, 20.2)
    assert BlindReading(raw, "brook2026").progress() == "3 of 4"


def test_the_place_of_a_token_is_marked_in_numbered_lines():
    shown = excerpt("abc\nd <e> f\ngh", [(6, 9)])
    assert "   1  abc\n   2  d <mark>&lt;e&gt;</mark> f</div>" in shown and ">   3  gh<" in shown


def test_the_command_opens_jupyterlab_or_says_in_one_line_why_not(raw, checkout, monkeypatch, capsys):
    monkeypatch.chdir(checkout)
    opened = []
    monkeypatch.setattr(os, "execve", lambda *told: opened.append(told))
    told = [_status(["confirm", *arguments, "--raw", str(raw)]) for arguments in (["nobody"], ["brook2026"])]
    said = capsys.readouterr()
    assert told == [2, 0] and "no sheet of a study 'nobody'; there: brook2026" in said.err
    [(_, command, environment)] = opened
    assert "notebooks/confirm.ipynb" in command[4] and environment["EVIDENCE_STUDY"] == "brook2026"
    assert "0 of 5 answered" in said.out
    assert _status(["confirm", "brook2026", "--reader", "second", "--raw", str(raw)]) == 1
    assert _status(["confirm", "wan2025"]) == 1
    said = capsys.readouterr().err.split("\n")
    assert "no result is confirmed" in said[0] and "nothing in it is proposed by a machine" in said[1]


def test_without_a_name_the_first_study_that_waits_is_opened(raw):
    assert open_room(raw=raw).study_id == "brook2026"
    confirm_all(raw)
    assert open_room(raw=raw) is None
