"""The dialects of trial registers in WHO ICTRP exports: design, phase, dates, countries, conditions."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ROMAN = {"0": "0", "i": "1", "ii": "2", "iii": "3", "iv": "4", "1": "1", "2": "2", "3": "3", "4": "4"}
_EUCTR_PHASE = re.compile(r"\(phase (i{1,3}|iv)\)\s*:\s*(yes|no)", re.IGNORECASE)
_PHASES = re.compile(r"(?<![\w.])(iv|i{1,3}|[0-4])[ab]?(?![\w.])", re.IGNORECASE)
_RANDOM = re.compile(r"\b(?:randomi[sz]ation|randomi[sz]ed|allocation)\s*:\s*([^,.;<]+)", re.IGNORECASE)
_MASK = re.compile(r"\b(?:blinding|masking)\s*:\s*([^,.;<]+)", re.IGNORECASE)
_ASSIGN = re.compile(r"\b(?:assignment|intervention model)\s*:\s*([^,.;<]+)", re.IGNORECASE)
_BLIND = re.compile(r"\b(open|single blind|double blind)\s*:\s*yes", re.IGNORECASE)


def phase_of(text: str | None) -> str | None:
    """Return a phase as `0` to `4` or `2-3`; None for `N/A`, other words and a list of nothing but no."""
    text = text or ""
    if ticked := _EUCTR_PHASE.findall(text):
        found = [_ROMAN[number.lower()] for number, answer in ticked if answer.lower() == "yes"]
    else:
        found = [_ROMAN[number.lower()] for number in _PHASES.findall(re.sub(r"(?i)early|phase", " ", text))]
    found = sorted(set(found))
    return "-".join(found[:: len(found) - 1] if len(found) > 1 else found) or None


def iso_date(text: str | None) -> str | None:
    """Return a date in ISO form, as precise as it is written; None for what is no date.

    `20200216`, `2020-02-16`, `2020/2/16`, `16/02/2020` (registers write the day first), `January 25, 2020`,
    `25 January 2020`, `January 1996`, `1996`.
    """
    text = (text or "").strip()
    if match := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text):
        return _iso(*match.groups())
    if match := re.fullmatch(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ].*)?", text):
        return _iso(*match.groups())
    if match := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?", text):
        day, month, year = match.groups()
        return _iso(year, month, day) if int(month) <= 12 else _iso(year, day, month)
    if match := re.fullmatch(r"([A-Za-z]{3,9})\.?(?:\s+(\d{1,2}))?,?\s+(\d{4})", text):
        return _iso(match[3], _month(match[1]), match[2])
    if match := re.fullmatch(r"(\d{1,2})\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})", text):
        return _iso(match[3], _month(match[2]), match[1])
    return None


def _month(name: str) -> str:
    return str(_MONTHS.index(name[:3].lower()) + 1) if name[:3].lower() in _MONTHS else "0"


def _iso(year: str, month: str | None = None, day: str | None = None) -> str | None:
    parts = [int(part) for part in (year, month, day) if part is not None]
    limits = ((1900, 2200), (1, 12), (1, 31))
    if any(not low <= part <= high for part, (low, high) in zip(parts, limits, strict=False)):
        return None
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def allocation_of(design: str) -> str | None:
    """Return `randomized`, `not randomized` or the register's own word; None where nothing is said."""
    keyed = _RANDOM.search(design)
    words = (keyed.group(1) if keyed else design).strip().lower()
    if keyed and (answer := re.match(r"(yes|no)\b(?! ?-?random)", words)):
        return "randomized" if answer.group() == "yes" else "not randomized"
    if re.search(r"\bn(?:on|ot?)[- ]?randomi[sz]ed", words):
        return "not randomized"
    if re.search(r"randomi[sz]ed|^rct\b", words):
        return "randomized"
    return words if keyed and words not in ("n/a", "na", "not applicable") else None


def masking_of(design: str) -> str | None:
    """Return how people were kept unaware, in the register's words in lower case."""
    if keyed := _MASK.search(design):
        words = re.sub(r"\s*\(.*", "", keyed.group(1)).strip().lower()
        return words or None
    if ticked := _BLIND.findall(design):
        return ticked[-1].lower()
    match = re.search(
        r"\b(open|single[- ]blind\w*|double[- ]blind\w*|triple[- ]blind\w*)", design, re.IGNORECASE
    )
    return match.group(1).lower() if match and ":" not in design[match.end() : match.end() + 2] else None


def comparison_of(design: str) -> str | None:
    """Return `parallel` or `single_arm` as far as a register's words say so."""
    low = design.lower()
    if "parallel" in low and "parallel group: no" not in low:
        return "parallel"
    return "single_arm" if re.search(r"single[- ](arm|group|assignment)|assignment: single", low) else None


def assignment_of(design: str) -> str | None:
    """Return the assignment that a register names, such as `parallel`."""
    match = _ASSIGN.search(design)
    if match:
        return match.group(1).strip().lower().removesuffix(" assignment")
    low = design.strip().lower()
    return (
        low
        if low in ("parallel", "single arm", "factorial", "sequential", "cross-over", "crossover")
        else None
    )


def conditions_of(lines: list[str]) -> list[str]:
    """Return the conditions of a trial without the dictionary's entries that EUCTR adds to them."""
    entries = r"(?:MedDRA version|Level|Classification code|Term|System Organ Class)\b"
    return parts_of(";".join(line for line in lines if not re.match(rf"\s*{entries}[ :]", line)))


def parts_of(text: str | None) -> list[str]:
    """Return the parts of a list that registers join with `;`, each once, in order."""
    found: dict[str, str] = {}
    for part in (text or "").split(";"):
        word = part.strip(" .")
        if word and not re.fullmatch(r"[?\s]+", word):
            found.setdefault(word.casefold(), word)
    return list(found.values())
