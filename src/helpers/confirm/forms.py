"""What is asked of a sheet as a form with best guesses, and the sheet's text with what a person answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from helpers.places import line_at, occurrences
from helpers.sheets.edit import append_item, set_fields
from helpers.sheets.model import Fact, Result, SheetQuantity, StudySheet
from helpers.tables.vocabulary import ARM_ROLES, COMPARISONS, OUTCOME_CONCEPTS
from notebookpress.errors import PipelineError
from notebookpress.yaml_files import YamlFile
from trialfiles.record import Row
from trialfiles.text import slug
from trialfiles.yaml_lines import FieldPath

FACTS: dict[str, Any] = YamlFile(Path(__file__).with_name("facts.yaml")).data
RESULT_WORDS: dict[str, Any] = YamlFile(Path(__file__).with_name("results.yaml")).data


class ConfirmationError(PipelineError):
    """What cannot be confirmed, or not so; the message says why and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook."""
        return self.lines


class WrongUsageError(ConfirmationError):
    """A study or a reader that is not there."""

    exit_status = 2


@dataclass(frozen=True)
class Entry:
    """A field of a form: its name, words, best guess, and words and values of what may be chosen."""

    name: str
    words: str
    value: Any
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Form:
    """What is asked next: its block in the sheet, a heading, the form, and where its tokens stand."""

    path: FieldPath
    words: str
    entries: tuple[Entry, ...]
    spans: tuple[tuple[int, int], ...] = ()

    def answers(self, given: Row) -> Row:
        """Return what the form says, with what a person wrote, without blanks around it."""
        values = {entry.name: entry.value for entry in self.entries} | given
        return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def _options(names: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((name.replace("_", " "), name) for name in names)


# Facts of a study.
def study_form(sheet: StudySheet, text: str) -> Form:
    """Return the form of the study's facts and the roles of its arms; the guesses are the proposed facts."""
    proposed, entries = _proposed(sheet), []
    for name in dict.fromkeys([*FACTS, *proposed]):
        value = getattr(sheet.study, name)
        if value is None and name in proposed:
            value = proposed[name][1].value
        options = (("not stated", None), *_options(COMPARISONS)) if name == "comparison" else ()
        words = FACTS[name]["words"] if name in FACTS else name.replace("_", " ")
        entries.append(Entry(name, words, _as_printed(sheet, value), options))
    roles = _options(ARM_ROLES)
    for arm in sheet.arms:
        sizes = (one for one in sheet.quantities if one.kind == "n" and one.concept == "group_size")
        guess = next((one.id for one in sizes if one.arm == arm.arm_id), None)
        name, size = arm.label or arm.arm_id, arm.n or guess
        entries.append(Entry(f"role {arm.arm_id}", f"role of {name}", arm.role, roles))
        entries.append(Entry(f"n {arm.arm_id}", f"people in {name}", size, _sizes(sheet)))
    for role in _new_arms(sheet):
        entries += [
            Entry(f"arm {role}", "one more arm, by name", ""),
            Entry(f"as {role}", "its role", role, roles),
        ]
    heading = "The study: leave empty what is not stated"
    spans = [span for _, fact in proposed.values() if (span := _span(sheet, fact, text))]
    return Form(("study",), heading, tuple(entries), _apart(spans))


def _sizes(sheet: StudySheet) -> tuple[tuple[str, Any], ...]:
    """Return the figures that may be a number of people, in words with their ids."""
    found = [one for one in sheet.quantities if one.kind == "n" and (one.value or 0) >= 1]
    arms = {arm.arm_id: arm.label or arm.arm_id for arm in sheet.arms}
    sizes: list[tuple[str, Any]] = [("not stated", None)]
    for one in found:
        told = one.printed, arms.get(one.arm or ""), one.at and f"line {one.at.line}"
        sizes.append((", ".join(filter(None, told)), one.id))
    return tuple(sizes)


def _proposed(sheet: StudySheet) -> dict[str, tuple[int, Fact]]:
    """Return the proposed fact of each field, with its place in the sheet."""
    return {fact.field: (index, fact) for index, fact in enumerate(sheet.facts) if fact.state == "proposed"}


def _as_printed(sheet: StudySheet, value: Any) -> Any:
    """Return the token of a fact that is a figure; the value of another one."""
    figure = sheet.figures.get(str(value).partition(".")[0])
    return figure.printed if figure else value


def _span(sheet: StudySheet, fact: Fact, text: str) -> tuple[int, int] | None:
    """Return where a fact stands: at the place of its figure, or where its words are on its line."""
    figure, printed = sheet.figures.get(fact.value.partition(".")[0]), fact.printed or ""
    if figure and figure.at and figure.at.chars:
        return figure.at.chars
    starts = occurrences(text, printed) if printed else ()
    return next(((at, at + len(printed)) for at in starts if line_at(text, at) == fact.line), None)


def _apart(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            start, end = found[-1][0], max(end, found.pop()[1])
        found.append((start, end))
    return tuple(found)


def with_facts(text: str, sheet: StudySheet, source: str, answers: Row) -> str:
    """Return the sheet's text with the facts of the study; what is left empty is written as not stated.

    A proposed fact that is left as it is, is confirmed; another one is rejected.
    """
    facts: Row = {name: answers[name] or None for name in FACTS}
    for name, (index, fact) in _proposed(sheet).items():
        right = answers[name] == _as_printed(sheet, fact.value)
        text = set_fields(text, ("facts", index), {"state": "confirmed" if right else "rejected"})
        if right or name not in FACTS:
            facts[name] = fact.value if right else None
    for name in (name for name in FACTS if "figure" in FACTS[name] and facts[name]):
        if facts[name] not in sheet.figures:
            text, facts[name] = _with_figure(text, sheet, source, name, FACTS[name]["figure"], facts[name])
    text = set_fields(text, ("study",), facts)
    for index, arm in enumerate(sheet.arms):
        told = {"role": answers[f"role {arm.arm_id}"], "n": answers[f"n {arm.arm_id}"]}
        changed = {name: value for name, value in told.items() if value != getattr(arm, name)}
        text = set_fields(text, ("arms", index), changed) if changed else text
    named = [answers[f"arm {role}"] for role in _new_arms(sheet)]
    if not sheet.arms and not any(named):
        raise ConfirmationError("no arm is named: write the name of one at least, such as topical exosomes")
    for role in _new_arms(sheet):
        if name := answers[f"arm {role}"]:
            new = {"arm_id": slug(name), "role": answers[f"as {role}"], "label": name}
            text = append_item(text, "arms", new)
    return text


def without_facts(text: str, sheet: StudySheet) -> str:
    """Return the sheet's text with every proposed fact rejected; empty fields are not stated."""
    for index, _ in _proposed(sheet).values():
        text = set_fields(text, ("facts", index), {"state": "rejected"})
    return set_fields(text, ("study",), {name: getattr(sheet.study, name) for name in FACTS})


def _new_arms(sheet: StudySheet) -> tuple[str, ...]:
    """Return the roles of the arms that may be added: one, or where there is none those of a trial."""
    return ("active",) if sheet.arms else ("exosome", "placebo", "active")


def _with_figure(
    text: str, sheet: StudySheet, source: str, name: str, kinds: Row, printed: str
) -> tuple[str, str]:
    """Return the sheet's text with the figure of a fact, and its name; a new one gets its place."""
    kinds = kinds | {"role": "design"}
    for index, one in enumerate(sheet.quantities):
        if one.printed == printed:
            guessed = one.state == "proposed" and one.role == "result"
            return (set_fields(text, ("quantities", index), kinds) if guessed else text), one.id
    start = place_of(source, printed, first=True)
    number = re.search(r"\d+", printed)
    value = {"value": float(number.group())} if number and kinds["kind"] == "n" else {}
    at = {"line": line_at(source, start), "chars": [start, start + len(printed)]}
    new = {"id": name, "printed": printed} | value | kinds | {"at": at, "state": "proposed"}
    return append_item(text, "quantities", new), name


def place_of(text: str, printed: str, line: str = "", first: bool = False) -> int:
    """Return where a token stands: on the line that is told, or in the text where it stands once.

    Raises
    ------
    ConfirmationError
        When it stands nowhere, or more than once and not the `first` is asked for.
    """
    starts = list(occurrences(text, printed)) if printed else []
    starts = [start for start in starts if not line or str(line_at(text, start)) == line]
    if not starts:
        where = f"line {line}" if line else "the text"
        raise ConfirmationError(f"{printed!r} is not in {where}: copy it letter by letter")
    if len(starts) > 1 and not first:
        lines = ", ".join(dict.fromkeys(str(line_at(text, start)) for start in starts))
        remedy = f"tell its line ({lines}), or copy more of the words around it"
        raise ConfirmationError(f"{printed!r} stands {len(starts)} times: {remedy}")
    return starts[0]


# Results.
def figures_alone(sheet: StudySheet, state: str) -> list[int]:
    """Return the figures that no result names and that could make one.

    Where an article has tables, prose repeats them: a figure there without an outcome, with mean and SD of
    one in a table, or with its outcome and value or the difference of two, is not asked about.
    """
    named, alone = sheet.told(), RESULT_WORDS["figures_alone"]
    tables = [one for one in sheet.quantities if one.at and (one.at.section or "").startswith("Table")]
    concepts = set(OUTCOME_CONCEPTS) - ({"other_outcome"} if tables else set())
    again = {(one.value, one.sd) if one.sd else (one.value, one.concept) for one in tables}
    again |= {
        (round(one.value - other.value, 6), one.concept)
        for one, other in product(tables, tables)
        if None not in (one.value, other.value) and (one.arm, one.concept) == (other.arm, other.concept)
    }
    return [
        index
        for index, one in enumerate(sheet.quantities)
        if one.state == state and one.id not in named and one.kind in alone and one.concept in concepts
        and (state != "proposed" or (one.value, one.sd or one.concept) not in again)
    ]  # fmt: skip


def summary_figures(row: Row) -> dict[str, str]:
    """Return the figures that a result's statistic names, field by field."""
    return {
        name: row[name]
        for name in Result.figure_fields()
        if name not in ("n", "p_value") and row.get(name) is not None
    }


def statistic_words(fields: list[str]) -> str:
    """Return what the figures of a result are together, such as `mean and SD`."""
    known = (words for words, own in RESULT_WORDS["statistics"].items() if own == fields)
    return next(known, " and ".join(fields))


def _row(sheet: StudySheet, path: FieldPath) -> Row:
    """Return the result at a place of the sheet, or the one that the figure there would make."""
    if path[0] == "results":
        return sheet.results[int(path[1])].model_dump(exclude_none=True)
    one = sheet.quantities[int(path[1])]
    field = RESULT_WORDS["figures_alone"][one.kind]
    row: Row = {"arm": one.arm or next((arm.arm_id for arm in sheet.arms), None), "concept": one.concept}
    row |= {"site": "all", "time": one.time, "kind": "count" if field in ("count", "percent") else "level"}
    row |= {"kind": "change"} if one.kind == "percent_change" else {}
    sizes = {
        result.n for result in sheet.results if (result.arm, result.concept) == (row["arm"], one.concept)
    }
    numbers = {named.value for named in sheet.quantities if named.id in sizes}
    row |= {"n": min(filter(None, sizes))} if len(numbers) == 1 else {}
    row |= {field: one.id} | ({"sd": f"{one.id}.sd"} if one.sd is not None else {})
    if field == "median" and None not in (one.low, one.high):
        row |= {"q1": f"{one.id}.low", "q3": f"{one.id}.high"}
    return row


def _part(sheet: StudySheet, reference: str) -> tuple[int, str, SheetQuantity]:
    """Return the place of a figure in the sheet, the part of it that is meant, and the figure."""
    name, _, part = reference.partition(".")
    return list(sheet.figures).index(name), part or "value", sheet.figures[name]


def result_form(sheet: StudySheet, path: FieldPath) -> Form:
    """Return the form of a result: its values, then what they are of."""
    row = _row(sheet, path)
    figures = summary_figures(row)
    parts = [_part(sheet, reference) for reference in figures.values()]
    own = statistic_words(list(figures))
    fitting = [words for words, fields in RESULT_WORDS["statistics"].items() if len(fields) == len(figures)]
    names = list(dict.fromkeys([own, *fitting]))
    arms = tuple((arm.label or arm.arm_id, arm.arm_id) for arm in sheet.arms)
    outcomes = tuple((concept.label, name) for name, concept in OUTCOME_CONCEPTS.items())
    unit = row.get("unit") or next((one.unit for *_, one in parts if one.unit), None)
    kinds = tuple((words, name) for name, words in RESULT_WORDS["kinds"].items())
    values = zip(figures, parts, strict=True)
    entries = [
        *(Entry(name, RESULT_WORDS["fields"].get(name, name.replace("_", " ")), f"{getattr(one, part):.12g}")
          for name, (_, part, one) in values),
        Entry("statistic", "statistic", own, tuple((words, words) for words in names)),
        Entry("arm", "arm", row["arm"], arms),
        Entry("concept", "outcome", row["concept"], outcomes),
        Entry("unit", "unit", unit),
        Entry("time", "time", row.get("time")),
        Entry("kind", "kind", row["kind"], kinds),
        Entry("site", "site or measure", row["site"]),
        Entry("n", "n", row.get("n"), _sizes(sheet)),
    ]  # fmt: skip
    spans = dict.fromkeys(one.at.chars for *_, one in parts if one.at and one.at.chars)
    heading = ": ".join(filter(None, (parts[0][2].printed if parts else "no figure", row.get("note"))))
    return Form(path, heading, tuple(entries), tuple(spans))


def with_result(text: str, sheet: StudySheet, proposal: Form, answers: Row) -> str:
    """Return the sheet's text with a result confirmed; what a person changed, changed in its figures too."""
    row = _row(sheet, proposal.path)
    if not answers["arm"]:
        raise ConfirmationError("no arm is chosen: undo back to the facts of the study, and name its arms")
    changed = {
        one.name: answers[one.name] or None
        for one in proposal.entries
        if (answers[one.name] or None) != one.value
    }
    figures = summary_figures(row)
    columns = RESULT_WORDS["statistics"].get(answers["statistic"], list(figures))
    new = {name: changed[name] for name in ("arm", "concept", "site", "time", "kind", "n") if name in changed}
    if "site" in new:
        new["site"] = new["site"] or "all"
    if "unit" in changed and "unit" in row:
        new["unit"] = changed["unit"]
    if columns != list(figures):
        new |= dict(zip(columns, figures.values(), strict=True))
    for field, reference in figures.items():
        index, part, _ = _part(sheet, reference)
        own = {name: changed[name] for name in ("arm", "concept", "time", "unit") if name in changed}
        if field in changed:
            own[part] = _number(changed[field])
        text = set_fields(text, ("quantities", index), own)
    if proposal.path[0] == "results":
        return set_fields(text, proposal.path, new | {"state": "confirmed"}, set(figures) - set(columns))
    whole = {name: value for name, value in row.items() if name in columns or name not in figures} | new
    given = {name: value for name, value in whole.items() if value is not None}
    return append_item(text, "results", given | {"state": "confirmed"})


def _number(written: str | None) -> float:
    try:
        return float(written or "")
    except ValueError:
        problem = f"{written!r} is no number"
        raise ConfirmationError(f"{problem}: write it with a point, such as 18.4") from None
