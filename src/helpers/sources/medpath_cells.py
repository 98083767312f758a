"""The cells of a MedPath page, which its text runs together: arms, outcomes, ages, places, criteria."""

from __future__ import annotations

import re
from typing import Any

from helpers.sources.time_points import durations

_NUMBER = re.compile(r"\s*(\d{1,2})[.)]\s*(.*)", re.DOTALL)
_AGES = re.compile(
    r"(\d{1,3})(?:\s*years?(?: old)?)?\s*(?:~|–|-|to|and)\s*(\d{1,3})\s*(?:years|yrs)", re.IGNORECASE
)
_GROWN = re.compile(
    r"(?:≥|>=|at least|over|older than|above)\s*(\d{1,3})\s*(?:years|yrs)|"
    r"(\d{1,3})\s*years(?: of age| old)?,? (?:or|and) (?:older|over|above)",
    re.IGNORECASE,
)
_OF_AGE = re.compile(r"\bage[ds]?\b|\bold(?:er)?\b", re.IGNORECASE)
_BULLET = re.compile(r"\s*[-•*–]\s+")
_UNITS = r"(?:min|hour|day|week|month|year|visit|session)"
_WORDS = (
    "From|Up to|At|Baseline|Day|Week|Month|Year|Through|Throughout|Within|During|Every|Until|Before|After|"
    "Immediately|Approximately|Pre|Post|Screening|End of|Visit|Change from|One|Two|Three|Four|Five|Six|Twelve"
)
_SEAM = re.compile(
    rf"(?<=[a-z)\]%.])(?=\d{{1,3}}(?:st|nd|rd|th)?(?:\s*(?:,|and|to|-|~)\s*\d{{1,3}}(?:st|nd|rd|th)?)*[\s-]*{_UNITS})|"
    rf"(?<=[a-z)\]%.])(?=(?:{_WORDS})\b)"
)


def ages_of(lines: list[str]) -> tuple[str | None, str | None]:
    """Return the ages that the first criterion on age states; how long a disease lasts is no age."""
    for line in filter(_OF_AGE.search, lines):
        if both := _AGES.search(line):
            return f"{both[1]} Years", f"{both[2]} Years"
        if least := _GROWN.search(line):
            return f"{least[1] or least[2]} Years", None
    return None, None


def arms_of(lines: list[str], interventions: list[str]) -> list[dict[str, Any]]:
    """Split `exosomesexosomesSubjects will…` at the name of an intervention; cells may also be apart."""
    arms = []
    for line in lines:
        cells = [cell.strip() for cell in re.split(r"\t|\s*\|\s*", line.strip("| ")) if cell.strip()]
        if len(cells) >= 2:
            label, given, description = cells[0], cells[1], " ".join(cells[2:]) or None
        else:
            cuts = [
                (at, name)
                for name in interventions
                for at in range(1, len(line))
                if name
                and line.startswith(name, at)
                and not line[at + len(name) : at + len(name) + 1].islower()
            ]
            at, given = min(cuts, default=(len(line), ""))
            label, description = line[:at], line[at + len(given) :] or None
        arms.append(
            {"label": label, "interventionNames": [given] if given else [], "description": description}
        )
    return arms


def outcomes_of(lines: list[str]) -> list[dict[str, Any]]:
    """Split `Hair density3rd month…` where a time begins; a line without such a seam tells the method."""
    found: list[dict[str, Any]] = []
    for line in lines:
        cells = [cell.strip() for cell in re.split(r"\t|\s*\|\s*", line.strip("| ")) if cell.strip()]
        seam = _SEAM.search(line)
        if len(cells) >= 2:
            found.append(
                {"measure": cells[0], "timeFrame": cells[1], "description": " ".join(cells[2:]) or None}
            )
        elif seam and (not found or found[-1].get("description") or _is_row(line[seam.start() :])):
            found.append({"measure": line[: seam.start()], "timeFrame": line[seam.start() :]})
        elif not found:
            found.append({"measure": line.strip("; ")})
        else:
            said = found[-1].get("description")
            found[-1]["description"] = f"{said} {line}" if said else line
    return found


def _is_row(time: str) -> bool:
    """Whether what follows a seam is a time and nothing more, so that its line is no method's sentence."""
    return len(time) <= 60 and "." not in time and bool(durations(time))


def countries_of(lines: list[str]) -> list[dict[str, str]]:
    """Return the countries of places written `City, Region, Country`, flags left out."""
    places = [re.sub(r"[\U0001F1E6-\U0001F1FF]", "", line).strip() for line in lines]
    named = [
        line.rpartition(", ")[2]
        for line in places
        if re.fullmatch(r"[^,@\d]{2,60}(?:, [^,@\d]{2,60}){1,3}", line)
    ]
    return [{"country": name} for name in dict.fromkeys(named)]


def criteria(lines: list[str]) -> list[dict[str, Any]]:
    """Return numbered criteria with sub-items: a count that starts anew is a list within the last one."""
    found: list[dict[str, Any]] = []
    for line in lines:
        match = _NUMBER.match(line)
        if bullet := _BULLET.match(line):
            found.append({"text": line[bullet.end() :], "items": []})
        elif not match:
            if found:
                found[-1]["text"] += f" {line}"
            else:
                found.append({"text": line, "items": []})
        elif int(match[1]) == len(found) + 1 or not found:
            found.append({"text": match[2], "items": []})
        else:
            parts = re.split(r"(?:^|[;,\s])\s*\d{1,2}[.)]\s+", line)
            found[-1]["items"] += [part.strip(" ;") for part in parts if part.strip(" ;")]
    return found
