"""The words of a review's field, from a YAML file: outcomes, arms, units and severity scales.

Nothing of a field is known here. Without a vocabulary the figures of a file are read all the same; what an
outcome measures and which role an arm has stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from trialfiles.forms import names_of, patterns_of
from trialfiles.record import Problem, SourceError
from trialfiles.text import remembered
from trialfiles.yaml_lines import FieldPath, line_of, read_yaml

_SAID = patterns_of("outcomes", "patterns")

_REGISTERED_ROLES: dict[str, str] = names_of("outcomes")["roles"]


@dataclass(frozen=True)
class OutcomeWords:
    """How texts name an outcome concept.

    `words`: one of them a text must hold before the pattern is tried; looking for a word is far quicker.
    `caption`: whether the pattern may also stand in the caption of a table.
    """

    concept: str
    pattern: str
    words: tuple[str, ...] = ()
    caption: bool = False

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """The pattern's search; capitals do not matter."""
        return re.compile(self.pattern, re.IGNORECASE | re.DOTALL).search


@dataclass(frozen=True)
class InterventionWords:
    """How arms name the intervention that a review is about, and the roles of arms that have it."""

    pattern: str
    absent: str
    role: str
    combined: str


@dataclass(frozen=True)
class UnitWords:
    """A unit of the field: its pattern, its one spelling, and the kind of its quantities, such as `density`.

    In the pattern `<cm²>` stands for a square centimetre and `<cm⁻²>` for its inverse, in any spelling.
    """

    pattern: str
    spelling: str
    kind: str


@dataclass(frozen=True)
class ScaleWords:
    """A severity scale: a pattern of its name, and the letters with which every such name begins."""

    begins: str
    pattern: str


@dataclass(frozen=True)
class LetteredScale:
    """A severity scale whose grades are letters with numbers, read only after words that it is near."""

    name: str
    letters: str
    near: str


@dataclass(frozen=True)
class Vocabulary:
    """What a review calls things; `read_vocabulary` makes it from YAML.

    `outcomes` are tried in order on what registers measure, `table_rows` before them on the rows of an
    article's tables; `other_outcome` is the concept of what none of them fits. `concepts` are all that an
    extraction table may name. `units`, `scales`, `things` (what is counted) and `dosed` (what a dose counts)
    are read in prose.
    """

    concepts: frozenset[str] = frozenset()
    outcomes: tuple[OutcomeWords, ...] = ()
    table_rows: tuple[OutcomeWords, ...] = ()
    other_outcome: str | None = None
    intervention: InterventionWords | None = None
    units: tuple[UnitWords, ...] = ()
    scales: tuple[ScaleWords, ...] = ()
    lettered_scale: LetteredScale | None = None
    things: tuple[str, ...] = ()
    dosed: tuple[str, ...] = ()

    def concept(self, text: str) -> str | None:
        """Return the outcome concept that a register's outcome names."""
        low = text.lower()
        for rule in self.outcomes:
            if any(word in low for word in rule.words) and rule.search(text):
                return rule.concept
        return self.other_outcome

    def row_concept(self, measure: str, caption: str) -> str | None:
        """Return the outcome concept of a row in an article's table."""
        for rule in self.table_rows:
            if rule.search(measure) or (rule.caption and rule.search(caption)):
                return rule.concept
        return self.concept(measure)

    def role(self, words: str, kind: str | None = None) -> str | None:
        """Return an arm's role from its names and, where given, the register's type of arm."""
        if self.intervention is None:
            return None
        if kind in _REGISTERED_ROLES:
            return _REGISTERED_ROLES[kind]
        text = re.sub(self.intervention.absent, " ", words.lower())
        if re.search(self.intervention.pattern, text):
            return self.intervention.combined if _SAID["combined"].search(text) else self.intervention.role
        if _SAID["placebo"].search(text):
            return "placebo"
        return "untreated" if _SAID["untreated"].search(text) else "active"

    def arm_role(self, label: str, interventions: list[str], kind: str | None = None) -> str | None:
        """Return the role of an arm whose interventions are listed one by one.

        A placebo among other interventions keeps an arm masked (double dummy) or is another period's
        (crossover): the arm is a placebo's only where its label says so alone or nothing else is given.
        """
        role = self.role(" ".join([label, *interventions]), kind)
        if role != "placebo" or kind in _REGISTERED_ROLES:
            return role
        alone = _SAID["placebo"].search(label.lower()) and not _SAID["joined"].search(label.lower())
        given = [bool(_SAID["placebo"].search(name.lower())) for name in interventions]
        return "placebo" if alone or (given and all(given)) else "active"


NO_WORDS = Vocabulary()


@remembered
def says_change(name: str | None) -> bool:
    """Whether the name of an outcome, a subgroup or a column says that its values are changes.

    Examples
    --------
    >>> [says_change(name) for name in ("Change in weight", "Weight", "Time to change of dressing")]
    [True, False, False]
    """
    return bool(name and _SAID["change"].search(name) and not _SAID["no_change"].match(name))


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

    def wrong(place: FieldPath, problem: str, remedy: str) -> None:
        field = ".".join(map(str, place))
        problems.append(Problem(str(path), line_of(lines, place), field, problem, remedy))

    found = _block(Vocabulary, content, (), wrong)
    if problems:
        raise SourceError(problems)
    named = {rule.concept for rule in (*found.outcomes, *found.table_rows)}
    return replace(found, concepts=frozenset(concepts) | named)


_BLOCKS: dict[str, type] = {
    "outcomes": OutcomeWords, "table_rows": OutcomeWords, "intervention": InterventionWords,
    "units": UnitWords, "scales": ScaleWords, "lettered_scale": LetteredScale,
}  # fmt: skip


def _block(kind: type, given: Any, place: FieldPath, wrong: Callable[[FieldPath, str, str], None]) -> Any:
    """Return a block of fields as an object; None where something is wrong with it."""
    if not isinstance(given, dict):
        wrong(place, "no block of fields", "write `name: value` lines")
        return None
    known = {one.name: one.default for one in fields(kind)}
    missing = [name for name, default in known.items() if default is MISSING and name not in given]
    for name in missing:
        wrong(place, f"{name} is missing", "add it")
    values: dict[str, Any] = {}
    for name, value in given.items():
        at = (*place, name)
        if name not in known:
            wrong(at, "unknown field", f"use one of {', '.join(known)}")
        elif name in _BLOCKS and isinstance(value, list):
            values[name] = tuple(_block(_BLOCKS[name], one, (*at, i), wrong) for i, one in enumerate(value))
        elif name in _BLOCKS:
            values[name] = _block(_BLOCKS[name], value, at, wrong)
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
        if name in ("pattern", "absent", "near"):
            try:
                re.compile(value)
            except (re.error, TypeError) as error:
                wrong(at, f"no regular expression: {error}", "write one as Python has it")
    return None if missing else kind(**values)
