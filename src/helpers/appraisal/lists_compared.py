"""Lists that a source gives twice: items of a questionnaire, events, names and references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label


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
