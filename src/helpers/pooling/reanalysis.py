"""An outcome's answer worked out again under other choices: effects, comparisons, pools, certainty."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from helpers.appraisal.grade import certainty, minimal_differences, missing_evidence_judgements
from helpers.appraisal.trust import serious_studies
from helpers.comparison import comparison_lines
from helpers.effects import study_effects
from helpers.pooling.groups import Options
from helpers.pooling.tiers import tier_synthesis
from helpers.tables import validate
from helpers.tables.vocabulary import tiers_of
from notebookpress.tables import records
from trialfiles.record import Row

PARTS = ("arms", "results", "discrepancies", "reported_contrasts", "adverse_events")  # of a study's effects


@dataclass(frozen=True)
class Basis:
    """What an answer is worked out from, whatever is chosen.

    `tables` are those that notebook 05 reads, `overall` is the risk of bias by study, `options` and
    `second_hand` are the choices of the run, `overrides` is the table `certainty_overrides`, `late` are
    overdue trials.
    """

    tables: Mapping[str, pd.DataFrame]
    overall: Mapping[str, str]
    options: Options
    second_hand: bool = True
    overrides: Sequence[Mapping[str, Any]] = ()
    late: Collection[str] = ()


@dataclass(frozen=True)
class OutcomeAnswer:
    """The tables `effects`, `comparisons`, `pooled`, `pool_members`, and an outcome's row of `certainty`."""

    effects: pd.DataFrame
    comparisons: pd.DataFrame
    pooled: pd.DataFrame
    members: pd.DataFrame
    certainty: Row


def reanalysed(
    basis: Basis,
    concept: str,
    *,
    evidence: str,
    included: str = "all",
    comparator: str = "any",
    pre_post_correlation: float,
    **choices: Any,
) -> OutcomeAnswer:
    """Work out an outcome's answer by the calls of notebooks 03, 04 and 05.

    Parameters
    ----------
    basis : Basis
        Tables and choices of the run.
    concept, evidence : str
        Outcome, and `core` or `published`.
    included : str
        Studies that take part: `all`, `sound` (estimates without a certain discrepancy) or `without STUDY`.
    comparator : str
        Class of comparator: `any`, or one of the column.
    pre_post_correlation : float
        Correlation between values before and after, where one has to be assumed.
    **choices
        Fields of `Options` that replace those of the run.
    """
    options = replace(basis.options, **choices)
    tables = dict(basis.tables)
    assumed = {"pre_post_correlation": pre_post_correlation, "site_correlation": options.site_correlation}
    tables["effects"] = validate("effects", list(_effects(tables, **assumed, level=options.level)))
    lines = comparison_lines(
        tables,
        overall=dict(basis.overall),
        time_tolerance=options.time_tolerance,
        tiers=tiers_of(evidence),
        second_hand=basis.second_hand,
    )
    left_out = included.removeprefix("without ") if included.startswith("without ") else None
    lines = [line for line in lines if line["study_id"] != left_out]
    if comparator != "any":
        lines = [line for line in lines if line["comparator"] == comparator]
    if included == "sound":
        lines = [line for line in lines if not line["certain_discrepancies"]]
    tables["comparisons"] = validate("comparisons", lines)
    serious = serious_studies(tables["trust_domains"])
    found = tier_synthesis(
        tables, evidence, overall=dict(basis.overall), options=options, second_hand=basis.second_hand,
        serious=serious)  # fmt: skip
    pooled, members = validate("pooled", found.pooled), validate("pool_members", found.members)
    tiers = tables["sources"].set_index("study_id")["tier"].to_dict()
    missing = missing_evidence_judgements(
        pooled, tables["missing_evidence"], tables["studies"], tiers, basis.late
    )
    tables["missing_evidence_judgements"] = validate("missing_evidence_judgements", missing)
    differences = minimal_differences(tables["thresholds"], basis.second_hand)
    sure = certainty(concept, evidence, tables, pooled, differences=differences, overrides=basis.overrides)
    return OutcomeAnswer(tables["effects"], tables["comparisons"], pooled, members, sure)


def _effects(tables: Mapping[str, pd.DataFrame], **choices: float) -> Iterator[Row]:
    """Yield the effects of every study, as notebook 03 makes them for each."""
    for study in records(tables["studies"]):
        own = [tables[name][tables[name]["study_id"] == study["study_id"]] for name in PARTS]
        arms, results, discrepancies, contrasts, events = own
        yield from study_effects(
            study, arms, results, discrepancies, contrasts=contrasts, events=events, **choices
        )
