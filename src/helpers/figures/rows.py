"""Rows of the tables arranged for figures of a study and of an outcome."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from helpers.appraisal.discrepancies import RULES
from helpers.context import CONTROLS, comparator_changes
from helpers.effects import EXOSOME_ROLES
from helpers.figures import FIGURE_WORDS
from helpers.formats import is_missing, plain_unit, plain_words, show_estimate, show_interval, show_number
from helpers.tables.vocabulary import CONCERNS, ESTIMAND_WORDS, OUTCOME_CONCEPTS, label
from notebookpress.tables import records, split_ids

HAIR = ("density", "calibre")  # families of outcomes
COMPARISON_WORDS = FIGURE_WORDS["comparisons"]
_RULE_ORDER = {rule.name: place for place, rule in enumerate(RULES)}  # what is computed from figures first


def characteristics(study: dict[str, Any]) -> pd.DataFrame:
    """Return a study's row as `field` and `value`; what is not stated stays missing."""
    ahead = " (expected)" if is_missing(study.get("n_enrolled")) and study.get("n_planned") else ""
    for name, of in (("starts_on", ""), ("primary_completion_on", ""), ("ends_on", study.get("end_of"))):
        if study.get(name):
            study = study | {name: f"{study[name]}{ahead}" + (f", of the {of}" if of else "")}
    values = {words: study.get(name) for name, words in FIGURE_WORDS["characteristics"].items()}
    whole = {words: f"{value:g}" if isinstance(value, float) else value for words, value in values.items()}
    return pd.DataFrame({"field": list(whole), "value": pd.Series(list(whole.values()), dtype=object)})


def by_weight(discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return discrepancies, the certain first, then by concern, rules in their order, reviewers."""
    keys = discrepancies.assign(
        certain=~discrepancies["certain"].astype(bool),
        concern=discrepancies["concern"].map(CONCERNS.index),
        check=discrepancies["check"].map(_RULE_ORDER),
    )
    order = ["certain", "concern", "detected_by", "check", "discrepancy_id"]
    return discrepancies.loc[keys.sort_values(order, kind="stable").index]


def timeline_events(
    outcomes: pd.DataFrame, results: pd.DataFrame, arms: pd.DataFrame, claimed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return events for `timeline`: what was measured, told in words (`claimed`), promised only; sessions.

    Sessions are drawn only where number and interval are both stated; a single session stands at week 0.
    """
    measured = {(row["concept"], _week(row)) for row in records(results)}
    planned = [(row["concept"], _week(row)) for row in records(outcomes.query("concept != 'adverse_events'"))]
    marks = [(label(concept), week, "measured") for concept, week in sorted(measured, key=str)]
    for concept, week in planned:
        if (concept, week) not in measured:
            mark = "planned" if results.empty else "words" if concept in claimed else "promised"
            marks.append((label(concept), week, mark))
    for arm in records(arms):
        count, gap = arm["sessions"], arm["interval_weeks"]
        if count and (gap is not None or count == 1):
            lane = f"sessions: {arm['label'] or arm['arm_id']}"
            marks += [(lane, number * (gap or 0), "session") for number in range(int(count))]
    return [dict(zip(("lane", "weeks", "mark"), event, strict=True)) for event in marks]


def case_pairs(results: pd.DataFrame) -> pd.DataFrame:
    """Return values before and after for single people: `case`, `before`, `after`, `measure`, `unit`."""
    names = ["arm_id", "concept", "site", "unit"]
    known = (results["kind"] == "level") & results["sd"].isna() & results["mean"].notna()
    rows = results[known]
    start = (rows["timepoint_weeks"] == 0).fillna(False)
    pairs = rows[start].merge(rows[~start], on=names, suffixes=("_before", "_after"))
    share = (pairs["unit"] == "proportion").fillna(False)
    return pd.DataFrame({
        "case": pairs["arm_id"].str.replace("_", " ") + ", " + pairs["site"],
        "before": pairs["mean_before"].where(~share, 100 * pairs["mean_before"]),
        "after": pairs["mean_after"].where(~share, 100 * pairs["mean_after"]),
        "measure": pairs["concept"].map(label),
        "unit": pairs["unit"].mask(share, "%"),
    })  # fmt: skip


def estimate_rows(effects: pd.DataFrame, unit: str, arms: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return headline estimates for `forest`, named in words; those in another unit than the axis as text."""
    rows = []
    for row in records(effects[(effects["headline"] == "yes") & effects["effect"].notna()]):
        week = "" if row["timepoint_weeks"] is None else f", week {row['timepoint_weeks']:.0f}"
        arm = arms.get(row["arm_id"]) or row["arm_id"]
        arm = f" ({arm})" if row["estimand"] == "uncontrolled_change" else ""
        name = f"{label(row['concept']).capitalize()}, {ESTIMAND_WORDS[row['estimand']]}{arm}{week}"
        people = str(row["n"]) if row["n"] is not None else row["n_assumed"]
        on_axis = row["unit"] == unit
        sizes = {part: row[part] if on_axis else None for part in ("effect", "ci_lower", "ci_upper")}
        sizes |= {"instead": None if on_axis else instead_words(row)}
        rows.append({"study_id": name, "n": people, "assumed": [] if row["n"] is not None else ["n"]} | sizes)
    return rows


def _week(row: dict[str, Any]) -> float | None:
    week = row["timepoint_weeks"]
    return None if week is None else round(week, 1)


AUTHOR_YEAR = re.compile(r"([a-z]+)((?:19|20)\d\d)(.*)")


def author_year(name: str) -> str:
    """Return the short name of a study that stands in context as author, year and what else it holds.

    Examples
    --------
    >>> author_year("olsen2006"), author_year("jimenez2014_men_7_beam"), author_year("Wan 2025")
    ('Olsen 2006', 'Jimenez 2014, men 7 beam', 'Wan 2025')
    """
    if name in FIGURE_WORDS["names"]:
        return FIGURE_WORDS["names"][name]
    found = AUTHOR_YEAR.fullmatch(name)
    if not found:
        return name.replace("_", " ").capitalize() if name.islower() else name
    author, rest = FIGURE_WORDS["authors"].get(found[1], found[1].capitalize()), found[3].replace("_", " ")
    return f"{author} {found[2]}{', ' + rest.strip() if rest.strip() else ''}"


SIGNS = {"better": "▲", "worse": "▼", "no change": "◄►", "unclear": "?"}
DAGGER = " ‡"  # seen second-hand only


def panel_rows(
    lines: pd.DataFrame, effects: pd.DataFrame, results: pd.DataFrame
) -> tuple[list[dict[str, Any]], str]:
    """Return an outcome's lines as rows of `forest`, and the unit of its axis.

    Parameters
    ----------
    lines : pandas.DataFrame
        Rows of `comparisons` of one outcome.
    effects, results : pandas.DataFrame
        The tables of these names: they hold the means and SDs from which an effect was computed.

    Returns
    -------
    (list of dict, str)
        The axis has the outcome's own unit, or else that of most effects; what has another unit, no figure,
        or no single figure, and a share of people that no other stands against, is told in words. Second-hand
        lines are marked.
    """
    rows = [row for row in records(lines) if row["direction"] != "not reported"]
    sized = [row for row in rows if row["effect"] is not None and row["estimand"] != "proportion"]
    units = [row["unit"] or "" for row in sized]
    concepts = {row.get("concept") for row in rows} & set(OUTCOME_CONCEPTS)
    own = {OUTCOME_CONCEPTS[name].unit for name in concepts}
    unit = max(dict.fromkeys(units), key=lambda unit: (unit in own, units.count(unit)), default="")
    used = effects.set_index("effect_id")["result_ids"].to_dict()
    known = {row["result_id"]: row for row in records(results)}
    shown = []
    for row in sorted(rows, key=lambda row: (row["tier"], row["estimand"] or "", row["study_id"])):
        on_axis = row in sized and (row["unit"] or "") == unit
        sizes = {name: row[name] if on_axis else None for name in ("effect", "ci_lower", "ci_upper")}
        people, _, how = str(row["n"] or "").partition(" (")  # how it was assumed, where it was
        behind = [known[name] for name in split_ids(used.get(row["effect_id"])) if name in known]
        moments = {name: _by_arm(behind, name) if on_axis else None for name in ("mean", "sd")}
        shown.append(sizes | moments | {
            "study_id": _named(row),
            "estimand": plain_words(row["estimand"]) or "–",
            "time": row["timepoint_printed"] or "time not stated",
            "n": people or None,
            "assumed": ["n"] if how else [],
            "risk_of_bias": row["risk_of_bias"],
            "instead": None if on_axis else f"{SIGNS.get(row['direction'], '?')} {instead_words(row)}",
        })  # fmt: skip
    return shown, unit


def _by_arm(results: list[dict[str, Any]], name: str) -> str | None:
    """Return what was printed of each arm, a line an arm, from the first time to the last."""
    arms: dict[str, list[dict[str, Any]]] = {}
    for row in results:
        arms.setdefault(row["arm_id"], []).append(row)
    lines = []
    for own in arms.values():
        own.sort(key=lambda row: (row["timepoint_weeks"] is None, row["timepoint_weeks"] or 0))
        lines.append(" → ".join("–" if row[name] is None else show_number(row[name]) for row in own))
    return "\n".join(lines) if any(row[name] is not None for row in results) else None


def _named(row: dict[str, Any]) -> str:
    """Return a study with the part of the scalp or the person that a line is about, where it names one."""
    where = f": {row['site']}" if row["site"] not in (None, "all") else ""
    return f"{row['study_id']}{DAGGER if row['second_hand'] else ''}{where}"


def direction_rows(comparisons: pd.DataFrame, studies: pd.DataFrame) -> list[dict[str, Any]]:
    """Return lines as rows of `direction`, with the people and design of the whole study.

    Lists of events and shares of people with nothing beside them have no direction and are left out.
    """
    known = {row["study_id"]: row for row in records(studies)}
    cases = comparisons.groupby("study_id")["arm_id"].nunique()
    rows = []
    for row in records(comparisons):
        if row["concept"] == "adverse_events" or row["estimand"] == "proportion":
            continue
        study = known.get(row["study_id"], {})
        people = study.get("n_analysed") or study.get("n_enrolled")
        if people is None and study.get("comparison") == "case":  # each case is an arm
            people = int(cases[row["study_id"]])
        rows.append(row | {"n": people, "design": plain_words(study.get("comparison") or "") or None})
    return rows


def modifier_rows(
    arms: pd.DataFrame, studies: pd.DataFrame, comparisons: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return directions of hair itself by what may modify the effect, as rows of `direction`.

    An arm with exosomes stands in each group that its words name (`words.yaml`); what is not told is in none.
    """
    sexes = studies.set_index("study_id")["sex"]
    own = arms[arms["role"].isin(EXOSOME_ROLES)].assign(sex=arms["study_id"].map(sexes))
    told = [row for row in direction_rows(comparisons, studies) if row["direction"] != "not reported"]
    hair = [row for row in told if OUTCOME_CONCEPTS[row["concept"]].family in HAIR]
    rows = []
    for column, group, pattern in FIGURE_WORDS["modifiers"]:
        said = own[column].fillna("not stated").astype(str)
        named = own[~said.str.startswith("not ") & said.str.contains(pattern)]
        members = set(zip(named["study_id"], named["arm_id"], strict=True))
        rows += [row | {"concept": group} for row in hair if (row["study_id"], row["arm_id"]) in members]
    return rows


def instead_words(row: dict[str, Any]) -> str:
    """Return what there is where no effect stands on the axis: another unit, a range, a direction."""
    if row["effect"] is not None:
        share = row["unit"] == "proportion"
        factor = 100 if share else 1
        size = f"{show_estimate(row['effect'] * factor)} {'%' if share else plain_unit(row['unit'])}".strip()
        if row["ci_lower"] is None:
            return size
        return f"{size} ({show_interval(row['ci_lower'] * factor, row['ci_upper'] * factor)})"
    if row["direction"] == "not reported":
        return "planned, not reported"
    return row["printed_range"] or f"{row['direction']}, no figure"


def context_rows(
    context: pd.DataFrame, comparators: pd.DataFrame, unit: str, comparisons: pd.DataFrame | None = None
) -> list[dict[str, Any]]:
    """Return changes after exosomes, of control arms and of other treatments as rows of `context_plot`.

    The people behind a change after exosomes stand in `comparisons`.
    """
    own = context[(context["unit"] == unit) & context["effect"].notna()].rename(
        columns={"timepoint_printed": "time"}
    )
    other = comparator_changes(comparators).sort_values(["treatment", "change"])
    other = other[(other["unit"] == unit) & other["concept"].isin(("hair_density", "hair_density_relative"))]
    group = other["treatment"].isin(CONTROLS).map({True: "control", False: "active"})
    label = other["study_id"].map(author_year) + ": " + other["arm"]
    people = {} if comparisons is None else comparisons.set_index("line_id")["n"].to_dict()
    own = own.assign(
        group="exosome", row_id=own["line_id"], label=own["study_id"], n=own["line_id"].map(people)
    )
    other = other.assign(group=group, label=label, time=None, effect=other["change"])
    sizes = ["effect", "ci_lower", "ci_upper"]
    rows = []
    for frame in (own, other):
        frame = frame.rename(columns={"timepoint_weeks": "weeks"})  # noqa: PLW2901
        frame[sizes] *= 100 if unit == "proportion" else 1
        rows += records(frame[["group", "row_id", "label", "weeks", "n", "time", *sizes, "second_hand"]])
    return rows
