"""Headings of an article saved as text: known names first, then lines that look like a heading."""

from __future__ import annotations

import re

from helpers.documents.lines import Heading, Line

KNOWN = frozenset(
    """abstract|summary|keywords|key words|introduction|background|objective|objectives|aim|aims|purpose
    |results and discussion|discussion and conclusion|discussion and conclusions|conclusion and future work
|methods|method|materials and methods|material and methods|patients and methods|subjects and methods
    |methods and materials|study design|participants|patients|intervention|interventions|outcomes
    |outcome measures|statistical analysis|statistical methods|results|findings|discussion|limitations
    |strengths and limitations|conclusion|conclusions|case presentation|case report|case description
    |case series|case|cases|timeline|diagnostic assessment|therapeutic intervention|patient history
    |clinical findings|follow up|follow-up|follow-up and outcomes|follow up / outcome|adverse events|safety
    |patient perspective|informed consent|acknowledgements|acknowledgments|acknowledgement|funding
    |declaration|declarations|conflict of interest|conflicts of interest|competing interests|disclosure
    |disclosures|ethics|ethics approval|ethical approval|author contributions|authors' contributions
    |data availability|data availability statement|about the authors|references|bibliography
    |supplementary files|supplementary material|supplementary materials|appendix""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
ABSTRACTS = frozenset({"abstract", "summary"})
# Headings that run into their paragraph inside an abstract, as in "Results At the end ...".
RUN_IN_ABSTRACT = (
    "Background|Introduction|Objectives?|Aims?|Purpose|Study Design|Design|Setting|Patients|Participants|"
    "Materials and Methods|Patients and Methods|Methods?|Interventions?|Main Outcome Measures|Results?|"
    "Findings|Limitations|Conclusions?|Trial Registration|Registration"
)
RUN_IN_ANYWHERE = (
    "Level of Evidence|Keywords|Key words|Author Contributions|Authors' Contributions|Funding|"
    "Conflicts? of interest|Competing interests|Informed Consent|Human and Animals? (?:Participants|Rights)|"
    "Ethical Approval|Ethics Approval|Data Availability|Acknowledge?ments?|Publisher's Note"
)
_IN_ABSTRACT = re.compile(rf"\s*\**({RUN_IN_ABSTRACT})\**[:.]?\**\s+(?=[A-Z0-9])")
_ANYWHERE = re.compile(rf"\s*\**((?i:{RUN_IN_ANYWHERE}))\**[:.]?\**\s+(?=[A-Z0-9<*])")
_CAPTION = re.compile(
    r"\s*\**((?:Table|Tab\.|Figure|Fig\.?) ?[0-9]{1,3}[A-Z]?)\b(?![ ,]*(?:and|shows?|[0-9]))"
)
_NUMBERING = re.compile(r"(?:[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}\.?|[IVX]{1,4}\.)[ \t]+(?=[A-Z])")
_MARKDOWN = re.compile(r"\s*#{1,6}[ \t]+(?=\S)")
_BULLET = re.compile(r"\s*(?:[-*•][ \t]|[0-9]{1,2}[.)][ \t])")


_SPACED = re.compile(r"(?:[A-Z] ){3,}[A-Z]")
_EDGES = "\ufeff\u00a0 \t\f*_"
# With its colon such a heading is one anywhere in a paragraph, when there is another one.
_WITH_COLON = re.compile(
    rf"(?:^|(?<=[.;)] ))\**(?P<name>(?i:{RUN_IN_ABSTRACT}|(?:Materials|Patients|Subjects) and Methods))"
    r"\**:\**\s+(?=[A-Z0-9])"
)


def article_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings and captions of an article, in order.

    A line is a heading when it is a known name, a markdown heading, or, after the first of these, a
    short line alone between blank lines that opens a paragraph. Headings that run into the paragraph of
    an abstract are titled `Abstract: Results`; so are `RESULTS: ...` and the like before any other heading,
    when there are two of them at least. No heading is looked for among references or authors.
    """
    headings: list[Heading] = []
    top = ""
    labelled = sum(_WITH_COLON.match(line.content.lstrip(_EDGES)) is not None for line in lines) > 1
    for at, line in enumerate(lines):
        if line.blank:
            continue
        title = _own_line(lines, at, top)
        if title:
            top = title
            headings.append(Heading(title, line.number, line.char_start))
            continue
        caption = _CAPTION.match(line.content)
        if caption and _opens(lines, at):
            headings.append(Heading(caption[1], line.number, line.char_start, _caption_end(lines, at)))
            continue
        if top.lower() in {"", *ABSTRACTS}:
            found = _labels(line, top or "Abstract")
            if found and (top or len(found) > 1 or labelled):
                headings += found
                continue
        run_in = _run_in(lines, at, top)
        if run_in:
            headings.append(Heading(run_in, line.number, line.char_start))
    return headings


def _labels(line: Line, top: str) -> list[Heading]:
    """Return the headings with a colon in a line (`Methods: ... Results: ...`)."""
    words = line.content.lstrip(_EDGES)
    shift = line.char_end - len(words)
    return [
        Heading(f"{top}: {label['name']}", line.number, shift + label.start())
        for label in _WITH_COLON.finditer(words)
    ]


def _own_line(lines: list[Line], at: int, top: str) -> str:
    """Return the title of a heading that has the line for itself, or ''."""
    content = lines[at].content
    marked = _MARKDOWN.match(content) is not None
    words = content.strip(_EDGES).lstrip("# ").strip(_EDGES)
    if _SPACED.fullmatch(words):
        words = words.replace(" ", "")
    numbering = _NUMBERING.match(words)
    bare = (words[numbering.end() :] if numbering else words).rstrip(": ")
    if len(bare) > 120:
        return ""
    if marked or (bare.lower() in KNOWN and bare[:1].isupper() and _follows_an_end(lines, at)):
        return bare
    closed = top.lower() in {"", "references", "bibliography", "about the authors"}
    return bare if not closed and _looks_like_heading(lines, at, bare) else ""


def _looks_like_heading(lines: list[Line], at: int, bare: str) -> bool:
    """Whether a line of unknown name has the shape and the place of a heading."""
    if not (3 < len(bare) <= 60 and bare[0].isupper() and len(bare.split()) <= 8):
        return False
    # A colon at the end introduces what follows; it does not name it.
    if (
        lines[at].content.rstrip("* ")[-1] in ".,;:?!)"
        or any(mark in bare for mark in "@,;|\t<>[]=%©")
        or _CAPTION.match(bare)
    ):
        return False
    # In capitals a heading needs no blank lines; a numbered line in capitals may be an item of a list.
    capitals = bare.isupper() and bare == lines[at].content.strip(_EDGES) and not re.search(r"[0-9.]", bare)
    if capitals and _follows_an_end(lines, at) and at + 1 < len(lines):
        return True
    if not (_opens(lines, at) and at + 1 < len(lines) and lines[at + 1].blank):
        return False
    following = next((line.content.strip() for line in lines[at + 1 :] if not line.blank), "")
    if _BULLET.match(following):
        return True
    prose = len(following) >= 80 or following.endswith((".", ":"))
    return prose and not any(character.isdigit() for character in bare)


def _follows_an_end(lines: list[Line], at: int) -> bool:
    """Whether the text before a line is at an end: a blank line, the end of a sentence, a short line."""
    before = lines[at - 1].content.rstrip("\ufeff* \t") if at else ""
    return _opens(lines, at) or before.endswith((".", "?", "!", ":", "]", ")")) or len(before) < 60


def _opens(lines: list[Line], at: int) -> bool:
    """Whether a line begins a paragraph."""
    return at == 0 or lines[at - 1].blank


def _run_in(lines: list[Line], at: int, top: str) -> str:
    """Return the title of a heading that runs into its paragraph, or ''."""
    if not _opens(lines, at):
        return ""
    if top.lower() in ABSTRACTS:
        found = _IN_ABSTRACT.match(lines[at].content)
        if found:
            return f"{top}: {found[1]}"
    found = _ANYWHERE.match(lines[at].content)
    return found[1] if found else ""


def _caption_end(lines: list[Line], at: int) -> int:
    """Return where a caption's section ends: after its paragraph, or after the rows of its table."""
    last = _paragraph_end(lines, at)
    rows = last + 1
    while rows < len(lines) and lines[rows].blank:
        rows += 1
    if rows < len(lines) and ("\t" in lines[rows].content or lines[rows].content.lstrip().startswith("|")):
        last = _paragraph_end(lines, rows)
    return lines[last].char_end


def _paragraph_end(lines: list[Line], at: int) -> int:
    """Return the index of the last line of the paragraph that holds a line."""
    while at + 1 < len(lines) and not lines[at + 1].blank:
        at += 1
    return at
