"""Facts of a study proposed from its article: design, masking, sizes, dates, country, registration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.tables.vocabulary import OUTCOME_CONCEPTS, reading_words
from notebookpress.yaml_files import YamlFile
from trialfiles.articles import Article
from trialfiles.record import Row
from trialfiles.text import registry_numbers
from trialfiles.times import durations, weeks

_RULES: dict[str, Any] = YamlFile(Path(__file__).with_name("facts.yaml")).data
_PATTERNS = {name: re.compile(pattern) for name, pattern in _RULES["patterns"].items()}
_SENTENCE = re.compile(r"[^.;\n]+(?:\.(?=\d)[^.;\n]+)*[.;\n]?")
LONGEST_WORDS = 60  # characters of printed words in a sheet


def proposed_tier(words: str) -> str:
    """Return the tier of a study that is added: other exosome studies, or those of other treatments."""
    given = reading_words().intervention
    return "published" if given and re.search(given.pattern, words, re.I) else "comparator"


def study_facts(article: Article, quantities: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return the proposed facts of a study, and the figures that they need besides those proposed already.

    A fact names a field of `study`, its value or the id of its figure, and its place. The first place that
    tells a field is taken, the title last; what no place tells is left out.
    """
    found: dict[str, Row] = {}
    dates: list[Row] = []
    for sentence in _sentences(article):
        numbers = registry_numbers(sentence[0])[:1]
        registered = [("registration", number, sentence[0].index(number), number) for number in numbers]
        for field, value, start, printed in [*_in_words(sentence[0]), *registered]:
            found.setdefault(field, _fact(article, field, value, sentence[1] + start, printed))
        if not dates:
            dates = list(_dates(article, *sentence))
    for date, field in zip(dates, ("starts_on", "ends_on"), strict=False):
        found[field] = _fact(article, field, date["id"], date["at"]["chars"][0], date["printed"])
    for field, quantity, name in _in_figures(article, quantities):
        found.setdefault(field, _fact(article, field, name, quantity["at"]["chars"][0], quantity["printed"]))
    return [fact for _, fact in sorted(found.items(), key=lambda item: item[1]["line"])], dates


def _sentences(article: Article) -> Iterator[tuple[str, int]]:
    """Yield the sentences of methods and abstract with their places, then the title."""
    parts = [part for part in article.sections if _PATTERNS["methods"].search(part[0])]
    parts.sort(key=lambda part: part[0].lower().startswith("abstract"))
    for _, start, end in [*parts, ("", 0, len(article.title))]:
        for match in _SENTENCE.finditer(article.text, start, end):
            yield match.group(), match.start()


def _in_words(sentence: str) -> Iterator[tuple[str, str, int, str]]:
    for rule in _RULES["words"]:
        if ("near" in rule and not re.search(rule["near"], sentence, re.I)) or (
            "unless" in rule and re.search(rule["unless"], sentence, re.I)
        ):
            continue
        if match := re.search(rule["pattern"], sentence, re.I):
            yield rule["field"], rule.get("value", match.group()), match.start(), match.group()


def _dates(article: Article, sentence: str, start: int) -> Iterator[Row]:
    """Yield the first and the last date of a study as figures."""
    match = re.search(_RULES["dates"]["pattern"], sentence, re.I)
    if match and re.search(_RULES["dates"]["near"], sentence, re.I):
        for name, concept in (("start", "recruitment_start"), ("end", "recruitment_end")):
            at = start + match.start(name)
            row = {"id": f"d_{name}", "printed": match[name], "kind": "date", "role": "design"}
            yield row | {"concept": concept, "at": _place(article, at, match[name]), "state": "proposed"}


def _in_figures(article: Article, quantities: list[Row]) -> Iterator[tuple[str, Row, str]]:
    """Yield the fields that proposed figures of the prose fill; such a figure gets its role and concept."""
    own = [
        (quantity, *_around(article.text, *quantity["at"]["chars"]))
        for quantity in quantities
        if quantity["id"].startswith("p")
        and not re.search(_RULES["elsewhere"], quantity["at"].get("section") or "", re.I)
    ]
    for rule in _RULES["figures"]:
        for quantity, before, behind in own:
            sides = {"before": before, "behind": behind}
            if (
                quantity["kind"] != rule["kind"]
                or not all(re.search(rule[side], text, re.I) for side, text in sides.items() if side in rule)
                or ("unless" in rule and re.search(rule["unless"], before + behind[:40], re.I))
                or (rule["kind"] == "n" and re.search(_RULES["of_a_group"], behind, re.I))
            ):
                continue
            quantity |= {"role": "design", "concept": rule["concept"]}
            if rule["field"] != "age":
                yield rule["field"], quantity, quantity["id"]
            elif quantity.get("low") is not None:
                yield "age_min", quantity, f"{quantity['id']}.low"
                yield "age_max", quantity, f"{quantity['id']}.high"
            break


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and behind a figure in its sentence."""
    before = re.split(r"[.;]\s|\n", text[max(0, start - 150) : start])[-1]
    return before, re.split(r"[.;](?=\s)|\n", text[end : end + 150])[0]


def described_arm(article: Article, label: str) -> str | None:
    """Return what the text says that a group with a short name is; None for other names, or if it does not.

    `Group A received topical exosomes`, `saline (group B)`, `marine protein supplement (MPS)`.
    """
    if not _PATTERNS["short_name"].fullmatch(label):
        return None
    name = re.sub(r"^(?:Group|group|GROUP)", "[Gg]roup", re.escape(label))
    if match := re.search(rf"\b{name}\b(?: ?\([^()]*\))? {_RULES['given']} ([^.;:()]{{3,80}})", article.text):
        return match[1].strip()
    match = re.search(rf"((?:[\w'\u2019+/-]+ ){{1,8}})\((?:the )?{name}\b[^()]*\)", article.text)
    words = match[1].split() if match else []
    if not words or label.casefold().startswith(("group", "arm", "cohort")):
        return " ".join(words[-6:]) or None
    letters = [letter.lower() for letter in label if letter.isalpha()]
    starts = [word[0].lower() for word in words[-len(letters) :]]
    return " ".join(words[-len(letters) :]) if starts == letters else None


def prose_subject(article: Article, start: int, end: int, arms: dict[str, str]) -> Row:
    """Return outcome and group of a figure in prose, as its sentence names them right before or behind it."""
    before, behind = _around(article.text, start, end)
    # behind it up to the next figure; before it where no other figure stands, whose group it would be
    near = re.split(r"\d|,| and ", behind)[0], "" if re.search(r"\d", before) else before
    known = [(name, rf"\b{re.escape(label)}\b") for label, name in arms.items() if len(label) > 2]
    named = [[name for name, words in known if re.search(words, text, re.I)] for text in near]
    arm = next((found[0] for found in named if len(found) == 1), None)
    row = {"concept": reading_words().row_concept(before, ""), "arm": arm}
    if when := _PATTERNS["time_behind"].match(article.text, end):
        row["time"] = visit_time(article, when[1])
    return {name: value for name, value in row.items() if value}


def prose_kind(article: Article, start: int, end: int, kind: str, concept: Any) -> str:
    """Return what a percentage of prose is: of people, or the level or change of a share of hair."""
    outcome, (before, behind) = OUTCOME_CONCEPTS.get(concept), _around(article.text, start, end)
    if kind != "percent" or outcome is None or outcome.unit != "proportion" or outcome.asked_after:
        return kind
    if _PATTERNS["people"].search(before[-60:] + behind[:80]):
        return kind
    told = (article.text[start : start + 1], before)
    changed = any(map(_PATTERNS["changed"].search, told))
    return "percent_change" if changed else "level"


def characteristic(measure: str) -> str | None:
    """Return the design concept of a row that tells who took part, such as their age; None for an outcome."""
    found = (concept for concept, pattern in _RULES["rows"].items() if re.search(pattern, measure, re.I))
    return next(found, None)


def visit_time(article: Article, time: str | None) -> str | None:
    """Return a visit's name with the time that the text gives beside it: `Visit 3 (week 12)`."""
    if not time or weeks(time) is not None or not _PATTERNS["visit"].fullmatch(time):
        return time
    for match in re.finditer(rf"\b{re.escape(time)}\b([^.;\n\t]{{0,40}})", article.text, re.I):
        found = [printed for _, printed in durations(match[1]) if weeks(printed) is not None]
        if found and not _PATTERNS["visit"].search(match[1].partition(found[0])[0]):
            return f"{time} ({found[0]})"
    return time


def _place(article: Article, start: int, printed: str) -> Row:
    place: Row = {"section": article.section_at(start), "line": article.line_at(start)}
    return {key: value for key, value in place.items() if value} | {"chars": [start, start + len(printed)]}


def _fact(article: Article, field: str, value: str, start: int, printed: str) -> Row:
    """Return a fact as a line of the sheet."""
    place = _place(article, start, printed)
    del place["chars"]
    told = {"field": field, "value": value, "printed": printed[:LONGEST_WORDS]}
    return told | place | {"state": "proposed"}
