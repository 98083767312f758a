"""The answer in plain sentences made from the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from helpers.effects import CONTROLLED_ESTIMANDS
from helpers.figures.outcome import harm_rows, harm_sentence
from helpers.formats import (
    joined,
    plain_unit,
    plain_words,
    show_number,
    show_with_unit,
)
from helpers.narrative.phrases import (
    Tables,
    capital,
    concept_list,
    count_words,
    evidence_studies,
    first_tier,
    load_tables,
    number_word,
    reported_lines,
    widest_tier,
)
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.tables import records

MOST_NAMED = 2  # controlled studies before they are only counted
MOST_OUTCOMES = 3
HIGH_RISK = {"high", "serious", "critical"}


def controlled_evidence(tables: Tables) -> str:
    """Return how many studies with a result had a control, and what came of it where they are few."""
    studies, lines = evidence_studies(tables), reported_lines(tables)
    if lines.empty:
        return "There is nothing to tell of hair before and after."
    k = lines["study_id"].nunique()
    studies = studies[studies["study_id"].isin(lines["study_id"])]
    lines = lines[lines["estimand"].isin(CONTROLLED_ESTIMANDS) & lines["contrast_doubt"].isna()]
    names = sorted(set(lines["study_id"]))
    people = _people(studies, k)
    if k == 1:
        start = f"The only study{people} has {'a' if names else 'no'} control"
    else:
        has = "have" if len(names) > 1 else "has"
        found = f"{number_word(len(names))} {has}" if names else "none has"
        start = f"Of {count_words(k, 'study', 'studies')}{people}, {found} a control"
    if not names or len(names) > MOST_NAMED:
        return f"{start}."
    told = [_against_control(tables, lines[lines["study_id"] == name], studies, name) for name in names]
    return f"{start}: {'; '.join(told)}."


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


def _harms(tables: Tables) -> str:
    """Return how many of the studies speak of adverse events; nothing where none has a word on them."""
    events = tables["adverse_events"]
    names = set(reported_lines(tables)["study_id"])
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


CERTAINTY_ORDER = ("high", "moderate", "low", "very low", "no evidence")
GROWTH = ("density", "calibre", "global")  # families of outcomes that tell of hair itself


def answer_sentences(processed: str | Path | Tables) -> list[str]:
    """Return the answer in four plain sentences, of which that on harms may be empty.

    Parameters
    ----------
    processed : str, pathlib.Path or dict
        Folder of the tables, or the tables as `load_tables` returns them.

    Returns
    -------
    list of str
        Whether it is known; what studies with a control show; harms, or nothing where no study speaks of
        any; whether anything could be pooled. Plain text, not HTML.

    """
    tables = processed if isinstance(processed, dict) else load_tables(processed)
    return [
        verdict(tables),
        controlled_evidence(tables),
        _harms(tables),
        f"{capital(_pooling(first_tier(tables['pooled'])))}.",
    ]


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


def _pooling(pooled: pd.DataFrame) -> str:
    """Return what could be pooled, with its estimate, or why nothing could."""
    if pooled.empty:
        return "nothing has been pooled yet"
    fits = pooled[pooled["pooled"] & ~pooled["without_certain_discrepancies"]]
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
