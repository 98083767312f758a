"""Sheets of made-up randomised trials, for what only a pool of several can show."""

from __future__ import annotations

from typing import Any

Group = tuple[float, float, int]  # mean and SD of the change in hair density, people


def randomised_trial(study_id: str, treated: Group, control: Group) -> dict[str, Any]:
    """Return the sheet of a trial of exosomes against placebo over 24 weeks."""
    figures = {
        f"{part}_{arm}": value
        for arm, group in (("treated", treated), ("control", control))
        for part, value in zip(("mean", "sd", "n"), group, strict=True)
    }
    return {
        "study_sheet": 1,
        "study_id": study_id,
        "source": {"source_id": study_id, "tier": "core", "format": "article", "has_results": True},
        "extraction": {"readers": 1, "date": "2026-01-01"},
        "study": {"title": f"Made up: {study_id}", "allocation": "randomised", "comparison": "parallel"},
        "arms": [{"arm_id": "treated", "role": "exosome"}, {"arm_id": "control", "role": "placebo"}],
        "quantities": [figure(name, value) for name, value in figures.items()],
        "results": [
            {"arm": arm, "concept": "hair_density", "time": "24 weeks", "kind": "change"}
            | {part: f"{part}_{arm}" for part in ("mean", "sd", "n")}
            for arm in ("treated", "control")
        ],
    }


def figure(name: str, value: float) -> dict[str, Any]:
    """Return a printed figure: people where its name begins with n, else hairs."""
    row = {"id": name, "printed": f"{value:g}", "value": value, "role": "result"}
    if name.startswith("n_"):
        return row | {"unit": "participants", "kind": "n", "concept": "sample_size"}
    return row | {"unit": "hairs/cm2", "kind": "value", "concept": "hair_density"}
