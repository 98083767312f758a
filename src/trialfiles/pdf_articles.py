"""Articles as PDF: pages put in reading order, paragraphs whole, tables as grids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from trialfiles.article_tables import raised_text
from trialfiles.articles import Article, article_record, describe_text, write_grids
from trialfiles.pdf_pages import PdfPage, Piece, read_pages
from trialfiles.pdf_tables import PRINTED, PrintedTable, printed_tables, whole_lines
from trialfiles.record import SourceRecord
from trialfiles.vocabulary import NO_WORDS, Vocabulary


def read_pdf(path: Path) -> list[Article]:
    """Read an article saved as PDF; its text has a form feed before each page but the first.

    Raises
    ------
    SourceError
        For a PDF that `read_pages` refuses.
    """
    pages, said = read_pages(path)
    year = PRINTED["year"].search(" ".join(one.text for one in pages[0].pieces))
    _without_heads(pages)
    writer = _Writer(pages)
    title = _title(pages[0], said.get("Title") or "")
    for number, page in enumerate(pages):
        writer.article.text += "\f" if number else ""
        tables = printed_tables(page, gutter(page.pieces))
        for block in _in_order([*page.pieces, *tables]):
            writer.block(block)
        writer.flush()
    article = writer.article
    article.title, article.year = (title or article.text.strip())[:300], year and (year[1] or year[2])
    article.authors = _authors(writer.front, title)
    describe_text(article)
    return [article]


def _without_heads(pages: list[PdfPage]) -> None:
    """Leave out running heads and feet: what stands on two pages near an edge, and page numbers."""

    def zone(page: PdfPage) -> list[Piece]:
        margin = 0.1 * (page.top - page.bottom)
        ends = [one for one in page.pieces if not page.bottom + margin < one.y < page.top - margin]
        return [one for one in ends if not PRINTED["caption_start"].match(one.text)]

    def key(piece: Piece) -> str:
        return re.sub(r"\d+", "#", piece.text)

    seen = Counter(one for page in pages for one in {key(piece) for piece in zone(page)})
    for page in pages:
        level: set[int] = set()
        for one in zone(page):
            again = seen[key(one)] > 1 and re.search(r"[^\W\d]{2}", one.text)
            if again or PRINTED["page_number"].fullmatch(one.text):
                level |= {round(one.y) + shift for shift in (-1, 0, 1)}
        gone = {id(one) for one in zone(page) if round(one.y) in level}
        page.pieces = [one for one in page.pieces if id(one) not in gone]


def gutter(pieces: list[Piece]) -> float | None:
    """Return where a second column begins: lines begin there beside the ends of others, none goes across."""
    ends: dict[int, list[Piece]] = {}
    beside: dict[int, list[float]] = {}
    for one in pieces:
        ends.setdefault(int(one.y // 12), []).append(one)
    for one in pieces:
        near = (other for row in (-1, 0, 1) for other in ends.get(int(one.y // 12) + row, ())[:100])
        if any(other.x1 < one.x0 - 5 and abs(one.y - other.y) < 0.7 * one.size for other in near):
            beside.setdefault(round(one.x0), []).append(one.y)
    best, most = None, 2
    for at in beside:
        heights = [y for near in (at - 1, at, at + 1) for y in beside.get(near, ())]
        if len(heights) <= most:
            continue
        low, high = min(heights), max(heights)
        across = sum(one.x0 < at - 4 and one.x1 > at + 4 and low <= one.y <= high for one in pieces)
        if across <= 0.15 * len(heights) + 0.03 * len(pieces):
            best, most = at - 2.0, len(heights)
    return best


def _in_order(blocks: list[Piece | PrintedTable], depth: int = 0) -> Iterator[Piece | PrintedTable]:
    """Yield lines and tables as they are read: columns between what spans them, top to bottom."""
    pieces = [one for one in blocks if isinstance(one, Piece)]
    at = gutter(pieces) if depth < 6 else None
    tables = [one for one in blocks if not isinstance(one, Piece)]
    band: list[Piece | PrintedTable] = []
    lines: list[Piece | PrintedTable] = [*whole_lines(pieces, at), *tables]
    for one in sorted(lines, key=lambda one: (-one.y, one.x0)):
        if at is None:
            yield one
        elif one.x0 < at - 2 and one.x1 > at + 2:
            yield from _columns(band, at, depth + 1)
            yield one
            band = []
        else:
            band.append(one)
    if at is not None:
        yield from _columns(band, at, depth + 1)


def _columns(band: list[Piece | PrintedTable], at: float, depth: int) -> Iterator[Piece | PrintedTable]:
    yield from _in_order([one for one in band if one.x1 <= at + 2], depth)
    yield from _in_order([one for one in band if one.x1 > at + 2], depth)


class _Writer:
    """Writes lines as paragraphs, a table after the paragraph that it parts."""

    def __init__(self, pages: list[PdfPage]):
        self.article, self.words = Article(title=""), Counter[str]()
        steps = []
        for page in pages:
            for one, other in zip(page.pieces, page.pieces[1:], strict=False):
                self.words.update(re.findall(r"\w+-\w+|\w+(?!-)", one.text))
                if 0.8 < (step := (one.y - other.y) / one.size) < 4:
                    steps.append(step)
        self.leading = median(steps or [1.2])
        self.text, self.tables = "", list[PrintedTable]()
        self.last: Piece | None = None
        self.lines, self.front = 0, list[str]()  # the paragraphs of the first page without raised marks
        self.right = 0.0

    def block(self, block: Piece | PrintedTable) -> None:
        """Add a line to the paragraph, or begin another one; keep a table for its end."""
        if not isinstance(block, Piece):
            self.tables.append(block)
            return
        if self.last is None or self._begins(block, self.last):
            self.flush()
        self.text = self._joined(block.text) if self.text else block.text
        self.lines += 1
        self.right = max(self.right, block.x1) if self.last and block.y < self.last.y else block.x1
        self.last = block

    def _begins(self, line: Piece, last: Piece) -> bool:
        """Whether a line begins a paragraph: by its letters, its distance, its indent or the line before."""
        step, ended = last.y - line.y, bool(PRINTED["end"].search(last.text))
        if line.text[:1].islower() and not ended and step < 1.8 * self.leading * line.size:
            return abs(line.size - last.size) > 0.2 * last.size
        if abs(line.size - last.size) > 0.08 * last.size or line.bold != last.bold:
            return True
        if step < 0:  # in the next column
            return ended and not line.text[:1].islower()
        if step > 1.35 * self.leading * line.size:
            return True
        indent = line.x0 - last.x0
        if indent > 0.7 * line.size or (indent < -0.7 * line.size and self.lines > 1):
            return True
        return ended and last.x1 < self.right - 4 * last.size

    def _joined(self, line: str) -> str:
        """Return the paragraph with a line more; a hyphen that parts a word at its end is left out."""
        left, right = re.search(r"(?<!\w)(\w+)-$", self.text), re.match(r"\w+", line)
        if left is None or right is None or not right[0][0].isalpha():
            return self.text + ("" if left else " ") + line
        whole, parted = left[1] + right[0], f"{left[1]}-{right[0]}"
        kept = right[0][0].isupper() or self.words[parted] > self.words[whole]
        kept = kept or (not self.words[whole] and PRINTED["compound"].search(self.text) is not None)
        return (self.text if kept else self.text[:-1]) + line

    def flush(self) -> None:
        """Write the paragraph and the tables that wait for its end."""
        words, plain = raised_text(self.text)
        if "\f" not in self.article.text and words:
            self.front.append(plain)
        self.article.text += words + "\n\n" if words else ""
        for table in self.tables:
            grid = table.grid
            below = f"{grid.foot}\n\n" if grid.foot else "\n"
            write_grids(self.article, grid.label, grid.caption, [grid], below)
        self.text, self.tables, self.lines, self.last = "", [], 0, None


def _title(page: PdfPage, said: str) -> str:
    """Return the title that the file says of itself where the page prints it, else its largest words."""

    def letters(text: str) -> str:
        return re.sub(r"[\W_]+", "", text.casefold())

    lines = [one for one in whole_lines(page.pieces, 0.0) if not one.text.isupper() or len(one.text) > 30]
    if len(said.split()) > 3 and letters(said) in letters("".join(one.text for one in lines)):
        return said.strip()
    for size in sorted({one.size for one in lines}, reverse=True):
        words = " ".join(one.text for one in lines if abs(one.size - size) < 0.3)
        if len(re.findall(r"[^\W\d]+", words)) > 3 and "|" not in words:
            return raised_text(words)[0]
    return ""


def _authors(paragraphs: list[str], title: str) -> list[str]:
    """Return the authors: the names that a paragraph below the title consists of."""
    at = next((at for at, words in enumerate(paragraphs) if title[-30:] in words), -1)
    for line in paragraphs[at + 1 : at + 5]:
        parts = PRINTED["between_names"].split(line.rstrip(". "))
        parts = [part for part in parts if not PRINTED["degree"].fullmatch(part)]
        names = [part.split() for part in parts if part.strip(" .")]
        whole = [name for name in names if 1 < len(name) < 6 and name[-1][-1] not in ".:"]
        capital = [name for name in whole if name[0][0].isupper() and name[-1][0].isupper()]
        if len(capital) == len(names) > 1 and ":" not in line:
            return [f"{name[-1]}, {' '.join(name[:-1])}" for name in names]
    return []


def read_pdf_records(path: Path, vocabulary: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
    """Yield the record of an article saved as PDF."""
    for article in read_pdf(path):
        yield article_record(article, "article, PDF", vocabulary)
