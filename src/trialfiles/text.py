"""Words of trial registers in our vocabulary: arm roles, outcome concepts, ages, short names."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_CONCEPT_RULES = (
    (r"adverse|safety|side.effect|complication|TEAE", "adverse_events"),
    (r"overall hair density|level assessment scale", "hair_density_grade"),
    (r"hair density|density of hair", "hair_density"),
    (r"hair count|number of hairs", "hair_count"),
    (r"vellus", "vellus_share"),
    (r"terminal hair", "terminal_share"),
    (
        r"(hair|shaft|follic)\w*\W.{0,40}(thickness|diameter|calib)|"
        r"(thickness|diameter|calibre?) of (the )?hair",
        "hair_thickness",
    ),
    (r"patient global|PGAIS|patient.s global", "patient_global"),
    (r"investigator|IGAIS|physician", "investigator_global"),
    (r"satisf", "satisfaction"),
    (
        r"norwood|ludwig|\bSALT\b|(hair|alopecia|baldness)\b.{0,40}severity|"
        r"severity of (the )?(hair|alopecia|bald)",
        "severity_stage",
    ),
)
_RULES = tuple((re.compile(rule, re.IGNORECASE | re.DOTALL), concept) for rule, concept in _CONCEPT_RULES)
# a word that a text must hold before its rule is tried: looking for a word is far quicker
_WORDS_OF = (
    ("advers", "safety", "side", "complication", "teae"), ("overall hair", "level assessment"),
    ("hair density", "density of hair"), ("hair count", "number of hairs"), ("vellus",), ("terminal",),
    ("thickness", "diameter", "calib"), ("patient", "pgais"), ("investigator", "igais", "physician"),
    ("satisf",), ("norwood", "ludwig", "salt", "severity"),
)  # fmt: skip
_ROLES = {"PLACEBO_COMPARATOR": "placebo", "SHAM_COMPARATOR": "placebo", "NO_INTERVENTION": "untreated"}
_PLACEBO = re.compile(r"placebo|saline|vehicle|\bsham\b")
_WITHOUT = re.compile(r"\b(?:without|no|non)[ -]exosomes?\b|\bexosomes?[ -](?:free|depleted)\b")
_JOINED = re.compile(r"\+|/|>|\u2192|\b(?:and|plus|with|then|to|first|followed)\b")
OLDEST = 120  # registers write 999 where there is no limit
_YEARS = {"year": 1.0, "month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}


def concept_of(text: str) -> str:
    """Return the outcome concept that a register's outcome names; `other_outcome` when none fits."""
    low = text.lower()
    return next(
        (
            concept
            for (rule, concept), words in zip(_RULES, _WORDS_OF, strict=True)
            if any(word in low for word in words) and rule.search(text)
        ),
        "other_outcome",
    )


def role_of(words: str, kind: str | None = None) -> str:
    """Return an arm's role from its names and, where given, the register's type of arm."""
    if kind in _ROLES:
        return _ROLES[kind]
    text = _WITHOUT.sub(" ", words.lower())
    if "exosome" in text or "extracellular vesicle" in text:
        combined = re.search(r"\bcombin|\+|\band\b|\bplus\b|\bwith\b", text)
        return "exosome_combination" if combined else "exosome"
    if _PLACEBO.search(text):
        return "placebo"
    if re.search(r"no treatment|untreated|no intervention", text):
        return "untreated"
    return "active"


def arm_role(label: str, interventions: list[str], kind: str | None = None) -> str:
    """Return the role of an arm whose interventions are listed one by one.

    A placebo among other interventions keeps an arm masked (double dummy) or is another period's
    (crossover): the arm is a placebo's only where its label says so alone or nothing else is given.
    """
    role = role_of(" ".join([label, *interventions]), kind)
    if role != "placebo" or kind in _ROLES:
        return role
    alone = _PLACEBO.search(label.lower()) and not _JOINED.search(label.lower())
    given = [bool(_PLACEBO.search(name.lower())) for name in interventions]
    return "placebo" if alone or (given and all(given)) else "active"


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


def slug(text: str) -> str:
    """Return a short name made of lower-case letters, digits and `_`; accents are left out."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:40] or "unnamed"


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


def people(text: str | None) -> int | None:
    """Return a target size: `60`, or the sum of `treated:30;control:30;`; None for any other words."""
    if planned := re.search(r"(?:planned|target) sample size:?\s*(\d{1,9})\b", text or "", re.IGNORECASE):
        return int(planned.group(1)) or None
    parts = [part for part in (text or "").split(";") if part.strip()]
    sizes = [re.fullmatch(r"\s*(?:[^;]*:)?\s*(\d{1,9})\s*", part) for part in parts]
    return sum(int(size.group(1)) for size in sizes if size) or None if all(sizes) else None


def name_apart(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return rows whose names differ: a second `placebo` becomes `placebo_2`."""
    seen: set[str] = set()
    for row in rows:
        name, number = row[key], 2
        while row[key] in seen:
            row[key], number = f"{name}_{number}", number + 1
        seen.add(row[key])
    return rows
