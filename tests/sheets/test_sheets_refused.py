"""A study sheet with a mistake: every one is named with file, line, field, problem and remedy."""

import re
from itertools import pairwise

import pytest
from case_files import cases_of

from helpers.sheets.read import read_records, read_sheet
from trialfiles import SourceError

CASES = cases_of(__file__)
MISTAKES = CASES["mistakes"] | {
    "monstrous number": ('"80%", value: 80', f'"80%", value: {"9" * 400}', "9999", "quantities[6].value", "number", "number")
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_line_field_problem_and_remedy(sheet, line_of, name):
    old, new, token, field, problem, remedy = MISTAKES[name]
    problems, text = sheet.change(old, new)
    hits = [found for found in problems if found.field == field and problem in found.problem]
    assert hits, [str(found) for found in problems]
    assert hits[0].line == line_of(text, token)
    assert hits[0].file == str(sheet.path)
    assert remedy in hits[0].remedy


SPELT = [name for name, (*_, remedy) in MISTAKES.items() if remedy[:1] == remedy[-1:] == "'"]


@pytest.mark.parametrize("name", SPELT)
def test_the_word_that_a_remedy_offers_mends_the_sheet(sheet, name):
    old, new, *_ = MISTAKES[name]
    problems, text = sheet.change(old, new)
    words = [(one.field.rpartition(".")[2], one) for one in problems if "did you mean" in one.remedy]
    for field, problem in words:
        line = text.splitlines()[problem.line - 1]
        offered = re.search("did you mean '(.*?)'", problem.remedy)[1]
        named = re.search("'(.*?)'", problem.problem)
        wrong = named[1] if named else field
        text = text.replace(line, re.sub(rf"(?<![\w.]){wrong}(?!\w)", offered, line, count=1))
    assert words and sheet.problems(text) == []


def test_a_whole_and_a_broken_age_are_compared_too(sheet):
    problems, _ = sheet.change('"20-45", low: 20, high: 45', '"20.5-45", low: 20.5, high: 45')
    assert problems == []
    text = sheet.path.read_text().replace("age_min: ages.low", "age_min: gone")
    text = text.replace("ages.high", "ages.low")
    assert "study.age_max" in [problem.field for problem in sheet.problems(text)]


@pytest.mark.parametrize(("start", "end"), CASES["dates"])
def test_dates_that_do_not_run_backwards_pass_in_any_notation(sheet, start, end):
    text = sheet.write().read_text().replace("25 November 2024", start).replace("8 December 2025", end)
    assert sheet.problems(text) == []


@pytest.mark.parametrize(("printed", "value"), CASES["tokens"])
def test_a_number_is_found_in_its_token_in_the_usual_notations(sheet, printed, value):
    problems, _ = sheet.change('printed: "48 hours", value: 48', f'printed: "{printed}", value: {value}')
    assert [one for one in problems if "is not in the printed token" in one.problem] == []


def test_several_mistakes_are_all_listed_in_the_order_of_their_lines(sheet, line_of):
    text = sheet.write().read_text()
    for old, new, _ in CASES["several"]:
        text = text.replace(old, new)
    problems = sheet.problems(text)
    assert {field for *_, field in CASES["several"]} <= {problem.field for problem in problems}
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    with pytest.raises(SourceError) as caught:
        read_sheet(sheet.path)
    assert all(str(problem) in str(caught.value) for problem in problems)


@pytest.mark.parametrize(("old", "new", "token", "problem"), CASES["yaml"])
def test_what_yaml_has_and_a_sheet_has_no_use_for_is_refused_on_its_line(
    sheet, line_of, old, new, token, problem
):
    problems, text = sheet.change(old, new)
    (hit,) = [found for found in problems if problem in found.problem][:1]
    assert hit.remedy
    if token:
        assert hit.line == line_of(text, token)


def test_text_that_is_not_utf8_is_named_with_its_line(sheet):
    data = sheet.write().read_bytes().replace(b"format: article", b"format: artikel f\xfcr")
    (problem,) = sheet.problems(data)
    assert (problem.line, problem.problem, problem.remedy) == (6, "not UTF-8 text", "save the file as UTF-8")


def test_a_byte_order_mark_does_no_harm(sheet):
    assert sheet.problems(b"\xef\xbb\xbf" + sheet.write().read_bytes()) == []
    assert next(read_records(sheet.path)).studies[0]["study_id"] == "made2026"


NO_SHEET = [
    *[(text, "empty", "evidence new") for text in ("", "\n\n", "# only a remark\n")],
    *[(text, "not a study sheet", "") for text in ("- a\n- b\n", "just words\n", "12\n")],
    *[
        (text, "nested too deeply", "")
        for text in ("[" * 3000, "a: " + "{a: " * 500, f"a: {'[' * 60}{']' * 60}")
    ],
    (b"a: " + b"x" * 5_000_000, "bytes", ""),
]


@pytest.mark.parametrize(("text", "problem", "remedy"), NO_SHEET, ids=lambda part: str(part)[:20])
def test_a_text_that_is_no_sheet(sheet, text, problem, remedy):
    found = sheet.problems(text)[0]
    assert problem in found.problem and remedy in found.remedy


def test_a_missing_sheet_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_sheet(tmp_path / "nobody.yaml")


def test_an_alias_bomb_is_refused_at_its_first_alias(sheet):
    lines = [f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefgh")]
    bomb = "a: &a [x]\n" + "".join(lines)
    (problem,) = sheet.problems(bomb)
    assert (problem.line, "alias" in problem.problem) == (2, True)
