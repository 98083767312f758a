"""ClinicalTrials.gov records (JSON of API 2): the protocol section, and records that hold only a part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from trialfiles.ctgov_fields import columns_of, field_at, lower, plain_text
from trialfiles.ctgov_results import (
    adverse_events,
    analyses,
    baseline,
    participant_flow,
    posted_results,
    started,
)
from trialfiles.forms import names_of
from trialfiles.json_records import json_items
from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import name_apart, slug
from trialfiles.times import iso_date
from trialfiles.vocabulary import NO_WORDS, Vocabulary

_NAMES = names_of("ctgov")


def read_ctgov(path: Path, vocabulary: Vocabulary = NO_WORDS) -> Iterator[SourceRecord]:
    """Yield every study of a file, streamed: memory holds one study.

    A history of a record (of the site, or versions put in a list) gives one record a version.

    Raises
    ------
    SourceError
        For another shape (legacy records are named), or a record that is not as the format says.
    """
    number = None
    for number, line, item in json_items(path, ("studies", *_NAMES["version_lists"])):
        study, version = _versioned(item)
        record = study_record(path, study, line, f"study {number}: " if number else "", vocabulary)
        restated = field_at(study, "provenance.restatedOn")  # of what was on a page by then
        seen = restated or field_at(study, "derivedSection.miscInfoModule.versionHolder")
        record.registered[0] |= {"seen_on": iso_date(seen), "restated": bool(restated)} | version
        yield record
    if number is None:
        raise refusal(path, 1, "", "a page without a study", "export at least one study")


def _versioned(item: Any) -> tuple[Any, Row]:
    """Return the study in an item of a file, with what the site's history says of its version."""
    if not isinstance(item, dict) or "study" not in item:
        return item, {}
    history = item.get("history")
    changes = history.get("changes") if isinstance(history, dict) else None
    last = changes[-1] if isinstance(changes, list) and changes else item  # the study is as it is now
    number, day = (last.get(name) if isinstance(last, dict) else None for name in ("version", "date"))
    known: Row = {"version": number} if type(number) is int else {}
    if isinstance(day, str) and (day := iso_date(day)):
        known["updated_on"] = day
    return item["study"], known


def study_record(path: Path, content: Any, line: int, prefix: str, vocabulary: Vocabulary) -> SourceRecord:
    """Return the rows of one study; the prefix names it among others of its file."""
    if not isinstance(content, dict) or not isinstance(content.get("protocolSection"), dict):
        keys = content if isinstance(content, dict) else {}
        named = (words for key, words in _NAMES["other_shapes"].items() if key in keys)
        problem = f"not an API v2 study: {next(named, 'no protocolSection')}"
        remedy = "download the study from the register's API, version 2, as JSON"
        raise refusal(path, line, "", problem, remedy)
    wrong = misshapen(content)
    if wrong:
        remedy = "download the record again"
        at = line if prefix else None
        raise SourceError([Problem(str(path), at, prefix + place, what, remedy) for place, what in wrong])
    protocol = content["protocolSection"]
    study_id = (protocol.get("identificationModule") or {}).get("nctId")
    if not study_id:
        field = f"{prefix}protocolSection.identificationModule.nctId"
        raise refusal(path, line, field, "missing", "keep that module")
    record = protocol_record(study_id, content, vocabulary)
    if content.get("resultsSection"):
        _add_results(record, study_id, content["resultsSection"], vocabulary)
    return record


def protocol_record(study_id: str, content: Row, vocabulary: Vocabulary) -> SourceRecord:
    """Return the rows of a protocol section."""
    protocol = content["protocolSection"]
    registered = registered_row(study_id, protocol)
    return SourceRecord(
        sources=[source_row(study_id, protocol, content)],
        studies=[study_row(study_id, protocol)],
        arms=protocol_arms(study_id, registered["arms"], vocabulary),
        outcomes=protocol_outcomes(study_id, protocol, vocabulary),
        registered=[registered],
    )


def _add_results(record: SourceRecord, study_id: str, posted: Row, vocabulary: Vocabulary) -> None:
    """Fill in what the record posts."""
    arms, study = record.arms, record.studies[0]
    record.flow = participant_flow(study_id, posted.get("participantFlowModule") or {}, arms)
    began = started(record.flow)
    study["n_enrolled"] = study["n_enrolled"] if study["n_enrolled"] is not None else began
    starts = [row for row in record.flow if row["name"] == "STARTED"]
    counted = {row["arm_id"]: row["count"] for row in reversed(starts)}  # of the first period
    for arm in arms:
        arm["n"] = counted.get(arm["arm_id"])
    record.baseline = baseline(study_id, posted.get("baselineCharacteristicsModule") or {}, arms)
    module = posted.get("outcomeMeasuresModule") or {}
    people = max((number for number in (study["n_enrolled"], began) if number is not None), default=None)
    parallel = study["comparison"] == "parallel" and len(arms) > 1
    record.results, record.posted_outcomes = posted_results(
        study_id, module, arms, people, vocabulary, parallel
    )
    record.analyses = analyses(study_id, module, arms)
    record.adverse_events, record.event_totals = adverse_events(
        study_id, posted.get("adverseEventsModule") or {}, arms
    )
    if any(row["within_person"] for row in record.results):
        study["comparison"] = "within_person"
    # of the first primary outcome, unless the same people stand in several groups
    first = next((row for row in record.posted_outcomes if row["priority"] == "primary"), None)
    study["n_analysed"] = None if first is None or first["within_person"] else first["n_analysed"]


_PLANNED = (("primaryOutcomes", "primary"), ("secondaryOutcomes", "secondary"), ("otherOutcomes", "other"))


def source_row(study_id: str, protocol: Row, content: Row) -> Row:
    """Return the row of `sources`; its provenance names the day of the register's data."""
    version = field_at(content, "derivedSection.miscInfoModule.versionHolder")
    stated = field_at(content, "provenance.statement")
    provenance = stated or (f"ClinicalTrials.gov, data of {version}" if version else None)
    return stated_source(
        study_id,
        "ClinicalTrials.gov API v2 JSON",
        citation=plain_text(field_at(protocol, "identificationModule.briefTitle")),
        registration=study_id,
        status=lower(field_at(protocol, "statusModule.overallStatus")) or None,
        has_results=True if content.get("resultsSection") else content.get("hasResults"),
        access="record",
        provenance=provenance,
    )


def study_row(study_id: str, protocol: Row) -> Row:
    """Return the row of `studies`; an actual enrolment is `n_enrolled`, an estimated one `n_planned`."""
    design = protocol.get("designModule") or {}
    info, size = design.get("designInfo") or {}, design.get("enrollmentInfo") or {}
    places = field_at(protocol, "contactsLocationsModule.locations") or []
    identity = protocol.get("identificationModule") or {}
    model, allocation = info.get("interventionModel"), info.get("allocation")
    actual = size.get("type") == "ACTUAL"
    words = [design.get("studyType"), model or info.get("observationalModel")]
    return columns_of(protocol, "study") | {
        "study_id": study_id,
        "title": plain_text(identity.get("officialTitle") or identity.get("briefTitle")),
        "design": lower(" ".join(filter(None, words))) or None,
        "allocation": None if allocation == "NA" else lower(allocation),
        "comparison": _NAMES["comparisons"].get(model),
        "phase": ", ".join(phase for phase in design.get("phases") or [] if phase != "NA") or None,
        "n_planned": None if actual else size.get("count"),
        "n_enrolled": size.get("count") if actual else None,
        "n_analysed": None,
        "sex": _NAMES["sexes"].get(field_at(protocol, "eligibilityModule.sex")),
        "population": plain_text(", ".join(field_at(protocol, "conditionsModule.conditions") or [])),
        "country": ", ".join(sorted({place["country"] for place in places if place.get("country")})) or None,
        "registration": study_id,
        "end_of": "study" if field_at(protocol, "statusModule.completionDateStruct") else None,
    }


def registered_row(study_id: str, protocol: Row) -> Row:
    """Return the facts that no table has a column for: eligibility, purpose, other numbers, dates.

    A date stays as posted; `_precision` says whether year, month or day, `_type` actual or estimated.
    """
    identity = protocol.get("identificationModule") or {}
    masked = field_at(protocol, "designModule.designInfo.maskingInfo.whoMasked") or []
    others = [item.get("id") for item in identity.get("secondaryIdInfos") or []]
    planned = [field_at(protocol, f"outcomesModule.{key}") or [] for key, _ in _PLANNED]
    row: Row = columns_of(protocol, "registered") | {
        "study_id": study_id,
        "other_ids": [name for name in [*(identity.get("nctIdAliases") or []), *others] if name],
        "masked": ", ".join(filter(None, map(lower, masked))) or None,
        "arms": arm_details(protocol),
        "measures": [plain_text(outcome.get("measure")) or "" for outcome in chain(*planned)],
    }
    for column, key in _NAMES["dates"].items():
        block = field_at(protocol, f"statusModule.{key}") or {}
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
            given.setdefault(label, []).append(plain_text(item.get("name")) or "unnamed")
    details = []
    for group in module.get("armGroups") or []:
        names = [plain_text(name.partition(": ")[2] or name) for name in group.get("interventionNames") or []]
        row = columns_of(group, "arm")
        row["label"] = row["label"] or "unnamed"
        row["interventions"] = [name for name in names if name] or given.get(group.get("label"), [])
        details.append(row)
    return details


def protocol_arms(study_id: str, details: list[Row], vocabulary: Vocabulary) -> list[Row]:
    """Return the rows of `arms`; the role follows from names and the register's type of arm."""
    arms = []
    for arm in details:
        role = vocabulary.arm_role(arm["label"], arm["interventions"], arm["type"])
        arms.append({"study_id": study_id, "arm_id": slug(arm["label"]), "role": role, "label": arm["label"]})
    return name_apart(arms, "arm_id")


def protocol_outcomes(study_id: str, protocol: Row, vocabulary: Vocabulary) -> list[Row]:
    """Return the planned outcomes, with their time frames in weeks where one time is stated."""
    module = protocol.get("outcomesModule") or {}
    rows = []
    for key, priority in _PLANNED:
        for index, outcome in enumerate(module.get(key) or []):
            measure, description = plain_text(outcome.get("measure")), plain_text(outcome.get("description"))
            row: Row = {"study_id": study_id, "outcome_id": f"{priority}-{index + 1}", "priority": priority}
            row |= {"measure": ": ".join(filter(None, [measure, description])), "unit": None}
            row["concept"] = vocabulary.concept(f"{measure} {description or ''}")
            rows.append(row | columns_of(outcome, "planned"))
    return rows


NCT_NUMBER = r"NCT\d{8}"
MOST_PEOPLE = 10**9
_TYPES = {"text": "str", "people": "int", "flag": "bool"}
_WORDS = {"text": "text", "people": "a whole number of people", "flag": "true or false"}


def misshapen(content: Row) -> list[tuple[str, str]]:
    """Return place and problem of everything in a record that has another shape than is read."""
    found = list(_faults(content, _NAMES["shape"], ""))
    identity = content["protocolSection"].get("identificationModule")
    number = identity.get("nctId") if isinstance(identity, dict) else None
    if isinstance(number, str) and number and not re.fullmatch(NCT_NUMBER, number):
        found.append(("protocolSection.identificationModule.nctId", f"{number[:40]!r} is no NCT number"))
    return found


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
    elif type(value).__name__ != _TYPES[shape]:
        yield place, f"not {_WORDS[shape]} but {type(value).__name__}"
    elif shape == "people" and isinstance(value, int) and not 0 <= value <= MOST_PEOPLE:
        yield place, "not a number of people"
