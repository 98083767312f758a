"""Trial pages of MedPath and of the Iranian register (IRCT), saved as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from trialfiles.ctgov import protocol_record
from trialfiles.forms import names_of, patterns_of
from trialfiles.ictrp import trial_record
from trialfiles.record import Row, SourceRecord, refusal
from trialfiles.text import read_page, registry_numbers, without_contacts
from trialfiles.times import both_calendars, durations
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_NAMES = names_of("medpath")
_SAID = patterns_of("medpath", "patterns")
MEDPATH_PARTS: dict[str, list[str]] = _NAMES["parts"]
ALIASES: dict[str, str] = _NAMES["aliases"]
_HEADINGS = {*MEDPATH_PARTS, *(field for fields in MEDPATH_PARTS.values() for field in fields)}
_HEADINGS = _HEADINGS - {"Contact"} | {"Other Outcome Measures"}


def read_medpath(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read the page of one trial.

    Raises
    ------
    SourceError
        When the page states no registration number.
    """
    top, fields = _fields(read_page(path))
    number = next(iter(fields.get("Registration Number", [])), None)
    if not number or not re.fullmatch(r"[\w./-]{6,40}", number):
        remedy = "save the whole page as text"
        raise refusal(path, None, "Registration Number", "no registration number", remedy)
    record = protocol_record(number, {"protocolSection": _protocol(number, top, fields)}, vocabulary)
    status = (fields.get("Status") or [""])[0].replace("_", " ").lower()
    others = [word.lower() for word in top[2:3] if status and word.lower() != status]
    differing: list[Row] = [{"field": "status", "values": [status, *others]}] if others else []
    record.registered[0]["criteria"] = criteria(fields.get("Inclusion Criteria", []))
    record.registered[0]["exclusion_criteria"] = criteria(fields.get("Exclusion Criteria", []))
    model = (fields.get("Study Design") or [""])[0]
    text = " ".join(fields.get("Arm && Interventions", []) + fields.get("Primary Outcome Measures", []))
    side = _SAID["sides"].search(text)  # two sites of the same person, side by side, are no crossover
    if side and model.lower() == "crossover":
        places = ["Study Design", "arms and outcomes"]
        differing.append({"field": "design", "values": [model, side.group()], "places": places})
    record.registered[0]["contradictions"] = differing
    record.sources[0]["format"] = "MedPath page, text"
    record.sources[0]["provenance"] = "Parsed from a third party's page of the record"
    return [record]


def _fields(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the lines above the first heading and each heading's lines; the footer is left out."""
    top: list[str] = []
    fields: dict[str, list[str]] = {}
    here = top
    for line in text.split("\n"):
        words = line.strip().lstrip("#").strip()
        if words == "MedPath":
            if fields:
                break
            continue
        name = ALIASES.get(words, words)
        if name in _HEADINGS and name not in fields:
            here = fields.setdefault(name, [])
        elif words.lower() not in _NAMES["empty"] and not _SAID["header"].fullmatch(words):
            here.append(words)
    return top, fields


def _protocol(number: str, top: list[str], fields: dict[str, list[str]]) -> Row:
    def first(name: str) -> str | None:
        return next(iter(fields.get(name, [])), None)

    def code(text: str | None) -> str | None:
        return re.sub(r"[\s/-]+", "_", text.strip()).upper() if text else None

    interventions = [line.partition(": ")[2] or line for line in fields.get("Interventions", [])]
    arms, named = arms_of(fields.get("Arm && Interventions", []), interventions), _NAMES["outcomes"].items()
    youngest, oldest = ages_of(fields.get("Inclusion Criteria", []))
    target = first("Target Recruitment")
    phase = code(next((line for line in top[1:3] if "phase" in line.lower()), None)) or ""
    phases = re.findall(r"(?:EARLY_)?PHASE\d", re.sub(r"PHASE_(\d)", r"PHASE\1", phase))
    eligibility = [*fields.get("Inclusion Criteria", []), *fields.get("Exclusion Criteria", [])]
    return {
        "identificationModule": {"nctId": number, "briefTitle": next(iter(top), None)},
        "statusModule": {"overallStatus": code(first("Status") or next(iter(top[2:3]), None))},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": first("Lead Sponsor")}},
        "conditionsModule": {"conditions": fields.get("Conditions", [])},
        "designModule": {
            "studyType": code(first("Study Type")),
            "phases": phases,
            "designInfo": {"interventionModel": code(first("Study Design"))},
            "enrollmentInfo": {"count": int(target)} if target and re.fullmatch(r"\d{1,7}", target) else {},
        },
        "armsInterventionsModule": {"armGroups": arms},
        "outcomesModule": {key: outcomes_of(fields.get(name, [])) for key, name in named},
        "eligibilityModule": {
            "eligibilityCriteria": without_contacts("\n".join(eligibility)),
            "sex": code(first("Sex")),
            "minimumAge": youngest,
            "maximumAge": oldest,
        },
        "contactsLocationsModule": {"locations": countries_of(fields.get("Trial Locations", []))},
    }


_NUMBER = re.compile(r"\s*(\d{1,2})[.)]\s*(.*)", re.DOTALL)
_UNITS, _WORDS = ("|".join(_NAMES[name]) for name in ("time_units", "time_begins"))
_SEAM = re.compile(
    rf"(?<=[a-z)\]%.])(?=\d{{1,3}}(?:st|nd|rd|th)?(?:\s*(?:,|and|to|-|~)\s*\d{{1,3}}(?:st|nd|rd|th)?)*[\s-]*(?:{_UNITS}))|"
    rf"(?<=[a-z)\]%.])(?=(?:{_WORDS})\b)"
)


def ages_of(lines: list[str]) -> tuple[str | None, str | None]:
    """Return the ages that the first criterion on age states; how long a disease lasts is no age."""
    for line in filter(_SAID["of_age"].search, lines):
        if both := _SAID["ages"].search(line):
            return f"{both[1]} Years", f"{both[2]} Years"
        if least := _SAID["grown"].search(line):
            return f"{least[1] or least[2]} Years", None
    return None, None


def _cells(line: str) -> list[str]:
    """Return the cells of a row that was saved with tabs or bars between them."""
    return [cell.strip() for cell in re.split(r"[\t|]", line.strip("| ")) if cell.strip()]


def arms_of(lines: list[str], interventions: list[str]) -> list[Row]:
    """Split `exosomesexosomesSubjects will…` at the name of an intervention; cells may also be apart."""
    arms = []
    for line in lines:
        cells = _cells(line)
        if len(cells) >= 2:
            label, given, description = cells[0], cells[1], " ".join(cells[2:]) or None
        else:
            names = [re.escape(name) for name in interventions if name]
            cuts = [
                (match.start(), match[1])
                for name in names
                for match in re.finditer(rf"(?=({name})(.?))", line, re.DOTALL)
                if match.start() and not match[2].islower()
            ]
            at, given = min(cuts, default=(len(line), ""))
            label, description = line[:at], line[at + len(given) :] or None
        names = [given] if given else []
        arms.append({"label": label, "interventionNames": names, "description": description})
    return arms


def outcomes_of(lines: list[str]) -> list[Row]:
    """Split `Hair density3rd month…` where a time begins; a line without such a seam tells the method."""
    found: list[Row] = []
    method: dict[int, list[str]] = {}  # further lines of an outcome
    for line in lines:
        cells = _cells(line)
        seam = _SEAM.search(line)
        time = line[seam.start() :] if seam else ""
        # a time and nothing more: its line is no method's sentence
        alone = len(time) <= 60 and "." not in time and bool(durations(time))
        if len(cells) >= 2:
            row: Row = {"measure": cells[0], "timeFrame": cells[1]}
            found.append(row | {"description": " ".join(cells[2:]) or None})
        elif seam and (not found or found[-1].get("description") or len(found) in method or alone):
            found.append({"measure": line[: seam.start()], "timeFrame": time})
        elif not found:
            found.append({"measure": line.strip("; ")})
        else:
            method.setdefault(len(found), []).append(line)
    for number, said in method.items():
        row = found[number - 1]
        row["description"] = " ".join(filter(None, [row.get("description"), *said]))
    return found


def countries_of(lines: list[str]) -> list[dict[str, str]]:
    """Return the countries of places written `City, Region, Country`, flags left out."""
    places = [re.sub(r"[\U0001F1E6-\U0001F1FF]", "", line).strip() for line in lines]
    named = filter(re.compile(r"[^,@\d]{2,60}(?:, [^,@\d]{2,60}){1,3}").fullmatch, places)
    return [{"country": name} for name in dict.fromkeys(line.rpartition(", ")[2] for line in named)]


def criteria(lines: list[str]) -> list[Row]:
    """Return numbered criteria with sub-items: a count that starts anew is a list within the last one."""
    found: list[tuple[list[str], list[str]]] = []  # the lines of each, and its items
    for line in lines:
        match = _NUMBER.match(line)
        if bullet := _SAID["bullet"].match(line):
            found.append(([line[bullet.end() :]], []))
        elif not match and found:
            found[-1][0].append(line)
        elif not match:
            found.append(([line], []))
        elif int(match[1]) == len(found) + 1 or not found:
            found.append(([match[2]], []))
        else:
            parts = re.split(r"(?:^|[;,]|(?<!\s)\s)\s*\d{1,2}[.)]\s+", line)
            found[-1][1].extend(part.strip(" ;") for part in parts if part.strip(" ;"))
    return [{"text": " ".join(text), "items": items} for text, items in found]


_IRCT = names_of("irct")
ENTRY_FIELDS = (*_IRCT["entry_fields"], " ".join(_IRCT["question"]))
IRCT_FIELDS: dict[str, tuple[str, ...]] = {
    part: ENTRY_FIELDS if fields == "entries" else tuple(fields) for part, fields in _IRCT["parts"].items()
}
IRCT_PARTS = tuple(IRCT_FIELDS)


LinePlace = tuple[str, int, str]  # part, number of the entry (0: none), field
_EMPTY = ("empty", "no information", "-", "")


def read_irct(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read the page of one trial.

    Raises
    ------
    SourceError
        When the page states no registration number.
    """
    fields = page_fields(read_page(path))
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
    place: LinePlace = ("", 0, "")
    for line in text.split("\n"):
        if pieces := irct_pieces(line):
            if places := irct_places([words for words, _ in pieces], *place[:2]):
                place = places[-1]
            else:
                found.setdefault(place, []).append(re.sub(r"\*+", "", line).strip())
    texts = {place: " ".join(lines).strip() for place, lines in found.items()}
    return {place: value for place, value in texts.items() if value.lower() not in _EMPTY}


def irct_pieces(line: str) -> list[tuple[str, int]]:
    """Return the parts of a line between bold marks, each with its offset; end colons are dropped."""
    pieces, at = [], 0
    for piece in line.split("**"):
        if words := piece.strip().lstrip("# ").rstrip(": "):
            pieces.append((words, at + len(piece) - len(piece.lstrip())))
        at += len(piece) + 2
    return pieces


def irct_places(pieces: list[str], part: str, entry: int) -> list[LinePlace]:
    """Return the place that each piece of a line heads; none where one is no heading, but bold in prose.

    Headings may be fused on one line (`Primary outcomes**1****Description**`). A number heads an entry only
    where entries are counted and it is the next one; else it is a value, such as the share of a sponsor.
    """
    places: list[LinePlace] = []
    for words in pieces:
        fields, field = IRCT_FIELDS.get(part, ()), ""
        if words in IRCT_PARTS and not (words in fields and part == "Protocol summary"):
            part, entry = words, 0
        elif fields == ENTRY_FIELDS and words == str(entry + 1):
            entry += 1
        elif words in fields:
            field = words
        else:
            return []
        places.append((part, entry, field))
    return places


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
    design = {name: general(field) for name, field in _IRCT["design"].items()}
    age, size = general("Age"), general("Sample size")
    high = number(r"\bto (\d{1,3} \w+)", age)
    low = number(r"[Ff]rom (\d{1,3} \w+)", age)
    low = low or ("" if high else number(r"(\d{1,3}) (?:years?|months?)", age))
    sponsor = entries("Sponsors / Funding sources", "Name of organization / entity")
    condition = entries("Health conditions studied", "Description of health condition studied")
    others = [value for place, value in fields.items() if place[0] == "Secondary Ids"]
    approved = [value.partition(",")[0] for place, value in fields.items() if place[2] == "Approval date"]
    return {name: general(field) for name, field in _IRCT["export"].items()} | {
        "trialid": trial_id,
        "primary_sponsor": sponsor[0][1] if sponsor else "",
        "date_registration": day("Registration date"),
        "date_enrolment": day("Actual recruitment start date", "Expected recruitment start date"),
        "results_date_completed": day(*_IRCT["ends"]),
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
