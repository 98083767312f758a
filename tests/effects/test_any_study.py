"""Any study whatever: no error, no number without its basis, every result told, no order that matters."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from made_study import contrast, effects, result

from notebookpress.tables import split_ids

ROLES = ("exosome", "exosome", "exosome_combination", "active", "placebo", "untreated")
GIVEN = ("microneedling", "minoxidil; finasteride", "not stated", "none", "vitamin C, local anaesthesia")
AGAINST = ("baseline", "control", "between groups", "the fourth week")
TESTS = ("paired t", "Mann-Whitney", "one-sided t", "ANCOVA")
DESIGNS = ("parallel", "parallel", "within_person", "crossover", "single_arm", "case", None)


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
        row |= {"ci_lower": self.maybe(0.6, value - half), "ci_upper": self.maybe(0.6, value + half)}
        row |= {"p_value": self.maybe(0.5, 0.04), "n": self.maybe(0.5, self.randint(2, 60))}
        return contrast(contrast_id=f"s.c{number}", arm_id="a0", against="a1", **row)


def assert_sound(row: dict[str, Any]) -> None:
    assert (row.get("effect") is None) == bool(row.get("why_not"))
    numbers = [row.get(name) for name in ("effect", "se", "ci_lower", "ci_upper")]
    assert np.isfinite([value for value in numbers if value is not None]).all()
    assert row.get("se") is None or row["se_basis"]
    if row.get("se") is not None and "printed" not in row["se_basis"]:
        assert row["ci_lower"] - 1e-9 <= row["effect"] <= row["ci_upper"] + 1e-9 or row["measure"] == "PR"
        assert row["measure"] not in ("PR", "CLES") or 0 <= row["ci_lower"] <= row["ci_upper"] <= 1


def told(rows: list[dict]) -> dict[tuple, tuple]:
    """Return what the effects say, whatever their names and order."""
    names = ("estimand", "measure", "headline", "comparator", "background", "effect", "se", "n")
    ids = [tuple(sorted(split_ids(row["result_ids"]))) for row in rows]
    keys = sorted((own, str([row.get(name) for name in names])) for own, row in zip(ids, rows, strict=True))
    return dict(enumerate(keys))


@pytest.mark.parametrize("seed", range(60))
def test_any_study_is_told_whole_whatever_the_order_of_its_rows(seed):
    draw = Draw(seed)
    arms = {f"a{number}": draw.arm() for number in range(draw.choice((1, 2, 2, 3, 4)))}
    rows = [draw.result([*arms, *arms, "elsewhere"]) for _ in range(draw.randint(1, 10))]
    contrasts = [draw.contrast(number) for number in range(draw.randint(0, 2))] if len(arms) > 1 else []
    study = {"comparison": draw.choice(DESIGNS), "n_enrolled": draw.maybe(0.6, draw.randint(1, 60))}
    made = effects(*rows, arms=arms, study=study, contrasts=contrasts)
    for row in made:
        assert_sound(row)
    names = {row["result_id"] for row in rows} | {row["contrast_id"] for row in contrasts}
    assert names == {name for row in made for name in split_ids(row["result_ids"])}
    turned = effects(*rows[::-1], arms=dict(reversed(arms.items())), study=study, contrasts=contrasts)
    assert told(turned) == told(made)
