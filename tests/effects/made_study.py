"""A made-up study: arms with roles, observations with what is printed of them."""

from __future__ import annotations

import random
from itertools import count
from typing import Any

import pandas as pd

from helpers.effects import study_effects
from helpers.tables import as_frame, validate

NUMBERS = count(1)
ROLES = ("exosome", "exosome", "exosome_combination", "active", "placebo", "untreated")
GIVEN = ("microneedling", "minoxidil; finasteride", "not stated", "none", "vitamin C, local anaesthesia")
AGAINST = ("baseline", "control", "between groups", "the fourth week")
TESTS = ("paired t", "Mann-Whitney", "one-sided t", "ANCOVA")
DESIGNS = ("parallel", "parallel", "within_person", "within_person", "crossover", "single_arm", "case", None)
TWO_ARMS = {"treated": ("exosome", None), "control": ("placebo", None)}


def result(**fields: Any) -> dict[str, Any]:
    """Return an observation of the treated arm at week 24."""
    name = f"s.r{next(NUMBERS):03d}"
    row = {"result_id": name, "study_id": "s", "source_id": "s", "arm_id": "treated", "site": "all"}
    row |= {"concept": "hair_density", "timepoint_weeks": 24.0, "kind": "level", "unit": "hairs/cm2"}
    return row | {"quantity_ids": f"{name}.q"} | fields


def contrast(**fields: Any) -> dict[str, Any]:
    """Return a printed comparison of the treated arm with the control at week 24."""
    row = {"contrast_id": "s.c01", "study_id": "s", "source_id": "s", "arm_id": "treated", "site": "all"}
    row |= {"against": "control", "concept": "hair_density", "timepoint_weeks": 24.0, "measure": "MD"}
    return row | {"unit": "hairs/cm2", "quantity_ids": "s.c"} | fields


def effects(
    *results: dict,
    study: dict | None = None,
    arms: dict | None = None,
    discrepancies: list = (),
    contrasts: list = (),
    events: list = (),
    **options: Any,
) -> list[dict[str, Any]]:
    """Return the effects of a made-up study; `arms` gives each arm's role, size and other columns."""
    arms = {"treated": ("exosome", None)} if arms is None else arms
    told = {name: {"role": role, "n": n} | dict(*more) for name, (role, n, *more) in arms.items()}
    rows = [{"study_id": "s", "arm_id": name} | own for name, own in told.items()]
    parts = {"arms": rows, "results": results, "discrepancies": discrepancies}
    tables = [as_frame(name, list(part)) for name, part in parts.items()]
    printed: pd.DataFrame = as_frame("reported_contrasts", list(contrasts))
    watched = as_frame("adverse_events", list(events))
    own = {"study_id": "s"} | (study or {})
    made = study_effects(own, *tables, contrasts=printed, events=watched, **options)
    validate("effects", made)
    return made


class Draw(random.Random):
    """Makes parts of a study, each of which may be missing."""

    def maybe(self, share: float, value: Any) -> Any:
        return value if self.random() < share else None

    def number(self, low: float, high: float) -> float:
        return round(self.uniform(low, high), 2)

    def arm(self) -> tuple:
        size, given = self.maybe(0.5, self.randint(1, 40)), self.maybe(0.4, self.choice(GIVEN))
        label = self.maybe(0.5, self.choice(("minoxidil", "saline", "PRP and exosomes")))
        return self.choice(ROLES), size, {"co_intervention": given, "label": label}

    def mean(self) -> dict[str, Any]:
        low = self.number(-30, 60)
        values = {"mean": self.maybe(0.75, self.number(-20, 100)), "sd": self.maybe(0.5, self.number(0, 30))}
        values |= {"se": self.maybe(0.2, self.number(0, 5)), "median": self.maybe(0.3, self.number(0, 50))}
        values |= {"ci_lower": self.maybe(0.3, low), "ci_upper": self.maybe(0.3, low + self.number(0, 60))}
        kind = self.maybe(0.1, self.choice(("model_mean", "geometric_mean")))
        return values | {"estimate": self.maybe(0.2, 3.0), "estimate_kind": kind}

    def count(self) -> dict[str, Any]:
        share = round(self.uniform(0, 1.1), self.choice((1, 2, 3)))
        names = ("0", "1", "2", "3", "better", "same", "worse")
        values = {"count": self.maybe(0.6, float(self.randint(0, 20))), "percent": self.maybe(0.6, share)}
        return values | {"category": self.maybe(0.5, self.choice(names)), "concept": "satisfaction"}

    def result(self, arms: list[str]) -> dict[str, Any]:
        kind = self.choice(("level", "level", "change", "count"))
        p = self.choice((0.0, 1e-20, 0.021, 0.3, 1.0))
        time = self.choice((0.0, 24.0, 24.0, None))
        row = {"arm_id": self.choice(arms), "kind": kind, "timepoint_weeks": time}
        row |= {"n": self.maybe(0.4, self.randint(1, 30)), "site": self.choice(("all", "all", "vertex"))}
        row |= {"p_value": self.maybe(0.4, p), "p_value_against": self.maybe(0.6, self.choice(AGAINST))}
        row |= {"p_value_test": self.maybe(0.3, self.choice(TESTS)), "stated": self.maybe(0.2, "higher")}
        return result(**row | (self.count() if kind == "count" else self.mean()))

    def contrast(self, number: int) -> dict[str, Any]:
        measure = self.choice(("MD", "SMD", "RD", "RR", "OR", "CLES", "CLIFF", "RANK"))
        value = {"RR": 2.0, "OR": 0.4, "CLES": 0.8, "CLIFF": -0.3, "RD": 0.2}.get(measure, 8.0)
        half = self.number(0, 0.3) * abs(value)
        row = {"measure": measure, "effect": self.maybe(0.8, value), "se": self.maybe(0.2, 0.1)}
        row |= {"ci_lower": self.maybe(0.5, value - half), "ci_upper": self.maybe(0.5, value + half)}
        row |= {"p_value": self.maybe(0.8, 0.04), "n": self.maybe(0.8, self.randint(2, 60))}
        return contrast(contrast_id=f"s.c{number}", arm_id="a0", against="a1", **row)


def numbered_draw(seed: int) -> Draw:
    """Return a draw, with the names of what is made counted from the first again."""
    global NUMBERS
    NUMBERS = count(1)
    return Draw(seed)


def any_study(seed: int) -> tuple[list[dict], dict[str, Any]]:
    """Return the results of a study and all else that its effects are made from."""
    draw = numbered_draw(seed)
    arms = {f"a{number}": draw.arm() for number in range(draw.choice((1, 2, 2, 3, 4)))}
    rows = [draw.result([*arms, *arms, "elsewhere"]) for _ in range(draw.randint(1, 10))]
    contrasts = [draw.contrast(number) for number in range(draw.randint(0, 2))] if len(arms) > 1 else []
    study = {"comparison": draw.choice(DESIGNS), "n_enrolled": draw.maybe(0.6, draw.randint(1, 60))}
    return rows, {"arms": arms, "study": study, "contrasts": contrasts}
