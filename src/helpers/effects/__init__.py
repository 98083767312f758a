"""One study's effect sizes: against what, from which printed figures, with which assumption."""

from helpers.effects.arms import EXOSOME_ROLES, comparator_key
from helpers.effects.contrasts import SCALES, UNSCALED
from helpers.effects.study import (
    CONTROLLED_DESIGNS,
    CONTROLLED_ESTIMANDS,
    NO_GROUP,
    NO_START,
    SOME_EVENTS,
    contrast_doubt,
    study_effects,
)

__all__ = [
    "CONTROLLED_DESIGNS",
    "CONTROLLED_ESTIMANDS",
    "NO_GROUP",
    "NO_START",
    "SCALES",
    "SOME_EVENTS",
    "UNSCALED",
    "EXOSOME_ROLES",
    "comparator_key",
    "contrast_doubt",
    "study_effects",
]
