"""Results of an outcome side by side: direction, comparability, vote counting."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.stats import binomtest

from helpers.effects import CONTROLLED_CONTRASTS
from helpers.tables import join_ids, records, split_ids
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, asked, label, tiers_of


def why_not(line: dict[str, Any], lines: list[dict[str, Any]], tolerance: float) -> list[str]:
    """Return why a line has no partner; an empty list when it has one."""
    name = label(line["concept"])
    if line["direction"] == "not reported":
        return [f"planned or named, and no figure reported: {name}"]
    if line.get("_uncounted"):
        return [line["_uncounted"]]
    if line.get("contrast_doubt"):
        return [line["contrast_doubt"]]
    if line["ci_lower"] is None:
        return ["no interval can be computed from what is printed"]
    others = [
        other
        for other in lines
        if other["concept"] == line["concept"] and other["study_id"] != line["study_id"]
    ]
    others = [other for other in others if other["ci_lower"] is not None and not other.get("contrast_doubt")]
    if not others:
        return [f"no other study reports {name} with an interval"]
    steps = (
        ("contrast", lambda a, b: a["contrast"] == b["contrast"], "others report another kind of contrast"),
        (
            "unit",
            lambda a, b: (a["unit"], a["_measure"]) == (b["unit"], b["_measure"]),
            "others use another unit or measure",
        ),
        (
            "time",
            lambda a, b: alike(a["timepoint_weeks"], b["timepoint_weeks"], tolerance),
            "others measure at another time",
        ),
    )
    for _, test, reason in steps:
        others = [other for other in others if test(line, other)]
        if not others:
            return [reason]
    return []


def alike(a: float | None, b: float | None, tolerance: float) -> bool:
    """Return whether two times in weeks are near enough to be set side by side."""
    if a is None or b is None:
        return False
    return abs(a - b) <= tolerance * max(a, b)


def effect_direction(
    effect: float | None,
    concept: str,
    lowest: float | None = None,
    highest: float | None = None,
    stated: str | None = None,
) -> str:
    """Return `better`, `worse`, `no change` or `unclear` for an effect on a concept.

    Parameters
    ----------
    effect : float or None
        Change or difference; a missing one may still have a range.
    concept : str
        Outcome; its better direction comes from the vocabulary.
    lowest, highest : float or None
        Ends of a printed range, used where there is no single effect; a range that holds 0 is unclear.
    stated : str or None
        `higher`, `lower` or `no change`, as a median or the source's words tell, where there is no effect.

    """
    better = OUTCOME_CONCEPTS[concept].better
    if not better:
        return "unclear"
    if effect == 0 or (effect is None and stated == "no change"):
        return "no change"
    if effect is None and stated:
        rises = stated == "higher"
    elif effect is None:
        rises, falls = lowest is not None and lowest > 0, highest is not None and highest < 0
        if not rises and not falls:
            return "unclear"
    else:
        rises = effect > 0
    return "better" if rises == (better == "higher") else "worse"


_ANY = "any "  # an event of any kind: none of it is none at all
_LISTED = "events are listed without counts"
_DENIED = "some kind of event is said not to have happened; others are not spoken of"
_EMPTY = (
    "effect",
    "ci_lower",
    "ci_upper",
    "unit",
    "contrast",
    "arm_id",
    "site",
    "timepoint_weeks",
    "n",
    "effect_id",
    "quantity_ids",
    "_measure",
)


def comparison_lines(
    tables: dict[str, pd.DataFrame],
    *,
    overall: dict[str, str],
    time_tolerance: float = 0.25,
    tiers: tuple[str, ...] = ("core", "published", "comparator"),
    second_hand: bool = True,
) -> list[dict[str, Any]]:
    """Return the rows of `comparisons`.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `arms`, `outcomes`, `results`, `effects`, `adverse_events`.
    overall : dict of str to str
        Overall risk of bias by study.
    time_tolerance : float
        Two times are alike when they differ by no more than this share of the longer one.
    tiers : tuple of str
        Tiers that take part.
    second_hand : bool
        Whether lines that rest on a figure seen only second-hand take part.

    Returns
    -------
    list of dict
        One row for each headline effect in an exosome arm, one for each study that lists adverse events,
        and one `not reported` row for each outcome that a study plans without a result.
        Two lines are comparable when outcome, contrast, measure, unit and time agree and both have an
        interval.

    """
    sources = {row["study_id"]: row for row in records(tables["sources"])}
    ranges = {row["quantity_ids"]: row for row in records(tables["results"]) if row["quantity_ids"]}
    treated = {
        (row["study_id"], row["arm_id"])
        for row in records(tables["arms"])
        if row["role"].startswith("exosome")
    }
    shown = [row for row in records(tables["effects"]) if row["headline"] == "yes"]
    lines = [_line(row, ranges) for row in shown if (row["study_id"], row["arm_id"]) in treated]
    lines += _events(tables) + _silent(tables, lines, treated)
    lines = [_sourced(line, sources.get(line["study_id"], {})) for line in lines]
    lines = [line for line in lines if line["tier"] in tiers and (second_hand or not line["second_hand"])]
    _number(lines)
    for line in lines:
        line["risk_of_bias"] = overall.get(line["study_id"])
        reasons = why_not(line, lines, time_tolerance)
        line["comparable"], line["why_not"] = not reasons, "; ".join(reasons) or None
    return [{key: value for key, value in line.items() if not key.startswith("_")} for line in lines]


def _sourced(line: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Return a line with its tier, with what was read of its source, and whether that was second-hand."""
    told = line.get("second_hand")
    return line | {
        "tier": source.get("tier") or "core",
        "access": source.get("access"),
        "second_hand": bool(source.get("second_hand") if told is None else told),
    }


def _line(effect: dict[str, Any], ranges: dict[str, dict]) -> dict[str, Any]:
    names = ("concept", "study_id", "effect", "ci_lower", "ci_upper", "unit", "contrast", "arm_id", "site")
    names += (
        "timepoint_weeks",
        "timepoint_printed",
        "effect_id",
        "quantity_ids",
        "p_value",
        "p_value_token",
        "contrast_doubt",
    )
    row = {name: effect.get(name) for name in names}
    told = ranges.get(effect["quantity_ids"], {})
    doubt = effect.get("contrast_doubt")
    span = told.get("minimum"), told.get("maximum")
    way = (
        effect_direction(effect["effect"], effect["concept"], *span, effect.get("stated"))
        if effect["contrast"] != "proportion" and not (effect["contrast"] == "within_arm" and doubt)
        else "unclear"
    )
    n = str(effect["n"]) if effect["n"] is not None else effect["n_assumed"]
    if effect["n"] is None and n and "(" not in n:
        n += " (assumed)"
    extra = {
        "direction": way,
        "n": n,
        "_measure": effect["measure"],
        "printed_range": _range_words(told, effect["unit"]) if effect["effect"] is None else None,
        "second_hand": effect.get("second_hand"),
    }
    return row | extra | {"certain_findings": len(split_ids(effect["finding_ids"]))}


def _range_words(told: dict[str, Any], unit: str | None) -> str | None:
    """Return a printed median or range in words, a proportion in percent."""
    factor, words = (100, "%") if unit == "proportion" else (1, unit or "")
    median, low, high = told.get("median"), told.get("minimum"), told.get("maximum")
    if median is not None:
        wide = "" if told.get("iqr") is None else f" (interquartile range {told['iqr'] * factor:g} wide)"
        return f"median {median * factor:g} {words}".strip() + wide
    if low is None or high is None:
        return None
    return f"{low * factor:g} to {high * factor:g} {words}".strip()


def _silent(
    tables: dict[str, pd.DataFrame], lines: list[dict], treated: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return a line for each outcome that is named without an effect: no figure, or nothing to compare."""
    told = {(line["study_id"], line["concept"]) for line in lines}
    told |= {(row["study_id"], "adverse_events") for row in records(tables["adverse_events"])}
    after = {
        (row["study_id"], row["concept"])
        for row in records(tables["results"])
        if row["timepoint_weeks"] != 0 and (row["study_id"], row["arm_id"]) in treated
    }
    rows = []
    named = [(row["study_id"], row["concept"]) for row in records(tables["outcomes"])]
    for study_id, concept in dict.fromkeys([*named, *sorted(after)]):
        if (study_id, concept) in told:
            continue
        row = {"study_id": study_id, "concept": concept}
        way = "unclear" if (study_id, concept) in after else "not reported"
        rows.append(dict.fromkeys(_EMPTY) | row | {"direction": way, "certain_findings": 0})
    return rows


def _events(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return a line for each study that lists adverse events; people affected where they are counted."""
    rows = []
    for study_id, events in tables["adverse_events"].groupby("study_id"):
        happened = [row for row in records(events) if row["count"] != 0]
        # what did not happen says nothing of how many had something else
        counts = [row["count"] for row in happened if row["count"] is not None]
        if not happened and any(row["term"].startswith(_ANY) for row in records(events)):
            counts = [0]
        ids = [name for row in records(events) for name in split_ids(row["quantity_ids"])]
        rows.append(
            dict.fromkeys(_EMPTY)
            | {
                "study_id": study_id,
                "concept": "adverse_events",
                "direction": "unclear",
                "effect": max(counts) if counts else None,
                "unit": "people",
                "certain_findings": 0,
                "quantity_ids": ";".join(dict.fromkeys(ids)),
                "_uncounted": None if counts else _LISTED if happened else _DENIED,
            }
        )
    return rows


def _number(lines: list[dict[str, Any]]) -> None:
    counts: dict[str, int] = {}
    for line in lines:
        key = f"{line['study_id']}.{line['concept']}"
        counts[key] = counts.get(key, 0) + 1
        line["line_id"] = f"{key}.{counts[key]}"


BASES = {
    "before and after": ("within_arm",),
    "against a comparison": CONTROLLED_CONTRASTS,
}
COMPARED = "the study compares this outcome with a control"


def votes(directions: list[str], *, level: float = 0.95) -> dict[str, Any]:
    """Count directions and test whether better and worse are equally likely.

    Parameters
    ----------
    directions : list of str
        One for each study: `better` and `worse` are votes, every other word is none.
    level : float
        Coverage of the exact interval of the share of better.

    Returns
    -------
    dict
        `better`, `worse`, `neither`, two-sided exact `p_value`, `share` with Clopper and Pearson's
        `share_lower`, `share_upper`; without a vote the last four are None.

    Examples
    --------
    >>> votes(["better"] * 5 + ["worse"])["p_value"]
    0.21875
    """
    better, worse = directions.count("better"), directions.count("worse")
    counts = {"better": better, "worse": worse, "neither": len(directions) - better - worse}
    if better + worse == 0:
        return counts | dict.fromkeys(("p_value", "share", "share_lower", "share_upper"))
    test = binomtest(better, better + worse, 0.5)
    low, high = test.proportion_ci(level, method="exact")
    shares = {"share": better / (better + worse), "share_lower": float(low), "share_upper": float(high)}
    return counts | {"p_value": float(test.pvalue)} | shares


def vote_rows(comparisons: pd.DataFrame, *, evidence: str = "both") -> list[dict[str, Any]]:
    """Return the rows of `votes`: outcome by outcome, each body of evidence, with and without comparison.

    Parameters
    ----------
    comparisons : pandas.DataFrame
        Table `comparisons`.
    evidence : str
        `core`, `published` or `both`.

    Returns
    -------
    list of dict
        A study has one vote an outcome; one whose sites or times disagree has none. Shares of people,
        lists of events and outcomes not reported are no votes, nor is an effect that is not the contrast
        that it looks like (`contrast_doubt`), or a change within an arm whose study has a comparison: its
        study stands under `left_out` with the reason.
    """
    lines = [row for row in records(comparisons) if row["concept"] != "adverse_events"]
    rows = []
    for body in asked(evidence):
        own = [row for row in lines if row["tier"] in tiers_of(body)]
        for concept in sorted({row["concept"] for row in own}):
            mine = _doubts_named([row for row in own if row["concept"] == concept])
            for basis, contrasts in BASES.items():
                asked_of = [row for row in mine if row["contrast"] in contrasts]
                if asked_of:
                    name = {"vote_id": f"{body}.{concept}.{basis.split()[0]}", "concept": concept}
                    rows.append(name | {"evidence": body, "basis": basis} | _counted(asked_of))
    return rows


def _doubts_named(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines; a change within an arm has no vote where its study compares that outcome."""
    compared = {
        row["study_id"]
        for row in lines
        if row["contrast"] in CONTROLLED_CONTRASTS and not row["contrast_doubt"]
    }
    return [
        row | {"contrast_doubt": COMPARED}
        if row["contrast"] == "within_arm" and row["study_id"] in compared and not row["contrast_doubt"]
        else row
        for row in lines
    ]


def _counted(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the votes of the lines of one outcome and kind of contrast, and who has none and why."""
    by_study: dict[str, set[str]] = {}
    chosen = [row for row in lines if not row["contrast_doubt"]]
    for row in chosen:
        by_study.setdefault(row["study_id"], set()).add(row["direction"])
    told = [ways.pop() if len(ways) == 1 else "mixed" for _, ways in sorted(by_study.items())]
    second = sorted({row["study_id"] for row in chosen if row["second_hand"]})
    out = sorted({
        (row["study_id"], row["contrast_doubt"]) for row in lines
        if row["contrast_doubt"] and row["study_id"] not in by_study
    })  # fmt: skip
    facts = {"studies": join_ids(sorted(by_study)) or None, "second_hand": join_ids(second) or None}
    return facts | {"left_out": "; ".join(": ".join(pair) for pair in out) or None} | votes(told)
