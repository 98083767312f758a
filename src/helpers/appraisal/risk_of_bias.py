"""Risk of bias: the tools of `tools.yaml`, what is wrong in a judgement, and the overall one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.appraisal.evidence import missing
from notebookpress.tables import records
from notebookpress.yaml_files import YamlFile

TOOLS_FILE = Path(__file__).with_name("tools.yaml")
_SECTIONS = {"risk_of_bias": dict, "worst_first": list}
_ENTRIES = {"source": str, "domains": list, "judgements": list, "counts_yes": bool}


@dataclass(frozen=True)
class Tool:
    """A tool: its domains in order, the words of its judgements, whether it counts yes, its manual."""

    name: str
    domains: tuple[str, ...]
    judgements: tuple[str, ...]
    counts_yes: bool
    source: str


def read_tools(path: Path = TOOLS_FILE) -> tuple[dict[str, Tool], tuple[str, ...]]:
    """Return the tools of a file by name, and the judgements of all of them, the worst first.

    Raises
    ------
    YamlError
        At the first mistake, with its line and the remedy.

    """
    file = YamlFile(path)
    sections = file.entries((), _SECTIONS, tuple(_SECTIONS))
    worst = sections["worst_first"]
    tools = {}
    for name in sections["risk_of_bias"]:
        place = ("risk_of_bias", name)
        tool = Tool(name, **file.entries(place, _ENTRIES, tuple(_ENTRIES)))
        if not all(isinstance(word, str) for word in (*tool.domains, *tool.judgements)):
            raise file.error(place, "a domain or judgement is no text", 'write it in quotes, such as "yes"')
        unranked = [word for word in tool.judgements if word not in worst]
        if unranked and not tool.counts_yes:
            raise file.error(place, f"{unranked[0]} has no rank", "add it to worst_first")
        tools[name] = tool
    return tools, worst


TOOLS, _WORST = read_tools()


def tool_for(study: Mapping[str, Any], cases: int = 1) -> str:
    """Return the tool that fits a study's design.

    Parameters
    ----------
    study : mapping
        A row of `studies` with `has_results` beside it.
    cases : int
        People in a study of single cases.

    Examples
    --------
    >>> tool_for({"comparison": "parallel", "allocation": "randomised", "has_results": True})
    'RoB 2'

    """
    if not study.get("has_results"):
        return "Registration appraisal"
    if study.get("comparison") == "case":
        return "JBI case series" if cases > 1 else "JBI case report"
    return "RoB 2" if is_randomised(study.get("allocation")) else "ROBINS-I"


def is_randomised(allocation: Any) -> bool:
    """Return whether the words of an allocation say randomised."""
    return bool(re.search(r"\brandom(i[sz]ed|ly)\b", _word(allocation))) and not is_not_randomised(allocation)


def is_not_randomised(words: Any) -> bool:
    """Return whether words say that a study is not randomised."""
    return bool(re.search(r"\b(non|not|un)[- ]?random", _word(words)))


def check_judgements(rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong in judgements of risk of bias, a sentence each; an empty list when all is right.

    Parameters
    ----------
    rows : frame or rows
        Rows of the table `risk_of_bias`, of one study or many.

    Returns
    -------
    list of str
        Unknown tools; unknown, repeated or missing domains; judgements that are not the tool's words;
        judgements without a reason.

    """
    problems: list[str] = []
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in records(rows) if isinstance(rows, pd.DataFrame) else rows:
        groups.setdefault((row["study_id"], row["tool"]), []).append(row)
    for (study, name), group in groups.items():
        tool = TOOLS.get(name)
        if tool is None:
            problems.append(f"{study}: no tool is called {name!r}; known are {', '.join(TOOLS)}")
        else:
            problems += [f"{study}, {name}: {problem}" for problem in _faults(tool, group)]
    return problems


def _faults(tool: Tool, rows: list[Mapping[str, Any]]) -> list[str]:
    domains = [_word(row["domain"]) for row in rows]
    problems = [f"the domain {name!r} is missing" for name in tool.domains if name not in domains]
    for name in dict.fromkeys(domains):
        if name not in tool.domains:
            problems.append(f"{name!r} is no domain of it; its domains are {', '.join(tool.domains)}")
        elif domains.count(name) > 1:
            problems.append(f"the domain {name!r} is judged {domains.count(name)} times")
    for row in rows:
        if _word(row["judgement"]) not in tool.judgements:
            words = ", ".join(tool.judgements)
            problems.append(f"{row['domain']}: {row['judgement']!r} is none of its judgements ({words})")
        if missing(row.get("reason")) or not str(row["reason"]).strip():
            problems.append(f"{row['domain']}: the judgement has no reason")
    return problems


def overall(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the overall judgement of one study by the rule of its tool.

    The worst domain decides; RoB 2 is also high when most domains raise some concerns (its guidance
    leaves this to judgement), and ROBINS-I gives `no information` only when no domain is serious or
    critical. JBI checklists have no grades: the answer is the count of yes among the applicable items.

    Examples
    --------
    >>> overall([{"tool": "RoB 2", "judgement": "low"}, {"tool": "RoB 2", "judgement": "some concerns"}])
    'some concerns'

    """
    judged = list(rows)
    words = [_word(row["judgement"]) for row in judged]
    if not words:
        return "not appraised"
    tool = TOOLS.get(str(judged[0]["tool"]))
    if tool is not None and tool.counts_yes:
        applicable = [word for word in words if word != "not applicable"]
        return f"{applicable.count('yes')} of {len(applicable)} yes"
    if tool is not None and tool.name == "RoB 2" and words.count("some concerns") > len(words) / 2:
        return "high"
    return next((word for word in _WORST if word in words), words[0])


def _word(value: Any) -> str:
    return "" if missing(value) else " ".join(str(value).lower().split())
