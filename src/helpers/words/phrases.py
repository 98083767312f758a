"""Counts, directions and names in words, as the answer and the index speak of them."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from helpers.figures.numbers import is_missing, joined, plain_words
from helpers.words.load import Tables

NUMBER_WORDS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
DEEDS = {
    "better": "improved",
    "worse": "got worse",
    "no change": "did not change",
    "mixed": "improved in some places and not in others",
    "unclear": "changed in no clear direction",
}


def reported_lines(tables: Tables) -> pd.DataFrame:
    """Return the lines of `comparisons` that tell what happened after exosomes.

    Lines of an arm without exosomes, of established treatments and of outcomes not reported are left out.
    """
    lines, arms = tables["comparisons"], tables["arms"]
    plain = arms[~arms["role"].isin(["exosome", "exosome_combination"])]
    without = set(zip(plain["study_id"], plain["arm_id"], strict=True))
    keep = [
        row.tier != "comparator"
        and row.direction != "not reported"
        and (is_missing(row.arm_id) or (row.study_id, row.arm_id) not in without)
        for row in lines.itertuples()
    ]
    return lines[pd.Series(keep, index=lines.index, dtype=bool)]


def study_directions(lines: pd.DataFrame) -> pd.DataFrame:
    """Return one direction for each outcome and study; lines that disagree give `mixed`."""
    grouped = lines.groupby(["concept", "study_id"], sort=True)["direction"]
    return grouped.agg(lambda values: values.iloc[0] if values.nunique() == 1 else "mixed").reset_index()


def direction_words(directions: list[str]) -> str:
    """Return what happened to an outcome: `improved in 2 of 3 studies and got worse in 1`."""
    total, counts = len(directions), Counter(directions)
    studies = (
        "one study" if total == 1 else "both studies" if total == 2 else f"all {number_word(total)} studies"
    )
    deeds = [(deed, counts[name]) for name, deed in DEEDS.items()]
    deeds = [(deed, count) for deed, count in deeds if count]
    if len(deeds) == 1:
        return f"{deeds[0][0]} in {studies}"
    first = f"{deeds[0][0]} in {deeds[0][1]} of {total} studies"
    return joined([first, *(f"{deed} in {count}" for deed, count in deeds[1:])])


def number_word(value: int) -> str:
    """Return a small whole number as a word, a larger one in digits."""
    return NUMBER_WORDS[value] if 0 <= value < len(NUMBER_WORDS) else str(value)


def count_words(value: int, one: str, many: str) -> str:
    """Return a count with its noun: `one study`, `five studies`."""
    return f"{number_word(value)} {one if value == 1 else many}"


def capital(text: str) -> str:
    """Return a text with a capital first letter; names inside keep theirs."""
    return text[:1].upper() + text[1:]


def concept_list(concepts: list[str], most: int) -> str:
    """Return outcomes as a sentence lists them; beyond `most` they are counted."""
    words = [plain_words(name) for name in dict.fromkeys(concepts)]
    if len(words) <= most:
        return joined(words)
    return joined([*words[: most - 1], f"{number_word(len(words) - most + 1)} more outcomes"])
