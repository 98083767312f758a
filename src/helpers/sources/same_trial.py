"""One trial that stands in several records: country copies of EUCTR, and a second register's number."""

from __future__ import annotations

import re
from typing import Any

from helpers.sources.record import SourceRecord

_NUMBERS = re.compile(
    r"\b(?:NCT\d{8}|EUCTR\d{4}-\d{6}-\d{2}(?:-[A-Z0-9]{2,10})?|ISRCTN\d{8}|IRCT\d{8,16}N\d{1,4}|ChiCTR[-\w]{6,20}|"
    r"ACTRN\d{14}p?|DRKS\d{8}|CTRI/\d{4}/\d{2,3}/\d{6}|JPRN-\w{6,20}|jRCTs?\d{9,10}|UMIN\d{9}|NTR\d{3,5}|NL-?O?M?\d{4,5}|"
    r"TCTR\d{11}|RBR-\w{6,9}|PACTR\d{15,16}|SLCTR/\d{4}/\d{3}|KCT\d{7}|PER-\d{3}-\d{2}|\d{4}-5\d{5}-\d{2}-\d{2}|"
    r"U1111-\d{4}-\d{4}|20\d\d-00\d{4}-\d\d)\b",
    re.IGNORECASE,
)


def registry_numbers(text: str) -> list[str]:
    """Return the registration numbers in a text, each once, in order."""
    return list(dict.fromkeys(match.group() for match in _NUMBERS.finditer(text)))


def trial_key(number: str) -> str:
    """Return what makes a number the same trial's: EUCTR without its country, JPRN without its prefix."""
    key = number.strip().upper().removeprefix("JPRN-").removeprefix("EUCTR")
    match = re.match(r"(20\d\d-\d{6}-\d\d)(?:-\w+)?$", key)
    return match.group(1) if match else key


def join_trials(records: list[SourceRecord]) -> list[SourceRecord]:
    """Return one record a trial, in the order in which trials first stand.

    Parameters
    ----------
    records : list of SourceRecord
        One study each. Records are of one trial when they share a registration number, their own or one
        under `other_ids`; the universal trial number counts as one.

    Returns
    -------
    list of SourceRecord
        A joined record keeps every source; its study is the first record's, filled from the others, with
        the fields in which they differ under `differences` of `registered`.
    """
    owner: dict[str, int] = {}
    groups: dict[int, list[SourceRecord]] = {}
    for index, record in enumerate(records):
        keys = [trial_key(record.studies[0]["study_id"])]
        keys += [trial_key(name) for row in record.registered for name in row["other_ids"]]
        homes = sorted({owner[key] for key in keys if key in owner})
        home = homes[0] if homes else index
        groups.setdefault(home, []).append(record)
        for other in homes[1:]:  # this record ties two groups together
            groups[home] = (
                groups.pop(other) + groups[home] if other < home else groups[home] + groups.pop(other)
            )
            owner.update({key: home for key, place in owner.items() if place == other})
        owner.update(dict.fromkeys(keys, home))
    return [_joined(group) for _, group in sorted(groups.items())]


def _joined(group: list[SourceRecord]) -> SourceRecord:
    first, *others = group
    study = first.studies[0]
    countries = [study.get("country")]
    for other in others:
        row = other.studies[0]
        differences: list[dict[str, Any]] = []
        for name, value in row.items():
            if name in ("study_id", "registration", "country") or value is None:
                continue
            if study.get(name) is None:
                study[name] = value
            elif study[name] != value:
                differences.append({"column": name, "here": study[name], "there": value})
        first.sources += [source | {"study_id": study["study_id"]} for source in other.sources]
        first.registered += [fact | {"differences": differences} for fact in other.registered]
        countries.append(row.get("country"))
        for name in ("arms", "outcomes"):
            if not getattr(first, name):
                rows = getattr(other, name)
                setattr(first, name, [row | {"study_id": study["study_id"]} for row in rows])
    names = [name for text in countries if text for name in text.split(", ")]
    study["country"] = ", ".join(dict.fromkeys(names)) or None
    return first
