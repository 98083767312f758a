"""Versions of one registry record: which they are, in what order, and what each states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, repeat
from typing import Any

from trialfiles.forms import names_of
from trialfiles.record import Row, SourceRecord
from trialfiles.text import free_name

_NAMES = names_of("versions")
_KINDS: dict[str, str] = _NAMES["kinds"]
_DATES: dict[str, str] = _NAMES["dates"]
Version = tuple[str, SourceRecord]  # the file that holds it, and the record


def trial_of(record: SourceRecord) -> tuple[str, str] | None:
    """Return what versions of one record share: kind and registration number; None for no registry record."""
    kind = _KINDS.get(record.sources[0]["format"]) if record.registered else None
    return (kind, record.sources[0]["source_id"].upper()) if kind else None


def in_order(versions: list[Version]) -> tuple[list[Version], list[str | None] | None]:
    """Return versions of one record, the oldest first, with the day of each; no days where no order is told.

    A stamp tells the order when every version has one, and no two that state different things have the same.
    """
    if len(versions) == 1:
        return versions, None
    facts = [record.registered[0] for _, record in versions]
    said = [list(particulars(record)) for _, record in versions]
    for names in _NAMES["orders"]:
        stamped = [[row[name] for name in names if row.get(name) is not None] for row in facts]
        stamps: list[Any] = [stamp[0] if stamp else None for stamp in stamped]
        pairs = list(combinations(zip(stamps, said, strict=True), 2))
        if None not in stamps and all(one[0] != other[0] or one[1] == other[1] for one, other in pairs):
            places = sorted(range(len(versions)), key=stamps.__getitem__)
            days = [row.get("updated_on") for row in facts] if names == ["version"] else stamps
            return [versions[place] for place in places], [days[place] for place in places]
    return versions, None


def version_rows(study_id: str, versions: list[Version], days: list[str | None] | None) -> Iterator[Row]:
    """Yield the rows of `registry_versions`: what each version states, the oldest version first."""
    for order, (file, record) in enumerate(versions, start=1):
        facts = record.registered[0]
        number, refreshed = facts.get("version"), facts.get("refreshed_on")
        row = {"study_id": study_id, "registration": record.sources[0]["source_id"], "version": order}
        row |= {"form": _KINDS[record.sources[0]["format"]], "number": number, "ordered": days is not None}
        if not facts.get("restated"):  # its page may be older than the day on which it was re-stated
            row |= {"version_on": days and days[order - 1], "seen_on": refreshed or facts.get("seen_on")}
        row["place"] = file if number is None else f"{file}, version {number}"
        for said in particulars(record):
            yield row | said


def particulars(record: SourceRecord) -> Iterator[Row]:
    """Yield what a registry record states that a later version may change.

    Each is a row with `particular`, `item` (which outcome), `value` and `field`. What the record leaves out,
    or somebody re-stated in other words, is not there.
    """
    kind = _KINDS[record.sources[0]["format"]]
    for name, item, value in _stated(record, kind):
        if value and "(restated" not in value.lower():
            field = _NAMES["fields"][kind].get(name, name)
            yield {"particular": name, "item": item, "value": value, "field": field}


def _stated(record: SourceRecord, kind: str) -> Iterator[tuple[str, str | None, str | None]]:
    study, facts = record.studies[0], record.registered[0]
    yield "status", None, record.sources[0].get("status")
    sizes = ((study[f"n_{word}"], word) for word in ("enrolled", "planned"))
    yield "number of participants", None, next((f"{n} {word}" for n, word in sizes if n is not None), None)
    for name, column in _DATES.items():
        if study.get(column):
            known = facts.get(f"{column}_type")
            told = f"{study[column]} ({known})" if known else study[column]
            yield f"{name} {study['end_of']}" if name == "end of" else name, None, told
    yield "arms", None, _listed(arm["label"] for arm in record.arms)
    outcomes: list[tuple[str, Row]] = []
    for title, row in zip(facts.get("measures", repeat(None)), record.outcomes, strict=False):
        outcomes.append((free_name(title or row["measure"] or "unnamed", dict(outcomes)), row))
    for priority, name in _NAMES["outcomes"].items():
        own = [(title, row) for title, row in outcomes if row["priority"] == priority]
        none = "none" if kind == "ctgov" and outcomes else None  # only there is an empty list a statement
        yield name, None, _listed(title for title, _ in own) or none
        for title, row in own:
            yield f"time of a {priority} outcome", title, row["timepoint_printed"]
            described = row["measure"].removeprefix(title).removeprefix(": ")
            if priority == "primary" and "measures" in facts:
                yield "description of a primary outcome", title, described


def _listed(names: Any) -> str | None:
    return "; ".join(name.replace(";", ",") for name in names if name) or None
