"""What a consistency check is, and the list of all of them: `rules.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from helpers.appraisal.evidence import StudyEvidence, missing
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, SEVERITIES, TOPICS, label
from notebookpress.tables import join_ids
from notebookpress.yaml_files import YamlFile

RULES_FILE = Path(__file__).with_name("rules.yaml")
CERTAIN, LIKELY, MINOR = SEVERITIES
_WORDS = {"meaning": str, "source": str, "inputs": str, "severity": str}
_QUESTION_WORDS = {"topic": str, "finding": str, "source": str, "severity": str}


class NotApplicable(Exception):  # noqa: N818  (not an error: a way to say so)
    """A check's inputs are not in the study; the message says which."""


@dataclass(frozen=True)
class Hit:
    """What a check found at one place, before it becomes a row; an empty severity is that of the rule."""

    statement: str
    arithmetic: str
    quantity_ids: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    severity: str = ""
    statement_ids: tuple[str, ...] = ()


Check = Callable[[StudyEvidence], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A consistency check with its words.

    Attributes
    ----------
    name : str
        Kind of check, as in the column `check` of `findings`.
    meaning : str
        What is wrong where it finds something.
    source : str
        Paper or manual that it comes from.
    inputs : str
        What it looks at.
    severity : str
        Severity of its findings unless one says otherwise. Only what cannot be so under any reading,
        rounding included, is `certain`.
    find : callable
        Yields what is wrong in a study; raises `NotApplicable` when the inputs are missing.
    topic : str
        For a rule that compares answers to one question: the question.

    """

    name: str
    meaning: str
    source: str
    inputs: str
    severity: str
    find: Check
    topic: str = ""

    def run(self, evidence: StudyEvidence) -> list[dict[str, Any]]:
        """Return rows of the table `findings`, none when the study passes.

        Raises
        ------
        NotApplicable
            When the study does not state what the rule needs.

        """
        return [self._row(evidence, number, hit) for number, hit in enumerate(self.find(evidence), start=1)]

    def _row(self, evidence: StudyEvidence, number: int, hit: Hit) -> dict[str, Any]:
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


def read_rules(checks: Mapping[str, Check], path: Path = RULES_FILE) -> tuple[Rule, ...]:
    """Return the rules of a file in its order.

    An entry with a `topic` asks a question that has one true answer; every other one gives a function its
    words.

    Parameters
    ----------
    checks : mapping of str to callable
        The functions, by the name of their rule.
    path : Path
        The file.

    Raises
    ------
    YamlError
        At the first mistake, with its line and the remedy.

    """
    file = YamlFile(path)
    rules = tuple(
        _question(file, name) if "topic" in (entries or {}) else _computed(file, name, checks)
        for name, entries in file.data.items()
    )
    for name in checks:
        if name not in file.data:
            raise file.error((), f"the check {name} has no entry", "add one, or remove its function")
    return rules


def _computed(file: YamlFile, name: str, checks: Mapping[str, Check]) -> Rule:
    words = file.entries((name,), _WORDS, tuple(_WORDS))
    _check_severity(file, name, words)
    if name not in checks:
        raise file.error((name,), f"no check is called {name}", "add `topic:`, or a function to CHECKS")
    return Rule(name=name, find=checks[name], **words)


def _question(file: YamlFile, name: str) -> Rule:
    words = file.entries((name,), _QUESTION_WORDS, tuple(_QUESTION_WORDS))
    _check_severity(file, name, words)
    topic, finding = words["topic"], words.pop("finding")
    if topic not in TOPICS:
        remedy = f"use one of {', '.join(TOPICS)}, or add it to the topics of the vocabulary"
        raise file.error((name, "topic"), f"topic {topic} is not known", remedy)
    try:
        finding.format(about="", answers="")
    except (LookupError, ValueError):
        remedy = "write no other than {about} and {answers}"
        raise file.error((name, "finding"), "finding has a gap that nothing fills", remedy) from None
    question = TOPICS[topic].question
    return Rule(
        name=name,
        meaning=f"Different answers to: {question}.",
        inputs=f"words on: {question}",
        find=partial(different_answers, topic=topic, finding=finding),
        **words,
    )


def _check_severity(file: YamlFile, name: str, words: Mapping[str, str]) -> None:
    if words["severity"] not in SEVERITIES:
        problem = f"severity {words['severity']} is not known"
        raise file.error((name, "severity"), problem, f"use one of {', '.join(SEVERITIES)}")


def different_answers(evidence: StudyEvidence, topic: str, finding: str) -> Iterator[Hit]:
    """Yield each matter on which a source gives two answers to a question with one true answer.

    Parameters
    ----------
    evidence : StudyEvidence
        The study.
    topic : str
        The question, one of `helpers.tables.TOPICS`.
    finding : str
        The finding in words; `{about}` and `{answers}` are filled in.

    """
    rows = evidence.statements_on(topic)
    if not rows:
        raise NotApplicable(f"nothing is said of: {TOPICS[topic].question}")
    matters: dict[str, list] = {}
    for row in rows:
        matters.setdefault("" if missing(row.about) else str(row.about), []).append(row)
    for about, same in matters.items():
        answers = list(dict.fromkeys(row.says for row in same))
        if len(answers) > 1:
            named = " and ".join(_in_words(answer) for answer in answers)
            yield Hit(
                statement=finding.format(about=label(about), answers=named),
                arithmetic="; ".join(f"line {row.line}: {_in_words(row.says)}" for row in same),
                concepts=tuple(name for name in (about, *answers) if name in OUTCOME_CONCEPTS),
                statement_ids=tuple(row.statement_id for row in same),
            )


def _in_words(answer: str) -> str:
    return label(answer) if answer in OUTCOME_CONCEPTS else answer
