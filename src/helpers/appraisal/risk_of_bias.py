"""Risk of bias: the tools of `tools.yaml`, the judgement that answers lead to, and the overall one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.formats import is_missing
from notebookpress.tables import join_ids, records, split_ids
from notebookpress.yaml_files import YamlFile
from trialfiles.record import Row

TOOLS_FILE = Path(__file__).with_name("tools.yaml")
_OTHERS = "uncontrolled answer_order inspect_sr missing_evidence product interests registry_versions"
_SECTIONS = {"risk_of_bias": dict, "worst_first": list} | dict.fromkeys(_OTHERS.split(), dict)
_TEXTS, _LISTS = ("source", "version", "like"), ("domains", "more_domains", "judgements")
_ENTRIES = {"answers": dict, **dict.fromkeys(_TEXTS, str), **dict.fromkeys(_LISTS, list)}
NOT_ASSESSABLE = "not assessable from the abstract"
ITEMS = "checklist without an overall judgement"  # what stands for the overall judgement of a checklist
NO_INFORMATION, NOT_ASKED, BY_RULE = "NI", "NA", "rule"
_ANSWERS = "Y PY PN N NI"
_UNCONTROLLED = ("single_arm", "case")
Algorithm = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Tool:
    """A tool of risk of bias; a checklist has neither questions nor algorithms."""

    name: str
    version: str
    source: str
    judgements: tuple[str, ...]
    domains: tuple[str, ...]
    questions: dict[str, dict[str, str]]  # by domain, its signalling questions by number
    algorithms: dict[str, Algorithm]  # by domain
    gates: tuple[str, ...]  # domains after which, at their worst, nothing else is judged
    answers: dict[str, tuple[str, ...]]  # by question, those that it takes

    @property
    def judged(self) -> tuple[str, ...]:
        """The domains that are always judged."""
        return tuple(name for name in self.domains if name not in self.gates)


def read_tools(path: Path = TOOLS_FILE) -> tuple[dict[str, Tool], dict[str, Any]]:
    """Return the tools of risk of bias of a file by name, and its other sections.

    Raises
    ------
    YamlError
        At the first mistake, with its line and the remedy.
    """
    file = YamlFile(path)
    sections = file.entries((), _SECTIONS, tuple(_SECTIONS))
    tools = {}
    for name in sections["risk_of_bias"]:
        place = ("risk_of_bias", name)
        own = file.entries(place, _ENTRIES, ("version",))
        stated = dict(file.data["risk_of_bias"].get(own.get("like"), {})) | own
        if lacking := [key for key in ("source", "judgements", "domains") if key not in stated]:
            raise file.error(place, f"{name} has no {', '.join(lacking)}", "say it")
        both = [*stated["domains"], *stated.get("more_domains", ())]
        domains = {domain["name"] if isinstance(domain, dict) else domain: domain for domain in both}
        asked, names = [domain for domain in domains.values() if isinstance(domain, dict)], tuple(domains)
        other = {number: words for words, asks in stated.get("answers", {}).items() for number in asks}
        numbers = [number for domain in asked for number in domain["questions"]]
        judgements = tuple(stated["judgements"])
        if not all(isinstance(word, str) for word in (*names, *judgements)):
            raise file.error(place, "a domain or judgement is no text", 'write it in quotes, such as "yes"')
        ranked = [step[0] for domain in asked for step in domain["algorithm"]]
        if unranked := [word for word in ranked if word not in {*sections["worst_first"]} & {*judgements}]:
            raise file.error(place, f"{unranked[0]} has no rank", "add it to worst_first and judgements")
        tools[name] = Tool(
            name, stated["version"], stated["source"], judgements, names,
            {domain["name"]: domain["questions"] for domain in asked},
            {domain["name"]: domain["algorithm"] for domain in asked},
            tuple(domain["name"] for domain in asked if domain.get("gate")),
            {number: tuple(other.get(number, _ANSWERS).split()) for number in numbers},
        )  # fmt: skip
    return tools, sections


TOOLS, SECTIONS = read_tools()


def by_algorithm(algorithm: Algorithm, answers: Mapping[str, str]) -> str:
    """Return the judgement that answers lead to, as `tools.yaml` explains its algorithms.

    Examples
    --------
    >>> by_algorithm(TOOLS["RoB 2"].algorithms["randomisation process"], {"1.1": "Y", "1.2": "PN"})
    'high'
    """
    given = {name: answer for name, answer in answers.items() if answer != NOT_ASKED}
    for judgement, *conditions in algorithm:
        if not conditions or any(
            all(given.get(name, NO_INFORMATION) in wanted.split() for name, wanted in condition.items())
            for condition in conditions
        ):
            return str(judgement)
    raise ValueError("the algorithm has no last judgement; add one without a condition")


def tool_for(study: Row, cases: int = 1) -> str | None:
    """Return the tool that fits a study's design; None for a registration, of which nothing is judged.

    `study` is a row of `studies` with `has_results` beside it; `cases` are the people in a study of cases.

    Examples
    --------
    >>> tool_for({"comparison": "parallel", "allocation": "randomised", "has_results": True})
    'RoB 2'
    """
    if not study.get("has_results"):
        return None
    design = study.get("comparison")
    if design == "case":
        return "JBI case series" if cases > 1 else "JBI case report"
    if not is_randomised(study.get("allocation")):
        return "ROBINS-I"
    ending = {"crossover": " for crossover trials", "within_person": " for sites of one scalp"}
    return f"RoB 2{ending.get(str(design), '')}"


def is_randomised(allocation: Any) -> bool:
    """Return whether the words of an allocation say randomised."""
    return bool(re.search(r"\brandom(i[sz]ed|ly)\b", _word(allocation))) and not is_not_randomised(allocation)


def is_not_randomised(words: Any) -> bool:
    """Return whether words say that a study is not randomised."""
    return bool(re.search(r"\b(non|not|un)[- ]?random", _word(words)))


def only_abstract(access: Any) -> bool:
    """Return whether what was read of a study is an abstract, or another paper's word, and no full text."""
    return bool(re.search(r"\babstract\b|\bsecondary\b", _word(access)))


def judge(
    study: Row, cases: int, answers: Iterable[Row] = (), judgements: Iterable[Row] = ()
) -> tuple[list[Row], list[Row]]:
    """Return a study's rows of `risk_of_bias` and of `signalling`.

    Parameters
    ----------
    study : mapping
        Its row of `studies` with `has_results` and `access` beside it.
    cases : int
        People in a study of single cases.
    answers, judgements : iterable of mapping
        Its rows of `reviewer_answers` and `reader_judgements`.

    Returns
    -------
    risk_of_bias, signalling : list of dict
        A person's judgement of a domain stands over that of the answers, which its reason tells. The answers
        of the first appraiser decide; those of others are stored beside them. A study before and after gets
        the answers of the section `uncontrolled`; what an abstract cannot tell is said once.
    """
    by_hand, fitting = [dict(row) for row in judgements], tool_for(study, cases)
    stored = [dict(row) for row in answers if row["tool"] in TOOLS]
    names = [row["tool"] for row in (*by_hand, *stored)] or [fitting]
    tool = TOOLS.get(names[0])
    if fitting is None:
        return [], []
    if tool is None:  # `check_judgements` says so
        return by_hand, []
    key = {"study_id": study["study_id"], "tool": tool.name}
    if not (by_hand or stored) and tool.gates and study.get("comparison") in _UNCONTROLLED:
        given = SECTIONS["uncontrolled"]
        named = key | {"appraiser": BY_RULE, "reason": given["reason"]}
        stored = [named | {"question": name, "answer": answer} for name, answer in given["answers"].items()]
    first = {row["question"]: row for row in stored if row["appraiser"] == stored[0]["appraiser"]}
    rows = _by_answers(tool, first, key)
    if not rows and not by_hand and only_abstract(study.get("access")):
        reason = "What was read does not suffice; it awaits the full text."
        rows = [key | {"domain": "all domains", "judgement": NOT_ASSESSABLE, "reason": reason, "order": 0}]
    domains = {number: name for name, asked in tool.questions.items() for number in asked}
    told = [row for row in stored if row["question"] in domains]
    of_tool = {"outcome": "all", "version": tool.version}
    return _standing(rows, by_hand), [of_tool | row | {"domain": domains[row["question"]]} for row in told]


def _by_answers(tool: Tool, first: Row, key: Row) -> list[Row]:
    """Return the judgements that answers lead to; a domain is left out where none of it is answered."""
    rows = []
    for order, name in enumerate(tool.domains, start=1):
        own = [first[number] for number in tool.questions.get(name, {}) if number in first]
        fitting = (row for row in own if row["answer"] in tool.answers[row["question"]])
        fit = {row["question"]: row["answer"] for row in fitting}
        judgement = by_algorithm(tool.algorithms.get(name, [[""]]), fit)  # `check_answers` names the others
        at_worst = name in tool.gates and judgement == tool.algorithms[name][0][0]
        if not own or (name in tool.gates and not at_worst):
            continue
        said = "; ".join(f"{row['question']} {row['answer']}" for row in own)
        why = " ".join(dict.fromkeys(str(row["reason"]).strip() for row in own))
        row = {"domain": name, "judgement": judgement, "order": order, "reason": f"By {said}: {why}"}
        for column in ("quantity_ids", "discrepancy_ids"):
            row[column] = join_ids(dict.fromkeys(one for each in own for one in split_ids(each.get(column))))
        rows.append({**key, **row})
        if at_worst:
            break
    return rows


def _standing(rows: list[Row], by_hand: list[Row]) -> list[Row]:
    """Return judgements with a person's in the place of the answers', which its reason then tells."""
    answered = {_word(row["domain"]): row for row in rows}
    for row in by_hand:
        if proposed := answered.pop(_word(row["domain"]), None):
            row["reason"] = f"{row['reason']} (The answers give {proposed['judgement']}.)"
    both = [*by_hand, *answered.values()]
    return [row | {"order": order} for order, row in enumerate(both, start=1)]


def agreement(answers: pd.DataFrame, order: Sequence[str], by: Sequence[str]) -> Row | None:
    """Return how far two appraisers agree; None where fewer than two have answered the same.

    `answers` has `appraiser`, `answer` and the columns `by` that name a question; answers that are not in
    `order` are left out. `kappa` is Cohen's with linear weights, None where all answers are the same.
    """
    from statsmodels.stats.inter_rater import cohens_kappa  # long to import, as all of scipy.stats is

    own = answers[answers["answer"].isin(order) & (answers["appraiser"] != BY_RULE)]
    names = list(dict.fromkeys(own["appraiser"]))
    if len(names) < 2:
        return None
    wide = own.pivot_table(index=list(by), columns="appraiser", values="answer", aggfunc="first")
    both = wide[names[:2]].dropna()
    table = pd.crosstab(*(both[name] for name in names[:2]))
    table = table.reindex(index=list(order), columns=list(order), fill_value=0)
    same = int((both[names[0]] == both[names[1]]).sum())
    varied = both.stack().nunique() > 1
    kappa = float(cohens_kappa(table.to_numpy(), wt="linear").kappa) if varied else None
    told = {"first": names[0], "second": names[1], "questions": len(both), "same": same}
    return told | {"kappa": kappa} if len(both) else None


def check_answers(answers: Iterable[Row]) -> list[str]:
    """Return what is wrong in answers of a sheet, a sentence each: an unknown tool, question or answer."""
    asked: dict[str, dict[str, tuple[str, ...]]] = {name: tool.answers for name, tool in TOOLS.items()}
    inspect = SECTIONS["inspect_sr"]
    asked[inspect["tool"]] = dict.fromkeys((*inspect["checks"], *inspect["domains"].values(), "overall"), ())
    problems = []
    for row in answers:
        numbers, place = asked.get(row["tool"], {}), f"{row['study_id']}, {row['tool']}"
        fits = (*numbers.get(row["question"], ()), NOT_ASKED)
        if row["question"] not in numbers:
            there = ", ".join(numbers or asked)
            problems.append(f"{place}: there is no question {row['question']!r}; there are {there}")
        elif len(fits) > 1 and row["answer"] not in fits:
            words = f"{row['question']} is not answered {row['answer']}; answer one of {', '.join(fits)}"
            problems.append(f"{place}: {words}")
    return problems


def check_judgements(rows: pd.DataFrame | Iterable[Row]) -> list[str]:
    """Return what is wrong in judgements of risk of bias, a sentence each; an empty list when all is right.

    That is unknown tools; unknown, repeated or missing domains; judgements that are not the tool's words;
    judgements without a reason.
    """
    problems: list[str] = []
    given = records(rows) if isinstance(rows, pd.DataFrame) else list(rows)
    for study, name in dict.fromkeys((row["study_id"], row["tool"]) for row in given):
        group = [row for row in given if (row["study_id"], row["tool"]) == (study, name)]
        if name not in TOOLS:
            problems.append(f"{study}: no tool is called {name!r}; known are {', '.join(TOOLS)}")
        elif [row["judgement"] for row in group] != [NOT_ASSESSABLE]:
            problems += [f"{study}, {name}: {problem}" for problem in _faults(TOOLS[name], group)]
    return problems


def _faults(tool: Tool, rows: list[Row]) -> Iterator[str]:
    domains = [_word(row["domain"]) for row in rows]
    wanted = () if set(tool.gates) & set(domains) else tool.judged
    yield from (f"the domain {name!r} is missing" for name in wanted if name not in domains)
    for name in dict.fromkeys(domains):
        if name not in tool.domains:
            yield f"{name!r} is no domain of it; its domains are {', '.join(tool.domains)}"
        elif domains.count(name) > 1:
            yield f"the domain {name!r} is judged {domains.count(name)} times"
    for row in rows:
        if _word(row["judgement"]) not in tool.judgements:
            words = ", ".join(tool.judgements)
            yield f"{row['domain']}: {row['judgement']!r} is none of its judgements ({words})"
        if is_missing(row.get("reason")) or not str(row["reason"]).strip():
            yield f"{row['domain']}: the judgement has no reason"


def overall(rows: Iterable[Row]) -> str:
    """Return the overall judgement of one study by the rule of its tool.

    The worst domain decides; RoB 2 is also high when most domains raise some concerns (its guidance
    leaves this to judgement). Checklists have items and no grade.

    Examples
    --------
    >>> overall([{"tool": "RoB 2", "judgement": "low"}, {"tool": "RoB 2", "judgement": "some concerns"}])
    'some concerns'
    """
    judged = list(rows)
    words = [_word(row["judgement"]) for row in judged]
    if not words:
        return "not appraised"
    name = str(judged[0]["tool"])
    if name in TOOLS and not TOOLS[name].questions and NOT_ASSESSABLE not in words:
        return ITEMS
    if name.startswith("RoB 2") and words.count("some concerns") > len(words) / 2:
        return "high"
    return next((word for word in SECTIONS["worst_first"] if word in words), words[0])


def overall_words(rows: Sequence[Row]) -> str:
    """Return the overall judgement of one study; of a checklist, which has none, how its items stand."""
    word, own = overall(rows), [_word(row["judgement"]) for row in rows]
    if word != ITEMS:
        return word
    return f"{own.count('no')} of {len(own)} items no, {own.count('unclear')} unclear"


def _word(value: Any) -> str:
    return "" if is_missing(value) else " ".join(str(value).lower().split())
