"""The words of a review's field, from a YAML file: outcomes, arms, units and severity scales.

Nothing of a field is known here. Without a vocabulary the figures of a file are read all the same; what an
outcome measures and which role an arm has stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from trialfiles.record import Problem, SourceError
from trialfiles.yaml_lines import line_of, read_yaml

_REGISTERED_ROLES = {
    "PLACEBO_COMPARATOR": "placebo", "SHAM_COMPARATOR": "placebo", "NO_INTERVENTION": "untreated",
}  # fmt: skip
_PLACEBO = re.compile(r"placebo|saline|vehicle|\bsham\b")
_UNTREATED = re.compile(r"no treatment|untreated|no intervention")
_COMBINED = re.compile(r"\bcombin|\+|\band\b|\bplus\b|\bwith\b")
_JOINED = re.compile(r"\+|/|>|\u2192|\b(?:and|plus|with|then|to|first|followed)\b")


def _compiled(text: Any) -> Any:
    try:
        return re.compile(text, re.IGNORECASE | re.DOTALL)
    except (re.error, TypeError) as error:
        raise ValueError(f"no regular expression: {error}") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class OutcomeWords(_Block):
    """How texts name an outcome concept.

    `words`: one of them a text must hold before the pattern is tried; looking for a word is far quicker.
    `caption`: whether the pattern may also stand in the caption of a table.
    """

    concept: str
    pattern: Pattern
    words: tuple[str, ...] = ()
    caption: bool = False


class InterventionWords(_Block):
    """How arms name the intervention that a review is about, and the roles of arms that have it."""

    pattern: Pattern
    absent: Pattern
    role: str
    combined: str


class Vocabulary(_Block):
    """What a review calls things; `read_vocabulary` makes it from YAML.

    `outcomes` are tried in order on what registers measure, `table_rows` before them on the rows of an
    article's tables; `other_outcome` is the concept of what none of them fits. `concepts` are all that an
    extraction table may name.
    """

    concepts: frozenset[str] = frozenset()
    outcomes: tuple[OutcomeWords, ...] = ()
    table_rows: tuple[OutcomeWords, ...] = ()
    other_outcome: str | None = None
    intervention: InterventionWords | None = None

    def concept(self, text: str) -> str | None:
        """Return the outcome concept that a register's outcome names."""
        low = text.lower()
        for rule in self.outcomes:
            if any(word in low for word in rule.words) and rule.pattern.search(text):
                return rule.concept
        return self.other_outcome

    def row_concept(self, measure: str, caption: str) -> str | None:
        """Return the outcome concept of a row in an article's table."""
        for rule in self.table_rows:
            if rule.pattern.search(measure) or (rule.caption and rule.pattern.search(caption)):
                return rule.concept
        return self.concept(measure)

    def role(self, words: str, kind: str | None = None) -> str | None:
        """Return an arm's role from its names and, where given, the register's type of arm."""
        if self.intervention is None:
            return None
        if kind in _REGISTERED_ROLES:
            return _REGISTERED_ROLES[kind]
        text = self.intervention.absent.sub(" ", words.lower())
        if self.intervention.pattern.search(text):
            return self.intervention.combined if _COMBINED.search(text) else self.intervention.role
        if _PLACEBO.search(text):
            return "placebo"
        return "untreated" if _UNTREATED.search(text) else "active"

    def arm_role(self, label: str, interventions: list[str], kind: str | None = None) -> str | None:
        """Return the role of an arm whose interventions are listed one by one.

        A placebo among other interventions keeps an arm masked (double dummy) or is another period's
        (crossover): the arm is a placebo's only where its label says so alone or nothing else is given.
        """
        role = self.role(" ".join([label, *interventions]), kind)
        if role != "placebo" or kind in _REGISTERED_ROLES:
            return role
        alone = _PLACEBO.search(label.lower()) and not _JOINED.search(label.lower())
        given = [bool(_PLACEBO.search(name.lower())) for name in interventions]
        return "placebo" if alone or (given and all(given)) else "active"


NO_WORDS = Vocabulary()


def read_vocabulary(path: str | Path, concepts: Iterable[str] = ()) -> Vocabulary:
    """Read a vocabulary.

    Parameters
    ----------
    path : path
        YAML with any of the fields of `Vocabulary`.
    concepts : iterable of str
        Outcome concepts beside those of the file.

    Raises
    ------
    SourceError
        For unknown or missing fields and patterns that are none; every problem is listed with its line.
    """
    content, lines, problems = read_yaml(Path(path))
    try:
        found = Vocabulary.model_validate(content)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            place = tuple(fault["loc"])
            where, line = ".".join(map(str, place)), line_of(lines, place)
            problems.append(Problem(str(path), line, where, fault["msg"], "mend the field"))
    if problems:
        raise SourceError(problems)
    named = {rule.concept for rule in (*found.outcomes, *found.table_rows)}
    return found.model_copy(update={"concepts": found.concepts | named | set(concepts)})
