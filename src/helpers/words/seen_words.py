"""What the studies show, in plain sentences: those with a control first, then the others, then harms."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.figures.harms import harm_rows, harm_sentence
from helpers.figures.numbers import joined, plain_unit, plain_words, show_number, show_with_unit
from helpers.synthesis.contrast_doubts import CONTROLLED
from helpers.tables import records
from helpers.words.load import Tables, evidence_studies
from helpers.words.phrases import (
    capital,
    concept_list,
    count_words,
    direction_words,
    number_word,
    reported_lines,
    study_directions,
)

MOST_NAMED = 2  # controlled studies before they are only counted
MOST_OUTCOMES = 3
HIGH_RISK = {"high", "serious", "critical", "high concern"}


def what_is_seen(tables: Tables) -> list[str]:
    """Return in sentences what studies with a control show, what others show, how little of them was read."""
    studies, lines = evidence_studies(tables), reported_lines(tables)
    if lines.empty:
        return ["There is nothing to tell of hair before and after."]
    names = set(lines["study_id"])
    k, reporting = len(names), studies[studies["study_id"].isin(names)]
    real = lines["contrast"].isin(CONTROLLED) & lines["contrast_doubt"].isna()
    controlled = lines[real]
    rest = lines[~lines["study_id"].isin(controlled["study_id"])]
    told = [
        f"{_with_control(tables, controlled, reporting, k)}.",
        _without_control(rest, bool(len(controlled))),
        _harms(tables, names),
        _partly_read(tables, names),
    ]
    return [part for part in told if part]


def _with_control(tables: Tables, lines: pd.DataFrame, studies: pd.DataFrame, k: int) -> str:
    """Return how many studies had a control, and what came of it where they are few."""
    people = _people(studies, k)
    names = sorted(set(lines["study_id"]))
    if k == 1:
        only = f"The only study{people} has {'a' if names else 'no'} control"
        return f"{only}: {_deeds(lines)}" if names else only
    of = f"Of {count_words(k, 'study', 'studies')}{people}"
    if not names:
        return f"{of}, none has a control"
    start = f"{of}, {number_word(len(names))} {'have' if len(names) > 1 else 'has'} a control"
    if len(names) > MOST_NAMED:
        return f"{start}: {_deeds(lines)}"
    told = [_against_control(tables, lines[lines["study_id"] == name], studies, name) for name in names]
    return f"{start}: {'; '.join(told)}"


def _against_control(tables: Tables, lines: pd.DataFrame, studies: pd.DataFrame, name: str) -> str:
    """Return one controlled study: its people, and how each outcome stands to the control."""
    people = _people(studies[studies["study_id"] == name], 1)
    words = {"better": "better than", "worse": "worse than", "no change": "no different from"}
    told = []
    for concept, part in lines.groupby("concept", sort=True):
        ways = set(part["direction"])
        how = (
            words.get(ways.pop(), "not clearly different from")
            if len(ways) == 1
            else "now better, now worse than"
        )
        size = _size(tables, part) if len(part) == 1 else ""
        told.append(f"{plain_words(concept)} came out {how} the control{size}")
    at_risk = set(lines["risk_of_bias"].dropna()) & HIGH_RISK
    return f"in {name}{people}{', at high risk of bias,' if at_risk else ''} {joined(told)}"


def _size(tables: Tables, line: pd.DataFrame) -> str:
    """Return a difference in plain terms, in brackets: the medians of the arms where there is no mean."""
    [row] = records(line)
    parts = [_medians(tables, row) or _estimate(row)]
    if row["p_value"] is not None:
        bound = str(row["p_value_token"] or "").strip().startswith("<")
        parts.append(f"p {'< ' if bound else ''}{show_number(row['p_value'])}")
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _estimate(row: dict[str, Any]) -> str:
    if row["effect"] is None:
        return ""
    return show_with_unit(row["effect"], row["ci_lower"], row["ci_upper"], row["unit"], row["contrast"])


def _medians(tables: Tables, row: dict[str, Any]) -> str:
    """Return the median changes of the treated and the only other arm; nothing where means are printed."""
    results = tables["results"]
    names = ("study_id", "concept", "site", "timepoint_weeks")
    same = (results[list(names)] == [row[name] for name in names]).all(axis=1)
    own = results[same & (results["kind"] == "change") & results["median"].notna()]
    treated = own[own["arm_id"] == row["arm_id"]]
    other = own[own["arm_id"] != row["arm_id"]]
    if len(treated) != 1 or len(other) != 1:
        return ""
    sizes = [show_number(part.iloc[0]["median"]) for part in (treated, other)]
    return f"median change {sizes[0]} against {sizes[1]} {plain_unit(treated.iloc[0]['unit'])}"


def _without_control(lines: pd.DataFrame, others: bool) -> str:
    """Return what happened after treatment in studies without a control."""
    k = lines["study_id"].nunique()
    deeds = _deeds(lines)
    if not k or not deeds:
        return ""
    if not others:
        return f"After treatment, {deeds}; without a control this cannot be credited to exosomes."
    who, whose = ("One study has", "its") if k == 1 else (f"{capital(number_word(k))} studies have", "their")
    start = f"{who} no control, so that {whose}"
    return f"{start} changes cannot be credited to exosomes: {deeds}."


def _partly_read(tables: Tables, names: set[str]) -> str:
    """Return of how many studies no full text was seen, and which are known second-hand only."""
    sources = tables["sources"][tables["sources"]["study_id"].isin(names)]
    partly = sources[sources["address"].notna()]
    if partly.empty:
        return ""
    second = sorted(sources.loc[sources["second_hand"].fillna(False).astype(bool), "study_id"])
    only = f" ({joined(second)} second-hand only)" if second else ""
    return f"Of {count_words(len(partly), 'study', 'studies')} no full text was read{only}."


def _harms(tables: Tables, names: set[str]) -> str:
    """Return how many of the studies speak of adverse events; nothing where none has a word on them."""
    events = tables["adverse_events"]
    rows = harm_rows(events[events["study_id"].isin(names)], tables["sources"])
    return harm_sentence(rows) if rows else ""


def _people(studies: pd.DataFrame, k: int) -> str:
    """Return ` (19 people)`, or that some studies do not say."""
    people = studies["n_analysed"].fillna(studies["n_enrolled"])
    silent = k - int(people.notna().sum())
    if silent == k:
        return ""
    total = int(people.sum())
    noun = "person" if total == 1 else "people"
    if not silent:
        return f" ({total} {noun})"
    verb = "does" if silent == 1 else "do"
    return f" (at least {total} {noun}; {number_word(silent)} {verb} not say how many)"


def _deeds(lines: pd.DataFrame) -> str:
    """Return what happened to each outcome, those measured most often first, like with like.

    Lists of events and shares of people with nothing beside them have no direction and are left out.
    """
    plain = (lines["concept"] != "adverse_events") & (lines["contrast"] != "proportion")
    seen = study_directions(lines[plain & (lines["direction"] != "unclear")])
    by_concept = {name: list(rows["direction"]) for name, rows in seen.groupby("concept", sort=True)}
    order = sorted(by_concept, key=lambda name: (-len(by_concept[name]), name))
    alone = lines["study_id"].nunique() == 1  # then "in one study" goes without saying
    groups: dict[str, list[str]] = {}
    for name in order[:MOST_OUTCOMES]:
        deed = direction_words(by_concept[name])
        groups.setdefault(deed.removesuffix(" in one study") if alone else deed, []).append(name)
    clauses = []
    for deed, names in groups.items():
        each = "each " if len(names) > 1 and not alone else ""
        clauses.append(f"{concept_list(names, MOST_OUTCOMES)} {each}{deed}")
    return "; ".join(clauses)
