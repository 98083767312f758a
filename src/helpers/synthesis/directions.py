"""Which way an effect points, in the words of the outcome: better, worse, no change or unclear."""

from __future__ import annotations

from helpers.tables.vocabulary import OUTCOME_CONCEPTS


def direction(
    effect: float | None,
    concept: str,
    lowest: float | None = None,
    highest: float | None = None,
    stated: str | None = None,
) -> str:
    """Return `better`, `worse`, `no change` or `unclear` for an effect on a concept.

    Parameters
    ----------
    effect : float or None
        Change or difference; a missing one may still have a range.
    concept : str
        Outcome; its better direction comes from the vocabulary.
    lowest, highest : float or None
        Ends of a printed range, used where there is no single effect; a range that holds 0 is unclear.
    stated : str or None
        `higher`, `lower` or `no change`, as a median or the source's words tell, where there is no effect.

    """
    better = OUTCOME_CONCEPTS[concept].better
    if not better:
        return "unclear"
    if effect == 0 or (effect is None and stated == "no change"):
        return "no change"
    if effect is None and stated:
        rises = stated == "higher"
    elif effect is None:
        rises, falls = lowest is not None and lowest > 0, highest is not None and highest < 0
        if not rises and not falls:
            return "unclear"
    else:
        rises = effect > 0
    return "better" if rises == (better == "higher") else "worse"
