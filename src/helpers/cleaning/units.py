"""Units as printed, and in the one unit that each outcome is compared in.

A conversion is made only where a factor exists. Follicles are not hairs (one follicle bears one to
four), so a density in follicles/cm² keeps its unit and can be compared with its like only.
"""

from __future__ import annotations

from dataclasses import dataclass

# printed or noted unit -> (unit of comparison, factor)
_FACTORS: dict[str, tuple[str, float]] = {
    "hairs/cm2": ("hairs/cm2", 1.0),
    "hair/cm2": ("hairs/cm2", 1.0),
    "hairs/mm2": ("hairs/cm2", 100.0),
    "percent": ("proportion", 0.01),
    "percent of baseline": ("proportion", 0.01),
    "proportion": ("proportion", 1.0),
    "um": ("um", 1.0),
    "mm": ("um", 1000.0),
}


@dataclass(frozen=True)
class Conversion:
    """A unit's conversion: the unit reached, the factor, and the sentence for the table ('' if none)."""

    unit: str | None
    factor: float
    statement: str


def conversion(unit: str | None, concept_unit: str) -> Conversion:
    """Return how a value printed in `unit` is brought to the unit of its concept.

    Parameters
    ----------
    unit : str or None
        Unit as noted in the sheet.
    concept_unit : str
        Unit in which the concept is compared (`helpers.tables.vocabulary`).

    Returns
    -------
    Conversion
        Factor 1 and the unit unchanged where no factor is known: nothing is converted by guess.
    """
    if unit is None:
        return Conversion(None, 1.0, "")
    plain = unit.strip().lower().replace("²", "2").replace("µ", "u").replace("μ", "u")
    target, factor = _FACTORS.get(plain, (unit, 1.0))
    if target != concept_unit and concept_unit and plain in _FACTORS:
        return Conversion(unit, 1.0, f"{unit} kept: it cannot become {concept_unit}")
    if plain not in _FACTORS and concept_unit and plain != concept_unit:
        return Conversion(unit, 1.0, f"{unit} kept: no factor to {concept_unit} exists")
    return Conversion(target, factor, "" if factor == 1 else f"{unit} x {factor:g} = {target}")
