"""A MedPath page saved as text: a copy of a ClinicalTrials.gov record with its tables run together.

The page becomes the modules of API v2, which the reader of those records turns into rows. Contact persons
are never read. "Not available" and an empty field are missing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from helpers.sources.ctgov_protocol import arm_rows, outcome_rows, registered_row, source_row, study_row
from helpers.sources.medpath_cells import ages_of, arms_of, countries_of, criteria, outcomes_of
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.source_text import read_text, without_contacts

_HEADINGS = (
    "Conditions",
    "Interventions",
    "Registration Number",
    "Lead Sponsor",
    "Brief Summary",
    "Detailed Description",
    "Recruitment & Eligibility",
    "Status",
    "Sex",
    "Target Recruitment",
    "Inclusion Criteria",
    "Exclusion Criteria",
    "Study & Design",
    "Study Type",
    "Study Design",
    "Arm && Interventions",
    "Primary Outcome Measures",
    "Secondary Outcome Measures",
    "Other Outcome Measures",
    "Trial Locations",
)
_EMPTY = ("not available", "not applicable", "not provided", "not specified", "n/a", "none", "-", "")
_HEADER = re.compile(r"Group\W*Intervention\W*Description|Name\W*Time\W*Method")


def read_medpath(path: Path) -> list[SourceRecord]:
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
        raise SourceError(Problem(str(path), None, "Registration Number", "no registration number", remedy))
    protocol = _protocol(number, top, fields)
    details = registered_row(number, protocol)
    source = source_row(number, protocol, {"hasResults": None})
    status = (fields.get("Status") or [""])[0].replace("_", " ").lower()
    differing = [word.lower() for word in top[2:3] if status and word.lower() != status]
    differing = [{"field": "status", "values": [status, *differing]}] if differing else []
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
            arms=arm_rows(number, details["arms"]),
            outcomes=outcome_rows(number, protocol),
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
        name = "Arm && Interventions" if words == "Arm & Interventions" else words
        if name in _HEADINGS and name not in fields:
            here = fields.setdefault(name, [])
        elif words.lower() not in _EMPTY and not _HEADER.fullmatch(words):
            here.append(words)
    return top, fields


def _protocol(number: str, top: list[str], fields: dict[str, list[str]]) -> dict[str, Any]:
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
            key: outcomes_of(fields.get(name, []))
            for key, name in (
                ("primaryOutcomes", "Primary Outcome Measures"),
                ("secondaryOutcomes", "Secondary Outcome Measures"),
                ("otherOutcomes", "Other Outcome Measures"),
            )
        },
        "eligibilityModule": {
            "eligibilityCriteria": without_contacts("\n".join(eligibility)),
            "sex": code(first("Sex")),
            "minimumAge": youngest,
            "maximumAge": oldest,
        },
        "contactsLocationsModule": {"locations": countries_of(fields.get("Trial Locations", []))},
    }


def _same_person(fields: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Say when a crossover is described as two sites of the same person, side by side."""
    model = (fields.get("Study Design") or [""])[0]
    text = " ".join(fields.get("Arm && Interventions", []) + fields.get("Primary Outcome Measures", []))
    side = re.search(r"control (?:site|area)|(?:both|two) areas|other side", text, re.IGNORECASE)
    if not side or model.lower() != "crossover":
        return []
    return [
        {"field": "design", "values": [model, side.group()], "places": ["Study Design", "arms and outcomes"]}
    ]
