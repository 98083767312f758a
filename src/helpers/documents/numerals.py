"""Numbers as they are printed: digits, exponents, words, Roman numerals."""

from __future__ import annotations

import re

_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,9})"
_POWER = r"10(?:\^[–−]?[0-9]{1,2}|⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})"
# A power of ten that lost its superscript on the way (`1 × 109 particles`) is read only before what
# is counted so.
_FLAT_POWER = r"10[0-9]{1,2}(?= (?:particles|exosomes|EVs|vesicles|cells)\b)"
_EXPONENT = rf"(?:[eE][+–−]?[0-9]{{1,2}}(?![0-9])| ?[×x] ?(?:{_POWER}|{_FLAT_POWER}))"
_SCALE = r"(?: (?:thousand|million|billion|trillion)\b)"
PLAIN = rf"(?:{_POWER}|(?:{_WHOLE}(?:[.·][0-9]{{1,8}})?|[.·][0-9]{{1,8}})(?:{_EXPONENT}|{_SCALE})?)"
# With an explicit power of ten.
POWER = rf"(?:[0-9]{{1,4}}(?:[.·][0-9]{{1,4}})?(?:[eE]\+?[0-9]{{1,2}}| ?[×x] ?{_POWER})|{_POWER})"
# Where a number may begin and end: not inside a word, a longer number, or a name such as IL-1.
# Nor may a group of three digits be the tail of a number that is written with spaces, such as `12 345`.
LEFT = r"(?<![\w.,·/^+±])(?<!± )(?<![A-Za-zα-ω0-9][–−])(?!(?<=[0-9] )[0-9]{3}(?![0-9.,·]))"
RIGHT = r"(?![\w^]|[.,·][0-9])"
SIGN = r"(?:[–−+](?=[0-9.·]))?"
SIGNED = SIGN + PLAIN
# A decimal comma is believed only where a rule says so: elsewhere it separates the items of a list.
COMMA = r"(?:0,[0-9]{1,8}|[0-9]{1,4},[0-9]{1,4})(?![0-9]|,[0-9])"

_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_WORDS = {word: float(value) for value, word in enumerate((_ONES + " seventeen eighteen nineteen").split())}
_TENS = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
_WORDS.update({ten: float(value) for ten, value in _TENS.items()})
_WORDS.update(
    {
        f"{ten}{join}{one}": _TENS[ten] + _WORDS[one]
        for ten in _TENS
        for one in _ONES.split()[1:10]
        for join in "– "
    },
)
del _WORDS["zero"]
WORD = r"(?i:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")(?![\w])"
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
ORDINAL = r"(?:[0-9]{1,3}(?:st|nd|rd|th)|(?i:" + "|".join(_ORDINALS) + r"))(?!\w)"
ROMAN = r"(?:VIII|VII|VI|IV|IX|V|III|II|I|X)"
_ROMANS = {
    numeral: value
    for value, numeral in enumerate(["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"], start=1)
}


def number(printed: str) -> float:
    """Return the value of a number matched by the patterns of this module."""
    words = printed.strip().lower()
    if words in _WORDS:
        return _WORDS[words]
    if words in _ORDINALS:
        return float(_ORDINALS.index(words) + 1)
    if words.upper() in _ROMANS:
        return float(_ROMANS[words.upper()])
    words = re.sub(r"(?:st|nd|rd|th)$", "", words)
    for scale, factor in _SCALES.items():
        if words.endswith(scale):
            return number(words.removesuffix(scale)) * factor
    words = words.replace("–", "-").replace("−", "-").replace("·", ".").replace(" ", "").replace("x", "×")
    if re.fullmatch(f"[-+]?{COMMA}", words) and not re.fullmatch(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}", words):
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
