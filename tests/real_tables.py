"""The tables of the project's own sheets up to the effects, as the first three notebooks make them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from helpers.cleaning import clean_events, clean_results
from helpers.effects import study_effects
from helpers.sheets.raw import read_raw
from helpers.tables import validate
from notebookpress.tables import records

RAW = Path(__file__).parents[1] / "data" / "raw"


@cache
def tables_to_effects() -> dict[str, pd.DataFrame]:
    """Return the tables; not to be changed. Effects are touched by the readers' findings alone."""
    record = read_raw(RAW).record
    tables = {
        name: validate(name, getattr(record, name)) for name in ("sources", "studies", "arms", "outcomes")
    }
    tables["results"] = validate("results", clean_results(validate("reported_results", record.results)))
    events = validate("reported_events", record.adverse_events)
    tables["adverse_events"] = validate("adverse_events", clean_events(events))
    parts = (tables["arms"], tables["results"], validate("findings", record.reader_findings))
    contrasts, told = validate("reported_contrasts", record.contrasts), tables["adverse_events"]
    effects = []
    for study in records(tables["studies"]):
        own = [part[part["study_id"] == study["study_id"]] for part in (*parts, contrasts, told)]
        effects += study_effects(study, *own[:3], contrasts=own[3], events=own[4])
    return tables | {"effects": validate("effects", effects)}
