"""Honest studies simulated from individual people: study sheets with the text that they were read from.

Written without sight of the rules of appraisal. A study is drawn person by person, analysed, and printed in
one of the ways in which honest papers print: any rounding, any usual test, named or not, with people lost.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
from scipy import stats

Row = dict[str, Any]
ROUNDINGS = {"half up": ROUND_HALF_UP, "half even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
UNITS = {
    "hair_density": "hairs/cm2",
    "hair_count": "hairs",
    "hair_thickness": "um",
    "patient_global": "grade",
}


@dataclass
class Fault:
    """A planted fault: its kind, the check of INSPECT-SR, what it touches, and why it cannot be."""

    kind: str
    check: str
    figures: list[str]
    why: str
    statements: list[str] = field(default_factory=list)
    concepts: list[str] = field(default_factory=list)


@dataclass
class SimulatedStudy:
    """A sheet with its source text, the ways of reporting in it, and the fault planted, if any."""

    sheet: Row
    text: str
    tags: list[str]
    fault: Fault | None = None


@dataclass(frozen=True)
class Habits:
    """How a study was done and is printed."""

    design: str = "parallel"
    arms: int = 2
    outcome: str = "hair_density"
    style: str = "levels"
    with_change: bool = True
    within: str | None = "paired t test"
    between: str | None = "Welch's t test"
    named: bool = True
    p_form: str = "exact"
    decimals: int = 1
    rounding: str = "half up"
    readings: int = 1
    lost: bool = False
    per_mm2: bool = False
    contrast: bool = True
    scale: tuple[int, int] | None = (1, 5)
    shares: str | None = "count and percent"
    share_test: str = "Fisher's exact test"
    events: str | None = "people"
    ages: bool = True
    dates: bool = True
    block: int | None = None
    twice: bool = True
    screened: bool = False
    months: bool = False
    percent_change: bool = False
    size: int = 24


def choose(rng: np.random.Generator, **fixed: Any) -> Habits:
    """Return habits drawn at random, save those that are fixed."""

    def one(*items: Any) -> Any:
        return items[rng.integers(len(items))]

    designs = ["parallel"] * 8 + ["within_person"] * 3 + ["crossover"] * 2 + ["single_arm"] * 4
    design = one(*designs, "series", "report", "registration")
    drawn = {
        "design": design,
        "arms": one(2, 2, 3) if design == "parallel" else 2 if design in ("within_person", "crossover") else 1,
        "outcome": one("hair_density", "hair_density", "hair_count", "hair_thickness"),
        "style": one("levels", "levels", "change", "interval", "standard error", "quartiles", "extremes",
                     "median range", "adjusted"),
        "with_change": one(True, False),
        "within": one("paired t test", "Wilcoxon signed-rank test", "one-sided paired t test", None),
        "between": one("Student's t test", "Welch's t test", "Mann-Whitney test", "analysis of covariance",
                       "one-sided Welch's t test", None),
        "named": one(True, True, False),
        "p_form": one("exact", "exact", "limits", "NS"),
        "decimals": one(0, 1, 1, 2), "rounding": one("half up", "half even"), "readings": one(1, 1, 2),
        "lost": one(True, False), "per_mm2": one(True, False, False, False), "contrast": one(True, False),
        "scale": one(None, (1, 5), (-3, 3)),
        "shares": one(None, "count and percent", "percent and n", "percent alone", "count"),
        "share_test": one("Fisher's exact test", "chi-squared test", "chi-squared test with correction"),
        "events": one(None, "people", "events", "absent"), "ages": one(True, False), "dates": one(True, False),
        "block": one(None, 4, 6), "twice": one(True, False), "screened": one(True, False),
        "months": one(True, False), "percent_change": one(False, False, True),
        "size": int(rng.integers(8, 60)),
    }  # fmt: skip
    return replace(Habits(**drawn), **fixed)


def shown(value: float, decimals: int, rounding: str = "half up") -> str:
    """Return a number as printed."""
    exact = Decimal(repr(round(float(value), 10)))
    text = str(exact.quantize(Decimal(1).scaleb(-decimals), ROUNDINGS[rounding]))
    return text.lstrip("-") if float(text) == 0 else text


class Paper:
    """A study sheet and its text; places are worked out at the end, so that a figure can still change."""

    def __init__(self, study_id: str, habits: Habits, rng: np.random.Generator):
        self.habits, self.rng, self.study_id = habits, rng, study_id
        self.figures: dict[str, Row] = {}
        self.lines: list[tuple[str, str]] = []
        self.statements: list[Row] = []
        self.arms: list[Row] = []
        self.outcomes: list[Row] = []
        self.results: list[Row] = []
        self.contrasts: list[Row] = []
        self.events: list[Row] = []
        self.study: Row = {}
        self.people: list[Group] = []
        self.tags: list[str] = []

    def figure(
        self, name: str, printed: str, kind: str, concept: str, role: str = "result", **more: Any
    ) -> str:
        """Add a printed figure, to be named in a line; without numbers given, its value is its token."""
        if not {"value", "low", "high", "blank"} & set(more):
            more["value"] = float(re.findall(r"-?\d+(?:\.\d+)?", printed)[0])
        more.pop("blank", None)
        self.figures[name] = {
            "id": name,
            "printed": printed,
            "kind": kind,
            "role": role,
            "concept": concept,
        } | more
        return name

    def say(self, section: str, text: str) -> None:
        """Add a line; `{name}` stands for the token of a figure."""
        self.lines.append((section, text))

    def state(self, name: str, topic: str, says: str, words: str, **more: Any) -> None:
        """Add a statement and its line."""
        self.statements.append({"id": name, "topic": topic, "says": says, "printed": words} | more)
        self.say("Methods", f"[{name}]{words}.")

    def result(self, arm: str, concept: str, time: str, kind: str, **more: Any) -> Row:
        """Add an observation of figures by name."""
        row = {"arm": arm, "concept": concept, "time": time, "kind": kind} | more
        self.results.append({key: value for key, value in row.items() if value is not None})
        return self.results[-1]

    def number(self, value: float, decimals: int | None = None) -> str:
        """Return a number in this paper's rounding."""
        return shown(value, self.habits.decimals if decimals is None else decimals, self.habits.rounding)

    def p(self, name: str, value: float, concept: str, **more: Any) -> str | None:
        """Add a p value in this paper's form; its name, or None where it is only called not significant."""
        form, more = self.habits.p_form, {"kind": "p_value", "concept": concept} | more
        if form == "NS" and value >= 0.05:
            self.say("Results", f"{{{self.figure(name, 'NS', blank=True, **more)}}}")
            return None
        limit = next((limit for limit in (0.001, 0.01, 0.05) if value < limit), None)
        printed = shown(value, 3)
        if value < 0.0005:
            printed = "p < 0.001"
        elif form != "exact":
            printed = f"p < {limit}" if limit else "p > 0.05"
        self.say("Results", f"{{{self.figure(name, printed, **more)}}}")
        return name

    def finish(self, fault: Fault | None = None) -> SimulatedStudy:
        """Return the sheet with its text and the place of each token."""
        text, number, section = f"Made up: {self.study_id}\n", 1, ""
        for heading, template in self.lines:
            if heading != section:
                section, number, text = heading, number + 1, text + heading + "\n"
            number += 1
            for part in re.split(r"(\{[\w-]+\}|\[[\w-]+\])", template):
                if part.startswith("{"):
                    quantity = self.figures[part[1:-1]]
                    span = [len(text), len(text) + len(quantity["printed"])]
                    quantity["at"] = {"section": section, "line": number, "chars": span}
                    text += quantity["printed"]
                elif part.startswith("["):
                    said = next(row for row in self.statements if row["id"] == part[1:-1])
                    said |= {"line": number, "section": section}
                else:
                    text += part
            text += "\n"
        registered = self.habits.design == "registration"
        source = {
            "source_id": self.study_id, "tier": "core", "format": "registry page" if registered else "article",
            "access": "record" if registered else "full text", "has_results": not registered,
            "document": f"{self.study_id}.txt", "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "status": "recruiting" if registered else "published",
        }  # fmt: skip
        sheet = {
            "study_sheet": 1, "study_id": self.study_id, "source": source,
            "extraction": {"readers": 1, "date": "2026-01-01"}, "study": self.study, "arms": self.arms,
            "outcomes": self.outcomes, "quantities": list(self.figures.values()), "statements": self.statements,
            "results": self.results, "contrasts": self.contrasts, "adverse_events": self.events,
        }  # fmt: skip
        return SimulatedStudy(sheet, text, self.tags, fault)


@dataclass
class Group:
    """The people of an arm, or their scalp site."""

    arm: str
    label: str
    before: np.ndarray
    after: np.ndarray  # NaN for who was lost
    age: np.ndarray
    rating: np.ndarray
    better: np.ndarray
    affected: int

    @property
    def stayed(self) -> np.ndarray:
        """Return who was seen at the end."""
        return ~np.isnan(self.after)

    @property
    def change(self) -> np.ndarray:
        """Return the changes of who was seen twice."""
        return (self.after - self.before)[self.stayed]


ARMS = (
    ("exosome", "exosome", "exosomes"),
    ("saline", "placebo", "saline"),
    ("minoxidil", "active", "minoxidil 5 %"),
)


def _sizes(habits: Habits, rng: np.random.Generator) -> list[int]:
    """Return the people randomised to each arm, by permuted blocks where there are blocks."""
    if habits.design != "parallel":
        return [habits.size] * habits.arms
    per_block = habits.block // habits.arms if habits.block and habits.block % habits.arms == 0 else None
    if per_block is None:
        return [
            int(n)
            for n in np.maximum(rng.binomial(habits.size * habits.arms, 1 / habits.arms, habits.arms), 6)
        ]
    whole, rest = divmod(habits.size * habits.arms + int(rng.integers(0, habits.block)), habits.block)
    last = rng.permutation(np.repeat(np.arange(habits.arms), per_block))[:rest]
    return [int(whole * per_block + (last == arm).sum()) for arm in range(habits.arms)]


def _values(habits: Habits, rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Return values as they were measured: whole hairs, or the mean of two photographs."""
    if habits.outcome == "hair_thickness":
        return np.maximum(values, 10)
    readings = [
        np.rint(np.maximum(values + rng.normal(0, 2, len(values)), 5)) for _ in range(habits.readings)
    ]
    return np.mean(readings, axis=0)


def draw_people(habits: Habits, rng: np.random.Generator) -> list[Group]:
    """Draw everybody's values; arms of one scalp share people."""
    centre, spread = (
        (62, 11) if habits.outcome == "hair_thickness" else (rng.integers(90, 180), rng.integers(15, 35))
    )
    groups: list[Group] = []
    shared = habits.design in ("within_person", "crossover")
    low, high = habits.scale or (1, 5)
    for (arm, _, label), n in zip(ARMS, _sizes(habits, rng), strict=False):
        gain = rng.normal(12 if arm != "saline" else 3, 4) * (
            0.4 if habits.outcome == "hair_thickness" else 1
        )
        base = groups[0].before if shared and groups else rng.normal(centre, spread, n)
        before = _values(habits, rng, base + rng.normal(0, 3, n))
        after = _values(habits, rng, before + gain + rng.normal(0, 9, n))
        gone = rng.random(n) < (0.12 if habits.lost else 0)
        gone[: min(5, n)] = False
        if shared and groups:
            gone = ~groups[0].stayed
        rating = np.clip(np.rint(rng.normal((low + high) / 2 + 0.5, 1, n)), low, high)
        age = groups[0].age if shared and groups else np.clip(np.rint(rng.normal(36, 8, n)), 19, 59)
        better = rng.random(n) < (0.7 if arm != "saline" else 0.35)
        affected = int(rng.binomial(n, 0.2))
        groups.append(Group(arm, label, before, np.where(gone, np.nan, after), age, rating, better, affected))
    return groups


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
    _methods(paper)
    if habits.design == "registration":
        return paper
    _flow(paper)
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


def end_of(paper: Paper) -> str:
    """Return the time of the last visit as the results print it."""
    return "6 months" if paper.habits.months else "24 weeks"


def _methods(paper: Paper) -> None:
    """Print design, dates, eligibility, sizes planned and outcomes."""
    habits, rng, figure = paper.habits, paper.rng, paper.figure
    planned = int(
        sum(
            len(group.before)
            for group in paper.people[: paper.habits.arms if habits.design == "parallel" else 1]
        )
    )
    planned = planned + int(rng.integers(0, 3)) if paper.people else 40
    registered = habits.design == "registration"
    compared = {"registration": "parallel"}.get(habits.design, habits.design)
    words = {"parallel": "randomised, parallel groups", "within_person": "randomised split-head study",
             "crossover": "randomised crossover study", "single_arm": "open, single-arm, before and after"}[compared]  # fmt: skip
    paper.study = {"title": f"Made up: {paper.study_id}", "design": words, "comparison": compared, "sex": "all",
                   "allocation": None if compared == "single_arm" else "randomised",
                   "masking": "open label" if compared == "single_arm" else "double-blind"}  # fmt: skip
    paper.say("Methods", f"A study: {words}.")
    paper.study["n_planned"] = figure(
        "planned", f"{planned}", "n", "sample_size", "design", unit="participants"
    )
    paper.say("Methods", "We planned to take in {planned} people.")
    paper.study |= {"age_min": "eligible.low", "age_max": "eligible.high"}
    figure("eligible", "18 to 60 years", "age", "age", "design", low=18, high=60, unit="years")
    paper.say("Methods", "Adults of {eligible} could take part.")
    figure("last_visit", "24 weeks", "timepoint", "follow_up", "design", unit="weeks")
    paper.say("Methods", "Hairs were counted at baseline and at {last_visit}.")
    if habits.dates or registered:
        _dates(paper, planned)
    if compared == "parallel":
        paper.study["allocation_ratio"] = figure("ratio", ":".join("1" * (3 if habits.arms == 3 else 2)), "ratio",
                                                 "allocation_ratio", "design", blank=True)  # fmt: skip
        paper.say("Methods", "Allocation was {ratio}.")
        if habits.block and habits.block % max(habits.arms, 2) == 0:
            paper.state("random_how", "randomisation", "block", "in permuted blocks")
            figure("block", f"{habits.block}", "count", "block_size", "design", unit="participants")
            paper.say("Methods", "Each block had {block} people; one centre took part.")
    for arm, role, label in ARMS[: 2 if registered else habits.arms]:
        paper.arms.append({"arm_id": arm, "role": role, "label": label, "route": "topical"})
    outcomes = [(habits.outcome, "primary")] + [("patient_global", "secondary")] * (habits.scale is not None)
    for concept, priority in outcomes:
        paper.outcomes.append({"outcome_id": concept, "concept": concept, "priority": priority,
                               "unit": UNITS[concept], "timepoint": "24 weeks"})  # fmt: skip
    if habits.readings == 2 and habits.outcome != "hair_thickness":
        paper.outcomes[0]["measure"] = "mean of the counts in two photographs"
    if paper.people:
        paper.state(
            "main", "primary_outcome", habits.outcome, "the primary outcome was counted in photographs"
        )


def _dates(paper: Paper, planned: int) -> None:
    """Print dates in an order that can be, with at most some ten people recruited a month."""
    start = date(2022, 1, 10) + timedelta(days=int(paper.rng.integers(0, 500)))
    recruited = timedelta(days=int(planned * paper.rng.uniform(3, 9)) + 10)
    days = {
        "ethics_date": start - timedelta(days=int(paper.rng.integers(20, 200))),
        "registration_date": start - timedelta(days=int(paper.rng.integers(3, 60))),
        "recruitment_start": start, "study_end": start + recruited + timedelta(days=200),
    }  # fmt: skip
    fields = {"registration_date": "registered_on", "recruitment_start": "starts_on", "study_end": "ends_on"}
    for concept, day in days.items():
        paper.figure(concept, day.isoformat(), "date", concept, "design", blank=True)
        paper.say("Methods", f"{concept.replace('_', ' ').capitalize()}: {{{concept}}}.")
        if concept in fields:
            paper.study[fields[concept]] = concept
    paper.study["registration"] = "NCT00000000"


def _flow(paper: Paper) -> None:
    """Print who was screened, enrolled, allocated, lost, analysed; ages at the start."""
    habits, groups, figure = paper.habits, paper.people, paper.figure
    apart = groups if habits.design == "parallel" else groups[:1]
    enrolled, stayed = sum(len(g.before) for g in apart), sum(int(g.stayed.sum()) for g in apart)
    people = {"concept": "sample_size", "role": "design", "kind": "n", "unit": "participants"}
    paper.study["n_enrolled"] = figure("enrolled", f"{enrolled}", **people)
    if habits.screened:
        figure(
            "screened",
            f"{enrolled + int(paper.rng.integers(3, 30))}",
            **people | {"concept": "participant_flow"},
        )
        paper.say("Results", "Of {screened} people screened, the others did not meet the criteria.")
    paper.say("Results", "{enrolled} people took part.")
    if habits.lost:
        paper.study["n_analysed"] = figure("analysed", f"{stayed}", **people)
        figure("left", f"{enrolled - stayed}", **people | {"concept": "participant_flow"})
        paper.say("Results", "{left} people were lost to follow-up, and {analysed} were analysed.")
    for group in groups:
        size = people | {"concept": "group_size", "arm": group.arm}
        figure(f"n_{group.arm}", f"{len(group.before)}", **size)
        paper.say(
            "Results",
            f"To {group.label} {{n_{group.arm}}} {'people' if habits.design != 'within_person' else 'sites'} were allocated.",
        )
        next(arm for arm in paper.arms if arm["arm_id"] == group.arm)["n"] = f"n_{group.arm}"
        if habits.lost:
            figure(
                f"seen_{group.arm}",
                f"{int(group.stayed.sum())}",
                **size | {"role": "result"},
                time=end_of(paper),
            )
            paper.say("Results", f"At {end_of(paper)} {{seen_{group.arm}}} of them were seen.")
    if habits.ages:
        ages = np.concatenate([g.age for g in apart])
        figure("ages", f"{ages.min():.0f}-{ages.max():.0f} years", "age", "age", low=float(ages.min()),
               high=float(ages.max()), unit="years")  # fmt: skip
        mean, sd = paper.number(ages.mean(), 1), paper.number(ages.std(ddof=1), 1)
        figure(
            "age_mean",
            f"{mean} ± {sd} years",
            "mean_sd",
            "age",
            value=float(mean),
            sd=float(sd),
            unit="years",
        )
        paper.say("Results", "They were {age_mean} old (range {ages}).")


def n_of(paper: Paper, group: Group) -> str:
    """Return the figure that says how many of a group were seen at the end."""
    return f"seen_{group.arm}" if paper.habits.lost else f"n_{group.arm}"


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
    habits, end = paper.habits, end_of(paper)
    adjusted = habits.style == "adjusted" and habits.arms > 1
    style = "levels" if habits.style == "adjusted" else habits.style
    for group in paper.people:
        n, of = n_of(paper, group), {"arm": group.arm}
        if style != "interval" and style != "change":
            row = spread_of(paper, f"{group.arm}_before", group.before, style, time="baseline", **of)
            paper.result(group.arm, habits.outcome, "baseline", "level", n=f"n_{group.arm}", **row)
            row = spread_of(paper, f"{group.arm}_after", group.after[group.stayed], style, time=end, **of)
            paper.result(group.arm, habits.outcome, end, "level", n=n, **row)
        if habits.with_change or style in ("interval", "change"):
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
    name = paper.p(f"p_{group.arm}", float(value), paper.habits.outcome, arm=group.arm, time=end_of(paper))
    return {"p_value": name, "p_value_against": "baseline" if name else None,
            "p_value_test": test if name and paper.habits.named else None}  # fmt: skip


def compare(paper: Paper, one: Group, two: Group) -> tuple[float, float, float, float]:
    """Return difference of changes, its limits, and the p value by the paper's test."""
    test, paired = paper.habits.between or "", paper.habits.design in ("within_person", "crossover")
    if paired:
        found = stats.ttest_rel(one.change, two.change)
    else:
        found = stats.ttest_ind(one.change, two.change, equal_var=test.startswith("Student"))
    low, high = found.confidence_interval(0.95)
    value = found.pvalue
    if test.startswith("one-sided"):
        value = stats.t.sf(found.statistic, found.df)
    elif test.startswith("Mann"):
        both = (one.change, two.change)
        value = stats.wilcoxon(both[0] - both[1]).pvalue if paired else stats.mannwhitneyu(*both).pvalue
    elif test == "analysis of covariance" and not paired:
        return covariance(one, two)
    return float(one.change.mean() - two.change.mean()), float(low), float(high), float(value)


def covariance(one: Group, two: Group) -> tuple[float, float, float, float]:
    """Return the difference adjusted for the value at baseline, its limits and p value."""
    before = np.concatenate([one.before[one.stayed], two.before[two.stayed]])
    treated = np.repeat([1.0, 0.0], [len(one.change), len(two.change)])
    design = np.column_stack([np.ones_like(before), treated, before])
    change = np.concatenate([one.change, two.change])
    beta, *_ = np.linalg.lstsq(design, change, rcond=None)
    free = len(change) - 3
    variance = ((change - design @ beta) ** 2).sum() / free * np.linalg.inv(design.T @ design)[1, 1]
    half = stats.t.ppf(0.975, free) * variance**0.5
    return beta[1], beta[1] - half, beta[1] + half, 2 * stats.t.sf(abs(beta[1]) / variance**0.5, free)


def _between(paper: Paper, one: Group, two: Group, adjusted: bool) -> None:
    """Print the comparison of two arms: an estimate with limits, or a rank test alone, or only a p value."""
    habits, end = paper.habits, end_of(paper)
    test = habits.between
    if adjusted and habits.design == "parallel":
        test = "analysis of covariance"
        effect, low, high, value = covariance(one, two)
    else:
        effect, low, high, value = compare(paper, one, two)
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
        "p_value_test": test if habits.named and p_value else None,
    }
    if habits.contrast and not str(test).startswith("Mann") and not habits.per_mm2:
        parts = zip(("effect", "ci_lower", "ci_upper"), (effect, low, high), strict=True)
        kinds = {"kind": "value", "unit": UNITS[habits.outcome], **of}
        row |= {
            part: paper.figure(f"{part}_{two.arm}", paper.number(number), **kinds) for part, number in parts
        }
        row |= {"measure": "MD", "unit": UNITS[habits.outcome]}
        row["note"] = (
            "adjusted for baseline" if test == "analysis of covariance" else "difference of mean changes"
        )
        paper.say(
            "Results", f"Difference {{effect_{two.arm}}} ({{ci_lower_{two.arm}}} to {{ci_upper_{two.arm}}})."
        )
    elif p_value:
        row["measure"] = "RANK" if str(test).startswith("Mann") else "MD"
    if "measure" in row and (p_value or "effect" in row):
        paper.contrasts.append({key: item for key, item in row.items() if item is not None})


def _rating(paper: Paper) -> None:
    """Print the mean of a rating in whole steps."""
    scale, end = paper.habits.scale, end_of(paper)
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
        paper.result(group.arm, "patient_global", end, "level", n=n_of(paper, group), mean=mean, sd=sd)


def share_p(test: str, counts: tuple[int, int], sizes: tuple[int, int]) -> float:
    """Return the p value of two shares by a named test; 1 where there is nothing to test."""
    table = np.array([counts, np.subtract(sizes, counts)])
    if (table.sum(axis=1) == 0).any():
        return 1.0
    if test.startswith("Fisher"):
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2_contingency(table, correction="correction" in test).pvalue)


def _shares(paper: Paper) -> None:
    """Print how many people noticed regrowth, and the comparison of the shares."""
    way, end = paper.habits.shares, end_of(paper)
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
            n=None if way == "percent alone" else n_of(paper, group),
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
        last = paper.figure(f"{arm}_after", shown(after, habits.decimals), "value", time=end_of(paper), **of)
        paper.say("Cases", f"A {{{age}}} person had {{{first}}} hairs/cm2 and then {{{last}}}.")
        paper.result(arm, "hair_density", "baseline", "level", mean=first)
        row = {"arm": arm, "concept": "hair_density", "time": end_of(paper), "kind": "level", "mean": last}
        if habits.percent_change:
            share = shown(100 * (after / before - 1), 0, habits.rounding)
            paper.figure(
                f"{arm}_percent",
                f"{share}%",
                "percent_change",
                "hair_density",
                unit="percent of baseline",
                arm=arm,
                time=end_of(paper),
            )
            paper.say("Cases", f"That is a change of {{{arm}_percent}}.")
            paper.result(
                arm,
                "hair_density",
                end_of(paper),
                "change",
                mean=f"{arm}_percent",
                unit="percent of baseline",
            )
        paper.results.append(row)
        if habits.events == "absent":
            paper.say("Cases", f"Nothing untoward was seen in case {number}.")
            paper.events.append({"arm": arm, "term": "any adverse event", "absent": True})
