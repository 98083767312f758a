"""Outcomes and arms in WHO ICTRP exports: each register has its own way of listing them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from helpers.sources.registry_words import concept_of, name_apart, role_of, slug
from helpers.sources.source_text import inert
from helpers.sources.time_points import time_in_words, weeks

Row = dict[str, Any]
_EUCTR = re.compile(
    r"(Timepoint\(s\) of evaluation of this end point|(?:Primary|Secondary) end point\(s\)|Main Objective|"
    r"Secondary Objective)\s*:\s*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:^|<br\s*/?>)\s*\d{1,2}[.)]\s+", re.IGNORECASE)
_TIME_LAST = re.compile(r"^(?P<measure>.*\S)\s*\[(?P<time>[^\[\]]+)\]\s*\.?$", re.DOTALL)
_OF_NCT = re.compile(
    r"(Drug|Biological|Device|Procedure|Other|Behavioral|Dietary Supplement|Genetic|Radiation|"
    r"Diagnostic Test|Combination Product)\s*: "
)
_IRCT_TIME = re.compile(r"[\s.]*Timepoint:\s*")
_LABEL = re.compile(
    r"(?:(?<=[\s;.,])|^)(?:(?:Control )?Interventions? ?\d{1,2}|"
    r"(?:(?:study|treatment|intervention) )?(?:group|arm) (?:\d{1,2}|[A-Z]|I{1,3})|"
    r"(?:experimental|control|intervention|treatment|placebo|comparator|comparison|study|test) (?:group|arm)"
    r"(?: (?:\d{1,2}|[A-Z]))?|experimental|(?:active|placebo|sham) comparator|no intervention)\s*:",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"n/?a|none|not applicable|no|nil|-+", re.IGNORECASE)
_NAMED = re.compile(r"^\s*(?P<name>[^:;]{1,80})\s*:\s*(?P<what>.*)$", re.DOTALL)


def outcome_rows(study_id: str, primary: str | None, secondary: str | None) -> list[Row]:
    """Return the rows of `outcomes` from the two raw texts."""
    rows = []
    for text, priority in ((primary, "primary"), (secondary, "secondary")):
        for index, (measure, time) in enumerate(outcomes_in(text or ""), start=1):
            row = {"study_id": study_id, "outcome_id": f"{priority}-{index}", "priority": priority}
            row |= {"concept": concept_of(measure), "measure": measure, "unit": None}
            rows.append(row | {"timepoint_printed": time, "timepoint_weeks": weeks(time)})
    return rows


def outcomes_in(text: str) -> list[tuple[str, str | None]]:
    """Return measure and time of each outcome in a register's list."""
    if _EUCTR.search(text):
        return _labelled(text)
    if "Timepoint:" in text:
        return [_irct(item) for item in _irct_items(text)]
    numbered = [part for part in _NUMBERED.split(text) if part.strip()]
    items = numbered if len(numbered) > 1 else re.split(r";(?![^\[]*\])(?![^(]*\))", text)
    found = []
    for item in items:
        plain = inert(item)
        if not plain or _NOTHING.fullmatch(plain.strip(" .;")):
            continue
        match = _TIME_LAST.match(plain)
        measure, time = (match["measure"], match["time"].strip()) if match else (plain, time_in_words(plain))
        measure = measure.strip(" .;")
        if measure:
            found.append((measure, time))
    return found


def _labelled(text: str) -> list[tuple[str, str | None]]:
    """Read the labels of EUCTR: objectives are no outcomes, and the time stands before its end point."""
    parts = _EUCTR.split(text)[1:]
    said = {label.lower(): words for label, words in zip(parts[::2], parts[1::2], strict=True)}
    time = next(
        (inert(words.rstrip("; ")) for label, words in said.items() if label.startswith("timepoint")), None
    )
    measures = [
        inert(item.rstrip("; "))
        for label, words in said.items()
        if "end point(s)" in label
        # a list from its first word on; further down, numbers are the steps of a scale
        for item in (_NUMBERED.split(words) if _NUMBERED.match(words) else [words])
    ]
    return [(measure, time) for measure in measures if measure]


def _irct_items(text: str) -> list[str]:
    """Split at `;`, but keep what follows without a time point of its own with the outcome before it."""
    items: list[str] = []
    for part in text.split(";"):
        if "Timepoint:" in part or not items:
            items.append(part)
        else:
            items[-1] += f";{part}"
    return [item for item in items if item.strip(" ;")]


def _irct(item: str) -> tuple[str, str | None]:
    measure, rest = (_IRCT_TIME.split(inert(item) or "", maxsplit=1) + [""])[:2]
    time = rest.partition(" Method of measurement:")[0].strip(" .") or None
    return measure.strip(" ."), time


def arm_rows(study_id: str, text: str | None) -> list[Row]:
    """Return the rows of `arms` where a register lists groups; a list of products or drugs is none."""
    plain = inert(text) or ""
    if not plain or _NOTHING.fullmatch(plain) or re.match(r"(Trade|Product) Name:", plain):
        return []
    if re.match(
        r"(Drug|Biological|Device|Procedure|Other|Behavioral|Dietary Supplement|Genetic|Radiation)\s*: ",
        plain,
    ):
        return []
    arms = []
    numbered = [part for part in re.split(r"(?=\bIntervention \d+:)", plain) if part.strip()]
    if len(numbered) > 1 or plain.startswith("Intervention 1:"):
        items = [(re.sub(r"^Intervention \d+:\s*", "", part).strip(), None) for part in numbered]
    else:
        items = _groups(plain)
    for words, name in items:
        if not words:
            continue
        letter = re.search(r"\b[Gg]roup ([A-Z])\b", words)
        arm_id = f"group_{letter.group(1).lower()}" if letter else slug(name or words)
        role = role_of(words)
        if len(items) == 1 and role in ("placebo", "untreated"):
            role = "active"  # prose on a whole trial names its comparator too
        arms.append({"study_id": study_id, "arm_id": arm_id, "role": role, "label": words[:200].strip()})
    return name_apart(arms, "arm_id")


def _groups(plain: str) -> list[tuple[str, str | None]]:
    """Read `Experimental group:this;Control group:that;` as two groups; other prose is one."""
    starts = [match.start() for match in _LABEL.finditer(plain)]
    labelled = [_NAMED.match(plain[start:end].strip(" ;")) for start, end in pairwise([*starts, len(plain)])]
    if len(labelled) > 1 and all(match and match["what"].strip() for match in labelled):
        return [(match.group().strip(), match["name"].strip()) for match in labelled if match]
    parts = [part for part in plain.split(";") if part.strip()]
    named = [_NAMED.match(part) for part in parts]
    if not all(named) or not plain.rstrip().endswith(";"):
        return [(plain, None)]
    return [
        (f"{match['name'].strip()}: {match['what'].strip()}", match["name"].strip())
        for match in named
        if match
    ]
