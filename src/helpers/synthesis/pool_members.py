"""The estimates of a pool: weight, the pool without each, and what the same study tells at other visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from helpers.synthesis.assumed_estimates import people_of
from helpers.synthesis.pooling import pool

OF_MEMBER = (
    "study_id", "effect_id", "effect", "se", "ci_lower", "ci_upper", "unit", "contrast", "timepoint_weeks",
    "site", "risk_of_bias", "certain_findings", "assumption", "timepoint_printed",
)  # fmt: skip


def other_visits(member: dict[str, Any], lines: Iterable[dict[str, Any]]) -> str | None:
    """Return in words what the same study tells at other visits: the estimates that the pool did not take."""
    names = ("study_id", "concept", "contrast", "unit", "measure", "arm_id", "site")
    mine = next((line for line in lines if line["effect_id"] == member["effect_id"]), None)
    told = [
        f"{line['effect']:.4g} at {line['timepoint_printed'] or 'a time not stated'}"
        for line in lines
        if mine and line is not mine and line["effect"] is not None
        and all(line[name] == mine[name] for name in names)
        and line["timepoint_printed"] != mine["timepoint_printed"]
    ]  # fmt: skip
    return "; ".join(dict.fromkeys(told)) or None


def members_of(group: list[dict[str, Any]], fit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the estimates of a pool, each with its weight and the pooled effect without it."""
    yi = np.array([line["effect"] for line in group])
    vi = np.array([line["se"] for line in group]) ** 2
    weights = pool(yi, vi, **fit).weights / 100
    rows = []
    for place, line in enumerate(group):
        rest = np.arange(len(group)) != place
        without = pool(yi[rest], vi[rest], **fit)
        people = people_of(line)
        stated = bool(line.get("n"))
        rows.append({name: line.get(name) for name in OF_MEMBER} | {
            "n": people, "n_stated": stated, "weight": float(weights[place]),
            "left_out_estimate": without.estimate, "left_out_ci_lower": without.ci_lower,
            "left_out_ci_upper": without.ci_upper, "left_out_k": without.k,
        })  # fmt: skip
    return rows
