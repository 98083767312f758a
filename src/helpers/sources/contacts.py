"""E-mail addresses and telephone numbers: no raw file, table or page may hold one."""

from __future__ import annotations

import re

BLANK = "[ \u00a0]?"  # an address stands on one line: what ends one cell and begins the next is none
EMAIL = re.compile(
    rf"[\w.+-]+{BLANK}(?:@|\(at\)|\[at\]){BLANK}[\w-]+(?:{BLANK}(?:\.|\[dot\]|\(dot\)){BLANK}[\w-]+)*\.?[A-Za-z]{{2,}}"
)
# +49 30 1234567 or 0098 21 88665000: a country code, then groups. A decimal point ends a candidate, and so
# does a letter before or after, so that hashes, registrations and offsets are none.
ABROAD = re.compile(r"(?<![\w.+])(?:\+\s?|00)[1-9]\d{0,3}(?:[ \u00a0/-]?\(?\d{1,12}\)?){1,7}(?![\w]|\.\d)")
DOTTED = re.compile(r"(?<![\w.+])\+[1-9]\d{0,2}(?:\.\d{1,4}){4,5}(?![\w.])")
ANNOUNCED = re.compile(
    r"\b(?:tel|phone|telephone|fax|mobile|whatsapp)\b[.:\s]{1,3}(\(?[+\d][\d\s()./-]{6,}\d)", re.I
)


def contact_details(text: str) -> list[str]:
    """Return e-mail addresses and international phone numbers found in a text."""
    found = [match.group() for match in EMAIL.finditer(text)]
    found += [match.group() for match in ABROAD.finditer(text) if _dialled(match.group())]
    found += [match.group() for match in DOTTED.finditer(text)]
    found += [match.group(1) for match in ANNOUNCED.finditer(text) if _dialled(match.group(1))]
    return list(dict.fromkeys(found))


def _dialled(text: str) -> bool:
    """Return whether a candidate has as many digits as a phone number and is no list of measurements."""
    digits = re.sub(r"\D", "", text)
    longest = max(len(part) for part in re.findall(r"\d+", text))
    return 9 <= len(digits) <= 16 and (longest >= 4 or text.count(" ") + text.count("-") >= 3)
