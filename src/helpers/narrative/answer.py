"""The answer in five plain sentences, made from the tables: is it known, what is seen, beside what, how sure.

The verdict comes first, in the words of GRADE; then the studies with a control and those without, what
placebo and other treatments do, what can be pooled, and which trials would change it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.figures.numbers import joined, plain_words, show_with_unit
from helpers.synthesis.evidence_pool import AS_PRINTED
from helpers.synthesis.tier_synthesis import BAYES
from helpers.tables import records
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from helpers.words.beside_words import beside_sentence
from helpers.words.load import Tables, evidence_studies, first_tier, load_tables, widest_tier
from helpers.words.phrases import capital, concept_list, count_words, number_word, reported_lines
from helpers.words.seen_words import what_is_seen

MOST_NAMED = 2  # trials, or outcomes of a trial, before they are only counted
MOST_OUTCOMES = 3
CERTAINTY_ORDER = ("high", "moderate", "low", "very low", "no evidence")
GROWTH = ("density", "calibre", "global")  # families of outcomes that tell of hair itself


def answer_sentences(processed: str | Path | Tables) -> list[str]:
    """Return the answer in five plain sentences or short paragraphs.

    Parameters
    ----------
    processed : str, pathlib.Path or dict
        Folder of the tables, or the tables as `load_tables` returns them.

    Returns
    -------
    list of str
        Whether it is known; what the studies show; what placebo and other treatments do; whether anything
        could be pooled and how sound the sources are; what would change the answer. Plain text, not HTML.

    """
    tables = processed if isinstance(processed, dict) else load_tables(processed)
    return [
        verdict(tables),
        " ".join(what_is_seen(tables)),
        beside_sentence(tables),
        how_sure(tables),
        " ".join(what_would_change(tables)),
    ]


def short_answer(tables: Tables) -> list[str]:
    """Return the answer in three sentences: whether it is known, the best evidence, what would change it."""
    return [verdict(tables), what_is_seen(tables)[0], what_would_change(tables)[0]]


def rest_of_answer(tables: Tables) -> list[str]:
    """Return what the three sentences leave out, in the same order; a part may be empty."""
    more = " ".join(what_is_seen(tables)[1:])
    return [more, beside_sentence(tables), how_sure(tables), " ".join(what_would_change(tables)[1:])]


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
    clauses = [_pooling(pooled), *_assumed(tables["pooled"], pooled), *([faults] if faults else [])]
    return capital("; ".join(clauses)) + "."


def _assumed(pooled: pd.DataFrame, first: pd.DataFrame) -> list[str]:
    """Return what published studies allow under an assumption, where the first tier pools nothing."""
    fits = pooled[pooled["pooled"] & (pooled["model"] != BAYES) & (pooled["scenario"] != AS_PRINTED)]
    if first["pooled"].any() or fits.empty:
        return []
    fit = next(fits.itertuples())
    size = show_with_unit(fit.estimate, fit.ci_lower, fit.ci_upper, fit.unit)
    crossing = fit.ci_lower <= 0 <= fit.ci_upper
    told = f"with published studies {plain_words(fit.concept)} can be pooled only with {fit.scenario}: {size}"
    return [f"{told}, an interval too wide to show anything" if crossing else told]


def what_would_change(tables: Tables) -> list[str]:
    """Return in sentences the registered trials to come, those that would teach most, and those overdue."""
    trials, horizon = tables["horizon_trials"], tables["horizon"]
    if trials.empty and horizon.empty:
        return [
            "No registered trial with results to come is on the list, so nothing planned would change this."
        ]
    if trials.empty:
        return [_planned(horizon)]
    ranked = [
        row for row in sorted(records(trials), key=lambda row: row["place"]) if row["teaches"] is not None
    ]
    start = capital(f"{count_words(len(trials), 'registered trial', 'registered trials')} could change this")
    late = int(trials["late"].fillna(False).astype(bool).sum())
    who = count_words(late, "registered trial is", "registered trials are")
    past = [capital(f"{who} past the date without results.")]
    overdue = past if late else []
    if not ranked:
        return [f"{start}; none states a size.", *overdue]
    told = joined([_ranked(row) for row in ranked[:MOST_NAMED]])
    return [f"{start}; most would be learnt from {told}.", *overdue]


def _ranked(row: dict[str, Any]) -> str:
    """Return a trial in words: its size and when it is due."""
    due = f"due {row['expected']}" if row["expected"] else "no date registered"
    return f"{row['study_id']} ({row['n_planned']} people, {due})"


def _planned(horizon: pd.DataFrame) -> str:
    """Return the trials of the table `horizon`, where none are ranked."""
    trials = dict(list(horizon.groupby("study_id", sort=True)))
    planned = [int(rows["n_planned"].max()) for rows in trials.values() if rows["n_planned"].notna().any()]
    total = f", with {sum(planned)} people planned in all," if len(planned) == len(trials) > 1 else ""
    start = capital(
        f"{count_words(len(trials), 'registered trial', 'registered trials')}{total} could change this"
    )
    if len(trials) <= MOST_NAMED:
        return f"{start}: {joined([_trial(name, rows) for name, rows in trials.items()])}."
    counts = Counter(horizon.drop_duplicates(["study_id", "concept"])["concept"]).most_common(MOST_NAMED)
    names = [name for name, _ in counts]
    return f"{start}; what most of them plan to measure is {concept_list(names, MOST_NAMED)}."


def _pooling(pooled: pd.DataFrame) -> str:
    """Return what could be pooled, with its estimate, or why nothing could."""
    if pooled.empty:
        return "nothing has been pooled yet"
    fits = pooled[pooled["pooled"] & ~pooled["without_certain_findings"]].drop_duplicates("concept")
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


def _trial(name: str, rows: pd.DataFrame) -> str:
    """Return a trial in words: its size, what it will measure, when."""
    parts = []
    if rows["n_planned"].notna().any():
        parts.append(f"{int(rows['n_planned'].max())} people planned")
    parts.append(f"to measure {concept_list(list(rows['concept']), MOST_NAMED)}")
    expected = sorted(rows["expected"].dropna().unique())
    if expected:
        parts.append(f"expected {expected[0]}" if expected[0][:1].isdigit() else str(expected[0]))
    return f"{name} ({'; '.join(parts)})"
