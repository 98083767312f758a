"""An article as text with known places: title, abstract, sections, tables; from JATS XML or plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from helpers.sources.article_grid import Grid, cell_text, read_grid
from helpers.sources.record import Problem, SourceError
from helpers.sources.source_text import read_text
from helpers.sources.xml_safety import parse_xml

_LICENCE = re.compile(
    r"creativecommons\.org/(licenses/[\w-]+/[\d.]+|publicdomain/zero/[\d.]+)", re.IGNORECASE
)
_SKIPPED = ("table-wrap", "fig", "ref-list", "fn-group", "disp-formula", "supplementary-material", "graphic")
_DOI = re.compile(r"\b10\.\d{4,9}/[-._;()/:A-Za-z0-9]+[A-Za-z0-9]")
_HEADING = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?(abstract|introduction|background|results|discussion|conclusions?|"
    r"(?:materials? and |patients and )?methods?|case (?:report|presentation|series|description)s?(?: \d+)?|"
    r"references|limitations|acknowledge?ments?|funding|conflicts? of interest|statistical analysis|"
    r"outcome measures|supplementary (?:files|materials?)|about the authors)\s*:?$",
    re.IGNORECASE,
)


@dataclass
class Article:
    """An article; `text` is its rendering, in which every token keeps its place.

    `sections` holds title, first character and character after the last of each part of the text;
    `tables` the grids, whose cells know their places.
    """

    title: str
    text: str = ""
    doi: str | None = None
    pmid: str | None = None
    year: str | None = None
    journal: str | None = None
    authors: list[str] = field(default_factory=list)
    licence: str | None = None
    abstract: str = ""
    sections: list[tuple[str, int, int]] = field(default_factory=list)
    tables: list[Grid] = field(default_factory=list)

    def section_at(self, offset: int) -> str | None:
        """Return the title of the innermost section that holds a character."""
        holding = [(end - start, title) for title, start, end in self.sections if start <= offset < end]
        return min(holding)[1] if holding else None

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, of a character."""
        return self.text.count("\n", 0, offset) + 1

    @property
    def citation(self) -> str:
        """First author, title, journal and year, as far as stated."""
        first = f"{self.authors[0]}{' et al.' if len(self.authors) > 1 else ''}. " if self.authors else ""
        return f"{first}{self.title}. {self.journal or ''} {self.year or ''}".strip()


def read_jats(path: Path) -> list[Article]:
    """Read the articles of a JATS file, nearly always one.

    Raises
    ------
    SourceError
        For broken or hostile XML, or an article without a title.
    """
    root = parse_xml(path, doctype=True)
    found = [element for element in root.iter() if _name(element) == "article"]
    articles = [_article(element) for element in found]
    if not articles or not all(article.title for article in articles):
        raise SourceError(Problem(str(path), None, "article-title", "no title", "download the article again"))
    return articles


def read_plain(path: Path) -> list[Article]:
    """Read an article saved as text: title from its first lines, sections from their headings."""
    text = read_text(path)
    lines = text.split("\n")
    first = next((line.strip(" #*") for line in lines if len(line.split()) >= 3), "")
    article = Article(title=first[:300], text=text)
    if not first:
        raise SourceError(Problem(str(path), 1, "title", "no title", "put the title on the first line"))
    doi = _DOI.search(text[:5000])
    article.doi = doi.group() if doi else None
    licence = _LICENCE.search(text)
    article.licence = licence.group(1).lower() if licence else None
    starts, at = [], 0
    for line in lines:
        words = line.strip(" #*_\t")
        if _HEADING.match(words):
            starts.append((words.rstrip(":"), at))
        at += len(line) + 1
    ends = [start for _, start in starts[1:]] + [len(text)]
    article.sections = [(name, start, end) for (name, start), end in zip(starts, ends, strict=False)]
    abstract = next((part for part in article.sections if part[0].lower() == "abstract"), None)
    article.abstract = text[abstract[1] : abstract[2]].partition("\n")[2].strip() if abstract else ""
    return [article]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _article(root: Element) -> Article:
    front = next((element for element in root if _name(element) == "front"), root)

    def first(name: str, **attributes: str) -> str | None:
        for element in front.iter():
            if _name(element) == name and all(element.get(key) == value for key, value in attributes.items()):
                return cell_text(element) or None
        return None

    article = Article(title=first("article-title") or "")
    article.doi = first("article-id", **{"pub-id-type": "doi"})
    article.pmid = first("article-id", **{"pub-id-type": "pmid"})
    article.journal, article.year = first("journal-title"), first("year")
    for name in (element for element in front.iter() if _name(element) == "contrib"):
        parts = {_name(part): cell_text(part) for part in name.iter()}
        if parts.get("surname"):
            article.authors.append(f"{parts['surname']} {parts.get('given-names', '')}".strip())
    article.licence = _licence(front)
    writer = _Writer(article)
    writer.line(article.title)
    for element in front.iter():
        if _name(element) == "abstract" and not element.get("abstract-type"):
            start = len(article.text)
            writer.part(element, "Abstract")
            article.abstract = article.text[start:].partition("\n")[2].strip()
            break
    for name in ("body", "floats-group", "back"):
        for element in (child for child in root if _name(child) == name):
            writer.blocks(element, "")
    return article


def _licence(front: Element) -> str | None:
    """Return the licence's path at Creative Commons, from its link or its words."""
    for element in front.iter():
        if _name(element) == "license":
            said = " ".join([*element.attrib.values(), *element.itertext()])
            found = _LICENCE.search(said) or _LICENCE.search(
                " ".join(value for child in element.iter() for value in child.attrib.values())
            )
            return found.group(1).lower() if found else cell_text(element)[:200] or None
    return None


class _Writer:
    """Writes an article's blocks one below the other and notes where each begins and ends."""

    def __init__(self, article: Article):
        self.article = article

    def line(self, words: str) -> None:
        if words:
            self.article.text += words + "\n"

    def part(self, element: Element, title: str) -> None:
        start = len(self.article.text)
        self.line(title)
        self.blocks(element, title)
        self.article.sections.append((title or "text", start, len(self.article.text)))

    def blocks(self, element: Element, above: str) -> None:
        for child in element:
            name = _name(child)
            if name in ("sec", "app"):
                own = next((cell_text(part) for part in child if _name(part) == "title"), "")
                self.part(child, own or above)
            elif name == "p":
                self.line(cell_text(child, skip=_SKIPPED))
                for inner in child.iter():
                    if _name(inner) == "table-wrap":
                        self.table(inner)
            elif name == "table-wrap":
                self.table(child)
            elif name in ("list", "list-item", "boxed-text", "disp-quote", "table-wrap-group", "app-group"):
                self.blocks(child, above)

    def table(self, wrap: Element) -> None:
        """Write a table as lines with tabs between its cells."""
        parts = {_name(part): part for part in wrap}
        label = cell_text(parts["label"]) if "label" in parts else f"Table {len(self.article.tables) + 1}"
        caption = cell_text(parts["caption"]) if "caption" in parts else ""
        foot = cell_text(parts["table-wrap-foot"]) if "table-wrap-foot" in parts else ""
        start = len(self.article.text)
        self.line(f"{label}. {caption}")
        for table in (element for element in wrap.iter() if _name(element) == "table"):
            grid = read_grid(table, label, caption, foot)
            for row in grid.rows:
                for cell in dict.fromkeys(row.cells):
                    cell.start = len(self.article.text)
                    self.article.text += cell.text + "\t"
                self.article.text = self.article.text.removesuffix("\t") + "\n"
            self.article.tables.append(grid)
        self.line(foot)
        self.article.sections.append((label, start, len(self.article.text)))
