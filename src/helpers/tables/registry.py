"""Which tables there are, which notebook writes each, and what a row is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from helpers.tables import (
    appraised,
    compared,
    context,
    extracted,
    horizons,
    observed,
    pooled,
    reported,
    statements,
)


@dataclass(frozen=True)
class TableSpec:
    """A table: its schema, the columns that sort and identify its rows, and its notebook."""

    schema: pa.DataFrameSchema
    keys: tuple[str, ...]
    notebook: str

    @property
    def per_study(self) -> bool:
        """Whether each study's run of `03_study_evidence` writes a part of it."""
        return self.notebook == "03_study_evidence"


EVENT_KEYS = ("study_id", "arm_id", "term", "severity")
TABLES: dict[str, TableSpec] = {
    "screening": TableSpec(extracted.SCREENING, ("record_id",), "01_ingestion"),
    "searches": TableSpec(context.SEARCHES, ("search_id",), "01_ingestion"),
    "comparators": TableSpec(context.COMPARATORS, ("row_id",), "01_ingestion"),
    "published_pools": TableSpec(context.PUBLISHED_POOLS, ("row_id",), "01_ingestion"),
    "thresholds": TableSpec(context.THRESHOLDS, ("row_id",), "01_ingestion"),
    "trials": TableSpec(context.TRIALS, ("trial_id",), "01_ingestion"),
    "sources": TableSpec(extracted.SOURCES, ("source_id",), "01_ingestion"),
    "source_files": TableSpec(extracted.SOURCE_FILES, ("source_id", "file"), "01_ingestion"),
    "studies": TableSpec(extracted.STUDIES, ("study_id",), "01_ingestion"),
    "arms": TableSpec(extracted.ARMS, ("study_id", "arm_id"), "01_ingestion"),
    "outcomes": TableSpec(extracted.OUTCOMES, ("study_id", "outcome_id"), "01_ingestion"),
    "quantities": TableSpec(extracted.QUANTITIES, ("quantity_id",), "01_ingestion"),
    "statements": TableSpec(statements.STATEMENTS, ("statement_id",), "01_ingestion"),
    "reported_results": TableSpec(reported.REPORTED_RESULTS, ("result_id",), "01_ingestion"),
    "reported_events": TableSpec(reported.REPORTED_EVENTS, EVENT_KEYS, "01_ingestion"),
    "reported_contrasts": TableSpec(reported.REPORTED_CONTRASTS, ("contrast_id",), "01_ingestion"),
    "reader_findings": TableSpec(appraised.FINDINGS, ("finding_id",), "01_ingestion"),
    "reader_judgements": TableSpec(appraised.RISK_OF_BIAS, ("study_id", "tool", "order"), "01_ingestion"),
    "certainty_overrides": TableSpec(appraised.CERTAINTY_OVERRIDES, ("override_id",), "01_ingestion"),
    "results": TableSpec(observed.RESULTS, ("result_id",), "02_cleaning"),
    "adverse_events": TableSpec(observed.ADVERSE_EVENTS, EVENT_KEYS, "02_cleaning"),
    "quantity_use": TableSpec(observed.QUANTITY_USE, ("quantity_id",), "02_cleaning"),
    "findings": TableSpec(appraised.FINDINGS, ("finding_id",), "03_study_evidence"),
    "checks": TableSpec(appraised.CHECKS, ("study_id", "check"), "03_study_evidence"),
    "risk_of_bias": TableSpec(appraised.RISK_OF_BIAS, ("study_id", "tool", "order"), "03_study_evidence"),
    "effects": TableSpec(appraised.EFFECTS, ("effect_id",), "03_study_evidence"),
    "comparisons": TableSpec(
        compared.COMPARISONS, ("concept", "study_id", "line_id"), "04_outcome_comparison"
    ),
    "votes": TableSpec(compared.VOTES, ("vote_id",), "04_outcome_comparison"),
    "beside": TableSpec(compared.BESIDE, ("line_id",), "04_outcome_comparison"),
    "pooled": TableSpec(pooled.POOLED, ("pooled_id",), "05_pooled_effect"),
    "pool_members": TableSpec(pooled.POOL_MEMBERS, ("member_id",), "05_pooled_effect"),
    "specifications": TableSpec(pooled.SPECIFICATIONS, ("specification_id",), "05_pooled_effect"),
    "choice_effects": TableSpec(pooled.CHOICE_EFFECTS, ("choice_id",), "05_pooled_effect"),
    "turning_points": TableSpec(pooled.TURNING_POINTS, ("turning_id",), "05_pooled_effect"),
    "certainty": TableSpec(pooled.CERTAINTY, ("concept", "evidence"), "05_pooled_effect"),
    "summary_of_findings": TableSpec(pooled.SUMMARY_OF_FINDINGS, ("summary_id",), "05_pooled_effect"),
    "summary_footnotes": TableSpec(pooled.FOOTNOTES, ("footnote_id",), "05_pooled_effect"),
    "horizon_trials": TableSpec(horizons.HORIZON_TRIALS, ("study_id",), "05_pooled_effect"),
    "horizon_simulation": TableSpec(horizons.HORIZON_SIMULATION, ("simulation_id",), "05_pooled_effect"),
    "horizon": TableSpec(horizons.HORIZON, ("horizon_id",), "05_pooled_effect"),
}


def data_dictionary(name: str | None = None) -> pd.DataFrame:
    """Return the meaning of every column, of one table or of all.

    Parameters
    ----------
    name : str, optional
        A table's name; all tables when left out.

    Returns
    -------
    pandas.DataFrame
        Columns `table`, `column`, `type`, `may_be_missing`, `meaning`; one row a column.
    """
    names = [name] if name else list(TABLES)
    rows = [
        {
            "table": table,
            "column": column,
            "type": str(field.dtype),
            "may_be_missing": field.nullable,
            "meaning": field.description,
        }
        for table in names
        for column, field in TABLES[table].schema.columns.items()
    ]
    return pd.DataFrame(rows)
