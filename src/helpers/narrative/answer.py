"""The answer in plain sentences made from the tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.context import treatment_gains
from helpers.effects import CONTROLLED_ESTIMANDS
from helpers.figures.outcome import harm_rows, harm_sentence
from helpers.formats import (
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
    show_with_unit,
)
from helpers.narrative.phrases import (
    Tables,
    capital,
    concept_list,
    count_words,
    direction_words,
    evidence_studies,
    first_tier,
    load_tables,
    number_word,
    reported_lines,
    study_directions,
    widest_tier,
)
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.tables import records

UNIT = "hairs/cm²"
NOTHING = "Nothing is at hand of what placebo or established treatments do."


def context_sentence(tables: Tables) -> str:
    """Return what placebo arms and other treatments do, and how a change after exosomes stands to it.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `context` and `comparators`.

    """
    rows = [row for row in records(tables["context"]) if row["unit"] == "hairs/cm2" and row["control_arms"]]
    # drugs are told over the time of the change that they stand beside, or not at all
    gains = treatment_gains(tables["comparators"], rows[0]["timepoint_weeks"]) if rows else []
    parts = [_changed(rows[0])] if len(rows) == 1 else [_all_changed(rows)] if rows else []
    parts += [f"{_gains(gains)}; {_compared(tables)}."] if gains else []
    return " ".join(parts) or NOTHING


def _changed(row: dict[str, Any]) -> str:
    """Return a change after exosomes beside the drift of placebo arms and what an eye can see."""
    drift = show_interval(row["drift_low"], row["drift_high"])
    seen = "reaches" if row["visible"] else "stays below"
    mark = " (second-hand)" if row["visible_second_hand"] else ""
    limit = (
        ""
        if row["visible_at"] is None
        else f", and {seen} the {show_estimate(row['visible_at'])} that observers can see{mark}"
    )
    return (
        f"The change of {show_number(row['effect'])} {UNIT} that {row['study_id']} prints stands beside "
        f"{drift} in placebo arms over a like time{limit}."
    )


def _all_changed(rows: list[dict[str, Any]]) -> str:
    """Return several changes after exosomes beside the drift of placebo arms, and how many can be seen."""
    sizes = [row["effect"] for row in rows]
    reach = show_interval(min(sizes), max(sizes))
    drift = show_interval(min(row["drift_low"] for row in rows), max(row["drift_high"] for row in rows))
    limits = [row["visible_at"] for row in rows if row["visible_at"] is not None]
    seen = sum(bool(row["visible"]) for row in rows)
    mark = " (second-hand)" if any(row["visible_second_hand"] for row in rows) else ""
    limit = (
        f"; {seen or 'none'} of them {'reaches' if seen < 2 else 'reach'} the {show_estimate(limits[0])} "
        f"that observers can see{mark}"
        if limits
        else ""
    )
    names = sorted({row["study_id"] for row in rows})
    verb = "prints" if len(names) == 1 else "print"
    return (
        f"{len(rows)} changes of {reach} {UNIT} that {joined(names)} {verb} stand beside {drift} in "
        f"placebo arms over like times{limit}."
    )


def _gains(gains: list[dict[str, Any]]) -> str:
    """Return by how much other treatments exceed placebo, each with its range over trials."""
    told = []
    for row in gains:
        low, high = round(row["low"]), round(row["high"])
        told.append(f"{row['treatment']} by {low if low == high else f'{low} to {high}'}")
    second = [row["treatment"] for row in gains if row["second_hand"]]
    mark = f" (second-hand: {joined(second)})" if second else ""
    start = "Licensed drugs at usual doses exceed placebo in their own trials over a like time"
    return f"{start}: {joined(told)} {UNIT}{mark}"


def _compared(tables: Tables) -> str:
    """Return whether any study with a result sets exosomes against another treatment."""
    arms = tables["arms"]
    names = set(arms.loc[arms["role"] == "active", "study_id"]) & set(reported_lines(tables)["study_id"])
    if names:
        return f"exosomes stand against another treatment in {joined(sorted(names))}"
    return "no study with a result sets exosomes against one of them"


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
    real = lines["estimand"].isin(CONTROLLED_ESTIMANDS) & lines["contrast_doubt"].isna()
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
    return show_with_unit(row["effect"], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])


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
    plain = (lines["concept"] != "adverse_events") & (lines["estimand"] != "proportion")
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


CERTAINTY_ORDER = ("high", "moderate", "low", "very low", "no evidence")
GROWTH = ("density", "calibre", "global")  # families of outcomes that tell of hair itself


def answer_sentences(processed: str | Path | Tables) -> list[str]:
    """Return the answer in four plain sentences or short paragraphs.

    Parameters
    ----------
    processed : str, pathlib.Path or dict
        Folder of the tables, or the tables as `load_tables` returns them.

    Returns
    -------
    list of str
        Whether it is known; what the studies show; what placebo and other treatments do; whether anything
        could be pooled and how sound the sources are. Plain text, not HTML.

    """
    tables = processed if isinstance(processed, dict) else load_tables(processed)
    return [
        verdict(tables),
        " ".join(what_is_seen(tables)),
        context_sentence(tables),
        how_sure(tables),
    ]


def short_answer(tables: Tables) -> list[str]:
    """Return the answer in two sentences: whether it is known, and the best evidence."""
    return [verdict(tables), what_is_seen(tables)[0]]


def rest_of_answer(tables: Tables) -> list[str]:
    """Return what the two sentences leave out, in the same order; a part may be empty."""
    more = " ".join(what_is_seen(tables)[1:])
    return [more, context_sentence(tables), how_sure(tables)]


def verdict(tables: Tables) -> str:
    """Return whether it is known that exosomes regrow hair, and how certain that is."""
    lines = reported_lines(tables)
    if lines.empty:
        studies = evidence_studies(tables)
        start = "No study has been read yet" if studies.empty else "No study on the list reports a result yet"
        return f"{start}, so it is not known whether exosome therapy regrows hair."
    certainty = widest_tier(tables["certainty"])
    judged = certainty[certainty["certainty"] != "no evidence"]
    if judged.empty:
        return "It is not known whether exosome therapy regrows hair: the certainty has not been judged yet."
    best = _best_statement(tables, judged)
    if best:
        return best
    return f"Nobody can yet say whether exosome therapy regrows hair: {_levels(judged)}."


def _best_statement(tables: Tables, judged: pd.DataFrame) -> str | None:
    """Return what the surest outcome of hair itself says, where any is surer than very low."""
    family = judged["concept"].map(lambda name: OUTCOME_CONCEPTS[name].family)
    hair = judged[family.isin(GROWTH) & (judged["certainty"] != "very low")]
    if hair.empty:
        return None
    place = {level: number for number, level in enumerate(CERTAINTY_ORDER)}
    first = min(records(hair), key=lambda row: (place[row["certainty"]], row["concept"]))
    summary = tables["summary_of_findings"]
    own = summary[(summary["concept"] == first["concept"]) & (summary["evidence"] == first["evidence"])]
    if own.empty:
        return None
    return f"{own.iloc[0]['statement'].rstrip('.')} ({first['certainty']} certainty; {_levels(judged)})."


def _levels(judged: pd.DataFrame) -> str:
    """Return the certainty of all outcomes with a result, by level."""
    levels = {
        level: list(rows["concept"])
        for level in CERTAINTY_ORDER
        if not (rows := judged[judged["certainty"] == level]).empty
    }
    if len(levels) == 1:
        level, names = next(iter(levels.items()))
        every = "both outcomes" if len(names) == 2 else f"all {number_word(len(names))} outcomes"
        what = plain_words(names[0]) if len(names) == 1 else f"{every} with a result"
        return f"the certainty of the evidence is {level} for {what}"
    told = [f"{level} for {concept_list(names, MOST_OUTCOMES)}" for level, names in levels.items()]
    return "the certainty of the evidence is " + joined(told)


def how_sure(tables: Tables) -> str:
    """Return whether anything could be pooled, and how many findings are certain."""
    faults = _faults(tables)
    pooled = first_tier(tables["pooled"])
    clauses = [_pooling(pooled), *([faults] if faults else [])]
    return capital("; ".join(clauses)) + "."


def _pooling(pooled: pd.DataFrame) -> str:
    """Return what could be pooled, with its estimate, or why nothing could."""
    if pooled.empty:
        return "nothing has been pooled yet"
    fits = pooled[pooled["pooled"] & ~pooled["without_certain_findings"]]
    fits = fits[fits["estimand"] != "proportion"].drop_duplicates("concept")
    if fits.empty:
        if pooled["k"].max() < 2:
            return "no meta-analysis is possible, because no outcome has two comparable estimates"
        return "no meta-analysis is possible, for the reasons given with each outcome"
    found = []
    for fit in fits.itertuples():
        size = show_with_unit(fit.estimate, fit.ci_lower, fit.ci_upper, fit.unit)
        found.append(f"{plain_words(fit.concept)} ({fit.k} estimates: {size})")
    rest = pooled["concept"].nunique() - len(fits)
    others = f", and nothing for {count_words(rest, 'other outcome', 'other outcomes')}" if rest else ""
    return f"estimates could be pooled for {joined(found)}{others}"


def _faults(tables: Tables) -> str:
    """Return how many findings are certain, and which study has most of them."""
    findings = tables["findings"]
    if findings.empty and tables["checks"].empty:
        return ""
    certain = findings[findings["severity"] == "certain"]["study_id"]
    if certain.empty:
        return "no fault in the sources is beyond doubt"
    study, count = min(Counter(certain).items(), key=lambda item: (-item[1], item[0]))
    place = f"all in {study}" if count == len(certain) else f"{number_word(count)} of them in {study}"
    if len(certain) == 1:
        return f"one fault in the sources is beyond doubt, in {study}"
    return f"{number_word(len(certain))} faults in the sources are beyond doubt, {place}"
