"""The shape of a ClinicalTrials.gov API v2 record, as far as it is read: text, list, block or number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NCT_NUMBER = r"NCT\d{8}"
MOST_PEOPLE = 10**9
_OUTCOME = {"measure": str, "description": str, "timeFrame": str}
_DATE = {"date": str, "type": str}
_DENOMS = [{"units": str, "counts": [{"groupId": str, "value": str}]}]
_MEASUREMENT = {
    "groupId": str, "value": str, "spread": str, "lowerLimit": str, "upperLimit": str, "comment": str,
}  # fmt: skip
_GROUPS = [{"id": str, "title": str, "description": str}]
_CLASSES = [{"title": str, "denoms": _DENOMS, "categories": [{"title": str, "measurements": [_MEASUREMENT]}]}]
_MEASURE = {
    "title": str, "description": str, "paramType": str, "dispersionType": str, "unitOfMeasure": str,
    "denoms": _DENOMS, "classes": _CLASSES,
}  # fmt: skip
_ANALYSIS = {"groupIds": [str]} | dict.fromkeys(
    (
        "pValue", "statisticalMethod", "paramType", "paramValue", "ciPctValue", "ciNumSides", "ciLowerLimit",
        "ciUpperLimit", "dispersionType", "dispersionValue", "nonInferiorityType", "groupDescription",
        "estimateComment",
    ),
    str,
)  # fmt: skip
_EVENT = {
    "term": str, "organSystem": str, "assessmentType": str, "notes": str,
    "stats": [{"groupId": str, "numEvents": int, "numAffected": int, "numAtRisk": int}],
}  # fmt: skip
_COUNT = {"groupId": str, "numSubjects": str, "numUnits": str, "comment": str}
_TOTALS = {
    f"{kind}Num{what}": int for kind in ("deaths", "serious", "other") for what in ("Affected", "AtRisk")
}
SHAPE: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": str,
            "nctIdAliases": [str],
            "orgStudyIdInfo": {"id": str},
            "secondaryIdInfos": [{"id": str, "type": str, "domain": str}],
            "briefTitle": str,
            "officialTitle": str,
            "acronym": str,
        },
        "statusModule": {
            "statusVerifiedDate": str,
            "overallStatus": str,
            "lastKnownStatus": str,
            "whyStopped": str,
            "studyFirstPostDateStruct": _DATE,
            "resultsFirstPostDateStruct": _DATE,
            "lastUpdatePostDateStruct": _DATE,
            "startDateStruct": _DATE,
            "primaryCompletionDateStruct": _DATE,
            "completionDateStruct": _DATE,
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": str, "class": str}},
        "conditionsModule": {"conditions": [str]},
        "designModule": {
            "studyType": str,
            "phases": [str],
            "designInfo": {
                "allocation": str,
                "interventionModel": str,
                "primaryPurpose": str,
                "observationalModel": str,
                "timePerspective": str,
                "maskingInfo": {"masking": str, "whoMasked": [str]},
            },
            "enrollmentInfo": {"count": int, "type": str},
        },
        "armsInterventionsModule": {
            "armGroups": [{"label": str, "type": str, "description": str, "interventionNames": [str]}],
            "interventions": [{"type": str, "name": str, "description": str, "armGroupLabels": [str]}],
        },
        "outcomesModule": {
            "primaryOutcomes": [_OUTCOME],
            "secondaryOutcomes": [_OUTCOME],
            "otherOutcomes": [_OUTCOME],
        },
        "eligibilityModule": {
            "eligibilityCriteria": str,
            "healthyVolunteers": bool,
            "sex": str,
            "minimumAge": str,
            "maximumAge": str,
        },
        "contactsLocationsModule": {"locations": [{"country": str}]},
    },
    "resultsSection": {
        "participantFlowModule": {
            "groups": _GROUPS,
            "periods": [
                {
                    "title": str,
                    "milestones": [{"type": str, "achievements": [_COUNT]}],
                    "dropWithdraws": [{"type": str, "reasons": [_COUNT]}],
                }
            ],
        },
        "baselineCharacteristicsModule": {
            "groups": _GROUPS, "typeUnitsAnalyzed": str, "denoms": _DENOMS, "measures": [_MEASURE],
        },
        "outcomeMeasuresModule": {
            "outcomeMeasures": [
                _MEASURE
                | {
                    "type": str, "timeFrame": str, "typeUnitsAnalyzed": str, "reportingStatus": str,
                    "populationDescription": str, "groups": _GROUPS, "analyses": [_ANALYSIS],
                }
            ]
        },
        "adverseEventsModule": {
            "frequencyThreshold": str,
            "timeFrame": str,
            "eventGroups": [_GROUPS[0] | _TOTALS],
            "seriousEvents": [_EVENT],
            "otherEvents": [_EVENT],
        },
    },
    "derivedSection": {"miscInfoModule": {"versionHolder": str}},
    "hasResults": bool,
    "provenance": {"statement": str},
}  # fmt: skip
_WORDS = {str: "text", int: "a whole number of people", bool: "true or false"}


def misshapen(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return place and problem of everything in a record that has another shape than is read."""
    found = list(_faults(content, SHAPE, "")) if not _fits(content, SHAPE) else []
    identity = content["protocolSection"].get("identificationModule")
    number = identity.get("nctId") if isinstance(identity, dict) else None
    if isinstance(number, str) and number and not re.fullmatch(NCT_NUMBER, number):
        found.append(("protocolSection.identificationModule.nctId", f"{number[:40]!r} is no NCT number"))
    return found


def _fits(value: Any, shape: Any) -> bool:
    """Return whether a value has a shape; the quick way, that names no place."""
    kind = type(value)
    if type(shape) is dict:
        if kind is not dict:
            return False
        get = shape.get
        for key, item in value.items():
            inner = get(key)
            if inner is None or item is None or (inner is str and type(item) is str):
                continue
            if not _fits(item, inner):
                return False
        return True
    if type(shape) is list:
        if kind is not list:
            return False
        inner = shape[0]
        for item in value:  # noqa: SIM110  (a generator is slower, and this is the busiest place)
            if item is None or not _fits(item, inner):
                return False
        return True
    return kind is shape and (shape is not int or 0 <= value <= MOST_PEOPLE)


def _faults(value: Any, shape: Any, place: str) -> Iterator[tuple[str, str]]:
    """Compare a value with a shape, place by place; absent and null are allowed everywhere."""
    if value is None:
        return
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield place, f"not a block of fields but {type(value).__name__}"
            return
        for key, inner in shape.items():
            yield from _faults(value.get(key), inner, f"{place}.{key}".lstrip("."))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield place, f"not a list but {type(value).__name__}"
            return
        for index, item in enumerate(value):
            if item is None:
                yield f"{place}[{index}]", "empty"
            yield from _faults(item, shape[0], f"{place}[{index}]")
    elif type(value) is not shape:
        yield place, f"not {_WORDS[shape]} but {type(value).__name__}"
    elif shape is int and not 0 <= value <= MOST_PEOPLE:
        yield place, "not a number of people"
