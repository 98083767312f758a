"""Honest studies simulated from individual people: study sheets with the text that they were read from.

Written without sight of the rules of appraisal. A study is drawn person by person, analysed, and printed in
one of the ways in which honest papers print: any rounding, any usual test, named or not, with people lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from simulated_methods import print_flow, print_methods
from simulated_papers import UNITS, Paper, choose, shown
from simulated_people import Group, compare, covariance, draw_people, share_p

Row = dict[str, Any]
# What the comparison of two arms of the same people is called.
OF_PAIRS = {
    "Student's t test": "paired t test",
    "Welch's t test": "paired t test",
    "analysis of covariance": "paired t test",
    "one-sided Welch's t test": "one-sided paired t test",
    "Mann-Whitney test": "Wilcoxon signed-rank test",
}


def simulate(study_id: str, rng: np.random.Generator, **fixed: Any) -> Paper:
    """Return an honest study, printed but not finished.

    Parameters
    ----------
    study_id : str
        Name of the study.
    rng : numpy.random.Generator
        Source of everything that is drawn.
    **fixed
        Fields of `Habits` that are not drawn.
    """
    habits = choose(rng, **fixed)
    paper = Paper(study_id, habits, rng)
    if habits.design in ("series", "report"):
        _cases(paper)
        return paper
    if habits.design != "registration":
        paper.people = draw_people(habits, rng)
    print_methods(paper)
    if habits.design == "registration":
        return paper
    print_flow(paper)
    print_outcome(paper)
    _rating(paper)
    _shares(paper)
    _adverse(paper)
    habits_told = [habits.design, habits.style, habits.rounding, f"{habits.decimals} decimals"]
    told = {
        "mean of two counts": habits.readings == 2, "people lost": habits.lost, "per mm2": habits.per_mm2,
        "weeks called months": habits.months, "three arms": habits.arms == 3, "events counted": habits.events == "events",
        "screened people told": habits.screened, f"block of {habits.block}": bool(habits.block),
        f"within: {habits.within}": bool(habits.within), f"between: {habits.between}": bool(habits.between),
        f"p {habits.p_form}": True, f"shares: {habits.shares}": bool(habits.shares), f"scale {habits.scale}": bool(habits.scale),
        "test not named": not habits.named, "percent change": habits.percent_change, "printed twice": habits.twice,
    }  # fmt: skip
    paper.tags = habits_told + [tag for tag, holds in told.items() if holds]
    return paper


def spread_of(paper: Paper, name: str, values: np.ndarray, style: str, **of: Any) -> Row:
    """Print a group's values in a style, and return the fields of a result that name them."""
    habits, concept = paper.habits, paper.habits.outcome
    factor, decimals = (
        (0.01, habits.decimals + 2) if habits.per_mm2 and concept == "hair_density" else (1, habits.decimals)
    )
    of |= {"concept": concept, "unit": "hairs/mm2" if factor != 1 else UNITS[concept]}
    values, n = values * factor, len(values)

    def fig(part: str, value: float, kind: str) -> str:
        return paper.figure(f"{name}_{part}", paper.number(value, decimals), kind, **of)

    mean, sd = values.mean(), values.std(ddof=1)
    if style in ("quartiles", "median range"):
        ends = np.quantile(values, [0.25, 0.75]) if style == "quartiles" else (values.min(), values.max())
        names = ("q1", "q3") if style == "quartiles" else ("minimum", "maximum")
        row = {"median": fig("median", np.median(values), "median"), names[0]: fig("low", ends[0], "value"),
               names[1]: fig("high", ends[1], "value")}  # fmt: skip
    elif style in ("interval", "standard error"):
        row = {"mean": fig("mean", mean, "mean")}
        half = stats.t.ppf(0.975, n - 1) * sd / n**0.5
        if style == "interval":
            row |= {
                "ci_lower": fig("low", mean - half, "value"),
                "ci_upper": fig("high", mean + half, "value"),
            }
        else:
            row["se"] = fig("se", sd / n**0.5, "other")
    else:
        row = {"mean": fig("mean", mean, "mean"), "sd": fig("sd", sd, "sd")}
        if style == "extremes":
            row |= {
                "minimum": fig("low", values.min(), "value"),
                "maximum": fig("high", values.max(), "value"),
            }
    told = ", ".join(f"{field.replace('_', ' ')} {{{figure}}}" for field, figure in row.items())
    paper.say("Results", f"{name.replace('_', ' ')}: {told}.")
    return row


def print_outcome(paper: Paper) -> None:
    """Print the measured outcome in each arm, then its comparisons."""
    habits, end = paper.habits, paper.end
    adjusted = habits.style == "adjusted" and habits.arms > 1
    style = "levels" if habits.style == "adjusted" else habits.style
    for group in paper.people:
        n, of = paper.seen(group), {"arm": group.arm}
        if style != "interval" and style != "change":
            row = spread_of(paper, f"{group.arm}_before", group.before, style, time="baseline", **of)
            paper.result(group.arm, habits.outcome, "baseline", "level", n=f"n_{group.arm}", **row)
            row = spread_of(paper, f"{group.arm}_after", group.after[group.stayed], style, time=end, **of)
            paper.result(group.arm, habits.outcome, end, "level", n=n, **row)
        if habits.with_change or style in ("interval", "change"):
            if adjusted and habits.least_squares and habits.design == "parallel":
                row = _least_squares(paper, group)
            else:
                row = spread_of(paper, f"{group.arm}_change", group.change, style, time=end, **of)
                row |= _p_within(paper, group)
            paper.result(group.arm, habits.outcome, end, "change", n=n, **row)
        if habits.percent_change:
            share = 100 * np.mean(group.change / group.before[group.stayed])
            name = paper.figure(f"{group.arm}_percent", f"{paper.number(share, 1)}%", "percent_change", habits.outcome,
                                unit="percent of baseline", time=end, **of)  # fmt: skip
            paper.say("Results", f"The mean of each person's change was {{{name}}} with {group.label}.")
            paper.result(
                group.arm,
                habits.outcome,
                end,
                "change",
                mean=name,
                unit="percent of baseline",
                site="each person's own percentage",
            )
    if habits.arms > 1 and habits.between:
        for other in paper.people[1:]:
            _between(paper, paper.people[0], other, adjusted)
    if habits.twice and "exosome_change_mean" in paper.figures:
        again = paper.figures["exosome_change_mean"]
        decimals = max(habits.decimals - 1, 0) + (2 if again["unit"] == "hairs/mm2" else 0)
        exact = paper.people[0].change.mean() * (0.01 if again["unit"] == "hairs/mm2" else 1)
        more = {key: again[key] for key in ("kind", "concept", "unit", "arm", "time")}
        paper.figure("change_again", shown(exact, decimals, habits.rounding), **more)
        paper.lines.insert(0, ("Abstract", f"The change was {{change_again}} after {end}."))


def _least_squares(paper: Paper, group: Group) -> Row:
    """Print the mean change of a group as an analysis of covariance gives it, with its standard error."""
    habits = paper.habits
    before = np.concatenate([one.before[one.stayed] for one in paper.people])
    change = np.concatenate([one.change for one in paper.people])
    arms = np.repeat(np.arange(len(paper.people)), [len(one.change) for one in paper.people])
    design = np.column_stack([*(arms == k for k in range(len(paper.people))), before - before.mean()])
    beta, *_ = np.linalg.lstsq(design.astype(float), change, rcond=None)
    error = (
        ((change - design @ beta) ** 2).sum() / (len(change) - design.shape[1]) / len(group.change)
    ) ** 0.5
    k = next(k for k, one in enumerate(paper.people) if one is group)
    factor, more = (0.01, 2) if habits.per_mm2 and habits.outcome == "hair_density" else (1, 0)
    of = {"unit": "hairs/mm2" if more else UNITS[habits.outcome], "arm": group.arm, "time": paper.end}
    mean, se = (
        paper.figure(
            f"{group.arm}_adjusted_{part}",
            paper.number(value * factor, habits.decimals + more),
            kind,
            habits.outcome,
            **of,
        )
        for part, value, kind in (("mean", beta[k], "mean"), ("se", error, "other"))
    )
    paper.say("Results", f"The least-squares mean change with {group.label} was {{{mean}}} (SE {{{se}}}).")
    return {"mean": mean, "se": se, "note": "least-squares mean, adjusted for baseline"}


def _p_within(paper: Paper, group: Group) -> Row:
    """Print the p value of a group's change against baseline."""
    test, change = paper.habits.within, group.change
    if test is None or not change.any():
        return {}
    if test == "Wilcoxon signed-rank test":
        value = stats.wilcoxon(change).pvalue
    else:
        side = "greater" if test.startswith("one-sided") else "two-sided"
        value = stats.ttest_1samp(change, 0, alternative=side).pvalue
    name = paper.p(f"p_{group.arm}", float(value), paper.habits.outcome, arm=group.arm, time=paper.end)
    return {"p_value": name, "p_value_against": "baseline" if name else None,
            "p_value_test": paper.named(test) if name else None}  # fmt: skip


def _between(paper: Paper, one: Group, two: Group, adjusted: bool) -> None:
    """Print the comparison of two arms: an estimate with limits, or a rank test alone, or only a p value."""
    habits, end = paper.habits, paper.end
    test = habits.between
    if habits.design != "parallel":
        test = OF_PAIRS[str(test)]
    if adjusted and habits.design == "parallel":
        test = "analysis of covariance"
        effect, low, high, value = covariance(one, two)
    else:
        effect, low, high, value = compare(habits, one, two)
    if habits.arms == 3 and habits.p_form == "exact" and test == "Student's t test":
        test, value = "one-way analysis of variance", stats.f_oneway(*(g.change for g in paper.people)).pvalue
        paper.tags.append("between: ANOVA of three arms")
    of = {"time": end, "concept": habits.outcome}
    p_value = paper.p(f"p_{one.arm}_{two.arm}", float(value), **of)
    row = {
        "arm": one.arm,
        "against": two.arm,
        **of,
        "p_value": p_value,
        "p_value_test": paper.named(test) if p_value else None,
    }
    ranks = str(test).startswith(("Mann", "Wilcoxon"))
    if habits.contrast and not ranks and not habits.per_mm2:
        parts = zip(("effect", "ci_lower", "ci_upper"), (effect, low, high), strict=True)
        kinds = {"kind": "value", "unit": UNITS[habits.outcome], **of}
        row |= {
            part: paper.figure(f"{part}_{two.arm}", paper.number(number), **kinds) for part, number in parts
        }
        row |= {"measure": "MD", "unit": UNITS[habits.outcome]}
        adjusted = test == "analysis of covariance"
        row["note"] = "adjusted for baseline" if adjusted else "difference of mean changes"
        if not habits.named:
            row["note"] = None
        paper.say(
            "Results", f"Difference {{effect_{two.arm}}} ({{ci_lower_{two.arm}}} to {{ci_upper_{two.arm}}})."
        )
    elif p_value:
        row["measure"] = "RANK" if ranks else "MD"
        last = next((row for row in paper.results if row["arm"] == one.arm and row["time"] == end), None)
        if (
            last is not None and "p_value" not in last and not habits.contrast
        ):  # printed beside the arm's own figures
            last |= {"p_value": p_value, "p_value_against": two.label}
            last |= {"p_value_test": paper.named(test)} if habits.named else {}
            return
    if "measure" in row and (p_value or "effect" in row):
        paper.contrasts.append({key: item for key, item in row.items() if item is not None})


def _rating(paper: Paper) -> None:
    """Print the mean of a rating in whole steps."""
    scale, end = paper.habits.scale, paper.end
    if scale is None:
        return
    levels = {"low": float(scale[0]), "high": float(scale[1])}
    paper.figure(
        "scale", f"{scale[0]} to {scale[1]}", "level", "scale_levels", "design", unit="grade", **levels
    )
    paper.say("Methods", "People rated the result in whole steps from {scale}.")
    next(row for row in paper.outcomes if row["concept"] == "patient_global")["measure"] = (
        f"rating in whole steps from {scale[0]} to {scale[1]}"
    )
    for group in paper.people:
        values, of = group.rating[group.stayed], {"unit": "grade", "arm": group.arm, "time": end}
        mean = paper.figure(
            f"{group.arm}_rating", paper.number(values.mean(), 2), "mean", "patient_global", **of
        )
        sd = paper.figure(
            f"{group.arm}_rating_sd", paper.number(values.std(ddof=1), 2), "sd", "patient_global", **of
        )
        paper.say("Results", f"The rating was {{{mean}}} (SD {{{sd}}}) with {group.label}.")
        paper.result(group.arm, "patient_global", end, "level", n=paper.seen(group), mean=mean, sd=sd)


def _shares(paper: Paper) -> None:
    """Print how many people noticed regrowth, and the comparison of the shares."""
    way, end = paper.habits.shares, paper.end
    if way is None:
        return
    paper.outcomes.append(
        {
            "outcome_id": "noticed",
            "concept": "noticed_improvement",
            "priority": "secondary",
            "timepoint": "24 weeks",
        }
    )
    counts = []
    for group in paper.people:
        count, n = int(group.better[group.stayed].sum()), int(group.stayed.sum())
        counts.append((count, n))
        of = {"concept": "noticed_improvement", "arm": group.arm, "time": end}
        rounding = "down" if paper.rng.random() < 0.05 else paper.habits.rounding
        decimals = int(paper.rng.integers(0, 2))
        row = {}
        if "count" in way:
            row["count"] = paper.figure(f"{group.arm}_better", f"{count}", "count", unit="participants", **of)
        if "percent" in way:
            token = shown(100 * count / n, decimals, rounding)
            row["percent"] = paper.figure(f"{group.arm}_share", f"{token}%", "percent", unit="percent", **of)
        paper.say(
            "Results",
            f"Regrowth was noticed with {group.label}: " + " ".join(f"{{{name}}}" for name in row.values()),
        )
        paper.result(
            group.arm,
            "noticed_improvement",
            end,
            "count",
            n=None if way == "percent alone" else paper.seen(group),
            **row,
        )
    if len(counts) == 2 and paper.habits.design == "parallel" and paper.habits.contrast:
        value = share_p(paper.habits.share_test, *zip(*counts, strict=True))
        p_value = paper.p("p_shares", value, "noticed_improvement", time=end)
        if p_value:
            row = {
                "arm": "exosome",
                "against": "saline",
                "concept": "noticed_improvement",
                "time": end,
                "measure": "RD",
            }
            test = {"p_value_test": paper.habits.share_test} if paper.habits.named else {}
            paper.contrasts.append(row | {"p_value": p_value} | test)


def _adverse(paper: Paper) -> None:
    """Print adverse events by people or by events, or that there were none."""
    way = paper.habits.events
    if way is None:
        return
    paper.outcomes.append({"outcome_id": "safety", "concept": "adverse_events", "priority": "safety"})
    for group in paper.people:
        n = f"n_{group.arm}"
        if way == "absent":
            paper.say("Results", f"No adverse event was seen with {group.label}.")
            paper.events.append({"arm": group.arm, "term": "any adverse event", "absent": True, "n": n})
            continue
        events = group.affected * 3 + 1 if way == "events" else group.affected
        name = paper.figure(f"{group.arm}_red", f"{events} {'episodes' if way == 'events' else 'people'}", "count",
                            "adverse_events", "safety", arm=group.arm, unit=way.replace("people", "participants"))  # fmt: skip
        paper.say("Results", f"Redness with {group.label}: {{{name}}}.")
        more = {"n": n} if way == "people" else {"note": "episodes, not people; one person may have several"}
        paper.events.append({"arm": group.arm, "term": "redness", "count": name} | more)


def _cases(paper: Paper) -> None:
    """Print one to five people, each with values of their own."""
    habits, rng = paper.habits, paper.rng
    count = 1 if habits.design == "report" else int(rng.integers(2, 6))
    paper.study = {"title": f"Made up: {paper.study_id}", "design": "case series" if count > 1 else "case report",
                   "comparison": "case", "sex": "all"}  # fmt: skip
    paper.state("approved", "ethics", "yes", "the committee of the hospital approved it")
    paper.tags = [habits.design, f"{habits.decimals} decimals"]
    paper.study["n_enrolled"] = paper.figure(
        "enrolled", f"{count}", "n", "sample_size", "design", unit="participants"
    )
    paper.say("Cases", "We describe {enrolled} people.")
    paper.outcomes.append(
        {"outcome_id": "density", "concept": "hair_density", "priority": "other", "unit": "hairs/cm2"}
    )
    for number in range(1, count + 1):
        arm = f"case{number}"
        paper.arms.append({"arm_id": arm, "role": "exosome", "label": f"case {number}", "route": "injection"})
        age = paper.figure(
            f"age_{arm}", f"{rng.integers(22, 60)}-year-old", "age", "age", arm=arm, unit="years"
        )
        before = float(rng.integers(60, 140))
        after = before + float(rng.integers(-3, 50))
        of = {"concept": "hair_density", "unit": "hairs/cm2", "arm": arm}
        first = paper.figure(f"{arm}_before", shown(before, habits.decimals), "value", time="baseline", **of)
        last = paper.figure(f"{arm}_after", shown(after, habits.decimals), "value", time=paper.end, **of)
        paper.say("Cases", f"A {{{age}}} person had {{{first}}} hairs/cm2 and then {{{last}}}.")
        paper.result(arm, "hair_density", "baseline", "level", mean=first)
        row = {"arm": arm, "concept": "hair_density", "time": paper.end, "kind": "level", "mean": last}
        if habits.percent_change:
            share = shown(100 * (after / before - 1), 0, habits.rounding)
            paper.figure(
                f"{arm}_percent",
                f"{share}%",
                "percent_change",
                "hair_density",
                unit="percent of baseline",
                arm=arm,
                time=paper.end,
            )
            paper.say("Cases", f"That is a change of {{{arm}_percent}}.")
            paper.result(
                arm, "hair_density", paper.end, "change", mean=f"{arm}_percent", unit="percent of baseline"
            )
        paper.results.append(row)
        if habits.events == "absent":
            paper.say("Cases", f"Nothing untoward was seen in case {number}.")
            paper.events.append({"arm": arm, "term": "any adverse event", "absent": True})
