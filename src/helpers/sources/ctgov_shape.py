"""The shape of a ClinicalTrials.gov API v2 record, as far as it is read: text, list, block or number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NCT_NUMBER = r"NCT\d{8}"
MOST_PEOPLE = 10**9
_OUTCOME = {"measure": str, "description": str, "timeFrame": str}
_DATE = {"date": str}
SHAPE: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": str, "briefTitle": str, "officialTitle": str},
        "statusModule": {
            "overallStatus": str,
            "studyFirstPostDateStruct": _DATE,
            "startDateStruct": _DATE,
            "completionDateStruct": _DATE,
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": str}},
        "conditionsModule": {"conditions": [str]},
        "designModule": {
            "studyType": str,
            "phases": [str],
            "designInfo": {"allocation": str, "interventionModel": str, "maskingInfo": {"masking": str}},
            "enrollmentInfo": {"count": int},
        },
        "armsInterventionsModule": {"armGroups": [{"label": str, "type": str, "interventionNames": [str]}]},
        "outcomesModule": {
            "primaryOutcomes": [_OUTCOME],
            "secondaryOutcomes": [_OUTCOME],
            "otherOutcomes": [_OUTCOME],
        },
        "eligibilityModule": {"sex": str, "minimumAge": str, "maximumAge": str},
        "contactsLocationsModule": {"locations": [{"country": str}]},
    },
    "hasResults": bool,
    "provenance": {"statement": str},
}
_WORDS = {str: "text", int: "a whole number of people", bool: "true or false"}


def misshapen(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield place and problem of everything in a record that has another shape than is read."""
    yield from _check(content, SHAPE, "")
    identity = content["protocolSection"].get("identificationModule")
    number = identity.get("nctId") if isinstance(identity, dict) else None
    if isinstance(number, str) and number and not re.fullmatch(NCT_NUMBER, number):
        yield "protocolSection.identificationModule.nctId", f"{number[:40]!r} is no NCT number"


def _check(value: Any, shape: Any, place: str) -> Iterator[tuple[str, str]]:
    """Compare a value with a shape; absent and null are allowed everywhere."""
    if value is None:
        return
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield place, f"not a block of fields but {type(value).__name__}"
            return
        for key, inner in shape.items():
            yield from _check(value.get(key), inner, f"{place}.{key}".lstrip("."))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield place, f"not a list but {type(value).__name__}"
            return
        for index, item in enumerate(value):
            if item is None:
                yield f"{place}[{index}]", "empty"
            yield from _check(item, shape[0], f"{place}[{index}]")
    elif type(value) is not shape:
        yield place, f"not {_WORDS[shape]} but {type(value).__name__}"
    elif shape is int and not 0 <= value <= MOST_PEOPLE:
        yield place, "not a number of people"
