"""ClinicalTrials.gov records, API v2 JSON: design, arms, planned outcomes, status.

Every module and key of the format is optional; absence is its only form of "missing". A record that
posts results is refused for now rather than read by half.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from helpers.sources.ctgov_shape import misshapen
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import age_years, concept_of, name_apart, role_of, slug
from helpers.sources.time_points import weeks

_COMPARISON = {"SINGLE_GROUP": "single_arm", "PARALLEL": "parallel"}
_SEX = {"ALL": "all", "MALE": "male", "FEMALE": "female"}


def read_ctgov(path: Path) -> SourceRecord:
    """Read one study in ClinicalTrials.gov API v2 JSON.

    Raises
    ------
    SourceError
        For another shape (legacy records are named), a page of several studies, or posted results.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (
        ValueError,
        RecursionError,
        OSError,
    ) as error:  # ValueError: not UTF-8, not JSON, a monstrous number
        line = getattr(error, "lineno", None)
        problem = f"not JSON: {str(error).splitlines()[0]}"
        raise SourceError(Problem(str(path), line, "", problem, "download the record again")) from None
    protocol = _protocol(path, content)
    if content.get("resultsSection"):
        remedy = "put the posted figures into a study sheet (evidence new)"
        raise SourceError(
            Problem(str(path), None, "resultsSection", "posted results are not read yet", remedy)
        )
    wrong = [
        Problem(str(path), None, place, problem, "download the record again")
        for place, problem in misshapen(content)
    ]
    if wrong:
        raise SourceError(wrong)
    identity = protocol.get("identificationModule") or {}
    if not identity.get("nctId"):
        problem = Problem(
            str(path), None, "protocolSection.identificationModule.nctId", "missing", "keep that module"
        )
        raise SourceError(problem)
    study_id = identity["nctId"]
    return SourceRecord(
        sources=[_source(study_id, protocol, content)],
        studies=[_study(study_id, protocol)],
        arms=_arms(study_id, protocol),
        outcomes=_outcomes(study_id, protocol),
    )


def _protocol(path: Path, content: Any) -> dict[str, Any]:
    """Return the protocol section, or refuse the container by name."""
    shapes = {
        "FullStudiesResponse": "the legacy FullStudies shape",
        "FullStudy": "the legacy FullStudy shape",
        "history": "the site's internal record with its history",
        "studies": "a page of several studies",
    }
    if isinstance(content, dict) and isinstance(content.get("protocolSection"), dict):
        return content["protocolSection"]
    names = [words for key, words in shapes.items() if isinstance(content, dict) and key in content]
    found = names[0] if names else "no protocolSection"
    remedy = "download the single study from the register's API, version 2, as JSON"
    raise SourceError(Problem(str(path), None, "", f"not an API v2 study: {found}", remedy))


def _source(study_id: str, protocol: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    status = protocol.get("statusModule") or {}
    provenance = content.get("provenance") or {}
    return {
        "source_id": study_id,
        "study_id": study_id,
        "tier": "core",
        "format": "ClinicalTrials.gov API v2 JSON",
        "citation": (protocol.get("identificationModule") or {}).get("briefTitle"),
        "registration": study_id,
        "status": (status.get("overallStatus") or "").replace("_", " ").lower() or None,
        "has_results": content.get("hasResults"),
        "provenance": provenance.get("statement"),
    }


def _study(study_id: str, protocol: dict[str, Any]) -> dict[str, Any]:
    design = protocol.get("designModule") or {}
    info = design.get("designInfo") or {}
    eligibility = protocol.get("eligibilityModule") or {}
    places = (protocol.get("contactsLocationsModule") or {}).get("locations") or []
    status = protocol.get("statusModule") or {}
    identity = protocol.get("identificationModule") or {}
    model = info.get("interventionModel")
    sponsor = ((protocol.get("sponsorCollaboratorsModule") or {}).get("leadSponsor") or {}).get("name")
    return {
        "study_id": study_id,
        "title": _plain(identity.get("officialTitle") or identity.get("briefTitle")),
        "design": " ".join(filter(None, [design.get("studyType"), model])).replace("_", " ").lower() or None,
        "allocation": _lower(info.get("allocation")),
        "comparison": _COMPARISON.get(model),
        "masking": _lower((info.get("maskingInfo") or {}).get("masking")),
        "phase": ", ".join(design.get("phases") or []) or None,
        "n_planned": (design.get("enrollmentInfo") or {}).get("count"),
        "sex": _SEX.get(eligibility.get("sex")),
        "age_min": age_years(eligibility.get("minimumAge")),
        "age_max": age_years(eligibility.get("maximumAge")),
        "population": ", ".join((protocol.get("conditionsModule") or {}).get("conditions") or []) or None,
        "country": ", ".join(sorted({place["country"] for place in places if place.get("country")})) or None,
        "funding": sponsor,
        "registration": study_id,
        "registered_on": (status.get("studyFirstPostDateStruct") or {}).get("date"),
        "starts_on": (status.get("startDateStruct") or {}).get("date"),
        "ends_on": (status.get("completionDateStruct") or {}).get("date"),
    }


def _arms(study_id: str, protocol: dict[str, Any]) -> list[dict[str, Any]]:
    module = protocol.get("armsInterventionsModule") or {}
    arms = []
    for group in module.get("armGroups") or []:
        label = _plain(group.get("label")) or "unnamed"
        names = [name.partition(": ")[2] or name for name in group.get("interventionNames") or []]
        role = role_of(" ".join([label, *names]), group.get("type"))
        arms.append({"study_id": study_id, "arm_id": slug(label), "role": role, "label": label})
    return name_apart(arms, "arm_id")


def _outcomes(study_id: str, protocol: dict[str, Any]) -> list[dict[str, Any]]:
    module = protocol.get("outcomesModule") or {}
    rows = []
    for key, priority in (
        ("primaryOutcomes", "primary"),
        ("secondaryOutcomes", "secondary"),
        ("otherOutcomes", "other"),
    ):
        for index, outcome in enumerate(module.get(key) or []):
            measure, description = _plain(outcome.get("measure")), _plain(outcome.get("description"))
            rows.append(
                {
                    "study_id": study_id,
                    "outcome_id": f"{priority}-{index + 1}",
                    "concept": concept_of(f"{measure} {description or ''}"),
                    "priority": priority,
                    "measure": ": ".join(filter(None, [measure, description])),
                    "timepoint_weeks": weeks(outcome.get("timeFrame")),
                    "timepoint_printed": _plain(outcome.get("timeFrame")),
                }
            )
    return rows


def _plain(text: str | None) -> str | None:
    """Undo the register's markdown escapes once."""
    return re.sub(r"\\([\\`*_{}\[\]()#+\-.!~<>=])", r"\1", html.unescape(text)) if text else None


def _lower(text: str | None) -> str | None:
    return text.replace("_", " ").lower() if text else None
