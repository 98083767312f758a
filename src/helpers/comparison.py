"""Results of an outcome side by side: direction, comparability, votes, and what placebo arms did."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pandas as pd
import scipy

from helpers.appraisal.grade import without_result
from helpers.appraisal.risk_of_bias import only_abstract
from helpers.effects import CONTROLLED_ESTIMANDS, EXOSOME_ROLES, comparator_key
from helpers.effects.means import comparator_changes
from helpers.tables import TABLES, Tables
from helpers.tables.vocabulary import EVIDENCE_STATES, OUTCOME_CONCEPTS, asked, label, tiers_of
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row


def comparison_lines(
    tables: Tables,
    *,
    overall: dict[str, str],
    time_tolerance: float = 0.25,
    tiers: tuple[str, ...] = ("core", "published", "comparator"),
    second_hand: bool = True,
) -> list[Row]:
    """Return the rows of `comparisons`: the headline effects in exosome arms, and what is told without one.

    Two lines are comparable when outcome, estimand, comparator, background, measure, unit and time agree and
    both have an interval.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `arms`, `outcomes`, `results`, `effects`, `discrepancies`, and `statements` where there are
        some.
    overall : dict of str to str
        Overall risk of bias by study.
    time_tolerance : float
        Two times are alike when they differ by no more than this share of the longer one.
    tiers : tuple of str
        Tiers that take part.
    second_hand : bool
        Whether lines that rest on a figure seen only second-hand take part.
    """
    lines = _effect_lines(tables)
    lines += _lines_without_effect(tables, lines)
    sources = {row["study_id"]: row for row in records(tables["sources"])}
    numbers: Counter[str] = Counter()
    chosen = []
    for line in lines:
        source = sources.get(line["study_id"], {})
        line |= {"tier": source.get("tier") or "core", "access": source.get("access")}
        if line.get("second_hand") is None:
            line["second_hand"] = bool(source.get("second_hand"))
        if line["tier"] in tiers and (second_hand or not line["second_hand"]):
            name = f"{line['study_id']}.{line['concept']}"
            numbers[name] += 1
            line |= {"line_id": f"{name}.{numbers[name]}", "risk_of_bias": overall.get(line["study_id"])}
            chosen.append(line)
    for line in chosen:
        told_alone = line["effect_id"] is None and line["direction"] in ("better", "worse")
        named = line["effect_id"] is None and line["direction"] != "not reported"
        if named and line["study_id"] in without_result(tables, line["concept"]):
            line |= {"direction": "unclear", "contrast_doubt": CLAIMED_ALONE}
        elif told_alone and not line["_since"]:
            line |= {"direction": "unclear", "contrast_doubt": UNCOMPARED}
        elif told_alone:
            line |= {"estimand": "uncontrolled_change", "comparator": "none"}
        line["why_not"] = _why_not(line, chosen, time_tolerance)
        line["comparable"] = line["why_not"] is None
    return [{key: value for key, value in line.items() if not key.startswith("_")} for line in chosen]


# What a line has of an effect as it is; `n` and `why_not` are set anew.
_OF_EFFECTS = [name for name in TABLES["effects"].columns if name in TABLES["comparisons"].columns]


def _effect_lines(tables: Tables) -> list[Row]:
    """Return a line for each headline effect in a treated arm, with the median or range that was printed."""
    effects, results = tables["effects"], tables["results"]
    headline = effects[(effects["headline"] == "yes") & in_exosome_arms(effects, tables["arms"])]
    printed = results[results["quantity_ids"].fillna("") != ""].drop_duplicates("quantity_ids", keep="last")
    printed = printed[["quantity_ids", "median", "iqr", "minimum", "maximum"]]
    lines = []
    for row in records(headline.merge(printed, on="quantity_ids", how="left")):
        line = {name: row[name] for name in _OF_EFFECTS}
        line["direction"] = _direction(row)
        line["n"] = row["n_assumed"] if row["n"] is None else str(row["n"])
        if row["n"] is None and line["n"] and "(" not in line["n"]:
            line["n"] += " (assumed)"
        line["printed_range"] = _printed_range(row) if row["effect"] is None else None
        line["certain_discrepancies"] = len(split_ids(row["discrepancy_ids"]))
        said = [part for part in (row["assumption"] or "").split("; ") if part.startswith("no interval")]
        line["_no_effect"] = row["why_not"] or next(iter(said), None)
        lines.append(line)
    return lines


def _direction(row: Row) -> str:
    doubtful = row["contrast_doubt"] and (row.get("term") or row["estimand"] == "uncontrolled_change")
    if row["estimand"] == "proportion" or doubtful:
        return "unclear"
    above = row["effect"]
    if above is not None and row["measure"] == "CLES":
        above -= 0.5  # the probability of superiority of equal groups
    return effect_direction(above, row["concept"], row["stated"])


def in_exosome_arms(rows: pd.DataFrame, arms: pd.DataFrame) -> pd.Series:
    """Return which rows are about exosome arms; an effect of combined arms names several."""
    treated = arms[arms["role"].isin(EXOSOME_ROLES)]
    known = set(zip(treated["study_id"], treated["arm_id"], strict=True))
    named = zip(rows["study_id"], rows["arm_id"].fillna(""), strict=True)
    own = [bool(names) and all((study, arm) in known for arm in split_ids(names)) for study, names in named]
    return pd.Series(own, index=rows.index, dtype=bool)


def _printed_range(row: Row) -> str | None:
    """Return a printed median or range in words, a proportion in percent."""
    of = OUTCOME_CONCEPTS[row["concept"]].of
    share = f"% of {of}" if of else "%"
    factor, unit = (100, share) if row["unit"] == "proportion" else (1, row["unit"] or "")
    median, low, high = row["median"], row["minimum"], row["maximum"]
    if median is not None:
        wide = "" if row["iqr"] is None else f" (interquartile range {row['iqr'] * factor:g} wide)"
        return f"median {median * factor:g} {unit}".strip() + wide
    if low is None or high is None:
        return None
    if of and low > 0:  # a gain, and not what is left
        return f"+{low * factor:g} to +{high * factor:g} {unit}"
    return f"{low * factor:g} to {high * factor:g} {unit}".strip()


_DENIED = "some kind of event is said not to have happened; others are not spoken of"
_CLAIMED = "told in words alone, without a figure"
CLAIMED_ALONE = "claimed, and no result is reported"
UNCOMPARED = "claimed in words that name nothing to compare with"
_SINCE = re.compile(r"\b(?:before|baseline)\b")  # of a claim that is a change within an arm
_TIME = ("timepoint_weeks", "timepoint_printed")
_EMPTY = dict.fromkeys(_OF_EFFECTS) | {"direction": "unclear", "certain_discrepancies": 0}


def _lines_without_effect(tables: Tables, lines: list[Row]) -> list[Row]:
    """Return a line for each outcome that is named without an effect: no figure, or nothing to compare."""
    key = ["study_id", "concept"]
    shown = {(line["study_id"], line["concept"]) for line in lines}
    both = (tables[name] for name in ("effects", "results"))
    effects, results = (frame[in_exosome_arms(frame, tables["arms"])] for frame in both)
    kinds, claims = effects[effects["term"].notna()], _claims(tables)
    later = results[results["timepoint_weeks"].ne(0).fillna(True)].sort_values(key)
    denied, claimed = _pairs(kinds), _pairs(claims)
    since = _pairs(claims[claims["says"].str.contains(_SINCE)])
    reported = _pairs(later) | denied | claimed
    ways = map(claimed_direction, claims["says"], claims["concept"])
    by_outcome = claims.assign(way=list(ways)).groupby(key)["way"]
    told = by_outcome.agg(lambda own: own.iloc[0] if own.nunique() == 1 else "unclear").to_dict()
    outcomes = tables["outcomes"][tables["outcomes"]["timepoint_weeks"].ne(0).fillna(True)]  # 0: no outcome
    once = records(outcomes.drop_duplicates(key, keep=False))
    times = {(row["study_id"], row["concept"]): {name: row[name] for name in _TIME} for row in once}
    named = pd.concat([frame[key] for frame in (kinds, outcomes, later, claims)]).drop_duplicates()
    return [
        _EMPTY
        | dict(zip(key, name, strict=True))
        | {"direction": told.get(name, "unclear") if name in reported else "not reported"}
        | {
            "_since": name in since,
            "_no_effect": _DENIED if name in denied else _CLAIMED if name in claimed else None,
        }
        | (times.get(name, {}) if name in reported else {})
        for name in named.itertuples(index=False, name=None)
        if name not in shown
    ]


_STATED = {"higher": 1, "lower": -1, "no change": 0}
_CLAIMED_WAYS = {
    "better": re.compile(r"\bimprov"),
    "higher": re.compile(r"\b(?:increas|higher|more)"),
    "lower": re.compile(r"\b(?:decreas|lower|less|fewer)"),
}
_DENIAL = re.compile(r"\b(?:no|not|never|nor|without)\b")


def claimed_direction(words: str, concept: str) -> str:
    """Return the direction of an outcome that is claimed in words; `unclear` where they tell none, or two.

    What is denied, and what can be asked only after treatment, has no direction.

    Examples
    --------
    >>> [claimed_direction(words, "hair_density") for words in ("increased", "less dense", "not increased")]
    ['better', 'worse', 'unclear']
    """
    found = [way for way, pattern in _CLAIMED_WAYS.items() if pattern.search(words)]
    if len(found) != 1 or _DENIAL.search(words) or OUTCOME_CONCEPTS[concept].asked_after:
        return "unclear"
    way = OUTCOME_CONCEPTS[concept].better if found == ["better"] else found[0]
    return effect_direction(None, concept, way)


def effect_direction(effect: float | None, concept: str, stated: str | None = None) -> str:
    """Return `better`, `worse`, `no change` or `unclear` for an effect on a concept.

    Where there is no effect, `stated` is its way as a median, a range or the source's words tell it.
    """
    better = OUTCOME_CONCEPTS[concept].better
    way = _STATED.get(stated or "") if effect is None else effect
    if not better or way is None:
        return "unclear"
    if way == 0:
        return "no change"
    return "better" if (way > 0) == (better == "higher") else "worse"


# What two lines share that may be set side by side, and what is said where no other does.
Partner = tuple[Callable[[Row], Any], str]
PARTNERS: tuple[Partner, ...] = (
    (itemgetter("estimand"), "others report another estimand"),
    (lambda line: comparator_key(line)[:2], "others compare with something else"),
    (lambda line: comparator_key(line)[2], "others give another treatment beside it"),
    (itemgetter("unit", "measure"), "others use another unit or measure"),
)


def _why_not(line: Row, lines: list[Row], tolerance: float) -> str | None:
    """Return why a line has no partner; None when it has one."""
    name = label(line["concept"])
    if line["direction"] == "not reported":
        return f"planned or named, and no figure reported: {name}"
    if line.get("contrast_doubt"):
        return line["contrast_doubt"]
    if line["ci_lower"] is None:
        return line.get("_no_effect") or "no interval can be computed from what is printed"
    others = [other for other in lines if other["concept"] == line["concept"]]
    others = [other for other in others if other["study_id"] != line["study_id"]]
    others = [other for other in others if other["ci_lower"] is not None and not other.get("contrast_doubt")]
    if not others:
        return f"no other study reports {name} with an interval"
    return set_apart(line, others, tolerance)


def set_apart(
    line: Row, others: list[Row], tolerance: float, partners: Sequence[Partner] = PARTNERS
) -> str | None:
    """Return what no other line shares with a line, time last; None where one shares everything."""
    for same, reason in partners:
        others = [other for other in others if same(other) == same(line)]
        if not others:
            return reason
    weeks = line["timepoint_weeks"]
    near = any(alike(weeks, other["timepoint_weeks"], tolerance) for other in others)
    return None if near else "others measure at another time"


def alike(a: float | None, b: float | None, tolerance: float) -> bool:
    """Return whether two times in weeks are near enough to be set side by side."""
    return a is not None and b is not None and abs(a - b) <= tolerance * max(a, b)


# What is known of each outcome in each study (ROB-ME).
IN_FULL, SOME_TIMES, IN_PART, IN_WORDS, NOT_REPORTED, NOT_NAMED, NOT_DUE, PAST, UNCLEAR = EVIDENCE_STATES
_FIGURES = ["mean", "median", "minimum", "maximum", "count", "percent", "estimate"]


def evidence_states(
    tables: Tables, late: Collection[str] = (), tiers: tuple[str, ...] = ("core", "published")
) -> list[Row]:
    """Return the rows of `missing_evidence`: what is known of each outcome in each study, and why so.

    `late` are registrations that are past their date without results; studies of `tiers` take part.
    """
    sources = tables["sources"].query("tier in @tiers").drop_duplicates("study_id").sort_values("study_id")
    named = pd.concat([tables[name][["study_id", "concept"]] for name in ("outcomes", "results", "effects")])
    concepts = sorted(named.loc[named["study_id"].isin(sources["study_id"]), "concept"].unique())
    with_results = _pairs(tables["results"]) | _pairs(_events(tables["adverse_events"]))
    reported = {study for study, _ in with_results} | set(sources.loc[sources["has_results"], "study_id"])
    told, planned, gaps = _told(tables), _pairs(tables["outcomes"]), _with_times_missing(tables)
    planned |= _pairs(tables["results"])  # of which no more than the start may be told
    rows = []
    for study, access in zip(sources["study_id"], sources["access"], strict=True):
        for concept in concepts:
            pair = (study, concept)
            if study not in reported:
                state = NOT_NAMED if pair not in planned else PAST if study in late else NOT_DUE
            elif found := next((state for state, pairs in told.items() if pair in pairs), None):
                gap = pair in gaps and found in (IN_FULL, IN_PART) and not only_abstract(access)
                state = SOME_TIMES if gap else found
            elif only_abstract(access):
                state = UNCLEAR
            else:
                state = NOT_REPORTED if pair in planned else NOT_NAMED
            row = {"concept": concept, "study_id": study, "state": state}
            rows.append(row | {"reason": EVIDENCE_STATES[state]})
    return rows


def _with_times_missing(tables: Tables) -> set[tuple[str, str]]:
    """Return the studies and outcomes with a planned time that no result is like; all times are known."""
    key = ["study_id", "concept"]
    planned = dict(iter(tables["outcomes"].dropna(subset="timepoint_weeks").groupby(key)["timepoint_weeks"]))
    found = set()
    for (study, concept), seen in tables["results"].groupby(key)["timepoint_weeks"]:
        later = [week for week in planned.get((study, concept), ()) if week]
        if seen.notna().all() and any(not any(alike(week, one, 0.25) for one in seen) for week in later):
            found.add((str(study), str(concept)))
    return found


def _told(tables: Tables) -> dict[str, set[tuple[str, str]]]:
    """Return the studies and outcomes of which something is told, by how much: the most first."""
    effects, events = tables["effects"], _events(tables["adverse_events"])
    results = tables["results"][tables["results"]["timepoint_weeks"].ne(0).fillna(True)]
    figures = results[[name for name in _FIGURES if name in results]].notna().any(axis=1)
    # That an event did not happen, in a source's words, is no count of people; a posted zero is one.
    counted = events[(events["count"] > 0) | events["group"].notna()].dropna(subset=["count", "n"])
    uncounted = _pairs(events[events["count"].isna() | events["n"].isna()])
    sizes = effects[effects["concept"] != "adverse_events"]
    claims = _claims(tables)
    empty = {(study, name) for name in claims["concept"].unique() for study in without_result(tables, name)}
    return {
        IN_FULL: _pairs(sizes.dropna(subset="ci_lower")) | (_pairs(counted) - uncounted),
        IN_PART: _pairs(results[figures]) | _pairs(sizes.dropna(subset="effect")) | _pairs(counted),
        IN_WORDS: _pairs(results) | _pairs(events) | (_pairs(claims) - empty),
    }


def _claims(tables: Tables) -> pd.DataFrame:
    """Return the statements that tell a result in words; an aim is none."""
    if "statements" not in tables:
        return pd.DataFrame(columns=["study_id", "concept", "says"])
    claims = tables["statements"].query("topic in ['claim', 'significance']")
    return claims[~claims["says"].str.contains(r"\baim\b")].rename(columns={"about": "concept"})


def _events(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(concept="adverse_events")


def _pairs(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Return each study with each of its outcomes."""
    return set(zip(rows["study_id"], rows["concept"], strict=True))


# Vote counting by direction.
_COMPARED = "the study compares this outcome with a control"
_VOTED = ("uncontrolled_change", *CONTROLLED_ESTIMANDS)
_ASKED = ["concept", "estimand", "comparator", "comparator_name", "background"]


def vote_rows(comparisons: pd.DataFrame, *, evidence: str = "both", level: float = 0.95) -> list[Row]:
    """Return the rows of `votes`: body of evidence by body (`core`, `published`, `both`), each question.

    A question is an outcome with estimand, comparator (by name where it is active) and what was given beside
    it. A study has one vote a question; one whose sites or times disagree has none, and no change at one of
    them says nothing against the others. Shares of people, lists of events and outcomes not reported are no
    votes, nor is an effect that is not the estimand that it looks like (`contrast_doubt`), or a change within
    an arm whose study has a comparison: its study stands under `left_out` with the reason. The times of the
    lines counted are named. `level` is the coverage of the exact intervals.
    """
    lines = comparisons[(comparisons["concept"] != "adverse_events") & comparisons["estimand"].isin(_VOTED)]
    sure = lines["contrast_doubt"].isna()
    controlled = sure & lines["estimand"].isin(CONTROLLED_ESTIMANDS)
    compared = controlled.groupby([lines["study_id"], lines["concept"]]).transform("any")
    changed = sure & compared & (lines["estimand"] == "uncontrolled_change")
    lines = lines.assign(
        contrast_doubt=lines["contrast_doubt"].mask(changed, _COMPARED),
        comparator_name=lines["comparator_name"].where(lines["comparator"] == "active"),
        question=["; ".join(map(str, comparator_key(line))) for line in records(lines)],
    )
    rows = []
    for body in asked(evidence):
        own = lines[lines["tier"].isin(tiers_of(body))]
        for _, group in own.groupby(["concept", "estimand", "question"]):
            question = records(group[_ASKED])[0]
            words = [str(name) for name in question.values() if name not in (None, "none")]
            row = {"vote_id": ".".join([body, *words]), "evidence": body}
            rows.append(row | question | _counted(group, level))
    return rows


def _counted(lines: pd.DataFrame, level: float) -> Row:
    """Return the votes of the lines of one outcome and estimand, and who has none and why."""
    sure = lines[lines["contrast_doubt"].isna()]
    directions = sure.groupby("study_id")["direction"].agg(_of_study)
    second_hand = sure.loc[sure["second_hand"].fillna(False).astype(bool), "study_id"]
    out = lines[lines["contrast_doubt"].notna() & ~lines["study_id"].isin(directions.index)]
    left_out = sorted(set(zip(out["study_id"], out["contrast_doubt"], strict=True)))
    return {
        "studies": join_ids(directions.index) or None,
        "times": _times(sure),
        "second_hand": join_ids(sorted(second_hand)) or None,
        "left_out": "; ".join(": ".join(pair) for pair in left_out) or None,
    } | votes(list(directions), level=level)


def _of_study(ways: pd.Series) -> str:
    """Return the direction of a study's lines, ties dropped where some line is none."""
    found = set(ways) - {"no change"} or {"no change"}
    return found.pop() if len(found) == 1 else "mixed"


def _times(lines: pd.DataFrame) -> str | None:
    """Return the times of lines, in whole weeks or as stated, the earliest first."""
    weeks = sorted(lines["timepoint_weeks"].dropna().round().astype(int).unique())
    unknown = lines.loc[lines["timepoint_weeks"].isna(), "timepoint_printed"].fillna("not stated")
    return "; ".join([*(f"week {week}" for week in weeks), *sorted(unknown.unique())]) or None


def votes(directions: list[str], *, level: float = 0.95) -> Row:
    """Count directions, one a study, and test whether better and worse are equally likely.

    `better` and `worse` are votes, every other word is none; without a vote there is no test. Two-sided exact
    test, Clopper and Pearson's limits for the share of better.

    Examples
    --------
    >>> votes(["better"] * 5 + ["worse"])["p_value"]
    0.21875
    """
    better, worse = directions.count("better"), directions.count("worse")
    counts = {"better": better, "worse": worse, "neither": len(directions) - better - worse}
    if better + worse == 0:
        return counts | dict.fromkeys(("p_value", "share", "share_lower", "share_upper"))
    test = scipy.stats.binomtest(better, better + worse, 0.5)
    low, high = test.proportion_ci(level, method="exact")
    shares = {"share": better / (better + worse), "share_lower": float(low), "share_upper": float(high)}
    return counts | {"p_value": float(test.pvalue)} | shares


# Other treatments and placebo beside exosomes; they never enter an estimate.
CONTROLS = ("placebo", "untreated")


def contextual_comparisons(
    comparisons: pd.DataFrame,
    comparators: pd.DataFrame,
    thresholds: pd.DataFrame,
    *,
    sexes: Mapping[str, str | None] | None = None,
    time_tolerance: float = 0.25,
    level: float = 0.95,
) -> list[Row]:
    """Return the rows of `context`: each change after exosomes against drift and visibility.

    Parameters
    ----------
    comparisons, comparators, thresholds : pandas.DataFrame
        The tables of these names.
    sexes : mapping of str to str, optional
        `male`, `female` or `all` by study: men are set beside men, women beside women.
    time_tolerance, level : float
        Two times are alike when they differ by no more than this share of the longer one; coverage.

    Returns
    -------
    list of dict
        Changes within an arm in hairs/cm² or as a share of baseline. `left_low` and `left_high` are the
        change less the highest and the lowest change of the control arms; they are missing, with the
        reason, where no control arm was measured at a like time, or the change is no single figure.
        `background_low` and `background_high` are the changes of arms that had nothing but what was given
        beside the exosomes, at a like time.
    """
    changes = comparator_changes(comparators, level=level)
    controls = records(changes[changes["treatment"].isin(CONTROLS)])
    others = records(changes[~changes["treatment"].isin(CONTROLS)])
    limits = {row["row_id"]: row for row in records(thresholds)}
    chosen = comparisons["concept"].isin(_DENSITIES) & (comparisons["estimand"] == "uncontrolled_change")
    rows = []
    for line in records(comparisons[chosen]):
        row = {name: line[name] for name in _OF_LINES}
        if line["effect"] is None:
            row["control_arms"] = 0
        else:
            row["why_not"] = None
            sex = (sexes or {}).get(line["study_id"])  # where both, or not told: all control arms
            own = [arm for arm in controls if sex not in ("male", "female") or arm["sex"] == sex]
            row |= _visible(line, limits) | _against_drift(line, own, time_tolerance)
            row |= _background_alone(line, others, time_tolerance)
        rows.append(row)
    return rows


_DENSITIES = ("hair_density", "hair_density_relative")
_OF_LINES = [name for name in TABLES["context"].columns if name in TABLES["comparisons"].columns]


def _near(arms: list[Row], line: Row, tolerance: float) -> list[Row]:
    """Return the arms in a line's unit that were measured at a like time."""
    own = [row for row in arms if row["unit"] == line["unit"]]
    return [row for row in own if alike(row["timepoint_weeks"], line["timepoint_weeks"], tolerance)]


def _against_drift(line: Row, controls: list[Row], tolerance: float) -> Row:
    """Return what is left of a change beside those of control arms in its unit at a like time."""
    arms = _near(controls, line, tolerance)
    if not arms:
        reason = "no control arm at a like time"
        if line["timepoint_weeks"] is None:
            reason = "the time since the first treatment is not stated"
        return {"control_arms": 0, "why_not": f"{reason}: not set against placebo"}
    changes = [row["change"] for row in arms]
    return {
        "control_arms": len(arms),
        "controls": join_ids(row["row_id"] for row in arms),
        "controls_second_hand": sum(bool(row["second_hand"]) for row in arms),
        "drift_low": min(changes),
        "drift_high": max(changes),
        "left_low": line["effect"] - max(changes),
        "left_high": line["effect"] - min(changes),
    }


def _background_alone(line: Row, others: list[Row], tolerance: float) -> Row:
    """Return what arms changed at a like time that had the background treatment alone, or why none did."""
    background = line.get("background") or "none"
    had = [row for row in others if background.startswith(f"{row['treatment']} in ")]
    if arms := _near(had, line, tolerance):
        changes, names = [row["change"] for row in arms], join_ids(row["row_id"] for row in arms)
        return dict(background_arms=names, background_low=min(changes), background_high=max(changes))
    timeless = [row for row in had if row["unit"] == line["unit"] and row["timepoint_weeks"] is None]
    said = f"not used, its time is not stated: {', '.join(row['row_id'] for row in timeless)}"
    return {"background_why_not": said} if timeless else {}


def _visible(line: Row, limits: dict[str, Row]) -> Row:
    """Return the threshold of visibility in the line's unit and whether the change reaches it."""
    units = {"hairs/cm2": ("visible", 1), "proportion": ("visible_relative", 100)}
    name, divisor = units.get(line["unit"], ("", 1))
    if name not in limits:
        return {}
    value, second_hand = limits[name]["value"] / divisor, bool(limits[name]["second_hand"])
    return dict(visible_at=value, visible=line["effect"] >= value, visible_second_hand=second_hand)
