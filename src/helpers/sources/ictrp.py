"""WHO ICTRP exports, XML: flat `<Trial>` records, read by tag name.

Tags may be missing, new, empty or padded, and text may hold `<br>`. Only `Date_registration3`
(YYYYMMDD) is a safe date.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import (
    age_years,
    concept_of,
    name_apart,
    people,
    role_of,
    sex_of,
    slug,
)
from helpers.sources.time_points import weeks

ROOT = "Trials_downloaded_from_ICTRP"


def read_ictrp(path: Path) -> list[SourceRecord]:
    """Read every trial of an ICTRP XML export, in order.

    Raises
    ------
    SourceError
        For broken or hostile XML, another root, or a trial without an id.
    """
    try:
        root = parse(path, forbid_dtd=True).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, OSError) as error:
        line = error.position[0] if isinstance(error, ParseError) else None
        problem = f"not safe, whole XML: {type(error).__name__}"
        raise SourceError(Problem(str(path), line, "", problem, "export the trial again")) from None
    if root.tag != ROOT:
        remedy = f"export from the ICTRP search portal; the root is <{ROOT}>"
        raise SourceError(Problem(str(path), 1, root.tag, "not an ICTRP export", remedy))
    trials = root.findall("Trial")
    if not trials:
        raise SourceError(Problem(str(path), 1, ROOT, "no <Trial> in it", "export at least one trial"))
    return [_trial(path, number, trial) for number, trial in enumerate(trials, start=1)]


def _trial(path: Path, number: int, trial: Element) -> SourceRecord:
    field = {child.tag: _plain(child.text) for child in trial}
    study_id = field.get("TrialID")
    if not study_id:
        raise SourceError(Problem(str(path), None, f"Trial {number}", "no TrialID", "export the trial again"))
    return SourceRecord(
        sources=[_source(study_id, field)],
        studies=[_study(study_id, field)],
        arms=_arms(study_id, field),
        outcomes=_outcomes(study_id, field),
    )


def _source(study_id: str, field: dict[str, str | None]) -> dict[str, Any]:
    return {
        "source_id": study_id,
        "study_id": study_id,
        "tier": "core",
        "format": "WHO ICTRP XML",
        "citation": field.get("Public_title"),
        "registration": study_id,
        "status": (field.get("Recruitment_Status") or "").lower() or None,
        "has_results": _has_results(field),
        "provenance": field.get("Provenance"),
    }


def _has_results(field: dict[str, str | None]) -> bool | None:
    """Return whether results are posted; None where the export does not say."""
    if field.get("results_url_link"):
        return True
    return {"yes": True, "no": False}.get((field.get("results_yes_no") or "").lower())


def _study(study_id: str, field: dict[str, str | None]) -> dict[str, Any]:
    design = field.get("Study_design") or ""
    parts = dict(re.findall(r"(Randomization|Blinding|Assignment): ([^,.;]+)", design))
    return {
        "study_id": study_id,
        "title": field.get("Scientific_title") or field.get("Public_title"),
        "design": ", ".join(
            filter(None, [(field.get("Study_type") or "").lower(), parts.get("Assignment", "").lower()])
        ),
        "allocation": (parts.get("Randomization") or "").lower() or None,
        "comparison": "parallel" if "parallel" in design.lower() else None,
        "masking": (parts.get("Blinding") or "").lower() or None,
        "phase": field.get("Phase"),
        "n_planned": people(field.get("Target_size")),
        "sex": sex_of(field.get("Inclusion_gender")),
        "age_min": age_years(field.get("Inclusion_agemin")),
        "age_max": age_years(field.get("Inclusion_agemax")),
        "population": field.get("Condition"),
        "country": field.get("Countries"),
        "funding": field.get("Source_Support") or field.get("Primary_sponsor"),
        "registration": study_id,
        "registered_on": _iso(field.get("Date_registration3")),
        "starts_on": field.get("Date_enrollement"),
    }


def _arms(study_id: str, field: dict[str, str | None]) -> list[dict[str, Any]]:
    text = field.get("Intervention") or ""
    arms = []
    for part in re.split(r"(?=Intervention \d+:)", text):
        words = re.sub(r"^Intervention \d+:\s*", "", part).strip()
        if words:
            name = re.search(r"\b[Gg]roup ([A-Z])\b", words)
            arm_id = f"group_{name.group(1).lower()}" if name else slug(words)
            arms.append(
                {"study_id": study_id, "arm_id": arm_id, "role": role_of(words), "label": words[:200]}
            )
    return name_apart(arms, "arm_id")


def _outcomes(study_id: str, field: dict[str, str | None]) -> list[dict[str, Any]]:
    rows = []
    for tag, priority in (("Primary_outcome", "primary"), ("Secondary_outcome", "secondary")):
        items = [item.strip() for item in (field.get(tag) or "").split(";") if item.strip()]
        for index, item in enumerate(items):
            measure, _, rest = item.partition(" Timepoint: ")
            time = rest.partition(" Method of measurement:")[0].strip(" .") or None
            row = {"study_id": study_id, "outcome_id": f"{priority}-{index + 1}", "priority": priority}
            row |= {"concept": concept_of(measure), "measure": measure.strip(" .")}
            rows.append(row | {"timepoint_printed": time, "timepoint_weeks": weeks(time)})
    return rows


def _plain(text: str | None) -> str | None:
    """Undo line-break marks and padding; empty text is missing."""
    return re.sub(r"\s+", " ", re.sub(r"<br\s*/?>", " ", text or "")).strip() or None


def _iso(stamp: str | None) -> str | None:
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}" if stamp and re.fullmatch(r"\d{8}", stamp) else None
