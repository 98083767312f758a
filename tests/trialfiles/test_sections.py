"""Headings of the three kinds of page, in texts written for these tests."""

import pytest

from helpers.places import Document

ARTICLE = """A study of something

Abstract

Background Hair falls. Some of it returns.

Results At the end it was 12 hairs.

Keywords Hair; scalp

1. Introduction

Words of introduction stand here.

Patient selection

Patients came to the clinic on foot, and they were asked whether they would stay for the study.

Table 1 Counts of hairs

Time\tGroup
Baseline\t80 ± 10

A paragraph after the table, which is not part of it, and which is long enough to be prose.

Month 3 – after two sessions

- more hair

### Discussion

It worked.

References

1. Smith A. Hair. J Hair. 2020;1(1):1–2.

Some Words In Title Case

- still a reference list
"""

TRIAL_PAGE = """MedPath

Some trial
Phase 2
Conditions
Hair Loss
Registration Number
NCT00000000
Brief Summary

Words.

Recruitment & Eligibility

Target Recruitment
40
Study & Design
Primary Outcome Measures
NameTimeMethod
"""

PROTOCOL = """Protocol summary

Intervention groups

Two groups.

General information

Recruitment status

recruiting

Exclusion criteria:**Age**

From **20 years** old

Secondary Ids

empty

Ethics committees**1****Ethics committee**

A committee

Primary outcomes**1****Description**

Density

Timepoint

3 months

Secondary outcomes

1

Description

first

2

Description

second

7

Intervention groups

1

Description

A group with **bold words** in it

Recruitment centers

Sharing plan

Comments
"""


def at(text: str, words: str) -> str:
    """Return the section of the first occurrence of some words."""
    return Document("a", text, "").section_of(text.index(words))


def test_article_sections():
    assert at(ARTICLE, "A study") == ""
    assert at(ARTICLE, "Hair falls") == "Abstract: Background"
    assert at(ARTICLE, "12 hairs") == "Abstract: Results"
    assert at(ARTICLE, "scalp") == "Keywords"
    assert at(ARTICLE, "Words of intro") == "Introduction"
    assert at(ARTICLE, "on foot") == "Patient selection"
    assert at(ARTICLE, "more hair") == "Month 3 – after two sessions"
    assert at(ARTICLE, "It worked") == "Discussion"
    assert at(ARTICLE, "still a reference") == "References"


def test_caption_rules_its_table_only():
    assert at(ARTICLE, "80 ± 10") == "Table 1"
    assert at(ARTICLE, "not part of it") == "Patient selection"


def test_trial_page_sections():
    assert at(TRIAL_PAGE, "Phase 2") == ""
    assert at(TRIAL_PAGE, "NCT0") == "Registration Number"
    assert at(TRIAL_PAGE, "40") == "Recruitment & Eligibility: Target Recruitment"
    assert at(TRIAL_PAGE, "NameTime") == "Study & Design: Primary Outcome Measures"


def test_protocol_sections():
    assert at(PROTOCOL, "Two groups") == "Protocol summary: Intervention groups"
    assert at(PROTOCOL, "20 years") == "General information: Age"
    assert at(PROTOCOL, "A committee") == "Ethics committees 1: Ethics committee"
    assert at(PROTOCOL, "Density") == "Primary outcomes 1: Description"
    assert at(PROTOCOL, "3 months") == "Primary outcomes 1: Timepoint"
    assert at(PROTOCOL, "first") == "Secondary outcomes 1: Description"
    assert at(PROTOCOL, "second") == "Secondary outcomes 2: Description"
    assert at(PROTOCOL, "7") == "Secondary outcomes 2: Description"
    assert at(PROTOCOL, "bold words") == "Intervention groups 1: Description"


def test_sections_cover_the_text_in_order():
    for text in (ARTICLE, TRIAL_PAGE, PROTOCOL):
        document = Document("a", text, "")
        starts = [section.char_start for section in document.sections]
        assert starts == sorted(starts)
        assert all(section.line == document.line_of(section.char_start) for section in document.sections)
        assert document.sections[-1].char_end == len(text)


PLAIN = {
    "byte order mark, carriage returns, numbers": (
        "\ufeffAbstract\r\n\r\nWords.\r\n\r\n1. Introduction\r\n\r\nMore.\r\n\r\n2. MATERIALS AND METHODS\r\n\r\n"
        "2.1. Patients\r\n\r\nPeople came.\r\n\r\n3. RESULTS\r\n\r\nIt was 5%.\r\n",
        ["Abstract", "Introduction", "MATERIALS AND METHODS", "Patients", "RESULTS"],
    ),
    "capitals without blank lines": (
        "A title of a paper\nA. Author, B. Author\nABSTRACT\nWe did a thing.\nMETHODS\nSTUDY POPULATION\n"
        "We asked many people.\nRESULTS\nThe density rose.\nREFERENCES\n1. Doe J. Hair.\n",
        ["ABSTRACT", "METHODS", "STUDY POPULATION", "RESULTS", "REFERENCES"],
    ),
    "labels with a colon": (
        "BACKGROUND: Hair falls.\nMETHODS: We counted it.\nRESULTS: It was 80 ± 10.\n",
        ["Abstract: BACKGROUND", "Abstract: METHODS", "Abstract: RESULTS"],
    ),
    "labels in one paragraph": (
        "Objective: Hair. Methods: We counted it in 20 men. Results: It was 80 ± 10. Conclusion: Good.",
        ["Abstract: Objective", "Abstract: Methods", "Abstract: Results", "Abstract: Conclusion"],
    ),
    "form feeds": (
        "Title\n\n\fResults\n\nIt was good.\n\n\fDiscussion\n\nIt was.\n",
        ["Results", "Discussion"],
    ),
    "spaced letters": ("R E S U L T S\n\nIt was.\n", ["RESULTS"]),
    "Roman numbers": (
        "I. INTRODUCTION\n\nwords\n\nII. METHODS\n\nwords\n\nIII. RESULTS\n\nIt was.\n",
        ["INTRODUCTION", "METHODS", "RESULTS"],
    ),
    "markdown": (
        "# Title\n\n## 3 Results\n\nIt was\n\n**Discussion**\n\nWell.",
        ["Title", "Results", "Discussion"],
    ),
    "one label is a word": ("Results: the same as ever, and no heading.", []),
    "a list in capitals is no heading": ("Methods\n\nWe made:\n1. JATS XML\n2. TEI XML\n", ["Methods"]),
    "prose": ("Just words without any heading.\nResults were good in 5 of 6 patients.\n", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "titles"), PLAIN.values(), ids=PLAIN.keys())
def test_plain_articles(text, titles):
    document = Document("a", text, "")
    assert [section.title for section in document.sections] == titles
    for section in document.sections:
        word = section.title.rpartition(": ")[2].split()[0]
        line = text[section.char_start :].strip().partition("\n")[0].replace(" ", "")
        assert word in line and document.line_of(section.char_start) == section.line


JATS = """<article><front><abstract><sec><title>Background:</title><p>Hair.</p></sec><sec>
<title>Results:</title><p>It was 5%.</p></sec></abstract></front><body><sec id="s1"><title>1. Intro&#x000ad;duction</title>
<p>Words.</p></sec><sec><title>2. <italic>Results</italic></title><p>It was 6%.</p>
<table-wrap id="t1"><label>Table 1</label><caption><title>Counts</title></caption><td>7</td></table-wrap>
<p>It was 8%.</p><sec><title/><p>It was 9%.</p></sec></sec></body><back><ref-list><title>Literature</title>
<ref>10</ref></ref-list></back></article>"""


def test_jats_sections():
    titles = {words: at(JATS, words) for words in ("Hair.", "5%", "Words.", "6%", ">7<", "8%", "9%", ">10<")}
    assert titles == {
        "Hair.": "Abstract: Background",
        "5%": "Abstract: Results",
        "Words.": "Intro\u00adduction",
        "6%": "Results",
        ">7<": "Table 1",
        "8%": "Results",
        "9%": "Results",
        ">10<": "References",
    }
