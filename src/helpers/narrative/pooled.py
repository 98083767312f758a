"""Pools, summary of findings and sensitivity analysis in rows and sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import pandas as pd

from helpers.appraisal import grade
from helpers.appraisal.grade import CERTAINTY, CONTROLLED, Difference
from helpers.comparison import CLAIMED_ALONE
from helpers.display import anchor
from helpers.effects import EXOSOME_ROLES
from helpers.formats import (
    DAGGER,
    is_missing,
    joined,
    plain_unit,
    plain_words,
    show_estimate,
    show_interval,
    show_number,
    show_with_unit,
)
from helpers.narrative.study import with_value
from helpers.pooling.further_study import ASPECTS, NO_DIRECTION, RESULTS, SIZES
from helpers.pooling.tiers import IMPUTED_UNIT
from helpers.tables import Tables
from helpers.tables.vocabulary import ESTIMAND_WORDS, EVIDENCE, OUTCOME_CONCEPTS
from notebookpress.tables import records, split_ids
from trialfiles.record import Row

HARMS = CERTAINTY["always_shown"]
GENERAL_EVENT = "adverse event|adverse reaction|side effect"  # not a single kind of event
NOT_COMPARED = "no comparison group"
_SAME_ARMS = ("study_id", "concept", "estimand", "arm_id", "comparator_id", "site", "timepoint_weeks", "unit",
              "n", "n_assumed")  # fmt: skip


@dataclass
class Summary:
    """Rows of `summary_of_findings` and of `summary_footnotes`."""

    rows: list[Row] = field(default_factory=list)
    footnotes: list[Row] = field(default_factory=list)


def findings_summary(
    certainty: pd.DataFrame,
    pooled: pd.DataFrame,
    tables: Tables,
    differences: Mapping[str, Difference],
    level: float = 0.95,
) -> Summary:
    """Return the summary of findings of each tier: at most seven outcomes, harms always among them.

    Every row speaks of the estimate that it shows: its studies, its participants, its time.

    Parameters
    ----------
    certainty, pooled : pandas.DataFrame
        Tables of those names.
    tables : mapping of str to pandas.DataFrame
        `comparisons`, `effects`, `discrepancies`, `results`.
    differences : mapping of str to Difference
        By outcome, the smallest difference that matters.
    level : float
        Coverage of the intervals that were computed; printed ones keep theirs.
    """
    found = Summary()
    for tier, part in certainty.groupby("evidence", sort=True):
        letters: dict[tuple[str, str], str] = {}
        for graded in _chosen(part):
            marks = _footnotes(found, letters, graded, str(tier))
            effect = grade.shown_estimate(pooled, graded["concept"], str(tier))
            row = _row(graded, effect, tables, differences.get(graded["concept"]), level)
            found.rows.append(row | {"footnotes": ", ".join(marks) or None})
    return found


def _chosen(certainty: pd.DataFrame) -> list[Row]:
    """Return the outcomes of a tier that a summary shows, in order."""
    graded = {row["concept"]: row for row in records(certainty) if row["certainty"] != "no evidence"}
    harms = [HARMS] if HARMS in graded else []
    names = [name for name in CERTAINTY["summary_outcomes"] if name in graded]
    return [graded[name] for name in [*names[: CERTAINTY["summary_length"] - len(harms)], *harms]]


def _footnotes(found: Summary, letters: dict, graded: Row, tier: str) -> list[str]:
    """Return the letters of an outcome's levels down; the same reason keeps its letter."""
    why = grade.domain_reasons(graded["reasons"])
    marks = []
    for domain in filter(graded.get, grade.DOMAINS):
        key = (domain, why.get(domain, ""))
        if key not in letters:
            letter = letters[key] = _letter(len(letters))
            note = {"footnote_id": f"{tier}.{letter}", "evidence": tier, "letter": letter, "domain": domain}
            found.footnotes.append(note | {"steps": graded[domain], "reason": key[1]})
        marks.append(letters[key])
    return marks


def _letter(number: int) -> str:
    first, second = divmod(number, len(ascii_lowercase))
    return (ascii_lowercase[first - 1] if first else "") + ascii_lowercase[second]


def _row(graded: Row, effect: Row | None, tables: Tables, difference: Difference | None, level: float) -> Row:
    concept, names = graded["concept"], split_ids(graded["studies"])
    lines = grade.told_lines(tables, concept, EVIDENCE[graded["evidence"]])
    reported = set(lines["study_id"])
    kept = {name: graded[name] for name in ("concept", "evidence", "participants", "certainty", "overridden")}
    row = kept | {
        "summary_id": f"{graded['evidence']}.{concept}",
        "studies": len(names),
        "study_ids": graded["studies"],
        "other_studies": len(reported - set(names)),
    }
    if effect is None:
        said = "no effect with an interval can be told"
        lines = lines[lines["study_id"].isin(names)]
        counted = {"with_exosomes": _harms_counted(tables, names)}
        told = counted if concept == HARMS else _directions(lines, tables["comparisons"], graded["evidence"])
        told |= {"basis": "none", "absolute": said, "statement": statement(graded, None, None)}
        return row | told
    doubts = tables["discrepancies"][tables["discrepancies"]["study_id"].isin(names)]
    effect = effect | grade.without_impossible_interval(effect, records(doubts))
    if difference is not None and difference.unit != effect["unit"]:
        difference = None
    results = tables["results"][tables["results"]["concept"] == concept]
    before = grade.baseline_of(records(results), names, effect["unit"])
    own = tables["effects"][tables["effects"]["effect_id"].isin(split_ids(effect["effect_ids"]))]
    copied = ("estimand", "measure", "comparator", "comparator_name", "background")
    copied += ("ci_lower", "ci_upper", "unit")
    return row | {name: effect.get(name) for name in copied} | {
        "basis": "pooled" if effect["pooled"] else "single study",
        "effect": effect["estimate"],
        "timepoint_weeks": own["timepoint_weeks"].max() if own["timepoint_weeks"].notna().any() else None,
        "absolute": size_words(effect, level) + (effect.get("no_interval") or ""),
        "against_threshold": threshold_words(effect, difference),
        "against_relative": _relative_words(effect, difference, before),
        "threshold_seen_at": difference.seen_at if difference else None,
        "statement": statement(graded, effect, difference, before, level),
        **_arm_words(effect, own, tables, level),
    }  # fmt: skip


def _arm_words(effect: Row, own: pd.DataFrame, tables: Tables, level: float) -> Row:
    """Return what is printed of the arms without and with exosomes of an effect, in words.

    `own` are the rows of `effects` in it. Empty for several studies, whose arms the forest shows.
    """
    if effect["estimand"] not in CONTROLLED:
        size = size_words(effect, level).removesuffix(", change within one group")
        size = f"change, {size}" if effect["estimand"] == "uncontrolled_change" else size
        size += (effect.get("no_interval") or "") + _doubts(effect, own, tables)
        return {"without_exosomes": NOT_COMPARED, "with_exosomes": size}
    if len(own) != 1:
        return {}
    names = ["study_id", "concept", "site", "timepoint_weeks"]
    shown = with_value(tables["results"].merge(own[names], on=names))
    shown = shown.merge(tables["arms"][["study_id", "arm_id", "role"]], on=["study_id", "arm_id"])
    if shown.empty:
        return {}
    first = shown.sort_values("kind", kind="stable").drop_duplicates("arm_id")  # a change before a level
    words = first["value"] + " " + first["unit"].map(plain_unit).where(first["unit"] != "proportion", "")
    words = ("change, " + words).where(first["kind"] == "change", words).str.strip()
    treated = first["role"].isin(EXOSOME_ROLES)
    names = {"without_exosomes": ~treated, "with_exosomes": treated}
    return {name: "; ".join(words[own]) or None for name, own in names.items()}


def _directions(lines: pd.DataFrame, every: pd.DataFrame, evidence: str) -> dict[str, str | None]:
    """Return in how many studies an outcome without an effect became better, and how many told no result."""
    alone, better = lines["estimand"].eq("uncontrolled_change").all(), lines[lines["direction"] == "better"]
    said = f"better{' than before' if alone else ''} in {better['study_id'].nunique()} of "
    said += f"{lines['study_id'].nunique()}, by direction alone"
    silent = (every["direction"] == "not reported") | (every["contrast_doubt"] == CLAIMED_ALONE)
    silent &= every["concept"].isin(lines["concept"]) & every["tier"].isin(EVIDENCE[evidence])
    others = {*every.loc[silent, "study_id"]} - {*lines["study_id"]}
    others &= {*every.loc[every["direction"] != "not reported", "study_id"]}  # no mere registration
    said += f"; named or claimed by {len(others)} more, without a result" if others else ""
    return {"with_exosomes": said, "without_exosomes": NOT_COMPARED if alone else None}


def _doubts(effect: Row, own: pd.DataFrame, tables: Tables) -> str:
    """Return what the interval of a single estimate rests on: people assumed, figures seriously doubted."""
    if is_missing(effect["ci_lower"]) or len(own) != 1:
        return ""
    [row] = records(own)
    found = tables["discrepancies"].query("concern == 'serious'")["quantity_ids"]
    doubted = any({*split_ids(names)} & {*split_ids(row["quantity_ids"])} for names in found)
    people = row["n_assumed"] and f"n assumed: {row['n_assumed']}"
    said = [people, "figures seriously doubted" if doubted else None]
    return "".join(f"; {words}" for words in said if words)


def _harms_counted(tables: Tables, names: list[str]) -> str:
    """Return of how many people each kind of event is denied, up to which share, and how many list some."""
    events, lines = tables["adverse_events"], tables["comparisons"]
    second_hand = set(lines.loc[lines["second_hand"].fillna(False).astype(bool), "study_id"])
    events = events[events["study_id"].isin(names)]
    none = events[events["count"].eq(0).fillna(False) & events["n"].notna()]
    none = none.sort_values("n", ascending=False, kind="stable")
    none = none[none["term"].str.contains(GENERAL_EVENT)]
    told = []
    for term, part in none.groupby("term", sort=False):
        limits = (100 * part["upper_limit"]).round(1).map(show_number)
        marks = part["study_id"].isin(second_hand).map({True: DAGGER, False: ""})
        sizes = zip(part["n"], limits, marks, strict=True)
        people = [f"0 of {n:g} (up to {most} %){mark}" for n, most, mark in sizes]
        told.append(f"{term}: {joined(people)}")
    assumed = ", if all were followed and asked" if none["group"].isna().any() else ""
    told[:0] = [f"exact one-sided 95 % limits{assumed}"] if told else []
    listed = events.loc[events["count"].isna(), "study_id"].nunique()
    told += [f"listed without counts by {listed}"] if listed else []
    return "; ".join(told)


def size_words(effect: Row, level: float = 0.95) -> str:
    """Return the size of an effect with its interval, in the words of `certainty.yaml` for its measure.

    An interval that a source prints keeps its coverage and is named so.
    """
    words = CERTAINTY["sizes"].get(effect.get("measure")) or CERTAINTY["sizes"][effect["estimand"]]
    scale = words["scale"]

    def told(value: float) -> str:
        return show_estimate(math.exp(value) if scale == "exp" else scale * value)

    interval = ""
    if not is_missing(effect["ci_lower"]) and not is_missing(effect["ci_upper"]):
        printed = re.search(r"as printed, ([\d.]+ %)", str(effect.get("ci_method")))
        named = f"{printed[1]} interval as printed" if printed else f"{100 * level:g} % interval"
        interval = f", {named} {told(effect['ci_lower'])} to {told(effect['ci_upper'])}"
    value, unit = told(effect["estimate"]), plain_unit(effect["unit"])
    return " ".join(words["says"].format(value=value, unit=unit, interval=interval).split())


def threshold_words(effect: Row, difference: Difference | None) -> str | None:
    """Return how an interval stands to the smallest difference that matters."""
    if difference is None or is_missing(effect["ci_lower"]):
        return None
    least, most = sorted(abs(effect[name]) for name in ("ci_lower", "ci_upper"))
    least = 0 if effect["ci_lower"] <= 0 <= effect["ci_upper"] else least
    return _against(least, most, difference.absolute, difference.words())


def _against(low: float, high: float, needed: float, words: str) -> str:
    if low >= needed:
        return f"above {words}"
    return f"below {words}" if high < needed else f"the interval includes {words}"


def _relative_words(
    effect: Row, difference: Difference | None, before: tuple[float, float] | None
) -> str | None:
    """Return how an estimate stands to the relative smallest difference; None without a printed baseline."""
    if difference is None or difference.relative is None or before is None:
        return None
    low, high = (100 * abs(effect["estimate"]) / value for value in reversed(before))
    share = show_interval(low, high) if high > low else show_estimate(low)
    printed = show_interval(*before) if before[1] > before[0] else show_estimate(before[0])
    needed = f"the {show_number(100 * difference.relative)} %{DAGGER * difference.second_hand} of baseline"
    needed += " that most observers can see"
    stands = _against(low, high, 100 * difference.relative, needed)
    size = show_estimate(abs(effect["estimate"]))
    return f"{size} of the {printed} {plain_unit(effect['unit'])} before, {share} %: {stands}"


def statement(
    graded: Row,
    effect: Row | None,
    difference: Difference | None,
    before: tuple[float, float] | None = None,
    level: float = 0.95,
) -> str:
    """Return what an outcome's evidence means, in the words of `certainty.yaml` (Santesso 2020).

    Of a row of `certainty` and, where one is shown, of `pooled`; of the smallest difference that matters, in
    the unit of the effect; and of the smallest and the largest value before treatment, for the relative one.
    """
    sure, outcome = graded["certainty"], graded["concept"]
    facts: dict[str, Any] = {"shown": effect is not None, "certainty": sure, "difference": ""}
    told = {"outcome": plain_words(outcome), "difference": difference.words() if difference else ""}
    if effect is not None:
        rises, better = effect["estimate"] > grade.no_effect(effect), OUTCOME_CONCEPTS[outcome].better
        worth = CERTAINTY["worth"]["better" if rises == (better == "higher") else "worse"] if better else ""
        deed = CERTAINTY["verbs"]["increase" if rises else "reduce"]
        told |= {"size": size_words(effect, level), "worth": worth, "verb": deed.get(sure, "")}
        told["little"] = CERTAINTY["little"].get(sure, "")
        facts |= {"controlled": effect["estimand"] in CONTROLLED, "difference_known": difference is not None}
        facts["interval"] = _interval_place(effect, difference, before)
    return grade.first_that_holds(CERTAINTY["statements"], facts)["says"].format(**told)


def _interval_place(effect: Row, difference: Difference | None, before: tuple[float, float] | None) -> str:
    """Return where an interval lies between no effect and the smallest difference: see `certainty.yaml`.

    An effect is too small to matter only if it is so by the absolute and by the relative difference.
    """
    if is_missing(effect["ci_lower"]) or is_missing(effect["ci_upper"]):
        return "missing"
    low, high = (float(effect[name]) - grade.no_effect(effect) for name in ("ci_lower", "ci_upper"))
    crosses = low <= 0 <= high
    if difference is None:
        return "unclear" if crosses else "known"
    least, most = sorted((abs(low), abs(high)))
    smallest = difference.absolute
    if before is not None and difference.relative is not None:
        smallest = min(smallest, difference.relative * before[0])
    if crosses:
        return "trivial" if most < smallest else "unclear"
    if least >= difference.absolute:
        return "important"
    return "slight" if most < smallest else "unsure_size"


_TURNED = {"yes": "pooled", "gain": "benefit shown", "loss": "harm shown"}
_NOTHING_SHOWN = "the {}interval{} includes no effect"


def with_turns(summary: list[Row], turns: list[Row]) -> list[Row]:
    """Return rows of `summary_of_findings` with `would_change`, from the rows of `turning_points`."""
    own = {
        row["summary_id"]: [one for one in turns if one["summary_id"] == row["summary_id"]] for row in summary
    }
    return [row | {"would_change": would_change(own[row["summary_id"]], row["basis"])} for row in summary]


def would_change(turns: list[Row], basis: str) -> str:
    """Return in words with how many people, at least, one more study turns each aspect of an outcome.

    Of pool and direction the smallest study that turns it, of certainty that for each level. `basis` tells
    whether there is a pool.
    """
    first: dict[tuple, Row] = {}
    if turns and turns[0]["concept"] == HARMS:  # of which no study shows what could become fewer
        turns = [turn for turn in turns if turn["aspect"] != "direction" and not turn["result_sds"]]
    alike = _alike(turns)
    for turn in sorted(turns, key=lambda row: (row["turns_at"], -row["result_sds"])):
        if (turn["before"], turn["after"]) != (NO_DIRECTION, "not shown"):  # which tells no direction either
            first.setdefault((turn["aspect"], turn["after"] * (turn["aspect"] == "certainty")), turn)
    if not first:
        return f"nothing, with {SIZES[0]} to {SIZES[-1]} people"
    follows = {(_stem(turn), turn["turns_at"] - 1) for turn in turns}
    said: dict[str, list[str]] = {}
    both = ("pooled ", " of two trials") if basis == "single study" and ("pool", "") in first else ("", "")
    turned = _TURNED | {"not shown": _NOTHING_SHOWN.format(*both)}
    for (aspect, _), turn in sorted(first.items(), key=lambda item: ASPECTS.index(item[0][0])):
        named = said.setdefault(_study_words(turn, aspect == "certainty" and alike), [])
        again = aspect == "certainty" and any(words.startswith(aspect) for words in named)
        words = turned.get(turn["after"], turn["after"] if again else f"{aspect} {turn['after']}")
        ends = turn["until"] < turn["high"] and (_stem(turn), turn["until"]) not in follows
        people = (
            f"{turn['turns_at']:g}" + (f" to {turn['until']:g}" if ends else "") + " people" * (not named)
        )
        named.append(f"{words} {'' if again else 'from '}{people}")
    parts = [f"{', '.join(words)}, {study}" for study, words in said.items()]
    return "; ".join(parts + ["no pool"] * (basis != "pooled" and ("pool", "") not in first))


def trial_needed(turns: list[Row], visible: Difference | None = None) -> str:
    """Return at which size one more study would just show a benefit, and raise the certainty to high.

    Where each result that is tried is smaller than `visible`, of that it would be certain.
    """
    sizes = {name: [turn for turn in turns if turn["after"] == name] for name in ("high", "gain")}
    least = {name: min(own, key=lambda row: row["turns_at"]) for name, own in sizes.items() if own}
    any_result = " (better, equal or worse)" * _alike(turns)
    if visible and all(
        turn["unit"] == visible.unit and abs(turn["result"]) < visible.absolute for turn in turns
    ):
        any_result = " that no effect is visible, if none is"
    said = []
    if gain := least.get("gain"):
        size = _study_words(gain, False).removeprefix("if ").replace(" better is seen", "")
        size = size.replace("half an SD", "half a standard deviation")
        said.append(f"at least {gain['turns_at']:g} people in all to show a benefit of {size}")
    if "high" in least:
        people = "" if said else " people in all"
        said.append(f"{least['high']['turns_at']:g}{people} for high certainty{any_result}")
    return f"it takes {', and '.join(said)}" if said else ""


def _alike(turns: list[Row]) -> bool:
    """Return whether each result that is tried raises the certainty at the same sizes."""
    steps: dict[float, list[tuple]] = {result: [] for result in RESULTS}
    for turn in turns:
        if turn["aspect"] == "certainty":
            design = [turn[name] for name in ("estimand", "comparator", "comparator_name", "measure")]
            steps[turn["result_sds"]].append((*map(str, design), turn["after"], turn["turns_at"]))
    return len({tuple(sorted(own)) for own in steps.values()}) == 1


def _stem(turn: Row) -> str:
    return str(turn["turning_id"]).rpartition(".")[0]


def _study_words(turn: Row, any_result: bool) -> str:
    """Return comparison and result of one more study, or that any does; placebo is not named."""
    other = turn["comparator_name"] or turn["comparator"] if turn["comparator"] != "placebo" else None
    parts = [f"against {other}"] * bool(other) + ["two sites"] * (turn["estimand"] == "within_participant")
    if any_result:
        return ", ".join([*parts, "be it better, equal or worse"])
    if not turn["result_sds"]:
        return "if " + ", ".join([*parts, "no difference"])
    parts.append(f"half an SD {'better' if turn['result_sds'] > 0 else 'worse'} is seen")
    if turn["measure"] != "MD" or turn["unit"] == IMPUTED_UNIT:  # of others no SD is known
        unit, size = plain_unit(turn["unit"]), abs(turn["result"])
        known = f"{100 * size:g} more of 100" if turn["measure"] == "RD" else f"{show_estimate(size)} {unit}"
        parts[-1] += f" ({known})"
    return "if " + ", ".join(parts)


def with_like_outcomes(summary: pd.DataFrame) -> dict[str, str]:
    """Return what one more trial would change, by the outcomes of a summary of which it is the same."""
    order = [*CERTAINTY["summary_outcomes"], HARMS]
    summary = summary.sort_values("concept", key=lambda names: names.map(order.index))
    told = summary.dropna(subset="would_change").groupby("would_change", sort=False)["concept"].agg(list)
    return {joined(list(map(plain_words, names))).capitalize(): words for words, names in told.items()}


def with_both_analyses(told: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a difference of final values and that of changes, where a study gives both.

    `told` are rows of `comparisons`, or of `pooled`, with `interval` in words.
    """
    by_id = {row["effect_id"]: row for row in records(effects[effects["compared"].notna()])}
    told = told.assign(origins=None)
    ids = told["effect_id" if "effect_id" in told else "effect_ids"]
    for place, own in ids.map(by_id.get).dropna().items():
        alike = (row for row in by_id.values() if all(row[name] == own[name] for name in _SAME_ARMS))
        other = next((row for row in alike if row["compared"] != own["compared"]), None)
        if other is not None:
            size = show_with_unit(*(other[name] for name in ("effect", "ci_lower", "ci_upper", "unit")), None)
            both = f"{told.at[place, 'interval']} by {own['compared']}; {size} by {other['compared']}"
            made = f", {other['assumption'].split('; ')[0]}" if other["assumption"] else ""
            told.loc[place, ["interval", "origins"]] = both + made, anchor("effect", other["effect_id"])
    return told


def with_basis(
    certainty: pd.DataFrame, pooled: pd.DataFrame, sources: pd.DataFrame, summary: pd.DataFrame
) -> pd.DataFrame:
    """Return rows of `certainty` with `basis`: the estimate that is rated, with its studies and people.

    What part of the values before treatment it is stands there too, where the summary of findings tells it.
    `k` is how many studies report the outcome, with a sign where one was seen second-hand only.
    """
    told, second_hand = [], set(sources.query("second_hand == True")["study_id"])
    shown = pooled.set_index("pooled_id")[["estimand", "studies", "participants"]].add_prefix("own_")
    relative = summary.set_index(["concept", "evidence"])["against_relative"].dropna().str.split(": ").str[0]
    for row in records(certainty.join(shown, on="pooled_id")):
        people = "n not stated" if row["participants"] is None else f"n = {row['participants']}"
        people += " enrolled" if row["own_participants"] is None and row["participants"] else ""
        studies = joined(split_ids(row["own_studies"]))
        known = row["own_estimand"] and f"{ESTIMAND_WORDS[row['own_estimand']]}: {studies}, {people}"
        part = relative.get((row["concept"], row["evidence"]))
        told.append("; ".join(filter(None, [known, part])) or "no estimate")
    reporting = certainty["reporting"].map(split_ids)
    counts = [f"{len(ids)}{DAGGER}" if second_hand & {*ids} else str(len(ids)) for ids in reporting]
    return certainty.assign(basis=told, k=counts)
