"""A study sheet with a mistake: every one is named with file, line, field, problem and remedy."""

from __future__ import annotations

import pytest

from helpers.sheets.read import read_records, read_sheet
from trialfiles import SourceError

# name: (old text, new text, token on the line that is to be named, field, words of the problem, of the remedy)
MISTAKES = {
    "missing field": ("  readers: 2\n", "", "extraction:", "extraction.readers", "missing", "add it"),
    "missing block": ("study:\n", "studio:\n", "study_sheet:", "study", "missing", "add it"),
    "wrong type": ("readers: 2", "readers: two", "readers: two", "extraction.readers", "integer", "whole number"),
    "number as text": ("value: 30,", 'value: "30",', 'value: "30"', "quantities[0].value", "number", "without quotes"),
    "text as number": ("format: article", "format: 12", "format: 12", "source.format", "string", "quotes"),
    "word outside the list": ("tier: core", "tier: center", "tier: center", "source.tier", "'core'", "one of"),
    "unknown field": ("  readers: 2", "  readres: 2", "readres", "extraction.readres", "unknown field", "'readers'"),
    "unknown field of a figure": ("sd: 6.5,", "std: 6.5,", "std: 6.5", "quantities[5].std", "unknown field", "'sd'"),
    "unknown top field": ("findings:", "finding:", "finding:", "finding", "unknown field", "'findings'"),
    "top field called literal": ("findings:", "literal:", "literal:", "literal", "unknown field", "known here"),
    "field name with a space": ("  - arm_id: control", "  - arm id: control", "arm id", "arms[1].arm id",
                                "unknown field", "'arm_id'"),
    "name that is no name": ("arm_id: control", "arm_id: con trol", "arm_id: con trol", "arms[1].arm_id", "pattern",
                             "letters"),
    "another study's name": ("study_id: made2026", "study_id: other", "study_id: other", "study_id", "file's name",
                             "name the file other.yaml"),
    "hash that is no hash": ("sha256: aa", "sha256: xy", "sha256: xy", "source.sha256", "pattern", "letters"),
    "document in another folder": ("document: made.txt", "document: ../made.txt", "../made.txt", "source.document",
                                   "pattern", "letters"),
    "repeated figure": ("{id: group,", "{id: people,", 'id: people, printed: "15"', "quantities[1].id", "stands twice",
                        "own name"),
    "repeated arm": ("arm_id: control", "arm_id: treated  # again", "# again", "arms[1].arm_id", "stands twice", "own name"),
    "repeated event": ("  - {arm: treated, term: redness, resolved: gone}",
                       "  - {arm: treated, term: redness}\n  - {arm: treated, term: redness }", "redness }",
                       "adverse_events[1].term", "stands twice", "one entry"),
    "percent over 100": ('"80%", value: 80,', '"180%", value: 180,', '"180%"', "quantities[6].value", "percent of 180",
                         "percent_change"),
    "p value over 1": ('"80%", value: 80, unit: percent, kind: percent', '"p 3", value: 3, kind: p_value', '"p 3"',
                       "quantities[6].value", "p value of 3", "0 and 1"),
    "SD below 0": ('"35 ± 6.5", value: 35, sd: 6.5', '"35 ± 6.5", value: 35, sd: -6.5', "sd: -6.5",
                   "quantities[5].sd", "greater than or equal to 0", "mend"),
    "SD below 0 as a value": ('"80%", value: 80, unit: percent, kind: percent', '"-8", value: -8, kind: sd', '"-8"',
                              "quantities[6].value", "standard deviation of -8", "never below 0"),
    "range backwards": ('"20-45", low: 20, high: 45', '"45-20", low: 45, high: 20', '"45-20"', "quantities[2].low",
                        "before it starts", "smaller value first"),
    "dates backwards": ('"8 December 2025"', '"8 December 2023"', "ends_on: end", "study.ends_on", "lies before",
                        "exchange"),
    "dates backwards in ISO": ('"8 December 2025"', '"2024-11-24"', "ends_on: end", "study.ends_on", "lies before",
                               "exchange"),
    "characters backwards": ("chars: [100, 102]", "chars: [102, 100]", "chars: [102", "quantities[0].at.chars",
                             "before it starts", "start, then end"),
    "characters below 0": ("chars: [100, 102]", "chars: [-2, 0]", "chars: [-2", "quantities[0].at.chars[0]",
                           "greater than or equal to 0", "mend"),
    "wrong number of characters": ("chars: [100, 102]", "chars: [100, 105]", "chars: [100", "quantities[0].at.chars",
                                   "spans 5 characters", "letter by letter"),
    "line 0": ("line: 4, chars", "line: 0, chars", "line: 0", "quantities[0].at.line", "greater", "mend"),
    "number not in the token": ('printed: "15", value: 15', 'printed: "15", value: 16', "value: 16",
                                "quantities[1].value", "16 is not in the printed token '15'", "number that is printed"),
    "SD not in the token": ("sd: 6.5", "sd: 6.4", "sd: 6.4", "quantities[5].sd", "6.4 is not in the printed token",
                            "number that is printed"),
    "number of a dotted date": ('"25 November 2024", kind', '"25.11.2024", value: 26, kind', '"25.11.2024"',
                                "quantities[3].value", "26 is not in the printed token", "number that is printed"),
    "not a number": ("value: 35", "value: .nan", "value: .nan", "quantities[5].value", "finite", "mend"),
    "no end": ("value: 35", "value: .inf", "value: .inf", "quantities[5].value", "finite", "mend"),
    "monstrous number": ('"80%", value: 80', f'"80%", value: {"9" * 400}', "9999", "quantities[6].value", "number",
                         "number"),
    "unknown concept of a figure": ("concept: sample_size", "concept: sample_sise", "sample_sise",
                                    "quantities[0].concept", "not in the vocabulary", "'sample_size'"),
    "design concept as an outcome": ("    concept: hair_density\n", "    concept: needle_length\n", "needle_length",
                                     "outcomes[0].concept", "not in the vocabulary", "use one of"),
    "unknown concept of a finding": ("concepts: [hair_density]", "concepts: [hair_densty]", "hair_densty",
                                     "findings[0].concepts[0]", "not an outcome", "'hair_density'"),
    "reference to nothing": ("n_enrolled: people", "n_enrolled: peple", "n_enrolled: peple", "study.n_enrolled",
                             "no quantity is called 'peple'", "'people'"),
    "reference to a part that is not there": ("sd: gain.sd", "sd: group.sd", "group.sd", "results[0].sd", "has no sd",
                                              "another quantity"),
    "reference to a figure without a value": ("n_enrolled: people", "n_enrolled: ages", "n_enrolled: ages",
                                              "study.n_enrolled", "has no value", ".low, .high"),
    "finding about nothing": ("quantities: [gain]", "quantities: [gian]", "[gian]", "findings[0].quantities[0]",
                              "no quantity", "'gain'"),
    "judgement on nothing": ("quantities: [people]", "quantities: [nobody]", "[nobody]",
                             "risk_of_bias.domains[0].quantities[0]", "no quantity", "use one of"),
    "arm that is not there": ("{arm: treated, term", "{arm: treatd, term", "treatd", "adverse_events[0].arm",
                              "no arm is called", "'treated'"),
    "people that are not whole": ("n_enrolled: people", "n_enrolled: gain.sd", "n_enrolled: gain.sd",
                                  "study.n_enrolled", "gain.sd is 6.5", "whole number of people"),
    "SD that is a share of people": ("percent: happy", "percent: gain.sd, p_value: gain", "p_value: gain",
                                     "results[1].p_value", "gain is 35", "p value"),
    "question that is none": ("topic: assessor_masking", "topic: masking", "topic: masking", "statements[0].topic",
                              "'assessor_masking'", "one of"),
    "answer that is none": ("says: none", "says: blind", "says: blind", "statements[0].says", "no answer to",
                            "'blinded'"),
    "statement about no outcome": ("about: hair_thickness", "about: hair_thicknes", "hair_thicknes,",
                                   "statements[1].about", "not an outcome", "'hair_thickness'"),
    "statement about nothing": ("about: hair_thickness, ", "", "id: thicker", "statements[1].about", "not said which",
                                "about:"),
    "repeated statement": ("id: thicker", "id: open", "id: open, topic: claim", "statements[1].id", "stands twice",
                           "own name"),
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


def test_the_sheet_that_is_broken_here_is_right(sheet):
    sheet.write()
    assert read_sheet(sheet.path).study_id == "made2026"


def test_ages_that_run_backwards_are_named_where_the_last_one_stands(sheet, line_of):
    problems, text = sheet.change(
        "age_min: ages.low\n  age_max: ages.high", "age_min: ages.high\n  age_max: ages.low"
    )
    assert [(one.field, one.line) for one in problems] == [("study.age_max", line_of(text, "age_max:"))]
    assert "lies before" in problems[0].problem


def test_a_whole_and_a_broken_age_are_compared_too(sheet):
    problems, _ = sheet.change('"20-45", low: 20, high: 45', '"20.5-45", low: 20.5, high: 45')
    assert problems == []
    text = (
        sheet.path.read_text().replace("age_min: ages.low", "age_min: gone").replace("ages.high", "ages.low")
    )
    assert "study.age_max" in [problem.field for problem in sheet.problems(text)]


def test_an_age_over_120_is_no_age(sheet):
    problems, _ = sheet.change('"20-45", low: 20, high: 45', '"20-450", low: 20, high: 450')
    assert [(one.field, "0 to 120" in one.remedy) for one in problems] == [("study.age_max", True)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("25 November 2024", "November 26, 2024"),
        ("November 2024", "25 November 2024"),
        ("2024-11-25", "2024-11"),
        ("25 Nov 2024", "2 Dec 2024"),
        ("winter of 2024", "1 January 1990"),
        ("25 November 2024", "25 November 2024"),
    ],
)
def test_dates_that_do_not_run_backwards_pass_in_any_notation(sheet, start, end):
    text = sheet.write().read_text().replace("25 November 2024", start).replace("8 December 2025", end)
    assert sheet.problems(text) == []


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1,200 people", 1200),
        ("3,5 mm", 3.5),
        ("5E8", 5e8),
        ("10 billion", 1e10),
        ("fell by 12", -12),
        ("12.10.2024", 10),
    ],
)
def test_a_number_is_found_in_its_token_in_the_usual_notations(sheet, printed, value):
    problems, _ = sheet.change('printed: "48 hours", value: 48', f'printed: "{printed}", value: {value}')
    assert [one for one in problems if "printed token" in one.problem] == []


def test_several_mistakes_are_all_listed_in_the_order_of_their_lines(sheet, line_of):
    text = sheet.write().read_text()
    for old, new in (
        ("tier: core", "tier: center"),
        ("readers: 2", "readres: 2"),
        ("{id: group,", "{id: people,"),
        ("value: 80", "value: 180"),
        ("resolved: gone", "resolved: nothing"),
        ("judgement: high", "judgement: !!str high"),
        ("reason: No method is given.", "reason: No method is given.\n      reason: Again."),
    ):
        text = text.replace(old, new)
    problems = sheet.problems(text)
    fields = [problem.field for problem in problems]
    for field in (
        "source.tier",
        "extraction.readers",
        "extraction.readres",
        "quantities[1].id",
        "quantities[6].value",
        "adverse_events[0].resolved",
        "!!str",
        "reason",
    ):
        assert field in fields
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    with pytest.raises(SourceError) as caught:
        read_sheet(sheet.path)
    assert all(str(problem) in str(caught.value) for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "token", "problem"),
    [
        ("  tier: core", "  tier: core\n  tier: published", "tier: published", "the key stands twice"),
        ("printed: \"30\", value", "printed: \"30\", printed: \"31\", value", "printed: \"31\"", "the key stands twice"),
        ("format: article", "format: !!python/object/apply:os.system [ls]", "!!python", "a YAML tag"),
        ("format: article", "format: !!str article", "!!str", "a YAML tag"),
        ("format: article", "format: !secret article", "!secret", "a YAML tag"),
        ("findings:", "findings: !!set", "!!set", "a YAML tag"),
        ("format: article", "format: &a article\n  citation: *a", "*a", "an alias"),
        ("format: article", "format: article\n\tcitation: x", "\tcitation", "cannot start any token"),
        ("format: article", "format: a: b", "format: a", "mapping values are not allowed"),
        ("format: article", "format: 'article", None, "end of stream"),
        ("format: article", "format: art\x07icle", "format: art", "a character that YAML does not allow (U+0007)"),
        ("  readers: 2", "  ? [a, b]\n  : 2", "? [a", "a field name that is no plain word"),
        ("risk_of_bias:", "---\nrisk_of_bias:", "---", "another document"),
        ("value: 30,", "value: 190:30:60:99_,", "value: 190", "number"),
    ],
)  # fmt: skip
def test_what_yaml_has_and_a_sheet_has_no_use_for_is_refused_on_its_line(
    sheet, line_of, old, new, token, problem
):
    problems, text = sheet.change(old, new)
    (hit,) = [found for found in problems if problem in found.problem][:1]
    assert hit.remedy
    if token:
        assert hit.line == line_of(text, token)


def test_a_tag_is_never_obeyed(sheet, tmp_path):
    trap = tmp_path / "trap"
    sheet.change(
        "format: article", f"format: !!python/object/apply:pathlib.Path.touch [!!python/name:{trap}]"
    )
    assert not trap.exists()


def test_text_that_is_not_utf8_is_named_with_its_line(sheet):
    data = sheet.write().read_bytes().replace(b"format: article", b"format: artikel f\xfcr")
    (problem,) = sheet.problems(data)
    assert (problem.line, problem.problem, problem.remedy) == (6, "not UTF-8 text", "save the file as UTF-8")


def test_a_byte_order_mark_does_no_harm(sheet):
    assert sheet.problems(b"\xef\xbb\xbf" + sheet.write().read_bytes()) == []
    assert next(read_records(sheet.path)).studies[0]["study_id"] == "made2026"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n"])
def test_an_empty_sheet_says_how_to_start(sheet, text):
    (problem,) = sheet.problems(text)
    assert "empty" in problem.problem
    assert "evidence new" in problem.remedy


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "12\n"])
def test_a_yaml_file_that_is_no_mapping_is_no_sheet(sheet, text):
    (problem,) = sheet.problems(text)
    assert problem.problem == "not a study sheet"


@pytest.mark.parametrize("text", ["[" * 3000, "a: " + "{a: " * 500, "study_sheet: " + "[" * 60 + "]" * 60])
def test_deep_nesting_ends_in_a_problem(sheet, text):
    assert "nested too deeply" in sheet.problems(text)[0].problem


def test_a_huge_sheet_is_refused_before_it_is_parsed(sheet):
    (problem,) = sheet.problems(b"a: " + b"x" * 5_000_000)
    assert "bytes" in problem.problem


def test_a_missing_sheet_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_sheet(tmp_path / "nobody.yaml")


def test_an_alias_bomb_is_refused_at_its_first_alias(sheet):
    bomb = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    (problem,) = sheet.problems(bomb)
    assert (problem.line, "alias" in problem.problem) == (2, True)


def test_an_id_that_is_a_list_is_named_and_crashes_nothing(sheet):
    problems, _ = sheet.change("{id: people,", "{id: [people],")
    assert any(problem.field.startswith("quantities[0].id") for problem in problems)
    problems, _ = sheet.change("mean: gain,", "mean: gain, minimum: [gain],")
    assert any(problem.field == "results[0].minimum" for problem in problems)
