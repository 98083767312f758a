"""One question answered in two places with answers that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing
from helpers.appraisal.rule import CERTAIN, LIKELY, MINOR, Hit, NotApplicable, Rule
from helpers.tables.statements import TOPICS
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label


@dataclass(frozen=True)
class SaidTwice(Rule):
    """A question with one true answer to which a source gives two.

    Attributes
    ----------
    topic : str
        The question, of `helpers.tables.statements`.
    statement : str
        The finding in words; `{about}` and `{answers}` are filled in.
    """

    severity: str = CERTAIN
    topic: str = ""
    statement: str = ""

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each matter with more than one answer."""
        rows = evidence.said(self.topic)
        if not rows:
            raise NotApplicable(f"nothing is said of: {TOPICS[self.topic].question}")
        matters = dict.fromkeys("" if missing(row.about) else str(row.about) for row in rows)
        for about in matters:
            same = [row for row in rows if ("" if missing(row.about) else row.about) == about]
            answers = list(dict.fromkeys(row.says for row in same))
            if len(answers) < 2:
                continue
            yield Hit(
                statement=self.statement.format(
                    about=label(about), answers=" and ".join(_named(answer) for answer in answers)
                ),
                arithmetic="; ".join(f"line {row.line}: {_named(row.says)}" for row in same),
                concepts=tuple(name for name in (about, *answers) if name in OUTCOME_CONCEPTS),
                statement_ids=tuple(row.statement_id for row in same),
            )


def _named(answer: str) -> str:
    return label(answer) if answer in OUTCOME_CONCEPTS else answer


def _rule(name: str, topic: str, severity: str, source: str, statement: str) -> SaidTwice:
    return SaidTwice(name, source, severity, f"words on: {TOPICS[topic].question}", topic, statement)


_CONSORT = "Moher D et al. BMJ 2010;340:c869 (CONSORT 2010, item {})"
_WHO = "WHO trial registration data set 1.3.1, item {}; one record has one value a field"

SAID_TWICE: tuple[SaidTwice, ...] = (
    _rule(
        "untreated-people",
        "untreated_people",
        CERTAIN,
        _CONSORT.format("13a: who received what"),
        "By the methods everybody received the treatment; elsewhere a group without it is shown.",
    ),
    _rule(
        "human-participants",
        "human_participants",
        CERTAIN,
        "ICMJE recommendations II.E (protection of research participants)",
        "The source denies that people took part, and describes people who did.",
    ),
    _rule(
        "consent",
        "consent",
        CERTAIN,
        "World Medical Association, Declaration of Helsinki 2013, paragraphs 25 and 26; in 2024, 25 to 27",
        "Consent is called unnecessary, while what the source claims to follow, or says elsewhere, calls for "
        "it.",
    ),
    _rule(
        "randomisation-method",
        "randomisation",
        CERTAIN,
        "Schulz KF, Grimes DA. Lancet 2002;359:515-519; " + _CONSORT.format("8b"),
        "Randomisation is called {answers}; a list is one of them.",
    ),
    _rule(
        "exclusion-criteria",
        "exclusion_criteria",
        CERTAIN,
        _WHO.format("14, key inclusion and exclusion criteria"),
        "The field of exclusion criteria is empty, while exclusions are stated elsewhere in the record.",
    ),
    _rule(
        "primary-outcome",
        "primary_outcome",
        CERTAIN,
        _WHO.format("19, primary outcomes") + "; Mathieu S et al. JAMA 2009;302:977-984",
        "Different outcomes are called the main one: {answers}.",
    ),
    _rule(
        "data-sharing",
        "data_sharing",
        CERTAIN,
        "Taichman DB et al. JAMA 2017;317:2491-2492 (ICMJE data sharing statements)",
        "It is said both that it will be shared and that it will not: {about}.",
    ),
    _rule(
        "vesicle-source",
        "vesicle_source",
        LIKELY,
        "Welsh JA et al. MISEV2023. J Extracell Vesicles 2024;13:e12404 (source of the vesicles)",
        "The vesicles are said to come from {answers}; what was given cannot be told.",
    ),
    _rule(
        "measurement-method",
        "measurement",
        LIKELY,
        _CONSORT.format("6a: outcomes and how they were assessed"),
        "The method of measuring {about} is told differently: {answers}.",
    ),
    _rule(
        "treatment-course",
        "treatment_course",
        CERTAIN,
        "Hoffmann TC et al. BMJ 2014;348:g1687 (TIDieR, item 8: when and how much)",
        "Treatment is told as {answers}.",
    ),
    _rule(
        "table-cited",
        "table_subject",
        CERTAIN,
        "ICMJE recommendations IV.A.3.f (tables are cited where they belong)",
        "{about} is cited for one thing and holds another: {answers}.",
    ),
    _rule(
        "arms-compared",
        "arms_compared",
        LIKELY,
        _WHO.format("9 and 13, title and interventions"),
        "The number of treatments compared differs within the source: {answers}.",
    ),
    _rule(
        "lighting",
        "lighting",
        LIKELY,
        "Gagnier JJ et al. CARE guidelines. J Clin Epidemiol 2014;67:46-51 (item 10: follow-up assessment)",
        "{about} is judged in different light before and after: {answers}.",
    ),
    _rule(
        "invasiveness",
        "invasiveness",
        MINOR,
        "internal consistency of the report",
        "The treatment is called non-invasive, and pierces the skin.",
    ),
    _rule(
        "assessment-times",
        "assessment_times",
        LIKELY,
        _WHO.format("19, primary outcomes with their times"),
        "Assessment is told as {answers}.",
    ),
    _rule(
        "address",
        "address_code",
        MINOR,
        _WHO.format("7 and 8, contacts"),
        "{about} has different postal codes: {answers}.",
    ),
    _rule(
        "complaint",
        "complaint",
        MINOR,
        "CARE guidelines 2013, items 5 and 6 (patient information, clinical findings)",
        "Where hair is lost is told differently: {answers}.",
    ),
)
