"""Texts of source files: decoded, inert, without contact details; numbers, ages and words of registers."""

from __future__ import annotations

import codecs
import contextlib
import csv
import hashlib
import html
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterator
from functools import lru_cache, wraps
from itertools import chain, count, zip_longest
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from trialfiles.forms import names_of
from trialfiles.record import Row, SourceError, refusal

LARGEST_TEXT = 50_000_000  # bytes of a file that is read in one piece
MOST_LINES = 100_000  # of an article or a page that was saved as text
_Answer = TypeVar("_Answer")
_BREAK = re.compile(r"<\s*(?:br|p|/p|li|/li)\s*(?:/\s*)?>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# What a spreadsheet takes for the start of a formula; a number with its sign is none.
_FORMULA = re.compile(r"(?=[=+\-@\t\r])(?![+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$)")


# what Windows-1252 makes of other encodings: a sign or a capital inside a word, Icelandic letters for Turkish
# ones, words of nothing but accented letters for Cyrillic and Greek ones
_NOT_WESTERN = re.compile(
    r"[^\W\d_][\xa1-\xb4\xb6\xb8-\xbf\xd7\xf7](?=[^\W\d_])|[a-z][\u0152\u0160\u0178\u017d]|[\xd0\xde\xf0\xfe]|"
    r"[\xc0-\xd6\xd8-\xf6\xf8-\xff]{4}"
)
_UTF8 = re.compile(rb"[\xc2-\xde][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|\xf0[\x80-\xbf]{3}")


def text_encoding(data: bytes) -> str:
    """Return a text's encoding: a byte order mark's, UTF-8, or Windows-1252 where it can be no other one.

    A text that is none of these is called UTF-8, as which it cannot be decoded.
    """
    marked = encoding_of(data[:4])
    if marked != "utf-8":
        return marked
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data" or error.end < len(data):  # as the head of a file ends
            with contextlib.suppress(UnicodeDecodeError):
                if not _UTF8.search(data) and not _NOT_WESTERN.search(data.decode("cp1252")):
                    return "cp1252"
    return "utf-8"


def encoding_of(head: bytes) -> str:
    """Return the encoding that a byte order mark tells of; UTF-8 without one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def read_text(path: Path) -> str:
    """Return a file's text, line ends as line feeds.

    Raises
    ------
    SourceError
        For text that is not Unicode (the line is named), holds NUL, or is too long to be read at once.
    """
    data = read_bytes(path)
    try:
        text = data.decode(text_encoding(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"not {error.encoding} text, nor surely Windows-1252: byte 0x{data[error.start]:02x}"
        raise refusal(path, line, "", problem, "save the file as UTF-8") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise refusal(path, line, "", "a NUL character: no text", "save the file as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_page(path: Path) -> str:
    """Return the text of an article or a web page saved as text; refuse one of more lines than any has."""
    text = read_text(path)
    if (count := text.count("\n")) > MOST_LINES:
        problem = f"the text has {count:,} lines, more than {MOST_LINES:,}"
        raise refusal(path, None, "", problem, "save one article or one page alone")
    return text


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes; refuse one that cannot be opened or is too long to be read at once."""
    try:
        size = path.stat().st_size
        if not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise refusal(path, None, "", "a pipe or a device, no file", "put a file there")
        if size > LARGEST_TEXT:
            problem = f"the file has {size:,} bytes, more than {LARGEST_TEXT:,}"
            raise refusal(path, None, "", problem, "split it, or export less")
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
        raise refusal(path, None, "", problem, "check its permissions") from None


def inert(text: str | None) -> str | None:
    """Return a text on one line: breaks as spaces, control characters and contact details left out.

    Markup is kept as letters: what is shown escapes it. Text in which nothing can be seen is missing.
    """
    if not text:
        return None
    text = without_contacts(re.sub(r"\s+", " ", _CONTROL.sub("", _BREAK.sub(" ", text))).strip())
    return None if invisible(text) else text or None


def invisible(text: str) -> str:
    """Return the character of a text that must not stand there, such as `U+001B`; empty where there is none.

    That is a control character anywhere, and one without a shape where there is nothing that has one.
    """
    found = _CONTROL.search(text)
    if not found and all(unicodedata.category(char) in ("Cf", "Zs") for char in text):
        found = re.search(r"\S", text)
    return f"U+{ord(found[0]):04X}" if found else ""


def lines_of(text: str | None) -> list[str]:
    """Return the lines of a text in which `<br>` breaks lines, each inert, none empty."""
    parts = _BREAK.split(html.unescape(text or "").replace("\r", "\n").replace("\n", "<br>"))
    return [line for part in parts if (line := inert(part))]


def inert_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before `=`, `+`, `-` or `@`."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


# An address stands on one line: what ends one cell and begins the next is none. Every part has an end, and is
# looked for from its first sign alone, so that the time grows with the text and no faster.
_BLANK = "[ \u00a0]?"
_EMAIL = re.compile(
    rf"(?<![\w.+-])(?:[\w.+-]{{1,200}}{_BLANK}(?:@|\(at\)|\[at\]){_BLANK}"
    rf"[\w-]{{1,63}}(?:{_BLANK}(?:\.|\[dot\]|\(dot\)){_BLANK}[\w-]{{1,63}}){{0,9}}\.?[A-Za-z]{{2,20}})+"
)
# +49 30 1234567 or 0098 21 88665000: a country code, then groups. A decimal point ends a candidate, and so
# does a letter before or after, so that hashes, registrations and offsets are none.
_BETWEEN = "(?:[ \u00a0/-]\\(?|\\(|\\)[ \u00a0/-]?\\(?)"
_ABROAD = re.compile(
    rf"(?<![\w.+])(?:\+\s?|00)[1-9]\d{{0,15}}(?:{_BETWEEN}\d{{1,12}}){{0,7}}\)?(?![\w]|\.\d)"
)
_DOTTED = re.compile(r"(?<![\w.+])\+[1-9]\d{0,2}(?:\.\d{1,4}){4,5}(?![\w.])")
_ANNOUNCED = re.compile(
    r"\b(?:tel|phone|telephone|fax|mobile|whatsapp)\b[.:\s]{1,3}(\(?[+\d][\d\s()./-]{6,}\d)", re.I
)
_CONTACTS = (_EMAIL, _ABROAD, _DOTTED, _ANNOUNCED)  # the last group of each is the contact


def contact_details(text: str) -> list[str]:
    """Return e-mail addresses and international phone numbers found in a text."""
    found = [match[one.groups] for one in _CONTACTS for match in one.finditer(text)]
    return list(dict.fromkeys(filter(_dialled, found)))


def _dialled(text: str) -> bool:
    """Return whether a candidate has as many digits as a phone number and is no list of measurements."""
    if text[-1].isalpha() or text.count(".") >= 4:  # an address, or groups between points
        return True
    digits = re.sub(r"\D", "", text)
    longest = max(len(part) for part in re.findall(r"\d+", text))
    return 9 <= len(digits) <= 16 and (longest >= 4 or text.count(" ") + text.count("-") >= 3)


def without_contacts(text: str) -> str:
    """Return a text whose e-mail addresses and telephone numbers are left out, and seen to be."""

    def left_out(match: re.Match[str]) -> str:
        contact = match[match.re.groups]
        return match[0].replace(contact, _CONTACT_MARK) if _dialled(contact) else match[0]

    for one in _CONTACTS:
        text = one.sub(left_out, text)
    return text


_CONTACT_MARK = "[contact left out]"
XML_ERRORS = (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, OSError)
DEEPEST = 200


def parse_xml(path: Path, doctype: bool = False) -> Element:
    """Return the root of an XML file.

    `doctype`: a document type may stand at its head, as in articles and registers; entities that it declares,
    and texts outside of the file, are refused all the same. `SourceError` for XML that is broken, hostile, or
    nested deeper than any real document.
    """
    data = read_bytes(path)
    safe = {"forbid_dtd": not doctype, "forbid_entities": True, "forbid_external": not doctype}
    try:
        root = fromstring(data, **safe)
    except XML_ERRORS as error:
        try:  # only its signs or its encoding may be broken
            root = fromstring(mended_xml(data) if isinstance(error, ParseError) else data, **safe)
        except XML_ERRORS:
            raise xml_problem(path, error) from None
    level, depth = [root], 0
    while level:
        depth += 1
        level = [child for element in level for child in element]
        if depth > DEEPEST:
            problem = f"not safe, whole XML: nested deeper than {DEEPEST} levels"
            raise refusal(path, None, "", problem, "export it again")
    return root


_BARE_SIGN = re.compile(r"&(?!#\d+;|#x[\da-fA-F]+;|[A-Za-z]\w*;)|<(?=[\s\d=])")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")
_DECLARED = re.compile(r"^(<\?xml[^>]*?)(?<!\s)\s+encoding\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def mended_xml(data: bytes) -> bytes:
    """Return XML as its writer meant it: in UTF-8, bare `&` and `<` escaped, HTML's names as characters."""
    declared = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", data[:200])
    named = declared[1].decode().lower() if declared else "utf-8"
    try:
        text = data.decode(text_encoding(data) if named == "utf-8" else named).lstrip("\ufeff \t\r\n")
    except (UnicodeDecodeError, LookupError):
        return data
    signs = {"&": "&amp;", "<": "&lt;"}
    if "\x00" in text or "<!ENTITY" in text:
        return data
    text = _BARE_SIGN.sub(lambda sign: signs[sign.group()], _DECLARED.sub(r"\1", _CONTROL.sub(" ", text)))
    return _NAMED.sub(lambda name: html.unescape(name.group()), text).encode()


def xml_problem(path: Path, error: Exception) -> SourceError:
    """Return what a reader is told of XML that cannot be read."""
    line = error.position[0] if isinstance(error, ParseError) and hasattr(error, "position") else None
    what = str(error).splitlines()[0][:100] if isinstance(error, ParseError) else type(error).__name__
    remedy = "export the file again; entities and texts from outside are not read"
    return refusal(path, line, "", f"not safe, whole XML: {what}", remedy)


def local_name(element: Element) -> str:
    """Return the name of an XML element without its name space."""
    return str(element.tag).rpartition("}")[2]


def csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line of a CSV file with its number; `sep=;` or the head tells the separator."""
    csv.field_size_limit(10_000_000)
    text = read_text(path).lstrip("\ufeff")
    start, mark = csv_start(text)
    skipped = text.count("\n", 0, start)
    reader = csv.reader(io.StringIO(text[start:], newline=""), delimiter=mark)
    try:
        yield from ((reader.line_num + skipped, cells) for cells in reader)
    except csv.Error as error:
        raise refusal(path, reader.line_num, "", f"not CSV: {error}", "export or save it again") from None


def csv_start(text: str) -> tuple[int, str]:
    """Return where a table begins and what separates its cells.

    Excel says it in a first line `sep=;`; else what makes the most of the first lines equally wide.
    """
    if said := re.match(r"\"?sep=(.)\"?[ ,;\t]*(?:\n|$)", text):
        return said.end(), said[1]
    lines = [line for line in text[:100_000].split("\n") if line.strip()][:25]
    scores = {}
    for mark in ",;\t":
        with contextlib.suppress(csv.Error):
            widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=mark) if len(cells) > 1)
            scores[mark] = max(((count, width) for width, count in widths.items()), default=(0, 0))
    return 0, max(scores, key=scores.__getitem__, default=",")


def csv_rows(path: Path) -> tuple[set[str], list[tuple[int, Row]]]:
    """Return the columns of a CSV file, and its rows with their lines; None where cells or columns lack."""
    lines = ((line, cells) for line, cells in csv_lines(path) if any(map(str.strip, cells)))
    first, header = next(lines, (1, list[str]()))
    twins = [name for name, times in Counter(filter(None, header)).items() if times > 1]
    if twins:
        raise refusal(path, first, twins[0], "two columns of one name", "give each column its own name")
    return set(header), [(line, dict(zip_longest(header, cells))) for line, cells in lines]


def printed_number(text: str) -> float:
    """Return a number in digits: any minus, thousands commas, a raised decimal point."""
    plain = re.sub(r"[\s,'\u2019]", "", text)
    return float(plain.replace("\u2212", "-").replace("\u2013", "-").replace("\u00b7", "."))


_NUMBERS = re.compile(rf"\b(?:{'|'.join(names_of('registers')['numbers'].values())})\b", re.IGNORECASE)


def registry_numbers(text: str) -> list[str]:
    """Return the registration numbers in a text, each once, in order."""
    return list(dict.fromkeys(match.group() for match in _NUMBERS.finditer(text)))


def trial_key(number: str) -> str:
    """Return what makes a number the same trial's: EUCTR without its country, JPRN without its prefix."""
    key = number.strip().upper().removeprefix("JPRN-").removeprefix("EUCTR")
    match = re.match(r"(20\d\d-\d{6}-\d\d)(?:-\w+)?$", key)
    return match.group(1) if match else key


_LATIN = str.maketrans(dict(zip("ßøØæÆœłŁđıμ", ("ss", *"oO", "ae", "Ae", "oe", *"lLdiu"), strict=True)))


def ascii_name(text: str, other: str, longest: int) -> str:
    """Return a name of ASCII letters, digits and `other`; accents are left out.

    A name that loses letters so, of another script, ends with six signs that only it has.
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    plain = plain.translate(_LATIN)
    short = re.sub(rf"[^A-Za-z0-9{'_-' if other == '-' else ''}]+", other, plain).strip("_-")
    if all(char.isascii() for char in plain if char.isalnum()):
        return short[:longest]
    mark = hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()[:6]
    return f"{short[: longest - 7] or 'name'}{other}{mark}"


def remembered(function: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
    """Return a function of a text that keeps its answers for short ones: records repeat titles and times."""
    known = lru_cache(maxsize=2048)(function)
    return wraps(function)(lambda text: known(text) if text and len(text) < 400 else function(text))


@remembered
def slug(text: str) -> str:
    """Return a short name made of lower-case letters, digits and `_`."""
    return ascii_name(text.lower(), "_", 40) or "unnamed"


def label_name(rows: list[Row], key: str, label: str) -> str:
    """Return the name of the row with a label; a new label has a name that no row has."""
    known = {row["label"]: row[key] for row in rows}
    return known.get(label) or free_name(slug(label), set(known.values()))


def free_name(name: str, taken: Container[str | None]) -> str:
    """Return a name that is not taken: a second `placebo` becomes `placebo_2`."""
    numbered = (f"{name}_{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def name_apart(rows: list[Row], key: str) -> list[Row]:
    """Return rows whose names differ."""
    seen: set[str] = set()
    for row in rows:
        row[key] = free_name(row[key], seen)
        seen.add(row[key])
    return rows


def people(text: str | None) -> int | None:
    """Return a target size: `60`, or the sum of `treated:30;control:30;`; None for any other words."""
    if planned := re.search(r"(?:planned|target) sample size:?\s*(\d{1,9})\b", text or "", re.IGNORECASE):
        return int(planned.group(1)) or None
    parts = [part for part in (text or "").split(";") if part.strip()]
    sizes = [re.fullmatch(r"(?:[^;]*:)?\s*(\d{1,9})\s*", part) for part in parts]
    return sum(int(size.group(1)) for size in sizes if size) or None if all(sizes) else None


def sex_of(text: str | None) -> str | None:
    """Return all, male or female for a register's words; None where they say none of the three."""
    low = (text or "").strip().lower()
    if low in ("m", "f", "b"):
        return {"m": "male", "f": "female", "b": "all"}[low]
    if ticked := dict(re.findall(r"((?:fe)?male)s?\s*:\s*(yes|no)", low)):
        low = " ".join(sex for sex, answer in ticked.items() if answer == "yes")
    words = set(re.findall(r"\b(?:both|all|(?:fe)?males?|(?:wo)?m[ae]n)\b", low))
    men, women = words & {"male", "males", "man", "men"}, words & {"female", "females", "woman", "women"}
    if words & {"both", "all"} or (men and women):
        return "all"
    return "male" if men else "female" if women else None


OLDEST = 120  # registers write 999 where there is no limit
_YEARS = {"year": 1.0, "month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}


@remembered
def age_years(text: str | None) -> float | None:
    """Return an age such as `18 Years`, `6 Months`, `18Y` or `>= 20age old` in years; None for no limit."""
    match = re.search(
        r"(\d{1,6}(?:\.\d{1,6})?)\s*(year|month|week|day|[ymwd](?![a-z]))?", (text or "").lower()
    )
    if not match:
        return None
    unit = match.group(2) or "year"
    unit = next(name for name in _YEARS if name.startswith(unit))
    age = float(match.group(1)) * _YEARS[unit]
    return None if age > OLDEST else age
