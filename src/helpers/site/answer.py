"""The answer in three sentences, made from the tables: what is seen, how sure, what would change it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from helpers.figures.numbers import joined, plain_words, show_with_unit
from helpers.site.load import Tables, evidence_studies, first_tier, load_tables
from helpers.site.phrases import (
    capital,
    concept_list,
    count_words,
    direction_words,
    number_word,
    reported_lines,
    study_directions,
)

MOST_NAMED = 3  # trials, or outcomes of a trial, before they are only counted
MOST_OUTCOMES = 6
CERTAINTY_ORDER = ("high", "moderate", "low", "very low", "no evidence")


def answer_sentences(processed: str | Path | Tables) -> list[str]:
    """Return the answer in three plain sentences.

    Parameters
    ----------
    processed : str, pathlib.Path or dict
        Folder of the tables, or the tables as `load_tables` returns them.

    Returns
    -------
    list of str
        What the studies show; how sure anyone can be; what would change the answer. Plain text, not HTML.

    """
    tables = processed if isinstance(processed, dict) else load_tables(processed)
    return [what_is_seen(tables), how_sure(tables), what_would_change(tables)]


def what_is_seen(tables: Tables) -> str:
    """Return how many studies of how many people report what, and whether against a comparison."""
    studies, lines = evidence_studies(tables), reported_lines(tables)
    beside = lines[lines["tier"] == "published"]
    if 0 < len(beside) < len(lines):  # the five sources first, then what others published
        core = dict(tables) | {"comparisons": lines[lines["tier"] != "published"]}
        return f"{what_is_seen(core)} {_published(tables, studies, beside)}"
    if lines.empty:
        start = "No study has been read yet" if studies.empty else "No study on the list reports a result yet"
        return f"{start}, so it is not known whether exosome therapy regrows hair."
    reporting = studies[studies["study_id"].isin(lines["study_id"])]
    k = lines["study_id"].nunique()
    verb = "reports" if k == 1 else "report"
    opening = capital(f"{count_words(k, 'study', 'studies')}{_people(reporting, k)} {verb} results")
    return f"{opening}: {_deeds(lines)}{_control(reporting, lines, k)}."


def _published(tables: Tables, studies: pd.DataFrame, lines: pd.DataFrame) -> str:
    """Return what published studies beside the core report, and how little of them was seen."""
    names = lines["study_id"].unique()
    k = len(names)
    sources = tables["sources"][tables["sources"]["study_id"].isin(names)]
    second = sorted(sources.loc[sources["second_hand"].fillna(False).astype(bool), "study_id"])
    opening = f"{count_words(k, 'published study', 'published studies')}"
    opening += _people(studies[studies["study_id"].isin(names)], k)
    seen = f"of which no full text was seen{f', {joined(second)} second-hand only' if second else ''}"
    verb = "reports" if k == 1 else "report"
    return f"Beside them, {opening}, {seen}, {verb}: {_deeds(lines)}."


def how_sure(tables: Tables) -> str:
    """Return whether anything could be pooled, the certainty, and how many findings are certain."""
    clauses = [_pooling(first_tier(tables["pooled"])), _certainty(first_tier(tables["certainty"]))]
    faults = _faults(tables)
    return capital("; ".join([*clauses, *([faults] if faults else [])])) + "."


def what_would_change(tables: Tables) -> str:
    """Return the registered trials to come, their size and what they plan to measure."""
    horizon = tables["horizon"]
    if horizon.empty:
        return (
            "No registered trial with results to come is on the list, so nothing planned would change this."
        )
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


def _people(studies: pd.DataFrame, k: int) -> str:
    """Return ` of 19 people`, or that some studies do not say."""
    people = studies["n_analysed"].fillna(studies["n_enrolled"])
    silent = k - int(people.notna().sum())
    if silent == k:
        return ""
    total = int(people.sum())
    noun = "person" if total == 1 else "people"
    if not silent:
        return f" of {total} {noun}"
    verb = "does" if silent == 1 else "do"
    return f" of at least {total} {noun} ({number_word(silent)} {verb} not say how many)"


def _deeds(lines: pd.DataFrame) -> str:
    """Return what happened to each outcome, those measured most often first, like with like."""
    events = lines["concept"] == "adverse_events"
    shares = lines["contrast"] == "proportion"
    seen = study_directions(lines[~events & ~shares])
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
    rest = len(order) - MOST_OUTCOMES
    if rest > 0:
        clauses.append(
            f"{count_words(rest, 'further outcome is', 'further outcomes are')} listed with the studies"
        )
    return "; ".join([*clauses, *_shares(lines[shares]), *_events(lines[events])])


def _shares(lines: pd.DataFrame) -> list[str]:
    """Return a clause on shares of people, which have no direction by themselves."""
    names = sorted(set(lines["concept"]))
    if not names:
        return []
    share = "a share" if len(names) == 1 else "shares"
    return [f"{share} of {concept_list(names, MOST_OUTCOMES)} stand without anything to compare them with"]


def _events(lines: pd.DataFrame) -> list[str]:
    """Return a clause on adverse events, and whether anybody counted them."""
    k = lines["study_id"].nunique()
    if not k:
        return []
    counted = int(lines.dropna(subset=["effect"])["study_id"].nunique())
    how = "without a count" if not counted else "with counts" if counted == k else f"with counts in {counted}"
    return [f"adverse events are listed in {count_words(k, 'study', 'studies')}, {how}"]


def _control(studies: pd.DataFrame, lines: pd.DataFrame, k: int) -> str:
    """Return whether the change can be told from what would have happened anyway."""
    known = studies["comparison"].dropna()
    contrasts = lines[lines["contrast"].isin(["between_arm", "within_person"])]["study_id"]
    declared = studies["comparison"].isin(["parallel", "within_person"])
    controlled = int((declared & studies["study_id"].isin(contrasts)).sum())
    if len(known) < k:
        return ""
    if controlled == 0:
        lack = "it had no comparison" if k == 1 else "none of them had a comparison"
        return f"; {lack}, so the change cannot be credited to exosomes"
    if controlled == k:
        return "; it had a comparison" if k == 1 else "; each of them had a comparison"
    return f"; only {number_word(controlled)} of the {number_word(k)} studies had a comparison"


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


def _certainty(certainty: pd.DataFrame) -> str:
    """Return the certainty of each outcome, by level."""
    if certainty.empty:
        return "the certainty has not been judged yet"
    levels = {
        level: list(rows["concept"])
        for level in CERTAINTY_ORDER
        if not (rows := certainty[certainty["certainty"] == level]).empty
    }
    absent = levels.pop("no evidence", [])
    clauses = []
    if len(levels) == 1:
        level, names = next(iter(levels.items()))
        every = "both outcomes" if len(names) == 2 else f"all {number_word(len(names))} outcomes"
        what = plain_words(names[0]) if len(names) == 1 else every
        clauses.append(f"the certainty is {level} for {what}" + (" with any figure" if absent else ""))
    elif levels:
        told = [f"{level} for {concept_list(names, MOST_OUTCOMES)}" for level, names in levels.items()]
        clauses.append("the certainty is " + joined(told))
    if absent:
        more = " more" if levels else ""
        named = count_words(
            len(absent), f"{more.strip()} outcome is".strip(), f"{more.strip()} outcomes are".strip()
        )
        clauses.append(f"{named} named without any figure")
    return "; ".join(clauses)


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
    kinds = "contradictions, impossible figures, results announced and missing"
    if len(certain) == 1:
        return f"one fault in the sources is beyond doubt, in {study}"
    return f"{number_word(len(certain))} faults in the sources are beyond doubt ({kinds}), {place}"


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
