"""What a consistency check is, and the list of all of them: `rules.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from helpers.appraisal.evidence import StudyEvidence, name_of
from helpers.tables.vocabulary import CONCERNS, OUTCOME_CONCEPTS, TOPICS, label
from notebookpress.tables import join_ids
from notebookpress.yaml_files import YamlFile

RULES_FILE = Path(__file__).with_name("rules.yaml")
_Rows = TypeVar("_Rows")
_BASIS = {"inspect_sr": str, "ruled_out": str}
_COMPUTED = {"meaning": str, "inputs": str, "source": str, "certain": bool, "concern": str, **_BASIS}
_SENTENCES = {"statement": str, "statements": dict, "function": str, "lacking": str}
_QUESTION = {"topic": str, "statement": str, "source": str, "certain": bool, "concern": str, **_BASIS}


class Weight(NamedTuple):
    """Whether no honest reading removes a discrepancy, and its concern where that is not the rule's."""

    certain: bool
    concern: str = ""


CERTAIN, DOUBTFUL, MINOR = Weight(True), Weight(False, "some"), Weight(False, "minor")


class NotApplicable(Exception):  # noqa: N818  (not an error: a way to say so)
    """A check's inputs are not in the study; the message says which."""


def needed(rows: _Rows, lacking: str) -> _Rows:
    """Return what a check looks at, or whether it can; raise `NotApplicable` where there is nothing."""
    if not (len(rows) if isinstance(rows, Sized) else rows):
        raise NotApplicable(lacking)
    return rows


@dataclass(frozen=True)
class Hit:
    """What a check found at one place, before it becomes a row.

    Attributes
    ----------
    arithmetic : str
        The computation with its numbers.
    rests_on : iterable
        Printed figures, quantities and statements, given as they are or by their names.
    concepts : iterable of str
        Outcomes that it touches; the first fills the gaps `outcome` and `Outcome` of the sentence.
    weight : Weight, optional
        Where it is not that of the rule.
    case : str
        Which of the rule's sentences says it, where the rule has several.
    words : mapping
        What fills the other gaps of the sentence.
    places : str
        Where it stands, when that is in no document.
    """

    arithmetic: str
    rests_on: Iterable[Any] = ()
    concepts: Sequence[str] = ()
    weight: Weight | None = None
    case: str = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    places: str = ""


TESTED = Hit("")  # what a check yields beside its hits when it had something to test
Check = Callable[[StudyEvidence], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A consistency check with its words, as `rules.yaml` explains them.

    Attributes
    ----------
    inspect_sr : str
        The check of INSPECT-SR that it speaks to, or several: `4.6;4.8`.
    ruled_out : str
        Honest explanations that it has tried first.
    statements : dict
        Its sentences by case, with gaps that a hit fills.
    find : callable
        Yields what is wrong in a study; raises `NotApplicable` when the inputs are missing.
    topic : str
        For a rule that compares answers to one question: the question.
    lacking : str
        What is missing where `find` yields nothing, not even `TESTED`; without it that is a pass.
    """

    name: str
    meaning: str
    source: str
    inputs: str
    certain: bool
    concern: str
    inspect_sr: str
    ruled_out: str
    statements: dict[str, str]
    find: Check
    topic: str = ""
    lacking: str = ""

    def run(self, evidence: StudyEvidence) -> list[dict[str, Any]]:
        """Return rows of the table `discrepancies`, none when the study passes; raise as `find` does."""
        found = list(self.find(evidence))
        if self.lacking:
            needed(found, self.lacking)
        hits = (hit for hit in found if hit is not TESTED)
        return [self._row(evidence, number, hit) for number, hit in enumerate(hits, start=1)]

    def _row(self, evidence: StudyEvidence, number: int, hit: Hit) -> dict[str, Any]:
        outcome = label(hit.concepts[0]) if hit.concepts else ""
        words = {"outcome": outcome, "Outcome": outcome.capitalize(), **hit.words}
        names = list(dict.fromkeys(map(name_of, hit.rests_on)))
        return {
            "discrepancy_id": f"{evidence.study_id}.rule-{self.name}-{number}",
            "study_id": evidence.study_id,
            "check": self.name,
            "detected_by": "automated",
            "certain": self.certain if hit.weight is None else hit.weight.certain,
            "concern": (hit.weight and hit.weight.concern) or self.concern,
            "statement": self.statements[hit.case].format(**words),
            "locators": hit.places or evidence.locators(names),
            "arithmetic": hit.arithmetic or None,
            "quantity_ids": join_ids(name for name in names if not evidence.is_statement(name)),
            "concepts": join_ids(name for name in hit.concepts if name in OUTCOME_CONCEPTS),
        }


def read_rules(checks: Mapping[str, Check], path: Path = RULES_FILE) -> tuple[Rule, ...]:
    """Return the rules of a file in its order.

    An entry with a `topic` asks a question that has one true answer; every other one gives a function its
    words.

    Parameters
    ----------
    checks : mapping of str to callable
        The functions by their names, which are those of their rules unless an entry names its `function`.
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
    for rule in rules:
        if rule.concern not in CONCERNS:
            problem = f"concern {rule.concern} is not known"
            raise file.error((rule.name, "concern"), problem, f"use one of {', '.join(CONCERNS)}")
    for name, function in checks.items():
        if function not in {rule.find for rule in rules}:
            raise file.error((), f"the check {name} has no entry", "add one, or remove its function")
    return rules


def _computed(file: YamlFile, name: str, checks: Mapping[str, Check]) -> Rule:
    words = file.entries((name,), _COMPUTED | _SENTENCES, tuple(_COMPUTED))
    function = words.pop("function", name.replace("-", "_"))
    if function not in checks:
        remedy = "add `topic:`, or a function of that name"
        raise file.error((name,), f"no check is called {function}", remedy)
    statements = words.pop("statements", {}) | ({"": words.pop("statement")} if "statement" in words else {})
    return Rule(name=name, find=checks[function], statements=statements, **words)


def _question(file: YamlFile, name: str) -> Rule:
    words = file.entries((name,), _QUESTION, tuple(_QUESTION))
    topic, statement = words["topic"], words.pop("statement")
    if topic not in TOPICS:
        remedy = f"use one of {', '.join(TOPICS)}, or add it to the topics of the vocabulary"
        raise file.error((name, "topic"), f"topic {topic} is not known", remedy)
    try:
        statement.format(about="", answers="")
    except (LookupError, ValueError):
        remedy = "write no other than {about} and {answers}"
        raise file.error((name, "statement"), "statement has a gap that nothing fills", remedy) from None
    question = TOPICS[topic].question
    return Rule(
        name=name,
        meaning=f"Different answers to: {question}.",
        inputs=f"words on: {question}",
        find=partial(_different_answers, topic=topic),
        statements={"": statement},
        **words,
    )


def _different_answers(evidence: StudyEvidence, topic: str) -> Iterator[Hit]:
    """Yield each matter on which a source gives two answers to a question with one true answer."""
    matters = needed(evidence.by_matter(topic), f"nothing is said of: {TOPICS[topic].question}")
    for about, rows in matters.items():
        answers = {row.says: label(row.says) if row.says in OUTCOME_CONCEPTS else row.says for row in rows}
        if len(answers) > 1:
            told = {"about": label(about), "answers": " and ".join(answers.values())}
            arithmetic = "; ".join(f"line {row.line}: {answers[row.says]}" for row in rows)
            yield Hit(arithmetic, rows, (about, *answers), words=told)
