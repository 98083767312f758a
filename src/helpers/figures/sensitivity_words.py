"""What the specifications say, in sentences made from their tables."""

from __future__ import annotations

import pandas as pd

from helpers.figures.numbers import joined, plain_unit, plain_words, show_estimate, show_interval, show_number
from helpers.synthesis.choice_effects import CHOICES
from helpers.synthesis.turning_points import WORDS
from helpers.tables import records
from helpers.tables.vocabulary import CONTRAST_WORDS

UNITS = {"drift": "hairs/cm²", "assumed_sd": "hairs/cm²"}
TIERS = {"core": "with the five sources", "published": "with other published studies"}


def curve_sentence(specifications: pd.DataFrame) -> str:
    """Return how many specifications there are, how far they reach, and how many show a gain."""
    first, count = specifications.iloc[0], len(specifications)
    gain = int((specifications["conclusion"] == "gain").sum())
    reach = show_interval(specifications["estimate"].min(), specifications["estimate"].max())
    name = f"{plain_words(first['concept'])}, {CONTRAST_WORDS[first['contrast']]}"
    if count == 1:
        shown = "lies above no change" if gain else "holds no change"
        size = f"{show_estimate(first['estimate'])} {plain_unit(first['unit'])}"
        return f"{name.capitalize()}: one answer only, {size}; its interval {shown}."
    many = show_number(gain) if gain else "none"
    return (
        f"{name.capitalize()}: {show_number(count)} different answers come of all choices, estimates of "
        f"{reach} {plain_unit(first['unit'])}; in {many} of them the interval lies above no change."
    )


def choice_sentence(effects: pd.DataFrame) -> str:
    """Return which choice moves the answer most when all others stay, and which do not move it at all."""
    moving = [row for row in records(effects) if row["mean_move"] and row["mean_move"] > 1e-9]
    moving.sort(key=lambda row: -row["mean_move"])
    still = [
        CHOICES[row["choice"]] for row in records(effects) if not row["mean_move"] or row["mean_move"] <= 1e-9
    ]
    if not moving:
        return "No choice moves the estimate."
    first = moving[0]
    share = show_number(round(100 * (first["turned"] or 0)))
    turned = f", and turns the conclusion in {share} % of the sets" if first["turned"] else ""
    mean, most = (show_estimate(first[name]) for name in ("mean_move", "largest_move"))
    words = (
        f"Most depends on this choice: {CHOICES[first['choice']]}. On its own it moves the estimate "
        f"by {mean} hairs/cm² on average and by up to {most}{turned}."
    )
    return words + (f" These do not move it: {joined(still)}." if still else "")


def turning_sentences(turning: pd.DataFrame) -> list[str]:
    """Return a sentence for each assumption: where the conclusion turns, or that it does not."""
    told = []
    for row in records(turning):
        name, unit = WORDS[row["assumption"]], UNITS.get(row["assumption"], "")
        span = f"{show_number(row['low'])} to {show_number(row['high'])} {unit}".strip()
        start = f"{TIERS[row['tier']].capitalize()}, {name}"
        under = f" (choices: {row['under']})" if row["under"] else ""
        if row["turns_at"] is not None:
            at = f"{show_estimate(row['turns_at'])} {unit}".strip()
            told.append(f"{start}{under}: the conclusion turns at {at}; below it: {_found(row['at_low'])}.")
        elif "no estimate" not in (row["at_low"], row["at_high"]):
            told.append(
                f"{start}{under}: from {span} the conclusion stays the same: {_found(row['at_low'])}."
            )
    return told


def _found(conclusion: str) -> str:
    return conclusion if conclusion == "not shown" else f"a {conclusion}"
