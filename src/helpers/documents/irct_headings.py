"""Headings of an IRCT trial protocol page, saved as text: parts, numbered entries, fields."""

from __future__ import annotations

from helpers.documents.lines import Heading, Line

SUMMARY_FIELDS = (
    "Study aim",
    "Design",
    "Settings and conduct",
    "Participants/Inclusion and exclusion criteria",
    "Intervention groups",
    "Main outcome variables",
)
GENERAL_FIELDS = (
    "Reason for update",
    "Acronym",
    "IRCT registration information",
    "Registration date",
    "Registrant information",
    "Recruitment status",
    "Funding source",
    "Expected recruitment start date",
    "Expected recruitment end date",
    "Actual recruitment start date",
    "Actual recruitment end date",
    "Trial completion date",
    "Scientific title",
    "Public title",
    "Purpose",
    "Inclusion/Exclusion criteria",
    "Inclusion criteria",
    "Exclusion criteria",
    "Age",
    "Gender",
    "Phase",
    "Groups that have been masked",
    "Sample size",
    "Randomization (investigator's opinion)",
    "Randomization description",
    "Blinding (investigator's opinion)",
    "Blinding description",
    "Placebo",
    "Assignment",
    "Other design features",
)
ENTRY_FIELDS = (
    "Ethics committee",
    "Name of ethics committee",
    "Approval date",
    "Ethics committee reference number",
    "Description of health condition studied",
    "ICD-10 code",
    "ICD-10 code description",
    "Description",
    "Timepoint",
    "Method of measurement",
    "Category",
    "Recruitment center",
    "Sponsor",
    "Grant name",
    "Grant code / Reference number",
    "Title of funding source",
    "Proportion provided by this source",
    "Contact",
    "Street address",
    "City",
    "Province",
    "Country",
    "Postal code",
    "Phone",
    "Fax",
    "Email",
    "Web page address",
)
SHARING_FIELDS = (
    "Deidentified Individual Participant Data Set (IPD)",
    "Study Protocol",
    "Statistical Analysis Plan",
    "Informed Consent Form",
    "Clinical Study Report",
    "Analytic Code",
    "Data Dictionary",
    "Title and more details about the data/document",
    "When the data will become available",
    "To whom data/document is available",
    "Under which criteria data/document could be used",
    "From where data/document is obtainable",
    "What processes are involved",
)
# Known by their first words, which are title enough.
LONG_FIELDS = ("When the data will become available", "What processes are involved")
PARTS = {
    "Protocol summary": SUMMARY_FIELDS,
    "General information": GENERAL_FIELDS,
    "Secondary Ids": ENTRY_FIELDS,
    "Ethics committees": ENTRY_FIELDS,
    "Health conditions studied": ENTRY_FIELDS,
    "Primary outcomes": ENTRY_FIELDS,
    "Secondary outcomes": ENTRY_FIELDS,
    "Intervention groups": ENTRY_FIELDS,
    "Recruitment centers": ENTRY_FIELDS,
    "Sponsors / Funding sources": ENTRY_FIELDS,
    "Person responsible for general inquiries": ENTRY_FIELDS,
    "Person responsible for scientific inquiries": ENTRY_FIELDS,
    "Person responsible for updating data": ENTRY_FIELDS,
    "Sharing plan": SHARING_FIELDS,
    "Comments": (),
}


def is_irct(lines: list[Line]) -> bool:
    """Whether the text is an IRCT protocol page: most of its parts stand alone on a line."""
    contents = {line.content.split("**")[0].strip() for line in lines}
    return sum(part in contents for part in PARTS) >= 6


def irct_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings in order, each titled with its part, its entry number and its field.

    Bold headings may be fused on one line (`Blinding description**Placebo**`): a line counts as
    headings only when every piece of it is one, so that a bold value inside prose never does.
    """
    headings: list[Heading] = []
    part, entry, number = "", "", 0
    for line in lines:
        pieces = _pieces(line)
        if not pieces or not all(_known(words, part) for words, _ in pieces):
            continue
        # A number alone is an entry's only when entries are counted here and it is the next one.
        following = str(number + 1) if PARTS.get(part) == ENTRY_FIELDS else ""
        if len(pieces) == 1 and pieces[0][0].isdecimal() and pieces[0][0] != following:
            continue
        for words, start in pieces:
            if words.isdecimal():
                number, entry = int(words), f" {words}"
                title = f"{part}{entry}"
            elif words in PARTS and not (words in PARTS.get(part, ()) and part == "Protocol summary"):
                part, entry, number, title = words, "", 0, words
            else:
                title = f"{part}{entry}: {words}"
            headings.append(Heading(title, line.number, start))
    return headings


def _pieces(line: Line) -> list[tuple[str, int]]:
    """Return the parts of a line between bold marks, each with its offset; end colons are dropped."""
    pieces, at = [], line.char_start
    for piece in line.content.split("**"):
        words = piece.strip().lstrip("# ").rstrip(": ")
        words = next((short for short in LONG_FIELDS if words.startswith(short)), words)
        if words:
            pieces.append((words, at + len(piece) - len(piece.lstrip())))
        at += len(piece) + 2
    return pieces


def _known(words: str, part: str) -> bool:
    """Whether the words are a part, a field of the present part, or a number of an entry in it."""
    if words in PARTS or words in PARTS.get(part, ()):
        return True
    # "Primary outcomes**1****Description**" names its part on the same line, hence any entry field.
    return (
        words in ENTRY_FIELDS
        and part not in ("", "Protocol summary")
        or words.isdecimal()
        and words.isascii()
        and len(words) < 3
    )
