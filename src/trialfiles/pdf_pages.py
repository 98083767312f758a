"""The text layer of a PDF, page by page: pieces of lines with their boxes, and the rules drawn."""

from __future__ import annotations

import contextlib
import ctypes
import io
import pickle
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from trialfiles.article_tables import DOWN, UP
from trialfiles.forms import names_of
from trialfiles.record import SourceError, refusal
from trialfiles.text import read_bytes

MOST_PAGES, MOST_SIGNS, MOST_SHAPES, MOST_RULES = 200, 40_000, 20_000, 3000  # all but the first on a page
LONGEST_READING, MOST_MEMORY = 20, 4_000_000_000  # seconds of the processor, bytes
TEXT_INSTEAD = "give the article's JATS XML, or its text as .txt"
WIDEST_PAGE = 15_000  # points
MOST_DOTS = 4000  # of a side of a picture
_SIGNS: dict[str, str] = names_of("printed")["signs"]


@dataclass
class Piece:
    """Words of one line without a wide gap: text with its raised signs marked, box, baseline, size."""

    text: str
    x0: float
    x1: float
    y: float  # of the baseline, upwards
    size: float
    bold: bool = False
    gaps: tuple[tuple[int, float, float], ...] = ()  # wider blanks: the letter behind, from where to where

    def parts(self) -> Iterator[Piece]:
        """Yield the words apart at wider blanks, as the cells of a narrow table stand."""
        at, x0 = 0, self.x0
        for end, left, right in (*self.gaps, (len(self.text), self.x1, 0.0)):
            yield Piece(self.text[at:end].strip(), x0, left, self.y, self.size, self.bold)
            at, x0 = end, right


@dataclass
class PdfPage:
    """A page: its edges, its pieces in the order of the file, its level and upright rules."""

    bottom: float
    top: float
    pieces: list[Piece] = field(default_factory=list)
    level: list[tuple[float, float, float]] = field(default_factory=list)  # x0, x1, y
    upright: list[tuple[float, float, float]] = field(default_factory=list)  # y0, y1, x


def open_pdf(path: Path) -> pypdfium2.PdfDocument:
    """Open a PDF; `SourceError` for one that is locked, broken, empty or has too many pages."""
    data = read_bytes(path)
    try:
        document = pypdfium2.PdfDocument(data)
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            problem = "the PDF is locked with a password"
            raise refusal(path, None, "", problem, "open it and save a copy without a password") from None
        raise refusal(path, None, "", "no whole PDF", "download it again") from None
    if not 0 < pages <= MOST_PAGES:
        problem = f"the PDF has {pages} pages, more than {MOST_PAGES}" if pages else "the PDF has no pages"
        raise refusal(path, None, "", problem, "give the article alone" if pages else "download it again")
    return document


def page_image(path: str | Path, page: int, scale: float = 2.0) -> bytes:
    """Return a picture of a page of a PDF, counted from 1, as PNG, of at most 4000 dots a side.

    Raises
    ------
    SourceError
        For what `open_pdf` refuses, and a page that is not there or takes too long to draw.
    """
    return _read_apart(Path(path), str(page), str(scale))


def read_pages(path: Path) -> tuple[list[PdfPage], dict[str, str]]:
    """Return the pages of a PDF and what it says of itself (`Title`, `Author`).

    Raises
    ------
    SourceError
        For what `open_pdf` refuses, pages without letters (scans) or with letters that are not told, and
        pages of more signs, or a file that takes longer or more memory, than any article.
    """
    return _read_apart(path)


def _read_apart(path: Path, *asked: str) -> Any:
    """Return what is read of a PDF in a process of its own: its pages, or the picture of one."""
    reader = f"from {__name__} import _send; _send({LONGEST_READING})"
    command = [sys.executable, "-P", "-c", reader, str(path), *asked]
    try:  # the library reads a page in one call, which only the end of its process ends
        read = subprocess.run(command, capture_output=True, timeout=6 * LONGEST_READING)
        given = pickle.loads(read.stdout)
    except (subprocess.TimeoutExpired, EOFError, pickle.UnpicklingError):
        problem = f"a page takes more than {LONGEST_READING} seconds or {MOST_MEMORY // 10**9} GB to read"
        raise refusal(path, None, "", problem, TEXT_INSTEAD) from None
    if isinstance(given, list):
        raise SourceError(given)
    return given


def _send(longest: int) -> None:
    """Read what the command names of its file, and write it or what is wrong."""
    with contextlib.suppress(ImportError):  # of Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (longest, longest))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        path, *asked = sys.argv[1:]
        given: object = _image(Path(path), int(asked[0]), float(asked[1])) if asked else _pages(Path(path))
    except SourceError as error:
        given = error.problems
    sys.stdout.buffer.write(pickle.dumps(given))


def _image(path: Path, page: int, scale: float) -> bytes:
    """Draw a page of a PDF in this process."""
    document, picture = open_pdf(path), io.BytesIO()
    try:
        if not 1 <= page <= len(document):
            problem = f"the PDF has {len(document)} pages, and none is number {page}"
            raise refusal(path, None, "", problem, "name one of them")
        drawn = document[page - 1].render(scale=min(scale, MOST_DOTS / max(document[page - 1].get_size())))
        drawn.to_pil().save(picture, "PNG")
    except (pypdfium2.PdfiumError, ZeroDivisionError):
        raise refusal(path, None, "", f"page {page} cannot be drawn", "download it again") from None
    return picture.getvalue()


def _pages(path: Path) -> tuple[list[PdfPage], dict[str, str]]:
    """Read the pages of a PDF in this process."""
    document, pages = open_pdf(path), list[PdfPage]()
    ocr = "recognise its text first (for example with ocrmypdf) and add the new file"
    for number in range(len(document)):
        try:
            page = document[number]
            signs = page.get_textpage()
            if signs.count_chars() > MOST_SIGNS:
                problem = f"page {number + 1} holds more than a page of an article can"
                raise refusal(path, None, "", problem, TEXT_INSTEAD)
            pages.append(_page(page, signs))
        except pypdfium2.PdfiumError:
            problem = f"page {number + 1} cannot be read"
            raise refusal(path, None, "", problem, "download it again") from None
    text = "".join(piece.text for page in pages for piece in page.pieces)
    letters = sum(map(str.isalpha, text))
    if letters < 50:
        raise refusal(path, None, "", "the PDF has no text, only pictures of pages (a scan)", ocr)
    if len(re.findall(r"[\x00-\x08\ufffd-\uffff\ue002-\uf8ff]", text)) > letters / 20:
        raise refusal(path, None, "", "the PDF does not say which letters it shows", ocr)
    return pages, document.get_metadata_dict()


def _page(source: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> PdfPage:
    """Read a page, turned as most of its letters are."""
    signs = list(_signs(text))
    turned = Counter(turn for *_, turn in signs).most_common(1)[0][0] if signs else 0
    width, height = source.get_size()
    page = PdfPage(-width if turned == 1 else 0, {0: height, 2: height, 1: 0, 3: width}[turned])
    page.pieces = list(_pieces([sign for sign in signs if sign[-1] == turned]))
    for one in islice(source.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=4), MOST_SHAPES):
        x0, y0, x1, y1 = one.get_bounds()
        if turned % 2:
            x0, y0, x1, y1 = (y0, -x1, y1, -x0) if turned == 1 else (-y1, x0, -y0, x1)
        if len(page.level) + len(page.upright) >= MOST_RULES:
            break
        if y1 - y0 < 2.5 and x1 - x0 > 12:
            page.level.append((x0, x1, (y0 + y1) / 2))
        elif x1 - x0 < 2.5 and y1 - y0 > 6:
            page.upright.append((y0, y1, (x0 + x1) / 2))
    return page


_Sign = tuple[str, float, float, float, float, bool, int]  # text, x0, x1, baseline, size, bold, quarter turns


def _signs(text: pypdfium2.PdfTextPage) -> Iterator[_Sign]:
    """Yield the characters of a page, each turned upright, blanks among them."""
    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    x, y, name, flags = ctypes.c_double(), ctypes.c_double(), ctypes.create_string_buffer(64), ctypes.c_int()
    turn, half = 0, ""
    for at in range(text.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(text, at))
        if "\ud800" <= sign < "\udc00":  # the first half of a sign beyond the first plane
            half = sign
            continue
        if "\udc00" <= sign < "\ue000":
            sign, half = (half + sign).encode("utf-16", "surrogatepass").decode("utf-16", "replace"), ""
        sign = _SIGNS.get(sign, sign)
        if not sign.strip() or not pdfium.FPDFText_GetLooseCharBox(text, at, box):
            yield " ", 0, 0, 0, 0, False, turn
            continue
        pdfium.FPDFText_GetCharOrigin(text, at, x, y)
        pdfium.FPDFText_GetMatrix(text, at, matrix)
        size = pdfium.FPDFText_GetFontSize(text, at) * (matrix.c**2 + matrix.d**2) ** 0.5
        turn = (0 if matrix.a >= 0 else 2) if abs(matrix.a) >= abs(matrix.b) else 1 if matrix.b > 0 else 3
        ends = box.left, box.right, y.value
        if turn % 2:
            ends = (box.bottom, box.top, -x.value) if turn == 1 else (-box.top, -box.bottom, x.value)
        if not all(-WIDEST_PAGE < number < WIDEST_PAGE for number in (*ends, size)):
            continue
        pdfium.FPDFText_GetFontInfo(text, at, name, 64, flags)
        bold = b"Bold" in name.value or pdfium.FPDFText_GetFontWeight(text, at) >= 600
        yield sign, *ends, size, bold, turn


def _pieces(signs: list[_Sign]) -> Iterator[Piece]:
    """Yield the words that stand together on a line; raised signs between marks."""
    piece, blank, raised = None, False, False
    for text, x0, x1, y, size, bold, _ in signs:
        if text == " ":
            blank = True
            continue
        if piece is not None:
            apart = not -1.2 * size < x0 - piece.x1 < max(size, piece.size)
            shift = y - piece.y
            small = size < 0.85 * piece.size
            if apart or abs(shift) > (0.7 if small else 0.2) * piece.size:
                yield _closed(piece, raised)
                piece = None
        if piece is None:
            piece, raised = Piece(text, x0, x1, y, size, bold), False
        else:
            up = size < 0.85 * piece.size and y - piece.y > 0.15 * piece.size
            blank = blank and x0 - piece.x1 > 0.08 * size  # a blank may stand for a change of letters
            piece.text += (DOWN if raised and not up else "") + (" " if blank else "")
            if blank and not up and x0 - piece.x1 > 0.45 * size:
                piece.gaps += ((len(piece.text), piece.x1, x0),)
            piece.text += (UP if up and not raised else "") + text
            piece.x1, piece.bold, raised = max(x1, piece.x1), piece.bold and bold, up
        blank = False
    if piece is not None:
        yield _closed(piece, raised)


def _closed(piece: Piece, raised: bool) -> Piece:
    # what some publishers' letters call an equals sign
    text = re.sub(r"(?<=[A-Za-z)\u00b2] )\u00bc(?= [\d.<\u2212-])", "=", piece.text)
    return replace(piece, text=text + (DOWN if raised else ""))
