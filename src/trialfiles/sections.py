"""Sections of a source text: which heading rules over which characters, in each kind of document."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from trialfiles.forms import names_of, patterns_of
from trialfiles.registry_pages import ALIASES, IRCT_PARTS, MEDPATH_PARTS, irct_pieces, irct_places


@dataclass(frozen=True)
class Section:
    """A section: title, line of its heading, and the characters from its heading to its end.

    The title names the enclosing part first where a heading alone would be ambiguous, as in
    `Abstract: Results` or `Secondary outcomes 2: Timepoint`.
    """

    title: str
    line: int
    char_start: int
    char_end: int = -1  # of a heading that rules until the next one, before that is found


@dataclass(frozen=True)
class Line:
    """One line: its number (from 1), its first character, the one after its last, and its content."""

    number: int
    char_start: int
    char_end: int
    content: str

    @property
    def blank(self) -> bool:
        """Whether nothing but white space stands on the line."""
        return not self.content.strip()


def split_lines(text: str) -> list[Line]:
    r"""Return the lines of a text, without their ends.

    Only `\n` ends a line, as in editors and `grep -n`; a `\r` before it belongs to the line end. Other
    separators that `str.splitlines` honours (form feed, U+2028) would shift every line number.
    """
    lines, start = [], 0
    for number, content in enumerate(text.split("\n"), start=1):
        bare = content.removesuffix("\r")
        lines.append(Line(number, start, start + len(bare), bare))
        start += len(content) + 1
    return lines


def find_sections(lines: list[Line]) -> list[Section]:
    """Return the sections of a whole text, in order.

    A section ends where the next heading begins. Captions of tables and figures are sections of their own
    that end with their paragraph; what follows belongs to the section around them.
    """
    pages = ((is_medpath, medpath_headings), (is_irct, irct_headings), (is_jats, jats_headings))
    headings_of = next((headings for fits, headings in pages if fits(lines)), article_headings)
    found, following = [], lines[-1].char_end if lines else 0
    for heading in reversed(headings_of(lines)):
        if heading.char_end < 0:
            heading, following = replace(heading, char_end=following), heading.char_start
        found.append(heading)
    return found[::-1]


def main_sections(lines: list[Line]) -> list[Section]:
    """Return the main sections of an article, each with all that is below it, in order."""
    found = [part for part in find_sections(lines) if part.title.casefold() in MAIN_HEADINGS]
    ends = [*(part.char_start for part in found[1:]), lines[-1].char_end if lines else 0]
    return [replace(part, char_end=end) for part, end in zip(found, ends, strict=False)]


_NAMES = names_of("headings")
_SAID = patterns_of("headings", "patterns")
KNOWN_HEADINGS, MAIN_HEADINGS = frozenset(_NAMES["known"]), frozenset(_NAMES["main"])
ABSTRACTS = frozenset({"abstract", "summary"})
RUN_IN_ABSTRACT, RUN_IN_ANYWHERE = "|".join(_NAMES["in_abstract"]), "|".join(_NAMES["anywhere"])
_IN_ABSTRACT = re.compile(rf"\s*\**({RUN_IN_ABSTRACT})\**(?:[:.]\**)?\s+(?=[A-Z0-9])")
_ANYWHERE = re.compile(rf"\s*\**((?i:{RUN_IN_ANYWHERE}))\**(?:[:.]\**)?\s+(?=[A-Z0-9<*])")
_EDGES = "\ufeff\u00a0 \t\f*_"
# With its colon such a heading is one anywhere in a paragraph, when there is another one.
_WITH_COLON = re.compile(
    rf"(?:^|(?<=[.;)] ))\**(?P<name>(?i:{RUN_IN_ABSTRACT}|(?:Materials|Patients|Subjects) and Methods))"
    r"\**:\**\s+(?=[A-Z0-9])"
)


def article_headings(lines: list[Line]) -> list[Section]:
    """Return the headings and captions of an article, in order.

    A line is a heading when it is a known name, a markdown heading, or, after the first of these, a
    short line alone between blank lines that opens a paragraph. Headings that run into the paragraph of
    an abstract are titled `Abstract: Results`; so are `RESULTS: ...` and the like before any other heading,
    when there are two of them at least. No heading is looked for among references or authors.
    """
    headings: list[Section] = []
    top = ""
    labelled = sum(_WITH_COLON.match(line.content.lstrip(_EDGES)) is not None for line in lines) > 1
    for at, line in enumerate(lines):
        if line.blank:
            continue
        end = -1
        title, caption = _own_line(lines, at, top), _SAID["caption"].match(line.content)
        if title:
            top = title
        elif caption and _opens(lines, at):
            title, end = caption[1], _caption_end(lines, at)
        else:
            words = line.content.lstrip(_EDGES)
            found = list(_WITH_COLON.finditer(words)) if top.lower() in {"", *ABSTRACTS} else []
            if found and (top or len(found) > 1 or labelled):  # `Methods: ... Results: ...`
                for label in found:
                    place = line.char_end - len(words) + label.start()
                    headings.append(Section(f"{top or 'Abstract'}: {label['name']}", line.number, place))
                continue
            title = _run_in(lines, at, top)
        if title:
            headings.append(Section(title, line.number, line.char_start, end))
    return headings


def _own_line(lines: list[Line], at: int, top: str) -> str:
    """Return the title of a heading that has the line for itself, or ''."""
    content = lines[at].content
    marked = _SAID["markdown"].match(content) is not None
    words = content.strip(_EDGES).lstrip("# ").strip(_EDGES)
    if _SAID["spaced"].fullmatch(words):
        words = words.replace(" ", "")
    numbering = _SAID["numbering"].match(words)
    bare = (words[numbering.end() :] if numbering else words).rstrip(": ")
    if len(bare) > 120:
        return ""
    if marked or (bare.lower() in KNOWN_HEADINGS and bare[:1].isupper() and _follows_an_end(lines, at)):
        return bare
    closed = top.lower() in {"", "references", "bibliography", "about the authors"}
    return bare if not closed and _looks_like_heading(lines, at, bare) else ""


def _looks_like_heading(lines: list[Line], at: int, bare: str) -> bool:
    """Whether a line of unknown name has the shape and the place of a heading."""
    if not (3 < len(bare) <= 60 and bare[0].isupper() and len(bare.split()) <= 8):
        return False
    # A colon at the end introduces what follows; it does not name it.
    introduces = lines[at].content.rstrip("* ")[-1] in ".,;:?!)"
    if introduces or set("@,;|\t<>[]=%©") & set(bare) or _SAID["caption"].match(bare):
        return False
    # In capitals a heading needs no blank lines; a numbered line in capitals may be an item of a list.
    capitals = bare.isupper() and bare == lines[at].content.strip(_EDGES) and not re.search(r"[0-9.]", bare)
    if capitals and _follows_an_end(lines, at) and at + 1 < len(lines):
        return True
    if not (_opens(lines, at) and at + 1 < len(lines) and lines[at + 1].blank):
        return False
    following = next((line.content.strip() for line in lines[at + 1 :] if not line.blank), "")
    if _SAID["bullet"].match(following):
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
    if top.lower() in ABSTRACTS and (found := _IN_ABSTRACT.match(lines[at].content)):
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


def is_irct(lines: list[Line]) -> bool:
    """Whether the text is an IRCT protocol page: most of its parts stand alone on a line."""
    contents = {line.content.split("**")[0].strip() for line in lines}
    return sum(part in contents for part in IRCT_PARTS) >= 6


def irct_headings(lines: list[Line]) -> list[Section]:
    """Return the headings in order, each titled with its part, its entry number and its field."""
    headings: list[Section] = []
    part, entry = "", 0
    for line in lines:
        pieces = irct_pieces(line.content)
        places = irct_places([words for words, _ in pieces], part, entry)
        for (part, entry, field), (_, start) in zip(places, pieces, strict=False):
            title = f"{part} {entry or ''}".strip() + (f": {field}" if field else "")
            headings.append(Section(title, line.number, line.char_start + start))
    return headings


_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>abstract|sec|ack|ref-list|title|table-wrap|fig|label)\b(?P<rest>[^<>]{0,300})>"
)
_ANY_TAG = re.compile(r"<[^<>]{0,300}>")
_NAMED = {"abstract": "Abstract", "ref-list": "References", "ack": "Acknowledgements"}
_FLOATS = ("table-wrap", "fig")
_PARTS = (*_NAMED, "sec", *_FLOATS)


@dataclass
class _Part:
    """An open part: its tag, its place, and its title once that is known."""

    name: str
    line: int
    start: int
    title: str = ""


def is_jats(lines: list[Line]) -> bool:
    """Whether the text is XML with sections: an opening tag of one stands in its first thousand lines."""
    return any("<sec" in line.content or "<abstract" in line.content for line in lines[:1000])


def jats_headings(lines: list[Line]) -> list[Section]:
    """Return the headings in order; the part of an abstract is titled `Abstract: Results`."""
    headings: list[Section] = []
    parts: list[_Part] = []
    open_title = ""
    for line in lines:
        done = 0
        for tag in _TAG.finditer(line.content):
            before, done = line.content[done : tag.start()], tag.end()
            name, at = tag["name"], line.char_start + tag.start()
            if name in ("title", "label"):
                if tag["end"] and open_title == name and parts:
                    _entitle(parts, name, _plain(before), headings)
                open_title = "" if tag["end"] else name
            elif name in _PARTS and not tag["end"] and not tag["rest"].endswith("/"):
                parts.append(_Part(name, line.number, at, _NAMED.get(name, "")))
                if name in _NAMED:
                    headings.append(Section(_NAMED[name], line.number, at))
            elif tag["end"] and parts and parts[-1].name == name:
                part = parts.pop()
                if name in _FLOATS and part.title:
                    headings.append(Section(part.title, part.line, part.start, line.char_start + done))
    return sorted(headings, key=lambda heading: (heading.char_start, heading.char_end >= 0))


def _entitle(parts: list[_Part], tag: str, words: str, headings: list[Section]) -> None:
    """Give the innermost part its title: sections from `title`, tables and figures from `label`."""
    part = parts[-1]
    floats = part.name in _FLOATS
    if part.title or not words or floats != (tag == "label"):
        return
    part.title = words
    if not floats:
        in_abstract = any(outer.name == "abstract" for outer in parts[:-1])
        headings.append(Section(f"Abstract: {words}" if in_abstract else words, part.line, part.start))


def _plain(words: str) -> str:
    """Return a title without tags, entities, numbering and the colon after it."""
    plain = " ".join(html.unescape(_ANY_TAG.sub("", words)).split())
    return _SAID["jats_numbering"].sub("", plain).rstrip(": ")[:120]


def is_medpath(lines: list[Line]) -> bool:
    """Whether the text is a MedPath page: the site's name on top, or most of its headings."""
    contents = {line.content.strip() for line in lines}
    known = sum(part in contents for part in MEDPATH_PARTS)
    first = next((line.content.strip() for line in lines if not line.blank), "")
    return known >= 6 or (first == "MedPath" and known >= 3)


def medpath_headings(lines: list[Line]) -> list[Section]:
    """Return the headings in order; a field is titled with its part before it."""
    headings: list[Section] = []
    part = ""
    for line in lines:
        words = line.content.strip().lstrip("# ").strip()
        words = ALIASES.get(words, words)
        if words in MEDPATH_PARTS:
            part, title = words, words
        elif words in MEDPATH_PARTS.get(part, ()):
            title = f"{part}: {words}"
        else:
            continue
        headings.append(Section(title, line.number, line.char_start))
    return headings
