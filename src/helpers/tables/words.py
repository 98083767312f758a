"""How sources of this field name outcomes, arms, units and scales: `words.yaml`, read for `trialfiles`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from helpers.tables.vocabulary import OUTCOME_CONCEPTS
from trialfiles.vocabulary import Vocabulary, read_vocabulary


@cache
def reading_words() -> Vocabulary:
    """Return the words of this review."""
    return read_vocabulary(Path(__file__).with_name("words.yaml"), concepts=OUTCOME_CONCEPTS)
