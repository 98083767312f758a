"""ClinicalTrials.gov records, API v2 JSON: one study, a page of studies, or a list of them.

What is planned and what is posted come into one `SourceRecord` a study; older shapes are refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.sources.ctgov_posted import adverse_events, analyses, baseline, participant_flow, started
from helpers.sources.ctgov_protocol import arm_rows, outcome_rows, registered_row, source_row, study_row
from helpers.sources.ctgov_results import posted_results
from helpers.sources.ctgov_shape import misshapen
from helpers.sources.json_records import json_items
from helpers.sources.record import Problem, SourceError, SourceRecord

_OTHER_SHAPES = {
    "FullStudiesResponse": "the legacy FullStudies shape",
    "FullStudy": "the legacy FullStudy shape",
    "Study": "the legacy FullStudy shape",
    "ProtocolSection": "the legacy FullStudy shape",
    "StudyFieldsResponse": "the legacy StudyFields shape",
    "history": "the site's internal record with its history",
    "study": "the site's internal record",
}
_REMEDY = "download the study from the register's API, version 2, as JSON"


def read_ctgov(path: Path) -> Iterator[SourceRecord]:
    """Yield every study of a file, streamed: memory holds one study.

    Raises
    ------
    SourceError
        For another shape (legacy records are named), or a record that is not as the format says.
    """
    found = 0
    for item in json_items(path, ("studies",)):
        if item.holder == "page":
            wrong = [key for key in _OTHER_SHAPES if key in item.value]
            if wrong:
                raise _unknown(path, item.line, item.value)
            continue
        found += 1
        place = "" if item.holder == "file" else f"study {found}"
        yield study_record(path, item.value, item.line, place)
    if not found:
        raise SourceError(Problem(str(path), 1, "", "a page without a study", "export at least one study"))


def study_record(path: Path, content: Any, line: int, place: str) -> SourceRecord:
    """Return the rows of one study."""
    if not isinstance(content, dict) or not isinstance(content.get("protocolSection"), dict):
        raise _unknown(path, line, content)
    prefix = f"{place}: " if place else ""
    wrong = misshapen(content)
    if wrong:
        remedy = "download the record again"
        raise SourceError(
            [
                Problem(str(path), line if place else None, prefix + at, problem, remedy)
                for at, problem in wrong
            ]
        )
    protocol = content["protocolSection"]
    study_id = (protocol.get("identificationModule") or {}).get("nctId")
    if not study_id:
        field = f"{prefix}protocolSection.identificationModule.nctId"
        raise SourceError(Problem(str(path), line, field, "missing", "keep that module"))
    registered = registered_row(study_id, protocol)
    record = SourceRecord(
        sources=[source_row(study_id, protocol, content)],
        studies=[study_row(study_id, protocol)],
        arms=arm_rows(study_id, registered["arms"]),
        outcomes=outcome_rows(study_id, protocol),
        registered=[registered],
    )
    if content.get("resultsSection"):
        _add_results(record, study_id, content["resultsSection"])
    return record


def _add_results(record: SourceRecord, study_id: str, posted: dict[str, Any]) -> None:
    """Fill in what the record posts."""
    arms, study = record.arms, record.studies[0]
    record.flow = participant_flow(study_id, posted.get("participantFlowModule") or {}, arms)
    began = started(record.flow)
    study["n_enrolled"] = study["n_enrolled"] if study["n_enrolled"] is not None else began
    counted = {
        row["arm_id"]: row["count"] for row in reversed(record.flow) if row["name"] == "STARTED"
    }  # of the first period
    for arm in arms:
        arm["n"] = counted.get(arm["arm_id"])
    record.baseline = baseline(study_id, posted.get("baselineCharacteristicsModule") or {}, arms)
    module = posted.get("outcomeMeasuresModule") or {}
    people = [number for number in (study["n_enrolled"], began) if number is not None]
    record.results, record.posted_outcomes = posted_results(study_id, module, arms, max(people, default=None))
    record.analyses = analyses(study_id, module, arms)
    record.adverse_events, record.event_totals = adverse_events(
        study_id, posted.get("adverseEventsModule") or {}, arms
    )
    if any(row["within_person"] for row in record.results):
        study["comparison"] = "within_person"
    study["n_analysed"] = _analysed(record)


def _analysed(record: SourceRecord) -> int | None:
    """Return the people of the first primary outcome; None where the same people stand in several groups."""
    first = next((row for row in record.posted_outcomes if row["priority"] == "primary"), None)
    if first is None or first["within_person"]:
        return None
    groups: dict[str, int] = {}
    for row in record.results:
        if row["outcome_id"] == first["outcome_id"] and row["n"] is not None:
            groups[row["group"]] = max(row["n"], groups.get(row["group"], 0))
    return sum(groups.values()) or None


def _unknown(path: Path, line: int, content: Any) -> SourceError:
    """Refuse another container by name."""
    keys = content if isinstance(content, dict) else {}
    names = [words for key, words in _OTHER_SHAPES.items() if key in keys]
    found = names[0] if names else "no protocolSection"
    return SourceError(Problem(str(path), line, "", f"not an API v2 study: {found}", _REMEDY))
