"""The words of the tables, from `vocabulary.yaml`: outcomes, design concepts, topics, values of columns.

A concept is what is measured, whatever the paper calls it. Outcome concepts can be compared between
studies; design concepts only describe a study.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from notebookpress.yaml_files import YamlFile, entries_of
from trialfiles.vocabulary import Vocabulary, read_vocabulary


@dataclass(frozen=True)
class Concept:
    """An outcome: its name in sentences, its unit, and which direction is better for the patient."""

    name: str
    label: str
    family: str  # group of the direction plot
    unit: str = ""
    better: str = ""  # "higher", "lower" or "" where it depends
    asked_after: bool = False  # whether it can be asked only after treatment
    of: str = ""  # "baseline" where a change is a share of it
    plausible: tuple[float, ...] = ()  # least and most that a level can be, in `unit`


@dataclass(frozen=True)
class Topic:
    """A question: its words, the answers it may have (any when empty), and what `about` names."""

    name: str
    question: str
    answers: tuple[str, ...] = ()
    about: str = ""  # "outcome": a concept; "matter": any words; "": left out


_FILE = YamlFile(Path(__file__).with_name("vocabulary.yaml"))


def _words(name: str) -> dict[str, str]:
    """Return names with their words, such as those of `estimands`."""
    return _FILE.entries((name,), dict.fromkeys(_FILE.data.get(name, ()), str), ())


def _values(name: str) -> tuple[str, ...]:
    """Return the values of a list."""
    values = _FILE.data.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _FILE.error((name,), f"{name} is no list of texts", 'write [one, "yes"]')
    return tuple(values)


def _outcome(name: str) -> Concept:
    return Concept(name, **_FILE.entries(("outcomes", name), *entries_of(Concept, "name")))


def _topic(name: str) -> Topic:
    return Topic(name, **_FILE.entries(("topics", name), *entries_of(Topic, "name")))


def _conversion(unit: str) -> tuple[str, float]:
    entries = _FILE.entries(("conversions", unit), {"unit": str, "factor": (int, float)}, ("unit", "factor"))
    return entries["unit"], float(entries["factor"])


OUTCOME_CONCEPTS = {name: _outcome(name) for name in _FILE.data["outcomes"]}
DESIGN_CONCEPTS = _words("design_concepts")
CONCEPTS = frozenset(OUTCOME_CONCEPTS) | frozenset(DESIGN_CONCEPTS)
TOPICS = {name: _topic(name) for name in _FILE.data["topics"]}

ESTIMAND_WORDS = _words("estimands")
CONTRAST_MEASURES = _words("contrast_measures")
CONFIDENCE = _words("confidence")
TREATMENT_WORDS = _words("treatment_words")
INCIDENTAL = _values("incidental")
SUBJECT_WORDS = _values("subject_words")
ANSWER_STEPS = _FILE.entries(("answer_steps",), dict.fromkeys(_FILE.data["answer_steps"], int), ())
ANSWER_FALLS = _values("answer_falls")
ANSWER_RISES = _values("answer_rises")
UNUSED_REASONS = _words("unused_reasons")
CHOICES = _words("choices")
SD_USES = _words("sd_uses")

ACCESS = _values("access")
ARM_ROLES = _values("arm_roles")
EXOSOME_ROLES = tuple(role for role in ARM_ROLES if role.startswith("exosome"))
COMPARISONS = _values("comparisons")
PRIORITIES = _values("priorities")
QUANTITY_KINDS = _values("quantity_kinds")
QUANTITY_ROLES = _values("quantity_roles")
RESULT_KINDS = _values("result_kinds")
CONCERNS = _values("concerns")
STATED_DIRECTIONS = _values("stated_directions")
TIERS = _values("tiers")
EVIDENCE_STATES = _words("evidence_states")
TRUST_JUDGEMENTS = _values("trust_judgements")
ANSWERS = _values("signalling_answers") + _values("trust_answers") + TRUST_JUDGEMENTS[1:]

# drug -> doses at which it is licensed for hair loss
USUAL_DOSES = {name: tuple(doses) for name, doses in _FILE.data["usual_doses"].items()}

# unit as printed or noted -> unit in which it is compared, factor
CONVERSIONS = {name: _conversion(name) for name in _FILE.data["conversions"]}

# what the parameter `evidence` asks for -> tiers that take part
EVIDENCE = {name: tuple(tiers) for name, tiers in _FILE.data["evidence"].items()}
BOTH = "both"
SOME_EVENTS = "one kind of event, not how many people had any"


def label(concept: str) -> str:
    """Return a concept's name for sentences; the concept itself when it is not in the vocabulary."""
    if concept in OUTCOME_CONCEPTS:
        return OUTCOME_CONCEPTS[concept].label
    return DESIGN_CONCEPTS.get(concept, concept.replace("_", " "))


def asked(evidence: str) -> tuple[str, ...]:
    """Return the bodies of evidence that `evidence` asks for: `both` asks for each, one after the other.

    Raises
    ------
    ValueError
        For a word that is neither `core`, `published` nor `both`.

    Examples
    --------
    >>> asked("both")
    ('core', 'published')
    """
    if evidence == BOTH:
        return tuple(EVIDENCE)
    if evidence not in EVIDENCE:
        raise ValueError(f"evidence {evidence!r} is not one of {', '.join([*EVIDENCE, BOTH])}")
    return (evidence,)


def tiers_of(evidence: str) -> tuple[str, ...]:
    """Return the tiers of the studies that take part in any of the bodies asked for."""
    return tuple(dict.fromkeys(tier for body in asked(evidence) for tier in EVIDENCE[body]))


@cache
def reading_words() -> Vocabulary:
    """Return the words of this review."""
    return read_vocabulary(Path(__file__).with_name("words.yaml"), concepts=OUTCOME_CONCEPTS)
