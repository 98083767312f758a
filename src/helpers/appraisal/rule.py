"""What a consistency rule is: a check with its paper, its inputs, and the findings that it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.appraisal.evidence import StudyEvidence
from helpers.tables import join_ids
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

FindingRow = dict[str, Any]
CERTAIN, LIKELY, MINOR = "certain", "likely", "minor"


class NotApplicable(Exception):  # noqa: N818  (not an error: a way to say so)
    """A rule's inputs are not in the study; the message says which."""


@dataclass(frozen=True)
class Hit:
    """What a rule found at one place, before it becomes a row."""

    statement: str
    arithmetic: str
    quantity_ids: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    severity: str = ""
    statement_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule(ABC):
    """A consistency check.

    Attributes
    ----------
    name : str
        Kind of check, as in the column `check` of `findings`.
    source : str
        Paper or manual that it comes from.
    severity : str
        Severity of its findings unless one says otherwise. Only what cannot be so under any reading,
        rounding included, is `certain`.
    inputs : str
        What it looks at.

    """

    name: str = ""
    source: str = ""
    severity: str = LIKELY
    inputs: str = ""

    @abstractmethod
    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield what is wrong; raise `NotApplicable` when the inputs are missing."""

    def run(self, evidence: StudyEvidence) -> list[FindingRow]:
        """Return rows of the table `findings`, none when the study passes.

        Raises
        ------
        NotApplicable
            When the study does not state what the rule needs.

        """
        return [self._row(evidence, index + 1, hit) for index, hit in enumerate(self.find(evidence))]

    def _row(self, evidence: StudyEvidence, number: int, hit: Hit) -> FindingRow:
        names = tuple(dict.fromkeys(hit.quantity_ids))
        return {
            "finding_id": f"{evidence.study_id}.rule-{self.name}-{number}",
            "study_id": evidence.study_id,
            "check": self.name,
            "detected_by": "rule",
            "severity": hit.severity or self.severity,
            "statement": hit.statement,
            "locators": evidence.locators((*names, *dict.fromkeys(hit.statement_ids))),
            "arithmetic": hit.arithmetic or None,
            "quantity_ids": join_ids(names),
            "concepts": join_ids(name for name in hit.concepts if name in OUTCOME_CONCEPTS),
        }
