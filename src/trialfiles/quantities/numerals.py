"""Numbers as they are printed, and a text folded into one spelling, with offsets into the source."""

from __future__ import annotations

import html
import re
from array import array
from dataclasses import dataclass

from trialfiles.forms import names_of

PARAGRAPH, CELL = "\f", "\t"
WRAPPED = 40
COLUMN_GAP = "   "  # spaces that set columns apart in a table without tabs

_NAMES = names_of("numerals")
_ONE_TO_ONE = str.maketrans({sign: one for one, signs in _NAMES["spellings"].items() for sign in signs})
_TAG = r"</?[A-Za-z][^<>]{0,300}>"
_SPECIAL = re.compile(
    rf"(?P<gap>(?:[^\S ]| (?=[\s|<])|{_TAG}|[|])(?:\s|{_TAG}|[|])*)"
    r"|(?P<entity>&(?:[a-zA-Z]{2,8}|\#[0-9]{2,6}|\#[xX][0-9a-fA-F]{2,5});)"
    r"|(?P<drop>\*\*|(?<![0-9 ])\*|\*(?![0-9 ])|\\(?=[~<>=\[\]*#_.-])|[\u200b-\u200f\u2060\u00ad\ufeff])"
)
_ROW_TAG = re.compile(r"</?(?:tr|table|thead|tbody)\b", re.IGNORECASE)
_BLOCK_TAG = re.compile(r"</?(?:p|title|sec|li|br|caption|h[1-6]|div|label)\b", re.IGNORECASE)
_CELL_TAG = re.compile(r"</?t[dh]\b", re.IGNORECASE)
_CELL_BEGINS = re.compile(
    r"<t[dh]\b(?:[^<>]{0,200}?\bcolspan=[\"']?(?P<span>[1-9])[\"']?(?![0-9]))?", re.IGNORECASE
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_ITEM = re.compile(r"(?:[-*•]|[0-9]{1,2}[.)]|\([0-9a-z]{1,2}\)) ")


@dataclass(frozen=True)
class Folded:
    """Folded text; `starts[i]` and `ends[i]` bound the source characters of folded character i."""

    text: str
    starts: array
    ends: array


def fold(text: str) -> Folded:
    """Fold a text; time and memory grow with its length only."""
    # A space between two words is plain: it is the commonest character, and needs no folding.
    pieces: list[str] = []
    starts, ends = array("q"), array("q")
    done = 0
    for special in _SPECIAL.finditer(text):
        _copy(text, done, special.start(), pieces, starts, ends)
        for character in _replacement(text, special):
            pieces.append(character)
            starts.append(special.start())
            ends.append(special.end())
        done = special.end()
    _copy(text, done, len(text), pieces, starts, ends)
    return Folded("".join(pieces).translate(_ONE_TO_ONE), starts, ends)


def _copy(text: str, start: int, end: int, pieces: list[str], starts: array, ends: array) -> None:
    """Take a run of plain characters over as it is."""
    if start < end:
        pieces.append(text[start:end])
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))


def _replacement(text: str, special: re.Match) -> str:
    """Return what stands for a special run: one character, or none, or one for each border of empty cells."""
    if special["drop"]:
        return ""
    if special["entity"]:
        plain = html.unescape(special["entity"])
        return (" " if plain.isspace() else plain) if len(plain) == 1 else " "
    gap = special["gap"]
    if gap in (" ", "\u00a0", "\u2009"):
        return " "
    if _ROW_TAG.search(gap):
        row = _ROW_TAG.split(gap)[-1]
        return PARAGRAPH * (2 if "<table" in gap.lower() else 1) + CELL * (_borders(row) - 1)
    if _CELL_TAG.search(gap):
        return CELL * max(1, _borders(gap))
    if _BLOCK_TAG.search(gap) or _BLANK_LINE.search(gap):
        return PARAGRAPH
    if CELL in gap or "|" in gap:
        row = gap.rpartition("\n")[2]
        if "\n" in gap or special.start() == 0:
            return PARAGRAPH + CELL * (row.count("|") - 1 if "|" in row else row.count(CELL))
        return CELL * (row.count("|") or row.count(CELL))
    if "\n" in gap:  # a line end inside prose that was wrapped parts nothing, one after a title or a row does
        line = text[max(0, special.start() - 200) : special.start()].rpartition("\n")[2]
        after = text[special.end() : special.end() + 200].partition("\n")[0].strip()
        columns = any("\t" in one or COLUMN_GAP in one.strip() for one in (line, after))
        if len(line) < WRAPPED or columns or _ITEM.match(after):
            indented = gap.rpartition("\n")[2].startswith(COLUMN_GAP * 2)
            return PARAGRAPH + CELL * (indented and COLUMN_GAP in after)
    if "\n" not in gap and COLUMN_GAP in gap:
        return CELL
    if any(character.isspace() for character in gap):
        return " "
    # Tags alone: a superscript is an exponent or a reference mark, everything else is type.
    return "^" if "<sup" in gap else ""


def _borders(gap: str) -> int:
    """Return how many cells of a row begin in a run of tags; one that spans columns begins them all."""
    return sum(int(cell["span"] or 1) for cell in _CELL_BEGINS.finditer(gap))


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_ONES, _TENS, _ORDINALS, _ROMANS = (_NAMES[name] for name in ("ones", "tens", "ordinals", "romans"))
_WORDS = {word: float(value) for value, word in enumerate(_ONES, start=1)}
_WORDS |= {ten: 10.0 * value for value, ten in enumerate(_TENS, start=2)}
_WORDS |= {
    f"{ten}{join}{one}": _WORDS[ten] + _WORDS[one] for ten in _TENS for one in _ONES[:9] for join in "– "
}
WORD = rf"(?i:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![\w])"
ORDINAL = rf"(?:[0-9]{{1,3}}(?:st|nd|rd|th)|(?i:{'|'.join(_ORDINALS)}))(?!\w)"
ROMAN = "(?:VIII|VII|VI|IV|IX|V|III|II|I|X)"
_COMMA = re.compile(r"[-+]?(?:0,[0-9]{1,8}|[0-9]{1,4},[0-9]{1,4})(?![0-9]|,[0-9])")


def numeral(printed: str) -> float:
    """Return the value of a number matched by the patterns of this module."""
    words = printed.strip().lower()
    if words in _WORDS:
        return _WORDS[words]
    if words in _ORDINALS:
        return float(_ORDINALS.index(words) + 1)
    if words.upper() in _ROMANS:
        return float(_ROMANS.index(words.upper()) + 1)
    words = re.sub(r"(?:st|nd|rd|th)$", "", words)
    for scale, factor in _NAMES["scales"].items():
        if words.endswith(scale):
            return numeral(words.removesuffix(scale)) * factor
    words = words.replace("–", "-").replace("−", "-").replace("·", ".").replace(" ", "").replace("x", "×")
    if _COMMA.fullmatch(words) and not re.fullmatch(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}", words):
        words = words.replace(",", ".")
    words = words.replace(",", "")
    head, times, power = words.rpartition("×")
    if times or re.search(r"\^|[⁰¹²³⁴⁵⁶⁷⁸⁹]", power):
        raised = power.translate(_RAISED).replace("^", "").removeprefix("10")
        return float(f"{head or 1}e{raised}")
    return float(words)


def is_year(printed: str) -> bool:
    """Whether a number reads as a calendar year rather than as a quantity."""
    return re.fullmatch(r"(?:19|20)[0-9]{2}", printed.strip()) is not None
