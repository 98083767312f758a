"""WHO ICTRP exports, XML and CSV: flat trials, read by the names of their fields.

Fields may be missing, new, empty or padded, and text may hold `<br>`. Contact fields are never read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import iterparse

from helpers.sources.ictrp_outcomes import arm_rows, outcome_rows
from helpers.sources.ictrp_words import (
    allocation_of,
    assignment_of,
    comparison_of,
    conditions_of,
    iso_date,
    masking_of,
    parts_of,
    phase_of,
)
from helpers.sources.recognition import KNOWN
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import age_years, people, sex_of
from helpers.sources.same_trial import join_trials, registry_numbers
from helpers.sources.source_text import inert, lines_of, read_text
from helpers.sources.xml_safety import XML_ERRORS, xml_problem

ROOT = "Trials_downloaded_from_ICTRP"
Fields = dict[str, str]


def read_ictrp(path: Path) -> list[SourceRecord]:
    """Read every trial of an ICTRP XML export, in order; country copies and second registers are joined.

    Raises
    ------
    SourceError
        For broken or hostile XML, another root, or a trial without an id.
    """
    fields = list(_xml_trials(path))
    if not fields:
        raise SourceError(Problem(str(path), 1, ROOT, "no <Trial> in it", "export at least one trial"))
    return _records(path, fields, "WHO ICTRP XML")


def read_ictrp_csv(path: Path) -> list[SourceRecord]:
    """Read every row of an ICTRP CSV export, as `read_ictrp` does."""
    csv.field_size_limit(10_000_000)
    text = read_text(path).lstrip("\ufeff")
    mark = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    fields = []
    try:
        for row in reader:
            if None in row or None in row.values():
                problem = f"trial {len(fields) + 1} has too many or too few columns"
                raise SourceError(Problem(str(path), reader.line_num, "", problem, "export it again as CSV"))
            fields.append({re.sub(r"\W+", "_", name.strip()): text for name, text in row.items()})
    except csv.Error as error:
        raise SourceError(
            Problem(str(path), reader.line_num, "", f"not CSV: {error}", "export it again")
        ) from None
    if not fields:
        raise SourceError(Problem(str(path), 1, "", "no trial in it", "export at least one trial"))
    return _records(path, fields, "WHO ICTRP CSV")


def _xml_trials(path: Path) -> Iterator[Fields]:
    """Yield the fields of each trial; a trial is let go when it has been read."""
    try:
        root = None
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
            root = element if root is None else root
            if event == "end" and element.tag == "Trial" and root.tag == ROOT:
                yield {str(child.tag): "".join(child.itertext()) for child in element}
                root.clear()
    except XML_ERRORS as error:
        raise xml_problem(path, error) from None
    if root is None or root.tag != ROOT:
        problem = "not an ICTRP export, nor other XML that can be read"
        remedy = f"export from the ICTRP search portal, whose root is <{ROOT}>, or give {KNOWN}"
        raise SourceError(Problem(str(path), 1, str(root.tag).rpartition("}")[2][:40], problem, remedy))


def _records(path: Path, trials: list[Fields], form: str) -> list[SourceRecord]:
    found = []
    for number, fields in enumerate(trials, start=1):
        lowered = {
            name.lower(): text for name, text in fields.items() if not name.lower().startswith("contact")
        }
        if not inert(lowered.get("trialid")):
            problem = Problem(str(path), None, f"Trial {number}", "no TrialID", "export the trial again")
            raise SourceError(problem)
        found.append(trial_record(lowered, form))
    return join_trials(found)


def trial_record(fields: Fields, form: str) -> SourceRecord:
    """Return the rows of one trial from its fields, named as ICTRP names them, in lower case."""
    text = {name: inert(value) for name, value in fields.items()}
    study_id = (text["trialid"] or "")[:64]
    return SourceRecord(
        sources=[_source(study_id, text, form)],
        studies=[_study(study_id, text, fields)],
        arms=arm_rows(study_id, fields.get("intervention")),
        outcomes=outcome_rows(study_id, fields.get("primary_outcome"), fields.get("secondary_outcome")),
        registered=[_registered(study_id, text, fields)],
    )


def _source(study_id: str, text: dict[str, str | None], form: str) -> dict[str, Any]:
    day = iso_us(text.get("export_date"))
    said = f"Export of the WHO search portal of {day}" if day else None
    return {
        "source_id": study_id,
        "study_id": study_id,
        "tier": "core",
        "format": form,
        "citation": text.get("public_title") or text.get("scientific_title"),
        "registration": study_id,
        "status": (text.get("recruitment_status") or "").lower() or None,
        "has_results": _has_results(text),
        "access": "record",
        "provenance": text.get("provenance") or said,
    }


def iso_us(text: str | None) -> str | None:
    """Return the day of an export's own stamp, which is written month first."""
    match = re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})", text or "")
    return iso_date(f"{match[3]}-{match[1]}-{match[2]}") if match else iso_date(text)


def _has_results(text: dict[str, str | None]) -> bool | None:
    """Return whether results are posted; None where the export does not say."""
    if text.get("results_url_link") or text.get("results_date_posted"):
        return True
    return {"yes": True, "no": False}.get((text.get("results_yes_no") or "").lower())


def _study(study_id: str, text: dict[str, str | None], fields: Fields) -> dict[str, Any]:
    design = text.get("study_design") or ""
    words = [(text.get("study_type") or "").lower(), assignment_of(design)]
    return {
        "study_id": study_id,
        "title": text.get("scientific_title") or text.get("public_title"),
        "design": ", ".join(filter(None, words)) or None,
        "allocation": allocation_of(design),
        "comparison": comparison_of(design),
        "masking": masking_of(design),
        "phase": phase_of(text.get("phase")),
        "n_planned": people(text.get("target_size")),
        "n_enrolled": people(text.get("actual_size")),
        "sex": sex_of(text.get("inclusion_gender")),
        "age_min": age_years(text.get("inclusion_agemin")),
        "age_max": age_years(text.get("inclusion_agemax")) or None,
        "population": "; ".join(conditions_of(lines_of(fields.get("condition")))) or None,
        "country": ", ".join(parts_of(text.get("countries"))) or None,
        "funding": text.get("source_support") or text.get("primary_sponsor"),
        "registration": study_id,
        "registered_on": iso_date(text.get("date_registration3")) or iso_date(text.get("date_registration")),
        "starts_on": iso_date(text.get("date_enrollement") or text.get("date_enrolment")),
        "ends_on": iso_date(text.get("results_date_completed")),
    }


def _registered(study_id: str, text: dict[str, str | None], fields: Fields) -> dict[str, Any]:
    """Return the facts that no table has a column for."""
    others = registry_numbers(f"{text.get('secondary_id') or ''} {text.get('other_records') or ''}")
    return {
        "study_id": study_id,
        "acronym": text.get("acronym"),
        "other_ids": [name for name in others if name != study_id],
        "register": text.get("source_register"),
        "address": text.get("web_address"),
        "refreshed_on": iso_date(text.get("last_refreshed_on")),
        "eligibility": "\n".join(
            line
            for name in ("inclusion_criteria", "exclusion_criteria")
            for line in lines_of(fields.get(name))
        )
        or None,
        "intervention": text.get("intervention"),
        "phase_printed": text.get("phase"),
        "size_printed": text.get("target_size"),
        "design_printed": text.get("study_design"),
        "secondary_sponsor": text.get("secondary_sponsor"),
        "ethics": text.get("ethics_review_status"),
        "ethics_on": iso_date(text.get("ethics_review_approval_date")),
        "sharing_plan": text.get("results_ipd_plan"),
    }
