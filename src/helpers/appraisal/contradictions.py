"""One quantity or question told differently in two places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import (
    CERTAIN,
    LIKELY,
    MINOR,
    Hit,
    NotApplicable,
    Rule,
    StudyEvidence,
    decimals_of,
    missing,
    place_words,
)
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, TOPICS, label
from trialfiles.times import weeks

# Concepts with one value for each arm and time, however often it is printed.
_SINGLE = (
    "sample_size", "group_count", "age", "sessions", "session_interval", "treatment_duration", "block_size",
    "allocation_ratio", "needle_length", "volume", "product_mass", "dose", "measured_area", "skin_type",
)  # fmt: skip
_SURE = {"block_size", "allocation_ratio", "group_count"}  # cannot differ between parts of a trial
_RESULT_KINDS = ("mean_sd", "mean", "sd", "median", "percent", "percent_change", "p_value")
_SCALES = ("proportion", "grade", "stage", "people", "description", "")
_NO_UNITS = ("Cliff's delta", "standard deviations")  # measures of a comparison, in no unit of the outcome
_PARTS = ("value", "value_low", "value_high", "sd")


def _figures(row) -> tuple[tuple[float, float], ...]:
    """Return each number of a quantity with half a unit of its last digit; nothing for words."""
    numbers = [(part, getattr(row, part)) for part in _PARTS]
    return tuple(
        (float(v), 0.5 * 10.0 ** -decimals_of(row.printed, float(v))) for _, v in numbers if not missing(v)
    )


def agree(first, second) -> bool:
    """Return whether two quantities can be the same figure, rounded differently at most."""
    a, b = _figures(first), _figures(second)
    if not a and not b:
        return (
            re.sub(r"\W+", " ", first.printed.lower()).strip()
            == re.sub(r"\W+", " ", second.printed.lower()).strip()
        )
    if len(a) != len(b):  # a range in one place and one of its ends in the other
        return True
    return all(abs(x - y) <= max(h, g) + 1e-9 for (x, h), (y, g) in zip(a, b, strict=True))


@dataclass(frozen=True)
class PrintedTwice(Rule):
    """A quantity with one value that is printed with two."""

    name: str = "printed-twice"
    source: str = "Cochrane Handbook 5.5.2 (reconciling several reports of one study)"
    severity: str = CERTAIN
    inputs: str = "figures of the design, and results of the abstract, that are printed more than once"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each pair of places that disagree."""
        pairs = [*self._design(evidence), *self._abstract(evidence), *self._results(evidence)]
        if not pairs:
            raise NotApplicable("no figure is printed more than once")
        for first, others, severity in pairs:
            if others and not any(agree(first, other) for other in others):
                other = others[0]
                yield Hit(
                    statement=f"{label(first.concept).capitalize()} is printed with different values in two "
                    "places.",
                    arithmetic=f"{first.printed} ({place_words(first)}) against "
                    f"{other.printed} ({place_words(other)})",
                    quantity_ids=(first.quantity_id, other.quantity_id),
                    concepts=(first.concept,),
                    severity=severity,
                )

    @staticmethod
    def _design(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each later figure of a single-valued concept with the first one."""
        first: dict[tuple, object] = {}
        for row in evidence.figures(role=("design",)).itertuples():
            if row.concept not in _SINGLE:
                continue
            shape = (len(_figures(row)), row.unit if not missing(row.unit) else "")
            arm = "" if missing(row.arm_id) else row.arm_id
            time = "" if missing(row.timepoint_printed) else row.timepoint_printed
            known = first.setdefault((row.concept, arm, time, shape), row)
            if known is not row and not (row.concept == "age" and len(_figures(row)) == 1):
                planned = row.concept == "sample_size" and not evidence.study["has_results"]
                yield known, [row], CERTAIN if planned or row.concept in _SURE else LIKELY

    @staticmethod
    def _abstract(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each result of the abstract with the figures of the text that should hold it."""
        rows = list(evidence.figures(role=("result",), kind=_RESULT_KINDS).itertuples())

        def key(row) -> tuple:
            time = None if missing(row.timepoint_printed) else weeks(row.timepoint_printed)
            return row.concept, str(row.arm_id), time, row.kind, str(row.unit)

        def abstract(row) -> bool:
            return not missing(row.section) and str(row.section).lower().startswith("abstract")

        for row in filter(abstract, rows):
            others = [other for other in rows if not abstract(other) and key(other) == key(row)]
            # With several figures of the same kind in the text, the abstract may give their mean.
            single = len({_figures(other) for other in others}) == 1
            yield row, others, CERTAIN if single else LIKELY

    @staticmethod
    def _results(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each later mean of the same arm, outcome, site, time and n with the first one."""
        printed = {row.quantity_id: row for row in evidence.quantities.itertuples()}
        first: dict[tuple, object] = {}
        for row in evidence.observed():
            mean = evidence.figure(row, "mean")
            if mean is None or missing(row.timepoint_weeks):
                continue
            place = (
                row.arm_id,
                row.concept,
                row.site,
                row.timepoint_weeks,
                row.kind,
                str(row.n),
                str(row.unit),
            )
            known = first.setdefault(place, printed[mean.quantity_id])
            if known is not printed[mean.quantity_id]:
                yield known, [printed[mean.quantity_id]], LIKELY


def unit_in_words(unit: str) -> str:
    """Return a unit without spelling: `hair/cm²` and `hairs per square centimetre` are both `hair/cm2`."""
    text = unit.lower().replace("²", "2").replace("per square centimetre", "/cm2").replace(" per ", "/")
    return re.sub(r"(?<=[a-z])s(?=/|$)", "", re.sub(r"\s+", "", text))


@dataclass(frozen=True)
class Units(Rule):
    """One outcome in two units that are not the same thing."""

    name: str = "units"
    source: str = "Cochrane Handbook 6.5.1 (units of measurement); a follicular unit bears one to four hairs"
    severity: str = LIKELY
    inputs: str = "units of results and planned outcomes with a measured unit"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome whose figures and plans use more than one unit."""
        tested = 0
        for concept in sorted(
            set(evidence.quantities["concept"].dropna()) | set(evidence.outcomes["concept"].dropna())
        ):
            if concept not in OUTCOME_CONCEPTS or OUTCOME_CONCEPTS[concept].unit in _SCALES:
                continue
            rows = evidence.figures(concept=concept)
            rows = rows[
                rows["unit"].notna()
                & ~rows["kind"].isin(["p_value", "percent", "percent_change", "n"])
                & ~rows["unit"].isin(_NO_UNITS)
            ]
            planned = evidence.outcomes[evidence.outcomes["concept"] == concept]["unit"].dropna()
            named = [(row.unit, row.quantity_id) for row in rows.itertuples()] + [
                (unit, "") for unit in planned
            ]
            spelling = {unit_in_words(unit): unit for unit, _ in reversed(named)}
            tested += bool(named)
            if len(spelling) > 1:
                held = {
                    unit: [q for u, q in named if q and unit_in_words(u) == plain]
                    for plain, unit in spelling.items()
                }
                yield Hit(
                    statement=f"{label(concept).capitalize()} is given in {len(held)} units: "
                    f"{' and '.join(sorted(held))}; a figure in one cannot be read as the other.",
                    arithmetic="; ".join(
                        f"{unit}: {len(names)} figure{'' if len(names) == 1 else 's'}"
                        for unit, names in sorted(held.items())
                    ),
                    quantity_ids=tuple(name for _, names in sorted(held.items()) for name in names),
                    concepts=(concept,),
                )
        if not tested:
            raise NotApplicable("no figure of an outcome with a measured unit")


@dataclass(frozen=True)
class SaidTwice(Rule):
    """A question with one true answer to which a source gives two.

    Attributes
    ----------
    topic : str
        The question, of `helpers.tables.vocabulary`.
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


def listed(says: str) -> tuple[str, ...]:
    """Return the items of an answer, as they stand between commas."""
    return tuple(item.strip() for item in says.split(",") if item.strip())


@dataclass(frozen=True)
class ItemLists(Rule):
    """The same list, told twice, with other items."""

    name: str = "items-differ"
    source: str = "Cochrane Handbook 5.5.2 (reconciling several reports of one study); CONSORT 2010, item 6a"
    severity: str = CERTAIN
    inputs: str = "lists of items or events that are given more than once"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each list that differs from its first telling."""
        rows = evidence.said("items")
        pairs = [
            (first, other)
            for about in dict.fromkeys(row.about for row in rows)
            for first, *others in [[row for row in rows if row.about == about]]
            for other in others
        ]
        if not pairs:
            raise NotApplicable("no list is given twice")
        for first, other in pairs:
            ours, theirs = set(listed(first.says)), set(listed(other.says))
            if ours != theirs:
                alone = "; ".join(
                    f"line {row.line} alone: {', '.join(sorted(items)) or 'nothing'}"
                    for row, items in ((first, ours - theirs), (other, theirs - ours))
                )
                yield Hit(
                    statement=f"One list is told twice with different items ({label(first.about)}).",
                    arithmetic=f"{alone}; in both: {', '.join(sorted(ours & theirs)) or 'nothing'}",
                    concepts=(first.about,) if first.about in OUTCOME_CONCEPTS else (),
                    statement_ids=(first.statement_id, other.statement_id),
                )


@dataclass(frozen=True)
class AuthorsCited(Rule):
    """Work that the text names and the list of references does not hold."""

    name: str = "cited-not-listed"
    source: str = "ICMJE recommendations IV.A.3.g (references)"
    severity: str = CERTAIN
    inputs: str = "authors named in the text, first authors in the list of references"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each author named whom the references lack."""
        named, lists = evidence.said("cited_author"), evidence.said("reference_authors")
        if not named or not lists:
            raise NotApplicable("no author named in the text, or no list of references")
        held = {author.casefold() for row in lists for author in listed(row.says)}
        for row in named:
            if row.says.casefold() not in held:
                yield Hit(
                    statement=f"The text reports what {row.says} found; no such work is listed among the "
                    "references.",
                    arithmetic=f"first authors listed: {len(held)}; {row.says}: 0",
                    statement_ids=(row.statement_id, *(other.statement_id for other in lists)),
                )


@dataclass(frozen=True)
class ReferencesUsed(Rule):
    """A numbered list of references to which the text never points."""

    name: str = "listed-not-cited"
    source: str = "ICMJE recommendations IV.A.3.g (references are numbered as they are cited)"
    severity: str = LIKELY
    inputs: str = "whether the text points at its references"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the list when the text has no mark that leads to it."""
        marks, lists = evidence.said("reference_marks"), evidence.said("reference_authors")
        if not marks or not lists:
            raise NotApplicable("no list of references, or nothing is said of marks in the text")
        if {row.says for row in marks} == {"none"}:
            yield Hit(
                statement="The references are numbered and no number stands in the text; which sentence "
                "rests on which work cannot be told.",
                arithmetic=f"references: {sum(len(listed(row.says)) for row in lists)}; marks in the text: 0",
                statement_ids=tuple(row.statement_id for row in (*marks, *lists)),
            )
