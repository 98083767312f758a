"""Means: changes within one arm, and differences between an exosome arm and a control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from helpers.effects.study_figures import (
    Comparator,
    GroupSize,
    Observed,
    StudyFigures,
    comparator_key,
    instead_of_a_mean,
    no_interval,
    p_value_spread,
    said,
    tested_arms,
)
from helpers.tables.vocabulary import USUAL_DOSES
from metastats.dependence import combine_groups
from metastats.heterogeneity import critical_value
from notebookpress.tables import records
from trialfiles.record import Row

_ALIKE = ("concept", "site", "timepoint_weeks", "unit", "kind", "measure", "category")
_place_of = itemgetter("arm_id", "concept", "site", "timepoint_weeks", "unit")
_asked_at = itemgetter("concept", "site", "timepoint_weeks", "timepoint_printed", "unit")


@dataclass(frozen=True)
class Sides:
    """Results of the exosome arms and of the controls of one question, measured alike."""

    question: Comparator
    treated: tuple[Observed, ...]
    control: tuple[Observed, ...]
    headline: str = "yes"
    combined: str = ""  # what was combined, in words

    @property
    def both(self) -> tuple[Observed, ...]:
        """Both sides, exosome arms first; each by the names of its arms."""
        return (*self.treated, *self.control)

    @property
    def results(self) -> list[Row]:
        """All results of both sides."""
        return [row for one in self.both for row in one.results]

    @property
    def columns(self) -> Row:
        """Columns `arm_id` and `comparator_id`: the arms of each side."""
        sides = (("arm_id", self.treated), ("comparator_id", self.control))
        return {name: ";".join(map(arm_of, side)) for name, side in sides}

    def row(self, study: StudyFigures, size: GroupSize, measure: str, **values: Any) -> Row:
        """Return a row of `effects`; the people of the controls are told apart where they are others."""
        apart = size.n and size.words is None and not study.same_people
        n = sum(size.sizes[len(self.treated) :]) if apart else None
        values = self.columns | size.columns | {"n_comparator": n, "measure": measure} | values
        return study.row(study.estimand, self.results, self.question, **values)


def arm_of(observed: Observed) -> str:
    """Return the arm of a mean."""
    return observed.results[0]["arm_id"]


def sides(study: StudyFigures, observed: Sequence[Observed]) -> Iterator[Sides]:
    """Yield what may be compared: same outcome, place, time, unit, measure, comparator and background.

    Where several exosome arms, or controls of one class, ask the same question, they are combined (Cochrane
    Handbook 6.5.2.10, 23.3.4) and the combination is the headline; the single pairs stand beside it. Arms
    with another background or comparator ask another question.
    """
    asked: dict[tuple, list[tuple[Observed, Observed, Comparator]]] = {}
    tested = tested_arms(study.arms)
    for treated, control in product(observed, observed):
        place, other = treated.results[0], control.results[0]
        if arm_of(treated) not in tested or arm_of(control) in tested or place["timepoint_weeks"] == 0:
            continue
        # two times that are not stated may differ
        alike = itemgetter(*_ALIKE, *(["timepoint_printed"] if place["timepoint_weeks"] is None else []))
        if alike(place) == alike(other):
            question = study.question(arm_of(treated), arm_of(control))
            key = (*alike(place), comparator_key(question.columns))
            asked.setdefault(key, []).append((treated, control, question))
    for pairs in asked.values():
        yield from _of_question(pairs)


def _of_question(pairs: list[tuple[Observed, Observed, Comparator]]) -> Iterator[Sides]:
    """Yield the combination of all pairs of one question, where there are several, and each pair."""
    treated = {arm_of(one): one for one, _, _ in pairs}
    control = {arm_of(one): one for _, one, _ in pairs}
    several = len(pairs) > 1 and len(pairs) == len(treated) * len(control)
    if several:
        first, second = (tuple(side[name] for name in sorted(side)) for side in (treated, control))
        names = sorted({question.comparator_name or "" for _, _, question in pairs})
        question = replace(pairs[0][2], comparator_name="; ".join(names) or None)
        words = f"{len(treated)} exosome arms and {len(control)} controls combined"
        yield Sides(question, first, second, combined=words)
    for one, other, question in pairs:
        yield Sides(question, (one,), (other,), "no" if several else "yes")


def mean_differences(study: StudyFigures) -> Iterator[Row]:
    """Yield differences of means at the same time and place, paired where both are of the same people.

    Printed changes come first, then final values, then changes of which one at least is worked out from
    levels: the first of a question that has a standard error is the headline, since it takes the fewest
    assumptions, and the others stand beside it.
    """
    means = [row for row in study.results if row["mean"] is not None]
    changes = [study.printed(row) for row in means if row["kind"] == "change"]
    levels = [study.printed(row) for row in means if row["kind"] == "level"]
    printed = {_place_of(one.results[0]) for one in changes if one.spread(2) is not None}
    pairs = [(before, after) for before, after in study.pairs if _place_of(after) not in printed]
    mixed = sides(study, changes + [study.worked_out(*pair) for pair in pairs])
    mixed = (one for one in mixed if len(one.results) > len(one.both))
    answers: dict[tuple, list[list[Row]]] = {}
    for asked, compared in (
        (sides(study, changes), "changes"), (sides(study, levels), "final values"), (mixed, "changes"),
    ):  # fmt: skip
        own: dict[tuple, list[Row]] = {}
        for one in asked:
            key = (*_asked_at(one.results[0]), comparator_key(one.question.columns))
            own.setdefault(key, []).extend(_with_sizes(study, one, compared))
        for key, rows in own.items():
            answers.setdefault(key, []).append(rows)
    for ways in answers.values():
        first = next((way for way in ways if any(row.get("se") is not None for row in way)), ways[0])
        for way in ways:
            yield from (row if way is first else row | {"headline": "no"} for row in way)


def _with_sizes(study: StudyFigures, asked: Sides, compared: str) -> Iterator[Row]:
    """Yield a difference for each pair of sizes that the groups may have; one without an SE stands once."""
    gap = _baseline_gap(study, asked)
    firsts, by_size = [one.results[0] for one in asked.both], any(one.by_size for one in asked.both)
    for size in study.sizes(firsts, every=by_size):
        values = _difference(study, asked, size.sizes)
        without = values.get("se") is None
        told = [values["assumption"], "" if without else size.assumption, asked.combined]
        if gap and compared == "final values":
            told.append(f"baseline gap of {gap:g} not adjusted for")
        values |= {"baseline_gap": gap, "compared": compared, "assumption": said(*told)}
        values["headline"] = asked.headline if size.headline == "yes" or without else "no"
        yield asked.row(study, size, "MD", **values)
        if without:
            return


def _difference(study: StudyFigures, asked: Sides, sizes: Sequence[int]) -> Row:
    """Return the difference with its interval, or without one where a spread is not known."""
    spreads = [one.spread(n) for one, n in zip(asked.both, sizes, strict=True)]
    means, cut = np.array([one.mean for one in asked.both]), len(asked.treated)
    tested = _from_p_value(study, asked, sizes, float(np.mean(means[:cut]) - np.mean(means[cut:])))
    found = [one for one in spreads if one is not None]
    # of the same people the test knows the correlation, which the spread of each site does not
    if len(found) < len(means) or (study.same_people and "se" in tested):
        return tested
    ses, words = np.array([one.se for one in found]), None
    if study.same_people:
        words = f"correlation {study.site_correlation:g} assumed between sites"
        effect, se, df = same_people_difference(means, ses, cut, study.site_correlation, min(sizes))
    else:
        groups = (combined(means[part], ses[part], sizes[part]) for part in (slice(cut), slice(cut, None)))
        (m1, se1, n1), (m2, se2, n2) = groups
        effect = m1 - m2
        se, df = welch(se1, n1, se2, n2)
    values = study.interval(effect, se, df)
    if df and not study.same_people:
        values["ci_method"] = "Welch's t"
    basis, assumed = ([getattr(one, name) for one in found] for name in ("basis", "assumed"))
    return values | {"se_basis": said(*basis, words), "assumption": said(*assumed, words)}


def _from_p_value(study: StudyFigures, asked: Sides, sizes: Sequence[int], effect: float) -> Row:
    """Return a difference with the standard error that the exact p value of its test gives, if any."""
    df = min(sizes) - 1 if study.same_people else sum(sizes) - 2
    test = "paired t test" if study.same_people else "Student's t test"
    for result in asked.results if len(sizes) == 2 and all(sizes) else ():
        if is_against(result, asked) and (found := p_value_spread(result, effect, df, test)):
            named = {"assumption": found.assumed, "se_basis": found.basis}
            return study.interval(effect, found.se, df) | named
    return {"effect": effect, "assumption": no_interval(asked.results, sizes)}


def is_against(result: Row, asked: Sides) -> bool:
    """Return whether a result's p value is said to be of a comparison with the other arm."""
    words = (result["p_value_against"] or "").casefold()
    named = (*map(arm_of, asked.both), asked.question.comparator, asked.question.comparator_name)
    others = (str(name or "control").casefold() for name in (*named, "between", "group", "compar"))
    return "baseline" not in words and any(name in words for name in others)


def combined(means: np.ndarray, ses: np.ndarray, sizes: Sequence[int]) -> tuple[float, float, int]:
    """Return mean, standard error and people of independent groups as one (Cochrane Handbook 6.5.2.10)."""
    if len(means) == 1:
        return means.item(), ses.item(), min(sizes)
    n, mean, sd = combine_groups(sizes, means, ses * np.sqrt(sizes))
    return mean, sd / float(np.sqrt(n)), int(n)


def welch(se1: float, n1: int, se2: float, n2: int) -> tuple[float, float | None]:
    """Return the standard error of a difference of two means, and Welch's degrees of freedom (1947).

    Given are standard error and people of each; without a number of people there are none (None).
    """
    a, b = se1**2, se2**2
    if min(n1, n2) < 2:
        return float(np.sqrt(a + b)), None
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else float(n1 + n2 - 2)
    return float(np.sqrt(a + b)), df


def same_people_difference(
    means: np.ndarray, ses: np.ndarray, cut: int, r: float, n: int
) -> tuple[float, float, float | None]:
    """Return the mean of the first `cut` sites less that of the others, with its standard error and df.

    All sites are of the same `n` people, and any two correlate by `r`.
    """
    weights = np.repeat([1 / cut, -1 / (len(means) - cut)], [cut, len(means) - cut])
    scaled = weights * ses
    variance = (1 - r) * float(scaled @ scaled) + r * float(scaled.sum()) ** 2
    return float(weights @ means), float(np.sqrt(variance)), n - 1 if n > 1 else None


def _baseline_gap(study: StudyFigures, asked: Sides) -> float | None:
    """Return by how much the exosome arms exceeded the controls before treatment; None where not printed."""
    levels = {after["result_id"]: before["mean"] for before, after in study.pairs}
    names = [[one.results[0]["result_id"] for one in side] for side in (asked.treated, asked.control)]
    if not levels.keys() >= {*names[0], *names[1]}:
        return None
    treated, control = ([levels[name] for name in side] for side in names)
    return float(np.mean(treated) - np.mean(control))


def uncontrolled_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes of each arm, with their interval where a spread and a number of people are known."""
    worked_out = list(_level_changes(study))
    better = {_place_of(row) for row in worked_out if row["headline"] == "yes" and row.get("se") is not None}
    for row in _printed_changes(study):
        bare = row.get("effect") is not None and row.get("se") is None
        yield row | {"headline": "no"} if bare and _place_of(row) in better else row
    yield from worked_out


def _printed_changes(study: StudyFigures) -> Iterator[Row]:
    for result in (row for row in study.results if row["kind"] == "change"):
        size = study.group_size(result)
        values: Row = {name: result[name] for name in ("p_value", "p_value_token")} | size.columns
        values["_against"] = result["p_value_against"] or "baseline"
        if result["mean"] is not None:
            of_model = "a model's mean" if result["estimate_kind"] else ""
            values |= _change(study, study.printed(result), size.n, size.assumption, of_model)
        elif printed := instead_of_a_mean(result):
            values |= {"why_not": f"{printed}: no mean with an interval", "stated": _way(result)}
        elif result["stated"]:
            values |= {"why_not": "direction only, without mean or SD", "stated": result["stated"]}
        else:
            continue
        question = study.question(result["arm_id"])
        yield study.row("uncontrolled_change", [result], question, measure="MC", **values)


def _change(study: StudyFigures, observed: Observed, n: int, *assumed: str) -> Row:
    """Return a change with its interval for a number of people, or with the reason why it has none."""
    found = observed.spread(n)
    if found is None:
        return {"effect": observed.mean, "assumption": no_interval(observed.results, [n])}
    interval = study.interval(observed.mean, found.se, n - 1 if n else None)
    return interval | {"se_basis": found.basis, "assumption": said(found.assumed, *assumed)}


def _way(result: Row) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


def _level_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes from levels, one for each size that the group may have."""
    changes = [row for row in study.results if row["kind"] == "change"]
    told = [row for row in changes if row["mean"] is None or study.printed(row).spread(2) is not None]
    printed = set(map(_place_of, told))
    whole = {(row["arm_id"], row["concept"]) for row in changes}  # comes before changes of some of its people
    for before, after in study.pairs:
        observed, question = study.worked_out(before, after), study.question(after["arm_id"])
        again = _place_of(after) in printed
        behind = (after["arm_id"], after["concept"]) in whole
        for size in study.sizes([after], every=observed.by_size):
            values = _change(study, observed, size.n, size.assumption)
            bare = "se" not in values
            values |= study.group_size(after).columns if bare else size.columns
            values["headline"] = "no" if again or (bare and behind) else "yes" if bare else size.headline
            yield study.row("uncontrolled_change", observed.results, question, measure="MC", **values)
            if bare:  # without an interval it stands once
                break


# Arms of other treatments, of the table `comparators`.
_OTHER_COUNT = ("anagen", "telogen")  # counts of one phase of hair are no total counts
_KEPT = [
    "row_id", "study_id", "treatment", "arm", "sex", "n", "concept", "timepoint_weeks", "access",
    "second_hand", "unit",
]  # fmt: skip
_OF_DRUGS = dict.fromkeys(
    ("comparator_name", "timepoint_printed", "assumption", "why_not", "risk_of_bias", "contrast_doubt")
) | {
    "estimand": "between_group", "comparator": "placebo", "background": "none", "measure": "MD",
    "site": "all", "tier": "comparator", "certain_discrepancies": 0, "direction": "unclear",
}  # fmt: skip
_DOSE = r"(\d+(?:\.\d+)?)\s*(mg|%)"  # in the words of an arm


def comparator_changes(comparators: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return changes from baseline in arms of other treatments, in the unit of the outcome.

    `change`, `sd` of the change between people, `se`, `ci_lower`, `ci_upper` (Student's t; none where SD or
    people are missing) beside what each row of the table `comparators` is about. Printed figures per counted
    area become hairs/cm², percent of baseline a proportion. Differences from placebo, counts of one phase of
    hair, and rows without a change are left out.
    """
    between = comparators["followup_mean"] - comparators["baseline_mean"]
    between = between.where(comparators["statistic"] == "levels")
    rows = _in_comparable_units(comparators.assign(change=between.fillna(comparators["change_mean"])))
    usable = rows["statistic"].isin(("change", "levels")) & rows["change"].notna()
    rows = rows[usable & ~rows["measure"].str.startswith(_OTHER_COUNT)]
    n, sd = rows["n"].astype(float), rows["change_sd"] * rows["factor"]
    rows = rows.assign(sd=sd, se=sd / np.sqrt(n))
    half = critical_value(level, n - 1) * rows["se"]
    rows = rows.assign(ci_lower=rows["change"] - half, ci_upper=rows["change"] + half)
    return rows[[*_KEPT, "change", "sd", "se", "ci_lower", "ci_upper"]].reset_index(drop=True)


def _in_comparable_units(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose `change` is per cm² or a proportion, with the factor that made it so."""
    share, counted = rows["unit"] == "percent of baseline", rows["area_cm2"].fillna(0) > 0
    factor = pd.Series(1.0, rows.index).mask(counted, 1 / rows["area_cm2"]).mask(share, 0.01)
    unit = rows["unit"].mask(counted, "hairs/cm2").mask(share, "proportion")
    return rows.assign(change=rows["change"] * factor, factor=factor, unit=unit)


def _placebo_differences(changes: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return treatment minus placebo within each study, at one time; Welch's interval where SDs are known.

    `changes` come from `comparator_changes`; `n_comparator` are the people in the placebo arm.
    """
    key = ["study_id", "concept", "timepoint_weeks", "unit", "sex"]
    placebo = changes["treatment"] == "placebo"
    pairs = changes[~placebo].merge(changes[placebo], on=key, suffixes=("", "_placebo"))
    a, b = pairs["se"] ** 2, pairs["se_placebo"] ** 2
    n1, n2 = pairs["n"].astype(float), pairs["n_placebo"].astype(float)
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1))
    half = critical_value(level, df) * np.sqrt(a + b)
    effect = pairs["change"] - pairs["change_placebo"]
    pairs = pairs.assign(effect=effect, se=np.sqrt(a + b), ci_lower=effect - half, ci_upper=effect + half)
    pairs = pairs.rename(columns={"n_placebo": "n_comparator"})
    return pairs[[*_KEPT, "effect", "se", "ci_lower", "ci_upper", "n_comparator"]]


def drug_differences(comparators: pd.DataFrame, *, level: float = 0.95) -> list[Row]:
    """Return the differences of other treatments from placebo, as lines to pool.

    Of the table `comparators`: arms beside their own placebo arms, and differences printed as such. The usual
    doses stand in the vocabulary. `intervention` is drug and dose, `effect_id` the row of `comparators`, `n`
    the people of both arms. The standard error is missing where no SD was seen. What is no licensed drug at a
    usual dose has the reason why it is not pooled in `set_aside`.
    """
    worked_out = _placebo_differences(comparator_changes(comparators, level=level), level=level)
    printed = comparators[comparators["statistic"] == "difference from placebo"]
    printed = _in_comparable_units(printed.assign(change=printed["change_mean"]))
    printed = printed.rename(columns={"change": "effect", "n_control": "n_comparator"})
    found = pd.concat([worked_out, printed[[*_KEPT, "effect", "n_comparator"]]], ignore_index=True)
    found = found[found["effect"].notna()]
    dose = found["arm"].str.extract(_DOSE)
    names = found["treatment"] + " " + dose[0] + " " + dose[1]
    usual = [f"{drug} {amount}" for drug, doses in USUAL_DOSES.items() for amount in doses]
    licensed = found["treatment"].isin(USUAL_DOSES)
    reason = licensed.map({True: "not a usual dose", False: "no drug with a licensed dose on the list"})
    named = found.assign(
        intervention=names.where(licensed, found["treatment"]).fillna(found["treatment"]),
        set_aside=reason.mask(names.isin(usual)),
        n=found["n"] + found["n_comparator"],  # of both arms, as in `effects`
        effect_id=found["row_id"], line_id=found["row_id"],
        se_basis=found["se"].notna().map({True: "SDs printed", False: None}),
        ci_method=found["se"].notna().map({True: "Welch's t", False: None}),
    )  # fmt: skip
    return [row | _OF_DRUGS for row in records(named)]
