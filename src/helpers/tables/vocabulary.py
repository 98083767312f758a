"""The words of the tables: outcome concepts with unit and better direction, and design concepts.

A concept is what is measured, whatever the paper calls it. Outcome concepts can be compared between
studies; design concepts only describe a study.
"""

from __future__ import annotations

from dataclasses import dataclass

# kinds of contrast, in words
CONTRAST_WORDS = {
    "within_arm": "change within one group",
    "within_person": "difference between sites of one scalp",
    "between_arm": "difference between groups",
    "proportion": "share of people",
}


@dataclass(frozen=True)
class Concept:
    """An outcome: its name in sentences, its unit, and which direction is better for the patient."""

    name: str
    label: str
    unit: str
    better: str  # "higher", "lower" or "" where it depends
    family: str  # group of the direction plot
    asked_after: bool = False  # whether it can be asked only after treatment


_OUTCOMES = (
    Concept("hair_density", "hair density", "hairs/cm2", "higher", "density"),
    Concept("hair_density_relative", "relative hair density", "proportion", "higher", "density"),
    Concept("hair_density_grade", "overall hair density grade", "grade", "higher", "density"),
    Concept("hair_count", "hair count in a marked area", "hairs", "higher", "density"),
    Concept("hair_shedding", "hairs shed", "hairs", "lower", "density"),
    Concept("vellus_share", "share of vellus hair", "proportion", "lower", "calibre"),
    Concept("terminal_share", "share of terminal hair", "proportion", "higher", "calibre"),
    Concept("anagen_share", "share of growing hair", "proportion", "higher", "calibre"),
    Concept("hair_thickness", "hair shaft thickness", "um", "higher", "calibre"),
    Concept("severity_stage", "severity stage", "", "lower", "global"),
    Concept("investigator_global", "investigator's global rating", "grade", "higher", "global"),
    Concept("patient_global", "patient's global rating", "grade", "higher", "global"),
    Concept("noticed_improvement", "patients who noticed regrowth", "proportion", "higher", "patient", True),
    Concept("satisfaction", "patients satisfied", "proportion", "higher", "patient", True),
    Concept("scalp_visibility", "scalp visible through the hair", "grade", "lower", "global"),
    Concept("repigmentation", "repigmentation of hair", "description", "", "global"),
    Concept("psychological_wellbeing", "psychological well-being", "grade", "higher", "patient"),
    Concept("other_outcome", "another outcome", "", "", "other"),
    Concept("adverse_events", "adverse events", "people", "lower", "safety"),
)

OUTCOME_CONCEPTS: dict[str, Concept] = {concept.name: concept for concept in _OUTCOMES}

DESIGN_CONCEPTS: dict[str, str] = {
    "sample_size": "participants",
    "group_count": "groups or arms",
    "group_size": "participants in a group",
    "age": "age",
    "disease_duration": "time since onset",
    "severity_admitted": "severity admitted or seen at the start",
    "density_threshold": "hair density admitted",
    "dryness_threshold": "hair dryness admitted",
    "washout": "time without other treatment before entry",
    "dose": "dose or concentration",
    "volume": "volume given",
    "product_mass": "mass of product",
    "needle_length": "needle length",
    "sessions": "treatment sessions",
    "session_interval": "time between sessions",
    "treatment_duration": "time over which treatment was given",
    "follow_up": "time of assessment",
    "measured_area": "area in which hair was counted",
    "magnification": "magnification",
    "scale_levels": "levels of a scale",
    "assessors": "people who judged",
    "block_size": "randomisation block",
    "allocation_ratio": "allocation ratio",
    "participant_flow": "people who reached a stage of the study or left it",
    "baseline_characteristic": "what people were like at the start",
    "phase": "trial phase",
    "registration_date": "registration date",
    "recruitment_start": "start of recruitment",
    "recruitment_end": "end of recruitment",
    "ethics_date": "ethics approval date",
    "publication_date": "dates of the publication",
    "aftercare": "instructions after treatment",
    "evidence_level": "level of evidence as stated",
    "skin_type": "skin type",
    "patients_shown": "patients shown in pictures",
    "epidemiology": "figures about the population",
    "other_study": "figures about another study",
    "biology": "figures about hair biology",
    "administrative": "administrative figures",
}

CONCEPTS: frozenset[str] = frozenset(OUTCOME_CONCEPTS) | frozenset(DESIGN_CONCEPTS)


def label(concept: str) -> str:
    """Return a concept's name for sentences; the concept itself when it is not in the vocabulary."""
    if concept in OUTCOME_CONCEPTS:
        return OUTCOME_CONCEPTS[concept].label
    return DESIGN_CONCEPTS.get(concept, concept.replace("_", " "))
