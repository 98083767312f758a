"""One study's effect sizes: against what, from which printed figures, with which assumption."""

from helpers.effects.study import CONTROLLED_DESIGNS, CONTROLLED_ESTIMANDS, SCALES, UNSCALED, study_effects
from helpers.effects.study_figures import EXOSOME_ROLES, comparator_key

__all__ = [
    "CONTROLLED_DESIGNS", "CONTROLLED_ESTIMANDS", "EXOSOME_ROLES", "SCALES", "UNSCALED", "comparator_key",
    "study_effects",
]  # fmt: skip
