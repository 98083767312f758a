"""Headings of the three kinds of page, in texts written for these tests."""

from helpers.documents import Document

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
