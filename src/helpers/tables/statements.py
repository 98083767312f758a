"""The questions that printed words answer, so that rules can compare words as they compare figures.

A sheet's statement is a place in a text with the question that its words answer and the answer they give.
Two places with answers that exclude each other contradict each other, whatever their wording.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.tables.columns import count, schema, text


@dataclass(frozen=True)
class Topic:
    """A question: its words, the answers it may have (any when empty), and what `about` names."""

    name: str
    question: str
    answers: tuple[str, ...] = ()
    about: str = ""  # "outcome": a concept; "matter": any words; "": left out


_TOPICS = (
    Topic("control_group", "is there a control group", ("none", "present")),
    Topic("untreated_people", "did anybody go without the treatment", ("none", "some")),
    Topic("human_participants", "did people take part", ("none", "some")),
    Topic("consent", "was consent of each participant called for", ("not required", "required")),
    Topic("randomisation", "how was the allocation made", ("simple", "block", "stratified", "minimisation")),
    Topic("assessor_masking", "is whoever rates the outcome masked", ("none", "blinded")),
    Topic("exclusion_criteria", "who is excluded", ("empty", "stated")),
    Topic("primary_outcome", "which outcome is the main one (a concept)"),
    Topic("secondary_outcome", "which outcome is a secondary one (a concept)"),
    Topic("data_sharing", "will it be shared", ("no", "yes"), "matter"),
    Topic("vesicle_source", "what are the vesicles made from"),
    Topic("measurement", "how was the outcome measured", (), "outcome"),
    Topic("treatment_course", "how long was treatment given"),
    Topic("comparison_design", "how are treatments compared", ("crossover", "side by side", "parallel")),
    Topic("table_subject", "what is the table about", (), "matter"),
    Topic("arms_compared", "how many treatments are compared"),
    Topic("lighting", "in which light was it seen", (), "outcome"),
    Topic("invasiveness", "is the skin pierced", ("no", "yes")),
    Topic("assessment_times", "when is everybody assessed", ("once at the end", "repeatedly")),
    Topic("address_code", "postal code of one and the same place", (), "matter"),
    Topic("complaint", "where is the hair lost"),
    Topic("items", "which items belong to the list (separated by commas)", (), "matter"),
    Topic("cited_author", "whose work does the text name"),
    Topic("reference_authors", "first authors in the list of references (separated by commas)"),
    Topic("reference_marks", "does the text point at the numbered references", ("none", "present")),
    Topic("significance", "is the change called significant", ("yes",), "outcome"),
    Topic("long_term", "is a lasting effect or lasting safety claimed", ("yes",), "outcome"),
    Topic("claim", "what is said to have happened", (), "outcome"),
    Topic("every_pair", "which way is every pair of values said to move", ("lower", "higher"), "outcome"),
)  # fmt: skip

TOPICS: dict[str, Topic] = {topic.name: topic for topic in _TOPICS}

STATEMENTS = schema(
    "statements",
    "Printed words that answer a question, and where they stand",
    {
        "statement_id": text("Name of the statement", required=True),
        "study_id": text("Study", required=True),
        "source_id": text("Source", required=True),
        "topic": text("Question that the words answer", required=True, one_of=tuple(TOPICS)),
        "about": text("Outcome or matter that it is about, where the question needs one"),
        "says": text("The answer, in our words", required=True),
        "printed": text("A few of the words as printed"),
        "section": text("Section of the document"),
        "line": count("Line of the document, from 1", required=True, at_least=1),
    },
)
