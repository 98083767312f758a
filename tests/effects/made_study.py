"""A made-up study: arms with roles, observations with what is printed of them."""

from __future__ import annotations

from itertools import count
from typing import Any

import pandas as pd

from helpers.effects import study_effects
from helpers.tables import as_frame, validate

NUMBERS = count(1)
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
