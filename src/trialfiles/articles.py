"""Articles: JATS XML and plain text, with proposals of what they report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from trialfiles.article_figures import ArticleFigure, grid_figures
from trialfiles.article_tables import Grid, element_text, read_article_grid
from trialfiles.citations import Reference, reference_of
from trialfiles.forms import patterns_of
from trialfiles.record import Problem, Row, SourceRecord, refusal, stated_source
from trialfiles.sections import find_sections, split_lines
from trialfiles.text import local_name, name_apart, parse_xml, read_page, slug, without_contacts
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_SKIPPED = ("table-wrap", "fig", "ref-list", "fn-group", "disp-formula", "supplementary-material", "graphic")
_SAID = patterns_of("printed", "article")


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
    unread: list[str] = field(default_factory=list)

    def section_at(self, offset: int) -> str | None:
        """Return the title of the innermost section that holds a character."""
        holding = [(end - start, title) for title, start, end in self.sections if start <= offset < end]
        return min(holding)[1] if holding else None

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, of a character."""
        return self.text.count("\n", 0, offset) + 1

    @property
    def reference(self) -> Reference:
        """The article as it is cited."""
        names = ("title", "authors", "year", "journal", "doi", "pmid")
        return reference_of(**{name: getattr(self, name) for name in names})


def read_jats(path: Path) -> list[Article]:
    """Read the articles of a JATS file, nearly always one.

    Raises
    ------
    SourceError
        For broken or hostile XML, or an article without a title.
    """
    root = parse_xml(path, doctype=True)
    found = [element for element in root.iter() if local_name(element) == "article"]
    articles = [_article(element) for element in found]
    if not articles or not all(article.title for article in articles):
        raise refusal(path, None, "article-title", "no title", "download the article again")
    return articles


def read_plain(path: Path) -> list[Article]:
    """Read an article saved as text: title from its first lines, sections from their headings."""
    text = read_page(path)
    first = next((line.strip(" #*") for line in text.split("\n") if len(line.split()) >= 3), "")
    article = Article(title=first[:300], text=text)
    if not first:
        raise refusal(path, 1, "title", "no title", "put the title on the first line")
    describe_text(article)
    return [article]


def describe_text(article: Article) -> None:
    """Fill in what an article's text tells: DOI, licence, abstract, and sections by their headings."""
    text = article.text
    head = _SAID["cited"].split(text[:5000], maxsplit=1)[0]  # those behind are of cited works
    doi = _SAID["doi"].search(head)
    article.doi = doi.group() if doi else None
    licence = _SAID["licence"].search(text)
    article.licence = licence.group(1).lower() if licence else None
    tables = {title for title, *_ in article.sections}
    found = [part for part in find_sections(split_lines(text)) if part.title not in tables]
    article.sections += [(part.title, part.char_start, part.char_end) for part in found]
    article.sections.sort(key=lambda part: (part[1], -part[2]))
    abstract = [part for part in found if part.title.partition(":")[0].lower() == "abstract"]
    words = text[abstract[0].char_start : abstract[-1].char_end] if abstract else ""
    article.abstract = words.partition("\n")[2].strip()


def _article(root: Element) -> Article:
    front = next((element for element in root if local_name(element) == "front"), root)

    def first(name: str, **attributes: str) -> str | None:
        for element in front.iter():
            if local_name(element) == name and attributes.items() <= element.attrib.items():
                return element_text(element) or None
        return None

    article = Article(title=first("article-title") or "")
    article.doi = first("article-id", **{"pub-id-type": "doi"})
    article.pmid = first("article-id", **{"pub-id-type": "pmid"})
    article.journal, article.year = first("journal-title"), first("year")
    for name in (element for element in front.iter() if local_name(element) == "contrib"):
        parts = {local_name(part): element_text(part) for part in name.iter()}
        if parts.get("surname"):
            article.authors.append(", ".join(filter(None, map(parts.get, ("surname", "given-names")))))
    article.licence = _licence(front)
    writer = _Writer(article)
    writer.line(article.title)
    for element in front.iter():
        kind = (element.get("abstract-type") or "").lower()
        if local_name(element) == "abstract" and not _SAID["other_abstracts"].search(kind):
            start = len(article.text)
            writer.part(element, "Abstract")
            article.abstract = article.text[start:].partition("\n")[2].strip()
            break
    for part in ("body", "floats-group", "back"):
        for element in (child for child in root if local_name(child) == part):
            writer.blocks(element, "")
    article.sections.sort(key=lambda part: (part[1], -part[2]))
    return article


def _licence(front: Element) -> str | None:
    """Return the licence's path at Creative Commons, from its link or its words."""
    for element in front.iter():
        if local_name(element) == "license":
            links = (value for child in element.iter() for value in child.attrib.values())
            words = [*element.attrib.values(), *element.itertext()]
            found = _SAID["licence"].search(" ".join(words)) or _SAID["licence"].search(" ".join(links))
            return found.group(1).lower() if found else element_text(element)[:200] or None
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
            name = local_name(child)
            if name in ("sec", "app"):
                own = next((element_text(part) for part in child if local_name(part) == "title"), "")
                self.part(child, own or above)
            elif name == "p":
                self.line(element_text(child, skip=_SKIPPED))
                for inner in child.iter():
                    if local_name(inner) == "table-wrap":
                        self.table(inner)
            elif name == "table-wrap":
                self.table(child)
            elif name in ("list", "list-item", "boxed-text", "disp-quote", "table-wrap-group", "app-group"):
                self.blocks(child, above)

    def table(self, wrap: Element) -> None:
        """Write a table as lines with tabs between its cells."""
        parts = {local_name(part): part for part in wrap}
        said = {name: element_text(part) for name, part in parts.items() if name != "table"}
        label = said.get("label", f"Table {len(self.article.tables) + 1}")
        caption, foot = said.get("caption", ""), said.get("table-wrap-foot", "")
        tables = [element for element in wrap.iter() if local_name(element) == "table"]
        self.article.unread += [] if tables else [label]
        grids = [read_article_grid(table, label, caption, foot) for table in tables]
        write_grids(self.article, label, caption, grids, f"{foot}\n" if foot else "")


def write_grids(article: Article, label: str, caption: str, grids: list[Grid], below: str) -> None:
    """Write a table at the end of an article's text, with tabs between its cells and its foot `below`."""
    start = len(article.text)
    article.text += f"{label}. {caption}\n"
    for row in (row for grid in grids for row in grid.rows):
        for cell in dict.fromkeys(row.cells):
            cell.start = len(article.text)
            article.text += cell.text + "\t"
        article.text = article.text.removesuffix("\t") + "\n"
    article.text += below
    article.tables += grids
    article.sections.append((label, start, len(article.text)))


_KINDS = {"mean_se": "other", "mean_ci": "other", "pair": "other", "ci": "other"}


def read_jats_records(path: Path, vocabulary: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
    """Yield one record an article of a JATS file."""
    for article in read_jats(path):
        record = article_record(article, "article, JATS XML", vocabulary)
        problem, remedy = "a table without cells, such as a picture", "type its figures into a table"
        record.unread = [Problem(str(path), None, label, problem, remedy) for label in article.unread]
        yield record


def read_text_records(path: Path, vocabulary: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
    """Yield the record of an article saved as plain text."""
    for article in read_plain(path):
        yield article_record(article, "article, plain text", vocabulary)


def article_record(article: Article, form: str, vocabulary: Vocabulary) -> SourceRecord:
    """Return an article's rows. Its figures are located quantities; no result is made of them.

    A person makes results of them, by confirming them in the study sheet that `evidence add` writes.
    """
    study_id = study_name(article)
    figures = grid_figures(article.tables, vocabulary)
    arms = article_arms(study_id, figures, vocabulary)
    names = {arm["label"]: arm["arm_id"] for arm in arms}
    known: Row = {"citation": article.reference.citation, "doi": article.doi, "licence": article.licence}
    access = "full text" if article.sections else "abstract"
    return SourceRecord(
        sources=[stated_source(study_id, form, **known, access=access)],
        studies=[{"study_id": study_id, "title": article.title[:2000]}],
        arms=arms,
        quantities=[
            figure_row(article, study_id, figure, number, names)
            | {"concept": vocabulary.row_concept(figure.measure, figure.caption)}
            for number, figure in enumerate(figures, start=1)
        ],
        tables=[
            {
                "study_id": study_id, "label": grid.label, "caption": grid.caption, "foot": grid.foot,
                "rows": [line.texts for line in grid.rows],
            }
            for grid in article.tables
        ],
        sections=[
            {"study_id": study_id, "title": title, "text": without_contacts(body.strip())}
            for title, start, end in article.sections
            for body in [article.text[start:end].partition("\n")[2]]
        ],
    )  # fmt: skip


def study_name(article: Article) -> str:
    """Return a name for an article's study: first author and year, else the first words of its title."""
    first = unicodedata.normalize("NFKD", article.authors[0].split(" ")[0].lower()) if article.authors else ""
    author = re.sub(r"[^a-z]", "", first)
    if author and article.year and article.year.isdecimal():
        return f"{author[:40]}{article.year}"
    return slug(article.title).strip("_") or "article"


def article_arms(study_id: str, figures: list[ArticleFigure], vocabulary: Vocabulary) -> list[Row]:
    """Return the groups that the tables name, with their sizes where these agree."""
    sizes: dict[str, set[int]] = {}
    for figure in figures:
        if figure.arm and figure.value.kind != "p_value":
            sizes.setdefault(figure.arm, set()).update([figure.arm_n] if figure.arm_n else [])
    rows = [
        {
            "study_id": study_id, "arm_id": slug(label), "role": vocabulary.role(label), "label": label,
            "n": next(iter(known)) if len(known) == 1 else None,
        }
        for label, known in sizes.items()
    ]  # fmt: skip
    return name_apart(rows, "arm_id")


def figure_row(
    article: Article, study_id: str, figure: ArticleFigure, number: int, arms: dict[str, str]
) -> Row:
    """Return a figure as a row of `quantities`, with its place in the article's text."""
    value = figure.value
    said = "; mean with standard error" if value.kind == "mean_se" else ""
    said += "; mean with its confidence interval" if value.kind == "mean_ci" else ""
    said += f"; {figure.assumed}" if figure.assumed else ""
    return {
        "quantity_id": f"{study_id}.t{number}",
        "study_id": study_id,
        "source_id": study_id,
        "printed": value.printed,
        "value": value.value,
        "value_low": value.low,
        "value_high": value.high,
        "sd": value.sd if value.kind == "mean_sd" else None,
        "unit": figure.unit,
        "kind": _KINDS.get(value.kind, value.kind),
        "role": "result",
        "arm_id": arms.get(figure.arm or "") if value.kind != "p_value" else None,
        "timepoint_printed": figure.time,
        "section": figure.table,
        "line": article.line_at(figure.start),
        "char_start": figure.start,
        "char_end": figure.start + len(value.printed),
        "note": figure.measure[:200] + ("; change" if figure.change else "") + said,
    }
