"""Made-up estimates as lines that may be pooled."""

from __future__ import annotations

from typing import Any


def line(study: str, effect: float | None, se: float | None = 3.0, **more: Any) -> dict[str, Any]:
    """Return a difference in hair density between groups, exosomes against placebo."""
    name = more.pop("name", f"{study}.1")
    row = {
        "study_id": study, "effect": effect, "se": se, "estimand": "between_group", "comparator": "placebo",
        "comparator_name": None, "background": "none", "unit": "hairs/cm2", "measure": "MD", "concept": "hair_density",
        "timepoint_weeks": 24.0, "timepoint_printed": "24 weeks", "site": "all", "n": 40, "line_id": name,
        "effect_id": f"{name}.e", "certain_discrepancies": 0, "contrast_doubt": None, "why_not": None, "direction": "better",
        "assumption": None, "ci_lower": None, "ci_upper": None, "tier": "core",
    }  # fmt: skip
    return row | more


def share(study: str, events: int, n: int, **more: Any) -> dict[str, Any]:
    """Return a proportion of people in an arm that took exosomes."""
    row = {"estimand": "proportion", "comparator": "none", "unit": "proportion", "measure": "PR"}
    row |= {"concept": "satisfaction", "events": events, "n": n}
    return line(study, events / n, None, **row | more)
