"""The tables of the project's own sheets up to the effects, as the first three notebooks make them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from helpers.cleaning import clean_events, clean_results
from helpers.effects import study_effects
from helpers.sheets.raw import read_raw
from helpers.tables import TABLES, validate
from notebookpress.tables import records

RAW = Path(__file__).parents[1] / "data" / "raw"


REPORTED = {
    "results": "reported_results",
    "adverse_events": "reported_events",
    "contrasts": "reported_contrasts",
}


def cleaned_tables(raw: Path = RAW) -> dict[str, pd.DataFrame]:
    """Return the tables that notebooks 01 and 02 make of the sheets in a raw folder."""
    rows = read_raw(raw).record.table_rows()
    named = {REPORTED.get(name, name): part for name, part in rows.items()}
    tables = {name: validate(name, part) for name, part in named.items() if name in TABLES}
    tables["results"] = validate("results", clean_results(tables["reported_results"]))
    tables["adverse_events"] = validate("adverse_events", clean_events(tables["reported_events"]))
    return tables


@cache
def tables_to_effects() -> dict[str, pd.DataFrame]:
    """Return the tables; not to be changed. Effects are touched by the reviewers' discrepancies alone."""
    tables = cleaned_tables()
    parts = (
        tables["arms"],
        tables["results"],
        validate("discrepancies", records(tables["reviewer_discrepancies"])),
    )
    more = {"contrasts": tables["reported_contrasts"], "events": tables["adverse_events"]}
    effects = []
    for study in records(tables["studies"]):
        own = [part[part["study_id"] == study["study_id"]] for part in parts]
        printed = {name: part[part["study_id"] == study["study_id"]] for name, part in more.items()}
        effects += study_effects(study, *own, **printed)
    return tables | {"effects": validate("effects", effects)}
