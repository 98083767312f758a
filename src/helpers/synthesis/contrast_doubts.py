"""Why an effect is not the contrast that its numbers look like: no comparison by design, or no start.

A second column of figures does not make a controlled study, a change counted from a later visit is no
change after treatment, and what people are asked only after treatment has no value before it. Such an
effect is shown and has neither a vote nor a place in a pool (Cochrane Handbook 10.5, 12.2.1.3).
"""

from __future__ import annotations

from typing import Any

from helpers.sources.time_points import weeks
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

CONTROLLED_DESIGNS = ("parallel", "within_person")
CONTROLLED = ("between_arm", "within_person")
NO_GROUP = "the study has no comparison group by its design"
NO_START = "asked only after treatment, so that there is no change"


def contrast_doubt(effect: dict[str, Any], study: dict[str, Any], against: str | None = None) -> str | None:
    """Return why an effect is no such contrast; None where nothing speaks against it.

    Parameters
    ----------
    effect : dict
        Row of `effects`.
    study : dict
        Its row of `studies`; a design that is not stated speaks against nothing.
    against : str, optional
        What the source compares a printed change with, where it says so; nothing for a change that is
        worked out from values before and after.

    """
    design = study.get("comparison")
    if effect["contrast"] in CONTROLLED:
        return NO_GROUP if design and design not in CONTROLLED_DESIGNS else None
    if effect["contrast"] != "within_arm" or against is None:
        return None
    if weeks(against):
        return f"counted from a later visit ({against}), not from the start"
    concept = OUTCOME_CONCEPTS.get(effect["concept"])
    return NO_START if concept and concept.asked_after else None
