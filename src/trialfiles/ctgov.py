"""What a ClinicalTrials.gov record plans: source, study, arms, outcomes, status and dates.

Every module and key of the format is optional; absence is its only form of "missing".
"""

from __future__ import annotations

from typing import Any

from helpers.sources.ctgov_words import lower, plain
from helpers.sources.registry_words import age_years, arm_role, concept_of, name_apart, slug
from helpers.sources.time_points import weeks

Row = dict[str, Any]
_COMPARISON = {"SINGLE_GROUP": "single_arm", "PARALLEL": "parallel"}
_SEX = {"ALL": "all", "MALE": "male", "FEMALE": "female"}
_PLANNED = (("primaryOutcomes", "primary"), ("secondaryOutcomes", "secondary"), ("otherOutcomes", "other"))
_DATES = (
    ("registered_on", "studyFirstPostDateStruct"),
    ("starts_on", "startDateStruct"),
    ("primary_completion_on", "primaryCompletionDateStruct"),
    ("ends_on", "completionDateStruct"),
    ("results_posted_on", "resultsFirstPostDateStruct"),
    ("updated_on", "lastUpdatePostDateStruct"),
)


def source_row(study_id: str, protocol: Row, content: Row) -> Row:
    """Return the row of `sources`; its provenance names the day of the register's data."""
    status = protocol.get("statusModule") or {}
    identity = protocol.get("identificationModule") or {}
    version = ((content.get("derivedSection") or {}).get("miscInfoModule") or {}).get("versionHolder")
    stated = (content.get("provenance") or {}).get("statement")
    has_results = content.get("hasResults")
    return {
        "source_id": study_id,
        "study_id": study_id,
        "tier": "core",
        "format": "ClinicalTrials.gov API v2 JSON",
        "citation": plain(identity.get("briefTitle")),
        "registration": study_id,
        "status": lower(status.get("overallStatus")) or None,
        "has_results": True if content.get("resultsSection") else has_results,
        "access": "record",
        "provenance": stated or (f"ClinicalTrials.gov, data of {version}" if version else None),
    }


def study_row(study_id: str, protocol: Row) -> Row:
    """Return the row of `studies`; an actual enrolment is `n_enrolled`, an estimated one `n_planned`."""
    design = protocol.get("designModule") or {}
    info = design.get("designInfo") or {}
    eligibility = protocol.get("eligibilityModule") or {}
    places = (protocol.get("contactsLocationsModule") or {}).get("locations") or []
    identity, status = protocol.get("identificationModule") or {}, protocol.get("statusModule") or {}
    model = info.get("interventionModel")
    size = design.get("enrollmentInfo") or {}
    actual = size.get("type") == "ACTUAL"
    words = [design.get("studyType"), model or info.get("observationalModel")]
    return {
        "study_id": study_id,
        "title": plain(identity.get("officialTitle") or identity.get("briefTitle")),
        "design": lower(" ".join(filter(None, words))) or None,
        "allocation": None if info.get("allocation") == "NA" else lower(info.get("allocation")),
        "comparison": _COMPARISON.get(model or ""),
        "masking": lower((info.get("maskingInfo") or {}).get("masking")),
        "phase": ", ".join(phase for phase in design.get("phases") or [] if phase != "NA") or None,
        "n_planned": None if actual else size.get("count"),
        "n_enrolled": size.get("count") if actual else None,
        "n_analysed": None,
        "sex": _SEX.get(eligibility.get("sex") or ""),
        "age_min": age_years(eligibility.get("minimumAge")),
        "age_max": age_years(eligibility.get("maximumAge")),
        "population": plain(", ".join((protocol.get("conditionsModule") or {}).get("conditions") or [])),
        "country": ", ".join(sorted({place["country"] for place in places if place.get("country")})) or None,
        "funding": plain(
            ((protocol.get("sponsorCollaboratorsModule") or {}).get("leadSponsor") or {}).get("name")
        ),
        "registration": study_id,
        **{
            column: (status.get(key) or {}).get("date")
            for column, key in _DATES
            if column in ("registered_on", "starts_on", "ends_on")
        },
    }


def registered_row(study_id: str, protocol: Row) -> Row:
    """Return the facts that no table has a column for: eligibility, purpose, other numbers, dates.

    A date stays as posted; `_precision` says whether year, month or day, `_type` actual or estimated.
    """
    identity, status = protocol.get("identificationModule") or {}, protocol.get("statusModule") or {}
    info = (protocol.get("designModule") or {}).get("designInfo") or {}
    masked = (info.get("maskingInfo") or {}).get("whoMasked") or []
    eligibility = protocol.get("eligibilityModule") or {}
    others = [item.get("id") for item in identity.get("secondaryIdInfos") or []]
    row: Row = {
        "study_id": study_id,
        "acronym": plain(identity.get("acronym")),
        "other_ids": [name for name in [*(identity.get("nctIdAliases") or []), *others] if name],
        "status_before": lower(status.get("lastKnownStatus")),
        "why_stopped": plain(status.get("whyStopped")),
        "verified_on": status.get("statusVerifiedDate"),
        "purpose": lower(info.get("primaryPurpose")),
        "masked": ", ".join(filter(None, map(lower, masked))) or None,
        "eligibility": plain(eligibility.get("eligibilityCriteria")),
        "healthy_volunteers": eligibility.get("healthyVolunteers"),
        "arms": arm_details(protocol),
    }
    for column, key in _DATES:
        block = status.get(key) or {}
        row[column] = block.get("date")
        row[f"{column}_type"] = lower(block.get("type"))
        row[f"{column}_precision"] = {4: "year", 7: "month", 10: "day"}.get(len(block.get("date") or ""))
    return row


def arm_details(protocol: Row) -> list[Row]:
    """Return each arm with its interventions, joined by label, and its description."""
    module = protocol.get("armsInterventionsModule") or {}
    given: dict[str | None, list[str]] = {}
    for item in module.get("interventions") or []:
        for label in item.get("armGroupLabels") or []:
            given.setdefault(label, []).append(plain(item.get("name")) or "unnamed")
    details = []
    for group in module.get("armGroups") or []:
        names = [plain(name.partition(": ")[2] or name) for name in group.get("interventionNames") or []]
        details.append(
            {
                "label": plain(group.get("label")) or "unnamed",
                "type": group.get("type"),
                "interventions": [name for name in names if name] or given.get(group.get("label"), []),
                "description": plain(group.get("description")),
            }
        )
    return details


def arm_rows(study_id: str, details: list[Row]) -> list[Row]:
    """Return the rows of `arms`; the role follows from names and the register's type of arm."""
    arms = [
        {
            "study_id": study_id,
            "arm_id": slug(arm["label"]),
            "role": arm_role(arm["label"], arm["interventions"], arm["type"]),
            "label": arm["label"],
        }
        for arm in details
    ]
    return name_apart(arms, "arm_id")


def outcome_rows(study_id: str, protocol: Row) -> list[Row]:
    """Return the planned outcomes, with their time frames in weeks where one time is stated."""
    module = protocol.get("outcomesModule") or {}
    rows = []
    for key, priority in _PLANNED:
        for index, outcome in enumerate(module.get(key) or []):
            measure, description = plain(outcome.get("measure")), plain(outcome.get("description"))
            rows.append(
                {
                    "study_id": study_id,
                    "outcome_id": f"{priority}-{index + 1}",
                    "concept": concept_of(f"{measure} {description or ''}"),
                    "priority": priority,
                    "measure": ": ".join(filter(None, [measure, description])),
                    "unit": None,
                    "timepoint_weeks": weeks(outcome.get("timeFrame")),
                    "timepoint_printed": plain(outcome.get("timeFrame")),
                }
            )
    return rows
