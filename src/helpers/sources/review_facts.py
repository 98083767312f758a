"""Facts about the synthesis itself, from `review.yaml`: status, dates of search, protocol, upkeep."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.sources.record import Problem, SourceError

DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
STATUSES = ("living", "retired")
FIELDS = ("status", "searches", "protocol", "update")


@dataclass(frozen=True)
class Search:
    """A search: the day or month, where, how."""

    on: str
    where: str
    how: str


@dataclass(frozen=True)
class ReviewFacts:
    """What `review.yaml` states; a field that it leaves out is missing, never guessed."""

    status: str | None = None
    searches: tuple[Search, ...] = field(default=())
    protocol: str | None = None
    update: str | None = None

    @property
    def last_search(self) -> str | None:
        """Return the latest date of search, as precise as it is stated."""
        return max((search.on for search in self.searches), default=None)


def read_review_facts(raw: str | Path) -> ReviewFacts:
    """Return the facts of `review.yaml`; without such a file, none.

    Raises
    ------
    SourceError
        When the file cannot be read, has an unknown field or status, or a search without date or place.

    """
    path = Path(raw) / "review.yaml"
    if not path.is_file():
        return ReviewFacts()
    try:
        stated = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or {}  # dates stay text
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = str(error).splitlines()[0]
        raise SourceError(Problem(str(path), None, "", f"cannot be read: {what}", "mend the YAML")) from None
    problems = list(_problems(path, stated))
    if problems:
        raise SourceError(problems)
    searches = tuple(
        Search(item["on"], item["where"], item.get("how", "")) for item in stated.get("searches", [])
    )
    given = {name: _text(stated.get(name)) for name in ("status", "protocol", "update")}
    return ReviewFacts(searches=searches, **given)


def _text(value: Any) -> str | None:
    return None if value in (None, "", "null", "~") else str(value)


def _problems(path: Path, stated: Any):
    """Yield what is wrong in the file."""
    if not isinstance(stated, dict):
        yield Problem(str(path), None, "", "not a list of fields", f"write the fields {', '.join(FIELDS)}")
        return
    for name in stated:
        if name not in FIELDS:
            yield Problem(str(path), None, str(name), "unknown field", f"use one of {', '.join(FIELDS)}")
    if _text(stated.get("status")) not in (None, *STATUSES):
        yield Problem(str(path), None, "status", "unknown status", f"write {' or '.join(STATUSES)}")
    searches = stated.get("searches") or []
    if not isinstance(searches, list):
        yield Problem(str(path), None, "searches", "not a list", "start each search with '- on:'")
        return
    for number, item in enumerate(searches, start=1):
        place = f"searches, entry {number}"
        if not isinstance(item, dict) or not _text(item.get("where")):
            yield Problem(str(path), None, place, "it does not say where", "give 'on' and 'where'")
        elif not DAY.fullmatch(str(item.get("on", ""))):
            yield Problem(str(path), None, place, "no date", "write 'on' as 2026-11-22, 2026-11 or 2026")
