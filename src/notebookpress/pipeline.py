"""Which notebook reads and writes what, and the runs that follow from the studies there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# What each notebook reads: raw files (all, the study's sheet, or none) and tables. A notebook is given no
# other table: what is not named here cannot change its results, and need not make it run again.
_CORE = ("sources", "studies", "arms", "outcomes", "results", "adverse_events")
_JUDGED = ("effects", "findings", "risk_of_bias", "comparators", "thresholds")
READS: dict[str, tuple[str, tuple[str, ...]]] = {
    "01_ingestion": ("all", ()),
    "02_cleaning": (
        "none",
        (
            "studies",
            "arms",
            "quantities",
            "reported_results",
            "reported_events",
            "reported_contrasts",
            "reader_findings",
            "reader_judgements",
        ),
    ),
    "03_study_evidence": (
        "sheet",
        (
            *_CORE,
            "quantities",
            "statements",
            "comparators",
            "reported_contrasts",
            "reader_findings",
            "reader_judgements",
        ),
    ),
    "04_outcome_comparison": ("none", (*_CORE, *_JUDGED, "published_pools")),
    "05_pooled_effect": (
        "none",
        (*_CORE, *_JUDGED, "checks", "comparisons", "beside", "certainty_overrides", "trials", "searches"),
    ),
}


@dataclass(frozen=True)
class Stage:
    """A notebook in the graph, with the names of the tables that it reads and writes."""

    notebook: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    raw: str = "none"
    per_study: bool = False


def evidence_stages() -> tuple[Stage, ...]:
    """Return the stages of this collection, in order."""
    from helpers.tables import TABLES

    writes = {
        notebook: tuple(name for name, spec in TABLES.items() if spec.notebook == notebook)
        for notebook in READS
    }
    return tuple(
        Stage(
            notebook=notebook,
            reads=reads,
            writes=writes[notebook],
            raw=raw,
            per_study=notebook == "03_study_evidence",
        )
        for notebook, (raw, reads) in READS.items()
    )


def study_ids(raw: Path) -> list[str]:
    """Return the studies that have a sheet; a sheet's name is its study's."""
    sheets = [*(raw / "studies").glob("*.yaml"), *(raw / "studies").glob("*.yml")]
    return sorted({sheet.stem for sheet in sheets if not sheet.name.startswith(".")})


def run_names(stages: Sequence[Stage], studies: Sequence[str]) -> dict[str, tuple[Stage, str | None]]:
    """Return the name of every notebook run with its stage and study."""
    return {
        f"{stage.notebook}-{study}" if study else stage.notebook: (stage, study)
        for stage in stages
        for study in (studies if stage.per_study else [None])
    }
