"""The registry-exchange XML of the WHO that IRCT, ISRCTN, ChiCTR and others serve: `<trials><trial><main>`.

Leaves are found by name, wherever they stand in a trial: registers group them differently. Dates come day
first or in ISO form. Contact blocks are never read.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from helpers.sources.ictrp import trial_record
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.same_trial import join_trials
from helpers.sources.xml_safety import parse_xml

_LEFT_OUT = ("contacts", "contact", "ethics_contact_email", "ethics_contact_phone")
# field of an ICTRP export -> names of the leaf, the first that is there
_LEAVES = {
    "trialid": ("trial_id", "trialid"),
    "public_title": ("public_title",),
    "scientific_title": ("scientific_title",),
    "acronym": ("acronym", "scientific_acronym"),
    "primary_sponsor": ("primary_sponsor",),
    "date_registration": ("date_registration",),
    "source_register": ("reg_name",),
    "web_address": ("url",),
    "recruitment_status": ("recruitment_status",),
    "date_enrolment": ("date_enrolment", "date_enrollment"),
    "target_size": ("target_size",),
    "actual_size": ("results_actual_enrolment", "results_actual_enrollment"),
    "study_type": ("study_type",),
    "study_design": ("study_design",),
    "phase": ("phase",),
    "inclusion_criteria": ("inclusion_criteria",),
    "exclusion_criteria": ("exclusion_criteria",),
    "inclusion_agemin": ("agemin", "inclusion_agemin"),
    "inclusion_agemax": ("agemax", "inclusion_agemax"),
    "inclusion_gender": ("gender", "inclusion_gender"),
    "results_url_link": ("results_url_link",),
    "results_date_posted": ("results_date_posted",),
    "results_date_completed": ("results_date_completed",),
    "results_yes_no": ("results_yes_no",),
    "results_ipd_plan": ("results_ipd_plan",),
    "ethics_review_status": ("ethics_status", "status"),
    "ethics_review_approval_date": ("ethics_approval_date", "approval_date"),
}
# the same for leaves that repeat; all are taken, joined as registers join them
_LISTS = {
    "countries": ("country2", "country"),
    "source_support": ("source_name",),
    "secondary_sponsor": ("sponsor_name",),
    "secondary_id": ("sec_id", "secondary_id", "utrn"),
}
_OUTCOMES = {"primary_outcome": "prim_outcome", "secondary_outcome": "sec_outcome"}


def read_exchange(path: Path) -> list[SourceRecord]:
    """Read every trial of a registry-exchange file.

    Raises
    ------
    SourceError
        For broken or hostile XML (a document type is allowed, entities are not), or a trial without an id.
    """
    root = parse_xml(path, doctype=True)
    trials = [element for element in root.iter() if _name(element) == "trial"] or [root]
    found = []
    for number, trial in enumerate(trials, start=1):
        fields = _fields(trial)
        if not fields.get("trialid", "").strip():
            problem = Problem(str(path), None, f"trial {number}", "no trial_id", "export the trial again")
            raise SourceError(problem)
        found.append(trial_record(fields, "WHO registry exchange XML"))
    return join_trials(found)


def _fields(trial: Element) -> dict[str, str]:
    """Return a trial's leaves under the names of an ICTRP export."""
    leaves: dict[str, list[str]] = {}
    _collect(trial, leaves)
    fields = {}
    for field, names in _LEAVES.items():
        found = next((leaves[name][0] for name in names if leaves.get(name)), None)
        if found is not None:
            fields[field] = found
    for field, names in _LISTS.items():
        fields[field] = ";".join(text for name in names for text in leaves.get(name, []))
    for field, name in _OUTCOMES.items():
        fields[field] = ";".join(text.strip(" ;") for text in leaves.get(name) or leaves.get(field, []))
    conditions = (
        leaves.get("hc_freetext") or leaves.get("hc_keyword") or leaves.get("health_condition_keyword", [])
    )
    fields["condition"] = ";".join(conditions)
    fields["intervention"] = " ".join(leaves.get("i_freetext") or leaves.get("i_keyword", []))
    return fields


def _collect(element: Element, leaves: dict[str, list[str]]) -> None:
    for child in element:
        name = _name(child)
        if name in _LEFT_OUT:
            continue
        if len(child):
            _collect(child, leaves)
        elif child.text and child.text.strip():
            leaves.setdefault(name, []).append(child.text)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
