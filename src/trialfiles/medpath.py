"""MedPath trial pages saved as text."""

from __future__ import annotations

import re
from pathlib import Path

from trialfiles.ctgov import protocol_arms, protocol_outcomes, registered_row, source_row, study_row
from trialfiles.forms import names_of
from trialfiles.record import Row, SourceRecord, refusal
from trialfiles.text import read_text, without_contacts
from trialfiles.times import durations
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_NAMES = names_of("medpath")
MEDPATH_PARTS: dict[str, list[str]] = _NAMES["parts"]
ALIASES: dict[str, str] = _NAMES["aliases"]
_HEADINGS = {*MEDPATH_PARTS, *(field for fields in MEDPATH_PARTS.values() for field in fields)}
_HEADINGS = _HEADINGS - {"Contact"} | {"Other Outcome Measures"}
_HEADER = re.compile(r"Group\W*Intervention\W*Description|Name\W*Time\W*Method")


def read_medpath(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read the page of one trial.

    Raises
    ------
    SourceError
        When the page states no registration number.
    """
    top, fields = _fields(read_text(path))
    number = next(iter(fields.get("Registration Number", [])), None)
    if not number or not re.fullmatch(r"[\w./-]{6,40}", number):
        remedy = "save the whole page as text"
        raise refusal(path, None, "Registration Number", "no registration number", remedy)
    protocol = _protocol(number, top, fields)
    details = registered_row(number, protocol)
    source = source_row(number, protocol, {"hasResults": None})
    status = (fields.get("Status") or [""])[0].replace("_", " ").lower()
    others = [word.lower() for word in top[2:3] if status and word.lower() != status]
    differing: list[Row] = [{"field": "status", "values": [status, *others]}] if others else []
    details |= {
        "criteria": criteria(fields.get("Inclusion Criteria", [])),
        "exclusion_criteria": criteria(fields.get("Exclusion Criteria", [])),
        "contradictions": differing + _same_person(fields),
    }
    source |= {"format": "MedPath page, text", "provenance": "Parsed from a third party's page of the record"}
    return [
        SourceRecord(
            sources=[source],
            studies=[study_row(number, protocol)],
            arms=protocol_arms(number, details["arms"], vocabulary),
            outcomes=protocol_outcomes(number, protocol, vocabulary),
            registered=[details],
        )
    ]


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
        elif words.lower() not in _NAMES["empty"] and not _HEADER.fullmatch(words):
            here.append(words)
    return top, fields


def _protocol(number: str, top: list[str], fields: dict[str, list[str]]) -> Row:
    def first(name: str) -> str | None:
        return next(iter(fields.get(name, [])), None)

    def code(text: str | None) -> str | None:
        return re.sub(r"[\s/-]+", "_", text.strip()).upper() if text else None

    interventions = [line.partition(": ")[2] or line for line in fields.get("Interventions", [])]
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
        "armsInterventionsModule": {
            "armGroups": arms_of(fields.get("Arm && Interventions", []), interventions)
        },
        "outcomesModule": {
            key: outcomes_of(fields.get(name, [])) for key, name in _NAMES["outcomes"].items()
        },
        "eligibilityModule": {
            "eligibilityCriteria": without_contacts("\n".join(eligibility)),
            "sex": code(first("Sex")),
            "minimumAge": youngest,
            "maximumAge": oldest,
        },
        "contactsLocationsModule": {"locations": countries_of(fields.get("Trial Locations", []))},
    }


def _same_person(fields: dict[str, list[str]]) -> list[Row]:
    """Say when a crossover is described as two sites of the same person, side by side."""
    model = (fields.get("Study Design") or [""])[0]
    text = " ".join(fields.get("Arm && Interventions", []) + fields.get("Primary Outcome Measures", []))
    side = re.search(r"control (?:site|area)|(?:both|two) areas|other side", text, re.IGNORECASE)
    if not side or model.lower() != "crossover":
        return []
    return [
        {"field": "design", "values": [model, side.group()], "places": ["Study Design", "arms and outcomes"]}
    ]


_NUMBER = re.compile(r"\s*(\d{1,2})[.)]\s*(.*)", re.DOTALL)
_AGES = re.compile(
    r"(\d{1,3})(?:\s*years?(?: old)?)?\s*(?:~|–|-|to|and)\s*(\d{1,3})\s*(?:years|yrs)", re.IGNORECASE
)
_GROWN = re.compile(
    r"(?:≥|>=|at least|over|older than|above)\s*(\d{1,3})\s*(?:years|yrs)|"
    r"(\d{1,3})\s*years(?: of age| old)?,? (?:or|and) (?:older|over|above)",
    re.IGNORECASE,
)
_OF_AGE = re.compile(r"\bage[ds]?\b|\bold(?:er)?\b", re.IGNORECASE)
_BULLET = re.compile(r"\s*[-•*–]\s+")
_UNITS, _WORDS = ("|".join(_NAMES[name]) for name in ("time_units", "time_begins"))
_SEAM = re.compile(
    rf"(?<=[a-z)\]%.])(?=\d{{1,3}}(?:st|nd|rd|th)?(?:\s*(?:,|and|to|-|~)\s*\d{{1,3}}(?:st|nd|rd|th)?)*[\s-]*(?:{_UNITS}))|"
    rf"(?<=[a-z)\]%.])(?=(?:{_WORDS})\b)"
)


def ages_of(lines: list[str]) -> tuple[str | None, str | None]:
    """Return the ages that the first criterion on age states; how long a disease lasts is no age."""
    for line in filter(_OF_AGE.search, lines):
        if both := _AGES.search(line):
            return f"{both[1]} Years", f"{both[2]} Years"
        if least := _GROWN.search(line):
            return f"{least[1] or least[2]} Years", None
    return None, None


def _cells(line: str) -> list[str]:
    """Return the cells of a row that was saved with tabs or bars between them."""
    return [cell.strip() for cell in re.split(r"\t|\s*\|\s*", line.strip("| ")) if cell.strip()]


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
        arms.append(
            {"label": label, "interventionNames": [given] if given else [], "description": description}
        )
    return arms


def outcomes_of(lines: list[str]) -> list[Row]:
    """Split `Hair density3rd month…` where a time begins; a line without such a seam tells the method."""
    found: list[Row] = []
    for line in lines:
        cells = _cells(line)
        seam = _SEAM.search(line)
        if len(cells) >= 2:
            found.append(
                {"measure": cells[0], "timeFrame": cells[1], "description": " ".join(cells[2:]) or None}
            )
        elif seam and (not found or found[-1].get("description") or _is_row(line[seam.start() :])):
            found.append({"measure": line[: seam.start()], "timeFrame": line[seam.start() :]})
        elif not found:
            found.append({"measure": line.strip("; ")})
        else:
            said = found[-1].get("description")
            found[-1]["description"] = f"{said} {line}" if said else line
    return found


def _is_row(time: str) -> bool:
    """Whether what follows a seam is a time and nothing more, so that its line is no method's sentence."""
    return len(time) <= 60 and "." not in time and bool(durations(time))


def countries_of(lines: list[str]) -> list[dict[str, str]]:
    """Return the countries of places written `City, Region, Country`, flags left out."""
    places = [re.sub(r"[\U0001F1E6-\U0001F1FF]", "", line).strip() for line in lines]
    named = [
        line.rpartition(", ")[2]
        for line in places
        if re.fullmatch(r"[^,@\d]{2,60}(?:, [^,@\d]{2,60}){1,3}", line)
    ]
    return [{"country": name} for name in dict.fromkeys(named)]


def criteria(lines: list[str]) -> list[Row]:
    """Return numbered criteria with sub-items: a count that starts anew is a list within the last one."""
    found: list[Row] = []
    for line in lines:
        match = _NUMBER.match(line)
        if bullet := _BULLET.match(line):
            found.append({"text": line[bullet.end() :], "items": []})
        elif not match:
            if found:
                found[-1]["text"] += f" {line}"
            else:
                found.append({"text": line, "items": []})
        elif int(match[1]) == len(found) + 1 or not found:
            found.append({"text": match[2], "items": []})
        else:
            parts = re.split(r"(?:^|[;,\s])\s*\d{1,2}[.)]\s+", line)
            found[-1]["items"] += [part.strip(" ;") for part in parts if part.strip(" ;")]
    return found
