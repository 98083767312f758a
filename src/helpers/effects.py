"""The effect sizes that one study's printed figures allow, each with the assumption it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from helpers.tables.vocabulary import CONTRAST_MEASURES, OUTCOME_CONCEPTS
from metastats.effect_sizes import effect_size
from metastats.heterogeneity import critical_value
from metastats.measures import change_variance
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row
from trialfiles.times import weeks


def study_effects(
    study: Row,
    arms: pd.DataFrame,
    results: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    contrasts: pd.DataFrame | None = None,
) -> list[Row]:
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
    figures = StudyFigures(study, records(arms), records(results), pre_post_correlation, level)
    rows = figures.effects()
    rows += [_printed_contrast(row) for row in records(contrasts)] if contrasts is not None else []
    certain = records(findings[findings["severity"] == "certain"])
    touched = [(row["finding_id"], split_ids(row["concepts"])) for row in certain]
    for row in rows:
        row["finding_ids"] = join_ids(name for name, concepts in touched if row["concept"] in concepts)
    return _named(rows, study)


def computed_effects(
    study: Row, arms: list[Row], results: list[Row], correlation: float, level: float
) -> list[Row]:
    """Return the effects that a study's plain rows of `arms` and `results` allow, without findings."""
    return _named(StudyFigures(study, arms, results, correlation, level).effects(), study)


def _named(rows: list[Row], study: Row) -> list[Row]:
    """Give each row its name, and the doubt whether it is such a estimand."""
    for number, row in enumerate(rows, start=1):
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["contrast_doubt"] = contrast_doubt(row, study, row.pop("_against", None))
    return rows


def _printed_contrast(row: Row) -> Row:
    """Return a printed comparison of two arms as a row of `effects`; its interval is the source's own."""
    kept = (
        "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "effect",
        "ci_lower", "ci_upper", "n", "unit", "p_value", "p_value_token", "second_hand", "quantity_ids",
    )  # fmt: skip
    return {name: row[name] for name in kept} | {
        "estimand": "between_group",
        "headline": "yes",
        "comparator_id": row["against"],
        "assumption": f"{CONTRAST_MEASURES[row['measure']]}, as printed",
    }


CONTROLLED_DESIGNS = ("parallel", "within_person")
CONTROLLED_ESTIMANDS = ("between_group", "within_participant")
NO_GROUP = "the study has no comparison group by its design"
NO_START = "asked only after treatment, so that there is no change"


def contrast_doubt(effect: Row, study: Row, against: str | None = None) -> str | None:
    """Return why an effect is no such estimand; None where nothing speaks against it.

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
    if effect["estimand"] in CONTROLLED_ESTIMANDS:
        return NO_GROUP if design and design not in CONTROLLED_DESIGNS else None
    if effect["estimand"] != "uncontrolled_change" or against is None:
        return None
    if weeks(against):
        return f"counted from a later visit ({against}), not from the start"
    concept = OUTCOME_CONCEPTS.get(effect["concept"])
    return NO_START if concept and concept.asked_after else None


@dataclass(frozen=True)
class GroupSize:
    """How many people a result is about: as stated, or with the assumption in words; 0 where unknown."""

    n: int
    assumption: str = ""
    words: str | None = None  # of an assumed number
    headline: str = "yes"

    @property
    def columns(self) -> Row:
        """Columns `n` and `n_assumed`: an assumed number stands in the second alone."""
        return {"n": None if self.words else self.n or None, "n_assumed": self.words}


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

    def __init__(
        self, study: Row, arms: list[Row], results: list[Row], correlation: float, level: float
    ) -> None:
        self.results = results
        self.roles = {arm["arm_id"]: arm["role"] for arm in arms}
        self.sizes = {arm["arm_id"]: arm["n"] for arm in arms}
        self.correlation, self.level = correlation, level
        # a change printed for a whole arm comes before changes of some of its people
        self.whole = {(row["arm_id"], row["concept"]) for row in results if row["kind"] == "change"}
        self.within_person = study.get("comparison") == "within_person"
        total = study.get("n_analysed") or study.get("n_enrolled")
        self.total = int(total) if total else None

    def effects(self) -> list[Row]:
        """Return printed changes, changes between levels, differences between arms, and shares of people."""
        return [*_printed_changes(self), *_level_changes(self), *_differences(self), *_shares(self)]

    def row(self, estimand: str, result: Row, *others: Row, **values: Any) -> Row:
        """Return a row of `effects`: what it is about, and the quantities of all results it uses."""
        ids = [name for row in (result, *others) for name in split_ids(row["quantity_ids"])]
        kept = ("study_id", "concept", "arm_id", "site", "timepoint_weeks", "unit")
        return {name: result[name] for name in kept} | {
            "timepoint_printed": result.get("timepoint_printed"),
            "second_hand": any(row.get("second_hand") for row in (result, *others)),
            "estimand": estimand,
            "headline": "yes",
            "quantity_ids": join_ids(ids),
        } | values  # fmt: skip

    def interval(self, effect: float, se: float, df: float) -> Row:
        """Return an effect, its SE and limits by Student's t; no limits without a degree of freedom."""
        half = critical_value(self.level, df) * se if df > 0 else np.nan
        return {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}

    def stated_size(self, result: Row) -> int | None:
        """Return the number of people that is stated with a result, or else for its arm."""
        size = result["n"] or self.sizes.get(result["arm_id"])
        return int(size) if size else None

    def group_size(self, result: Row) -> GroupSize:
        """Return the number of people of a result: stated, or else all enrolled."""
        if stated := self.stated_size(result):
            return GroupSize(stated)
        if self.total:
            words = f"{self.total} (all enrolled)"
            return GroupSize(self.total, "n not stated with the result: all enrolled", words)
        return GroupSize(0, "n not stated")

    def group_splits(self, result: Row) -> Iterator[GroupSize]:
        """Yield the sizes that one of two groups may have; halves are the headline."""
        total = self.total
        if stated := self.stated_size(result):
            yield GroupSize(stated)
        elif total and (len(self.roles) == 1 or self.within_person):
            yield GroupSize(total, f"all {total} enrolled", str(total))
        elif total:
            for size in range(2, total - 1):
                assumption = f"{size} of the {total} enrolled in this group"
                yield GroupSize(size, assumption, str(size), "yes" if size == total // 2 else "no")


# Changes that are printed as such.
def _printed_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield printed changes, with their interval where an SD and a number of people are known."""
    for result in study.results:
        if result["kind"] != "change":
            continue
        size, mean, sd = study.group_size(result), result["mean"], result["sd"]
        values = {name: result.get(name) for name in ("p_value", "p_value_token")} | size.columns
        values["_against"] = result.get("p_value_against") or "baseline"
        if mean is not None and sd is not None and size.n > 1:
            values |= study.interval(mean, sd / np.sqrt(size.n), size.n - 1)
            values["assumption"] = size.assumption or None
        elif mean is not None:
            missing = "no SD" if sd is None else size.assumption or "one person"
            values |= {"effect": mean, "assumption": f"no interval: {missing}"}
        elif printed := _instead_of_a_mean(result):
            values |= {"assumption": f"{printed}: no single estimate", "stated": _way(result)}
        elif result.get("stated"):
            values["assumption"] = "direction in the source's words, no figure"
            values["stated"] = result["stated"]
        else:
            continue
        yield study.row("uncontrolled_change", result, measure="MC", **values)


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


def _way(result: Row) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


# Changes from a level before to a level after.
def _level_changes(study: StudyFigures) -> Iterator[Row]:
    for before, after in _before_and_after(study):
        means, sds = (after["mean"], before["mean"]), (after["sd"], before["sd"])
        if None in sds:
            shown = "no" if (after["arm_id"], after["concept"]) in study.whole else "yes"
            values = {"effect": means[0] - means[1], "assumption": "no interval: one person or no SD"}
            values |= {"headline": shown, "n": study.stated_size(after)}
            yield study.row("uncontrolled_change", after, before, measure="MC", **values)
            continue
        for size in study.group_splits(after):
            es = effect_size(
                "MC", m1i=means[:1], m2i=means[1:], sd1i=sds[:1], sd2i=sds[1:], ni=[size.n],
                ri=[study.correlation],
            )  # fmt: skip
            values = study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), size.n - 1)
            correlation = f"pre-post correlation {study.correlation:g}"
            values["assumption"] = "; ".join(filter(None, (correlation, size.assumption)))
            values |= {"headline": size.headline} | size.columns
            yield study.row("uncontrolled_change", after, before, measure="MC", **values)


def _before_and_after(study: StudyFigures) -> Iterator[tuple[Row, Row]]:
    """Yield baseline and follow-up levels of the same arm, outcome, place and unit."""
    levels = [row for row in study.results if row["kind"] == "level" and row["mean"] is not None]
    starts = [row for row in levels if row["timepoint_weeks"] == 0]
    for after in levels:
        for before in starts if after["timepoint_weeks"] != 0 else ():
            if all(before[name] == after[name] for name in ("arm_id", "concept", "site", "unit")):
                yield before, after


# Differences between a treated and a comparison arm.
_TREATED = ("exosome", "exosome_combination")


def _differences(study: StudyFigures) -> Iterator[Row]:
    """Yield differences at the same time and place, paired where both sites are of the same people."""
    for treated, control in _compared(study):
        for n1, n2, size in _pair_sizes(study, treated, control):
            if n1 < 2 or n2 < 2:
                continue
            if study.within_person:
                values = _paired(study, treated, control, n1)
                correlation = f"correlation between the two sites {study.correlation:g}"
            else:
                values, correlation = _welch(study, treated, control, n1, n2), ""
            values |= {"comparator_id": control["arm_id"], "headline": size.headline} | size.columns
            values["assumption"] = "; ".join(filter(None, (correlation, size.assumption))) or None
            estimand = "within_participant" if study.within_person else "between_group"
            yield study.row(estimand, treated, control, measure="MD", **values)


def _compared(study: StudyFigures) -> Iterator[tuple[Row, Row]]:
    """Yield results of a treated and of another arm that were measured alike, after the start."""
    spread = [row for row in study.results if row["mean"] is not None and row["sd"] is not None]
    controls = [row for row in spread if study.roles.get(row["arm_id"]) not in _TREATED]
    for treated in spread:
        if study.roles.get(treated["arm_id"]) not in _TREATED or treated["timepoint_weeks"] == 0:
            continue
        key = ["concept", "site", "timepoint_weeks", "unit", "kind", "measure", "category"]
        if treated["timepoint_weeks"] is None:  # two times that are not stated may differ
            key.append("timepoint_printed")
        for control in controls:
            if all(treated[name] == control[name] for name in key):
                yield treated, control


def _pair_sizes(study: StudyFigures, treated: Row, control: Row) -> Iterator[tuple[int, int, GroupSize]]:
    """Yield the sizes that two groups may have, and the people of both."""
    stated = [study.stated_size(row) for row in (treated, control)]
    known, total = [size for size in stated if size], study.total
    if study.within_person and known:
        yield min(known), min(known), GroupSize(min(known))
    elif study.within_person and total:
        yield total, total, GroupSize(total, f"all {total} enrolled, both sites", str(total))
    elif len(known) == 2:
        yield known[0], known[1], GroupSize(sum(known))
    elif known and total:
        rest = total - known[0]
        n1, n2 = (known[0], rest) if stated[0] else (rest, known[0])
        assumption = f"{rest} people in one group: the {total} enrolled less {known[0]}"
        yield n1, n2, GroupSize(total, assumption, f"{n1} + {n2}")
    elif total:
        for split in study.group_splits(treated):
            n1, n2 = split.n, total - split.n
            assumption = f"{n1} and {n2} people in the groups"
            yield n1, n2, GroupSize(total, assumption, f"{n1} + {n2}", split.headline)


def _welch(study: StudyFigures, treated: Row, control: Row, n1: int, n2: int) -> Row:
    es = effect_size(
        "MD", m1i=[treated["mean"]], sd1i=[treated["sd"]], n1i=[n1],
        m2i=[control["mean"]], sd2i=[control["sd"]], n2i=[n2],
    )  # fmt: skip
    a, b = treated["sd"] ** 2 / n1, control["sd"] ** 2 / n2
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else n1 + n2 - 2
    return study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), df)


def _paired(study: StudyFigures, treated: Row, control: Row, n: int) -> Row:
    sd = float(np.sqrt(change_variance(treated["sd"], control["sd"], np.asarray(study.correlation))))
    return study.interval(treated["mean"] - control["mean"], sd / np.sqrt(n), n - 1)


# Shares of people.
def _shares(study: StudyFigures) -> Iterator[Row]:
    """Yield shares of people with Wilson's interval, for the stated or the enrolled number."""
    for result in study.results:
        if result["kind"] != "count":
            continue
        size, share = study.group_size(result), result["percent"]
        if share is None and result["count"] is not None and size.n:
            share = result["count"] / size.n
        if share is None:
            continue
        values = {"effect": share, "assumption": size.assumption or None} | size.columns
        if size.n and share <= 1:
            low, high = proportion_confint(share * size.n, size.n, alpha=1 - study.level, method="wilson")
            values |= {"se": np.sqrt(share * (1 - share) / size.n), "ci_lower": low, "ci_upper": high}
        elif size.n:
            reasons = (size.assumption, "no interval: more people than were watched")
            values["assumption"] = "; ".join(filter(None, reasons))
        yield study.row("proportion", result, measure="PR", **values)
