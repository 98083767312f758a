"""The answer in plain sentences made from the tables; counts, directions and names in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.appraisal.grade import CERTAINTY, minimal_differences
from helpers.comparison import IN_FULL
from helpers.display import anchor, number, with_origin
from helpers.effects import CONTROLLED_ESTIMANDS, EXOSOME_ROLES
from helpers.figures.forest import author_year
from helpers.figures.outcome import harm_rows
from helpers.formats import DAGGER, joined, plain_unit, plain_words, show_number, show_with_unit
from helpers.narrative.pooled import trial_needed
from helpers.pooling.groups import AS_PRINTED
from helpers.tables import TABLES, Tables, read_table, validate
from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from notebookpress.tables import records
from trialfiles.record import Row


def load_tables(processed: str | Path) -> Tables:
    """Return every table of a folder; one that is not there yet is empty, with its columns.

    Raises
    ------
    notebookpress.tables.TableError
        When a table is there and cannot be read or breaks its schema.
    """
    folder = Path(processed)
    return {
        name: read_table(name, folder) if (folder / f"{name}.parquet").exists() else validate(name, [])
        for name in TABLES
    }


def evidence_studies(tables: Tables) -> pd.DataFrame:
    """Return the studies that are evidence on exosomes: established treatments are only compared with.

    Where a report of cases prints no number of people, its cases are counted: each is an arm of its own.
    """
    sources = tables["sources"]
    comparators = set(sources.loc[sources["tier"] == "comparator", "study_id"])
    studies = tables["studies"]
    studies = studies[~studies["study_id"].isin(comparators)].copy()
    studies["n_stated"] = studies["n_analysed"].fillna(studies["n_enrolled"])
    cases = studies["study_id"].map(tables["arms"]["study_id"].value_counts())
    silent = (studies["comparison"] == "case") & studies["n_stated"].isna()
    studies.loc[silent, "n_analysed"] = cases[silent].astype("Int64")
    return studies


def widest_tier(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the widest body of evidence, as printed: with published studies where asked for."""
    wide = frame["evidence"] == "published"
    if "scenario" in frame:
        wide &= frame["scenario"].fillna(AS_PRINTED) == AS_PRINTED
    return frame[wide] if wide.any() else frame


def with_titles(text: Any, titles: Mapping[str, str]) -> str:
    """Return a text in which each study has its name for a reader, in the place of its `study_id`."""
    known = "|".join(map(re.escape, sorted(titles, key=len, reverse=True)))
    names = re.compile(rf"\b({known})\b({DAGGER})?")  # one that is marked already gets no second mark
    added = {name: "" if title.endswith(DAGGER) else DAGGER for name, title in titles.items()}
    told = partial(names.sub, lambda found: titles[found[1]] + (found[2] and added[found[1]] or ""))
    return told(str(text)) if known else str(text)


def study_titles(sources: pd.DataFrame) -> dict[str, str]:
    """Return each study's name for a reader: first author and year, or the number of a registration.

    Where no author is named, kind and place or year, such as `Preprint of 2024`, else the first words of the
    title; two studies of one name have their `study_id` too. A double dagger marks what is known second-hand.
    """
    names: dict[str, str] = {}
    for row in records(sources):
        study, cited = row["study_id"], json.loads(row["reference"] or "{}")
        name = row["registration"] if not row["has_results"] else None
        name = name or _cited_name(cited) or re.split(r"[,.;] ", cited.get("title", ""))[0]
        names.setdefault(study, name if 0 < len(name) <= 40 else study)
    shared = {name for name in names.values() if list(names.values()).count(name) > 1}
    names = {study: f"{name} ({study})" if name in shared else name for study, name in names.items()}
    return {study: names[study] + mark for study, mark in _marks(sources, "study_id").items()}


def other_titles(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the names of other treatments' studies and of registrations of which only a copy was seen."""
    marks = _marks(tables["comparators"], "study_id") | _marks(tables["trials"], "trial_id")
    return {study: author_year(study) + mark for study, mark in marks.items() if mark}


def _marks(frame: pd.DataFrame, name: str) -> dict[str, str]:
    """Return the mark of what is known second-hand, wholly or in part, and nothing for the others."""
    seen = frame["second_hand"].fillna(False).astype(bool).groupby(frame[name], sort=False).any()
    return {study: DAGGER * found for study, found in seen.items()}


def _cited_name(item: Mapping[str, Any]) -> str | None:
    """Return the name of a work that is an item of CSL-JSON."""
    year = item["issued"]["date-parts"][0][0] if "issued" in item else ""
    if names := item.get("author"):
        return f"{names[0].get('family') or names[0].get('literal')} {year}".strip()
    where = f"at {item['container-title']}" if "container-title" in item else f"of {year}" if year else ""
    return f"{item['genre']} {where}".strip() if "genre" in item else None


NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
NUMBERS += "sixteen"


def reported_lines(tables: Tables) -> pd.DataFrame:
    """Return the lines of `comparisons` that tell what happened after exosomes.

    Lines of an arm without exosomes, of established treatments and of outcomes not reported are left out.
    """
    lines, arms = tables["comparisons"], tables["arms"]
    names = ["study_id", "arm_id"]
    plain = pd.MultiIndex.from_frame(arms.loc[~arms["role"].isin(EXOSOME_ROLES), names])
    treated = lines["arm_id"].isna() | ~pd.MultiIndex.from_frame(lines[names]).isin(plain)
    return lines[(lines["tier"] != "comparator") & (lines["direction"] != "not reported") & treated]


def number_word(value: int) -> str:
    """Return a small whole number as a word, a larger one in digits."""
    words = NUMBERS.split()
    return words[value] if 0 <= value < len(words) else str(value)


def count_words(value: int, one: str, many: str) -> str:
    """Return a count with its noun: `one study`, `five studies`."""
    return f"{number_word(value)} {one if value == 1 else many}"


def capital(text: str) -> str:
    """Return a text with a capital first letter; names inside keep theirs."""
    return text[:1].upper() + text[1:]


def concept_list(concepts: list[str], most: int) -> str:
    """Return outcomes as a sentence lists them; beyond `most` they are counted."""
    words = [plain_words(name) for name in dict.fromkeys(concepts)]
    if len(words) <= most:
        return joined(words)
    return joined([*words[: most - 1], f"{number_word(len(words) - most + 1)} more outcomes"])


HIGH_RISK = {"high", "serious", "critical"}


def _controlled_evidence(tables: Tables, titles: Mapping[str, str]) -> str:
    """Return how many studies with a result had a control, and what came of it where they are few."""
    studies, lines = evidence_studies(tables), reported_lines(tables)
    if lines.empty:
        return "There is nothing to tell of hair before and after."
    studies = studies[studies["study_id"].isin(lines["study_id"])]
    lines = lines[lines["estimand"].isin(CONTROLLED_ESTIMANDS) & lines["contrast_doubt"].isna()]
    names = sorted(set(lines["study_id"]))
    facts = [_people(studies) + _largest(studies, titles), _full_texts(tables, studies)]
    people = f" ({'; '.join(filter(None, facts))})" if any(facts) else ""
    total, without = len(studies), len(studies) - len(names)
    with_results = f"{number_word(total)} studies with results{people} had"
    start = f"{capital(number_word(without))} of {with_results} no control group by design"
    if total == 1:
        start = f"The only study{people} has {'a' if names else 'no'} control group by design"
    elif without in (0, total):
        start = f"{'All' if names else 'None of'} {with_results} a control group by design"
    given = _given_beside(tables, studies, titles)
    if not 0 < len(names) <= 2:  # more are only counted
        return f"{start}.{given}"
    each = {titles.get(name, name): lines[lines["study_id"] == name] for name in names}
    told = [f"{title}{_against_control(tables, own, studies)}" for title, own in each.items()]
    other = "the other, " if without and len(names) == 1 else ""
    return f"{start}. In {other}{'; in '.join(told)}.{given}"


def _largest(studies: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return the study that has more than half of all people, where there are several."""
    people = studies["n_analysed"].fillna(studies["n_enrolled"])
    if len(people) < 3 or people.isna().any() or people.max() <= people.sum() / 2:
        return ""
    [row] = records(studies.loc[[people.idxmax()]])
    size = number(row, "n_enrolled" if row["n_analysed"] is None else "n_analysed")
    return f", {size} in {titles.get(row['study_id'], row['study_id'])}"


def _full_texts(tables: Tables, studies: pd.DataFrame) -> str:
    """Return how many studies were read in full, unless all were."""
    sources = tables["sources"][tables["sources"]["study_id"].isin(studies["study_id"])]
    full = sources.loc[sources["access"] == "full text", "study_id"].nunique()
    if full == len(studies) or sources["access"].isna().all():
        return ""
    return f"{number_word(full) if full else 'none'} read in full"


def _given_beside(tables: Tables, studies: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return which studies gave exosomes only with another treatment; many are counted."""
    arms = tables["arms"]
    own = arms[arms["study_id"].isin(studies["study_id"]) & arms["role"].isin(EXOSOME_ROLES)]
    only = (own["role"] == "exosome_combination").groupby(own["study_id"]).all()
    names = sorted(only.index[only])
    if not names:
        return ""
    given = own.loc[own["study_id"].isin(names), "co_intervention"].dropna()
    companions = given.str.split(",").str[0].str.split().str[-1]
    what = joined(sorted(set(companions))) or "another treatment"
    many = capital(f"{number_word(len(names))} studies")
    who = many if len(names) > 2 else joined([titles.get(name, name) for name in names])
    return f" {who} gave exosomes only with {what}."


def _against_control(tables: Tables, lines: pd.DataFrame, studies: pd.DataFrame) -> str:
    """Return the people of one controlled study, and how each outcome stands to the control."""
    who = _people(studies[studies["study_id"].isin(lines["study_id"])])
    facts = [who, *_product_and_text(tables, lines)]
    people = f" ({'; '.join(filter(None, facts))})" if any(facts) else ""
    words = {"better": "better than", "worse": "worse than", "no change": "no different from"}
    told = []
    for concept, part in lines.groupby("concept", sort=True):
        way, *more = part["direction"].unique()
        how = "now better, now worse than" if more else words.get(way, "not clearly different from")
        size = _size(tables, part) if len(part) == 1 else ""
        told.append(f"{plain_words(concept)} came out {how} the control{size}")
    at_risk = set(lines["risk_of_bias"].dropna()) & HIGH_RISK
    return f"{people}{', at high risk of bias' if at_risk else ''}, {joined(told)}"


def _product_and_text(tables: Tables, lines: pd.DataFrame) -> list[str]:
    """Return how the vesicles were given, where they came from, and what was read if no full text."""
    arms = tables["arms"].merge(lines[["study_id", "arm_id"]].drop_duplicates())
    origins, routes = (arms[name].dropna().drop_duplicates() for name in ("exosome_source", "route"))
    own = tables["sources"]["study_id"].isin(lines["study_id"])
    access = tables["sources"].loc[own, "access"].dropna().unique()
    read = "; ".join(name for name in access if name != "full text")
    vesicles = "; ".join(origins)
    vesicles = vesicles and (vesicles if vesicles.startswith("origin") else f"vesicles: {vesicles}")
    return [*routes, vesicles, f"read: {read} only" if read else ""]


def _size(tables: Tables, line: pd.DataFrame) -> str:
    """Return a difference in plain terms, in brackets: the medians of the arms where there is no mean."""
    [row] = records(line)
    parts = [_medians(tables, row)]
    if not parts[0] and row["effect"] is not None:
        sizes = (row[name] for name in ("effect", "ci_lower", "ci_upper", "unit", "estimand", "concept"))
        parts = [with_origin(show_with_unit(*sizes), anchor("effect", row["effect_id"]))]
    if row["p_value"] is not None:
        bound = str(row["p_value_token"] or "").strip().startswith("<")
        own = tables["reported_contrasts"]
        own = own[(own["study_id"] == row["study_id"]) & (own["p_value"] == row["p_value"])]
        p = number(next(iter(records(own)), row), "p_value", show_number(row["p_value"]))
        parts.append(f"p {'< ' if bound else ''}{p}")
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _medians(tables: Tables, row: Row) -> str:
    """Return the median changes of the treated and the only other arm; nothing where means are printed."""
    results = tables["results"]
    names = ("study_id", "concept", "site", "timepoint_weeks")
    same = (results[list(names)] == [row[name] for name in names]).all(axis=1)
    own = results[same & (results["kind"] == "change") & results["median"].notna()]
    treated = own[own["arm_id"] == row["arm_id"]]
    other = own[own["arm_id"] != row["arm_id"]]
    if len(treated) != 1 or len(other) != 1:
        return ""
    sizes = [number(records(part)[0], "median") for part in (treated, other)]
    unit = plain_unit(treated.iloc[0]["unit"])
    area = " in an area not stated" if unit == "hairs" else ""
    return f"median change {sizes[0]} against {sizes[1]} {unit}{area}"


def _what_would_change(tables: Tables) -> str:
    """Return what one more trial would change for hair, and how many of the registered come near it."""
    trials, summary = tables["ongoing_trials"], widest_tier(tables["summary_of_findings"])
    order = {name: place for place, name in enumerate(CERTAINTY["summary_outcomes"])}
    rows = sorted(records(of_hair(summary)), key=lambda row: order[row["concept"]])
    start = ""
    own = [
        turn
        for turn in records(tables["turning_points"])
        if rows and turn["summary_id"] == rows[0]["summary_id"]
    ]
    visible = minimal_differences(tables["thresholds"]).get(rows[0]["concept"]) if rows else None
    if needed := trial_needed(own, visible):
        start = "What would change the answer: a randomised trial at low risk of bias. For "
        start += f"{plain_words(rows[0]['concept'])}, {needed}."
    if trials.empty:
        return f"{start} No registered trial is on the list.".strip()
    able, maybe = (int((trials["can_answer"] == verdict).sum()) for verdict in ("yes", "not known"))
    listed = count_words(len(trials), "registered trial", "registered trials")
    found = (
        f"{capital(number_word(able)) if able else 'Not one'} of {listed} {'are' if able > 1 else 'is'} known"
    )
    found += " to be able to answer this by counting hair"
    found += f"; of {number_word(maybe)} too little was seen" if maybe else ""
    return f"{start} {found}.".strip()


def _people(studies: pd.DataFrame) -> str:
    """Return `19 people`, or that some studies do not say; nothing where none does."""
    people = studies["n_analysed"].fillna(studies["n_enrolled"])
    silent, total = int(people.isna().sum()), int(people.sum())
    if silent == len(studies):
        return ""
    noun = "person" if total == 1 else "people"
    if len(studies) == 1:
        [row] = records(studies)
        return f"{number(row, 'n_enrolled' if row['n_analysed'] is None else 'n_analysed')} {noun}"
    if not silent:
        return f"{total} {noun}"
    verb = "does" if silent == 1 else "do"
    return f"at least {total} {noun}; {number_word(silent)} {verb} not say how many"


CERTAINTY_ORDER = ("high", "moderate", "low", "very low", "no evidence")
GROWTH = ("density", "calibre", "global")  # families of outcomes that tell of hair itself


def answer_sentences(tables: Tables) -> list[str]:
    """Return the answer in five plain sentences, of which that on harms may be empty.

    Whether it is known; what studies with a control show; harms, or nothing where no study speaks of any;
    whether anything could be pooled; what would change it. Text, not HTML; numbers keep their origins.
    """
    titles = study_titles(tables["sources"])
    return [
        _verdict(tables),
        _controlled_evidence(tables, titles),
        _harms(tables, titles),
        f"{capital(_pooling(tables['pooled']))}.",
        _what_would_change(tables),
    ]


def _verdict(tables: Tables) -> str:
    """Return whether it is known that exosomes regrow hair, and how certain that is."""
    if reported_lines(tables).empty:
        studies = evidence_studies(tables)
        start = "No study has been read yet" if studies.empty else "No study on the list reports a result yet"
        return f"{start}, so it is not known whether exosome therapy regrows hair."
    certainty = widest_tier(tables["certainty"])
    judged = certainty[certainty["certainty"] != "no evidence"]
    if judged.empty:
        return "It is not known whether exosome therapy regrows hair: the certainty has not been judged yet."
    nobody = f"The studies found cannot say whether exosome therapy regrows hair: {_levels(judged)}."
    return _best_statement(tables, judged) or nobody


def of_hair(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of outcomes that tell of hair itself."""
    return judged[judged["concept"].map(lambda name: OUTCOME_CONCEPTS[name].family in GROWTH).astype(bool)]


def _best_statement(tables: Tables, judged: pd.DataFrame) -> str | None:
    """Return what the surest outcome of hair itself says, where any is surer than very low."""
    hair = of_hair(judged).query("certainty != 'very low'")
    if hair.empty:
        return None
    first = min(records(hair), key=lambda row: (CERTAINTY_ORDER.index(row["certainty"]), row["concept"]))
    summary = tables["summary_of_findings"]
    own = summary[(summary["concept"] == first["concept"]) & (summary["evidence"] == first["evidence"])]
    if own.empty:
        return None
    return f"{own.iloc[0]['statement'].rstrip('.')} ({first['certainty']} certainty; {_levels(judged)})."


RATED_DOWN_FOR = {  # the domains of GRADE, as a reader who does not know them understands them
    "risk_of_bias": "risk of bias",
    "inconsistency": "results that differ",
    "indirectness": "indirect evidence",
    "imprecision": "too few data",
    "publication_bias": "results that may be missing",
}


def _reason(judged: pd.DataFrame) -> str:
    """Return for what every outcome was rated down; nothing where no domain is common to all."""
    common = [words for domain, words in RATED_DOWN_FOR.items() if (judged[domain] > 0).all()]
    each = "each was" if len(judged) > 1 else "it was"
    return f", because {each} rated down for {joined(common)}" if common else ""


def _levels(judged: pd.DataFrame) -> str:
    """Return the certainty of all outcomes with a result, by level."""
    levels = judged.groupby("certainty")["concept"].agg(list).to_dict()
    levels = {level: levels[level] for level in CERTAINTY_ORDER if level in levels}
    if len(levels) == 1:
        level, names = next(iter(levels.items()))
        every = "both outcomes" if len(names) == 2 else f"all {number_word(len(names))} outcomes"
        what = plain_words(names[0]) if len(names) == 1 else f"{every} with a result"
        return f"the certainty of the evidence is {level} for {what}{_reason(judged)}"
    told = [f"{level} for {concept_list(names, 3)}" for level, names in levels.items()]
    return "the certainty of the evidence is " + joined(told)


def _pooling(pooled: pd.DataFrame) -> str:
    """Return what could be pooled, with its estimate, or why nothing could."""
    if pooled.empty:
        return "nothing has been pooled yet"
    if (core := pooled["evidence"] == "core").any():  # the answer rests on the five sources
        pooled = pooled[core]
    fits = pooled[pooled["pooled"] & ~pooled["without_certain_discrepancies"]]
    fits = fits[fits["estimand"] != "proportion"].drop_duplicates("concept")
    if fits.empty:
        if pooled["k"].max() < 2:
            return "no meta-analysis is possible, because no outcome has two comparable estimates"
        return "no meta-analysis is possible, for the reasons given with each outcome"
    found = []
    for fit in fits.itertuples():
        size = show_with_unit(fit.estimate, fit.ci_lower, fit.ci_upper, fit.unit, fit.estimand, fit.concept)
        size = with_origin(size, anchor("pooled", fit.pooled_id))
        found.append(f"{plain_words(fit.concept)} ({fit.k} estimates: {size})")
    rest = pooled["concept"].nunique() - len(fits)
    others = f", and nothing for {count_words(rest, 'other outcome', 'other outcomes')}" if rest else ""
    return f"estimates could be pooled for {joined(found)}{others}"


def _harms(tables: Tables, titles: Mapping[str, str]) -> str:
    """Return how many studies mention adverse events, where that was read, and what they say of them."""
    events = tables["adverse_events"]
    events = events[events["study_id"].isin(reported_lines(tables)["study_id"])]
    rows = harm_rows(events, tables["sources"])
    if not rows:
        return ""
    studies = {row["study_id"] for row in rows}
    partly = {row["study_id"] for row in rows if row["read"] != "full text"}
    states = tables["missing_evidence"].query("concept == 'adverse_events'")["state"]
    unknown = len(states) and IN_FULL not in set(states)
    start = (
        "Whether it is safe is not known: no study gives a full count of adverse events. " if unknown else ""
    )
    parts = [
        f"{start}{capital(count_words(len(studies), 'study mentions', 'studies mention'))} "
        f"{'any' if start else 'adverse events'}"
    ]
    if any(row["effect"] == 0 for row in rows) and len(rows) > 1:
        parts[0] += ", some to deny them"
    if partly:
        parts[0] += (
            f"; {number_word(len(partly))} of these {'was' if len(partly) == 1 else 'were'} not read in full"
        )
    alone = set(events.loc[events["n"].eq(1).fillna(False), "study_id"])
    listed = dict.fromkeys(row["study_id"] for row in rows if row["effect"] is None)
    for name in sorted(listed, key=titles.get):
        own = (row["event"].split("; ") for row in rows if row["effect"] is None and row["study_id"] == name)
        kinds = sorted({kind.split(" (")[0] for kinds in own for kind in kinds})
        kinds = kinds if len(kinds) <= 4 else [*kinds[:3], "others"]
        people = "a single patient" if name in alone else "without a count"
        parts.append(f"{titles[name]} ({people}) names {joined(kinds)}")
    none = [row for row in rows if row["effect"] == 0]
    if none:
        largest = max(none, key=lambda row: (row["n"], row["study_id"]))
        named = f"{titles[largest['study_id']]} ({number(largest, 'n')} people)"
        event = largest["event"].split("; ")[0].removeprefix("any ")
        parts.insert(1, f"the largest that reports none is {named}: no {event}")
    rest = capital("; ".join(parts[1:]))
    return f"{parts[0]}. {rest}." if rest else f"{parts[0]}."
