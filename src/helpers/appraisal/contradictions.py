"""One quantity, unit or list printed differently in two places, and references that lead nowhere."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import chain, pairwise
from os.path import commonprefix
from typing import Any

from helpers.appraisal.evidence import TESTED, Hit, StudyEvidence, decimals_of, each_row, needed
from helpers.appraisal.risk_of_bias import SECTIONS
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
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
_NO_UNIT_KINDS = ("p_value", "percent", "percent_change", "n")
_LONGEST = 160  # characters of a text of a registration that are shown
_VERSIONS = SECTIONS["registry_versions"]
_PARTS = ("value", "value_low", "value_high", "sd")
# A figure, those that should say the same, and what it weighs if none does.
_Printed = tuple[Any, list[Any], str]


def agree(first: Any, second: Any, wide: bool = False) -> bool:
    """Return whether two rows of `quantities` can be one figure, rounded otherwise or (`wide`) cut off."""
    a, b = _numbers(first), _numbers(second)
    if not a and not b:
        one, other = (re.sub(r"\W+", " ", row.printed.lower()).strip() for row in (first, second))
        return one == other
    if len(a) != len(b):  # a range in one place and one of its ends in the other
        return True
    pairs = zip(a, b, strict=True)
    return all(abs(x - y) <= max(h, g) * (1 + (wide and h != g)) + 1e-9 for (x, h), (y, g) in pairs)


def _numbers(row: Any) -> tuple[tuple[float, float], ...]:
    """Return each number of a quantity with half a unit of its last digit; nothing for words."""
    values = [float(value) for part in _PARTS if (value := getattr(row, part)) is not None]
    return tuple((value, 0.5 * 10.0 ** -decimals_of(row.printed, value)) for value in values)


def _both(*rows: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the arithmetic of a discrepancy that two figures disagree, with their places, and both."""
    places = []
    for row in rows:
        line = None if row.line is None else f"line {row.line}"
        places.append(row.section or line or row.access or "place not stated")
    told = [f"{row.printed} ({place})" for row, place in zip(rows, places, strict=True)]
    return " against ".join(told), rows


def printed_twice(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each quantity with one value that is printed with two."""
    pairs = [*_design_pairs(evidence), *_abstract_pairs(evidence), *_result_pairs(evidence)]
    for first, others, weight in needed(pairs, "no figure is printed more than once"):
        if others and not any(agree(first, other) for other in others):
            cut = [other for other in others if agree(first, other, wide=True)]
            yield Hit(*_both(first, (cut or others)[0]), (first.concept,), "minor" if cut else weight)


def _stated_people(evidence: StudyEvidence) -> set[int | None]:
    """Return the numbers planned, enrolled and analysed: three numbers, which may all be printed."""
    return {evidence.count(column) for column in ("n_planned", "n_enrolled", "n_analysed")} - {None}


def _design_pairs(evidence: StudyEvidence) -> Iterator[_Printed]:
    """Yield each later figure of a single-valued concept with the first one, or with those of the study."""
    first: dict[tuple, Any] = {}
    people, reported = _stated_people(evidence), evidence.study["has_results"]
    rows = [row for row in evidence.quantities_of("design") if row.concept in _SINGLE]
    sizes = [row for row in rows if row.concept == "sample_size" and row.value in people]
    for row in rows:
        of_people = row.concept == "sample_size"
        if of_people and sizes and row.source_id != sizes[0].source_id:
            continue  # publications_differ speaks of these
        weight = "certain" if (of_people and not reported) or row.concept in _SURE else "doubtful"
        if of_people and sizes and not row.arm_id and reported:
            if row.value not in people:
                yield row, sizes, weight
            continue
        numbers = len(_numbers(row))
        place = (row.concept, row.arm_id, row.timepoint_printed, row.unit, numbers)
        earlier = first.setdefault(place, row)
        if earlier is not row and not (row.concept == "age" and numbers == 1):
            yield earlier, [row], weight


def publications_differ(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a number of people that another publication of the study gives differently."""
    rows = [row for row in evidence.quantities_of("design", "sample_size") if row.arm_id is None]
    people = _stated_people(evidence)
    known = [row for row in rows if row.value in people]
    others = [row for row in rows if known and row.source_id != known[-1].source_id]
    for row in needed(others, "no second publication with a number of people"):
        if row.value not in people:
            yield Hit(*_both(known[-1], row))


def _abstract_pairs(evidence: StudyEvidence) -> Iterator[_Printed]:
    """Yield each result of the abstract with the figures of the text that should hold it."""
    groups: dict[tuple, list] = {}
    abstract = []
    for row in evidence.quantities_of("result", kind=_RESULT_KINDS):
        place = (row.concept, row.arm_id, weeks(row.timepoint_printed), row.kind, row.unit)
        same = groups.setdefault(place, [])
        if (row.section or "").lower().startswith("abstract"):
            abstract.append((row, same))
        else:
            same.append(row)
    for row, others in abstract:
        # With several figures of the same kind in the text, the abstract may give their mean.
        yield row, others, "certain" if len(set(map(_numbers, others))) == 1 else "doubtful"


def _result_pairs(evidence: StudyEvidence) -> Iterator[_Printed]:
    """Yield each later mean of the same arm, outcome, site, time and n with the first one."""
    first: dict[tuple, Any] = {}
    for row, mean in evidence.printed(evidence.results_where(), "mean"):
        if row.timepoint_weeks is None:
            continue
        place = (row.arm_id, row.concept, row.site, row.timepoint_weeks, row.kind, row.n, row.unit)
        quantity = evidence.quantity[mean.quantity_id]
        earlier = first.setdefault(place, quantity)
        if earlier is not quantity:
            yield earlier, [quantity], "doubtful"


def registry_conflict(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each trial phase that differs from the first one printed."""
    first, *others = needed(evidence.quantities_of("design", "phase"), "no phase is printed")
    for row in others:
        if not agree(first, row):
            yield Hit(*_both(first, row))


def registry_versions(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each particular of a registration that its versions, one after the other, state differently."""
    rows = evidence.registry_versions
    needed(rows["version"].nunique() > 1, "no registry record in two versions")
    for _, record in rows.groupby(["registration", "form"]):
        for particular, own in record.sort_values("version", kind="stable").groupby("particular", sort=False):
            alone = own["version"].is_unique  # one outcome in each version is followed whatever it is called
            items = own["item"].fillna("").map(lambda item, alone=alone: "" if alone else _folded(item)[0])
            for _, stated in own.groupby(items, sort=False):
                versions = each_row(stated)
                steps = [pair for pair in pairwise(versions) if not _stated_alike(str(particular), *pair)]
                if steps:
                    yield _changed(str(particular), versions[0], steps, each_row(record))


def _folded(text: str) -> tuple[str, list[str]]:
    """Return the letters and digits of a text, and its words without those that join others, sorted."""
    words = re.findall(r"\w+", re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.casefold()))
    return "".join(words), sorted(word for word in words if word not in _VERSIONS["joining"])


def _stated_alike(particular: str, one: Any, other: Any) -> bool:
    """Return whether two versions state the same but for spelling, precision and unit."""
    if particular in _VERSIONS["dates"]:
        days = [row.value.partition(" ")[0] for row in (one, other)]
        return days[0].startswith(days[1]) or days[1].startswith(days[0])
    if particular == "number of participants":
        return one.value.partition(" ")[0] == other.value.partition(" ")[0]
    times = [weeks(row.value) or 0 for row in (one, other)] if particular.startswith("time") else [0]
    if all(times):
        return math.isclose(*times, rel_tol=0.01)
    here, there = (sorted(map(_folded, row.value.split("; "))) for row in (one, other))
    return len(here) == len(there) and all(
        len(ours) == len(theirs) and all(map(_spelt_alike, ours, theirs))
        for (_, ours), (_, theirs) in zip(here, there, strict=True)
    )


def _spelt_alike(word: str, other: str) -> bool:
    """Return whether two words are one, spelt otherwise; `male` is not `female`, and 12 is not 121."""
    return word == other or (
        not re.search(r"\d", word + other) and SequenceMatcher(None, word, other).ratio() > 0.85
    )


def _changed(particular: str, first: Any, steps: list[tuple[Any, Any]], record: list[Any]) -> Hit:
    """Return what versions state one after the other, weighed by when it was changed."""
    ordered, shown = all(row.ordered for row in record), [first, *(later for _, later in steps)]
    last = {row.particular: row.value.partition(" ")[0] for row in record}  # as the newest version has it
    completion = last.get("primary completion", last.get("end of study"))
    days = {"start": last.get("start"), "completion": completion}
    states = {row.version: row.value for row in record if row.particular == "status"}
    made = [_made(one, later, days, states.get(later.version)) for one, later in steps]
    case = max(made, key=_VERSIONS["made"].index) if ordered else "order unknown"
    concern = _VERSIONS["concerns"].get(particular, {}).get(case, "minor")
    certain = concern != "minor" and case in _VERSIONS["made"][2:]
    reached = particular == "number of participants" and len({row.value.split()[1] for row in shown}) > 1
    if ordered and (reached or particular in (*_VERSIONS["dates"], "status")):
        case = "kept up to date"
    of = [row.version_on or row.place for row in shown]
    told = [f"{text} ({day})" for text, day in zip(_short([row.value for row in shown]), of, strict=True)]
    known = [f"{name} {day}" for name, day in days.items() if day and ordered]
    what = f"the {particular} ({_short([first.item])[0]})" if first.item else f"the {particular}"
    places = "; ".join(f"{row.place} ({row.field})" for row in shown)
    arithmetic = "; ".join([(" -> " if ordered else " / ").join(told), *known])
    weight, words = "certain" if certain else "doubtful", {"what": what}
    return Hit(arithmetic, weight=weight, case=case, words=words, places=places, concern=concern)


def _made(one: Any, later: Any, days: dict[str, str | None], status: str | None) -> str:
    """Return when a change was made: after the one version was last seen, and by the day of the later one."""
    by = later.version_on or ""
    following = later.number is not None and one.number == later.number - 1
    after = by if following else max(filter(None, (one.version_on, one.seen_on)), default="")
    waiting = status in _VERSIONS["not_yet"]  # where the dates say otherwise, one of the two is out of date
    if by < days["start"] if days["start"] and by else waiting:
        return "before enrolment"
    for day, case in ((days["completion"], "after completion"), (days["start"], "after enrolment began")):
        if day and after[: len(day)] > day and not waiting:
            return case
    return "cannot be told"


def _short(texts: list[str]) -> list[str]:
    """Return texts as they are shown: without a long beginning that all share, and not too long."""
    shared = max(len(commonprefix(texts)) - 20, 0) if len(texts) > 1 else 0
    parts = [f"… {text[shared:]}" if shared > _LONGEST / 2 else text for text in texts]
    return [part if len(part) <= _LONGEST else f"{part[:_LONGEST].rstrip()} …" for part in parts]


def units(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each outcome whose figures and plans use more than one unit."""
    concepts = {*evidence.quantities["concept"].dropna(), *evidence.outcomes["concept"].dropna()}
    for concept in sorted(concepts & set(OUTCOME_CONCEPTS)):
        if OUTCOME_CONCEPTS[concept].unit in _SCALES:
            continue
        used = [
            (row.unit, [row.quantity_id])
            for row in evidence.quantities_of(concept=concept)
            if row.unit and row.unit not in _NO_UNITS and row.kind not in _NO_UNIT_KINDS
        ]
        planned = evidence.outcomes[evidence.outcomes["concept"] == concept]["unit"].dropna()
        used += [(unit, []) for unit in planned]
        if used:
            yield TESTED
        spelling: dict[str, str] = {}
        names: dict[str, list[str]] = {}
        for unit, ids in used:
            names.setdefault(spelling.setdefault(_without_spelling(unit), unit), []).extend(ids)
        if len(names) > 1:
            figures = dict(sorted(names.items()))
            counts = (f"{unit}: {len(ids)} figure{'s' * (len(ids) != 1)}" for unit, ids in figures.items())
            words = {"number": len(figures), "units": " and ".join(figures)}
            yield Hit("; ".join(counts), chain(*figures.values()), (concept,), words=words)


def _without_spelling(unit: str) -> str:
    """Return what is the same for `hair/mm²` and `hairs per square centimetre`: `hair/cm2`, on any scale."""
    text = unit.lower().replace("²", "2").replace("per square centimetre", "/cm2").replace(" per ", "/")
    text = re.sub(r"\s+", "", text).replace("/mm2", "/cm2")
    return re.sub(r"(?<=[a-z])s(?=/|$)", "", text)


def _items(says: str) -> list[str]:
    """Return the items of an answer, as they stand between commas."""
    return [item.strip() for item in says.split(",") if item.strip()]


def items_differ(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each list that has other items where it is given again."""
    lists = evidence.by_matter("items")
    needed(any(len(rows) > 1 for rows in lists.values()), "no list is given twice")
    for about, (first, *others) in lists.items():
        for other in others:
            ours, theirs = set(_items(first.says)), set(_items(other.says))
            if ours == theirs:
                continue
            sides = ((first.line, ours - theirs), (other.line, theirs - ours))
            parts = [f"line {line} alone: {', '.join(sorted(items)) or 'nothing'}" for line, items in sides]
            alone = "; ".join(parts)
            arithmetic = f"{alone}; in both: {', '.join(sorted(ours & theirs)) or 'nothing'}"
            yield Hit(arithmetic, (first, other), (about,))


def cited_not_listed(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield each author named in the text whom the references lack."""
    named, lists = evidence.statements_on("cited_author"), evidence.statements_on("reference_authors")
    needed(named and lists, "no author named in the text, or no list of references")
    authors = {author.casefold() for row in lists for author in _items(row.says)}
    for row in named:
        if row.says.casefold() not in authors:
            arithmetic = f"first authors listed: {len(authors)}; {row.says}: 0"
            yield Hit(arithmetic, (row, *lists), words={"author": row.says})


def listed_not_cited(evidence: StudyEvidence) -> Iterator[Hit]:
    """Yield a numbered list of references to which no mark in the text leads."""
    marks, lists = evidence.statements_on("reference_marks"), evidence.statements_on("reference_authors")
    needed(marks and lists, "no list of references, or nothing is said of marks in the text")
    if {row.says for row in marks} == {"none"}:
        listed = sum(len(_items(row.says)) for row in lists)
        yield Hit(f"references: {listed}; marks in the text: 0", (*marks, *lists))
