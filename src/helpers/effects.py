"""The effect sizes that one study's printed figures allow, each with the assumption it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from helpers.tables import join_ids, records, split_ids
from helpers.tables.vocabulary import CONTRAST_MEASURES, OUTCOME_CONCEPTS
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from metastats.measures import change_variance
from trialfiles.times import weeks

Row = dict[str, Any]


class StudyFigures:
    """Results of one study with the sizes of its groups.

    Parameters
    ----------
    study : dict
        Its row of `studies`.
    arms, results : list of dict
        Its rows of these tables.
    correlation : float
        Assumed between values before and after, and between two sites of one person.
    level : float
        Coverage of the intervals.

    """

    def __init__(self, study: dict, arms: list[dict], results: list[dict], correlation: float, level: float):
        self.study, self.results = study, results
        self.roles = {arm["arm_id"]: arm["role"] for arm in arms}
        self.sizes = {arm["arm_id"]: arm["n"] for arm in arms}
        self.correlation, self.level = correlation, level
        # a change printed for a whole arm comes before changes of some of its people
        self.whole = {(row["arm_id"], row["concept"]) for row in results if row["kind"] == "change"}
        self.within_person = study.get("comparison") == "within_person"
        self.total = study.get("n_analysed") or study.get("n_enrolled")

    def row(self, contrast: str, result: Row, *others: Row, **values: Any) -> Row:
        """Give a row of `effects`: what it is about, and the quantities of all results it uses."""
        ids = [name for row in (result, *others) for name in split_ids(row["quantity_ids"])]
        base = {
            name: result[name]
            for name in ("study_id", "concept", "arm_id", "site", "timepoint_weeks", "unit")
        }
        base["timepoint_printed"] = result.get("timepoint_printed")
        base["second_hand"] = any(row.get("second_hand") for row in (result, *others))
        return base | {"contrast": contrast, "headline": "yes", "quantity_ids": join_ids(ids)} | values

    def interval(self, effect: float, se: float, df: float) -> dict[str, float]:
        """Effect, standard error and the limits by Student's t; no limits without a degree of freedom."""
        half = critical_value(self.level, df) * se if df > 0 else np.nan
        return {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}

    def group_size(self, result: Row) -> tuple[int | None, str, str]:
        """Return n, n in words where assumed, and the assumption."""
        stated = result["n"] or self.sizes.get(result["arm_id"])
        if stated:
            return int(stated), "", ""
        if self.total:
            return (
                int(self.total),
                f"{self.total} (all enrolled)",
                "n not stated with the result: all enrolled",
            )
        return None, "", "n not stated"

    def group_splits(self, result: Row) -> Iterator[tuple[int, str, str]]:
        """Yield possible sizes of one of two groups: n, headline, words."""
        stated = result["n"] or self.sizes.get(result["arm_id"])
        if stated:
            yield int(stated), "yes", ""
        elif self.total and (len(self.roles) == 1 or self.within_person):
            yield int(self.total), "yes", f"all {self.total} enrolled"
        elif self.total:
            for size in range(2, int(self.total) - 1):
                half = "yes" if size == self.total // 2 else "no"
                yield size, half, f"{size} of the {self.total} enrolled in this group"


def printed_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes that are printed as such, with their SD where there is one."""
    for result in study.results:
        if result["kind"] != "change":
            continue
        n, assumed, why = study.group_size(result)
        printed = {name: result.get(name) for name in ("p_value", "p_value_token")}
        printed["_against"] = result.get("p_value_against") or "baseline"
        printed |= {"n": None if assumed else n, "n_assumed": assumed or None}
        if result["mean"] is not None and result["sd"] is not None and n and n > 1:
            values = study.interval(result["mean"], result["sd"] / np.sqrt(n), n - 1)
            yield study.row("within_arm", result, measure="MC", assumption=why or None, **values, **printed)
        elif result["mean"] is not None:
            missing = "no SD" if result["sd"] is None else why or "one person"
            yield study.row(
                "within_arm",
                result,
                measure="MC",
                effect=result["mean"],
                assumption=f"no interval: {missing}",
                **printed,
            )
        elif said := _instead_of_a_mean(result):
            printed |= {"assumption": f"{said}: no single estimate", "stated": _way(result)}
            yield study.row("within_arm", result, measure="MC", **printed)
        elif result.get("stated"):
            printed |= {"assumption": "direction in the source's words, no figure"}
            yield study.row("within_arm", result, measure="MC", stated=result["stated"], **printed)


def _way(result: Row) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


def _instead_of_a_mean(result: Row) -> str:
    """Return in words what is printed of a change that has no mean; '' where nothing is."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if low is not None and high is not None:
        return f"printed as a range, {low:g} to {high:g}, without a mean"
    if median is not None:
        return f"printed as a median, {median:g}, without a mean"
    if low is not None or high is not None:
        return f"printed as {'at least' if high is None else 'at most'} {high if low is None else low:g}"
    return ""


def level_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes worked out from levels before and after."""
    for before, after in _pairs(study):
        change = after["mean"] - before["mean"]
        if before["sd"] is None or after["sd"] is None:
            why = "no interval: one person or no SD"
            shown = "no" if (after["arm_id"], after["concept"]) in study.whole else "yes"
            size = after["n"] or study.sizes.get(after["arm_id"])
            told = {"effect": change, "assumption": why, "headline": shown, "n": int(size) if size else None}
            yield study.row("within_arm", after, before, measure="MC", **told)
            continue
        yield from _spread_changes(study, before, after)


def _pairs(study: StudyFigures) -> Iterator[tuple[Row, Row]]:
    """Yield baseline and follow-up levels of the same arm, outcome, place and unit."""
    levels = [row for row in study.results if row["kind"] == "level" and row["mean"] is not None]
    key = ("arm_id", "concept", "site", "unit")
    for after in levels:
        for before in levels:
            same = all(before[name] == after[name] for name in key)
            if same and before["timepoint_weeks"] == 0 and after["timepoint_weeks"] != 0:
                yield before, after


def _spread_changes(study: StudyFigures, before: Row, after: Row) -> Iterator[Row]:
    for size, headline, said in study.group_splits(after):
        es = effect_size(
            "MC", m1i=[after["mean"]], m2i=[before["mean"]], sd1i=[after["sd"]], sd2i=[before["sd"]],
            ni=[size], ri=[study.correlation],
        )  # fmt: skip
        values = study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), size - 1)
        why = f"pre-post correlation {study.correlation:g}" + (f"; {said}" if said else "")
        values |= {"n": None, "n_assumed": str(size)} if said else {"n": size}
        yield study.row(
            "within_arm", after, before, measure="MC", headline=headline, assumption=why, **values
        )


CONTROLLED_DESIGNS = ("parallel", "within_person")
CONTROLLED_CONTRASTS = ("between_arm", "within_person")
NO_GROUP = "the study has no comparison group by its design"
NO_START = "asked only after treatment, so that there is no change"


def contrast_doubt(effect: dict[str, Any], study: dict[str, Any], against: str | None = None) -> str | None:
    """Return why an effect is no such contrast; None where nothing speaks against it.

    Parameters
    ----------
    effect : dict
        Row of `effects`.
    study : dict
        Its row of `studies`; a design that is not stated speaks against nothing.
    against : str, optional
        What the source compares a printed change with, where it says so; nothing for a change that is
        worked out from values before and after.

    """
    design = study.get("comparison")
    if effect["contrast"] in CONTROLLED_CONTRASTS:
        return NO_GROUP if design and design not in CONTROLLED_DESIGNS else None
    if effect["contrast"] != "within_arm" or against is None:
        return None
    if weeks(against):
        return f"counted from a later visit ({against}), not from the start"
    concept = OUTCOME_CONCEPTS.get(effect["concept"])
    return NO_START if concept and concept.asked_after else None


_TREATED = ("exosome", "exosome_combination")


def differences(study: StudyFigures) -> Iterator[Row]:
    """Yield differences between a treated and a comparison arm at the same time and place."""
    spread = [row for row in study.results if row["mean"] is not None and row["sd"] is not None]
    for treated in spread:
        for control in spread:
            if _comparison(study, treated, control):
                yield from _difference(study, treated, control)


def _comparison(study: StudyFigures, treated: Row, control: Row) -> bool:
    roles = study.roles.get(treated["arm_id"]), study.roles.get(control["arm_id"])
    key = ["concept", "site", "timepoint_weeks", "unit", "kind", "measure", "category"]
    if treated["timepoint_weeks"] is None:  # two times that are not stated may differ
        key.append("timepoint_printed")
    after = treated["timepoint_weeks"] != 0
    return (
        after
        and roles[0] in _TREATED
        and roles[1] not in _TREATED
        and all(treated[k] == control[k] for k in key)
    )


def _difference(study: StudyFigures, treated: Row, control: Row) -> Iterator[Row]:
    within = study.within_person
    for size, other, headline, said in _pair_sizes(study, treated, control):
        if other < 2 or size < 2:
            continue
        if within:
            values, why = _paired(study, treated, control, size)
        else:
            values, why = _welch(study, treated, control, size, other), ""
        people = str(size) if within else f"{size} + {other}"
        values |= {"n": None, "n_assumed": people} if said else {"n": size if within else size + other}
        assumption = "; ".join(part for part in (why, said) if part) or None
        values |= {"comparator_id": control["arm_id"], "assumption": assumption}
        contrast = "within_person" if within else "between_arm"
        yield study.row(contrast, treated, control, measure="MD", headline=headline, **values)


def _pair_sizes(study: StudyFigures, treated: Row, control: Row) -> Iterator[tuple[int, int, str, str]]:
    """Yield possible sizes of two groups, headline, and in words what was assumed for them."""
    stated = [row["n"] or study.sizes.get(row["arm_id"]) for row in (treated, control)]
    known = [int(size) for size in stated if size]
    if study.within_person and known:
        yield min(known), min(known), "yes", ""
    elif study.within_person and study.total:
        yield int(study.total), int(study.total), "yes", f"all {study.total} enrolled, both sites"
    elif len(known) == 2:
        yield known[0], known[1], "yes", ""
    elif known and study.total:
        rest = int(study.total) - known[0]
        sizes = (known[0], rest) if stated[0] else (rest, known[0])
        yield *sizes, "yes", f"{rest} people in one group: the {study.total} enrolled less {known[0]}"
    elif study.total:
        for size, headline, _ in study.group_splits(treated):
            rest = int(study.total) - size
            yield size, rest, headline, f"{size} and {rest} people in the groups"


def _welch(study: StudyFigures, treated: Row, control: Row, n1: int, n2: int) -> dict[str, float]:
    es = effect_size(
        "MD", m1i=[treated["mean"]], sd1i=[treated["sd"]], n1i=[n1],
        m2i=[control["mean"]], sd2i=[control["sd"]], n2i=[n2],
    )  # fmt: skip
    a, b = treated["sd"] ** 2 / n1, control["sd"] ** 2 / n2
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else n1 + n2 - 2
    return study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), df)


def _paired(study: StudyFigures, treated: Row, control: Row, n: int) -> tuple[dict[str, float], str]:
    r = study.correlation
    sd = float(np.sqrt(change_variance(treated["sd"], control["sd"], r)))
    values = study.interval(treated["mean"] - control["mean"], sd / np.sqrt(n), n - 1)
    return values, f"correlation between the two sites {r:g}"


def shares(study: StudyFigures) -> Iterator[Row]:
    """Yield shares of people with Wilson's interval, for the stated or the enrolled number."""
    for result in study.results:
        if result["kind"] != "count":
            continue
        n, assumed, why = study.group_size(result)
        share = result["percent"] if result["percent"] is not None else _ratio(result["count"], n)
        if share is None:
            continue
        values: Row = {"effect": share}
        if n and share <= 1:
            low, high = proportion_confint(share * n, n, alpha=1 - study.level, method="wilson")
            values |= {"se": np.sqrt(share * (1 - share) / n), "ci_lower": low, "ci_upper": high}
        elif n:
            why = "; ".join(part for part in (why, "no interval: more people than were watched") if part)
        yield study.row("proportion", result, measure="PR", **values, n=None if assumed else n,
                        n_assumed=assumed or None, assumption=why or None)  # fmt: skip


def _ratio(count: float | None, n: int | None) -> float | None:
    return count / n if count is not None and n else None


EFFECT_KINDS = (printed_changes, level_changes, differences, shares)
_CERTAIN = "certain"


def study_effects(
    study: dict[str, Any],
    arms: pd.DataFrame,
    results: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    contrasts: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of `effects` for one study.

    Parameters
    ----------
    study : dict
        The study's row of `studies`.
    arms, results, findings : pandas.DataFrame
        The study's rows of these tables.
    pre_post_correlation : float
        Correlation between the values before and after, assumed where a change has no printed SD.
    level : float
        Coverage of the intervals.
    contrasts : pandas.DataFrame, optional
        The study's rows of `reported_contrasts`: comparisons of arms that the source itself prints.

    Returns
    -------
    list of dict
        One row an effect and assumption. Intervals of mean changes and differences use Student's t
        with n - 1 (or Welch's) degrees of freedom, those of shares are Wilson's (1927).

    """
    rows = _worked_out(study, records(arms), records(results), pre_post_correlation, level)
    rows += [printed_contrast(row) for row in records(contrasts)] if contrasts is not None else []
    doubts = records(findings)  # read once: a study may have hundreds of variants of an effect
    for row in rows:
        row["finding_ids"] = join_ids(_touching(row["concept"], doubts))
    return _named(rows, study)


def computed_effects(
    study: dict[str, Any],
    arms: list[dict[str, Any]],
    results: list[dict[str, Any]],
    correlation: float,
    level: float,
) -> list[dict[str, Any]]:
    """Return the effects that a study's plain rows of `arms` and `results` allow, without findings."""
    return _named(_worked_out(study, arms, results, correlation, level), study)


def _worked_out(
    study: dict[str, Any], arms: list[dict], results: list[dict], correlation: float, level: float
) -> list[dict[str, Any]]:
    figures = StudyFigures(study, arms, results, correlation, level)
    return [row for kind in EFFECT_KINDS for row in kind(figures)]


def _named(rows: list[dict[str, Any]], study: dict[str, Any]) -> list[dict[str, Any]]:
    """Give each row its name, and the doubt whether it is such a contrast."""
    for number, row in enumerate(rows, start=1):
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["contrast_doubt"] = contrast_doubt(row, study, row.pop("_against", None))
    return rows


def printed_contrast(row: dict[str, Any]) -> dict[str, Any]:
    """Return a printed comparison of two arms as a row of `effects`; its interval is the source's own."""
    kept = (
        "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "effect",
        "ci_lower", "ci_upper", "n", "unit", "p_value", "p_value_token", "second_hand", "quantity_ids",
    )  # fmt: skip
    said = {"assumption": f"{CONTRAST_MEASURES[row['measure']]}, as printed", "comparator_id": row["against"]}
    return {name: row[name] for name in kept} | said | {"contrast": "between_arm", "headline": "yes"}


def _touching(concept: str, findings: list[dict[str, Any]]) -> list[str]:
    """Return the certain findings that touch an outcome's estimates."""
    return [
        row["finding_id"]
        for row in findings
        if row["severity"] == _CERTAIN and concept in split_ids(row["concepts"])
    ]
