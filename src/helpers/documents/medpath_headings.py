"""Headings of a MedPath trial page, saved as text: a fixed vocabulary, one heading a line."""

from __future__ import annotations

from helpers.documents.lines import Heading, Line

# Parts, and the fields inside each; a part without fields holds its text directly.
PARTS = {
    "Conditions": (),
    "Interventions": (),
    "Registration Number": (),
    "Lead Sponsor": (),
    "Brief Summary": (),
    "Detailed Description": (),
    "Recruitment & Eligibility": (
        "Status",
        "Sex",
        "Target Recruitment",
        "Inclusion Criteria",
        "Exclusion Criteria",
    ),
    "Study & Design": (
        "Study Type",
        "Study Design",
        "Arm && Interventions",
        "Primary Outcome Measures",
        "Secondary Outcome Measures",
    ),
    "Trial Locations": ("Contact",),
}
ALIASES = {"Arm & Interventions": "Arm && Interventions"}


def is_medpath(lines: list[Line]) -> bool:
    """Whether the text is a MedPath page: the site's name on top, or most of its headings."""
    contents = {line.content.strip() for line in lines}
    known = sum(part in contents for part in PARTS)
    first = next((line.content.strip() for line in lines if not line.blank), "")
    return known >= 6 or (first == "MedPath" and known >= 3)


def medpath_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings in order; a field is titled with its part before it."""
    headings: list[Heading] = []
    part = ""
    for line in lines:
        words = line.content.strip().lstrip("# ").strip()
        words = ALIASES.get(words, words)
        if words in PARTS:
            part, title = words, words
        elif words in PARTS.get(part, ()):
            title = f"{part}: {words}"
        else:
            continue
        headings.append(Heading(title, line.number, line.char_start))
    return headings
