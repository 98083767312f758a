"""A made-up paper: how it is reported, its figures and lines, and the study sheet that they become."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
from simulated_people import Group

Row = dict[str, Any]
SECTIONS = ("Abstract", "Methods", "Results", "Cases", "Conference abstract of this study")
UNITS = {
    "hair_density": "hairs/cm2",
    "hair_count": "hairs",
    "hair_thickness": "um",
    "patient_global": "grade",
}
ROUNDINGS = {"half up": ROUND_HALF_UP, "half even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


# The names that papers give to a test.
SPELLINGS = {
    "Student's t test": ("Student's t test", "independent-samples t test", "unpaired Student t test"),
    "paired t test": ("paired t test", "Student's t test", "t test for paired samples"),
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
    spelling: int = 0
    least_squares: bool = False
    carried: bool = False
    uneven: bool = False


def choose(rng: np.random.Generator, **fixed: Any) -> Habits:
    """Return habits drawn at random, save those that are fixed; of a list, one is drawn."""

    def one(*items: Any) -> Any:
        return items[rng.integers(len(items))]

    designs = ["parallel"] * 8 + ["within_person"] * 3 + ["crossover"] * 2 + ["single_arm"] * 4
    fixed = {name: one(*value) if isinstance(value, list) else value for name, value in fixed.items()}
    design = fixed.get("design") or one(*designs, "series", "report", "registration")
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
        "decimals": one(0, 1, 1, 2), "rounding": one("half up", "half up", "half even", "half even", "down"), "readings": one(1, 1, 2),
        "lost": one(True, False), "per_mm2": one(True, False, False, False), "contrast": one(True, False),
        "scale": one(None, (1, 5), (-3, 3)),
        "shares": one(None, "count and percent", "percent and n", "percent alone", "count"),
        "share_test": one("Fisher's exact test", "chi-squared test", "chi-squared test with correction"),
        "events": one(None, "people", "events", "absent"), "ages": one(True, False), "dates": one(True, False),
        "block": one(None, 4, 6), "twice": one(True, False), "screened": one(True, False),
        "months": one(True, False), "percent_change": one(False, False, True),
        "size": int(rng.integers(8, 60)), "spelling": int(rng.integers(3)), "least_squares": one(True, False),
        "carried": one(True, False, False), "uneven": one(True, False, False),
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

    @property
    def end(self) -> str:
        """The time of the last visit as the results print it."""
        return "6 months" if self.habits.months else "24 weeks"

    def seen(self, group: Group) -> str:
        """Return the figure that says how many of a group were seen at the end."""
        return f"seen_{group.arm}" if self.habits.lost else f"n_{group.arm}"

    def named(self, test: str | None) -> str | None:
        """Return the name of a test as this paper spells it; None where it names none."""
        return SPELLINGS.get(test, (test,) * 3)[self.habits.spelling] if test and self.habits.named else None

    def number(self, value: float, decimals: int | None = None) -> str:
        """Return a number in this paper's rounding."""
        return shown(value, self.habits.decimals if decimals is None else decimals, self.habits.rounding)

    def p(self, name: str, value: float, concept: str, **more: Any) -> str | None:
        """Add a p value in this paper's form; its name, or None where it is only called not significant."""
        form, more = self.habits.p_form, {"kind": "p_value", "concept": concept} | more
        if form == "NS" and value >= 0.05:
            self.say("Results", f"The difference was {{{self.figure(name, 'NS', blank=True, **more)}}}.")
            return None
        limit = next((limit for limit in (0.001, 0.01, 0.05) if value < limit), None)
        printed = shown(value, 3)
        if value < 0.0005:
            printed = "p < 0.001"
        elif form != "exact":
            printed = f"p < {limit}" if limit else "p > 0.05"
        self.say("Results", f"P value: {{{self.figure(name, printed, **more)}}}")
        return name

    def finish(self, fault: Fault | None = None) -> SimulatedStudy:
        """Return the sheet with its text and the place of each token."""
        text, number, section = f"Made up: {self.study_id}\n", 1, ""
        for heading, template in sorted(self.lines, key=lambda line: SECTIONS.index(line[0])):
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
