"""IRCT trial pages saved as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from trialfiles.forms import names_of
from trialfiles.ictrp import trial_record
from trialfiles.record import Row, SourceRecord, refusal
from trialfiles.text import read_text, registry_numbers
from trialfiles.times import both_calendars
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_NAMES = names_of("irct")
ENTRY_FIELDS = (*_NAMES["entry_fields"], " ".join(_NAMES["question"]))
IRCT_FIELDS: dict[str, tuple[str, ...]] = {
    part: ENTRY_FIELDS if fields == "entries" else tuple(fields) for part, fields in _NAMES["parts"].items()
}
IRCT_PARTS = tuple(name for name in IRCT_FIELDS if name)


LinePlace = tuple[str, int, str]  # part, number of the entry (0: none), field
_EMPTY = ("empty", "no information", "-", "")


def read_irct(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read the page of one trial.

    Raises
    ------
    SourceError
        When the page states no registration number.
    """
    fields = page_fields(read_text(path))
    said = fields.get(("General information", 0, "IRCT registration information"), "")
    number = re.search(r"IRCT registration number:\s*(IRCT\w+)", said)
    if not number:
        remedy = "save the whole page as text"
        raise refusal(path, None, "IRCT registration number", "missing", remedy)
    record = trial_record(_as_export(number.group(1), fields), "IRCT page, text", vocabulary)
    record.sources[0]["provenance"] = "Parsed from the register's page"
    updated = both_calendars(" ".join(fields.values()).partition("Last update:")[2]) or {}
    record.registered[0] |= {"contradictions": contradictions(fields), "dates": _dates(fields)}
    record.registered[0]["updated_on"] = updated.get("gregorian")
    return [record]


def page_fields(text: str) -> dict[LinePlace, str]:
    """Return the value of every field that has one, by part, entry and field."""
    found: dict[LinePlace, list[str]] = {}
    part, entry, field = "", 0, ""
    for line in text.split("\n"):
        pieces = [piece.strip().lstrip("#").strip() for piece in line.split("**")]
        pieces = [piece for piece in pieces if piece]
        if not pieces:
            continue
        titles = [_title(piece, part) for piece in pieces]
        if not all(titles):
            found.setdefault((part, entry, field), []).append(re.sub(r"\*+", "", line).strip())
            continue
        for title in titles:
            if title.isdecimal():
                # a number that is not the next one is a value, such as the share of a sponsor
                if int(title) == entry + 1:
                    entry, field = int(title), ""
                else:
                    found.setdefault((part, entry, field), []).append(title)
            elif title in IRCT_PARTS and not (
                part == "Protocol summary" and title in IRCT_FIELDS["Protocol summary"]
            ):
                part, entry, field = title, 0, ""
            else:
                field = title
    texts = {place: " ".join(lines).strip() for place, lines in found.items()}
    return {place: value for place, value in texts.items() if value.lower() not in _EMPTY}


def _title(piece: str, part: str) -> str:
    """Return the heading that a piece of a line is; empty when it is none here."""
    words = piece.rstrip(": ")
    if words in IRCT_PARTS or words in IRCT_FIELDS.get(part, IRCT_FIELDS[""]) or words in IRCT_FIELDS[""]:
        return words
    if words.isdecimal() and words.isascii() and len(words) < 4 and part in IRCT_PARTS[2:]:
        return words
    return next(
        (name for name in IRCT_FIELDS.get(part, ()) if name.endswith("…") and words.startswith(name[:-1])), ""
    )


def _as_export(trial_id: str, fields: dict[LinePlace, str]) -> dict[str, str]:
    """Return the page under the names of an ICTRP export."""

    def general(name: str) -> str:
        return fields.get(("General information", 0, name), "")

    def entries(part: str, name: str) -> list[tuple[int, str]]:
        return [(place[1], value) for place, value in fields.items() if place[0] == part and place[2] == name]

    def outcomes(part: str) -> str:
        rows = []
        for entry, measure in entries(part, "Description"):
            time = fields.get((part, entry, "Timepoint"), "").strip('"“”')
            method = fields.get((part, entry, "Method of measurement"), "")
            rows.append(f"{measure}. Timepoint: {time}. Method of measurement: {method}")
        return ";".join(row.replace(";", ",") for row in rows)

    def number(pattern: str, text: str) -> str:
        return next(iter(re.findall(pattern, text)), "")

    def day(*names: str) -> str:
        return next((dates[name]["gregorian"] for name in names if name in dates), "")

    dates = _dates(fields)
    groups = [words for _, words in entries("Intervention groups", "Description")]
    design = {name: general(field) for name, field in _NAMES["design"].items()}
    age, size = general("Age"), general("Sample size")
    high = number(r"\bto (\d{1,3} \w+)", age)
    low = number(r"[Ff]rom (\d{1,3} \w+)", age)
    low = low or ("" if high else number(r"(\d{1,3}) (?:years?|months?)", age))
    sponsor = entries("Sponsors / Funding sources", "Name of organization / entity")
    condition = entries("Health conditions studied", "Description of health condition studied")
    others = [value for place, value in fields.items() if place[0] == "Secondary Ids"]
    approved = [value.partition(",")[0] for place, value in fields.items() if place[2] == "Approval date"]
    return {name: general(field) for name, field in _NAMES["export"].items()} | {
        "trialid": trial_id,
        "primary_sponsor": sponsor[0][1] if sponsor else "",
        "date_registration": day("Registration date"),
        "date_enrolment": day("Actual recruitment start date", "Expected recruitment start date"),
        "results_date_completed": day(
            "Trial completion date", "Actual recruitment end date", "Expected recruitment end date"
        ),
        "end_of": "study" if "Trial completion date" in dates else "recruitment",
        "source_register": "IRCT",
        "inclusion_agemin": low,
        "inclusion_agemax": high,
        "actual_size": number(r"Actual sample size reached: (\d+)", size),
        "target_size": number(r"Target sample size: (\d+)", size),
        "study_type": "interventional" if groups else "",  # the register asks for groups of such studies only
        "study_design": ", ".join(f"{name}: {value}" for name, value in design.items() if value),
        "condition": ";".join(value for _, value in condition),
        "intervention": " ".join(f"Intervention {at}: {words}" for at, words in enumerate(groups, start=1)),
        "primary_outcome": outcomes("Primary outcomes"),
        "secondary_outcome": outcomes("Secondary outcomes"),
        "secondary_id": " ".join(name for value in others for name in registry_numbers(value)),
        "ethics_review_approval_date": next(iter(approved), ""),
    }


def _dates(fields: dict[LinePlace, str]) -> dict[str, Row]:
    """Return every date of the general part in both calendars, and whether the two are the same day."""
    named = {}
    for (part, _, name), value in fields.items():
        if part == "General information" and "date" in name and (found := both_calendars(value)):
            named[name] = found
    return named


def contradictions(fields: dict[LinePlace, str]) -> list[Row]:
    """Return the fields on which the page says two things, each reading with its place."""

    def field(name: str, part: str = "General information", entry: int = 0) -> str:
        return fields.get((part, entry, name), "")

    def first(pattern: str, text: str) -> str:
        return (re.findall(pattern, text) or [""])[0]

    def says(pattern: str, text: str) -> bool:
        return re.search(pattern, text, re.IGNORECASE) is not None

    found: list[Row] = []

    def note(name: str, values: list[Any], places: list[str]) -> None:
        found.append({"field": name, "values": values, "places": places})

    design, primary = field("Design", "Protocol summary"), field("Description", "Primary outcomes", 1)
    people = r"(\d+) (?:patients|participants|people)"
    for name, here, there in (
        ("phase", first(r"phase (\d(?:-\d)?)", design), field("Phase")),
        ("sample size", first(people, design), first(r"\d+", field("Sample size"))),
        ("main outcome", field("Main outcome variables", "Protocol summary"), primary),
    ):
        short, long = sorted((here.casefold(), there.casefold()), key=len)
        if short and short not in long:
            note(name, [here, there], ["Protocol summary", "field"])
    opinion = field("Blinding (investigator's opinion)")
    if opinion.lower() == "not blinded" and says(r"\bblind", primary):
        note("masking", [opinion, primary], ["Blinding", "Primary outcomes 1"])
    blocks = says(r"\bblock", f"{design} {field('Randomization description')}")
    if says(r"\bsimple randomi[sz]ation", design) and blocks:
        note("randomisation", ["simple", "block"], ["Protocol summary", "Randomization description"])
    groups = {place[1] for place in fields if place[0] == "Intervention groups" and place[2] == "Description"}
    title = field("Scientific title")
    if re.search(r"\bversus\b|\bvs\.?\b", title) and len(groups) > 2:
        note("arms", [title, f"{len(groups)} groups"], ["Scientific title", "Intervention groups"])
    for name, date in _dates(fields).items():
        if date["same_day"] is False:
            note(name, [date["gregorian"], date["jalali"]], ["Gregorian", "Jalali"])
    return found
