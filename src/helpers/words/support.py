"""What one study can and cannot support, in sentences made from its rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.figures.numbers import joined
from helpers.tables import records
from helpers.tables.extracted import CONFIDENCE
from helpers.tables.vocabulary import label


def support_sentences(
    study: dict[str, Any],
    arms: pd.DataFrame,
    effects: pd.DataFrame,
    findings: pd.DataFrame,
    overall: str | None,
) -> list[str]:
    """Return what a study can support, what it cannot, and why.

    Parameters
    ----------
    study : dict
        Its row of `studies`.
    arms, effects, findings : pandas.DataFrame
        Its rows of these tables.
    overall : str or None
        Overall risk of bias.

    Returns
    -------
    list of str
        Plain sentences; for a trial without results they say what it plans instead.

    """
    shown = [row for row in records(effects) if row["headline"] == "yes"]
    treated = {row["arm_id"] for row in records(arms) if row["role"].startswith("exosome")}
    sentences = [_can(shown, treated), _cannot(study, shown)]
    certain = int((findings["severity"] == "certain").sum())
    if len(findings):
        sentences.append(
            f"{len(findings)} findings in its documents (contradictions, impossible figures, results "
            f"announced and missing, claims beyond the figures), {certain} of them certain."
        )
    touched = sorted({label(row["concept"]) for row in shown if row["finding_ids"]})
    if touched:
        sentences.append(f"Certain findings touch its estimates of {', '.join(touched)}.")
    if overall:
        sentences.append(f"Overall risk of bias or quality of the report: {overall}.")
    return sentences


def seen_sentences(sources: pd.DataFrame, quantities: pd.DataFrame) -> list[str]:
    """Return what was read of a study whose text is not at hand; nothing for one that was read itself.

    Parameters
    ----------
    sources, quantities : pandas.DataFrame
        The study's rows of these tables.

    Returns
    -------
    list of str
        How its figures were seen and that they cannot be verified; whether they are second-hand.

    """
    sentences = []
    for row in records(sources[sources["address"].notna()]):
        seen = "another paper's word for it" if row["second_hand"] else f"the {row['access']}"
        sentences.append(
            f"Of this study only {seen} was seen ({CONFIDENCE[row['confidence']]}): {row['address']}. "
            "Its figures have no place in a document at hand and cannot be verified here."
        )
        if row["second_hand"]:
            sentences.append(
                "SECOND-HAND: every figure and direction of this study is told by somebody else."
            )
    count = int(quantities["second_hand"].fillna(False).sum())
    if count and not sources["second_hand"].fillna(False).any():
        sentences.append(
            f"SECOND-HAND: {count} of its {len(quantities)} figures were seen in another paper only."
        )
    return sentences


def _can(shown: list[dict[str, Any]], treated: set[str]) -> str:
    sized = [row for row in shown if row["ci_lower"] is not None and row["arm_id"] in treated]
    if sized:
        named = joined(sorted({label(row["concept"]) for row in sized}))
        return f"It gives estimates with an interval, each under the assumptions named below: of {named}."
    if shown:
        return "It describes what was seen in single people; no estimate with an interval follows from it."
    return "It has no results yet; it says what is planned."


def _cannot(study: dict[str, Any], shown: list[dict[str, Any]]) -> str:
    kind = study.get("comparison")
    if not shown:
        return "It cannot say anything about the effect until it reports."
    if kind in ("single_arm", "case"):
        return (
            "It cannot tell the effect of exosomes from the natural course, the other parts of the treatment "
            "and the way of measuring: by its own account nothing was compared with it."
        )
    return "How far its comparison can be trusted is judged domain by domain below."
