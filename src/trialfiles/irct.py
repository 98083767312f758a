"""IRCT trial pages saved as text."""

from __future__ import annotations

import re
from pathlib import Path

from trialfiles.ictrp import trial_record
from trialfiles.record import Row, SourceRecord, refusal
from trialfiles.text import read_text, registry_numbers
from trialfiles.times import both_calendars
from trialfiles.vocabulary import NO_WORDS, Vocabulary

ENTRY_FIELDS = (
    "Approval date", "Category of foreign source of funding", "Category", "City", "Contact",
    "Country of origin", "Country", "Description of health condition studied", "Description",
    "Domestic or foreign origin", "Email", "Ethics committee reference number", "Ethics committee", "Fax",
    "Full name of responsible person", "Grant code / Reference number", "Grant name",
    "ICD-10 code description", "ICD-10 code",
    "Is the source of funding the same "  # one question of the form, in two pieces
    "sponsor organization/entity?", "Latest degree",
    "Method of measurement", "Mobile phone", "Name of ethics committee", "Name of organization / entity",
    "Name of recruitment center", "Other areas of specialty/work", "Phone", "Position", "Postal code",
    "Proportion provided by this source", "Province", "Public or private sector", "Recruitment center",
    "Registration date", "Registry name", "Secondary trial Id", "Sponsor", "Street address", "Timepoint",
    "Title of funding source", "Type of organization providing the funding", "Web page address",
)  # fmt: skip
IRCT_FIELDS: dict[str, tuple[str, ...]] = {
    "": (),
    "Protocol summary": (
        "Design", "Intervention groups", "Main outcome variables",
        "Participants/Inclusion and exclusion criteria", "Settings and conduct", "Study aim",
    ),
    "General information": (
        "Acronym", "Actual recruitment end date", "Actual recruitment start date", "Age", "Assignment",
        "Blinding (investigator's opinion)", "Blinding description", "Country", "Email address",
        "Exclusion criteria", "Expected recruitment end date", "Expected recruitment start date",
        "Funding source", "Gender", "Groups that have been masked", "IRCT registration information",
        "Inclusion criteria", "Inclusion/Exclusion criteria", "Name of organization / entity", "Name",
        "Other design features", "Phase", "Phone", "Placebo", "Public title", "Purpose",
        "Randomization (investigator's opinion)", "Randomization description", "Reason for update",
        "Recruitment status", "Registrant information", "Registration date", "Sample size",
        "Scientific title", "Trial completion date",
    ),
    "Secondary Ids": ENTRY_FIELDS,
    "Ethics committees": ENTRY_FIELDS,
    "Health conditions studied": ENTRY_FIELDS,
    "Primary outcomes": ENTRY_FIELDS,
    "Secondary outcomes": ENTRY_FIELDS,
    "Intervention groups": ENTRY_FIELDS,
    "Recruitment centers": ENTRY_FIELDS,
    "Sponsors / Funding sources": ENTRY_FIELDS,
    "Person responsible for general inquiries": ENTRY_FIELDS,
    "Person responsible for scientific inquiries": ENTRY_FIELDS,
    "Person responsible for updating data": ENTRY_FIELDS,
    "Sharing plan": (
        "Analytic Code", "Clinical Study Report", "Data Dictionary",
        "Deidentified Individual Participant Data Set (IPD)", "From where data/document is obtainable",
        "Informed Consent Form", "Statistical Analysis Plan", "Study Protocol",
        "Title and more details about the data/document", "To whom data/document is available",
        "Under which criteria data/document could be used", "What processes are involved…",
        "When the data will become available…",
    ),
    "Comments": (),
}  # fmt: skip
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
    record.registered[0] |= {"contradictions": contradictions(fields), "dates": _dates(fields)}
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
    design = {
        "Randomization": general("Randomization (investigator's opinion)"),
        "Blinding": general("Blinding (investigator's opinion)"),
        "Placebo": general("Placebo"),
        "Assignment": general("Assignment"),
        "Purpose": general("Purpose"),
    }
    age, size = general("Age"), general("Sample size")
    high = number(r"\bto (\d{1,3} \w+)", age)
    low = number(r"[Ff]rom (\d{1,3} \w+)", age)
    low = low or ("" if high else number(r"(\d{1,3}) (?:years?|months?)", age))
    sponsor = entries("Sponsors / Funding sources", "Name of organization / entity")
    condition = entries("Health conditions studied", "Description of health condition studied")
    return {
        "trialid": trial_id,
        "public_title": general("Public title"),
        "scientific_title": general("Scientific title"),
        "acronym": general("Acronym"),
        "primary_sponsor": sponsor[0][1] if sponsor else "",
        "date_registration": day("Registration date"),
        "date_enrolment": day("Actual recruitment start date", "Expected recruitment start date"),
        "results_date_completed": day(
            "Trial completion date", "Actual recruitment end date", "Expected recruitment end date"
        ),
        "end_of": "study" if "Trial completion date" in dates else "recruitment",
        "source_register": "IRCT",
        "recruitment_status": general("Recruitment status"),
        "inclusion_agemin": low,
        "inclusion_agemax": high,
        "inclusion_gender": general("Gender"),
        "actual_size": number(r"Actual sample size reached: (\d+)", size),
        "target_size": number(r"Target sample size: (\d+)", size),
        "study_type": "interventional" if groups else "",  # the register asks for groups of such studies only
        "study_design": ", ".join(f"{name}: {value}" for name, value in design.items() if value),
        "phase": general("Phase"),
        "countries": general("Country"),
        "condition": ";".join(value for _, value in condition),
        "inclusion_criteria": general("Inclusion criteria"),
        "exclusion_criteria": general("Exclusion criteria"),
        "intervention": " ".join(f"Intervention {at}: {words}" for at, words in enumerate(groups, start=1)),
        "primary_outcome": outcomes("Primary outcomes"),
        "secondary_outcome": outcomes("Secondary outcomes"),
        "secondary_id": " ".join(
            name
            for place, value in fields.items()
            if place[0] == "Secondary Ids"
            for name in registry_numbers(value)
        ),
        "ethics_review_approval_date": next(
            (value.partition(",")[0] for place, value in fields.items() if place[2] == "Approval date"), ""
        ),
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

    design = field("Design", "Protocol summary")
    pairs = [
        ("phase", (re.findall(r"phase (\d(?:-\d)?)", design) or [""])[0], field("Phase")),
        ("sample size", (re.findall(r"(\d+) (?:patients|participants|people)", design) or [""])[0],
         (re.findall(r"\d+", field("Sample size")) or [""])[0]),
        ("main outcome", field("Main outcome variables", "Protocol summary"),
         field("Description", "Primary outcomes", 1)),
    ]  # fmt: skip
    found = [
        {"field": name, "values": [here, there], "places": ["Protocol summary", "field"]}
        for name, here, there in pairs
        if here
        and there
        and here.casefold() not in there.casefold()
        and there.casefold() not in here.casefold()
    ]
    opinion = field("Blinding (investigator's opinion)")
    primary = field("Description", "Primary outcomes", 1)
    if opinion.lower() == "not blinded" and re.search(r"\bblind", primary, re.IGNORECASE):
        row = {"field": "masking", "values": [opinion, primary]}
        found.append(row | {"places": ["Blinding", "Primary outcomes 1"]})
    if re.search(r"\bsimple randomi[sz]ation", design, re.IGNORECASE) and re.search(
        r"\bblock", f"{design} {field('Randomization description')}", re.IGNORECASE
    ):
        row = {"field": "randomisation", "values": ["simple", "block"]}
        found.append(row | {"places": ["Protocol summary", "Randomization description"]})
    groups = {place[1] for place in fields if place[0] == "Intervention groups" and place[2] == "Description"}
    if re.search(r"\bversus\b|\bvs\.?\b", field("Scientific title")) and len(groups) > 2:
        row = {"field": "arms", "values": [field("Scientific title"), f"{len(groups)} groups"]}
        found.append(row | {"places": ["Scientific title", "Intervention groups"]})
    found += [
        {"field": name, "values": [date["gregorian"], date["jalali"]], "places": ["Gregorian", "Jalali"]}
        for name, date in _dates(fields).items()
        if date["same_day"] is False
    ]
    return found
